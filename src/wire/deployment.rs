//! What an environment uses: deployments, their history, what is checked before one, and its blast radius.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cost::Estimate;
use super::ids::{ConfigChangeId, DeploymentId, PhotoId, PromptId, PromptVersionId, RunId};
use super::money::UsdMicros;
use super::prompt::PromptVersion;
use super::prompt_analysis::{PromptPart, Severity};
use super::result::{Decision, Tag};
use super::run::{RunCounts, RunState};

/// Where a prompt version is put to use. A draft and a version that was only saved are in none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Tried beside production: on a paired sample of the last photos, and in the Testing Lab. No photo of the pipeline is
    /// answered by it.
    Staging,
    /// What the pipeline uses for every photo.
    #[default]
    Production,
}

impl Environment {
    pub const ALL: [Self; 2] = [Self::Staging, Self::Production];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Staging => "Staging",
            Self::Production => "Production",
        }
    }

    /// Inside a sentence.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// `POST /api/ai/pipeline/deployments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployPrompt {
    pub prompt_version_id: PromptVersionId,
    #[serde(default)]
    pub environment: Environment,
    #[serde(default)]
    pub note: String,
    /// Why it goes to production although its validation failed or is missing. Kept in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_reason: Option<String>,
    /// The blast radius that was looked at; without it the newest of this version counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_id: Option<RunId>,
    /// What the environment used when it was decided; when it uses another version by now, nothing is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<PromptVersionId>,
}

impl DeployPrompt {
    #[must_use]
    pub fn new(environment: Environment, prompt_version_id: PromptVersionId) -> Self {
        Self { prompt_version_id, environment, note: String::new(), override_reason: None, report_id: None, replaces: None }
    }

    #[must_use]
    pub fn to_production(prompt_version_id: PromptVersionId) -> Self {
        Self::new(Environment::Production, prompt_version_id)
    }

    #[must_use]
    pub fn to_staging(prompt_version_id: PromptVersionId) -> Self {
        Self::new(Environment::Staging, prompt_version_id)
    }
}

/// A version by its name, such as `Photo tags v3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployedVersion {
    pub id: PromptVersionId,
    pub prompt_id: PromptId,
    pub label: String,
}

/// One time that an environment came to use another version: a deployment, a roll back, or another undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub environment: Environment,
    /// `None`: the environment was empty.
    pub from: Option<DeployedVersion>,
    /// `None`: the environment is empty since.
    pub to: Option<DeployedVersion>,
    pub note: String,
    pub validation: Validation,
    /// What was checked, as it stood then.
    pub checks: Vec<Check>,
    pub override_reason: Option<String>,
    pub report_id: Option<RunId>,
    /// Its entry in the journal of the configuration.
    pub change_id: ConfigChangeId,
    /// The deployment that it takes back.
    pub rolls_back: Option<DeploymentId>,
    pub rolled_back_at: Option<DateTime<Utc>>,
    pub rolled_back_by: Option<String>,
    /// The newest of its environment: the one that can be rolled back.
    pub is_newest: bool,
}

/// What the checks say as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    Passed,
    /// Passed, with something to know.
    Warned,
    Failed,
    /// Nothing failed, but something was never measured.
    Missing,
    /// A way back needs none.
    NotAsked,
}

impl Validation {
    /// Two or three words for a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "Checks passed",
            Self::Warned => "Passed with warnings",
            Self::Failed => "Checks failed",
            Self::Missing => "Not measured",
            Self::NotAsked => "Not checked",
        }
    }

    /// Whether production wants a reason.
    #[must_use]
    pub fn needs_override(self) -> bool {
        matches!(self, Self::Failed | Self::Missing)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    Pass,
    Warn,
    Fail,
    /// Never measured, or measured against something else than what is in use now.
    Missing,
}

/// One thing that was checked before a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable: `template`, `model`, `cost`, `blast_radius`, …
    pub code: String,
    pub title: String,
    pub state: CheckState,
    /// Why, in one sentence.
    pub why: String,
    /// No reason helps: with this nothing could be answered at all.
    #[serde(default)]
    pub blocks: bool,
    /// What the analysis found, the gravest first, where that is what was checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<CheckedFinding>,
}

/// A finding of the analysis, as far as a check tells it: enough to find it again in the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedFinding {
    pub key: String,
    pub severity: Severity,
    pub part: PromptPart,
    /// From 1; `None`: it is about the part as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    pub what: String,
}

