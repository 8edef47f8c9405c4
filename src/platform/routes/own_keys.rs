//! A person's own provider keys, each in a header of its own; only over a line that nobody else can read.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use secrecy::SecretString;

use super::{Refusal, Shared};
use crate::platform::domain::providers::Brought;
use crate::wire::provider::OWN_KEY_HEADER;

/// What came along.
pub struct OwnKeys(pub Brought);

impl FromRequestParts<Shared> for OwnKeys {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let mut keys = HashMap::new();
        for (name, value) in &parts.headers {
            let Some(provider) = name.as_str().strip_prefix(OWN_KEY_HEADER) else { continue };
            let Ok(key) = value.to_str() else {
                let detail = format!("The key for {provider} holds characters that no key has; copy it once more");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_key", "A key can't be read", detail));
            };
            keys.insert(provider.to_owned(), SecretString::from(key.trim().to_owned()));
        }
        if !keys.is_empty() && !is_private(parts) {
            let detail = "It was not used. Reach the platform over https, and replace the key at its provider: others may have read it on the way";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "key_in_the_clear", "A key came over an unencrypted line", detail));
        }
        Ok(Self(Brought::new(keys)))
    }
}

/// Loopback, or TLS as the proxy in front of the platform says (the platform itself speaks plain HTTP).
fn is_private(parts: &Parts) -> bool {
    let is_loopback = parts.extensions.get::<ConnectInfo<SocketAddr>>().is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let proto = parts.headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    match proto {
        Some(proto) => proto.eq_ignore_ascii_case("https"),
        None => is_loopback,
    }
}
