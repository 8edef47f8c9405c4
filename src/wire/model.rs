//! Models that photos can be sent to.

use serde::{Deserialize, Serialize};

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
    /// USD per million tokens today; `None` where the price is unknown.
    pub input_usd_per_million: Option<f64>,
    pub output_usd_per_million: Option<f64>,
    pub key: KeyState,
    /// Whether the pipeline uses it now.
    pub is_live: bool,
    /// From the pipeline's own results; `None` before the first.
    pub measured: Option<MeasuredModel>,
}

/// What the pipeline has seen of a model in the last 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredModel {
    pub results: u64,
    pub failed: u64,
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub mean_confidence: Option<f64>,
}

/// `PUT /api/ai/pipeline/models/active`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivateModel {
    pub name: String,
}
