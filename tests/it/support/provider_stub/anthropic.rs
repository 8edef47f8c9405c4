//! Anthropic's `messages`, with and without server-sent events.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::asked::{Asked, fields, no_null, photo, schema, text};
use super::scenario::{Ended, Problem, Said};
use super::wires::{Refusal, thirds};

/// The version that the stub speaks: it takes no sampling parameters.
const VERSION: &str = "2026-10-21";

/// Reads a request.
pub fn read(headers: &HeaderMap, body: &Value) -> Result<Asked, String> {
    if headers.get("anthropic-version").is_none_or(|version| version != VERSION) {
        return Err(format!("anthropic-version: {VERSION} is wanted"));
    }
    no_null(body, "$")?;
    fields(body, "$", &["model", "max_tokens", "messages"], &["system", "thinking", "output_config", "stream", "metadata"])?;
    let message = fields(&body["messages"][0], "messages[0]", &["role", "content"], &[])?;
    let Some([image, words]) = message["content"].as_array().map(Vec::as_slice) else {
        return Err("one photo and one text are wanted".to_owned());
    };
    fields(image, "content[0]", &["type", "source"], &["transformations"])?;
    let source = fields(&image["source"], "source", &["type", "media_type", "data"], &[])?;
    if (&source["type"], &source["media_type"]) != (&"base64".into(), &"image/jpeg".into()) {
        return Err("source must be base64 of an image/jpeg".to_owned());
    }
    fields(words, "content[1]", &["type", "text"], &[])?;
    let output = body.get("output_config");
    if let Some(output) = output {
        fields(output, "output_config", &[], &["format", "effort"])?;
    }
    let format = output.and_then(|output| output.get("format"));
    if let Some(format) = format {
        fields(format, "format", &["type", "schema"], &[])?;
        schema(&format["schema"], "schema")?;
    }
    Ok(Asked {
        model: text(&body["model"], "model")?,
        prompt: text(&words["text"], "content[1].text")?,
        system: body["system"].as_str().unwrap_or_default().to_owned(),
        photo: Some(photo(&source["data"], "source.data")?),
        is_streamed: body["stream"] == true,
        has_schema: format.is_some(),
        features: Vec::new(),
    })
}

fn stop(said: &Said) -> &'static str {
    match said.end {
        Ended::Well => "end_turn",
        Ended::AtTheLimit => "max_tokens",
        Ended::PromptRefused | Ended::AnswerRefused => "refusal",
    }
}

fn details(said: &Said) -> Value {
    match said.end {
        Ended::PromptRefused | Ended::AnswerRefused => {
            json!({"type": "refusal", "category": "unsafe", "explanation": "The photo shows what it should not"})
        }
        _ => Value::Null,
    }
}

/// `input_tokens` leaves out what was read from the cache.
fn usage(said: &Said) -> Value {
    let tokens = said.tokens;
    json!({
        "input_tokens": tokens.input - tokens.cached, "cache_read_input_tokens": tokens.cached, "cache_creation_input_tokens": 0,
        "output_tokens": tokens.output, "output_tokens_details": {"thinking_tokens": tokens.thinking}, "service_tier": "standard"
    })
}

/// The whole reply.
pub fn reply(asked: &Asked, said: &Said) -> Value {
    let refused = matches!(said.end, Ended::PromptRefused | Ended::AnswerRefused);
    let content =
        if refused { json!([]) } else { json!([{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": said.text}]) };
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": asked.model, "content": content, "stop_reason": stop(said),
        "stop_sequence": null, "stop_details": details(said), "usage": usage(said)
    })
}

/// The events of the streamed reply: input usage at the start, output usage at the end.
pub fn pieces(asked: &Asked, said: &Said) -> Vec<String> {
    let mut start = reply(asked, said);
    start["content"] = json!([]);
    start["stop_reason"] = Value::Null;
    start["stop_details"] = Value::Null;
    start["usage"]["output_tokens"] = 1.into();
    let mut events = vec![
        json!({"type": "message_start", "message": start}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    events.extend(
        thirds(&said.text).into_iter().map(|text| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})),
    );
    events.push(json!({"type": "content_block_stop", "index": 0}));
    let delta = json!({"stop_reason": stop(said), "stop_sequence": null, "stop_details": details(said)});
    events.push(json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": said.tokens.output}}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(event).collect()
}

/// One event with its name.
pub fn event(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("error"))
}

/// Anthropic's error.
pub fn refusal(problem: &Problem, model: &str) -> Refusal {
    let (status, kind, code, message) = match problem {
        Problem::Limited(_) => (429, "rate_limit_error", None, "This request would exceed your rate limit".to_owned()),
        Problem::Spent(how) if how == "credit" => (
            400,
            "invalid_request_error",
            None,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.".to_owned(),
        ),
        Problem::Spent(_) => (429, "rate_limit_error", Some("enforced_spend_limit_reached"), "The spend limit is reached".to_owned()),
        Problem::KeyRefused => (401, "authentication_error", None, "invalid x-api-key".to_owned()),
        Problem::Barred(_) => (400, "invalid_request_error", None, "This organization has been disabled.".to_owned()),
        Problem::Forbidden => (403, "permission_error", None, "Your key may not use this resource".to_owned()),
        Problem::UnknownModel => (404, "not_found_error", None, format!("model: {model}")),
        Problem::Retired => (404, "not_found_error", None, format!("model: {model} has been retired")),
        Problem::Gone => (410, "invalid_request_error", None, "This model is gone.".to_owned()),
        Problem::BadRequest(why) => (400, "invalid_request_error", None, why.clone()),
        Problem::SchemaRefused => {
            (400, "invalid_request_error", None, "output_config.format: this model does not support structured outputs".to_owned())
        }
        Problem::TooLarge => (413, "request_too_large", None, "Request exceeds the maximum size".to_owned()),
        Problem::BeyondContext => (400, "invalid_request_error", None, "prompt is too long: 210345 tokens > 200000 maximum".to_owned()),
        Problem::Internal => (500, "api_error", None, "Internal server error".to_owned()),
        Problem::Overloaded => (529, "overloaded_error", None, "Overloaded".to_owned()),
    };
    let mut error = json!({"type": kind, "message": message});
    if let Some(code) = code {
        error["details"] = json!({"error_code": code});
    }
    Refusal::new(status, json!({"type": "error", "error": error, "request_id": "req_1"}))
}
