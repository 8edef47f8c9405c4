//! A stand-in for Gemini on loopback: speaks the real wire of `generateContent`, checks what it is sent, counts, and
//! misbehaves on command. The scenario is the model's name, so that one run can hold good and bad models side by side.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};

/// The key that the stub accepts.
pub const KEY: &str = "AQ.stub-key-MARKER-7f3a91c2";

#[derive(Default)]
struct Seen {
    calls: AtomicU64,
    /// Calls that a model has had, for scenarios that change.
    by_model: Mutex<std::collections::HashMap<String, u64>>,
    keys_elsewhere: AtomicU64,
}

/// The server. Stops when dropped.
pub struct GeminiStub {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    server: tokio::task::JoinHandle<()>,
}

impl GeminiStub {
    /// Answers every call after `delay`.
    pub async fn start(delay: Duration) -> Self {
        let seen = Arc::new(Seen::default());
        let router = Router::new()
            .route("/v1/models", get(list))
            .route("/v1/models/{call}", post(generate))
            .layer(axum::extract::DefaultBodyLimit::max(32 * 1024 * 1024))
            .with_state((Arc::clone(&seen), delay));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, seen, server }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls of `generateContent`.
    pub fn calls(&self) -> u64 {
        self.seen.calls.load(Ordering::SeqCst)
    }

    /// Requests in which the key stood anywhere but in its header.
    pub fn keys_elsewhere(&self) -> u64 {
        self.seen.keys_elsewhere.load(Ordering::SeqCst)
    }
}

impl Drop for GeminiStub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Shared = (Arc<Seen>, Duration);

fn has_key(headers: &HeaderMap) -> bool {
    headers.get("x-goog-api-key").is_some_and(|key| key == KEY)
}

fn problem(status: u16, name: &str, message: &str, details: Value) -> Response {
    let body = json!({"error": {"code": status, "message": message, "status": name, "details": details}});
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

fn bad_key() -> Response {
    problem(
        400,
        "INVALID_ARGUMENT",
        "API key not valid. Please pass a valid API key.",
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]),
    )
}

async fn list(headers: HeaderMap) -> Response {
    if has_key(&headers) { Json(json!({"models": [{"name": "models/gemini-3.8-flash"}]})).into_response() } else { bad_key() }
}

async fn generate(State((seen, delay)): State<Shared>, Path(call): Path<String>, request: Request) -> Response {
    seen.calls.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 32 * 1024 * 1024).await.expect("a body");
    if parts.uri.to_string().contains(KEY) || bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
        seen.keys_elsewhere.fetch_add(1, Ordering::SeqCst);
    }
    if !has_key(&parts.headers) {
        return bad_key();
    }
    let Some(model) = call.strip_suffix(":generateContent") else {
        return problem(404, "NOT_FOUND", "unknown method", json!([]));
    };
    let body: Value = serde_json::from_slice(&bytes).expect("the request is JSON");
    let photo = body["contents"][0]["parts"][0]["inlineData"]["data"].as_str().expect("a photo").to_owned();
    let photo = base64::engine::general_purpose::STANDARD.decode(photo).expect("base64");
    let decoded = image::load_from_memory_with_format(&photo, image::ImageFormat::Jpeg).expect("the photo is a JPEG");
    let prompt = body["contents"][0]["parts"][1]["text"].as_str().expect("a prompt").to_owned();
    let nth = {
        let mut by_model = seen.by_model.lock().expect("not poisoned");
        let nth = by_model.entry(model.to_owned()).or_insert(0);
        *nth += 1;
        *nth
    };
    tokio::time::sleep(delay).await;
    answer(model, nth, &prompt, decoded.to_rgb8()).await
}

