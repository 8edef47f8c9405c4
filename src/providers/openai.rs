//! OpenAI's chat completions, and every server that speaks them; what differs between servers is data ([`Quirks`]).
//!
//! Wire: <https://developers.openai.com/api/docs/api-reference/chat>, limits:
//! <https://developers.openai.com/api/docs/guides/rate-limits>.

mod fault;
mod quirks;

use base64::Engine as _;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::chat::{self, ChatReading, ChatRequest};
use super::dialect::{Allowance, AskMode, Dialect, End, Framing, HttpRequest, OfferedModel, Reading, duration_ms};
use super::fit::{SchemaRule, is_closed};
use super::price::ListedModel;
use super::{KeyNeed, OutputMost, PhotoRequest, PhotoRule, SentPhoto};
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::{Effort, Takes};
use crate::wire::result::{Fault, FaultKind, Usage};
use quirks::{COMPATIBLE, OPENAI, Quirks, Structured, quirks_of};

/// Room for caption, tags and what thinking can't be turned off.
const OUTPUT_TOKENS_MOST: u32 = 4_096;

/// The wire.
pub struct OpenAi {
    /// What people call it; of a server of one's own, the name that it was given.
    label: String,
    quirks: Quirks,
    need: KeyNeed,
    default_base: &'static str,
}

impl OpenAi {
    /// OpenAI itself.
    #[must_use]
    pub fn new() -> Self {
        Self { label: OPENAI.server.to_owned(), quirks: OPENAI, need: KeyNeed::Required, default_base: "https://api.openai.com/" }
    }

    /// The compatible server of this name at this address.
    #[must_use]
    pub fn compatible(name: &str, base: Option<&Url>) -> Self {
        Self { label: name.to_owned(), quirks: base.map_or(COMPATIBLE, quirks_of), need: KeyNeed::Optional, default_base: "" }
    }

    fn read_whole(&self, reply: &Value) -> Result<Reading, Fault> {
        fault::inside(&self.label, reply)?;
        let mut reading = Reading { usage: usage(&reply["usage"]), cost_usd: cost(&reply["usage"]), ..Reading::default() };
        let choice = reply["choices"].get(0).ok_or_else(|| Fault::new(FaultKind::BadAnswer, "The answer holds no choice. Try again"))?;
        reading.text = text_of(&choice["message"]["content"]);
        end(&mut reading, &choice["finish_reason"], &choice["message"]["refusal"]);
        reading.request_id = reply["id"].as_str().map(str::to_owned);
        Ok(reading)
    }

    fn body(&self, request: &PhotoRequest, listed: Option<&ListedModel>, mode: AskMode) -> Result<Value, Fault> {
        let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
            return Err(Fault::new(FaultKind::Internal, "This wire takes a JPEG, not pixels"));
        };
        let quirks = self.quirks;
        let url = format!("data:image/jpeg;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes));
        let mut image = json!({"url": url});
        if quirks.sends_detail {
            image["detail"] = "high".into();
        }
        let parameters = &request.parameters;
        let mut messages =
            vec![json!({"role": "user", "content": [{"type": "image_url", "image_url": image}, {"type": "text", "text": request.prompt}]})];
        if !request.system.is_empty() {
            messages.insert(0, json!({"role": "system", "content": request.system}));
        }
        let mut body = json!({"model": request.model, "messages": messages});
        body[quirks.output_limit] = parameters.max_output_tokens.unwrap_or(OUTPUT_TOKENS_MOST).into();
        let least = listed.and_then(|model| model.thinking.as_deref());
        let asked = parameters.effort.map(|effort| if effort == Effort::Off { "none" } else { effort.label() });
        if let Some(effort) = asked.or(least).filter(|_| quirks.sends_effort) {
            body["reasoning_effort"] = effort.into();
        }
        let numbers = [("temperature", parameters.temperature), ("top_p", parameters.top_p)];
        for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            body[name] = value.into();
        }
        if let Some(seed) = parameters.seed {
            body["seed"] = seed.into();
        }
        if quirks.sends_store {
            body["store"] = false.into();
        }
        if mode.with_schema {
            let schema = request.sent_schema();
            let is_strict = quirks.structured == Structured::Strict && is_closed(&schema);
            let mut format = json!({"name": "photo", "schema": schema});
            if is_strict {
                format["strict"] = true.into();
            }
            body["response_format"] = json!({"type": "json_schema", "json_schema": format});
        }
        if quirks.requires_parameters && mode.with_schema {
            body["provider"] = json!({"require_parameters": true});
        }
        if mode.is_streamed {
            body["stream"] = true.into();
            if quirks.asks_usage {
                body["stream_options"] = json!({"include_usage": true});
            }
        }
        Ok(body)
    }
}

impl Default for OpenAi {
    fn default() -> Self {
        Self::new()
    }
}

impl Dialect for OpenAi {
    fn label(&self) -> &str {
        &self.label
    }

