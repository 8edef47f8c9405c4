//! Ollama's own chat, on this machine or beside it.
//!
//! Wire: <https://docs.ollama.com/api/chat>, errors: <https://docs.ollama.com/api/errors>.

use base64::Engine as _;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::chat::{self, ChatReading, ChatRequest};
use super::dialect::{AskMode, Dialect, End, Framing, HttpRequest, OfferedModel, Reading, SHORTEN, is_beyond_context, status_words};
use super::openai::bearer;
use super::price::ListedModel;
use super::{KeyNeed, OutputMost, PhotoRequest, PhotoRule, SentPhoto};
use crate::wire::prompt_parts::{Effort, Takes};
use crate::wire::result::{Fault, FaultKind, Usage};

const OUTPUT_TOKENS_MOST: u32 = 2_048;
/// The default is small, and what does not fit is cut off without a word: the photo first.
const CONTEXT_TOKENS: u32 = 8_192;

/// The wire.
pub struct Ollama;

impl Ollama {
    fn read_whole(&self, reply: &Value) -> Result<Reading, Fault> {
        if reply["message"].is_null() && reply["error"].is_null() {
            return Err(Fault::new(FaultKind::BadAnswer, "Ollama's answer holds no message. Check the base URL"));
        }
        let mut reading = Reading::default();
        self.read_piece(&mut reading, reply)?;
        Ok(reading)
    }
}

impl Dialect for Ollama {
    fn label(&self) -> &'static str {
        "Ollama"
    }

    fn default_base(&self) -> &'static str {
        "http://localhost:11434/"
    }

    /// A proxy or ollama.com wants one.
    fn key_need(&self) -> KeyNeed {
        KeyNeed::Optional
    }

    fn photo_rule(&self) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: 1_024, quality: 85 }
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        bearer(key, "Ollama")
    }

    fn output_most(&self) -> Option<OutputMost> {
        Some(OutputMost { tokens: OUTPUT_TOKENS_MOST, is_kept: true })
    }

    /// Thinking is on or off there.
    fn takes(&self, _model: &str, _listed: Option<&ListedModel>) -> Takes {
        let efforts = vec![Effort::Off, Effort::High];
        Takes { system: true, schema: true, temperature: true, top_p: true, max_output_tokens: true, seed: true, efforts }
    }

    fn ask(&self, request: &PhotoRequest, _listed: Option<&ListedModel>, mode: AskMode) -> Result<HttpRequest, Fault> {
        if request.model.is_empty() {
            return Err(Fault::new(FaultKind::UnknownModel, "Ollama needs a model's name; write ollama/MODEL, such as ollama/gemma4"));
        }
        let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
            return Err(Fault::new(FaultKind::Internal, "Ollama takes a JPEG, not pixels"));
        };
        let photo = base64::engine::general_purpose::STANDARD.encode(bytes);
        let parameters = &request.parameters;
        let written = parameters.max_output_tokens.unwrap_or(OUTPUT_TOKENS_MOST);
        // Room for a longer answer is not taken from the photo's.
        let context = CONTEXT_TOKENS + written.saturating_sub(OUTPUT_TOKENS_MOST);
        let temperature = parameters.temperature.map_or_else(|| json!(0), Value::from);
        let mut messages = vec![json!({"role": "user", "content": request.prompt, "images": [photo]})];
        if !request.system.is_empty() {
            messages.insert(0, json!({"role": "system", "content": request.system}));
        }
        let mut body = json!({
            "model": request.model,
            "stream": mode.is_streamed,
            "keep_alive": "10m",
            "options": {"num_predict": written, "num_ctx": context, "temperature": temperature},
            "messages": messages,
        });
        if let Some(top_p) = parameters.top_p {
            body["options"]["top_p"] = top_p.into();
        }
        if let Some(seed) = parameters.seed {
            body["options"]["seed"] = seed.into();
        }
        if let Some(effort) = parameters.effort {
            body["think"] = (effort != Effort::Off).into();
        }
        if mode.with_schema {
            body["format"] = request.sent_schema();
        }
        Ok(HttpRequest { path: "api/chat".to_owned(), body: Some(body) })
    }

    fn read(&self, _request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault> {
        self.read_whole(reply)
    }

    fn converse(&self, request: &ChatRequest, _listed: Option<&ListedModel>) -> Option<Result<HttpRequest, Fault>> {
        Some(Ok(HttpRequest { path: "api/chat".to_owned(), body: Some(chat::ollama::body(request)) }))
    }

    fn read_turn(&self, reply: &Value) -> Result<ChatReading, Fault> {
        let reading = self.read_whole(reply)?;
        Ok(ChatReading { reading, calls: chat::ollama::calls(&reply["message"]), raw: Value::Null })
    }

    /// More is not asked for, and what is beyond is cut off without a word.
    fn context_tokens(&self) -> Option<u64> {
        Some(u64::from(CONTEXT_TOKENS))
    }

    fn framing(&self) -> Option<Framing> {
        Some(Framing::Lines)
    }

    /// Every line has the shape of a whole reply; the last one holds the counts.
    fn read_piece(&self, reading: &mut Reading, piece: &Value) -> Result<(), Fault> {
        if !piece["error"].is_null() {
            return Err(fault_of(StatusCode::INTERNAL_SERVER_ERROR, piece));
        }
        reading.text.push_str(piece["message"]["content"].as_str().unwrap_or_default());
        if piece["done"] == true {
            let count = |name: &str| piece[name].as_u64();
            reading.usage = Usage {
                input_tokens: count("prompt_eval_count"),
                output_tokens: count("eval_count"),
                cached_tokens: count("prompt_eval_cached_count"),
                ..Usage::default()
            };
            reading.end = match piece["done_reason"].as_str() {
                Some("length") => End::Truncated("length".to_owned()),
                _ => End::Complete,
            };
        }
        Ok(())
    }

    fn read_fault(&self, status: StatusCode, _headers: &HeaderMap, reply: &Value) -> Fault {
        fault_of(status, reply)
    }

    fn list_models(&self, page: Option<&str>) -> Option<HttpRequest> {
        page.is_none().then(|| HttpRequest { path: "api/tags".to_owned(), body: None })
    }

    fn read_models(&self, reply: &Value) -> Result<(Vec<OfferedModel>, Option<String>), Fault> {
        let list = reply["models"].as_array().ok_or_else(|| Fault::new(FaultKind::BadAnswer, "Ollama's list of models has no models"))?;
        let offered = list.iter().filter_map(|model| {
            let id = model["model"].as_str().or_else(|| model["name"].as_str())?;
            Some(OfferedModel {
                id: id.strip_suffix(":latest").unwrap_or(id).to_owned(),
                display_name: None,
                takes_photos: sees(model),
                retires: None,
                context_tokens: None,
            })
        });
        Ok((offered.collect(), None))
    }

    /// Its list has names and sizes alone. <https://docs.ollama.com/api/show>
    fn describe(&self, model: &str) -> Option<HttpRequest> {
        Some(HttpRequest { path: "api/show".to_owned(), body: Some(json!({"model": model})) })
    }

    fn read_description(&self, reply: &Value) -> Option<bool> {
        sees(reply)
    }

    fn check(&self) -> HttpRequest {
        HttpRequest { path: "api/tags".to_owned(), body: None }
    }
}

