//! Google Gemini over `generateContent`.
//!
//! Wire: <https://ai.google.dev/api/generate-content>, structured output: <https://ai.google.dev/gemini-api/docs/structured-output>,
//! errors: <https://ai.google.dev/gemini-api/docs/troubleshooting>. The key travels in one header and nowhere else.

use base64::Engine as _;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::chat::{self, ChatReading, ChatRequest};
use super::dialect::{AskMode, Dialect, End, Framing, HttpRequest, OfferedModel, Reading, SHORTEN, is_beyond_context, status_words};
use super::fit::SchemaRule;
use super::price::{self, ListedModel};
use super::{GEMINI, OutputMost, PhotoRequest, SentPhoto};
use crate::wire::prompt_parts::{Effort, Takes};
use crate::wire::result::{Fault, FaultKind, Usage};

const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Room for caption, tags and what thinking can't be turned off.
const OUTPUT_TOKENS_MOST: u32 = 4_096;

/// What it takes of JSON Schema. <https://ai.google.dev/gemini-api/docs/structured-output>
const SCHEMA_WORDS: [&str; 19] = [
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
    "$defs",
    "$ref",
    "propertyOrdering",
];

/// The wire.
pub struct Gemini;

impl Dialect for Gemini {
    fn label(&self) -> &'static str {
        "Google Gemini"
    }

    fn default_base(&self) -> &'static str {
        "https://generativelanguage.googleapis.com/"
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        let Some(key) = key else { return Ok(HeaderMap::new()) };
        let mut value = HeaderValue::from_str(key.expose_secret().trim())
            .map_err(|_| Fault::new(FaultKind::Auth, "The Gemini key has characters that no key has. Enter it again"))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(KEY_HEADER, value)]))
    }

    fn output_most(&self) -> Option<OutputMost> {
        Some(OutputMost { tokens: OUTPUT_TOKENS_MOST, is_kept: true })
    }

    fn takes(&self, model: &str, listed: Option<&ListedModel>) -> Takes {
        // The catalogue knows which models refuse to be told; of others, what a person asks for is tried.
        let sampling = listed.is_none_or(|model| model.sampling);
        let efforts = match listed.and_then(|model| model.thinking.as_deref()) {
            Some("LOW") => vec![Effort::Low, Effort::Medium, Effort::High],
            // Models before the third generation take a number of tokens instead: none at all is what it can say.
            None if model.starts_with("gemini-2.") => vec![Effort::Off],
            _ => vec![Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
        };
        Takes { system: true, schema: true, temperature: sampling, top_p: sampling, max_output_tokens: true, seed: true, efforts }
    }

    fn schema_rule(&self) -> SchemaRule {
        SchemaRule::Words { known: &SCHEMA_WORDS, closes_objects: false }
    }

    fn ask(&self, request: &PhotoRequest, listed: Option<&ListedModel>, mode: AskMode) -> Result<HttpRequest, Fault> {
        let model = checked(&request.model)?;
        // Aliases such as gemini-flash-latest, and instructions for all models, exist only in the beta version of the API.
        let version = if model.ends_with("-latest") || !request.system.is_empty() { "v1beta" } else { "v1" };
        let method = if mode.is_streamed { "streamGenerateContent?alt=sse" } else { "generateContent" };
        Ok(HttpRequest { path: format!("{version}/models/{model}:{method}"), body: Some(body(request, listed, mode.with_schema)?) })
    }

    fn read(&self, _request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault> {
        read_whole(reply)
    }

    /// The beta version of the API alone takes tools and instructions for all models.
    fn converse(&self, request: &ChatRequest, listed: Option<&ListedModel>) -> Option<Result<HttpRequest, Fault>> {
        let mut body = chat::gemini::body(request);
        if let Some(level) = listed.and_then(|model| model.thinking.as_ref()) {
            body["generationConfig"]["thinkingConfig"] = json!({"thinkingLevel": level});
        }
        Some(checked(&request.model).map(|model| HttpRequest { path: format!("v1beta/models/{model}:generateContent"), body: Some(body) }))
    }

    fn read_turn(&self, reply: &Value) -> Result<ChatReading, Fault> {
        let reading = read_whole(reply)?;
        let parts = &reply["candidates"][0]["content"]["parts"];
        Ok(ChatReading { reading, calls: chat::gemini::calls(parts), raw: parts.clone() })
    }

    fn framing(&self) -> Option<Framing> {
        Some(Framing::Sse)
    }

    fn read_piece(&self, reading: &mut Reading, piece: &Value) -> Result<(), Fault> {
        add(reading, piece)
    }

    fn check_model(&self, model: &str) -> Result<(), Fault> {
        checked(model).map(drop)
    }

    fn read_fault(&self, status: StatusCode, _headers: &HeaderMap, reply: &Value) -> Fault {
        read_fault(status, reply)
    }

    fn list_models(&self, page: Option<&str>) -> Option<HttpRequest> {
        let page = page.map(|page| format!("&pageToken={}", url::form_urlencoded::byte_serialize(page.as_bytes()).collect::<String>()));
        Some(HttpRequest { path: format!("v1/models?pageSize=200{}", page.unwrap_or_default()), body: None })
    }

    fn read_models(&self, reply: &Value) -> Result<(Vec<OfferedModel>, Option<String>), Fault> {
        let list = reply["models"].as_array().ok_or_else(|| Fault::new(FaultKind::BadAnswer, "Gemini's list of models has no models"))?;
        let can_generate = |model: &&Value| {
            let methods = model["supportedGenerationMethods"].as_array();
            methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"))
        };
        let offered = list.iter().filter(can_generate).filter_map(|model| {
            let id = model["name"].as_str()?;
            let display_name = model["displayName"].as_str().map(str::to_owned);
            Some(OfferedModel {
                id: id.strip_prefix("models/").unwrap_or(id).to_owned(),
                display_name,
                takes_photos: None,
                retires: None,
                context_tokens: model["inputTokenLimit"].as_u64(),
            })
        });
        Ok((offered.collect(), reply["nextPageToken"].as_str().filter(|token| !token.is_empty()).map(str::to_owned)))
    }

    /// It takes no instructions here: a system text is counted as one more part.
    fn count(&self, model: &str, system: &str, text: &str) -> Option<Result<HttpRequest, Fault>> {
        let parts: Vec<Value> = [system, text].into_iter().filter(|text| !text.is_empty()).map(|text| json!({"text": text})).collect();
        let version = if model.ends_with("-latest") { "v1beta" } else { "v1" };
        Some(checked(model).map(|model| HttpRequest {
            path: format!("{version}/models/{model}:countTokens"),
            body: Some(json!({"contents": [{"role": "user", "parts": parts}]})),
        }))
    }

    fn read_count(&self, reply: &Value) -> Option<u64> {
        reply["totalTokens"].as_u64()
    }

    /// Lists one model: free, and refused without a good key.
    fn check(&self) -> HttpRequest {
        HttpRequest { path: "v1/models?pageSize=1".to_owned(), body: None }
    }

    /// Counts the tokens of a word, for free: there are keys that may list models, and are refused where one is asked.
    fn check_use(&self) -> Option<HttpRequest> {
        let model = price::models().iter().find(|model| model.provider == GEMINI)?;
        self.count(&model.id, "", "hi")?.ok()
    }
}

/// A name that may stand in a path.
fn checked(model: &str) -> Result<&str, Fault> {
    let is_sound = !model.is_empty() && model.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let refused = || Fault::new(FaultKind::UnknownModel, format!("'{model}' is not a Gemini model's name; write gemini/MODEL"));
    if is_sound { Ok(model) } else { Err(refused()) }
}

fn read_whole(reply: &Value) -> Result<Reading, Fault> {
    let mut reading = Reading::default();
    add(&mut reading, reply)?;
    if reading.end == End::Unknown && reply["candidates"].get(0).is_none() {
        return Err(Fault::new(FaultKind::BadAnswer, "Gemini's answer holds no candidate. Try again"));
    }
    Ok(reading)
}

/// The body of a request. Photo first, then the prompt; the schema's order is the order in which the model writes.
fn body(request: &PhotoRequest, listed: Option<&ListedModel>, with_schema: bool) -> Result<Value, Fault> {
    let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
        return Err(Fault::new(FaultKind::Internal, "Gemini takes a JPEG, not pixels"));
    };
    let parameters = &request.parameters;
    let mut generation = json!({
        "responseMimeType": "application/json",
        "maxOutputTokens": parameters.max_output_tokens.unwrap_or(OUTPUT_TOKENS_MOST),
        "mediaResolution": "MEDIA_RESOLUTION_MEDIUM",
    });
    if with_schema {
        generation["responseJsonSchema"] = request.sent_schema();
    }
    match (parameters.effort, listed.and_then(|model| model.thinking.as_ref())) {
        (Some(Effort::Off), _) => generation["thinkingConfig"] = json!({"thinkingBudget": 0}),
        (Some(effort), _) => generation["thinkingConfig"] = json!({"thinkingLevel": effort.label().to_uppercase()}),
        (None, Some(level)) => generation["thinkingConfig"] = json!({"thinkingLevel": level}),
        (None, None) => {}
    }
    let numbers = [("temperature", parameters.temperature), ("topP", parameters.top_p)];
    for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        generation[name] = value.into();
    }
    if let Some(seed) = parameters.seed {
        generation["seed"] = seed.into();
    }
    let mut body = json!({
        "contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/jpeg", "data": base64::engine::general_purpose::STANDARD.encode(bytes)}},
            {"text": request.prompt},
        ]}],
        "generationConfig": generation,
    });
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system}]});
    }
    Ok(body)
}

