//! The model that ships with the program: an ImageNet classifier and a COCO detector, with a table of words over both.
//!
//! It needs no key and no network, writes no caption, and takes only one thing from the prompt: a closed list of tags
//! (see [`vocabulary::closed_list`]). It knows 1,000 + 80 classes; it is the floor, not the best.

mod engine;
mod tags;
mod vocabulary;

pub use tags::{ASKED_FLOOR, MOST_TAGS};
pub use vocabulary::closed_list;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use image::RgbImage;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{BoxFuture, CallContext, CallNews, CatalogueEntry, KeyNeed, ON_DEVICE, PhotoRequest, PhotoRule, Provider, SentPhoto};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Note, Usage};
use engine::Engine;

/// Loaded on first use and then shared by the whole process: it is the same model for everyone.
static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();

/// The provider.
pub struct OnDevice {
    /// One permit a thread: a photo is looked at by one thread, so that n photos keep n cores busy.
    slots: Arc<Semaphore>,
}

impl OnDevice {
    /// `threads`: how many photos are looked at at once, at least 1.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(threads.max(1))) }
    }

    async fn look(&self, request: &PhotoRequest, call: &CallContext) -> Result<Answer, Fault> {
        let SentPhoto::Pixels(image) = &request.photo else {
            return Err(fault(FaultKind::BadRequest, "The on-device model takes pixels, not a file"));
        };
        let permit = tokio::select! {
            permit = Arc::clone(&self.slots).acquire_owned() => permit,
            () = call.cancel.cancelled() => return Err(cancelled()),
            () = tokio::time::sleep(call.time_limit) => return Err(fault(FaultKind::Timeout, "The on-device model was busy for longer than the time limit")),
        };
        let permit = permit.map_err(|_| cancelled())?;
        call.tell(CallNews::Asking);
        let (image, prompt, cancel) = (Arc::clone(image), request.prompt.clone(), call.cancel.clone());
        let work = tokio::task::spawn_blocking(move || {
            let answer = answer(&image, &prompt, &cancel);
            drop(permit);
            answer
        });
        work.await.map_err(|error| fault(FaultKind::Internal, format!("The on-device model stopped: {error}")))?
    }
}

impl Provider for OnDevice {
    fn name(&self) -> &str {
        ON_DEVICE
    }

    fn label(&self) -> &'static str {
        "On-device"
    }

    fn key_need(&self) -> KeyNeed {
        KeyNeed::None
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn takes_unlisted(&self) -> bool {
        false
    }

    fn catalogue(&self) -> Vec<CatalogueEntry> {
        vec![CatalogueEntry {
            model: String::new(),
            display_name: "On-device".to_owned(),
            description: "Runs here, with no key and no network: 1,000 + 80 classes. A closed list of tags in the prompt is its vocabulary"
                .to_owned(),
            captions: false,
            follows_prompt: false,
            input_usd_per_million: Some(0.0),
            output_usd_per_million: Some(0.0),
            next_price: None,
            retires: None,
        }]
    }

    fn photo_rule(&self, _model: &str) -> PhotoRule {
        PhotoRule::Pixels
    }

    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>> {
        Box::pin(self.look(request, call))
    }

    /// Loads the model and looks at a grey picture.
    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        Box::pin(async move {
            let begun = Instant::now();
            let grey = Arc::new(RgbImage::from_pixel(64, 64, image::Rgb([127; 3])));
            let request = PhotoRequest::plain("", SentPhoto::Pixels(grey), "");
            self.look(&request, call).await.map(|_| begun.elapsed())
        })
    }
}

/// Whether the model can give a word as a tag.
#[must_use]
pub fn knows(word: &str) -> bool {
    let words = vocabulary::vocabulary();
    words.slot_of(word).is_some() || words.classes_of(word).is_some()
}

fn answer(image: &RgbImage, prompt: &str, cancel: &CancellationToken) -> Result<Answer, Fault> {
    let engine = ENGINE
        .get_or_init(Engine::load)
        .as_ref()
        .map_err(|why| fault(FaultKind::Internal, format!("The on-device model could not be loaded: {why}")))?;
    let go_on = || if cancel.is_cancelled() { Err(cancelled()) } else { Ok(()) };
    let failed = |why: String| fault(FaultKind::Internal, format!("The on-device model failed: {why}"));
    go_on()?;
    let classes = engine.classify(image).map_err(failed)?;
    go_on()?;
    let objects = engine.detect(image).map_err(failed)?;
    go_on()?;
    let mut notes = Vec::new();
    let tags = match vocabulary::closed_list(prompt) {
        Some(words) => tags::of_list(&words, &classes, &objects, &mut notes),
        None => tags::free(&classes, &objects),
    };
    Ok(Answer {
        caption: None,
        tags,
        confidence_kind: ConfidenceKind::ModelScore,
        usage: Usage::default(),
        cost_usd: Some(UsdMicros(0)),
        retries: 0,
        notes: notes.into_iter().map(Note::mended).collect(),
    })
}

fn fault(kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault { provider: Some(ON_DEVICE.to_owned()), ..Fault::new(kind, message) }
}

fn cancelled() -> Fault {
    fault(FaultKind::Cancelled, "Cancelled before the on-device model was done")
}
