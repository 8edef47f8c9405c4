//! The models that photos can be sent to, with what the pipeline has seen of them.

mod figures;
mod parameters;

use std::sync::Arc;

use super::providers::Brought;
use super::{Core, DomainError, Result, config, costs, health, providers};
use crate::providers::{CatalogueEntry, KeyNeed, OfferedModel, Provider};
use crate::wire::config::PipelineConfig;
use crate::wire::model::{KeyState, MeasuredModel, ModelHealth, ModelInfo, NextPrice};
use crate::wire::page::Page;
use figures::Estimates;
pub use parameters::{check as check_parameters, set as set_parameters, summary as parameters_summary};

const UNLISTED: &str = "Not in the catalogue: its price is not known";
const UNLISTED_FREE: &str = "Not in the catalogue; it runs on your own machines and costs nothing";

/// Every model of every provider, and those in use where the catalogue does not know them.
pub async fn list(core: &Core) -> Result<Page<ModelInfo>> {
    let config = config::current(core).await?;
    let (mut measured, mut accuracy) = (figures::measured(core).await?, figures::accuracy(core).await?);
    let health = health::all_providers(core).await?.items;
    let estimates = Estimates::of(core, &config).await?;
    let mut items = Vec::new();
    for provider in core.providers.iter() {
        let key = key_state(core, provider.as_ref()).await;
        let health = health.iter().find(|health| health.provider_name == provider.name()).filter(|health| {
            // One that nobody has called is not known to be well.
            health.last_check.is_some() || health.error_rate.is_some() || provider.stopped().is_some()
        });
        let health = health.map(|health| ModelHealth { status: health.status, detail: health.error_details.clone().unwrap_or_default() });
        let offered = providers::known_offered(core, provider.name());
        for (entry, retires) in entries(provider.as_ref(), &config, &offered) {
            let offered = offered.iter().find(|offered| offered.id == entry.model);
            let name = full_name(provider.name(), &entry.model);
            let entry = priced(core, &config, &name, entry);
            let measured: Option<MeasuredModel> = measured.remove(&name);
            let cost_per_photo = match measured.as_ref().and_then(MeasuredModel::cost_per_photo) {
                None => estimates.cost(provider.name(), &name).await?,
                measured => measured,
            };
            items.push(ModelInfo {
                is_live: name == config.live_model,
                measured,
                cost_per_photo,
                accuracy: accuracy.remove(&name),
                expected: None,
                provider: provider.name().to_owned(),
                display_name: entry.display_name,
                description: entry.description,
                captions: entry.captions,
                follows_prompt: entry.follows_prompt,
                takes: provider.takes(&entry.model),
                input_usd_per_million: entry.input_usd_per_million,
                output_usd_per_million: entry.output_usd_per_million,
                usd_per_thousand_photos: provider.usd_per_thousand_photos(&entry.model),
                next_price: entry.next_price.map(|next| NextPrice {
                    from: next.from,
                    input_usd_per_million: next.input_usd_per_million,
                    output_usd_per_million: next.output_usd_per_million,
                }),
                retires,
                context_tokens: offered.and_then(|offered| offered.context_tokens).or_else(|| provider.context_tokens(&entry.model)),
                health: health.clone(),
                key: key.clone(),
                name,
            });
        }
    }
    let photos_per_day = figures::photos_per_day(core).await?;
    if let Some(live) = items.iter().find(|model| model.is_live).cloned() {
        for model in items.iter_mut().filter(|model| !model.is_live) {
            model.expected = Some(figures::expected(&live, model, photos_per_day));
        }
    }
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

/// A model without a price that is known to cost nothing where it runs is told as free, as its calls will be.
pub(super) fn priced(core: &Core, config: &PipelineConfig, name: &str, entry: CatalogueEntry) -> CatalogueEntry {
    let has_price = entry.input_usd_per_million.is_some() || entry.output_usd_per_million.is_some();
    if has_price || !costs::is_free(core, config, name) {
        return entry;
    }
    let description = if entry.description == UNLISTED { UNLISTED_FREE.to_owned() } else { entry.description };
    CatalogueEntry { description, input_usd_per_million: Some(0.0), output_usd_per_million: Some(0.0), ..entry }
}

/// The models of a provider with their last days: those that the program knows, those of its own list, and those in use.
fn entries(provider: &dyn Provider, config: &PipelineConfig, offered: &[OfferedModel]) -> Vec<(CatalogueEntry, Option<chrono::NaiveDate>)> {
    let mut entries = provider.catalogue();
    for offered in offered {
        // What its list has beyond our knowledge, unless it says that it takes no photos.
        if offered.takes_photos != Some(false) && entries.iter().all(|entry| entry.model != offered.id) {
            let display_name = offered.display_name.clone().unwrap_or_else(|| offered.id.clone());
            entries.push(CatalogueEntry { display_name, ..unlisted_entry(&offered.id) });
        }
    }
    for used in config.models_in_use().filter_map(|used| used.strip_prefix(provider.name())?.strip_prefix('/')) {
        if entries.iter().all(|entry| entry.model != used) {
            entries.push(unlisted_entry(used));
        }
    }
    let last_day = |entry: &CatalogueEntry| {
        let told = offered.iter().find(|offered| offered.id == entry.model).and_then(|offered| offered.retires);
        told.or(entry.retires)
    };
    entries.into_iter().map(|entry| (last_day(&entry), entry)).map(|(last, entry)| (entry, last)).collect()
}

/// The provider of a model; refuses one that no provider answers to. A provider's catalogue is what the
/// program knew when it was built, so a newer model of a provider on the net is let through.
pub fn check_known(core: &Core, name: &str) -> Result<Arc<dyn Provider>> {
    let is_known = |entries: &[CatalogueEntry], model: &str| entries.iter().any(|entry| entry.model == model);
    let found = core.providers.find(name).filter(|(provider, model)| {
        full_name(provider.name(), model) == name
            && (is_known(&provider.catalogue(), model) || provider.takes_unlisted() && !model.is_empty() && provider.check_model(model).is_ok())
    });
    found.map(|(provider, _)| provider).ok_or_else(|| {
        let message = format!("There is no model '{name}'. {}", why_unknown(core, name));
        DomainError::Invalid { code: "unknown_model", message }
    })
}

/// What is wrong with a model's name, and what to write instead.
fn why_unknown(core: &Core, name: &str) -> String {
    let (named, model) = name.split_once('/').unwrap_or((name, ""));
    let Some(provider) = core.providers.iter().find(|provider| provider.name() == named) else {
        let known: Vec<String> = core.providers.iter().map(|provider| provider.name().to_owned()).collect();
        return format!("There is no provider '{named}'. Providers: {}", known.join(", "));
    };
    if model.is_empty() && provider.takes_unlisted() {
        return format!("Write {named}/MODEL");
    }
    if let Err(fault) = provider.check_model(model) {
        return fault.message;
    }
    let known: Vec<String> = provider.catalogue().iter().map(|entry| full_name(named, &entry.model)).collect();
    format!("{} has {}", provider.label(), known.join(", "))
}

/// Why a model may not be there, where the list of its provider is known and lacks it; `None` where nothing speaks against it.
pub fn not_offered(core: &Core, name: &str) -> Option<String> {
    let (provider, model) = core.providers.find(name)?;
    let (at, count) = providers::asked_list(core, provider.name())?;
    // Ollama takes a name without a tag as the newest.
    if is_listed(core, name) || is_listed(core, &format!("{name}:latest")) {
        return None;
    }
    let (label, at) = (provider.label(), at.format("%-d %B, %H:%M UTC"));
    let models = if count == 1 { "model" } else { "models" };
    Some(format!("{label} does not offer '{model}': its list of {at} has {count} {models} without it"))
}

/// Whether the catalogue or the list of its provider has a model; another one is used on somebody's word that it is there.
pub(super) fn is_listed(core: &Core, name: &str) -> bool {
    core.providers.find(name).is_some_and(|(provider, model)| {
        let is_offered = || providers::known_offered(core, provider.name()).iter().any(|offered| offered.id == model);
        provider.catalogue().iter().any(|entry| entry.model == model) || is_offered()
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

pub(super) fn unlisted_entry(model: &str) -> CatalogueEntry {
    CatalogueEntry {
        model: model.to_owned(),
        display_name: model.to_owned(),
        description: UNLISTED.to_owned(),
        captions: true,
        follows_prompt: true,
        input_usd_per_million: None,
        output_usd_per_million: None,
        next_price: None,
        retires: None,
    }
}
