//! What is charged from a day on, and the arithmetic of a call's cost.
//!
//! Rates are integer pico-dollars, so that a cost is rounded only once, at its end.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use crate::wire::money::UsdMicros;
use crate::wire::result::Usage;

/// Pico-dollars a token, or a unit where that is what is charged: 1 USD per million tokens = 1,000,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate(pub(super) u64);

impl Rate {
    #[must_use]
    pub fn usd_per_million(self) -> f64 {
        self.0 as f64 / 1e6
    }

    #[must_use]
    pub fn usd_per_thousand(self) -> f64 {
        self.0 as f64 / 1e9
    }

    fn of(self, count: u64) -> u128 {
        u128::from(self.0) * u128::from(count)
    }
}

/// In a file: USD per million tokens.
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd_per_million = f64::deserialize(deserializer)?;
        if !(0.0..=1e6).contains(&usd_per_million) {
            return Err(serde::de::Error::custom("a price must be from 0 to 1,000,000 USD per million tokens"));
        }
        Ok(Self((usd_per_million * 1e6).round() as u64))
    }
}

/// In a file: USD per thousand units.
fn per_thousand<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
    let usd = f64::deserialize(deserializer)?;
    if !(0.0..=1e6).contains(&usd) {
        return Err(serde::de::Error::custom("a price must be from 0 to 1,000,000 USD per thousand units"));
    }
    Ok(Some(Rate((usd * 1e9).round() as u64)))
}

/// What is charged from a day on: tokens, or units (one photo is one unit).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub from: NaiveDate,
    #[serde(default, rename = "in")]
    pub input: Rate,
    #[serde(default, rename = "out")]
    pub output: Rate,
    /// Input that the provider had cached; `None`: not known, and charged as any other input, which it never costs more than.
    #[serde(default)]
    pub cached: Option<Rate>,
    /// Input that the provider put into its cache; `None`: not known.
    #[serde(default)]
    pub cache_write: Option<Rate>,
    /// Instead of tokens: what a unit costs.
    #[serde(default, rename = "per_thousand", deserialize_with = "per_thousand")]
    pub unit: Option<Rate>,
    /// Other rates for the whole call from a size of the prompt on, smallest first.
    #[serde(default)]
    pub tiers: Vec<Tier>,
}

/// Rates of calls whose input is longer than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub above_prompt_tokens: u64,
    #[serde(rename = "in")]
    pub input: Rate,
    #[serde(rename = "out")]
    pub output: Rate,
    #[serde(default)]
    pub cached: Option<Rate>,
    #[serde(default)]
    pub cache_write: Option<Rate>,
}

impl Price {
    /// What a call cost, rounded half up to a micro-dollar. `None` where the provider did not say enough, or a rate
    /// that it used is not known.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<UsdMicros> {
        self.pico_dollars(usage).and_then(rounded)
    }

    pub(super) fn pico_dollars(&self, usage: &Usage) -> Option<u128> {
        if let Some(unit) = self.unit {
            return Some(unit.of(1));
        }
        // However many tokens it takes.
        if self.is_nothing() {
            return Some(0);
        }
        let (input, output) = (usage.input_tokens?, usage.output_tokens?);
        let rates = self.rates_for(input);
        let cached = usage.cached_tokens.unwrap_or(0).min(input);
        let written = usage.cache_write_tokens.unwrap_or(0).min(input - cached);
        let read = rates.cached.unwrap_or(rates.input).of(cached);
        // To write costs more than plain input, so that no other rate stands in for it.
        let write = if written == 0 { 0 } else { rates.cache_write?.of(written) };
        Some(rates.input.of(input - cached - written) + read + write + rates.output.of(output))
    }

    /// Whether a call had cached input that has no rate of its own.
    pub(super) fn lacks_cached_rate(&self, usage: &Usage) -> bool {
        let is_cached = usage.cached_tokens.unwrap_or(0) > 0;
        let rates = self.rates_for(usage.input_tokens.unwrap_or(0));
        self.unit.is_none() && is_cached && rates.cached.is_none() && rates.input != Rate(0)
    }

    /// Whether every rate that is known is 0, and there is a price for tokens at all.
    fn is_nothing(&self) -> bool {
        let is_nothing = |tier: &Tier| {
            let known = [Some(tier.input), Some(tier.output), tier.cached, tier.cache_write];
            known.into_iter().flatten().all(|rate| rate == Rate(0))
        };
        is_nothing(&self.rates_for(0)) && self.tiers.iter().all(is_nothing)
    }

    /// The rates for a prompt of this size.
    fn rates_for(&self, prompt_tokens: u64) -> Tier {
        let base = Tier { above_prompt_tokens: 0, input: self.input, output: self.output, cached: self.cached, cache_write: self.cache_write };
        self.tiers.iter().rev().find(|tier| prompt_tokens > tier.above_prompt_tokens).copied().unwrap_or(base)
    }
}

/// Half up to a micro-dollar; `None` beyond nine billion dollars.
pub(super) fn rounded(pico_dollars: u128) -> Option<UsdMicros> {
    i64::try_from((pico_dollars + 500_000) / 1_000_000).ok().filter(|micros| *micros <= 9_000_000_000_000_000).map(UsdMicros)
}
