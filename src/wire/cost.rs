//! What runs will cost, what they were charged by, and what a past period would cost with other prices.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::money::UsdMicros;

/// `POST /api/ai/testing/estimate`, with the body of a run: what it is going to need. Nothing is asked of any model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub calls: u64,
    /// In the order of the run's columns.
    pub columns: Vec<ColumnEstimate>,
    pub total: EstimatedTotal,
    /// The day on which the prices were last compared with the providers' pages.
    pub prices_checked: NaiveDate,
    /// What a person should know of the prices: they are old, change soon, or a file of one's own can't be read.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Answers that are known already: they are not asked for, cost nothing, and are no part of `calls`.
    #[serde(default)]
    pub reused: u64,
}

/// What a run as a whole was expected to need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimatedTotal {
    /// Over the columns whose price is known.
    pub cost: CostRange,
    /// Calls whose price is not known: their cost is not part of `cost`.
    pub unknown_calls: u64,
    /// `None` where a model has never been measured.
    pub time_ms: Option<u64>,
}

/// One column of an estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnEstimate {
    pub prompt_name: String,
    /// Full model name.
    pub model: String,
    pub calls: u64,
    /// Of all its calls: photos by the model's rule, text at four characters a token, times what earlier answers had more or less of
    /// it. `None`: not counted in tokens, or the rule is not known.
    pub input_tokens: Option<u64>,
    /// Earlier answers whose input the rule was set right by; 0: it stands alone.
    #[serde(default)]
    pub input_from_answers: u64,
    /// Mean of a call. `None`: not counted in tokens.
    pub output_tokens: Option<u64>,
    /// Earlier answers that the mean was taken of; 0: a usual length is assumed.
    pub from_answers: u64,
    /// `None`: it can't be told.
    pub cost: Option<CostRange>,
    /// Why it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownCost>,
}

/// Why a cost can't be told before it is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCost {
    /// The model has no price in the price book.
    Price,
    /// It has one, but nobody says how many tokens a photo is.
    PhotoTokens,
}

/// From what it costs with short answers to what it costs with long ones. Where answers were measured: from the least to the most that
/// their mean length will be (a prediction interval of 95 %).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRange {
    pub low_usd: UsdMicros,
    pub high_usd: UsdMicros,
}

impl std::ops::AddAssign for CostRange {
    fn add_assign(&mut self, other: Self) {
        self.low_usd += other.low_usd;
        self.high_usd += other.high_usd;
    }
}

/// `≈ $0.0123`, `≈ $0.0100–$0.0150`, `$0`.
impl std::fmt::Display for CostRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.low_usd, self.high_usd) {
            (UsdMicros(0), UsdMicros(0)) => f.write_str("$0"),
            (low, high) if low.to_string() == high.to_string() => write!(f, "≈ {low}"),
            (low, high) => write!(f, "≈ {low}–{high}"),
        }
    }
}

/// What a model's calls were charged by when a run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPrice {
    /// Full model name.
    pub model: String,
    /// `None`: not known. Empty: it costs nothing. More than one: each part of a joined name is charged.
    pub entries: Option<Vec<PriceEntry>>,
}

/// One price of the price book, as it stood: USD per million tokens, or per thousand units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceEntry {
    pub from: NaiveDate,
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    #[serde(rename = "out", default, skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_thousand: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<PriceTier>,
}

/// Other rates for calls with a longer prompt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PriceTier {
    pub above_prompt_tokens: u64,
    #[serde(rename = "in")]
    pub input: f64,
    #[serde(rename = "out")]
    pub output: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

/// `POST /api/ai/analytics/reprice`: what the calls of `[from, to)` would cost. Nothing that is stored changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reprice {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// A price book (the text of a `model-catalogue.json`) that is laid over the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<String>,
}

/// The answer: calls of the pipeline and of comparison runs, by model; runs count to the moment of their start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repriced {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub total: RepricedSum,
    pub models: Vec<RepricedModel>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepricedModel {
    /// Full model name.
    pub model: String,
    #[serde(flatten)]
    pub sum: RepricedSum,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepricedSum {
    /// Calls that were billed, refused and cut answers included.
    pub calls: u64,
    pub charged_usd: UsdMicros,
    /// Calls whose charge was not known then.
    pub charged_unknown: u64,
    pub repriced_usd: UsdMicros,
    /// Calls whose cost is not known with this book.
    pub repriced_unknown: u64,
}

impl RepricedSum {
    /// What was charged; `None` where that is not known of a single call.
    #[must_use]
    pub fn charged(&self) -> Option<UsdMicros> {
        (self.charged_unknown < self.calls || self.calls == 0).then_some(self.charged_usd)
    }

    /// What it would cost; `None` where that is not known of a single call.
    #[must_use]
    pub fn repriced(&self) -> Option<UsdMicros> {
        (self.repriced_unknown < self.calls || self.calls == 0).then_some(self.repriced_usd)
    }
}

impl std::ops::AddAssign for RepricedSum {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.charged_usd += other.charged_usd;
        self.charged_unknown += other.charged_unknown;
        self.repriced_usd += other.repriced_usd;
        self.repriced_unknown += other.repriced_unknown;
    }
}

/// A sum in which unknown stays unknown: `$0.12 + 3 calls of unknown price`, and where nothing is known at all, `unknown (3 calls)`.
#[must_use]
pub fn sum_words(known: UsdMicros, unknown_calls: u64) -> String {
    match unknown_words(unknown_calls) {
        None => known.to_string(),
        Some(_) if known == UsdMicros(0) => format!("unknown ({})", calls_words(unknown_calls)),
        Some(unknown) => format!("{known} + {unknown}"),
    }
}

/// `1 call`, `3 calls`.
#[must_use]
pub fn calls_words(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// `3 calls of unknown price`; `None` for none.
#[must_use]
pub fn unknown_words(calls: u64) -> Option<String> {
    (calls > 0).then(|| format!("{} of unknown price", calls_words(calls)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_said_beside_what_is_known() {
        assert_eq!(sum_words(UsdMicros(120_000), 0), "$0.1200");
        assert_eq!(sum_words(UsdMicros(120_000), 1), "$0.1200 + 1 call of unknown price");
        assert_eq!(sum_words(UsdMicros(0), 3), "unknown (3 calls)", "nothing is known, which is not nothing");
        assert_eq!((sum_words(UsdMicros(0), 1), sum_words(UsdMicros(0), 0)), ("unknown (1 call)".to_owned(), "$0".to_owned()));
    }

    #[test]
    fn a_range_says_what_is_not_exact() {
        let range = |low, high| CostRange { low_usd: UsdMicros(low), high_usd: UsdMicros(high) }.to_string();
        assert_eq!(range(0, 0), "$0");
        assert_eq!(range(12_000, 12_000), "≈ $0.0120");
        assert_eq!(range(12_000, 1_250_000), "≈ $0.0120–$1.25");
    }
}
