//! Models that photos can be sent to.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cost::CostRange;
use super::health::HealthState;
use super::money::UsdMicros;
use super::prompt_parts::{Parameters, Takes};
use super::replay::Share;

/// A model in use that ends within so many days is warned of; within the shorter time urgently.
pub const RETIREMENT_NEAR_DAYS: i64 = 60;
pub const RETIREMENT_URGENT_DAYS: i64 = 14;

/// Where keys are entered, in the words of faults and problems; on that very page it is "here".
pub const KEYS_PLACE: &str = "in Pipeline control";

/// Whether a model's provider has the key that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum KeyState {
    NotNeeded,
    /// `tail`: the last four characters; `from`: `keyring`, `environment` or `session`.
    Present {
        tail: String,
        from: String,
    },
    /// `why`: what is missing and how to mend it.
    Missing {
        why: String,
    },
}

/// One model of the catalogue, as `GET /api/ai/pipeline/models` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Full name: `on-device`, `gemini/gemini-3.8-flash`.
    pub name: String,
    /// `on-device`, `gemini`.
    pub provider: String,
    pub display_name: String,
    /// One sentence: what it is and what it is good for.
    pub description: String,
    /// Whether it writes a caption.
    pub captions: bool,
    /// Whether the prompt steers it freely; the on-device model only takes a tag list from it.
    pub follows_prompt: bool,
    /// What it takes of a prompt's other parts.
    #[serde(default)]
    pub takes: Takes,
    /// USD per million tokens today; `None` where the price is unknown.
    pub input_usd_per_million: Option<f64>,
    pub output_usd_per_million: Option<f64>,
    /// USD for a thousand photos today, where they are charged by the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_thousand_photos: Option<f64>,
    /// The next price that is known of.
    #[serde(default)]
    pub next_price: Option<NextPrice>,
    /// The last day on which it answers.
    #[serde(default)]
    pub retires: Option<NaiveDate>,
    /// What it takes at most, all together.
    #[serde(default)]
    pub context_tokens: Option<u64>,
    /// Of its provider; `None` where nobody has asked it yet.
    #[serde(default)]
    pub health: Option<ModelHealth>,
    pub key: KeyState,
    /// Whether the pipeline uses it now.
    pub is_live: bool,
    /// From the pipeline's own results; `None` before the first.
    pub measured: Option<MeasuredModel>,
    /// As measured, else from the price book; `None`: not known.
    #[serde(default)]
    pub cost_per_photo: Option<PhotoCost>,
    /// How often its most confident tag is one of the photo's known labels; `None` without ground truth.
    #[serde(default)]
    pub accuracy: Option<Share>,
    /// If it went live now; `None` for the live one.
    #[serde(default)]
    pub expected: Option<ExpectedChange>,
}

/// A price that holds from a later day on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NextPrice {
    pub from: NaiveDate,
    pub input_usd_per_million: f64,
    pub output_usd_per_million: f64,
}

/// How a model's provider stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelHealth {
    pub status: HealthState,
    /// Why, and what to do where it is not healthy.
    pub detail: String,
}

/// What a photo costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum PhotoCost {
    /// Mean over the photos answered in the last 30 days whose cost is known.
    Measured { usd: UsdMicros, photos: u64 },
    /// By the price book, for the live prompt and a photo of a usual size: with a short and with a long answer.
    Estimated { usd: CostRange },
}

impl PhotoCost {
    /// From the least to the most; both the same where it was measured.
    #[must_use]
    pub fn range(self) -> CostRange {
        match self {
            Self::Measured { usd, .. } => CostRange { low_usd: usd, high_usd: usd },
            Self::Estimated { usd } => usd,
        }
    }
}

/// `$0.0002` as measured, `≈ $0.0002` as estimated.
impl std::fmt::Display for PhotoCost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Measured { usd, .. } => usd.fmt(f),
            Self::Estimated { usd } => usd.fmt(f),
        }
    }
}

/// What is expected to change when a model goes live in place of the one that is. `None` stands for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExpectedChange {
    pub cost_per_photo: Turn<PhotoCost>,
    /// Photos that were answered a day, on the mean of the last 7 days; `None`: none was.
    pub photos_per_day: Option<f64>,
    pub latency_p50_ms: Turn<f64>,
    pub mean_confidence: Turn<f64>,
    /// Whether captions are written.
    pub captions: Turn<bool>,
}

/// A figure of the live model, and of the one in question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Turn<T> {
    pub before: Option<T>,
    pub after: Option<T>,
}

impl ExpectedChange {
    /// What a day costs with each of them, at the present volume.
    #[must_use]
    pub fn cost_per_day(&self) -> Turn<CostRange> {
        let day = |cost: Option<PhotoCost>| {
            let (CostRange { low_usd, high_usd }, photos) = (cost?.range(), self.photos_per_day?);
            let times = |usd: UsdMicros| UsdMicros((usd.0 as f64 * photos).round() as i64);
            Some(CostRange { low_usd: times(low_usd), high_usd: times(high_usd) })
        };
        Turn { before: day(self.cost_per_photo.before), after: day(self.cost_per_photo.after) }
    }
}

/// What the pipeline has seen of a model in the last 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredModel {
    pub results: u64,
    pub failed: u64,
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub mean_confidence: Option<f64>,
    /// The known costs, and results whose cost is not known.
    #[serde(default)]
    pub cost_usd: UsdMicros,
    #[serde(default)]
    pub cost_unknown: u64,
    /// Ends of the 95 % interval (Wilson) of the share that failed, 0–1.
    #[serde(default)]
    pub failed_low: f64,
    #[serde(default)]
    pub failed_high: f64,
}

impl MeasuredModel {
    /// 0–1; `None` without results.
    #[must_use]
    pub fn failed_share(&self) -> Option<f64> {
        (self.results > 0).then(|| self.failed as f64 / self.results as f64)
    }

    /// What an answered photo cost, what failed before it included; `None` where too few costs are known to speak for the rest.
    #[must_use]
    pub fn cost_per_photo(&self) -> Option<PhotoCost> {
        let photos = self.results.saturating_sub(self.failed).saturating_sub(self.cost_unknown);
        (photos > self.cost_unknown).then(|| {
            let usd = UsdMicros((self.cost_usd.0 as f64 / photos as f64).round() as i64);
            PhotoCost::Measured { usd, photos }
        })
    }
}

/// `PUT /api/ai/pipeline/models/parameters` with `If-Match`: how a model answers where the prompt says nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetModelParameters {
    /// Full model name.
    pub model: String,
    pub parameters: Parameters,
}

/// `PUT /api/ai/pipeline/models/active`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivateModel {
    pub name: String,
}

/// Query of `PUT /api/ai/pipeline/models/active`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivateModelQuery {
    /// Also where the list of its provider does not have it.
    pub confirm: bool,
}
