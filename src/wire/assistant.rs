//! The assistant: questions about the platform, answered by a model that reads the platform's own API.

use serde::{Deserialize, Serialize};

use super::money::UsdMicros;
use super::result::Fault;

/// `POST /api/ai/assistant`; the answer is a stream of [`AssistantEvent`]s as server-sent events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAssistant {
    /// Full name of a model that converses: `gemini/gemini-3.8-flash`.
    pub model: String,
    /// What was said so far, the question last. At most 200 messages and 200,000 characters.
    pub messages: Vec<AssistantMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantMessage {
    pub role: AssistantRole,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssistantRole {
    Person,
    Assistant,
}

/// What happens while it answers, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AssistantEvent {
    /// Markdown.
    Text {
        text: String,
    },
    /// It reads something of the platform.
    Call {
        /// Counted from 0 within the answer.
        number: u32,
        tool: String,
        arguments: serde_json::Value,
    },
    /// What that gave.
    Called {
        number: u32,
        ms: u64,
        is_error: bool,
        /// What the model was given.
        result: String,
    },
    /// Something to do that a person is to confirm; nothing was done.
    Proposal {
        action: ProposedAction,
        /// Why, in the model's words.
        reason: String,
    },
    /// One turn of the model was paid for.
    Usage {
        input_tokens: Option<u64>,
        output_tokens: Option<u64>,
        /// `None`: unknown.
        cost_usd: Option<UsdMicros>,
    },
    /// The answer ends here, for this reason where there is one.
    Done {
        why: Option<String>,
    },
    Fault {
        fault: Fault,
    },
}

/// What the assistant may propose. A person's confirmation does it by the same request as every other command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ProposedAction {
    Pause,
    Drain,
    Resume,
    RetryFailed,
    ReprocessLowConfidence,
    CheckHealth,
    /// Makes another model live.
    SwitchModel {
        model: String,
    },
}

impl ProposedAction {
    /// Whether the action counts what it would touch and asks once more before it is done.
    #[must_use]
    pub fn asks_back(&self) -> bool {
        matches!(self, Self::RetryFailed | Self::ReprocessLowConfidence)
    }

    /// What it would do, in one sentence without a full stop.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Pause => "Pause the pipeline: no new job is taken, what is begun is finished".to_owned(),
            Self::Drain => "Drain the pipeline: what is queued is finished, then it pauses".to_owned(),
            Self::Resume => "Resume the pipeline: jobs are taken again".to_owned(),
            Self::RetryFailed => "Retry every failed job".to_owned(),
            Self::ReprocessLowConfidence => "Ask once more about every photo whose tags have a mean confidence below 60 %".to_owned(),
            Self::CheckHealth => "Ask every provider and look at every part of the platform now".to_owned(),
            Self::SwitchModel { model } => format!("Make {model} the live model"),
        }
    }
}
