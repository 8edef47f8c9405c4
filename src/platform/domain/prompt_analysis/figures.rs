//! Tokens and cost of a typical photo with each model: by the provider's own counter where it was asked, else estimated.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};

use super::super::costs::{self, PerPhoto};
use super::super::prompts::{self, PhotoVariables, PromptText, Rendered};
use super::super::{Core, Result};
use super::support::ModelFacts;
use crate::platform::store;
use crate::providers::{CallContext, text_tokens};
use crate::wire::config::PipelineConfig;
use crate::wire::prompt_analysis::{AnalyzePrompt, ModelFigures, PromptAnalysis, TokenSource, TypicalPhoto};

/// The newest photos of the library, whose median size is the typical one.
const PHOTOS_LOOKED_AT: u32 = 999;
/// Twelve megapixels: what most phones take.
const ASSUMED: (u32, u32) = (4_032, 3_024);
/// A counter that takes longer is not waited for.
const COUNT_LIMIT: Duration = Duration::from_secs(4);
/// Counters that are asked at once.
const AT_ONCE: usize = 4;
/// How long a counter that failed is left alone.
const REST: Duration = Duration::from_secs(60);
/// Counts that are remembered.
const COUNTS_KEPT: usize = 4_000;

/// What is remembered of counts of tokens: no text, only its sum.
#[derive(Default)]
pub struct Counters(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    counts: HashMap<Counted, u64>,
    /// Providers whose counter failed, and when.
    resting: HashMap<String, Instant>,
}

/// A model and the sum of what was counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Counted(String, [u8; 32]);

impl Counters {
    fn get(&self, counted: &Counted) -> Option<u64> {
        self.lock().counts.get(counted).copied()
    }

    fn keep(&self, counted: Counted, tokens: u64) {
        let mut remembered = self.lock();
        if remembered.counts.len() >= COUNTS_KEPT {
            remembered.counts.clear();
        }
        remembered.counts.insert(counted, tokens);
    }

    fn is_resting(&self, provider: &str) -> bool {
        self.lock().resting.get(provider).is_some_and(|since| since.elapsed() < REST)
    }