/// Adds a reply, or a piece of a streamed one, to what was read so far. Every piece has the shape of a whole reply; the
/// last one holds the usage.
fn add(reading: &mut Reading, reply: &Value) -> Result<(), Fault> {
    if reply.get("error").is_some() || reply.get(0).is_some_and(|first| first.get("error").is_some()) {
        let error = if reply.is_array() { &reply[0]["error"] } else { &reply["error"] };
        let status = error["code"].as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
        return Err(read_fault(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), reply));
    }
    if reply.get("usageMetadata").is_some() {
        reading.usage = usage(&reply["usageMetadata"]);
    }
    if let Some(id) = reply["responseId"].as_str() {
        reading.request_id = Some(id.to_owned());
    }
    if let Some(reason) = reply["promptFeedback"]["blockReason"].as_str() {
        reading.end = End::Refused { code: reason.to_owned(), why: Some("the photo or the prompt was blocked".to_owned()) };
        return Ok(());
    }
    let candidate = &reply["candidates"][0];
    let parts = candidate["content"]["parts"].as_array().into_iter().flatten();
    reading.text.extend(parts.filter(|part| part["thought"].as_bool() != Some(true)).filter_map(|part| part["text"].as_str()));
    match candidate["finishReason"].as_str() {
        None => {}
        Some("STOP") => reading.end = End::Complete,
        Some(reason @ ("MAX_TOKENS" | "CONTINUATION")) => reading.end = End::Truncated(reason.to_owned()),
        Some(reason) => {
            reading.end = End::Refused { code: reason.to_owned(), why: candidate["finishMessage"].as_str().map(str::to_owned) };
        }
    }
    Ok(())
}

