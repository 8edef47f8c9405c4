//! What a model found in a photo, what it cost, and how it failed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{JobId, PhotoId, PromptVersionId, ResultId};
use super::money::UsdMicros;
use super::provider::provider_label;

/// One tag with its confidence, 0–1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    pub name: String,
    /// 0–1; `None` where the model gave none, which is not the same as 0.
    #[serde(default)]
    pub confidence: Option<f32>,
    /// Where in the oriented photo, as fractions `[left, top, right, bottom]`, where the model says so.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[f32; 4]>,
}

impl Tag {
    /// Highest confidence first, those without one last; else as they were.
    pub fn sort(tags: &mut [Self]) {
        tags.sort_by(|one, other| match (one.confidence, other.confidence) {
            (Some(one), Some(other)) => other.total_cmp(&one),
            (one, other) => other.is_some().cmp(&one.is_some()),
        });
    }
}

/// What kind of number a confidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceKind {
    /// Computed by the model (a softmax or detector score).
    ModelScore,
    /// Text that a language model wrote about itself; not a calibrated probability.
    SelfReported,
}

/// Tokens as the provider reported them; `None` where it said nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All input, cached and image tokens included.
    pub input_tokens: Option<u64>,
    /// All billed output, thinking included.
    pub output_tokens: Option<u64>,
    pub cached_tokens: Option<u64>,
    /// Input that the provider put into its cache; charged otherwise than plain input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    pub thinking_tokens: Option<u64>,
    pub image_tokens: Option<u64>,
}

/// Why a call gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    Auth,
    Permission,
    UnknownModel,
    /// The model was taken out of service.
    RetiredModel,
    BadRequest,
    TooLarge,
    /// Wait and try again.
    RateLimited,
    /// Waiting is useless: quota or credit is spent.
    QuotaSpent,
    Overloaded,
    Server,
    Timeout,
    Network,
    /// The answer could not be read.
    BadAnswer,
    /// The model declined; billed.
    Refused,
    /// The answer was cut at the output limit; billed.
    Truncated,
    /// The photo itself could not be read.
    Photo,
    /// The prompt could not be rendered.
    Prompt,
    Cancelled,
    /// The platform's own trouble (disk full, database).
    Internal,
}

impl FaultKind {
    pub const ALL: [Self; 19] = [
        Self::Auth,
        Self::Permission,
        Self::UnknownModel,
        Self::RetiredModel,
        Self::BadRequest,
        Self::TooLarge,
        Self::RateLimited,
        Self::QuotaSpent,
        Self::Overloaded,
        Self::Server,
        Self::Timeout,
        Self::Network,
        Self::BadAnswer,
        Self::Refused,
        Self::Truncated,
        Self::Photo,
        Self::Prompt,
        Self::Cancelled,
        Self::Internal,
    ];

    /// Whether trying again later can help.
    #[must_use]
    pub fn can_heal(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded | Self::Server | Self::Timeout | Self::Network)
    }

    /// Whether the photo never reached the model, because it can't be read: such a fault says nothing of the model.
    #[must_use]
    pub fn is_of_the_photo(self) -> bool {
        self == Self::Photo
    }

    /// Whether the provider does not give the model to this key: every further call to it would meet the same.
    #[must_use]
    pub fn is_of_the_model(self) -> bool {
        matches!(self, Self::Permission | Self::UnknownModel | Self::RetiredModel)
    }

    /// Whether a fault of this kind always stops its provider, see [`Fault::stops_provider`].
    #[must_use]
    pub fn stops_provider(self) -> bool {
        matches!(self, Self::Auth | Self::QuotaSpent)
    }

    /// Two or three words for a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Auth => "key not accepted",
            Self::Permission => "no permission",
            Self::UnknownModel => "unknown model",
            Self::RetiredModel => "retired model",
            Self::BadRequest => "request not accepted",
            Self::TooLarge => "too large",
            Self::RateLimited => "rate limited",
            Self::QuotaSpent => "quota spent",
            Self::Overloaded => "provider overloaded",
            Self::Server => "provider error",
            Self::Timeout => "timed out",
            Self::Network => "no connection",
            Self::BadAnswer => "unreadable answer",
            Self::Refused => "model refused",
            Self::Truncated => "answer cut off",
            Self::Photo => "photo unreadable",
            Self::Prompt => "prompt faulty",
            Self::Cancelled => "cancelled",
            Self::Internal => "platform error",
        }
    }
}

