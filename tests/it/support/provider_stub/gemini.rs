//! Gemini's `generateContent` and `streamGenerateContent?alt=sse`; the error shape is Cloud Vision's too.

use serde_json::{Value, json};

use super::asked::{Asked, fields, no_null, photo, schema, text};
use super::scenario::{Ended, Problem, Said, Wait};
use super::wires::Refusal;

/// Reads a request to `models/CALL`.
pub fn read(call: &str, query: &str, body: &Value) -> Result<Asked, String> {
    no_null(body, "$")?;
    let (model, method) = call.split_once(':').ok_or("no method")?;
    let is_streamed = match (method, query) {
        ("generateContent", "") => false,
        ("streamGenerateContent", "alt=sse") => true,
        _ => return Err(format!("unknown method {method}?{query}")),
    };
    fields(body, "$", &["contents"], &["systemInstruction", "generationConfig", "safetySettings", "serviceTier"])?;
    let content = fields(&body["contents"][0], "contents[0]", &["role", "parts"], &[])?;
    let parts = content["parts"].as_array().ok_or("contents[0].parts must be a list")?;
    let [image, words] = parts.as_slice() else {
        return Err("one photo and one text are wanted".to_owned());
    };
    let inline = fields(
        fields(image, "parts[0]", &["inlineData"], &["mediaResolution"])?.get("inlineData").unwrap_or(image),
        "inlineData",
        &["mimeType", "data"],
        &[],
    )?;
    fields(words, "parts[1]", &["text"], &[])?;
    let generation = &body["generationConfig"];
    let known = ["responseMimeType", "responseJsonSchema", "maxOutputTokens", "mediaResolution", "thinkingConfig", "seed"];
    fields(generation, "generationConfig", &["maxOutputTokens"], &known)?;
    let has_schema = generation.get("responseJsonSchema").is_some();
    if has_schema {
        schema(&generation["responseJsonSchema"], "responseJsonSchema")?;
        if generation["responseMimeType"] != "application/json" {
            return Err("a schema needs responseMimeType application/json".to_owned());
        }
    }
    Ok(Asked {
        model: model.to_owned(),
        prompt: text(&words["text"], "parts[1].text")?,
        system: body["systemInstruction"]["parts"][0]["text"].as_str().unwrap_or_default().to_owned(),
        photo: Some(photo(&inline["data"], "inlineData.data")?),
        is_streamed,
        has_schema,
        features: Vec::new(),
    })
}

/// The whole reply.
pub fn reply(said: &Said) -> Value {
    let parts = json!([{"text": "thinking…", "thought": true}, {"text": said.text}]);
    let candidate = match said.end {
        Ended::PromptRefused => {
            return json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage(said), "responseId": "gemini-1"});
        }
        Ended::AnswerRefused => json!({"finishReason": "SAFETY", "finishMessage": "The photo shows what it should not", "index": 0}),
        Ended::AtTheLimit => json!({"content": {"parts": parts, "role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}),
        Ended::Well => json!({"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}),
    };
    json!({"candidates": [candidate], "usageMetadata": usage(said), "modelVersion": "stub", "responseId": "gemini-1"})
}

/// Thoughts are not among the candidates' tokens; a blocked prompt has none of either.
fn usage(said: &Said) -> Value {
    let tokens = said.tokens;
    let mut usage = json!({
        "promptTokenCount": tokens.input, "totalTokenCount": tokens.input + tokens.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.input - tokens.image}, {"modality": "IMAGE", "tokenCount": tokens.image}]
    });
    if tokens.cached > 0 {
        usage["cachedContentTokenCount"] = tokens.cached.into();
    }
    if said.end != Ended::PromptRefused {
        usage["candidatesTokenCount"] = (tokens.output - tokens.thinking).into();
        usage["thoughtsTokenCount"] = tokens.thinking.into();
    }
    usage
}

/// The pieces of the streamed reply: the text in three, the last without parts.
pub fn pieces(said: &Said) -> Vec<String> {
    let mut whole = reply(said);
    let mut events: Vec<Value> = super::wires::thirds(&said.text)
        .into_iter()
        .map(|text| json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}], "usageMetadata": {"promptTokenCount": said.tokens.input}, "responseId": "gemini-1"}))
        .collect();
    if let Some(candidate) = whole.pointer_mut("/candidates/0").and_then(Value::as_object_mut) {
        candidate.remove("content");
    }
    events.push(whole);
    events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()
}

/// Google's error, for Gemini and Cloud Vision.
pub fn refusal(problem: &Problem, model: &str) -> Refusal {
    let retry_info = |delay: &str| json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
    let quota = |id: &str| json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]});
    let per_minute = "GenerateRequestsPerMinutePerProjectPerModel";
    let exhausted = |message: &str, details: Value| (429, "RESOURCE_EXHAUSTED", message.to_owned(), details);
    let (status, name, message, details) = match problem {
        Problem::Limited(Wait::Info(delay)) => exhausted("Quota exceeded", json!([quota(per_minute), retry_info(delay)])),
        Problem::Limited(_) => exhausted("Quota exceeded", json!([quota(per_minute)])),
        Problem::Spent(how) if how == "spending-cap" => exhausted("Your project has exceeded its monthly spending cap.", json!([retry_info("46s")])),
        Problem::Spent(how) if how == "words-per-day" => {
            exhausted("Quota exceeded for quota metric 'Requests' and limit 'Requests per day' of service 'vision.googleapis.com'", json!([]))
        }
        Problem::Spent(how) if how == "limit-zero" => exhausted("Quota exceeded for metric, limit: 0", json!([])),
        Problem::Spent(_) => exhausted("Quota exceeded", json!([quota("GenerateRequestsPerDayPerProjectPerModel"), retry_info("46s")])),
        Problem::KeyRefused => (
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.".to_owned(),
            json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]),
        ),
        Problem::Barred(how) if how == "leaked" => {
            (403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.".to_owned(), json!([]))
        }
        Problem::Barred(_) => (
            403,
            "PERMISSION_DENIED",
            "The API has not been used in project 1 before or it is disabled.".to_owned(),
            json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]),
        ),
        Problem::Forbidden => (403, "PERMISSION_DENIED", "Method not allowed for this key".to_owned(), json!([])),
        Problem::UnknownModel => (404, "NOT_FOUND", format!("models/{model} is not found for API version v1"), json!([])),
        Problem::Retired => (404, "NOT_FOUND", format!("This model models/{model} is no longer available. Please use a newer model"), json!([])),
        Problem::Gone => (410, "FAILED_PRECONDITION", "This model is gone.".to_owned(), json!([])),
        Problem::BadRequest(why) => (400, "INVALID_ARGUMENT", why.clone(), json!([])),
        Problem::SchemaRefused => (400, "INVALID_ARGUMENT", "responseJsonSchema is not supported by this model".to_owned(), json!([])),
        Problem::TooLarge => (413, "INVALID_ARGUMENT", "Request payload size exceeds the limit".to_owned(), json!([])),
        Problem::BeyondContext => {
            (400, "INVALID_ARGUMENT", "The input token count (2100000) exceeds the maximum number of tokens allowed (1048576).".to_owned(), json!([]))
        }
        Problem::Internal => (500, "INTERNAL", "An internal error has occurred".to_owned(), json!([])),
        Problem::Overloaded => (503, "UNAVAILABLE", "The model is overloaded".to_owned(), json!([])),
    };
    let error = json!({"error": {"code": status, "message": message, "status": name, "details": details}});
    // It has been seen to come as the one element of an array.
    Refusal::new(status, if matches!(problem, Problem::Forbidden) { json!([error]) } else { error })
}