/// `thoughtsTokenCount` is not part of `candidatesTokenCount`; both are billed as output.
fn usage(meta: &Value) -> Usage {
    let count = |name: &str| meta[name].as_u64();
    let thinking = count("thoughtsTokenCount");
    let image = meta["promptTokensDetails"]
        .as_array()
        .map(|details| details.iter().filter(|detail| detail["modality"] == "IMAGE").filter_map(|detail| detail["tokenCount"].as_u64()).sum());
    // A refused prompt has no candidates: no output was made.
    let output = count("candidatesTokenCount").or_else(|| count("promptTokenCount").map(|_| 0)).map(|written| written + thinking.unwrap_or(0));
    Usage {
        input_tokens: count("promptTokenCount"),
        output_tokens: output,
        cached_tokens: count("cachedContentTokenCount"),
        cache_write_tokens: None,
        thinking_tokens: thinking,
        image_tokens: image,
    }
}

/// Why Google turns away whatever a key asks for, until somebody has changed its project or its restrictions.
const BARRED: [&str; 4] = ["SERVICE_DISABLED", "API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"];

/// Whether Google's words are those of a quota that no short wait brings back: a credit, a cap, or the calls of a day.
pub(super) fn is_spent(said: &str) -> bool {
    ["limit: 0", "credits are depleted", "spending cap", "per day"].iter().any(|words| said.contains(words))
}

