//! What one photo of a usual size takes with a model, for a text whose tokens are known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Known;
use crate::platform::domain::costs::book;
use crate::platform::domain::{Core, Result};
use crate::wire::config::PipelineConfig;
use crate::wire::cost::CostRange;

/// What was measured of a model is read again after this long: it changes with every answer, and hardly.
const KEPT: Duration = Duration::from_secs(60);

/// What one photo takes.
#[derive(Debug, Clone, Copy)]
pub struct PerPhoto {
    /// Whether the model counts in tokens at all.
    pub counts_tokens: bool,
    pub image_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Earlier answers that the output is the mean of.
    pub from_answers: u64,
    /// `None`: the price is not known.
    pub cost: Option<CostRange>,
}

/// A model, a size in pixels, and the configuration that says where the model is.
type Key = (String, (u32, u32), u64);

/// What is known of models, for as long as someone types.
#[derive(Default)]
pub struct Typing(Mutex<HashMap<Key, (Instant, Arc<Known>)>>);

impl Typing {
    async fn known(&self, core: &Core, config: &PipelineConfig, model: &str, size: (u32, u32)) -> Result<Arc<Known>> {
        let key = (model.to_owned(), size, config.revision);
        let kept = self.lock().get(&key).filter(|(at, _)| at.elapsed() < KEPT).map(|(_, known)| Arc::clone(known));
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let known = Arc::new(Known::of(core, config, &book(core), (model, None), &[size]).await?);
        let mut all = self.lock();
        all.retain(|_, (at, _)| at.elapsed() < KEPT);
        all.insert(key, (Instant::now(), Arc::clone(&known)));
        Ok(known)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Instant, Arc<Known>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a photo of this size takes with a model, when the text has so many tokens and the answer at most so many.
pub async fn per_photo(
    core: &Core,
    config: &PipelineConfig,
    model: &str,
    size: (u32, u32),
    (text_tokens, output_most): (u64, u64),
) -> Result<PerPhoto> {
    let known = core.typing.known(core, config, model, size).await?;
    let (book, today) = (book(core), core.now().date_naive());
    let [short, usual, long] = known.output(1).map(|tokens| tokens.min(output_most));
    let cost = |output| known.cost(&book, today, text_tokens, output, 1);
    let image_tokens = known.photo_tokens.as_ref().filter(|_| known.counts_tokens).and_then(|groups| groups.first()).map(|(tokens, _)| *tokens);
    Ok(PerPhoto {
        counts_tokens: known.counts_tokens,
        image_tokens,
        output_tokens: known.counts_tokens.then_some(usual),
        from_answers: known.written.answers,
        cost: cost(short).zip(cost(long)).map(|(low_usd, high_usd)| CostRange { low_usd, high_usd }),
    })
}