/// Of a photo that was deleted before its turn came.
pub const PHOTO_DELETED: &str = "photo_deleted";
/// The `code` of a try that was in work when the platform ended.
pub const PLATFORM_ENDED: &str = "platform_ended";

/// A failure of one call, with all that the provider said about it. Never holds a key or a photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub kind: FaultKind,
    /// What happened, why and what to do, in words.
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// HTTP status. Not `status` on the wire: an outcome has that name for whether it is a fault.
    #[serde(default, rename = "http_status", skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the provider asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// The provider asked to be left alone for longer than a call waits: nothing goes to it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Nothing was sent to the provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unsent: bool,
    /// Key or account are barred, whatever they are asked: every further call would meet the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_barred: bool,
    /// Refusals and cut answers are billed.
    #[serde(default)]
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<UsdMicros>,
    /// It was sent, and what became of it was not heard to its end: the provider may have charged for it, and nobody knows how much.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_cost: bool,
    /// Calls made beyond the first.
    #[serde(default)]
    pub retries: u32,
}

impl Fault {
    /// Two or three words for a person.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.code.as_deref() {
            Some(PHOTO_DELETED) => "photo deleted",
            Some(PLATFORM_ENDED) => "cut off",
            _ => self.kind.label(),
        }
    }

    /// Whether nobody knows how the try would have ended, for the platform ended before it.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.code.as_deref() == Some(PLATFORM_ENDED)
    }

    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            provider: None,
            status: None,
            code: None,
            request_id: None,
            wait_ms: None,
            until: None,
            is_unsent: false,
            is_barred: false,
            usage: Usage::default(),
            cost_usd: None,
            may_cost: false,
            retries: 0,
        }
    }

    /// Whether the provider charged for the call, or may have, whatever its price.
    #[must_use]
    pub fn is_billed(&self) -> bool {
        self.cost_usd.is_some() || self.usage != Usage::default() || self.may_cost
    }

    /// Whether every further call to the provider would meet the same: its calls are held back until a person acts.
    #[must_use]
    pub fn stops_provider(&self) -> bool {
        self.kind.stops_provider() || self.is_barred
    }

    /// The same, or until the time that it says.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.stops_provider() || self.until.is_some()
    }

    /// Of a fault that holds its provider's calls back: whose they are, and why in a few words.
    #[must_use]
    pub fn held_back_words(&self, provider: &str) -> String {
        let until = self.until.map(|until| format!(" {}", until_words(until))).unwrap_or_default();
        format!("Calls to {} are held back{until}: {}", provider_label(provider), self.kind.label())
    }

    /// What the provider itself said, without the words that say that its calls are held back.
    #[must_use]
    pub fn said(&self) -> &str {
        let Some((_, held)) = self.message.split_once(" are held back") else { return &self.message };
        held.split_once(". ").map_or(&self.message, |(_, said)| said)
    }
}

/// `until 14:12:05 UTC on 28 November`.
#[must_use]
pub fn until_words(until: DateTime<Utc>) -> String {
    until.format("until %H:%M:%S UTC on %-d %B").to_string()
}

/// A word on an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "NoteForm")]
pub struct Note {
    pub kind: NoteKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// True of every such call: what was not sent, what is charged. Nothing is wrong with the answer.
    Routine,
    /// Something in this answer was mended, left out, or is to be looked at.
    Mended,
}

/// Earlier versions stored plain texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum NoteForm {
    Text(String),
    Note { kind: NoteKind, text: String },
}

impl From<NoteForm> for Note {
    fn from(form: NoteForm) -> Self {
        match form {
            NoteForm::Text(text) => Self::mended(text),
            NoteForm::Note { kind, text } => Self { kind, text },
        }
    }
}

impl Note {
    #[must_use]
    pub fn routine(text: impl Into<String>) -> Self {
        Self { kind: NoteKind::Routine, text: text.into() }
    }

    #[must_use]
    pub fn mended(text: impl Into<String>) -> Self {
        Self { kind: NoteKind::Mended, text: text.into() }
    }

    #[must_use]
    pub fn is_mended(&self) -> bool {
        self.kind == NoteKind::Mended
    }
}

