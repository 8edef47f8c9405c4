//! Google Gemini over `generateContent`.
//!
//! Wire: <https://ai.google.dev/api/generate-content>, structured output: <https://ai.google.dev/gemini-api/docs/structured-output>,
//! errors: <https://ai.google.dev/gemini-api/docs/troubleshooting>. The key travels in one header and nowhere else.

use std::time::{Duration, Instant};

use base64::Engine as _;
use bytes::Bytes;
use chrono::Utc;
use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::answer::{self, schema};
use super::price::{self, ListedModel};
use super::send::{http_client, send};
use super::{BoxFuture, CallContext, CatalogueEntry, GEMINI, KeyNeed, PhotoRequest, PhotoRule, Provider, SentPhoto};
use crate::keys::Keys;
use crate::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Usage};

const DEFAULT_BASE: &str = "https://generativelanguage.googleapis.com/";
const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Room for caption, tags and what thinking can't be turned off.
const OUTPUT_TOKENS_MOST: u32 = 4_096;
/// A photo costs the same tokens from this resolution on; more pixels only take time.
const MAX_EDGE_PX: u32 = 1_536;
const JPEG_QUALITY: u8 = 85;

/// The provider.
pub struct Gemini {
    base: Result<Url, String>,
    http: Result<reqwest::Client, Fault>,
    keys: Keys,
}

impl Gemini {
    /// `base`: replaces Google's address.
    #[must_use]
    pub fn new(base: Option<Url>, keys: Keys) -> Self {
        let base = base.map_or_else(|| Url::parse(DEFAULT_BASE).map_err(|error| error.to_string()), Ok).map(|mut base| {
            // `join` takes the last segment for a file unless it ends in a slash.
            if !base.path().ends_with('/') {
                base.set_path(&format!("{}/", base.path()));
            }
            base
        });
        Self { base, http: http_client(), keys }
    }

    fn url(&self, path: &str) -> Result<Url, Fault> {
        let base = self.base.as_ref().map_err(|why| fault(FaultKind::Internal, format!("The base URL can't be used: {why}")))?;
        base.join(path).map_err(|error| fault(FaultKind::UnknownModel, format!("The model's name can't stand in a URL: {error}")))
    }

    async fn key(&self) -> Result<HeaderValue, Fault> {
        let (key, _) = self.keys.get(GEMINI).await.map_err(|problem| fault(FaultKind::Auth, problem.to_string()))?;
        header_of(&key)
    }

    async fn ask(&self, request: &PhotoRequest, call: &CallContext) -> Result<Answer, Fault> {
        let http = self.http.as_ref().map_err(Clone::clone)?;
        if request.model.is_empty() || !request.model.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Err(fault(FaultKind::UnknownModel, format!("'{}' is not a Gemini model's name; write gemini/MODEL", request.model)));
        }
        // Aliases such as gemini-flash-latest exist only in the beta version of the API.
        let version = if request.model.ends_with("-latest") { "v1beta" } else { "v1" };
        let url = self.url(&format!("{version}/models/{}:generateContent", request.model))?;
        let listed = price::model(GEMINI, &request.model);
        let body = Bytes::from(body(request, listed)?.to_string());
        let key = self.key().await?;
        let build = || http.post(url.clone()).header(KEY_HEADER, key.clone()).header("content-type", "application/json").body(body.clone());
        let (reply, retries) = send(GEMINI, call, build, read_fault).await?;
        let read = read(&reply, listed);
        match read {
            Ok(answer) => Ok(Answer { retries, ..answer }),
            Err(found) => Err(Fault { retries, provider: Some(GEMINI.to_owned()), status: Some(200), ..found }),
        }
    }
}

impl Provider for Gemini {
    fn name(&self) -> &str {
        GEMINI
    }

