//! The revision of what people edit: out as `ETag`, back in as `If-Match`, so that nobody's change is lost.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Refusal;

/// An answer with its revision.
pub struct Revised<T>(pub u64, pub T);

impl<T: serde::Serialize> IntoResponse for Revised<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, format!("\"{}\"", self.0))], Json(self.1)).into_response()
    }
}

/// The revision that a write is based on: `If-Match: "<revision>"`.
pub fn if_match(headers: &HeaderMap) -> Result<u64, Refusal> {
    let given = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    given.and_then(|text| text.trim().trim_matches('"').parse().ok()).ok_or_else(|| {
        let detail = "Send the revision that you have read as If-Match: \"<revision>\", so that nobody's change is lost";
        Refusal::new(StatusCode::PRECONDITION_REQUIRED, "if_match", "If-Match is missing", detail)
    })
}
