//! Who may come in: the bearer token, and on loopback the `Host` (against DNS rebinding).

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::{Refusal, Shared};

/// The one path that needs no token.
pub const OPEN_PATH: &str = "/api/health/ai-management";

/// Whether a request carries the platform's token.
pub fn has_token(platform: &Shared, headers: &axum::http::HeaderMap) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .is_some_and(|given| given.ct_eq(platform.token.expose_secret().as_bytes()).into())
}

pub async fn check(State(platform): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    if !platform.hosts.is_empty() && !host.is_some_and(|host| platform.hosts.iter().any(|known| known == host)) {
        return Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "This platform does not answer under that name",
            "Use its loopback address",
        )
        .into_response();
    }
    if request.uri().path() != OPEN_PATH && !has_token(&platform, request.headers()) {
        return Refusal::new(
            StatusCode::UNAUTHORIZED,
            "wrong_token",
            "The token was not accepted",
            "Enter the platform's token in Settings › Platform; a token changes when the platform starts anew without a fixed one",
        )
        .into_response();
    }
    next.run(request).await
}
