//! The models that photos can be sent to, with what the pipeline has seen of them.

use std::collections::HashMap;

use chrono::Duration;

use super::analytics::quantile;
use super::{Core, DomainError, Result, config};
use crate::platform::store;
use crate::providers::{CatalogueEntry, Provider};
use crate::wire::model::{KeyState, MeasuredModel, ModelInfo};
use crate::wire::page::Page;

/// How far back measurements go.
const MEASURED: Duration = Duration::days(30);

/// Every model of every provider, and the live one where the catalogue does not know it.
pub async fn list(core: &Core) -> Result<Page<ModelInfo>> {
    let config = config::current(core).await?;
    let mut measured = measured(core).await?;
    let mut items = Vec::new();
    for provider in core.providers.iter() {
        let key = key_state(core, provider.as_ref()).await;
        let mut entries = provider.catalogue();
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

/// Refuses a model that no provider answers to, and one whose key is missing.
pub async fn check_usable(core: &Core, name: &str) -> Result<()> {
    let found = core.providers.find(name).filter(|(provider, model)| model.is_empty() != provider.needs_key());
    let Some((provider, _)) = found else {
        let known: Vec<String> =
            core.providers.iter().map(|provider| full_name(provider.name(), if provider.needs_key() { "MODEL" } else { "" })).collect();
        return Err(DomainError::Invalid {
            code: "unknown_model",
            message: format!("No provider answers to '{name}'. Models are named {}", known.join(", ")),
        });
    };
    match key_state(core, provider.as_ref()).await {
        KeyState::Missing { why } => Err(DomainError::Conflict { code: "no_key", message: why }),
        KeyState::NotNeeded | KeyState::Present { .. } => Ok(()),
    }
}

async fn key_state(core: &Core, provider: &dyn Provider) -> KeyState {
    if provider.needs_key() { core.keys.state(provider.name()).await } else { KeyState::NotNeeded }
}

fn full_name(provider: &str, model: &str) -> String {
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
    }
}

async fn measured(core: &Core) -> Result<HashMap<String, MeasuredModel>> {
    let now = core.now();
    let mut by_model: HashMap<String, Vec<store::analytics::ResultFigures>> = HashMap::new();
    for figure in store::analytics::results(&core.db, core.org, now - MEASURED, now + Duration::seconds(1)).await? {
        by_model.entry(figure.model.clone()).or_default().push(figure);
    }
    let measure = |figures: Vec<store::analytics::ResultFigures>| {
        let completed: Vec<_> = figures.iter().filter(|figure| figure.completed).collect();
        let mut latencies: Vec<f64> = completed.iter().map(|figure| figure.latency_ms as f64).collect();
        latencies.sort_by(f64::total_cmp);
        let confidences: Vec<f64> = completed.iter().filter_map(|figure| figure.confidence).collect();
        MeasuredModel {
            results: figures.len() as u64,
            failed: (figures.len() - completed.len()) as u64,
            latency_p50_ms: quantile(&latencies, 0.50),
            latency_p95_ms: quantile(&latencies, 0.95),
            mean_confidence: (!confidences.is_empty()).then(|| confidences.iter().sum::<f64>() / confidences.len() as f64),
        }
    };
    Ok(by_model.into_iter().map(|(model, figures)| (model, measure(figures))).collect())
}
