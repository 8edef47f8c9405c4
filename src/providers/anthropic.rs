//! Anthropic's Messages.
//!
//! Wire: <https://platform.claude.com/docs/en/api/messages>, structured output:
//! <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>, errors: <https://platform.claude.com/docs/en/api/errors>,
//! limits: <https://platform.claude.com/docs/en/api/rate-limits>.

use base64::Engine as _;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::chat::{self, ChatReading, ChatRequest};
use super::dialect::{Allowance, AskMode, Dialect, End, Framing, HttpRequest, OfferedModel, Reading, SHORTEN, is_beyond_context, status_words};
use super::fit::SchemaRule;
use super::price::ListedModel;
use super::{OutputMost, PhotoRequest, PhotoRule, SentPhoto};
use crate::wire::prompt_parts::{Effort, Takes};
use crate::wire::result::{Fault, FaultKind, Usage};

const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");
/// This version takes no sampling parameters.
const VERSION: HeaderValue = HeaderValue::from_static("2026-10-21");
/// Room for caption, tags and what thinking can't be turned off.
const OUTPUT_TOKENS_MOST: u32 = 4_096;

/// What it takes of JSON Schema, objects closed. <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
const SCHEMA_WORDS: [&str; 15] = [
    "type",
    "format",
    "title",
    "description",
    "enum",
    "const",
    "items",
    "minItems 0..=1",
    "anyOf",
    "allOf",
    "properties",
    "additionalProperties",
    "required",
    "$defs",
    "$ref",
];

/// The wire.
pub struct Anthropic;