/// What a provider answered about one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub caption: Option<String>,
    /// Sorted by confidence, highest first; names trimmed, lower case, unique.
    pub tags: Vec<Tag>,
    pub confidence_kind: ConfidenceKind,
    pub usage: Usage,
    /// `None`: the price is not known. On-device is `Some(0)`.
    #[serde(default)]
    pub cost_usd: Option<UsdMicros>,
    /// Calls made beyond the first.
    pub retries: u32,
    /// What was mended in the answer (a confidence out of range, tags beyond the limit, …), and what is so with every such call.
    #[serde(default)]
    pub notes: Vec<Note>,
}

impl Answer {
    /// Whether something in it was mended or is to be looked at.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        self.notes.iter().any(Note::is_mended)
    }

    /// Mean confidence over the tags that have one; `None` where none has.
    #[must_use]
    pub fn mean_confidence(&self) -> Option<f32> {
        mean_confidence(&self.tags)
    }
}

/// Mean confidence over the tags that have one; `None` where none has.
#[must_use]
pub fn mean_confidence(tags: &[Tag]) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for confidence in tags.iter().filter_map(|tag| tag.confidence) {
        sum += f64::from(confidence);
        count += 1;
    }
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

/// What the thresholds say of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Accept,
    Review,
    Reject,
}

impl Decision {
    /// What became of the photo, in a word.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Accept => "Accepted",
            Self::Review => "Review",
            Self::Reject => "Rejected",
        }
    }
}

/// One step on a photo's way, times relative to the start of the work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// `fetch`, `decode`, `resize`, `prompt`, `call`, `parse`, `fallback` (why another model is asked), `rules`, `store`; within a
    /// call that did not succeed at once `try 1`, `try 2`, … and `wait`.
    pub name: String,
    pub start_ms: f64,
    pub duration_ms: f64,
    /// Sizes, model, retries: whatever explains the step. Never a key, never photo bytes.
    #[serde(default)]
    pub detail: String,
}

/// What a step is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepRole {
    Step,
    /// One try of the call.
    Try,
    /// Nothing was done.
    Wait,
}

impl TraceStep {
    #[must_use]
    pub fn role(&self) -> StepRole {
        match self.name.as_str() {
            "wait" => StepRole::Wait,
            name if name.starts_with("try ") => StepRole::Try,
            _ => StepRole::Step,
        }
    }
}

/// One row of `ai_processing_results`, as the pipeline stored it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoResult {
    pub id: ResultId,
    pub photo_id: PhotoId,
    pub job_id: Option<JobId>,
    /// Full model name, such as `on-device` or `gemini/gemini-3.8-flash`.
    pub model: String,
    pub prompt_version_id: Option<PromptVersionId>,
    /// `Ok` with the answer or `Err` with the fault.
    pub outcome: Outcome,
    pub decision: Option<Decision>,
    pub queue_wait_time_ms: u64,
    pub provider_response_time_ms: u64,
    pub total_processing_time_ms: u64,
    pub retry_count: u32,
    pub trace: Vec<TraceStep>,
    pub created_at: DateTime<Utc>,
}

/// Either an answer or a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Outcome {
    Completed(Answer),
    Failed(Fault),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_earlier_versions_are_read_as_what_was_mended() {
        let notes: Vec<Note> = serde_json::from_str(r#"["cut off", {"kind": "routine", "text": "1 unit is charged"}]"#).expect("reads");
        assert_eq!(notes, [Note::mended("cut off"), Note::routine("1 unit is charged")]);
        let again: Vec<Note> = serde_json::from_str(&serde_json::to_string(&notes).expect("writes")).expect("reads");
        assert_eq!(again, notes);
    }

    #[test]
    fn a_fault_with_everything_survives_the_wire_as_an_outcome() {
        let mut fault = Fault::new(FaultKind::Overloaded, "Gemini is overloaded");
        fault.status = Some(503);
        fault.code = Some("UNAVAILABLE".to_owned());
        fault.cost_usd = Some(UsdMicros(12));
        let outcome = Outcome::Failed(fault);
        let json = serde_json::to_string(&outcome).expect("serialises");
        let back: Outcome = serde_json::from_str(&json).expect("parses");
        assert_eq!(back, outcome, "{json}");
    }
}