/// Reads a bad status. The error may come alone or as the one element of an array.
pub(super) fn read_fault(status: StatusCode, reply: &Value) -> Fault {
    let error = if reply.is_array() { &reply[0]["error"] } else { &reply["error"] };
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let detail = |name: &str| details.iter().find(|detail| detail["@type"].as_str().is_some_and(|kind| kind.ends_with(name)));
    let reason = detail("ErrorInfo").and_then(|info| info["reason"].as_str());
    let said = error["message"].as_str().map_or_else(|| status_words(status), |said| said.chars().take(500).collect());
    let wait_ms = detail("RetryInfo").and_then(|info| info["retryDelay"].as_str()).and_then(duration_ms);
    let per_day = detail("QuotaFailure").is_some_and(|quota| {
        let violations = quota["violations"].as_array().into_iter().flatten();
        violations.filter_map(|violation| violation["quotaId"].as_str()).any(|id| id.contains("PerDay"))
    });
    let spent = per_day || is_spent(&said);
    let is_elsewhere = said.contains("location is not supported");
    let is_barred = is_elsewhere || reason.is_some_and(|reason| BARRED.contains(&reason));
    let (kind, advice) = match status.as_u16() {
        _ if matches!(reason, Some("API_KEY_INVALID")) => (FaultKind::Auth, "Enter a valid Gemini key in Pipeline control"),
        _ if said.contains("reported as leaked") => (FaultKind::Auth, "Make a new key, enter it in Pipeline control, and delete this one"),
        401 => (FaultKind::Auth, "Enter a valid Gemini key in Pipeline control"),
        402 => (FaultKind::QuotaSpent, "Check the billing of the Google account"),
        // No call of this key will be answered before somebody has seen to it.
        403 if matches!(reason, Some("BILLING_DISABLED" | "CONSUMER_SUSPENDED")) => {
            (FaultKind::QuotaSpent, "Switch billing on for the key's Google Cloud project")
        }
        403 if reason == Some("SERVICE_DISABLED") => (FaultKind::Permission, "Switch the API on for the key's Google Cloud project"),
        403 => (FaultKind::Permission, "The key may not use this model or API; check its restrictions"),
        404 if said.contains("no longer available") => (FaultKind::RetiredModel, "Choose another model"),
        404 => (FaultKind::UnknownModel, "Choose another model"),
        410 => (FaultKind::RetiredModel, "Choose another model"),
        413 => (FaultKind::TooLarge, "Send a smaller photo"),
        400 if said.contains("payload size exceeds") => (FaultKind::TooLarge, "Send a smaller photo"),
        400 if is_elsewhere => (FaultKind::Permission, "Gemini is not offered where this call comes from"),
        400 if is_beyond_context(&said) => (FaultKind::TooLarge, SHORTEN),
        // Billing is off: so it is with every call of this key.
        400 if error["status"] == "FAILED_PRECONDITION" => {
            (FaultKind::QuotaSpent, "Switch billing on for the key's project; without it Gemini does not answer here")
        }
        429 if spent => (FaultKind::QuotaSpent, "The quota of this key is used up; waiting a few minutes will not help"),
        429 => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        400..=499 => (FaultKind::BadRequest, "Gemini did not accept the request"),
        503 => (FaultKind::Overloaded, "Try again later, or use another model"),
        504 => (FaultKind::Timeout, "Try again later"),
        _ => (FaultKind::Server, "Try again later"),
    };
    Fault {
        wait_ms,
        is_barred,
        code: reason.or(error["status"].as_str()).map(str::to_owned),
        ..Fault::new(kind, format!("Gemini says: {}. {advice}", said.trim_end_matches('.')))
    }
}

/// `46s` or `1.5s`.
fn duration_ms(text: &str) -> Option<u64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (seconds.is_finite() && (0.0..1e9).contains(&seconds)).then(|| (seconds * 1e3).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every further call of the key would meet stops the provider; whose status that is differs by cause and by year.
    #[test]
    fn money_that_is_missing_is_told_from_what_heals_and_from_a_bad_request() {
        let kind = |status: u16, name: &str, said: &str| {
            let reply = json!({"error": {"code": status, "status": name, "message": said}});
            read_fault(StatusCode::from_u16(status).expect("a status"), &reply).kind
        };
        let depleted = "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.";
        assert_eq!(kind(402, "RESOURCE_EXHAUSTED", depleted), FaultKind::QuotaSpent);
        assert_eq!(kind(429, "RESOURCE_EXHAUSTED", depleted), FaultKind::QuotaSpent, "as it was told until autumn 2026");
        assert_eq!(kind(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), FaultKind::RateLimited);
        let elsewhere = "User location is not supported for the API use.";
        assert_eq!(kind(400, "FAILED_PRECONDITION", elsewhere), FaultKind::Permission);
        assert_eq!(kind(400, "FAILED_PRECONDITION", "Billing is off"), FaultKind::QuotaSpent);
        assert_eq!(kind(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."), FaultKind::QuotaSpent);
        let vision =
            |of: &str| format!("Quota exceeded for quota metric 'Requests' and limit 'Requests per {of}' of service 'vision.googleapis.com'");
        assert_eq!(kind(429, "RESOURCE_EXHAUSTED", &vision("day")), FaultKind::QuotaSpent);
        assert_eq!(kind(429, "RESOURCE_EXHAUSTED", &vision("minute")), FaultKind::RateLimited);
        assert_eq!(kind(400, "INVALID_ARGUMENT", "Invalid value at 'contents'"), FaultKind::BadRequest);
        assert_eq!(kind(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), FaultKind::TooLarge);
    }
}