impl Dialect for Anthropic {
    fn label(&self) -> &'static str {
        "Anthropic"
    }

    fn default_base(&self) -> &'static str {
        "https://api.anthropic.com/"
    }

    /// More is scaled down by Anthropic before a model of the older kind sees it.
    fn photo_rule(&self) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: 1_568, quality: 85 }
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::from_iter([(VERSION_HEADER, VERSION)]);
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(key.expose_secret().trim())
                .map_err(|_| Fault::new(FaultKind::Auth, "The Anthropic key has characters that no key has. Enter it again"))?;
            value.set_sensitive(true);
            headers.insert(KEY_HEADER, value);
        }
        Ok(headers)
    }

    fn output_most(&self) -> Option<OutputMost> {
        Some(OutputMost { tokens: OUTPUT_TOKENS_MOST, is_kept: true })
    }

    /// This version takes no sampling parameters, and no seed.
    fn takes(&self, _model: &str, listed: Option<&ListedModel>) -> Takes {
        let efforts = match listed.and_then(|model| model.thinking.as_deref()) {
            Some("disabled") => vec![Effort::Off, Effort::Low, Effort::Medium, Effort::High],
            _ => vec![Effort::Low, Effort::Medium, Effort::High],
        };
        Takes { system: true, schema: true, max_output_tokens: true, efforts, ..Takes::default() }
    }

    fn schema_rule(&self) -> SchemaRule {
        SchemaRule::Words { known: &SCHEMA_WORDS, closes_objects: true }
    }

    fn ask(&self, request: &PhotoRequest, listed: Option<&ListedModel>, mode: AskMode) -> Result<HttpRequest, Fault> {
        if request.model.is_empty() {
            return Err(Fault::new(FaultKind::UnknownModel, "Anthropic needs a model's name; write anthropic/MODEL"));
        }
        let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
            return Err(Fault::new(FaultKind::Internal, "Anthropic takes a JPEG, not pixels"));
        };
        let mut body = json!({
            "model": request.model,
            "max_tokens": request.parameters.max_output_tokens.unwrap_or(OUTPUT_TOKENS_MOST),
            "messages": [{"role": "user", "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/jpeg", "data": base64::engine::general_purpose::STANDARD.encode(bytes)},
                    // Said instead of scaled down without a word.
                    "transformations": {"oversized_image": "error"}
                },
                {"type": "text", "text": request.prompt},
            ]}],
        });
        match request.parameters.effort {
            Some(Effort::Off) => body["thinking"] = json!({"type": "disabled"}),
            Some(effort) => body["output_config"]["effort"] = effort.label().into(),
            None => think(&mut body, listed),
        }
        if !request.system.is_empty() {
            body["system"] = request.system.as_str().into();
        }
        if mode.with_schema {
            body["output_config"]["format"] = json!({"type": "json_schema", "schema": request.sent_schema()});
        }
        if mode.is_streamed {
            body["stream"] = true.into();
        }
        Ok(HttpRequest { path: "v1/messages".to_owned(), body: Some(body) })
    }

    fn read(&self, _request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault> {
        read_whole(reply)
    }

    fn converse(&self, request: &ChatRequest, listed: Option<&ListedModel>) -> Option<Result<HttpRequest, Fault>> {
        let mut body = chat::anthropic::body(request);
        think(&mut body, listed);
        Some(Ok(HttpRequest { path: "v1/messages".to_owned(), body: Some(body) }))
    }

    fn read_turn(&self, reply: &Value) -> Result<ChatReading, Fault> {
        let reading = read_whole(reply)?;
        Ok(ChatReading { reading, calls: chat::anthropic::calls(&reply["content"]), raw: reply["content"].clone() })
    }

    fn framing(&self) -> Option<Framing> {
        Some(Framing::Sse)
    }

    fn read_piece(&self, reading: &mut Reading, piece: &Value) -> Result<(), Fault> {
        match piece["type"].as_str() {
            Some("error") => return Err(fault_of(None, piece)),
            Some("message_start") => {
                reading.request_id = piece["message"]["id"].as_str().map(str::to_owned);
                reading.usage = usage(&piece["message"]["usage"]);
            }
            Some("content_block_delta") if piece["delta"]["type"] == "text_delta" => {
                reading.text.push_str(piece["delta"]["text"].as_str().unwrap_or_default());
            }
            Some("message_delta") => {
                end(reading, &piece["delta"]);
                reading.usage = gone_on(&reading.usage, &piece["usage"]);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_fault(&self, status: StatusCode, _headers: &HeaderMap, reply: &Value) -> Fault {
        fault_of(Some(status), reply)
    }

    fn allowance(&self, headers: &HeaderMap) -> Allowance {
        let now = Utc::now();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let count = |name: &str| text(name).and_then(|value| value.trim().parse().ok());
        let reset = |name: &str| {
            let wait = DateTime::parse_from_rfc3339(text(name)?).ok()?.signed_duration_since(now);
            u64::try_from(wait.num_milliseconds()).ok()
        };
        Allowance {
            requests_left: count("anthropic-ratelimit-requests-remaining"),
            requests_reset_ms: reset("anthropic-ratelimit-requests-reset"),
            tokens_left: count("anthropic-ratelimit-tokens-remaining"),
            tokens_reset_ms: reset("anthropic-ratelimit-tokens-reset"),
        }
    }

    fn request_id_header(&self) -> &'static str {
        "request-id"
    }

    fn list_models(&self, page: Option<&str>) -> Option<HttpRequest> {
        let after = page.map(|page| format!("&after_id={}", url::form_urlencoded::byte_serialize(page.as_bytes()).collect::<String>()));
        Some(HttpRequest { path: format!("v1/models?limit=1000{}", after.unwrap_or_default()), body: None })
    }

    fn read_models(&self, reply: &Value) -> Result<(Vec<OfferedModel>, Option<String>), Fault> {
        let list = reply["data"].as_array().ok_or_else(|| Fault::new(FaultKind::BadAnswer, "Anthropic's list of models has no models"))?;
        let offered = list.iter().filter_map(|model| {
            Some(OfferedModel {
                id: model["id"].as_str()?.to_owned(),
                display_name: model["display_name"].as_str().map(str::to_owned),
                takes_photos: model["capabilities"]["image_input"]["supported"].as_bool(),
                retires: model["retires_at"].as_str().and_then(|at| at.get(..10)).and_then(|day| day.parse().ok()),
                context_tokens: model["max_input_tokens"].as_u64(),
            })
        });
        let next = reply["last_id"].as_str().filter(|_| reply["has_more"] == true).map(str::to_owned);
        Ok((offered.collect(), next))
    }

    /// <https://platform.claude.com/docs/en/api/messages-count-tokens>: free, with a limit of its own.
    fn count(&self, model: &str, system: &str, text: &str) -> Option<Result<HttpRequest, Fault>> {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
        if !system.is_empty() {
            body["system"] = system.into();
        }
        Some(Ok(HttpRequest { path: "v1/messages/count_tokens".to_owned(), body: Some(body) }))
    }

    fn read_count(&self, reply: &Value) -> Option<u64> {
        reply["input_tokens"].as_u64()
    }

    fn check(&self) -> HttpRequest {
        HttpRequest { path: "v1/models?limit=1".to_owned(), body: None }
    }
}

/// As little thinking as the model has.
fn think(body: &mut Value, listed: Option<&ListedModel>) {
    // Where thinking can't be turned off, the request would be refused.
    match listed.and_then(|model| model.thinking.as_deref()) {
        Some("disabled") => body["thinking"] = json!({"type": "disabled"}),
        Some(effort) => body["output_config"]["effort"] = effort.into(),
        None => {}
    }
}

fn read_whole(reply: &Value) -> Result<Reading, Fault> {
    if reply["type"] == "error" || reply["error"].is_object() {
        return Err(fault_of(None, reply));
    }
    let content = reply["content"].as_array().ok_or_else(|| Fault::new(FaultKind::BadAnswer, "The answer holds no content. Try again"))?;
    let mut reading = Reading { usage: usage(&reply["usage"]), request_id: reply["id"].as_str().map(str::to_owned), ..Reading::default() };
    reading.text = content.iter().filter(|block| block["type"] == "text").filter_map(|block| block["text"].as_str()).collect();
    end(&mut reading, reply);
    Ok(reading)
}

fn end(reading: &mut Reading, message: &Value) {
    match message["stop_reason"].as_str() {
        None => {}
        Some("refusal") => {
            let details = &message["stop_details"];
            let code = details["category"].as_str().unwrap_or("refusal").to_owned();
            reading.end = End::Refused { code, why: details["explanation"].as_str().map(str::to_owned) };
        }
        Some(code @ ("max_tokens" | "model_context_window_exceeded")) => reading.end = End::Truncated(code.to_owned()),
        Some(_) => reading.end = End::Complete,
    }
}

/// `input_tokens` leaves out what went through the cache; it is added, so that the sum is all input.
fn usage(usage: &Value) -> Usage {
    let count = |name: &str| usage[name].as_u64();
    let (read, written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    Usage {
        input_tokens: count("input_tokens").map(|plain| plain + read.unwrap_or(0) + written.unwrap_or(0)),
        output_tokens: count("output_tokens"),
        cached_tokens: read,
        cache_write_tokens: written.filter(|count| *count > 0),
        thinking_tokens: usage["output_tokens_details"]["thinking_tokens"].as_u64(),
        image_tokens: None,
    }
}

/// The usage at the end of a stream: counts that are left out (or null) are as they were at its start. Those of the cache are part of
/// all input, so that they must not be lost where only the plain ones are told anew.
fn gone_on(before: &Usage, told: &Value) -> Usage {
    let count = |name: &str| told[name].as_u64();
    let cached = count("cache_read_input_tokens").or(before.cached_tokens);
    let written = count("cache_creation_input_tokens").filter(|count| *count > 0).or(before.cache_write_tokens);
    let input = count("input_tokens").map(|plain| plain + cached.unwrap_or(0) + written.unwrap_or(0));
    let last = usage(told);
    Usage {
        input_tokens: input.or(before.input_tokens),
        output_tokens: last.output_tokens.or(before.output_tokens),
        cached_tokens: cached,
        cache_write_tokens: written,
        thinking_tokens: last.thinking_tokens.or(before.thinking_tokens),
        image_tokens: None,
    }
}

/// How the words begin that tell of a spend limit which the organisation or its workspace has set itself; nothing else does: status
/// and type are those of any bad request. <https://platform.claude.com/docs/en/api/errors>
const OWN_LIMIT: [&str; 2] = ["You have reached your specified API usage limits", "You have reached your specified workspace API usage limits"];
/// The same of a credit that is used up, and of an organisation that was shut out.
const NO_CREDIT: &str = "credit balance is too low";
const DISABLED: &str = "organization has been disabled";

/// Branches on the stable `error_code`, then on the type, and on the words where there is nothing else.
fn fault_of(status: Option<StatusCode>, reply: &Value) -> Fault {
    let error = &reply["error"];
    let (kind_told, code) = (error["type"].as_str().unwrap_or_default(), error["details"]["error_code"].as_str());
    let said = error["message"].as_str().map(|said| said.chars().take(500).collect::<String>());
    let said = said.unwrap_or_else(|| status.map_or_else(|| "It told of an error".to_owned(), status_words));
    let number = status.map_or(0, |status| status.as_u16());
    // Its list of models names the date; a model that is gone is known by its words alone.
    let is_retired = said.contains("retired") || said.contains("deprecated");
    let is_barred = said.contains(DISABLED);
    let (kind, advice) = match (code, kind_told, number) {
        (Some("enforced_spend_limit_reached"), ..) => (FaultKind::QuotaSpent, "Raise the spend limit or wait for the next month"),
        (Some("ramp_limit_exceeded"), ..) | (_, "rate_limit_error", _) => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        (Some("image_dimensions_too_large"), ..) | (_, "request_too_large", _) => (FaultKind::TooLarge, "Send a smaller photo"),
        (_, "invalid_request_error", 400) if OWN_LIMIT.iter().any(|begin| said.starts_with(begin)) => {
            (FaultKind::QuotaSpent, "Raise the spend limit in the Claude Console, or wait until it begins anew")
        }
        (_, _, 400 | 403) if said.contains(NO_CREDIT) => {
            (FaultKind::QuotaSpent, "Buy credit in the Claude Console; until then none of this key's calls is answered")
        }
        (_, _, 400 | 401 | 403) if is_barred => (FaultKind::Permission, "Ask Anthropic's support, or enter the key of another organisation"),
        (_, "invalid_request_error", 400) if is_beyond_context(&said) => (FaultKind::TooLarge, SHORTEN),
        (_, "billing_error", _) | (_, _, 402) => (FaultKind::QuotaSpent, "Check the account's credit"),
        (_, "authentication_error", _) | (_, _, 401) => (FaultKind::Auth, "Enter a valid Anthropic key in Pipeline control"),
        (_, "permission_error", _) | (_, _, 403) => (FaultKind::Permission, "The key may not use this; check its workspace"),
        (_, _, 410) => (FaultKind::RetiredModel, "Choose another model"),
        (_, "not_found_error", _) | (_, _, 404) if is_retired => (FaultKind::RetiredModel, "Choose another model"),
        (_, "not_found_error", _) | (_, _, 404) => (FaultKind::UnknownModel, "Choose another model"),
        (_, "overloaded_error", _) | (_, _, 529 | 503) => (FaultKind::Overloaded, "Try again later, or use another model"),
        (_, "timeout_error", _) | (_, _, 408 | 504) => (FaultKind::Timeout, "Try again later"),
        (_, _, 413) => (FaultKind::TooLarge, "Send a smaller photo"),
        (_, _, 429) => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        (_, "invalid_request_error", _) | (_, _, 400..=499) => (FaultKind::BadRequest, "Anthropic did not accept the request"),
        _ => (FaultKind::Server, "Try again later"),
    };
    let code = code.or(Some(kind_told).filter(|kind| !kind.is_empty())).map(str::to_owned);
    let request_id = reply["request_id"].as_str().map(str::to_owned);
    Fault { code, request_id, is_barred, ..Fault::new(kind, format!("Anthropic: {}. {advice}", said.trim_end().trim_end_matches('.'))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 300 plain tokens beside 500 of the cache are 800, whether the end of the stream repeats the latter or not.
    #[test]
    fn what_went_through_the_cache_is_not_lost_at_the_end_of_a_stream() {
        let begun = usage(&json!({"input_tokens": 260, "cache_read_input_tokens": 500, "cache_creation_input_tokens": 0, "output_tokens": 1}));
        assert_eq!((begun.input_tokens, begun.cached_tokens), (Some(760), Some(500)));
        let left_out = gone_on(&begun, &json!({"output_tokens": 100}));
        assert_eq!((left_out.input_tokens, left_out.cached_tokens, left_out.output_tokens), (Some(760), Some(500), Some(100)));
        let null = json!({"input_tokens": 300, "cache_read_input_tokens": null, "cache_creation_input_tokens": null, "output_tokens": 100});
        assert_eq!(gone_on(&begun, &null).input_tokens, Some(800));
        let whole = json!({"input_tokens": 300, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 50, "output_tokens": 100});
        let whole = gone_on(&begun, &whole);
        assert_eq!((whole.input_tokens, whole.cached_tokens, whole.cache_write_tokens), (Some(950), Some(600), Some(50)));
    }

    #[test]
    fn a_spend_limit_of_ones_own_stops_though_its_status_is_that_of_a_bad_request() {
        let fault = |said: &str| fault_of(Some(StatusCode::BAD_REQUEST), &json!({"error": {"type": "invalid_request_error", "message": said}}));
        let spent = fault("You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.");
        assert_eq!(spent.kind, FaultKind::QuotaSpent);
        assert!(spent.message.contains("regain access on 2026-12-01"), "{spent}");
        assert_eq!(fault("messages: You have reached a limit of 100 images").kind, FaultKind::BadRequest);
        let empty = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.";
        assert_eq!(fault(empty).kind, FaultKind::QuotaSpent);
        assert_eq!(fault("prompt is too long: 210345 tokens > 200000 maximum").kind, FaultKind::TooLarge);
        let shut_out = fault("This organization has been disabled.");
        assert!(shut_out.stops_provider() && shut_out.kind == FaultKind::Permission, "{shut_out:?}");
    }
}