    fn rest(&self, provider: &str) {
        self.lock().resting.insert(provider.to_owned(), Instant::now());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The texts as a typical photo's.
struct Filled {
    system: String,
    user: String,
    sum: [u8; 32],
}

impl Filled {
    fn of(asked: &AnalyzePrompt, photo: TypicalPhoto) -> Self {
        let variables = PhotoVariables { file_name: "photo.jpg".to_owned(), width: photo.width_px, height: photo.height_px };
        let prompt = PromptText { content: &asked.content, parts: &asked.parts };
        // A text that can't be filled in is a finding; here it counts as it stands.
        let Rendered { system, user } =
            prompts::render(prompt, &variables).unwrap_or_else(|_| Rendered { system: asked.parts.system.clone(), user: asked.content.clone() });
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(system.len() as u64).to_le_bytes()).update(system.as_bytes()).update(user.as_bytes());
        let sum = *hasher.finalize().as_bytes();
        Self { system, user, sum }
    }
}

/// What a typical photo takes with each of the models.
pub async fn of(core: &Core, config: &PipelineConfig, asked: &AnalyzePrompt, models: &[ModelFacts]) -> Result<PromptAnalysis> {
    let photo = typical_photo(core).await?;
    let filled = Filled::of(asked, photo);
    let counter_of = |model: &ModelFacts| {
        let (provider, id) = core.providers.find(&model.name)?;
        let is_there = model.follows_prompt && provider.counts_tokens() && provider.stopped().is_none();
        is_there.then(|| (provider, id.to_owned()))
    };
    if asked.count_tokens && !filled.user.trim().is_empty() {
        let missing = models.iter().filter(|model| core.counters.get(&Counted(model.name.clone(), filled.sum)).is_none());
        let calls = missing.filter_map(|model| Some((model, counter_of(model)?))).map(|(model, (provider, id))| {
            let filled = &filled;
            async move {
                if core.counters.is_resting(provider.name()) {
                    return;
                }
                let call = CallContext::new(core.stop.child_token(), COUNT_LIMIT);
                let counting = provider.count_tokens(&id, &filled.system, &filled.user, &call);
                match tokio::time::timeout(COUNT_LIMIT, counting).await {
                    Ok(Ok(tokens)) => core.counters.keep(Counted(model.name.clone(), filled.sum), tokens),
                    Ok(Err(fault)) => {
                        tracing::debug!(provider = provider.name(), kind = fault.kind.label(), "a counter of tokens gave no number");
                        // A model that the counter does not know says nothing of the others.
                        if !matches!(fault.kind, crate::wire::result::FaultKind::UnknownModel | crate::wire::result::FaultKind::RetiredModel) {
                            core.counters.rest(provider.name());
                        }
                    }
                    Err(_) => core.counters.rest(provider.name()),
                }
            }
        });
        stream::iter(calls.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    }
    let most = asked.parts.parameters.max_output_tokens.map_or(u64::MAX, u64::from);
    let mut figures = Vec::with_capacity(models.len());
    for model in models {
        let counted = core.counters.get(&Counted(model.name.clone(), filled.sum));
        let estimate = |text: &str| text_tokens::estimate(&model.provider, text);
        // Counters take no schema. The shipped one is hardly more than what goes around every question.
        let schema = if model.takes.schema { estimate(&asked.parts.schema) } else { 0 };
        let text = counted.unwrap_or_else(|| estimate(&filled.system) + estimate(&filled.user)) + schema;
        let per_photo = costs::per_photo(core, config, &model.name, (photo.width_px, photo.height_px), (text, most)).await?;
        let can_be_counted = counted.is_none() && counter_of(model).is_some() && !core.counters.is_resting(&model.provider);
        figures.push(of_model(model, (counted.is_some(), schema > 0), text, &per_photo, can_be_counted));
    }
    Ok(PromptAnalysis { findings: Vec::new(), models: figures, photo, notes: costs::price_notes(core) })
}

fn of_model(
    model: &ModelFacts,
    (was_counted, has_schema): (bool, bool),
    text_tokens: u64,
    per_photo: &PerPhoto,
    can_be_counted: bool,
) -> ModelFigures {
    let source = match (per_photo.counts_tokens, was_counted) {
        (false, _) => TokenSource::NotCounted,
        (true, true) if has_schema => {
            let method = text_tokens::method(&model.provider);
            TokenSource::Estimate { method: format!("The texts are counted by the provider, the schema is not. {method}") }
        }
        (true, true) => TokenSource::Provider,
        (true, false) => TokenSource::Estimate { method: text_tokens::method(&model.provider) },
    };
    ModelFigures {
        model: model.name.clone(),
        display_name: model.display_name.clone(),
        is_live: model.is_live,
        source,
        text_tokens: per_photo.counts_tokens.then_some(text_tokens),
        image_tokens: per_photo.image_tokens,
        output_tokens: per_photo.output_tokens,
        from_answers: per_photo.from_answers,
        cost_per_photo: per_photo.cost,
        context_tokens: model.context_tokens,
        can_be_counted,
    }
}

/// The median of the newest photos' sizes, by pixels.
pub async fn typical_photo(core: &Core) -> Result<TypicalPhoto> {
    let mut sizes = store::costs::newest_sizes(&core.db, core.org, PHOTOS_LOOKED_AT).await?;
    sizes.sort_unstable_by_key(|(width, height)| u64::from(*width) * u64::from(*height));
    let (width_px, height_px) = sizes.get(sizes.len() / 2).copied().unwrap_or(ASSUMED);
    Ok(TypicalPhoto { width_px, height_px, of_photos: sizes.len() as u32 })
}
