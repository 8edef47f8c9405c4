//! Comparison runs of the Testing Lab: photos × prompts × models × repeats.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cost::{EstimatedTotal, RunPrice};
use super::ids::{CellId, PhotoId, PromptVersionId, RunId};
use super::money::UsdMicros;
use super::photo_set::{SetChoice, SetUsed};
use super::prompt_parts::PromptParts;
use super::result::{Answer, Fault, FaultKind, TraceStep, Usage};
use super::sweep::SentImage;

/// The prompt of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum RunPrompt {
    /// A saved version.
    Version { id: PromptVersionId },
    /// Text that is not saved (a draft, a file of the command line).
    Inline {
        name: String,
        content: String,
        #[serde(flatten)]
        parts: PromptParts,
    },
}

impl RunPrompt {
    /// A user text that is not saved, without other parts.
    #[must_use]
    pub fn inline(name: impl Into<String>, content: impl Into<String>) -> Self {
        Self::Inline { name: name.into(), content: content.into(), parts: PromptParts::default() }
    }
}

/// `POST /api/ai/testing/live-test`. Columns are prompts × models, prompts outermost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRun {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub photo_ids: Vec<PhotoId>,
    /// In place of `photo_ids`, which are empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_set: Option<SetChoice>,
    pub prompts: Vec<RunPrompt>,
    /// Full model names.
    pub models: Vec<String>,
    /// 1–20.
    pub repeats: u32,
    /// Calls in flight at once, 1–64.
    pub concurrency: u32,
    /// Asks even what is known already: the same photo, prompt, model and parameters were answered before.
    #[serde(default)]
    pub ask_again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    Completed,
    Cancelled,
    /// A person has it wait: what was asked is finished, nothing more is begun until a resume.
    Paused,
    /// The platform stopped before the run was done, or a provider held its calls back (a refused key, a spent quota, which
    /// one cell tells) or was plainly down (`Run::stopped` tells); resume asks what is missing.
    Interrupted,
}

/// How a run is written to a file: `GET …/live-test/{run}/export?format=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A line an answer.
    Csv,
    /// Everything.
    Json,
    Md,
    /// One page with thumbnails that needs nothing else.
    Html,
    /// A row a photo and a column a variant, for the clipboard.
    Tsv,
}

impl ExportFormat {
    /// Those that are written to files.
    pub const FILES: [Self; 4] = [Self::Csv, Self::Json, Self::Md, Self::Html];

    /// As on the wire, and at the end of the file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Md => "md",
            Self::Html => "html",
            Self::Tsv => "tsv",
        }
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Md => "Markdown",
            Self::Html => "HTML with thumbnails",
            Self::Tsv => "Table",
        }
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Md => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
        }
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    #[default]
    Comparison,
    /// A prompt version beside production, before it is deployed. Production's answers may be stored ones.
    BlastRadius,
    /// A prompt version on a photo set, held against gates.
    Validation,
}

/// What a run may cost at most: no call is begun that might cross it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendLimit {
    pub most_usd: UsdMicros,
    /// Set aside for a call before it is begun.
    pub call_usd: UsdMicros,
    /// The same for each column, where they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub column_usd: Vec<UsdMicros>,
}

impl SpendLimit {
    /// What is set aside for a call of a column.
    #[must_use]
    pub fn call_of(&self, column: u32) -> UsdMicros {
        self.column_usd.get(column as usize).copied().unwrap_or(self.call_usd)
    }

    /// What counts as spent: a cost that nobody knows may have been all that was set aside for its call.
    #[must_use]
    pub fn spent(&self, known: UsdMicros, unknown_calls: u64) -> UsdMicros {
        known + UsdMicros(self.call_usd.0.saturating_mul(i64::try_from(unknown_calls).unwrap_or(i64::MAX)))
    }
}

/// `POST /api/ai/testing/live-test/{run}/resume?max_cost_usd=`: what the whole run may cost now, in place of the limit that it was
/// begun with; without it that stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeRun {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<UsdMicros>,
}

/// One column: a prompt on a model, all its parts and its name pinned when the run began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunColumn {
    pub prompt_name: String,
    pub prompt_content: String,
    #[serde(flatten)]
    pub parts: PromptParts,
    pub prompt_version_id: Option<PromptVersionId>,
    pub model: String,
    /// Of a sweep; `None`: photos are sent as is usual for the model. The prompt's name tells it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SentImage>,
}

