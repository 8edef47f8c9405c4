//! Ollama's `/api/chat`, whole and as one JSON value a line.

use serde_json::{Value, json};

use super::asked::{Asked, fields, no_null, photo, schema, text};
use super::scenario::{Ended, Problem, Said};
use super::wires::{Refusal, thirds};

/// Reads a request.
pub fn read(body: &Value) -> Result<Asked, String> {
    no_null(body, "$")?;
    fields(body, "$", &["model", "messages"], &["stream", "think", "format", "keep_alive", "options"])?;
    let messages = body["messages"].as_array().ok_or("messages must be a list")?;
    let user = messages.iter().find(|message| message["role"] == "user").ok_or("there must be a user's message")?;
    fields(user, "messages[]", &["role", "content", "images"], &[])?;
    // Small contexts cut the photo off without a word.
    if body["options"]["num_ctx"].as_u64().is_none_or(|size| size < 8_192) {
        return Err("options.num_ctx must be 8192 or more".to_owned());
    }
    let has_schema = body.get("format").is_some_and(Value::is_object);
    if has_schema {
        schema(&body["format"], "format")?;
    }
    Ok(Asked {
        model: text(&body["model"], "model")?,
        prompt: text(&user["content"], "content")?,
        system: messages
            .iter()
            .find(|message| message["role"] == "system")
            .and_then(|message| message["content"].as_str())
            .unwrap_or_default()
            .to_owned(),
        photo: Some(photo(&user["images"][0], "images[0]")?),
        // It streams unless told not to.
        is_streamed: body["stream"] != false,
        has_schema,
        features: Vec::new(),
    })
}

/// What a model can do, at `api/show`; the list does not say it.
pub fn shown(path: &str, body: &Value) -> Option<Value> {
    let model = body["model"].as_str().filter(|_| path == "api/show")?;
    let sees = if model.starts_with("text") { json!(["completion"]) } else { json!(["completion", "vision"]) };
    Some(json!({"details": {"family": "any"}, "model_info": {}, "capabilities": sees}))
}

/// The whole reply; also the last line of a stream, which has no more text.
pub fn reply(asked: &Asked, said: &Said) -> Value {
    let reason = if said.end == Ended::AtTheLimit { "length" } else { "stop" };
    json!({
        "model": asked.model, "created_at": "2026-11-23T12:00:00Z", "message": {"role": "assistant", "content": said.text}, "done": true,
        "done_reason": reason, "total_duration": 900_000_000, "load_duration": 100_000_000, "prompt_eval_count": said.tokens.input,
        "prompt_eval_duration": 200_000_000, "eval_count": said.tokens.output, "eval_duration": 600_000_000
    })
}

/// The lines of the streamed reply.
pub fn pieces(asked: &Asked, said: &Said) -> Vec<String> {
    let part = |text: String| json!({"model": asked.model, "created_at": "2026-11-23T12:00:00Z", "message": {"role": "assistant", "content": text}, "done": false});
    let mut lines: Vec<Value> = thirds(&said.text).into_iter().map(part).collect();
    let mut last = reply(asked, said);
    last["message"]["content"] = "".into();
    lines.push(last);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Ollama's error is a sentence.
pub fn refusal(problem: &Problem, model: &str) -> Refusal {
    let (status, message) = match problem {
        Problem::Limited(_) => (429, "too many requests".to_owned()),
        Problem::Spent(_) => (429, "you've reached your weekly usage limit, please upgrade to continue".to_owned()),
        Problem::KeyRefused => (401, "unauthorized".to_owned()),
        Problem::Barred(_) | Problem::Forbidden => (403, "this model requires a subscription".to_owned()),
        Problem::UnknownModel => (404, format!("model \"{model}\" not found, try pulling it first")),
        Problem::Retired | Problem::Gone => (410, format!("model \"{model}\" was retired")),
        Problem::BadRequest(why) => (400, why.clone()),
        Problem::SchemaRefused => (400, "invalid JSON schema in format".to_owned()),
        Problem::TooLarge => (413, "request body too large".to_owned()),
        Problem::BeyondContext => (400, "the input length exceeds the context length".to_owned()),
        Problem::Internal => (500, "llama runner process has terminated".to_owned()),
        Problem::Overloaded => (503, "server busy, please try again. maximum pending requests exceeded".to_owned()),
    };
    Refusal::new(status, json!({"error": message}))
}