/// `GET /api/ai/pipeline/deployments/review`: all that can be known of a deployment before it is done. Nothing is asked of any model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeployReview {
    pub environment: Environment,
    pub version: PromptVersion,
    /// What the environment uses now.
    pub replaces: Option<PromptVersion>,
    /// Since when, where a deployment says so.
    pub replaces_since: Option<DateTime<Utc>>,
    pub live_model: String,
    pub checks: Vec<Check>,
    pub validation: Validation,
    /// The newest blast radius of this version.
    pub report_id: Option<RunId>,
}

/// `GET …/review?prompt_version_id=&environment=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewQuery {
    pub prompt_version_id: PromptVersionId,
    #[serde(default)]
    pub environment: Environment,
}

/// `GET /api/ai/pipeline/deployments`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentsQuery {
    pub environment: Option<Environment>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// `POST …/deployments/blast-radius/estimate` and `POST …/deployments/blast-radius`: asks the live model with this version about
/// photos that production has answered, and holds both answers against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureBlastRadius {
    pub prompt_version_id: PromptVersionId,
    /// Photos of the sample, 1–200.
    pub photos: u32,
    /// What it may cost at most; no call is begun that might cross it. `None`: it must cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_cost_usd: Option<UsdMicros>,
    /// The price is not known, and it may be asked all the same.
    #[serde(default)]
    pub accepts_unknown_price: bool,
}

/// What a blast radius is going to need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlastRadiusEstimate {
    /// Photos of the sample: fewer than asked for where production has answered fewer.
    pub photos: u32,
    /// The last photos that production answered, of which the sample is taken; at most 1,000.
    pub population: u32,
    /// Photos whose stored answer is one of the present version and model, and need not be asked for again.
    pub reused: u32,
    pub estimate: Estimate,
    /// The smallest `may_cost_usd` that lets the whole sample be asked; `None`: it costs nothing.
    pub suggested_limit_usd: Option<UsdMicros>,
}

impl BlastRadiusEstimate {
    /// Whether it may begin without asking anybody.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.estimate.total.unknown_calls == 0 && self.estimate.total.cost.high_usd.0 == 0
    }
}

/// How many photos a prompt version would answer otherwise than production does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlastRadius {
    pub run_id: RunId,
    pub version: DeployedVersion,
    /// What was in production when it began.
    pub baseline: DeployedVersion,
    /// Full model name.
    pub model: String,
    pub state: RunState,
    /// Photos of the sample.
    pub photos: u32,
    /// Production's answers that were stored already.
    pub reused: u32,
    /// The last photos that production had answered when the sample was taken, evenly spread over which it lies.
    pub population: u32,
    /// Photos with both answers: what the figures are about.
    pub compared: u32,
    /// Photos that can't be compared, because production or the provider had a fault of its own.
    pub left_out: u32,
    pub tags: Share,
    pub decisions: Share,
    /// Photos that production answers and this version would not.
    pub unanswered: u32,
    /// Tags count from this confidence on.
    pub tag_threshold: f32,
    /// Photos that would change, the worst first.
    pub changes: Vec<PhotoChange>,
    /// Of the calls that had to be made.
    pub calls: RunCounts,
    pub cost_usd: UsdMicros,
    pub cost_unknown_calls: u64,
    pub limit_usd: Option<UsdMicros>,
    /// It ended because the next call might have crossed the limit.
    pub stopped_at_limit: bool,
    pub time_left_ms: Option<u64>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it says nothing of a deployment now: production or the model is another one by now.
    pub outdated: Option<String>,
}

/// So many of the photos compared, and what that says of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub count: u32,
    /// `None` while nothing is compared.
    pub interval: Option<Interval>,
}

/// A share with its 95 % interval after Wilson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub share: f64,
    pub low: f64,
    pub high: f64,
    /// The same in photos of the population: never fewer than were seen to change, never more than were not seen to stay.
    pub photos: u32,
    pub photos_low: u32,
    pub photos_high: u32,
}

/// One photo that a prompt version would answer otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoChange {
    pub photo_id: PhotoId,
    pub file_name: String,
    pub decision_before: Decision,
    /// `None`: it would not be answered.
    pub decision_after: Option<Decision>,
    pub lost: Vec<Tag>,
    pub gained: Vec<Tag>,
    /// Tags that both have.
    pub kept: u32,
    /// Why it would not be answered.
    pub fault: Option<String>,
}

/// What "tags change" means, in words; the one definition is in the platform's `blast_radius`.
#[must_use]
pub fn tags_changed_words(threshold: f32) -> String {
    let percent = (threshold * 100.0).round();
    format!(
        "A photo's tags change when the names with a confidence of {percent:.0} % or more (the accept threshold) are not the same set. \
         Tags without a confidence count; order and confidence alone do not"
    )
}
