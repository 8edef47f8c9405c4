//! How a provider's HTTP API is spoken: pure functions from a request to a body and from a reply to a reading. All I/O
//! (status, headers, limits, retries, cancellation) is the shared sender's.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;

use super::chat::{ChatReading, ChatRequest};
use super::fit::SchemaRule;
use super::price::ListedModel;
use super::{KeyNeed, OutputMost, PhotoRequest, PhotoRule};
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::Takes;
use crate::wire::result::{ConfidenceKind, Fault, FaultKind, Note, Tag, Usage};

/// One wire format. Implementations hold no connection and do no I/O.
pub trait Dialect: Send + Sync + 'static {
    /// What people call the provider: `Google Gemini`.
    fn label(&self) -> &str;

    /// Where the provider is unless told otherwise, ending in `/`.
    fn default_base(&self) -> &str;

    fn key_need(&self) -> KeyNeed {
        KeyNeed::Required
    }

    /// Whether it reads the prompt at all.
    fn follows_prompt(&self) -> bool {
        true
    }

    /// Whether a model that is not in the catalogue may be asked for.
    fn takes_unlisted(&self) -> bool {
        true
    }

    /// Whether a name can be one of its models, as far as that is known without asking.
    ///
    /// # Errors
    /// Why it can't.
    fn check_model(&self, model: &str) -> Result<(), Fault> {
        let _ = model;
        Ok(())
    }

    /// How its photos are best sent where the catalogue says nothing of the model.
    fn photo_rule(&self) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: 1_536, quality: 85 }
    }

    /// What every request carries besides `content-type`; the key (marked sensitive) in one header and nowhere else.
    ///
    /// # Errors
    /// A key with characters that no header takes.
    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault>;

    /// What a model takes of a prompt's other parts.
    fn takes(&self, model: &str, listed: Option<&ListedModel>) -> Takes {
        let _ = (model, listed);
        Takes::default()
    }

    /// The longest answer that is asked for where the prompt says nothing of it; `None`: answers are not counted in tokens.
    fn output_most(&self) -> Option<OutputMost> {
        None
    }

    /// How a schema of the author's own must be written for this wire.
    fn schema_rule(&self) -> SchemaRule {
        SchemaRule::Whole
    }

    /// The question about a photo, fitted to what the model takes. `listed`: what the catalogue knows of the model.
    ///
    /// # Errors
    /// A model name that can't be one, or a photo in the wrong form.
    fn ask(&self, request: &PhotoRequest, listed: Option<&ListedModel>, mode: AskMode) -> Result<HttpRequest, Fault>;

    /// Reads the reply to a question that was not streamed. A refusal and a cut are in the reading, not errors: they
    /// are billed.
    ///
    /// # Errors
    /// A reply in another shape, or an error inside a good status.
    fn read(&self, request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault>;

    /// How a streamed reply is cut into pieces; `None`: this provider does not stream.
    fn framing(&self) -> Option<Framing> {
        None
    }

    /// Adds one piece of a streamed reply.
    ///
    /// # Errors
    /// An error event inside the stream.
    fn read_piece(&self, reading: &mut Reading, piece: &Value) -> Result<(), Fault> {
        let _ = (reading, piece);
        Ok(())
    }

    /// Asks for the next turn of a conversation; `None`: this wire does not converse.
    fn converse(&self, request: &ChatRequest, listed: Option<&ListedModel>) -> Option<Result<HttpRequest, Fault>> {
        let _ = (request, listed);
        None
    }

    /// Reads that turn.
    ///
    /// # Errors
    /// A reply in another shape, or an error inside a good status.
    fn read_turn(&self, reply: &Value) -> Result<ChatReading, Fault> {
        let _ = reply;
        Err(Fault::new(FaultKind::Internal, "This provider does not converse"))
    }

    /// Reads a bad status: kind, the provider's code, message with advice, wait. `reply` is `Null` when it is no JSON.
    /// The sender adds provider, status, request id and `retry-after`.
    fn read_fault(&self, status: StatusCode, headers: &HeaderMap, reply: &Value) -> Fault;

    /// What the headers of a reply that came whole say of its cost. (Those of a stream are sent before the cost is known.)
    fn cost_told(&self, headers: &HeaderMap) -> Option<UsdMicros> {
        let _ = headers;
        None
    }

    /// Whether the headers of a reply tell that what answers passes calls on to others, who may charge for them.
    fn passes_on(&self, headers: &HeaderMap) -> bool {
        let _ = headers;
        false
    }

    /// What the headers of a reply say of the limits.
    fn allowance(&self, headers: &HeaderMap) -> Allowance {
        let _ = headers;
        Allowance::default()
    }

    /// The header that names a request.
    fn request_id_header(&self) -> &'static str {
        "x-request-id"
    }

    /// Asks for the models on offer; `page` is what the page before gave. `None`: the provider has no such list.
    fn list_models(&self, page: Option<&str>) -> Option<HttpRequest> {
        let _ = page;
        None
    }

    /// Reads one page of that list, and the name of the next.
    ///
    /// # Errors
    /// A reply in another shape.
    fn read_models(&self, reply: &Value) -> Result<(Vec<OfferedModel>, Option<String>), Fault> {
        let _ = reply;
        Ok((Vec::new(), None))
    }

    /// Asks whether one model of that list takes photos, where the list itself does not say; `None`: there is nobody to ask.
    fn describe(&self, model: &str) -> Option<HttpRequest> {
        let _ = model;
        None
    }

    /// Reads whether it does.
    fn read_description(&self, reply: &Value) -> Option<bool> {
        let _ = reply;
        None
    }

    /// Asks how many tokens a system text and a user text are; `None`: this provider has no counter that is free.
    fn count(&self, model: &str, system: &str, text: &str) -> Option<Result<HttpRequest, Fault>> {
        let _ = (model, system, text);
        None
    }

    /// Reads that number.
    fn read_count(&self, reply: &Value) -> Option<u64> {
        let _ = reply;
        None
    }

    /// What its models take at most, where Minerva itself asks for so much.
    fn context_tokens(&self) -> Option<u64> {
        None
    }

    /// The cheapest request that is refused without a good key.
    fn check(&self) -> HttpRequest;

    /// A second request, as cheap, of a provider that lets keys list models with which nothing can be asked.
    fn check_use(&self) -> Option<HttpRequest> {
        None
    }
}