    fn default_base(&self) -> &str {
        self.default_base
    }

    fn key_need(&self) -> KeyNeed {
        self.need
    }

    /// 2,500 patches of 32 × 32 are what `high` looks at: 1600 × 1600.
    fn photo_rule(&self) -> PhotoRule {
        let max_edge_px = if self.need == KeyNeed::Required { 1_536 } else { 1_024 };
        PhotoRule::Jpeg { max_edge_px, quality: 85 }
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        bearer(key, &self.label)
    }

    /// What only speaks like OpenAI may count what the model thinks otherwise.
    fn output_most(&self) -> Option<OutputMost> {
        Some(OutputMost { tokens: OUTPUT_TOKENS_MOST, is_kept: self.quirks.output_limit == quirks::OPENAI.output_limit })
    }

    /// OpenAI's own newer models refuse sampling parameters, as the catalogue knows; other servers take what they know of.
    fn takes(&self, _model: &str, listed: Option<&ListedModel>) -> Takes {
        let sampling = !self.quirks.sends_effort || listed.is_none_or(|model| model.sampling);
        let efforts = match listed.and_then(|model| model.thinking.as_deref()) {
            _ if !self.quirks.sends_effort => Vec::new(),
            Some("none") => vec![Effort::Off, Effort::Low, Effort::Medium, Effort::High],
            _ => vec![Effort::Low, Effort::Medium, Effort::High],
        };
        Takes { system: true, schema: true, temperature: sampling, top_p: sampling, max_output_tokens: true, seed: true, efforts }
    }

    fn schema_rule(&self) -> SchemaRule {
        if self.quirks.structured == Structured::Strict { SchemaRule::StrictIfClosed } else { SchemaRule::Whole }
    }

    fn ask(&self, request: &PhotoRequest, listed: Option<&ListedModel>, mode: AskMode) -> Result<HttpRequest, Fault> {
        if request.model.is_empty() {
            return Err(Fault::new(FaultKind::UnknownModel, format!("{} needs a model's name after the slash", self.label)));
        }
        Ok(HttpRequest { path: "v1/chat/completions".to_owned(), body: Some(self.body(request, listed, mode)?) })
    }

    fn read(&self, _request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault> {
        self.read_whole(reply)
    }

    fn converse(&self, request: &ChatRequest, listed: Option<&ListedModel>) -> Option<Result<HttpRequest, Fault>> {
        let mut body = chat::openai::body(request);
        body[self.quirks.output_limit] = chat::OUTPUT_TOKENS_MOST.into();
        if let Some(effort) = listed.and_then(|model| model.thinking.as_ref()).filter(|_| self.quirks.sends_effort) {
            body["reasoning_effort"] = effort.as_str().into();
        }
        if self.quirks.sends_store {
            body["store"] = false.into();
        }
        Some(Ok(HttpRequest { path: "v1/chat/completions".to_owned(), body: Some(body) }))
    }

    fn read_turn(&self, reply: &Value) -> Result<ChatReading, Fault> {
        let reading = self.read_whole(reply)?;
        Ok(ChatReading { reading, calls: chat::openai::calls(&reply["choices"][0]["message"]), raw: Value::Null })
    }

    fn framing(&self) -> Option<Framing> {
        Some(Framing::Sse)
    }

    fn read_piece(&self, reading: &mut Reading, piece: &Value) -> Result<(), Fault> {
        fault::inside(&self.label, piece)?;
        if piece["usage"].is_object() {
            reading.usage = usage(&piece["usage"]);
            reading.cost_usd = cost(&piece["usage"]);
        }
        let choice = &piece["choices"][0];
        reading.text.push_str(&text_of(&choice["delta"]["content"]));
        end(reading, &choice["finish_reason"], &choice["delta"]["refusal"]);
        reading.request_id = reading.request_id.take().or_else(|| piece["id"].as_str().map(str::to_owned));
        Ok(())
    }

    fn read_fault(&self, status: StatusCode, _headers: &HeaderMap, reply: &Value) -> Fault {
        fault::of(&self.label, status, fault::error_of(reply))
    }

    /// `LiteLLM` tells it here.
    fn cost_told(&self, headers: &HeaderMap) -> Option<UsdMicros> {
        let told = headers.get("x-litellm-response-cost")?.to_str().ok()?;
        // It writes 0 for models whose price it does not know.
        told.trim().parse().ok().and_then(micros).filter(|cost| cost.0 > 0)
    }

    fn passes_on(&self, headers: &HeaderMap) -> bool {
        headers.keys().any(|name| name.as_str().starts_with("x-litellm-"))
    }

    fn allowance(&self, headers: &HeaderMap) -> Allowance {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let count = |name: &str| text(name).and_then(|value| value.trim().parse().ok());
        Allowance {
            requests_left: count("x-ratelimit-remaining-requests"),
            requests_reset_ms: text("x-ratelimit-reset-requests").and_then(duration_ms),
            tokens_left: count("x-ratelimit-remaining-tokens"),
            tokens_reset_ms: text("x-ratelimit-reset-tokens").and_then(duration_ms),
        }
    }

    fn list_models(&self, page: Option<&str>) -> Option<HttpRequest> {
        page.is_none().then(|| HttpRequest { path: "v1/models".to_owned(), body: None })
    }

    fn read_models(&self, reply: &Value) -> Result<(Vec<OfferedModel>, Option<String>), Fault> {
        let list = reply["data"].as_array().ok_or_else(|| Fault::new(FaultKind::BadAnswer, "The list of models has no models"))?;
        let offered = list.iter().filter_map(|model| {
            let modalities = model["architecture"]["input_modalities"].as_array();
            let retires = model["shutdown_date"].as_str().and_then(|date| date.get(..10)).and_then(|date| date.parse().ok());
            Some(OfferedModel {
                id: model["id"].as_str()?.to_owned(),
                display_name: model["name"].as_str().map(str::to_owned),
                takes_photos: modalities.map(|modalities| modalities.iter().any(|modality| modality == "image")),
                retires,
                context_tokens: model["context_length"].as_u64().or_else(|| model["max_model_len"].as_u64()),
            })
        });
        Ok((offered.collect(), None))
    }

    fn check(&self) -> HttpRequest {
        // OpenRouter lists its models to everybody; this asks about the key.
        let path = if self.quirks.server == "OpenRouter" { "v1/key" } else { "v1/models" };
        HttpRequest { path: path.to_owned(), body: None }
    }
}

/// `authorization: Bearer KEY`.
pub(super) fn bearer(key: Option<&SecretString>, label: &str) -> Result<HeaderMap, Fault> {
    let Some(key) = key else { return Ok(HeaderMap::new()) };
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret().trim()))
        .map_err(|_| Fault::new(FaultKind::Auth, format!("The key of {label} has characters that no key has. Enter it again")))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

