//! The models that photos can be sent to: one trait, one list, one file per provider.

pub mod answer;
pub mod anthropic;
pub mod chat;
pub mod dialect;
pub mod fit;
pub mod gemini;
mod limits;
mod list;
mod mask;
pub mod ollama;
pub mod on_device;
pub mod openai;
pub mod price;
mod remote;
mod send;
pub mod tape;
pub mod text_tokens;
pub mod vision;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::NaiveDate;
use image::RgbImage;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::keys::Keys;
use crate::wire::answer_schema::{self, AnswerSchema};
use crate::wire::prompt_parts::{Parameters, Takes};
use crate::wire::result::{Answer, Fault, FaultKind};
pub use dialect::OfferedModel;
pub use list::Providers;
pub use price::PriceBook;

/// The provider's name of the on-device model, which is also its full model name.
pub const ON_DEVICE: &str = "on-device";
/// The provider's name of Google Gemini; models are `gemini/MODEL`.
pub const GEMINI: &str = "gemini";
/// Google Cloud Vision; its models are features: `vision/labels+text`.
pub const VISION: &str = "vision";
pub const OPENAI: &str = "openai";
pub const ANTHROPIC: &str = "anthropic";
pub const OLLAMA: &str = "ollama";

/// A photo in the form that a model takes.
#[derive(Debug, Clone)]
pub enum SentPhoto {
    /// Pixels, for a model in this process.
    Pixels(Arc<RgbImage>),
    /// JPEG without metadata, for the wire.
    Jpeg { bytes: Bytes, width_px: u32, height_px: u32 },
}

/// How a model wants its photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoRule {
    /// Decoded pixels, whole.
    Pixels,
    /// JPEG of this quality, the longer edge at most this.
    Jpeg { max_edge_px: u32, quality: u8 },
}

impl PhotoRule {
    /// Sorts rules by how much of a photo they keep.
    #[must_use]
    pub fn demand(self) -> (u32, u8) {
        match self {
            Self::Pixels => (u32::MAX, u8::MAX),
            Self::Jpeg { max_edge_px, quality } => (max_edge_px, quality),
        }
    }
}

/// One question about one photo. Its texts are rendered already; what it asks for beside them is fitted to the model by
/// [`Provider::fit`].
#[derive(Debug, Clone)]
pub struct PhotoRequest {
    /// The model without its provider: `gemini-3.8-flash`; empty for on-device.
    pub model: String,
    pub photo: SentPhoto,
    /// The user text.
    pub prompt: String,
    /// Instructions; empty: none.
    pub system: String,
    /// What the answer is held to; `None`: the shipped schema.
    pub schema: Option<Arc<AnswerSchema>>,
    /// The schema as this wire takes it, where that is not the whole of it.
    pub wire_schema: Option<Value>,
    pub parameters: Parameters,
}

impl PhotoRequest {
    /// A question with a user text only.
    #[must_use]
    pub fn plain(model: impl Into<String>, photo: SentPhoto, prompt: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            photo,
            prompt: prompt.into(),
            system: String::new(),
            schema: None,
            wire_schema: None,
            parameters: Parameters::default(),
        }
    }

    /// The schema that is sent.
    #[must_use]
    pub fn sent_schema(&self) -> Value {
        let own = || self.schema.as_ref().map(|schema| schema.value.clone());
        self.wire_schema.clone().or_else(own).unwrap_or_else(answer_schema::shipped)
    }
}

/// What would be sent of a request, as its provider would get it; the key stands in a header that is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub url: Url,
    pub body: Value,
}

/// What surrounds a call.
#[derive(Clone)]
pub struct CallContext {
    /// Ends the call at any moment with `FaultKind::Cancelled`.
    pub cancel: CancellationToken,
    /// For all tries and the waits between them, unless the provider's own limits say otherwise. A photo that waits for its turn
    /// under those limits has not begun; one that waits because the provider asked for it has.
    pub time_limit: Duration,
    /// A provider that asks for a longer wait is not waited for, however much time is left.
    pub longest_wait: Option<Duration>,
    /// Told what happens while the call is under way. Must return at once.
    pub news: Option<Arc<dyn Fn(CallNews) + Send + Sync>>,
    /// The listener wants the model's words as they come: the call streams where the wire can.
    pub wants_text: bool,
    /// Keys that came with the request of a person elsewhere; these go before the platform's own.
    pub keys: Option<Keys>,
    /// Takes down what goes over the net.
    pub tape: Option<tape::Tape>,
}

