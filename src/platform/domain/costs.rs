//! Money: what a run will cost, what it was charged by, and what a past period would cost with other prices.

mod estimate;
mod reprice;

pub use estimate::estimate;
pub(super) use estimate::per_photo;
pub(super) use estimate::{Bound, bound};
pub use estimate::{PerPhoto, Typing};
pub(super) use estimate::{of_columns, of_missing};
pub use reprice::reprice;

use chrono::NaiveDate;
use url::Url;

use super::{Core, providers};
use crate::providers::PriceBook;
use crate::providers::price::{Place, Price};
use crate::wire::config::PipelineConfig;
use crate::wire::cost::{PriceEntry, PriceTier, RunPrice, UnknownCost};
use crate::wire::run::RunColumn;

/// The price book of this process.
pub(super) fn book(core: &Core) -> PriceBook {
    core.providers.told().map(|told| told.book.clone()).unwrap_or_default()
}

/// What a person should know of the prices, whichever model they choose.
pub(super) fn price_notes(core: &Core) -> Vec<String> {
    book_notes(&book(core), core.now().date_naive())
}

fn book_notes(book: &PriceBook, today: NaiveDate) -> Vec<String> {
    book.problem().map(str::to_owned).into_iter().chain(old_note(book, today)).collect()
}

fn old_note(book: &PriceBook, today: NaiveDate) -> Option<String> {
    let words = || format!("The shipped prices were checked on {}, more than 90 days ago; they may have changed", book.checked());
    book.is_old(today).then(words)
}

/// A model's full name taken apart, with where its provider is.
struct Priced {
    provider: String,
    model: String,
    base: Option<Url>,
}

impl Priced {
    fn of(core: &Core, config: &PipelineConfig, full_name: &str) -> Self {
        let (provider, model) = full_name.split_once('/').unwrap_or((full_name, ""));
        let base = core.providers.find(full_name).and_then(|(provider, _)| providers::base_url(core, config, provider.as_ref()));
        Self { provider: provider.to_owned(), model: model.to_owned(), base }
    }

    fn on(&self, day: NaiveDate) -> Place<'_> {
        Place { provider: &self.provider, model: &self.model, base: self.base.as_ref(), day }
    }
}

/// Whether a call of this model is known to cost nothing, though it has no price.
pub(super) fn is_free(core: &Core, config: &PipelineConfig, full_name: &str) -> bool {
    book(core).is_free(Priced::of(core, config, full_name).on(core.now().date_naive()))
}

/// Why what a call costs can't be told beforehand, and what would mend it.
#[must_use]
pub(super) fn unknown_words(model: &str, why: Option<UnknownCost>) -> (String, &'static str) {
    match why {
        Some(UnknownCost::PhotoTokens) => (format!("How many tokens a photo is for {model} is not known"), "its image_tokens"),
        _ => (format!("The price of {model} is not known"), "its price"),
    }
}

/// What the models of a run are charged by today, each once.
pub(super) fn run_prices(core: &Core, config: &PipelineConfig, columns: &[RunColumn]) -> Vec<RunPrice> {
    let (book, today) = (book(core), core.now().date_naive());
    let mut prices: Vec<RunPrice> = Vec::new();
    for column in columns {
        if prices.iter().any(|known| known.model == column.model) {
            continue;
        }
        let priced = Priced::of(core, config, &column.model);
        let place = priced.on(today);
        let entries = book.prices(place).map(|prices| prices.into_iter().map(entry).collect());
        let entries = entries.or_else(|| book.is_free(place).then(Vec::new));
        prices.push(RunPrice { model: column.model.clone(), entries });
    }
    prices
}

fn entry(price: &Price) -> PriceEntry {
    let per_million = |rate: crate::providers::price::Rate| rate.usd_per_million();
    let by_token = price.unit.is_none();
    PriceEntry {
        from: price.from,
        input: by_token.then(|| per_million(price.input)),
        output: by_token.then(|| per_million(price.output)),
        cached: price.cached.map(per_million),
        cache_write: price.cache_write.map(per_million),
        per_thousand: price.unit.map(crate::providers::price::Rate::usd_per_thousand),
        tiers: price
            .tiers
            .iter()
            .map(|tier| PriceTier {
                above_prompt_tokens: tier.above_prompt_tokens,
                input: per_million(tier.input),
                output: per_million(tier.output),
                cached: tier.cached.map(per_million),
                cache_write: tier.cache_write.map(per_million),
            })
            .collect(),
    }
}
