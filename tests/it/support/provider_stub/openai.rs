//! OpenAI's `chat/completions`, with and without server-sent events; also spoken by compatible servers.

use serde_json::{Value, json};

use super::asked::{Asked, fields, no_null, photo, schema, text};
use super::scenario::{Ended, Problem, Said, Wait};
use super::wire::Wire;
use super::wires::{Refusal, thirds};

/// Reads a request. The real service knows no `provider`; compatible servers know the older limit too.
pub fn read(wire: Wire, body: &Value) -> Result<Asked, String> {
    no_null(body, "$")?;
    let mut known = vec!["max_completion_tokens", "reasoning_effort", "store", "response_format", "stream", "stream_options", "seed"];
    if wire == Wire::Compatible {
        known.extend(["max_tokens", "provider", "usage", "temperature", "top_p"]);
    }
    fields(body, "$", &["model", "messages"], &known)?;
    let messages = body["messages"].as_array().ok_or("messages must be a list")?;
    let user = messages.iter().find(|message| message["role"] == "user").ok_or("there must be a user's message")?;
    fields(user, "messages[]", &["role", "content"], &[])?;
    let mut asked = Asked { model: text(&body["model"], "model")?, is_streamed: body["stream"] == true, ..Asked::default() };
    if asked.is_streamed && body["stream_options"] != json!({"include_usage": true}) && wire == Wire::OpenAi {
        return Err("the usage of a stream must be asked for".to_owned());
    }
    let system = messages.iter().find(|message| message["role"] == "system");
    system.and_then(|message| message["content"].as_str()).unwrap_or_default().clone_into(&mut asked.system);
    for part in user["content"].as_array().ok_or("content must be a list")? {
        match part["type"].as_str() {
            Some("text") => asked.prompt = text(&fields(part, "content[]", &["type", "text"], &[])?["text"], "text")?,
            Some("image_url") => {
                let image = fields(&fields(part, "content[]", &["type", "image_url"], &[])?["image_url"], "image_url", &["url"], &["detail"])?;
                let url = text(&image["url"], "image_url.url")?;
                let encoded = url.strip_prefix("data:image/jpeg;base64,").ok_or("image_url.url must be a data URL of a JPEG")?;
                if wire == Wire::OpenAi && image["detail"] != "high" {
                    return Err("detail must be high: auto costs the original's price".to_owned());
                }
                asked.photo = Some(photo(&encoded.into(), "image_url.url")?);
            }
            _ => return Err("a part of an unknown type".to_owned()),
        }
    }
    if asked.photo.is_none() {
        return Err("there must be a photo".to_owned());
    }
    asked.has_schema = body.get("response_format").is_some_and(|format| format["type"] == "json_schema");
    if asked.has_schema {
        let format = fields(&body["response_format"], "response_format", &["type", "json_schema"], &[])?;
        let format = fields(&format["json_schema"], "json_schema", &["name", "schema"], &["strict"])?;
        schema(&format["schema"], "schema")?;
    }
    Ok(asked)
}

fn finish(said: &Said) -> &'static str {
    match said.end {
        // A refusal is said to have stopped well.
        Ended::Well | Ended::AnswerRefused => "stop",
        Ended::AtTheLimit => "length",
        Ended::PromptRefused => "content_filter",
    }
}

fn usage(said: &Said) -> Value {
    let tokens = said.tokens;
    let mut usage = json!({
        "prompt_tokens": tokens.input, "completion_tokens": tokens.output, "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "image_tokens": tokens.image, "text_tokens": tokens.input - tokens.image},
        "completion_tokens_details": {"reasoning_tokens": tokens.thinking}
    });
    if let Some(cost) = said.cost_usd {
        usage["cost"] = cost.into();
    }
    usage
}

/// The whole reply.
pub fn reply(asked: &Asked, said: &Said) -> Value {
    let message = match said.end {
        Ended::AnswerRefused => json!({"role": "assistant", "content": null, "refusal": "I can't help with this photo."}),
        _ => json!({"role": "assistant", "content": said.text, "refusal": null}),
    };
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_000_000, "model": asked.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish(said), "logprobs": null}],
        "usage": usage(said), "service_tier": "default"
    })
}

/// The events of the streamed reply; usage comes in one of its own, without choices.
pub fn pieces(asked: &Asked, said: &Said) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        let event = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_000_000, "model": asked.model, "choices": choices, "usage": usage});
        format!("data: {event}\n\n")
    };
    let delta = |delta: Value, finish: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]), Value::Null);
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    match said.end {
        Ended::AnswerRefused => events.push(delta(json!({"refusal": "I can't help with this photo."}), Value::Null)),
        _ => events.extend(thirds(&said.text).into_iter().map(|text| delta(json!({"content": text}), Value::Null))),
    }
    events.push(delta(json!({}), finish(said).into()));
    events.push(chunk(json!([]), usage(said)));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// OpenAI's error.
pub fn refusal(problem: &Problem, model: &str) -> Refusal {
    let (status, kind, code, message) = match problem {
        Problem::Limited(Wait::Words(wait)) => {
            (429, "requests", "rate_limit_exceeded", format!("Rate limit reached for requests per min (RPM): Limit 3. Please try again in {wait}."))
        }
        Problem::Limited(_) => (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests".to_owned()),
        Problem::Spent(how) if how == "billing_hard_limit_reached" => {
            (400, "billing_limit_user_error", "billing_hard_limit_reached", "Billing hard limit has been reached".to_owned())
        }
        Problem::Spent(how) if how == "budget_exceeded" => {
            (400, "budget_exceeded", "400", "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0".to_owned())
        }
        Problem::Spent(how) if how == "free-models-per-day" => (
            429,
            "rate_limit",
            "429",
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day".to_owned(),
        ),
        Problem::Spent(code) => {
            let code = if code.is_empty() { "insufficient_quota" } else { code };
            return Refusal::new(
                429,
                json!({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "param": null, "code": code}}),
            );
        }
        Problem::KeyRefused => (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided".to_owned()),
        Problem::Barred(_) => {
            (403, "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported".to_owned())
        }
        Problem::Forbidden => (403, "invalid_request_error", "model_not_allowed", "Project does not have access to this model".to_owned()),
        Problem::UnknownModel => {
            (404, "invalid_request_error", "model_not_found", format!("The model `{model}` does not exist or you do not have access to it."))
        }
        Problem::Retired => (404, "invalid_request_error", "model_not_found", format!("The model `{model}` has been deprecated, learn more here")),
        Problem::Gone => (410, "invalid_request_error", "gone", "This model is gone.".to_owned()),
        Problem::BadRequest(why) => (400, "invalid_request_error", "invalid_value", why.clone()),
        Problem::SchemaRefused => {
            (400, "invalid_request_error", "unsupported_value", "response_format of type json_schema is not supported".to_owned())
        }
        Problem::TooLarge => (413, "invalid_request_error", "request_too_large", "The request is too large".to_owned()),
        Problem::BeyondContext => (
            400,
            "invalid_request_error",
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 210345 tokens".to_owned(),
        ),
        Problem::Internal => (500, "server_error", "server_error", "The server had an error while processing your request".to_owned()),
        Problem::Overloaded => (503, "server_error", "overloaded", "The engine is currently overloaded".to_owned()),
    };
    Refusal::new(status, json!({"error": {"message": message, "type": kind, "param": null, "code": code}}))
}