impl CallContext {
    #[must_use]
    pub fn new(cancel: CancellationToken, time_limit: Duration) -> Self {
        Self { cancel, time_limit, longest_wait: None, news: None, wants_text: false, keys: None, tape: None }
    }

    /// Tells who listens.
    pub(crate) fn tell(&self, news: CallNews) {
        if let Some(tape) = &self.tape {
            tape.hear(&news);
        }
        if let Some(listener) = &self.news {
            listener(news);
        }
    }
}

/// What happens while a call is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallNews {
    /// The provider's own limits make it wait for its turn.
    Waiting,
    /// The request is on its way (again).
    Asking,
    /// All that the model has written so far.
    Text(String),
    /// It will be asked again after a wait.
    Retrying { wait: Duration, kind: FaultKind },
}

/// A model as its provider's own list and the price book describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogueEntry {
    /// Without the provider; empty for on-device.
    pub model: String,
    pub display_name: String,
    pub description: String,
    pub captions: bool,
    pub follows_prompt: bool,
    pub input_usd_per_million: Option<f64>,
    pub output_usd_per_million: Option<f64>,
    /// The next price that is known of.
    pub next_price: Option<NextPrice>,
    /// The last day on which it answers.
    pub retires: Option<NaiveDate>,
}

/// A price that holds from a later day on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NextPrice {
    pub from: NaiveDate,
    pub input_usd_per_million: f64,
    pub output_usd_per_million: f64,
}

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One provider.
pub trait Provider: Send + Sync {
    /// `on-device`, `gemini`, or the name that a person gave to a compatible server.
    fn name(&self) -> &str;
    /// What people call it: `Google Gemini`.
    fn label(&self) -> &str {
        self.name()
    }
    fn key_need(&self) -> KeyNeed;
    /// Where it is unless told otherwise; `None` where it has no such place.
    fn default_base(&self) -> Option<&str> {
        None
    }
    /// Whether it is reached over the network.
    fn is_remote(&self) -> bool {
        true
    }
    /// Whether a model that is not in the catalogue may be asked for.
    fn takes_unlisted(&self) -> bool {
        true
    }
    /// Whether a name can be one of its models, as far as that is known without asking.
    ///
    /// # Errors
    /// Why it can't.
    fn check_model(&self, model: &str) -> Result<(), Fault> {
        let _ = model;
        Ok(())
    }
    /// The models that the program ships knowledge of.
    fn catalogue(&self) -> Vec<CatalogueEntry>;
    fn photo_rule(&self, model: &str) -> PhotoRule;
    /// What a model takes of a prompt's other parts; nothing unless told.
    fn takes(&self, model: &str) -> Takes {
        let _ = model;
        Takes::default()
    }
    /// The request with what its model takes, and in words what is left out or sent otherwise.
    fn fit(&self, request: PhotoRequest) -> (PhotoRequest, Vec<String>) {
        let takes = self.takes(&request.model);
        fit::fit(request, self.label(), &takes, fit::SchemaRule::Whole)
    }
    /// The most tokens of an answer, thinking included, that a request with these parameters allows; `None`: none is sent.
    fn output_most(&self, model: &str, parameters: &Parameters) -> Option<OutputMost> {
        let _ = (model, parameters);
        None
    }
    /// Whether it refuses a schema that requires a field which the schema does not describe.
    fn refuses_undefined_fields(&self) -> bool {
        false
    }
    /// What would be sent of a fitted request; `None` where nothing is sent.
    ///
    /// # Errors
    /// A model name that can't be one, or a base URL that is none.
    fn preview(&self, request: &PhotoRequest) -> Result<Option<Sent>, Fault> {
        let _ = request;
        Ok(None)
    }
    /// What a thousand photos cost today where they are charged by the photo, in USD; `None`: charged otherwise, or not known.
    fn usd_per_thousand_photos(&self, model: &str) -> Option<f64> {
        let _ = model;
        None
    }
    /// The tokens of a photo of this size by the model's own rule; `None`: not known, or not counted so.
    fn photo_tokens(&self, model: &str, width_px: u32, height_px: u32) -> Option<u64> {
        let _ = (model, width_px, height_px);
        None
    }
    /// Asks once, retrying what can heal within the total time.
    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>>;
    /// Reads once more what a model wrote, as the answer to this request; `None` where it does not write.
    fn read_again(&self, request: &PhotoRequest, text: &str) -> Option<Result<Answer, Fault>> {
        let _ = (request, text);
        None
    }
    /// Whether its models hold conversations.
    fn converses(&self) -> bool {
        false
    }
    /// Asks for the next turn of a conversation, retrying what can heal within the time limit.
    fn converse<'a>(&'a self, request: &'a chat::ChatRequest, call: &'a CallContext) -> BoxFuture<'a, Result<chat::ChatTurn, Fault>> {
        let _ = (request, call);
        let words = format!("{} has no models that converse", self.label());
        Box::pin(async { Err(Fault::new(FaultKind::BadRequest, words)) })
    }
    /// Asks the provider whether it answers (and accepts the key). Returns the time it took.
    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>>;
    /// Whether it lists its models itself.
    fn lists_models(&self) -> bool {
        false
    }
    /// The models on offer as the provider itself lists them; empty where it has no such list.
    fn models<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Vec<OfferedModel>, Fault>> {
        let _ = call;
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Whether it counts the tokens of a text for nothing.
    fn counts_tokens(&self) -> bool {
        false
    }
    /// Lets the provider count the tokens of a system text and a user text. Tried once; a fault says nothing of its calls.
    fn count_tokens<'a>(&'a self, model: &'a str, system: &'a str, text: &'a str, call: &'a CallContext) -> BoxFuture<'a, Result<u64, Fault>> {
        let _ = (model, system, text, call);
        let words = format!("{} counts no tokens", self.label());
        Box::pin(async { Err(Fault::new(FaultKind::BadRequest, words)) })
    }
    /// What a model takes at most, all together; `None`: not known.
    fn context_tokens(&self, model: &str) -> Option<u64> {
        let _ = model;
        None
    }
    /// The fault that holds all its calls back: until `resume` (a key that is refused, a quota that is spent), or until the time
    /// that the provider itself asked for.
    fn stopped(&self) -> Option<Fault> {
        None
    }
    /// Lets calls through again; a new key or new settings do the same.
    fn resume(&self) {}
}

/// The longest answer that a request allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputMost {
    pub tokens: u32,
    /// Whether the service is known to keep to it, with what the model thinks as well.
    pub is_kept: bool,
}

/// Whether a provider wants a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNeed {
    None,
    /// Used where there is one: a server of one's own, or a proxy before it.
    Optional,
    Required,
}

/// Where providers are and how much of the machine they may use.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// What is told of a provider; a name that is none of the built-in ones is an OpenAI-compatible server.
    pub endpoints: Vec<Endpoint>,
    /// Threads of the on-device model, at least 1.
    pub on_device_threads: usize,
    pub book: PriceBook,
}

/// What is told of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    pub name: String,
    /// Replaces the built-in one; a compatible server must have one.
    pub base: Option<Url>,
    pub limits: Limits,
}

/// How much may be asked of a provider; kept across all workers of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub requests_per_minute: Option<u32>,
    pub tokens_per_minute: Option<u32>,
    /// Calls in flight at once.
    pub concurrency: Option<u32>,
    /// How long a try may say nothing: until its answer is there, or the next piece of one that streams.
    pub timeout_s: Option<u32>,
    /// For one photo: all tries and the waits between them, from the first question on, or from when the provider asks it to wait.
    pub total_s: Option<u32>,
}