    fn label(&self) -> &'static str {
        "Google Gemini"
    }

    fn key_need(&self) -> KeyNeed {
        KeyNeed::Required
    }

    fn default_base(&self) -> Option<&str> {
        Some(DEFAULT_BASE)
    }

    fn catalogue(&self) -> Vec<CatalogueEntry> {
        let today = Utc::now().date_naive();
        let entry = |model: &ListedModel| {
            let price = model.price_on(today);
            CatalogueEntry {
                model: model.id.clone(),
                display_name: model.name.clone(),
                description: model.about.clone(),
                captions: true,
                follows_prompt: true,
                input_usd_per_million: price.map(|price| price.input.usd_per_million()),
                output_usd_per_million: price.map(|price| price.output.usd_per_million()),
            }
        };
        price::models().iter().filter(|model| model.provider == GEMINI).map(entry).collect()
    }

    fn photo_rule(&self, _model: &str) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: MAX_EDGE_PX, quality: JPEG_QUALITY }
    }

    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>> {
        Box::pin(self.ask(request, call))
    }

    /// Lists one model: free, and refused without a good key.
    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        Box::pin(async move {
            let http = self.http.as_ref().map_err(Clone::clone)?;
            let (url, key) = (self.url("v1/models?pageSize=1")?, self.key().await?);
            let begun = Instant::now();
            let (reply, _) = send(GEMINI, call, || http.get(url.clone()).header(KEY_HEADER, key.clone()), read_fault).await?;
            serde_json::from_slice::<Value>(&reply).map_err(|_| bad_answer(&reply))?;
            Ok(begun.elapsed())
        })
    }
}

fn header_of(key: &SecretString) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(key.expose_secret().trim())
        .map_err(|_| fault(FaultKind::Auth, "The Gemini key has characters that no key has. Enter it again"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn fault(kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault { provider: Some(GEMINI.to_owned()), ..Fault::new(kind, message) }
}

/// The body of a request. Photo first, then the prompt; the schema's order is the order in which the model writes.
pub fn body(request: &PhotoRequest, listed: Option<&ListedModel>) -> Result<Value, Fault> {
    let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
        return Err(fault(FaultKind::Internal, "Gemini takes a JPEG, not pixels"));
    };
    let mut generation = json!({
        "responseMimeType": "application/json",
        "responseJsonSchema": schema(),
        "maxOutputTokens": OUTPUT_TOKENS_MOST,
        "mediaResolution": "MEDIA_RESOLUTION_MEDIUM",
    });
    if let Some(level) = listed.and_then(|model| model.thinking.as_ref()) {
        generation["thinkingConfig"] = json!({"thinkingLevel": level});
    }
    Ok(json!({
        "contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/jpeg", "data": base64::engine::general_purpose::STANDARD.encode(bytes)}},
            {"text": request.prompt},
        ]}],
        "generationConfig": generation,
    }))
}

