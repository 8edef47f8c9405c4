//! The pipeline's configuration and the journal of its changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::alert::AlertRules;
use super::fallback::Fallback;
use super::ids::{ConfigChangeId, PromptVersionId};
use super::prompt_parts::{Parameters, PromptParts};
use super::provider::ProviderSetting;
pub use super::rules::ProcessingRules;

/// What the pipeline works by. `revision` goes into `If-Match` of the next write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineConfig {
    pub revision: u64,
    pub state: PipelineState,
    /// Full model name.
    pub live_model: String,
    /// Asked in this order when the live model fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
    /// How models answer where the prompt says nothing, by full name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub model_parameters: BTreeMap<String, Parameters>,
    pub live_prompt_version_id: PromptVersionId,
    /// Such as `Photo tags v3`.
    pub live_prompt: String,
    /// What is in staging, and what it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_prompt_version_id: Option<PromptVersionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_prompt: Option<String>,
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

impl PipelineConfig {
    /// The live model, then those that stand in for it, each once.
    pub fn models_in_use(&self) -> impl Iterator<Item = &str> {
        let standing_in = self.fallbacks.iter().map(|fallback| fallback.model.as_str());
        std::iter::once(self.live_model.as_str()).chain(standing_in.filter(|model| *model != self.live_model))
    }
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

/// What an entry of the journal is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    #[default]
    Change,
    /// It put back what a change (or a redo) had replaced.
    Undo,
    /// It put back what an undo had replaced.
    Redo,
}

/// Before the ids of photo sets in the journal.
pub const PHOTO_SET_FIELD: &str = "photo_set:";
/// Before the ids of photos whose ground truth stands in the journal.
pub const TRUTH_FIELD: &str = "truth:";

/// One entry of the journal. Undo and redo write an entry of their own.
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
    #[serde(default)]
    pub kind: ChangeKind,
}

impl ConfigChange {
    /// Whether it changed something that the other one did.
    #[must_use]
    pub fn touches_what(&self, other: &Self) -> bool {
        let (Some(here), Some(there)) = (self.after.as_object(), other.after.as_object()) else { return false };
        here.keys().any(|field| there.contains_key(field))
    }

    /// Whether a field that begins so is among what was changed.
    #[must_use]
    pub fn touches(&self, begin: &str) -> bool {
        self.after.as_object().is_some_and(|after| after.keys().any(|field| field.starts_with(begin)))
    }
}

/// `GET /api/ai/pipeline/config/audit`: the journal, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigChangesQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only entries that changed one of these fields, apart by commas; one that ends in `:` stands for all that begin so
    /// (`provider:`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// From this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Words that all stand in what was done; `"several words"` as they follow one another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// `GET /api/ai/pipeline/config/steps`: what the next undo and the next redo would put back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigSteps {
    pub undo: Option<ConfigChange>,
    /// An undo that nothing was changed after.
    pub redo: Option<ConfigChange>,
}

/// What a file of configuration calls itself.
pub const CONFIG_FILE_FORMAT: &str = "minerva-config";
/// The newest version of the file that is read, and the one that is written.
pub const CONFIG_FILE_VERSION: u64 = 1;

/// `GET /api/ai/pipeline/config/export`: everything that is set, never a key. Whether the pipeline runs is not part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// [`CONFIG_FILE_FORMAT`].
    pub format: String,
    pub version: u64,
    pub exported_at: DateTime<Utc>,
    /// By field, as in the journal. What is absent stays as it is.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The prompt versions that the settings name, so that they are found by their text elsewhere.
    #[serde(default)]
    pub prompt_versions: BTreeMap<PromptVersionId, ExportedVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedVersion {
    /// Such as `Photo tags v3`.
    pub label: String,
    pub content: String,
    #[serde(default, skip_serializing_if = "PromptParts::is_plain")]
    pub parts: PromptParts,
}

/// Query of `POST /api/ai/pipeline/config/import`, whose body is the file. Without `dry_run` it wants `If-Match`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportQuery {
    /// Says what would change, and changes nothing.
    pub dry_run: bool,
    /// What `warnings` say is meant.
    pub confirm: bool,
}

/// What a file changes, field by field. All of it is applied in one change, or nothing is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigImport {
    pub changes: Vec<FieldChange>,
    /// Fields of the file that stand as they are already.
    pub unchanged: usize,
    /// With any of these nothing is applied.
    pub refused: Vec<RefusedField>,
    /// What has to be confirmed.
    pub warnings: Vec<String>,
    /// The revision that the file was held against.
    pub revision: u64,
    /// Where it was applied.
    pub applied: Option<ConfigChanged>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedField {
    pub field: String,
    pub why: String,
}

/// Query of `PUT /api/ai/pipeline/processing-rules`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetRulesQuery {
    /// A limit below what is spent already is meant.
    pub confirm: bool,
}

/// Answer of every write of configuration: the new state, and the journal entry that undo takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigChanged {
    pub config: PipelineConfig,
    /// `None` when nothing changed.
    pub change: Option<ConfigChange>,
}
