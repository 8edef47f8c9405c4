//! The models of a provider: its own list, asked on demand and kept, joined with what the program ships knowledge of.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::find;
use crate::keys::Keys;
use crate::platform::domain::{Core, Result, config, costs, models};
use crate::providers::{CallContext, CatalogueEntry, NextPrice, OfferedModel, Provider};
use crate::wire::provider::{ProviderModel, ProviderModels};
use crate::wire::result::{Fault, FaultKind};

const LIST_LIMIT: Duration = Duration::from_secs(30);

/// A provider's own list.
#[derive(Debug, Clone)]
pub struct Offered {
    at: DateTime<Utc>,
    models: Vec<OfferedModel>,
}

/// The models of a provider. Asks it when `refresh`; else what it said before is used. `keys`: those that came with the request.
pub async fn models(core: &Core, name: &str, refresh: bool, keys: Option<Keys>) -> Result<ProviderModels> {
    let provider = find(core, name)?;
    let fault = if refresh && provider.lists_models() { ask(core, provider.as_ref(), keys).await.err() } else { None };
    let offered = kept(core, name);
    let mut items = join(provider.as_ref(), offered.as_ref().map_or(&[], |offered| &offered.models));
    let config = config::current(core).await?;
    for model in items.iter_mut().filter(|model| model.input_usd_per_million.is_none() && model.output_usd_per_million.is_none()) {
        let id = model.name.split_once('/').map_or("", |(_, id)| id);
        model.usd_per_thousand_photos = provider.usd_per_thousand_photos(id);
        if costs::is_free(core, &config, &model.name) {
            (model.input_usd_per_million, model.output_usd_per_million) = (Some(0.0), Some(0.0));
        }
    }
    Ok(ProviderModels { items, has_list: provider.lists_models(), asked_at: offered.map(|offered| offered.at), fault })
}

/// What a provider's own list has that the program does not know, where it was asked for.
pub fn known_offered(core: &Core, name: &str) -> Vec<OfferedModel> {
    kept(core, name).map_or_else(Vec::new, |offered| offered.models)
}

/// When a provider was asked for its list, and how many models that has; `None` where it was not, or has none.
pub fn asked_list(core: &Core, name: &str) -> Option<(DateTime<Utc>, usize)> {
    kept(core, name).map(|offered| (offered.at, offered.models.len())).filter(|(_, count)| *count > 0)
}

fn kept(core: &Core, name: &str) -> Option<Offered> {
    core.seen_of_providers.offered.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
}

async fn ask(core: &Core, provider: &dyn Provider, keys: Option<Keys>) -> std::result::Result<(), Fault> {
    let call = CallContext { keys, ..CallContext::new(core.stop.child_token(), LIST_LIMIT) };
    let waited = || Fault::new(FaultKind::Timeout, format!("{} did not send its list of models within {} s", provider.label(), LIST_LIMIT.as_secs()));
    let models = tokio::time::timeout(LIST_LIMIT, provider.models(&call)).await.map_err(|_| waited())??;
    let offered = Offered { at: core.now(), models };
    core.seen_of_providers.offered.lock().unwrap_or_else(PoisonError::into_inner).insert(provider.name().to_owned(), offered);
    Ok(())
}

/// Models that are known come first, in the order of the catalogue; then the provider's others, by name.
fn join(provider: &dyn Provider, offered: &[OfferedModel]) -> Vec<ProviderModel> {
    let by_id: HashMap<&str, &OfferedModel> = offered.iter().map(|model| (model.id.as_str(), model)).collect();
    let known = provider.catalogue();
    let mut all: Vec<ProviderModel> =
        known.iter().map(|entry| of_catalogue(provider.name(), entry, by_id.get(entry.model.as_str()).copied(), !offered.is_empty())).collect();
    let mut others: Vec<&OfferedModel> = offered.iter().filter(|model| known.iter().all(|entry| entry.model != model.id)).collect();
    others.sort_by(|one, other| one.id.cmp(&other.id));
    others.dedup_by(|one, other| one.id == other.id);
    all.extend(others.into_iter().map(|model| of_list(provider.name(), model)));
    all
}

fn of_catalogue(provider: &str, entry: &CatalogueEntry, offered: Option<&OfferedModel>, was_asked: bool) -> ProviderModel {
    ProviderModel {
        name: models::full_name(provider, &entry.model),
        display_name: entry.display_name.clone(),
        is_offered: was_asked.then_some(offered.is_some()),
        is_known: true,
        takes_photos: Some(true),
        follows_prompt: entry.follows_prompt,
        input_usd_per_million: entry.input_usd_per_million,
        output_usd_per_million: entry.output_usd_per_million,
        usd_per_thousand_photos: None,
        retires: offered.and_then(|offered| offered.retires).or(entry.retires),
        notes: entry.next_price.iter().map(next_price).collect(),
    }
}

/// Such as `From 1 December 2026: $4.00 in · $20.00 out per million tokens`.
fn next_price(next: &NextPrice) -> String {
    let day = next.from.format("%-d %B %Y");
    let [input, output] = [next.input_usd_per_million, next.output_usd_per_million].map(crate::wire::money::price_words);
    format!("From {day}: {input} in · {output} out per million tokens")
}

fn of_list(provider: &str, model: &OfferedModel) -> ProviderModel {
    ProviderModel {
        name: models::full_name(provider, &model.id),
        display_name: model.display_name.clone().unwrap_or_else(|| model.id.clone()),
        is_offered: Some(true),
        is_known: false,
        takes_photos: model.takes_photos,
        follows_prompt: true,
        input_usd_per_million: None,
        output_usd_per_million: None,
        usd_per_thousand_photos: None,
        retires: model.retires,
        notes: Vec::new(),
    }
}