/// What a model of this name does with its nth call.
async fn answer(model: &str, nth: u64, prompt: &str, photo: image::RgbImage) -> Response {
    let retry_info = |delay: &str| json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
    let quota = |id: &str| json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]});
    let per_minute = "GenerateRequestsPerMinutePerProjectPerModel";
    match model {
        "rate-limited-once" if nth == 1 => problem(429, "RESOURCE_EXHAUSTED", "Quota exceeded", json!([quota(per_minute), retry_info("1.2s")])),
        "rate-limited-long" => problem(429, "RESOURCE_EXHAUSTED", "Quota exceeded", json!([quota(per_minute), retry_info("300s")])),
        "daily-quota" => {
            problem(429, "RESOURCE_EXHAUSTED", "Quota exceeded", json!([quota("GenerateRequestsPerDayPerProjectPerModel"), retry_info("46s")]))
        }
        "limit-zero" => problem(429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric, limit: 0", json!([])),
        "error-500-once" if nth == 1 => problem(500, "INTERNAL", "An internal error has occurred", json!([])),
        "error-503" => problem(503, "UNAVAILABLE", "The model is overloaded", json!([])),
        "error-in-array" => {
            let body = json!([{"error": {"code": 403, "message": "Method not allowed for this key", "status": "PERMISSION_DENIED"}}]);
            (StatusCode::FORBIDDEN, Json(body)).into_response()
        }
        "unknown-model" => problem(404, "NOT_FOUND", "models/unknown-model is not found", json!([])),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            good("late", photo.dimensions())
        }
        "html" => ([("content-type", "text/html")], "<html><body>502 Bad Gateway</body></html>").into_response(),
        "malformed" => ([("content-type", "application/json")], "{\"candidates\": [{\"content\"").into_response(),
        "cut-off" => cut_off(),
        "prompt-refused" => {
            Json(json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 900}})).into_response()
        }
        "answer-refused" => {
            Json(json!({"candidates": [{"finishReason": "SAFETY"}], "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 0}}))
                .into_response()
        }
        "truncated" => reply("{\"caption\": \"a", "MAX_TOKENS"),
        "not-json" => reply("I see a lovely dog in the park.", "STOP"),
        "no-tags" => reply("{\"caption\": \"a dog\"}", "STOP"),
        "confidence-7" => reply("{\"caption\": \"a dog\", \"tags\": [{\"tag\": \"dog\", \"confidence\": 7}]}", "STOP"),
        "ten-thousand-tags" => {
            let tags: Vec<Value> = (0..10_000).map(|n| json!({"tag": format!("tag {n}"), "confidence": 0.5})).collect();
            reply(&json!({"caption": "many", "tags": tags}).to_string(), "STOP")
        }
        _ => good(prompt, photo.dimensions()),
    }
}

/// Promises more than it sends.
fn cut_off() -> Response {
    let stream = futures_util::stream::iter([
        Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"{\"candidates\": [")),
        Err(std::io::Error::other("the line is cut")),
    ]);
    Response::builder().header("content-length", "4096").body(Body::from_stream(stream)).expect("a response")
}

fn reply(text: &str, finish: &str) -> Response {
    Json(json!({
        "candidates": [{"content": {"parts": [{"text": "thinking…", "thought": true}, {"text": text}], "role": "model"}, "finishReason": finish}],
        "usageMetadata": {"promptTokenCount": 760, "candidatesTokenCount": 90, "thoughtsTokenCount": 10, "totalTokenCount": 860,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 200}, {"modality": "IMAGE", "tokenCount": 560}]},
        "modelVersion": "stub", "responseId": "response-1"
    }))
    .into_response()
}

/// Tags that depend on prompt and photo, so that tests can tell answers apart.
fn good(prompt: &str, (width, height): (u32, u32)) -> Response {
    let first = prompt.split_whitespace().next().unwrap_or("none").to_lowercase();
    let shape = if width >= height { "landscape" } else { "portrait" };
    let tags = json!([
        {"tag": "photo", "confidence": 0.95}, {"tag": shape, "confidence": 0.9}, {"tag": format!("asked {first}"), "confidence": 0.8}, {"tag": "animal", "confidence": 0.55}
    ]);
    reply(&json!({"caption": format!("A {shape} photo of {width} by {height}"), "tags": tags}).to_string(), "STOP")
}
