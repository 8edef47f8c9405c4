//! What happened to one photo on its way through a model, step by step: kept for a while, looked for, and tried again from any step.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{PhotoId, PromptVersionId, RunId, TraceId};
use super::money::UsdMicros;
use super::prompt_parts::PromptParts;
use super::result::{Decision, FaultKind, Outcome, TraceStep};
use super::sweep::SentImage;

/// Stands in a request where the photo's bytes stood, as base64.
pub const PHOTO_MARK: &str = "<the photo as base64>";

/// One try of a call, as it went over the net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Since the work began.
    pub start_ms: f64,
    pub duration_ms: f64,
    pub method: String,
    pub url: String,
    /// As they were sent, with the name of a variable in place of the key: `x-goog-api-key: $GEMINI_API_KEY`.
    pub headers: Vec<(String, String)>,
    /// The body, with [`PHOTO_MARK`] in place of the photo.
    pub request: String,
    /// As it was sent, the photo included.
    pub request_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<SentSize>,
    /// HTTP status; `None`: no reply came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What came back, a key in it masked; the pieces of a stream one a line.
    pub answer: String,
    pub answer_bytes: u64,
    /// What the model wrote, where it writes text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<ExchangeFault>,
    /// One of the bodies was longer than is kept of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// The photo as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentSize {
    pub width_px: u32,
    pub height_px: u32,
    pub bytes: u64,
}

/// How a try failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeFault {
    pub kind: FaultKind,
    pub message: String,
}

/// What the photo was processed or tested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceKind {
    /// A job of the pipeline.
    Job,
    /// A cell of a run of the Testing Lab.
    Cell,
    /// Another trace, tried again with an edit.
    Replay,
}

impl TraceKind {
    pub const ALL: [Self; 3] = [Self::Job, Self::Cell, Self::Replay];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Job => "Job",
            Self::Cell => "Test",
            Self::Replay => "Replay",
        }
    }
}

/// A trace in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    pub id: TraceId,
    pub kind: TraceKind,
    /// Of the job's result, the cell, or the trace that was replayed.
    pub subject_id: uuid::Uuid,
    pub photo_id: PhotoId,
    pub file_name: String,
    /// Full name.
    pub model: String,
    pub at: DateTime<Utc>,
    pub duration_ms: u64,
    pub tries: u32,
    /// Why it gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<UsdMicros>,
    /// Of a test, in a list: the name of its prompt with the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Which of the repeats it is, from 1, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
}

/// Where its prompt is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TracePrompt {
    Version {
        id: PromptVersionId,
    },
    Column {
        run: RunId,
        column: u32,
    },
    Inline {
        name: String,
        content: String,
        #[serde(flatten)]
        parts: PromptParts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<SentImage>,
    },
}

/// A prompt as it stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldPrompt {
    pub name: String,
    pub content: String,
    #[serde(flatten)]
    pub parts: PromptParts,
    /// Size and quality of the photo, where a sweep said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SentImage>,
}

/// What became of one thing that the model named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagFate {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    pub kept: bool,
    /// In words.
    pub why: String,
}

/// The thresholds that an answer was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruled {
    /// Of the surest tag; `None`: the general thresholds held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub accept_threshold: f32,
    pub reject_threshold: f32,
}

/// What was changed for a replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum ReplayFrom {
    /// The answer's text is read again, and the rules decide again. No call.
    Answer { text: String },
    /// The model is asked again, with this prompt.
    Prompt {
        /// Full name.
        model: String,
        content: String,
        #[serde(flatten)]
        parts: PromptParts,
    },
    /// The same model is asked again with the same prompt; the photo is sent in this size and quality.
    Photo { image: SentImage },
}

/// `POST /api/ai/traces/{id}/replay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayTrace {
    #[serde(flatten)]
    pub from: ReplayFrom,
}

/// `GET /api/ai/traces/{id}`; the id may be that of a result or a cell as well, and then its newest trace is meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    #[serde(flatten)]
    pub summary: TraceSummary,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<ToldPrompt>,
    pub outcome: Outcome,
    /// What the rules say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruled: Option<Ruled>,
    pub steps: Vec<TraceStep>,
    /// Empty where nothing went over the net, and where it is not kept any more (`is_forgotten`).
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_forgotten: bool,
    pub tags: Vec<TagFate>,
    /// Of a replay: what was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<ReplayFrom>,
    /// Its replays, newest first.
    #[serde(default)]
    pub replays: Vec<TraceSummary>,
}

/// `GET /api/ai/traces`: newest first, or with a least duration the slowest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceQuery {
    /// A kind of fault, or `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_duration_ms: Option<u64>,
    /// Words of the file's name, the answer and the fault; the last one may be a beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TraceKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How a trace is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceFormat {
    /// As `GET` gives it.
    Json,
    /// As a trace of OpenTelemetry: one `ExportTraceServiceRequest` in OTLP's JSON encoding.
    Otlp,
}

impl TraceFormat {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Otlp => "otlp",
        }
    }
}

/// `GET /api/ai/traces/{id}/curl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurlCommand {
    pub command: String,
}