/// Reads a good status: an answer, or a refusal or cut inside it. Refusals and cuts are billed and carry their usage.
pub fn read(reply: &[u8], listed: Option<&ListedModel>) -> Result<Answer, Fault> {
    let value: Value = serde_json::from_slice(reply).map_err(|_| bad_answer(reply))?;
    let usage = usage(&value["usageMetadata"]);
    let cost_usd = listed.and_then(|model| model.price_on(Utc::now().date_naive())).and_then(|price| price.cost(&usage));
    let request_id = value["responseId"].as_str().map(str::to_owned);
    let billed = |kind, code: Option<&str>, message: String| Fault {
        usage,
        cost_usd,
        request_id: request_id.clone(),
        code: code.map(str::to_owned),
        ..fault(kind, message)
    };
    let Some(candidate) = value["candidates"].get(0) else {
        return Err(match value["promptFeedback"]["blockReason"].as_str() {
            Some(reason) => billed(FaultKind::Refused, Some(reason), format!("Gemini refused the photo or the prompt ({reason})")),
            None => billed(FaultKind::BadAnswer, None, "Gemini's answer holds no candidate. Try again".to_owned()),
        });
    };
    let text: String = candidate["content"]["parts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|part| part["thought"].as_bool() != Some(true))
        .filter_map(|part| part["text"].as_str())
        .collect();
    match candidate["finishReason"].as_str() {
        Some("STOP") | None => {}
        Some(reason @ ("MAX_TOKENS" | "CONTINUATION")) => {
            return Err(billed(
                FaultKind::Truncated,
                Some(reason),
                format!("Gemini's answer was cut off at {OUTPUT_TOKENS_MOST} tokens. Ask for fewer tags"),
            ));
        }
        Some(reason) => {
            let why = candidate["finishMessage"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
            return Err(billed(FaultKind::Refused, Some(reason), format!("Gemini would not answer ({reason}){why}")));
        }
    }
    let read = answer::read(&text).map_err(|why| billed(FaultKind::BadAnswer, None, why))?;
    Ok(Answer {
        caption: read.caption,
        tags: read.tags,
        confidence_kind: ConfidenceKind::SelfReported,
        usage,
        cost_usd,
        retries: 0,
        notes: read.notes,
    })
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

fn bad_answer(reply: &[u8]) -> Fault {
    let start: String = String::from_utf8_lossy(reply).trim().chars().take(120).collect();
    fault(FaultKind::BadAnswer, format!("The server's answer is not Gemini's. It begins: {start}. Check the base URL, and proxies on the way"))
}

/// Reads a bad status. The error may come alone or as the one element of an array.
pub fn read_fault(status: StatusCode, reply: &Bytes) -> Fault {
    let value: Value = serde_json::from_slice(reply).unwrap_or_default();
    let error = if value.is_array() { &value[0]["error"] } else { &value["error"] };
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let detail = |name: &str| details.iter().find(|detail| detail["@type"].as_str().is_some_and(|kind| kind.ends_with(name)));
    let reason = detail("ErrorInfo").and_then(|info| info["reason"].as_str());
    let said = error["message"].as_str().map_or_else(|| format!("Status {status}"), |said| said.chars().take(500).collect());
    let wait_ms = detail("RetryInfo").and_then(|info| info["retryDelay"].as_str()).and_then(duration_ms);
    let per_day = detail("QuotaFailure").is_some_and(|quota| {
        let violations = quota["violations"].as_array().into_iter().flatten();
        violations.filter_map(|violation| violation["quotaId"].as_str()).any(|id| id.contains("PerDay"))
    });
    let spent = per_day || said.contains("limit: 0");
    let (kind, advice) = match status.as_u16() {
        _ if matches!(reason, Some("API_KEY_INVALID")) => (FaultKind::Auth, "Enter a valid Gemini key in Pipeline control"),
        401 => (FaultKind::Auth, "Enter a valid Gemini key in Pipeline control"),
        402 => (FaultKind::QuotaSpent, "Check the billing of the Google account"),
        403 => (FaultKind::Permission, "The key may not use this model or API; check its restrictions"),
        404 if said.contains("no longer available") => (FaultKind::RetiredModel, "Choose another model"),
        404 => (FaultKind::UnknownModel, "Choose another model"),
        413 => (FaultKind::TooLarge, "Send a smaller photo"),
        429 if spent => (FaultKind::QuotaSpent, "The quota of this key is used up; waiting a few minutes will not help"),
        429 => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        400..=499 => (FaultKind::BadRequest, "Gemini did not accept the request"),
        503 => (FaultKind::Overloaded, "Try again later, or use another model"),
        504 => (FaultKind::Timeout, "Try again later"),
        _ => (FaultKind::Server, "Try again later"),
    };
    Fault { wait_ms, code: reason.or(error["status"].as_str()).map(str::to_owned), ..fault(kind, format!("{said}. {advice}")) }
}

/// `46s` or `1.5s`.
fn duration_ms(text: &str) -> Option<u64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (seconds.is_finite() && (0.0..1e9).contains(&seconds)).then(|| (seconds * 1e3).ceil() as u64)
}