/// Plain, or in parts as some servers give it.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// A refusal is said to have stopped well, its words beside an empty content; in a stream they come before the end.
fn end(reading: &mut Reading, finish: &Value, refusal: &Value) {
    if let Some(words) = refusal.as_str().filter(|words| !words.is_empty()) {
        let before = match &reading.end {
            End::Refused { why: Some(before), .. } => before.as_str(),
            _ => "",
        };
        reading.end = End::Refused { code: "refusal".to_owned(), why: Some(format!("{before}{words}")) };
    }
    if matches!(reading.end, End::Refused { .. }) {
        return;
    }
    match finish.as_str() {
        None => {}
        Some("length") => reading.end = End::Truncated("length".to_owned()),
        Some(code @ "content_filter") => {
            reading.end = End::Refused { code: code.to_owned(), why: Some("the photo or the prompt was filtered".to_owned()) };
        }
        Some(_) => reading.end = End::Complete,
    }
}

/// `prompt_tokens` holds cached ones, `completion_tokens` those of thinking.
fn usage(usage: &Value) -> Usage {
    let count = |value: &Value| value.as_u64();
    let (prompt, completion) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    Usage {
        input_tokens: count(&usage["prompt_tokens"]),
        output_tokens: count(&usage["completion_tokens"]),
        cached_tokens: count(&prompt["cached_tokens"]),
        cache_write_tokens: count(&prompt["cache_write_tokens"]).filter(|count| *count > 0),
        thinking_tokens: count(&completion["reasoning_tokens"]),
        image_tokens: count(&prompt["image_tokens"]),
    }
}

/// What a router says that the call cost, in USD.
fn cost(usage: &Value) -> Option<UsdMicros> {
    micros(usage["cost"].as_f64()?)
}

fn micros(usd: f64) -> Option<UsdMicros> {
    (0.0..1e9).contains(&usd).then(|| UsdMicros((usd * 1e6).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_tells_the_cost_itself_and_faults_inside_a_good_status() {
        let request = PhotoRequest::plain("m", SentPhoto::Jpeg { bytes: bytes::Bytes::new(), width_px: 1, height_px: 1 }, "");
        let wire = OpenAi::compatible("mine", None);
        let reply = json!({"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 5, "cost": 0.000_123}});
        assert_eq!(wire.read(&request, &reply).expect("reads").cost_usd, Some(UsdMicros(123)));
        for (told, cost) in [("1.23e-4", Some(UsdMicros(123))), ("0.0", None), ("-1", None), ("free", None)] {
            let headers =
                HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-litellm-response-cost"), told.parse().expect("a header"))]);
            assert_eq!(wire.cost_told(&headers), cost, "{told}");
        }
        let reply = json!({"error": {"code": 402, "message": "Insufficient credits"}});
        assert_eq!(wire.read(&request, &reply).expect_err("a fault").kind, FaultKind::QuotaSpent);
    }
}
