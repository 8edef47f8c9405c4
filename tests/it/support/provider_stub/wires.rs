//! One way to speak all wires: reading, answering, streaming and refusing, each in its wire's own words.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::asked::Asked;
use super::scenario::{Problem, Said, Wait};
use super::wire::Wire;
use super::{anthropic, gemini, ollama, openai, vision};

/// A request that a service turned away.
pub struct Refusal {
    pub status: u16,
    pub body: Value,
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body, headers: Vec::new() }
    }
}

/// Cuts a text in at most three, between characters.
pub fn thirds(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(characters.len().div_ceil(3).max(1)).map(|part| part.iter().collect()).collect()
}

impl Wire {
    /// Whether photos are asked about at this path (without its version).
    pub fn asks_at(self, path: &str) -> bool {
        match self {
            Self::Gemini => path.starts_with("models/") && path.contains(':'),
            Self::Vision => path == "images:annotate",
            Self::OpenAi | Self::Compatible => path == "chat/completions",
            Self::Anthropic => path == "messages",
            Self::Ollama => path == "api/chat",
        }
    }

    /// Reads a request as the real service would; the error is what it would say.
    pub fn read(self, path: &str, query: &str, headers: &HeaderMap, body: &Value) -> Result<Asked, String> {
        match self {
            Self::Gemini => gemini::read(path.trim_start_matches("models/"), query, body),
            Self::Vision => vision::read(body),
            Self::OpenAi | Self::Compatible => openai::read(self, body),
            Self::Anthropic => anthropic::read(headers, body),
            Self::Ollama => ollama::read(body),
        }
    }

    pub fn reply(self, asked: &Asked, said: &Said) -> Value {
        match self {
            Self::Gemini => gemini::reply(said),
            Self::Vision => vision::reply(asked, said),
            Self::OpenAi | Self::Compatible => openai::reply(asked, said),
            Self::Anthropic => anthropic::reply(asked, said),
            Self::Ollama => ollama::reply(asked, said),
        }
    }

    /// The streamed reply in the pieces in which it goes over the line.
    pub fn pieces(self, asked: &Asked, said: &Said) -> Vec<String> {
        match self {
            Self::Gemini => gemini::pieces(said),
            Self::Vision => Vec::new(),
            Self::OpenAi | Self::Compatible => openai::pieces(asked, said),
            Self::Anthropic => anthropic::pieces(asked, said),
            Self::Ollama => ollama::pieces(asked, said),
        }
    }

    /// An error where an answer is expected: a whole body, or an event of a stream.
    pub fn error_inside(self, is_streamed: bool) -> String {
        let error = match self {
            Self::Gemini => json!({"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}}),
            Self::Vision => json!({"responses": [{"error": {"code": 14, "message": "The service is currently unavailable."}}]}),
            Self::OpenAi | Self::Compatible => {
                json!({"error": {"message": "The upstream provider is overloaded", "type": "server_error", "code": 502}})
            }
            Self::Anthropic => json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            Self::Ollama => json!({"error": "llama runner process has terminated"}),
        };
        match self {
            Self::Anthropic if is_streamed => anthropic::event(&error),
            Self::Ollama if is_streamed => format!("{error}\n"),
            _ if is_streamed => format!("data: {error}\n\n"),
            _ => error.to_string(),
        }
    }

    pub fn stream_type(self) -> &'static str {
        if self == Self::Ollama { "application/x-ndjson" } else { "text/event-stream" }
    }

    /// The headers that tell how many requests may still come, and that this is so for the rest of the minute.
    pub fn allowance(self, left: u64) -> Vec<(&'static str, String)> {
        match self {
            Self::OpenAi | Self::Compatible => {
                vec![("x-ratelimit-remaining-requests", left.to_string()), ("x-ratelimit-reset-requests", "59s".to_owned())]
            }
            Self::Anthropic => {
                let whole = chrono::Utc::now() + chrono::TimeDelta::seconds(59);
                let whole = whole.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                vec![("anthropic-ratelimit-requests-remaining", left.to_string()), ("anthropic-ratelimit-requests-reset", whole)]
            }
            Self::Gemini | Self::Vision | Self::Ollama => Vec::new(),
        }
    }

    /// The header that names a request.
    pub fn request_id_header(self) -> &'static str {
        if self == Self::Anthropic { "request-id" } else { "x-request-id" }
    }

    pub fn refusal(self, problem: &Problem, model: &str) -> Refusal {
        let mut refusal = match self {
            Self::Gemini | Self::Vision => gemini::refusal(problem, model),
            Self::OpenAi | Self::Compatible => openai::refusal(problem, model),
            Self::Anthropic => anthropic::refusal(problem, model),
            Self::Ollama => ollama::refusal(problem, model),
        };
        if let Problem::Limited(wait) = problem {
            refusal.headers.extend(match wait {
                Wait::Seconds(seconds) => Some(("retry-after", seconds.to_string())),
                Wait::Date(seconds) => {
                    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(i64::try_from(*seconds).expect("a short wait"));
                    Some(("retry-after", at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()))
                }
                Wait::Millis(ms) => Some(("retry-after-ms", ms.to_string())),
                Wait::Untold | Wait::Info(_) | Wait::Words(_) => None,
            });
        }
        refusal
    }

    /// What is listed at this path, if anything is: models, and what else tells whether a key is good.
    pub fn listed(self, path: &str, query: &str) -> Option<Value> {
        let second = query.contains("page-2");
        Some(match (self, path) {
            (Self::Gemini, "models") => {
                let model =
                    |id: &str, methods: Value| json!({"name": format!("models/{id}"), "displayName": id, "supportedGenerationMethods": methods});
                if second {
                    json!({"models": [model("embedding-9", json!(["embedContent"]))]})
                } else {
                    json!({"models": [model("gemini-3.8-flash", json!(["generateContent", "countTokens"]))], "nextPageToken": "page-2"})
                }
            }
            (Self::OpenAi, "models") => {
                json!({"object": "list", "data": [{"id": "gpt-6-luna", "object": "model", "created": 1, "owned_by": "openai"}]})
            }
            (Self::Compatible, "models") => json!({"object": "list", "data": [
                {"id": "qwen3.6-vl", "object": "model", "architecture": {"input_modalities": ["text", "image"]}},
                {"id": "text-only", "object": "model", "architecture": {"input_modalities": ["text"]}}
            ]}),
            (Self::Anthropic, "models") => {
                let model = |id: &str, sees: bool| json!({"type": "model", "id": id, "display_name": id, "created_at": "2026-10-07T00:00:00Z", "capabilities": {"image_input": {"supported": sees}}});
                if second {
                    json!({"data": [model("claude-text-1", false)], "has_more": false, "first_id": "claude-text-1", "last_id": "claude-text-1"})
                } else {
                    json!({"data": [model("claude-haiku-5-5", true)], "has_more": true, "first_id": "claude-haiku-5-5", "last_id": "page-2"})
                }
            }
            (Self::Ollama, "api/tags") => {
                let model = |name: &str| json!({"name": name, "model": name, "size": 1, "digest": "d", "details": {"family": "any"}});
                json!({"models": [model("gemma4:latest"), model("text-only:1b")]})
            }
            (Self::Ollama, "api/version") => json!({"version": "0.14.0"}),
            _ => return None,
        })
    }
}