impl RunColumn {
    /// Such as `Photo tags v3 · on-device`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} · {}", self.prompt_name, self.model)
    }
}

/// One run. Its matrix has `photo_ids.len()` rows, `columns.len()` columns and `repeats` answers a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub name: String,
    pub state: RunState,
    pub photo_ids: Vec<PhotoId>,
    /// The set and version that these are, where it was begun on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_set: Option<SetUsed>,
    pub columns: Vec<RunColumn>,
    pub repeats: u32,
    pub concurrency: u32,
    pub counts: RunCounts,
    /// Sum of the known costs, those of tries that were followed by another one among them.
    pub cost_usd: UsdMicros,
    /// Tries that were charged for, or may have been, at a cost that is not known.
    pub cost_unknown_cells: u64,
    /// What its models were charged by when it began, and whenever it was resumed with other prices.
    #[serde(default)]
    pub prices: Vec<RunPrice>,
    /// What it was expected to need when it began.
    #[serde(default)]
    pub estimate: Option<EstimatedTotal>,
    #[serde(default)]
    pub kind: RunKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<SpendLimit>,
    /// The column that the others are held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<u32>,
    /// Answers that were known before it began, and were not asked for.
    #[serde(default)]
    pub reused: u64,
    /// Columns that stopped early, since their provider was plainly down or their model can't be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<StoppedColumn>,
    /// It was left because a call more might have crossed its limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped_at_limit: bool,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A column of which so many calls in a row met a provider that was down, or a model that can't be had: its other cells were not asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoppedColumn {
    pub column: u32,
    /// Those that were in flight when it stopped among them.
    pub faults: u32,
    /// The last of those that stopped it.
    pub fault: Fault,
}

impl StoppedColumn {
    /// `short list · openai/x stopped early: 5 calls in a row failed (no permission)`
    #[must_use]
    pub fn words(&self, label: &str) -> String {
        format!("{label} stopped early: {} calls in a row failed ({})", self.faults, self.fault.kind.label())
    }
}

/// Where an answer is from that was not asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reused {
    pub run_id: RunId,
    pub run_name: String,
    pub at: DateTime<Utc>,
    /// What it cost when it was asked for; the run that takes it over is charged nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<UsdMicros>,
    /// What it used then.
    #[serde(default)]
    pub usage: Usage,
}

/// Cells by state; the sum is photos × columns × repeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    pub waiting: u64,
    pub running: u64,
    pub completed: u64,
    pub failed: u64,
}

impl RunCounts {
    #[must_use]
    pub fn total(self) -> u64 {
        self.waiting + self.running + self.completed + self.failed
    }

    #[must_use]
    pub fn finished(self) -> u64 {
        self.completed + self.failed
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    Waiting,
    Running,
    Completed,
    Failed,
}

/// One cell. `answer` when completed, `fault` when failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub id: CellId,
    pub run_id: RunId,
    pub photo_id: PhotoId,
    /// Index into `Run::columns`.
    pub column: u32,
    /// 0-based.
    pub repeat: u32,
    pub state: CellState,
    pub answer: Option<Answer>,
    pub fault: Option<Fault>,
    /// The provider's time for the answer, retries and waits included.
    pub latency_ms: Option<u64>,
    #[serde(default)]
    pub trace: Vec<TraceStep>,
    /// Of an answer that was known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<Reused>,
}

impl Cell {
    /// Why it has no answer: an error stands until the next try has ended.
    #[must_use]
    pub fn failure(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|_| matches!(self.state, CellState::Failed | CellState::Running))
    }
}

/// `GET /api/ai/testing/live-test/{run}/cells`: one page of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunCells {
    pub items: Vec<Cell>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What those that are being asked were doing last: who listens hears the rest as events.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub now: HashMap<CellId, CellNow>,
}

/// What a cell that is being asked is doing right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "doing")]
pub enum CellNow {
    /// The provider's own limits make it wait for its turn.
    Waiting,
    /// The question is on its way, perhaps not for the first time.
    Asking,
    /// The last 400 characters at most of what the model has written so far.
    Text { text: String },
    /// It is asked again in `wait_ms`.
    Retrying { wait_ms: u64, kind: FaultKind },
}
