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
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).map(name_of);
    if !platform.hosts.is_empty() && !host.as_ref().is_some_and(|host| platform.hosts.contains(host)) {
        let known = platform.hosts.join(", ");
        let detail = format!("It answers under {known}, at any port. Behind a proxy or under another name, start it with --host NAME");
        return Refusal::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", "This platform does not answer under that name", detail).into_response();
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

/// The name in a `Host` header, without its port.
fn name_of(host: &str) -> String {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_counts_whatever_the_port() {
        for (host, name) in [
            ("127.0.0.1:7642", "127.0.0.1"),
            ("LocalHost", "localhost"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("minerva.example.com", "minerva.example.com"),
            ("evil.example:127.0.0.1", "evil.example:127.0.0.1"),
        ] {
            assert_eq!(name_of(host), name, "{host}");
        }
    }
}
