//! What is known of models in figures: as measured from their own results, else from the price book; and what would change if
//! one of them went live. All from the rollups: no look at the results.

use std::collections::HashMap;

use chrono::Duration;

use crate::platform::domain::analytics::{self, Range, Tally};
use crate::platform::domain::prompt_analysis::typical_photo;
use crate::platform::domain::{Core, Result, costs, known_labels, statistics};
use crate::platform::store;
use crate::platform::store::rollups::{Histograms, Span};
use crate::providers::text_tokens;
use crate::wire::config::PipelineConfig;
use crate::wire::model::{ExpectedChange, MeasuredModel, ModelInfo, PhotoCost, Turn};
use crate::wire::replay::Share;

/// How far back measurements go: whole days (UTC), today included.
const MEASURED: Duration = Duration::days(30);
/// The days whose photos make the present volume.
const VOLUME_DAYS: i64 = 7;

/// What the pipeline has seen, by model.
pub async fn measured(core: &Core) -> Result<HashMap<String, MeasuredModel>> {
    let from = Span::Day.floor((core.now() - MEASURED).timestamp_millis());
    let to = Span::Day.floor(core.now().timestamp_millis()) + Span::Day.ms();
    // One step over all of it: only the order of the latencies matters.
    let range = Range { span: Span::Day, from_ms: from, to_ms: to, step_ms: to - from };
    let mut tallies: HashMap<String, Tally> = HashMap::new();
    for summed in analytics::sums(core, range, None, Histograms::Latencies).await? {
        tallies.entry(summed.model.clone()).or_default().add(&summed);
    }
    Ok(tallies.into_iter().map(|(model, tally)| (model, tally.measured())).collect())
}

/// Photos answered a day, on the mean of the last days; `None`: none was.
pub async fn photos_per_day(core: &Core) -> Result<Option<f64>> {
    let to = Span::Hour.floor(core.now().timestamp_millis()) + Span::Hour.ms();
    let from = to - VOLUME_DAYS * Span::Day.ms();
    let range = Range { span: Span::Hour, from_ms: from, to_ms: to, step_ms: to - from };
    let sums = analytics::sums(core, range, None, Histograms::None).await?;
    let answered: u64 = sums.iter().filter(|summed| summed.completed).map(|summed| summed.sums.results).sum();
    Ok((answered > 0).then(|| answered as f64 / VOLUME_DAYS as f64))
}

/// How often each model's most confident tag is one of the photo's labels, over the photos whose labels are known.
pub async fn accuracy(core: &Core) -> Result<HashMap<String, Share>> {
    let answers = store::decisions::labelled_answers(&core.db, core.org, core.now() - MEASURED).await?;
    let mut counts: HashMap<String, (u64, u64)> = HashMap::new();
    for answer in answers {
        let right = known_labels::is_right(&answer.file_name, answer.said.as_deref(), answer.main_tag.as_deref());
        let Some(is_right) = right else { continue };
        let (hits, of) = counts.entry(answer.model).or_default();
        *of += 1;
        *hits += u64::from(is_right);
    }
    let share = |(hits, of)| {
        let found = statistics::wilson(hits, of, statistics::Z_95)?;
        Some(Share { hits, of, share: found.share, low: found.low, high: found.high })
    };
    Ok(counts.into_iter().filter_map(|(model, count)| Some((model, share(count)?))).collect())
}

/// What a photo of a usual size is expected to cost with models that have not been measured.
pub struct Estimates<'c> {
    core: &'c Core,
    config: &'c PipelineConfig,
    size: (u32, u32),
    texts: String,
    output_most: u64,
}

impl<'c> Estimates<'c> {
    pub async fn of(core: &'c Core, config: &'c PipelineConfig) -> Result<Self> {
        let photo = typical_photo(core).await?;
        let prompt = store::prompts::version(&core.db, core.org, config.live_prompt_version_id).await?;
        let (texts, most) = prompt.map_or_else(Default::default, |prompt| {
            let texts = [prompt.content, prompt.parts.system, prompt.parts.schema].join("\n");
            (texts, prompt.parts.parameters.max_output_tokens)
        });
        Ok(Self { core, config, size: (photo.width_px, photo.height_px), texts, output_most: most.map_or(u64::MAX, u64::from) })
    }

    /// `None`: its price is not known.
    pub async fn cost(&self, provider: &str, model: &str) -> Result<Option<PhotoCost>> {
        let tokens = text_tokens::estimate(provider, &self.texts);
        let per_photo = costs::per_photo(self.core, self.config, model, self.size, (tokens, self.output_most)).await?;
        Ok(per_photo.cost.map(|usd| PhotoCost::Estimated { usd }))
    }
}

/// What is expected to change when `after` goes live in place of `before`.
#[must_use]
pub fn expected(before: &ModelInfo, after: &ModelInfo, photos_per_day: Option<f64>) -> ExpectedChange {
    let seen = |model: &ModelInfo, figure: fn(&MeasuredModel) -> Option<f64>| model.measured.as_ref().and_then(figure);
    let turn = |figure: fn(&MeasuredModel) -> Option<f64>| Turn { before: seen(before, figure), after: seen(after, figure) };
    ExpectedChange {
        cost_per_photo: Turn { before: before.cost_per_photo, after: after.cost_per_photo },
        photos_per_day,
        latency_p50_ms: turn(|measured| measured.latency_p50_ms),
        mean_confidence: turn(|measured| measured.mean_confidence),
        captions: Turn { before: Some(before.captions), after: Some(after.captions) },
    }
}
