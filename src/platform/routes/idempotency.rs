//! `Idempotency-Key`: a write that brings one is done once, however often it is sent. Whoever got no answer may send it again.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::{JSON_LIMIT_BYTES, Refusal, Shared};
use crate::platform::domain::idempotency::{self, Answered, Begun};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Answers that are longer are not kept; none of a write is.
const ANSWER_BYTES_MOST: usize = JSON_LIMIT_BYTES;

pub async fn once(State(platform): State<Shared>, request: Request, next: Next) -> Response {
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let Some(key) = request.headers().get(KEY).filter(|_| is_write && !is_upload(request.headers())).cloned() else {
        return next.run(request).await;
    };
    match read(key, request).await {
        // In a task of its own: what is begun is done and its answer kept, also when whoever asked has gone away meanwhile.
        Ok(read) => match tokio::spawn(async move { work(&platform, read, next).await }.in_current_span()).await {
            Ok(answered) => answered.unwrap_or_else(IntoResponse::into_response),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            },
        },
        Err(refusal) => refusal.into_response(),
    }
}

/// An upload of photos is done once by itself: a photo that is there already is not added again.
fn is_upload(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.starts_with("multipart/"))
}

/// A request that was read to its end.
struct Read {
    key: String,
    parts: Parts,
    body: Bytes,
    /// Another one for another request.
    sum: String,
}

async fn read(key: HeaderValue, request: Request) -> Result<Read, Refusal> {
    let (parts, body) = request.into_parts();
    let too_large = |_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The request is too large", "Send less at once");
    let body = to_bytes(body, JSON_LIMIT_BYTES).await.map_err(too_large)?;
    let mut sum = blake3::Hasher::new();
    let revision = parts.headers.get(header::IF_MATCH).map(HeaderValue::as_bytes).unwrap_or_default();
    let place = parts.uri.path_and_query().map_or("", |place| place.as_str());
    for piece in [parts.method.as_str().as_bytes(), place.as_bytes(), revision, &body] {
        sum.update(&(piece.len() as u64).to_le_bytes()).update(piece);
    }
    let key = key.to_str().unwrap_or_default().trim().to_owned();
    Ok(Read { key, parts, body, sum: sum.finalize().to_hex().to_string() })
}

async fn work(platform: &Shared, Read { key, parts, body, sum }: Read, next: Next) -> Result<Response, Refusal> {
    let claim = match idempotency::begin(&platform.core, &key, sum).await? {
        Begun::Answered(answered) => return Ok(again(answered)),
        Begun::Claimed(claim) => claim,
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // What was refused changed nothing, and a stream is no answer that can be given again.
    let is_stream = of(response.headers(), &header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/event-stream"));
    if !response.status().is_success() || is_stream {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MOST).await.map_err(|_| {
        let detail = "It was done, but the answer is too long to be kept; read what is there now";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "answer_too_long", "The answer could not be kept", detail)
    })?;
    let answered = Answered {
        request_sum: String::new(),
        status: i64::from(parts.status.as_u16()),
        content_type: of(&parts.headers, &header::CONTENT_TYPE).unwrap_or_default().to_owned(),
        etag: of(&parts.headers, &header::ETAG).map(str::to_owned),
        body: body.to_vec(),
    };
    if let Err(error) = claim.keep(answered).await {
        // It was done all the same: that is what the caller is to know.
        tracing::warn!(%error, "an answer could not be kept under its Idempotency-Key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The answer that was given before.
fn again(answered: Answered) -> Response {
    let status = u16::try_from(answered.status).ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let mut response = (status, answered.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [(header::CONTENT_TYPE, Some(answered.content_type)), (header::ETAG, answered.etag)] {
        if let Some(value) = value.filter(|value| !value.is_empty()).and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
