//! The counters of tokens that two wires have: `countTokens` and `messages/count_tokens`.

use serde_json::{Value, json};

use super::asked::{fields, no_null, text};
use super::wire::Wire;

/// The path's own count, where it is a counter's: what the service would answer, or what it does not like.
pub fn counted(wire: Wire, path: &str, body: &Value) -> Option<Result<Value, String>> {
    match wire {
        Wire::Gemini if path.starts_with("models/") && path.ends_with(":countTokens") => Some(gemini(body)),
        Wire::Anthropic if path == "messages/count_tokens" => Some(anthropic(body)),
        _ => None,
    }
}

/// Three letters a token, so that no estimate is right by chance.
pub fn tokens(words: &str) -> usize {
    words.chars().count().div_ceil(3)
}

fn gemini(body: &Value) -> Result<Value, String> {
    no_null(body, "$")?;
    // The developer API refuses instructions and generation settings here.
    fields(body, "$", &["contents"], &[])?;
    let content = fields(&body["contents"][0], "contents[0]", &["role", "parts"], &[])?;
    let parts = content["parts"].as_array().filter(|parts| !parts.is_empty()).ok_or("contents[0].parts must be a list")?;
    let mut sum = 0;
    for part in parts {
        sum += tokens(&text(&fields(part, "parts[]", &["text"], &[])?["text"], "parts[].text")?);
    }
    Ok(json!({"totalTokens": sum, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": sum}]}))
}

fn anthropic(body: &Value) -> Result<Value, String> {
    no_null(body, "$")?;
    fields(body, "$", &["model", "messages"], &["system", "thinking", "tools"])?;
    let message = fields(&body["messages"][0], "messages[0]", &["role", "content"], &[])?;
    let words = text(&message["content"], "messages[0].content")?;
    let system = body.get("system").map(|system| text(system, "system")).transpose()?.unwrap_or_default();
    Ok(json!({"input_tokens": tokens(&words) + tokens(&system)}))
}
