//! The models that photos can be sent to, with what the pipeline has seen of them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;

use super::analytics::{Range, Tally};
use super::providers::Brought;
use super::{Core, DomainError, Result, analytics, config, providers};
use crate::platform::store::rollups::{Histograms, Span};
use crate::providers::{CatalogueEntry, KeyNeed, Provider};
use crate::wire::model::{KeyState, MeasuredModel, ModelInfo};
use crate::wire::page::Page;

/// How far back measurements go: whole days (UTC), today included.
const MEASURED: Duration = Duration::days(30);

/// Every model of every provider, and the live one where the catalogue does not know it.
pub async fn list(core: &Core) -> Result<Page<ModelInfo>> {
    let config = config::current(core).await?;
    let mut measured = measured(core).await?;
    let mut items = Vec::new();
    for provider in core.providers.iter() {
        let key = key_state(core, provider.as_ref()).await;
        let mut entries = provider.catalogue();
        for offered in providers::known_offered(core, provider.name()) {
            // What its list has beyond our knowledge, unless it says that it takes no photos.
            if offered.takes_photos != Some(false) && entries.iter().all(|entry| entry.model != offered.id) {
                let display_name = offered.display_name.unwrap_or_else(|| offered.id.clone());
                entries.push(CatalogueEntry { display_name, ..unlisted_entry(&offered.id) });
            }
        }
        let live = config.live_model.strip_prefix(provider.name()).and_then(|rest| rest.strip_prefix('/'));
        if let Some(unlisted) = live.filter(|live| entries.iter().all(|entry| entry.model != *live)) {
            entries.push(unlisted_entry(unlisted));
        }
        for entry in entries {
            let name = full_name(provider.name(), &entry.model);
            items.push(ModelInfo {
                is_live: name == config.live_model,
                measured: measured.remove(&name),
                name,
                provider: provider.name().to_owned(),
                display_name: entry.display_name,
                description: entry.description,
                captions: entry.captions,
                follows_prompt: entry.follows_prompt,
                input_usd_per_million: entry.input_usd_per_million,
                output_usd_per_million: entry.output_usd_per_million,
                key: key.clone(),
            });
        }
    }
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

/// The provider of a model; refuses one that no provider answers to. A provider's catalogue is what the
/// program knew when it was built, so a newer model of a provider on the net is let through.
pub fn check_known(core: &Core, name: &str) -> Result<Arc<dyn Provider>> {
    let is_known = |entries: &[CatalogueEntry], model: &str| entries.iter().any(|entry| entry.model == model);
    let found = core.providers.find(name).filter(|(provider, model)| {
        full_name(provider.name(), model) == name && (is_known(&provider.catalogue(), model) || provider.takes_unlisted() && !model.is_empty())
    });
    found.map(|(provider, _)| provider).ok_or_else(|| {
        let of = |provider: &dyn Provider| provider.catalogue().into_iter().map(|entry| full_name(provider.name(), &entry.model)).collect::<Vec<_>>();
        let known: Vec<String> = core.providers.iter().flat_map(|provider| of(provider.as_ref())).collect();
        let message = format!("There is no model '{name}'. Choose one of: {}", known.join(", "));
        DomainError::Invalid { code: "unknown_model", message }
    })
}

/// Refuses a model that no provider answers to, and one whose key is missing.
pub async fn check_usable(core: &Core, name: &str, brought: &Brought) -> Result<()> {
    let provider = check_known(core, name)?;
    match key_state(core, provider.as_ref()).await {
        KeyState::Missing { .. } if brought.has(provider.name()) => Ok(()),
        KeyState::Missing { why } => Err(DomainError::Conflict { code: "no_key", message: why }),
        KeyState::NotNeeded | KeyState::Present { .. } => Ok(()),
    }
}

async fn key_state(core: &Core, provider: &dyn Provider) -> KeyState {
    match providers::key_state(core, provider).await {
        // The server may not want one.
        KeyState::Missing { .. } if provider.key_need() == KeyNeed::Optional => KeyState::NotNeeded,
        state => state,
    }
}

/// Such as `gemini/gemini-3.8-flash`; a provider of one model is called like it.
pub(super) fn full_name(provider: &str, model: &str) -> String {
    if model.is_empty() { provider.to_owned() } else { format!("{provider}/{model}") }
}

fn unlisted_entry(model: &str) -> CatalogueEntry {
    CatalogueEntry {
        model: model.to_owned(),
        display_name: model.to_owned(),
        description: "Not in the catalogue: its price is not known".to_owned(),
        captions: true,
        follows_prompt: true,
        input_usd_per_million: None,
        output_usd_per_million: None,
        next_price: None,
        retires: None,
    }
}

/// What the pipeline has seen, by model.
async fn measured(core: &Core) -> Result<HashMap<String, MeasuredModel>> {
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
