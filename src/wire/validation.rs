//! Validation of a prompt version on a photo set: gates that it must pass before it is deployed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::comparison::{self, Figure, MeasureComparison};
use super::deployment::DeployedVersion;
use super::ids::{PromptVersionId, RunId};
use super::money::UsdMicros;
use super::photo_set::{SetChoice, SetUsed};
use super::run::{RunCounts, RunState};

/// What is asked of a version; a gate that is absent is not looked at. Shares are 0–1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    /// Share of the photos that are answered, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_answers: Option<f64>,
    /// F1 against ground truth, all tags together, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// How far F1 may lie below that of the version in production, on the same photos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1_drop: Option<f64>,
    /// The time that 95 of 100 answers stay within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<u64>,
    /// The mean over the photos, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per_photo_usd: Option<UsdMicros>,
    /// Share of the photos that the model declines to look at, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusals: Option<f64>,
}

impl Default for Gates {
    /// Those that can be judged wherever photos are answered, and one that needs ground truth.
    fn default() -> Self {
        Self { valid_answers: Some(0.98), f1_drop: Some(0.02), refusals: Some(0.02), ..Self::none() }
    }
}

impl Gates {
    /// Asks for nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { valid_answers: None, f1: None, f1_drop: None, p95_ms: None, cost_per_photo_usd: None, refusals: None }
    }
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    ValidAnswers,
    F1,
    F1Drop,
    P95,
    CostPerPhoto,
    Refusals,
}

impl Gate {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ValidAnswers => "Valid answers",
            Self::F1 => "F1",
            Self::F1Drop => "No regression of F1",
            Self::P95 => "Time, p95",
            Self::CostPerPhoto => "Cost per photo",
            Self::Refusals => "Refusals",
        }
    }

    /// What it asks for, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::ValidAnswers => "Share of the photos that get an answer which can be read; one that the provider lost counts as none",
            Self::F1 => {
                "Harmonic mean of precision and recall against ground truth, all tags together (micro), over the labelled photos that were answered"
            }
            Self::F1Drop => "How far F1 lies below that of the version in production, both asked about the same photos now",
            Self::P95 => "The time that 95 of 100 answers stay within, retries and waits included",
            Self::CostPerPhoto => "What a photo costs on the average, refused and cut answers included",
            Self::Refusals => "Share of the photos that the model declines to look at",
        }
    }
}

/// `POST /api/ai/testing/validation`, and `POST …/validation/estimate`, which says what it would need and asks nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartValidation {
    pub prompt_version_id: PromptVersionId,
    pub photo_set: SetChoice,
    /// Full model name; the live model unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default)]
    pub gates: Gates,
    /// Calls in flight at once, 1–64.
    #[serde(default = "usual_concurrency")]
    pub concurrency: u32,
    /// What may cost more, or whose price is not known, is refused before anything is asked, and no call is begun that might
    /// cross it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<UsdMicros>,
}

fn usual_concurrency() -> u32 {
    4
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    Passed,
    Failed,
    /// It could not be measured, which is not passed.
    NotMeasured,
}

impl GateState {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::NotMeasured => "Not measured",
        }
    }
}

/// What one gate found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    pub gate: Gate,
    pub state: GateState,
    /// What was measured and what was asked, in one sentence.
    pub why: String,
    /// In the gate's own unit: a share, milliseconds, or USD.
    pub limit: f64,
    /// In the same unit, with its 95 % interval; of a regression the difference of F1, below 0 where production is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// The whole interval lies on one side of the limit: another sample would hardly say otherwise.
    pub is_settled: bool,
}

/// What the gates say as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its run is not at its end: it goes on, or was cut off and can be resumed.
    Open,
    Passed,
    Failed,
    /// No gate failed, but one could not be judged, which is not passed.
    NotMeasured,
}

impl Verdict {
    /// Of a run that has come to its end.
    #[must_use]
    pub fn of(gates: &[GateResult]) -> Self {
        let any = |state| gates.iter().any(|gate| gate.state == state);
        match () {
            () if any(GateState::Failed) => Self::Failed,
            () if any(GateState::NotMeasured) => Self::NotMeasured,
            () => Self::Passed,
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Not at its end",
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::NotMeasured => "Not measured",
        }
    }
}

/// `GET /api/ai/testing/validation/{run}`. Kept as it was when its run ended; while it is open, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// Its run is in the list of runs, with every answer.
    pub run_id: RunId,
    pub version: DeployedVersion,
    /// The version in production that it was held against, where a gate asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<DeployedVersion>,
    pub model: String,
    pub photo_set: SetUsed,
    pub photos: u32,
    /// Photos with ground truth.
    pub labelled_photos: u32,
    pub state: RunState,
    pub counts: RunCounts,
    pub verdict: Verdict,
    /// What was asked for.
    pub limits: Gates,
    /// One for each gate that was asked for; in a list only of those that have ended.
    pub gates: Vec<GateResult>,
    /// How the intervals were found.
    pub method: String,
    pub started_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

impl ValidationReport {
    /// `Passed all 4 gates on Pets v3`.
    #[must_use]
    pub fn words(&self) -> String {
        let on = self.photo_set.label();
        let of = |state| self.gates.iter().filter(|gate| gate.state == state).map(|gate| gate.why.as_str()).collect::<Vec<_>>();
        let all = self.gates.len();
        match self.verdict {
            Verdict::Open => format!("Not at its end on {on}: {} of {} answered", self.counts.completed, self.counts.total()),
            Verdict::Passed if all == 1 => format!("Passed its gate on {on}"),
            Verdict::Passed => format!("Passed all {all} gates on {on}"),
            Verdict::Failed => {
                let failed = of(GateState::Failed);
                format!("Failed {} of {all} gates on {on}: {}", failed.len(), failed.join("; "))
            }
            Verdict::NotMeasured => {
                let open = of(GateState::NotMeasured);
                format!("{} of {all} gates could not be judged on {on}: {}", open.len(), open.join("; "))
            }
        }
    }

    #[must_use]
    pub fn gate(&self, gate: Gate) -> Option<&GateResult> {
        self.gates.iter().find(|result| result.gate == gate)
    }
}

/// `GET /api/ai/testing/validation`: reports, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationsQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_version_id: Option<PromptVersionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /api/ai/testing/validation/{run}/compare?before=`: two validations, photo by photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationComparison {
    pub now: ValidationReport,
    pub before: ValidationReport,
    /// Photos that both are about: the measures are taken of these alone, against the ground truth of today.
    pub shared_photos: u32,
    /// What is not the same, so that a difference may come from it: another model, another version of the set.
    pub differences: Vec<String>,
    pub verdict: comparison::Verdict,
    /// `F1 better, +8.2 pt (+2.1 to +14.0)`.
    pub words: String,
    /// The figures of `now`, `before` as their baseline.
    pub measures: Vec<MeasureComparison>,
    pub method: String,
}
