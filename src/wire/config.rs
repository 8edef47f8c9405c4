//! The pipeline's configuration and the journal of its changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::alert::AlertRules;
use super::ids::{ConfigChangeId, PromptVersionId};
use super::money::UsdMicros;
use super::provider::ProviderSetting;

/// What the pipeline works by. `revision` goes into `If-Match` of the next write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineConfig {
    pub revision: u64,
    pub state: PipelineState,
    /// Full model name.
    pub live_model: String,
    pub live_prompt_version_id: PromptVersionId,
    /// Such as `Photo tags v3`.
    pub live_prompt: String,
    pub rules: ProcessingRules,
    /// What is set of providers, by name.
    #[serde(default)]
    pub providers: BTreeMap<String, ProviderSetting>,
    /// Jobs that were queued later are not begun; `Some` while the state is draining.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining_since: Option<DateTime<Utc>>,
    /// When alerts fire.
    #[serde(default = "super::alert::shipped_rules")]
    pub alert_rules: AlertRules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PipelineState {
    Running,
    /// Finishes the jobs that are in the queue, begins none that come later, and then is paused by itself.
    Draining,
    /// Takes no new job; what is begun is finished.
    Paused,
}

/// `POST /api/ai/pipeline/state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPipelineState {
    pub state: PipelineState,
}

/// A result's mean confidence at or above `accept` is accepted, below `reject` rejected, else reviewed.
/// `0 ≤ reject ≤ accept ≤ 1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProcessingRules {
    pub accept_threshold: f32,
    pub reject_threshold: f32,
    /// Jobs worked on at the same time, 1–64.
    pub workers: u32,
    /// Tries of one job, 1–10.
    pub max_attempts: u32,
    /// What the pipeline may spend in a UTC day, in a UTC month: no call is begun that might cross it. `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_limit_usd: Option<UsdMicros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_limit_usd: Option<UsdMicros>,
}

/// `POST /api/ai/pipeline/deployments`: makes a prompt version live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployPrompt {
    pub prompt_version_id: PromptVersionId,
}

/// One entry of the journal. Undo writes an entry of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigChange {
    pub id: ConfigChangeId,
    pub at: DateTime<Utc>,
    pub actor: String,
    /// What was done, in words: `Live model: on-device → gemini/gemini-3.8-flash`.
    pub summary: String,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
    pub undone: bool,
}

/// Answer of every write of configuration: the new state, and the journal entry that undo takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigChanged {
    pub config: PipelineConfig,
    /// `None` when nothing changed.
    pub change: Option<ConfigChange>,
}