/// A bad status that came without a word of its own: `Status 503 (Service Unavailable)`.
#[must_use]
pub fn status_words(status: StatusCode) -> String {
    // Known to no standard: services that are overloaded answer so.
    let meaning = if status.as_u16() == 529 { Some("overloaded") } else { status.canonical_reason() };
    meaning.map_or_else(|| format!("Status {}", status.as_u16()), |meaning| format!("Status {} ({meaning})", status.as_u16()))
}

/// Whether a server says that prompt, photo and answer are more than its model takes at once. OpenAI and routers have a code for
/// it, vLLM and routers, Anthropic, llama.cpp and Ollama these words.
#[must_use]
pub fn is_beyond_context(said: &str) -> bool {
    const WORDS: [&str; 9] = [
        "context_length_exceeded",
        "exceed_context_size",
        "ContextWindowExceeded",
        "maximum context length",
        "prompt is too long",
        "exceed context limit",
        "exceeds the available context size",
        "exceeds the context length",
        "exceeds the maximum number of tokens allowed",
    ];
    WORDS.iter().any(|words| said.contains(words))
}

/// What helps then.
pub const SHORTEN: &str = "Shorten the prompt, send a smaller photo, or choose a model that takes more";

/// `6ms`, `7.25s`, `1m30s`, `1h`.
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    let (mut rest, mut ms) = (text.trim(), 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        ms += number
            * match &rest[digits..unit_end] {
                "ms" => 1.0,
                "s" => 1e3,
                "m" => 6e4,
                "h" => 3.6e6,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (ms.is_finite() && ms > 0.0 && ms < 1e12).then(|| ms.ceil() as u64)
}

/// The wait that a sentence tells: `Please try again in 1m30s.`
#[must_use]
pub fn wait_in_words(said: &str) -> Option<u64> {
    let (_, wait) = said.split_once("try again in ")?;
    duration_ms(wait.split_whitespace().next()?.trim_end_matches(['.', ',']))
}

/// Whether an answer is asked for in pieces, and held to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskMode {
    pub is_streamed: bool,
    /// False after a server has refused the schema once: the prompt alone asks for JSON then.
    pub with_schema: bool,
}

/// One HTTP request, its path relative to the base URL.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    pub path: String,
    /// `None`: GET.
    pub body: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `data:` lines of server-sent events; `[DONE]` is passed over.
    Sse,
    /// One JSON value a line.
    Lines,
}

/// What a reply says, before its text is read as tags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// What the model wrote.
    pub text: String,
    /// From a provider that gives tags rather than text.
    pub tags: Option<Vec<Tag>>,
    /// Caption that came beside the text (text recognition); else it is in the text.
    pub caption: Option<String>,
    pub confidence_kind: Option<ConfidenceKind>,
    pub usage: Usage,
    /// What the provider itself says that the call cost.
    pub cost_usd: Option<UsdMicros>,
    pub end: End,
    pub request_id: Option<String>,
    pub notes: Vec<Note>,
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum End {
    /// Nothing said so far; at the end of a stream: it was cut.
    #[default]
    Unknown,
    Complete,
    /// At the output limit; the provider's word for it.
    Truncated(String),
    /// The provider's word for it, and its reason in a sentence where it gives one.
    Refused {
        code: String,
        why: Option<String>,
    },
}

/// What a provider's headers say of its limits: the sender holds back accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    pub requests_left: Option<u64>,
    pub requests_reset_ms: Option<u64>,
    pub tokens_left: Option<u64>,
    pub tokens_reset_ms: Option<u64>,
}

/// One model as its provider's own list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedModel {
    /// Without the provider.
    pub id: String,
    pub display_name: Option<String>,
    /// `None`: the list does not say.
    pub takes_photos: Option<bool>,
    pub retires: Option<chrono::NaiveDate>,
    /// Tokens that it takes; `None`: the list does not say.
    pub context_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_as_they_are_written() {
        for (text, ms) in [("6ms", Some(6)), ("7.25s", Some(7_250)), ("1m30s", Some(90_000)), ("1h", Some(3_600_000)), ("soon", None), ("7", None)] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
        let limit = "Rate limit reached for requests per min (RPM): Limit 3. Please try again in";
        for (wait, ms) in [("4s. Visit the page", Some(4_000)), ("120ms", Some(120)), ("1m30s.", Some(90_000)), ("a moment", None)] {
            assert_eq!(wait_in_words(&format!("{limit} {wait}")), ms, "{wait}");
        }
        assert_eq!(wait_in_words("Try later"), None);
    }

    #[test]
    fn a_status_without_words_says_what_it_means_where_that_is_known() {
        let words = [429, 529, 599].map(|code| status_words(StatusCode::from_u16(code).expect("a status")));
        assert_eq!(words, ["Status 429 (Too Many Requests)", "Status 529 (overloaded)", "Status 599"]);
    }
}
