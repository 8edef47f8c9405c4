//! Telemetry: `/metrics`, and what is taken down of every request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::{Refusal, Shared};
use crate::platform::domain::telemetry;

/// Requests that take longer are told at warn; those that wait for events or for a provider are meant to.
const SLOW_MS: u128 = 2_000;
/// The ends of their paths.
const PATIENT: [&str; 4] = ["/dashboard/events", "/assistant", "/check", "/models"];

pub async fn read_metrics(State(platform): State<Shared>) -> Result<Response, Refusal> {
    let text = telemetry::text(&platform.core).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// A request may bring any word as its method: those that no route takes are one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Takes down how a request went. Its path may hold names, so only the pattern of it is told.
pub async fn note(State(platform): State<Shared>, request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let span = tracing::info_span!("request", %method, %route);
    let response = next.run(request).instrument(span.clone()).await;
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    platform.core.telemetry.note_request(method, &route, status, took);
    let ms = took.as_millis() as u64;
    span.in_scope(|| match status {
        500.. => tracing::error!(status, ms, "a request failed"),
        _ if took.as_millis() > SLOW_MS && !PATIENT.iter().any(|end| route.ends_with(end)) => tracing::warn!(status, ms, "a request took long"),
        _ => tracing::debug!(status, ms, "answered"),
    });
    response
}
