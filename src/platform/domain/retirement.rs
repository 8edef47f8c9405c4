//! Models that will be gone: told well before, for those that are in use.

use chrono::NaiveDate;

use super::{Core, providers};
use crate::providers::Providers;
use crate::wire::config::PipelineConfig;

/// A model in use whose last day is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retiring {
    /// Full model name.
    pub model: String,
    pub last: NaiveDate,
    /// From today on; negative once it is over.
    pub days: i64,
}

impl Retiring {
    /// Such as `gemini/x ends on 2026-12-01, in 12 days`.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { model, last, days } = self;
        match days {
            ..0 => format!("{model} ended on {last}"),
            0 => format!("{model} ends today, {last}"),
            1 => format!("{model} ends on {last}, tomorrow"),
            _ => format!("{model} ends on {last}, in {days} days"),
        }
    }
}

/// The models in use whose last day is known, the live one first.
#[must_use]
pub fn of_models_in_use(core: &Core, config: &PipelineConfig) -> Vec<Retiring> {
    let today = core.now().date_naive();
    let retiring = config.models_in_use().filter_map(|model| {
        let last = last_day(core, model)?;
        Some(Retiring { model: model.to_owned(), last, days: (last - today).num_days() })
    });
    retiring.collect()
}

/// A model's last day: as its provider's own list says, else as the catalogue does.
fn last_day(core: &Core, full_name: &str) -> Option<NaiveDate> {
    let (provider, model) = core.providers.find(full_name)?;
    let offered = providers::known_offered(core, provider.name()).into_iter().find(|offered| offered.id == model);
    offered.and_then(|offered| offered.retires).or_else(|| by_catalogue(&core.providers, full_name))
}

/// A model's last day as the catalogue says.
#[must_use]
pub fn by_catalogue(providers: &Providers, full_name: &str) -> Option<NaiveDate> {
    let (provider, model) = providers.find(full_name)?;
    provider.catalogue().into_iter().find(|entry| entry.model == model)?.retires
}
