//! `X-Minerva-Author`: the name of the person for whom a request is made.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Refusal;
use crate::platform::domain::author;
use crate::wire::author::{AUTHOR_HEADER, UNNAMED, read};

pub async fn note(request: Request, next: Next) -> Response {
    match name(request.headers()) {
        Ok(name) => author::asked_by(name, next.run(request)).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn name(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(given) = headers.get(AUTHOR_HEADER) else { return Ok(UNNAMED.to_owned()) };
    let text = std::str::from_utf8(given.as_bytes()).map_err(|_| "The name is to be written in UTF-8".to_owned());
    let name = text.and_then(|text| read(text).map(str::to_owned));
    name.map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, "bad_author", "The name in X-Minerva-Author can't be used", why))
}
