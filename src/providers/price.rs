//! The price book: what a model's tokens cost on a day.
//!
//! The shipped catalogue is `assets/model-catalogue.json`; each price holds from a date on. Prices are held as integer
//! pico-dollars a token (1 USD per million tokens = 1,000,000), so that a cost is rounded only once, at its end.

use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use crate::wire::money::UsdMicros;
use crate::wire::result::Usage;

const SHIPPED: &str = include_str!("../../assets/model-catalogue.json");

/// What the program and the person's own file say of models and prices. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct PriceBook;

impl PriceBook {
    /// The catalogue that the program ships.
    #[must_use]
    pub fn shipped() -> Self {
        Self
    }

    #[must_use]
    pub fn model(&self, provider: &str, id: &str) -> Option<&ListedModel> {
        model(provider, id)
    }
}

#[derive(Debug, Deserialize)]
struct Catalogue {
    models: Vec<ListedModel>,
}

/// One model of the catalogue.
#[derive(Debug, Clone, Deserialize)]
pub struct ListedModel {
    pub provider: String,
    pub id: String,
    pub name: String,
    pub about: String,
    /// The least thinking that the model can be told to do.
    pub thinking: Option<String>,
    /// Oldest first.
    pub prices: Vec<Price>,
}

/// What tokens cost from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Price {
    pub from: NaiveDate,
    #[serde(rename = "in", deserialize_with = "rate")]
    pub input: Rate,
    #[serde(rename = "out", deserialize_with = "rate")]
    pub output: Rate,
    /// Input that the provider had cached; `None`: not known.
    #[serde(default, deserialize_with = "some_rate")]
    pub cached: Option<Rate>,
}

/// Pico-dollars a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    #[must_use]
    pub fn usd_per_million(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
    let usd_per_million = f64::deserialize(deserializer)?;
    if !(0.0..=1e6).contains(&usd_per_million) {
        return Err(serde::de::Error::custom("a price must be from 0 to 1,000,000 USD per million tokens"));
    }
    Ok(Rate((usd_per_million * 1e6).round() as u64))
}

fn some_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
    rate(deserializer).map(Some)
}

/// The models that the program ships knowledge of.
#[must_use]
pub fn models() -> &'static [ListedModel] {
    static CATALOGUE: OnceLock<Vec<ListedModel>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let read = serde_json::from_str::<Catalogue>(SHIPPED);
        if let Err(error) = &read {
            tracing::error!(%error, "the shipped model catalogue can't be read; prices are unknown");
        }
        read.map(|catalogue| catalogue.models).unwrap_or_default()
    })
}

#[must_use]
pub fn model(provider: &str, id: &str) -> Option<&'static ListedModel> {
    models().iter().find(|model| model.provider == provider && model.id == id)
}

impl ListedModel {
    /// The price that holds on a day.
    #[must_use]
    pub fn price_on(&self, day: NaiveDate) -> Option<Price> {
        self.prices.iter().rev().find(|price| price.from <= day).copied()
    }
}

impl Price {
    /// What a call cost, rounded half up to a micro-dollar. `None` where the provider did not say enough, or the price of
    /// cached tokens is not known.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<UsdMicros> {
        let (input, output) = (usage.input_tokens?, usage.output_tokens?);
        let cached = usage.cached_tokens.unwrap_or(0).min(input);
        let cached_rate = if cached == 0 { Rate(0) } else { self.cached? };
        let pico = u128::from(input - cached) * u128::from(self.input.0)
            + u128::from(cached) * u128::from(cached_rate.0)
            + u128::from(output) * u128::from(self.output.0);
        i64::try_from((pico + 500_000) / 1_000_000).ok().map(UsdMicros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn the_price_of_the_day_holds() {
        let flash = model("gemini", "gemini-3.8-flash").expect("listed");
        let input = |on: &str| flash.price_on(day(on)).map(|price| price.input.usd_per_million());
        assert_eq!(input("2026-09-01"), None);
        assert_eq!(input("2026-12-31"), Some(0.75));
        assert_eq!(input("2027-01-01"), Some(1.5));
    }

    /// By hand: 1,322 − 200 input at 0.75, 200 cached at 0.075, 150 + 40 output at 3.75 USD per million
    /// = 841.5 + 15 + 712.5 = 1,569 micro-dollars.
    #[test]
    fn a_call_costs_what_is_computed_by_hand() {
        let price = model("gemini", "gemini-3.8-flash").and_then(|model| model.price_on(day("2026-11-23"))).expect("priced");
        let usage = Usage { input_tokens: Some(1_322), output_tokens: Some(190), cached_tokens: Some(200), ..Usage::default() };
        assert_eq!(price.cost(&usage), Some(UsdMicros(1_569)));
    }

    #[test]
    fn half_a_micro_dollar_is_rounded_up_once() {
        let price = Price { from: day("2026-01-01"), input: Rate(300_000), output: Rate(2_500_000), cached: None };
        let cost = |input, output| price.cost(&Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() });
        assert_eq!(cost(0, 1), Some(UsdMicros(3)));
        assert_eq!(cost(1, 0), Some(UsdMicros(0)));
        assert_eq!(cost(1_320, 150), Some(UsdMicros(771)));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let price = Price { from: day("2026-01-01"), input: Rate(1), output: Rate(1), cached: None };
        assert_eq!(price.cost(&Usage::default()), None);
        assert_eq!(price.cost(&Usage { input_tokens: Some(9), output_tokens: Some(9), cached_tokens: Some(1), ..Usage::default() }), None);
    }

    #[test]
    fn every_listed_model_has_a_price_today() {
        assert!(!models().is_empty());
        for model in models() {
            assert!(model.price_on(day("2026-11-23")).is_some(), "{}", model.id);
            assert!(model.prices.is_sorted_by_key(|price| price.from), "{}", model.id);
        }
    }
}