/// Whether a model takes photos, where its capabilities are told.
fn sees(model: &Value) -> Option<bool> {
    model["capabilities"].as_array().map(|capabilities| capabilities.iter().any(|capability| capability == "vision"))
}

/// An error is one sentence.
fn fault_of(status: StatusCode, reply: &Value) -> Fault {
    let said = reply["error"].as_str().or(reply["error"]["message"].as_str());
    let said = said.map_or_else(|| status_words(status), |said| said.chars().take(500).collect());
    let (kind, advice) = match status.as_u16() {
        401 => (FaultKind::Auth, "Enter a valid key in Pipeline control"),
        402 => (FaultKind::QuotaSpent, "Check the account's credit"),
        403 => (FaultKind::Permission, "Check what the account may use"),
        404 if is_retired(&said) => (FaultKind::RetiredModel, "Choose another model"),
        404 => (FaultKind::UnknownModel, "Get it with 'ollama pull MODEL', or choose one that is there"),
        410 => (FaultKind::RetiredModel, "Choose another model"),
        400 | 500 if is_beyond_context(&said) => (FaultKind::TooLarge, SHORTEN),
        413 => (FaultKind::TooLarge, "Send a smaller photo"),
        408 | 504 => (FaultKind::Timeout, "Try again later"),
        429 if is_spent(&said) => (FaultKind::QuotaSpent, "Waiting a few minutes will not help"),
        429 => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        400..=499 => (FaultKind::BadRequest, "Ollama did not accept the request; check that the model takes photos"),
        503 => (FaultKind::Overloaded, "Try again later, or run fewer calls at once"),
        _ => (FaultKind::Server, "Look at Ollama's log, and at the free memory"),
    };
    Fault::new(kind, format!("Ollama: {}. {advice}", said.trim_end().trim_end_matches('.')))
}

/// A model of ollama.com that was taken out of service.
fn is_retired(said: &str) -> bool {
    ["has been deprecated", "was retired", "has been retired"].iter().any(|words| said.contains(words))
}

/// Waiting a few minutes does not bring it back.
fn is_spent(said: &str) -> bool {
    ["usage limit", "exceeded your current quota"].iter().any(|words| said.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_by_their_words_where_the_status_says_too_little() {
        for (status, said, kind) in [
            (404, "model 'gemma9' not found", FaultKind::UnknownModel),
            (404, "model 'gemma3:27b-cloud' has been deprecated and was retired on 2026-10-01", FaultKind::RetiredModel),
            (429, "too many requests", FaultKind::RateLimited),
            (429, "you exceeded your current quota, please check your plan and billing details", FaultKind::QuotaSpent),
            (429, "you've reached your hourly usage limit", FaultKind::QuotaSpent),
        ] {
            let fault = fault_of(StatusCode::from_u16(status).expect("a status"), &json!({"error": said}));
            assert_eq!(fault.kind, kind, "{said}");
        }
    }
}
