//! Errors to status: the one place.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::platform::domain::{DomainError, StoreError};
use crate::wire::problem::Problem;

/// An error on its way to the client.
#[derive(Debug)]
pub struct Refusal(pub Problem);

impl Refusal {
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(Problem::new(status.as_u16(), code, title, detail))
    }
}

impl From<DomainError> for Refusal {
    fn from(error: DomainError) -> Self {
        match error {
            DomainError::Store(error) => error.into(),
            DomainError::NotFound { what } => {
                Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}"), "It may have been deleted; reload the list")
            }
            DomainError::Gone { code, message } => Self::new(StatusCode::NOT_FOUND, code, "It is not there", message),
            DomainError::Invalid { code, message } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The request breaks a rule", message),
            DomainError::Unanswerable { code, message } => Self::new(StatusCode::BAD_REQUEST, code, "This can't be answered", message),
            DomainError::Stale { message } => Self::new(StatusCode::PRECONDITION_FAILED, "stale", "Somebody changed this in between", message),
            DomainError::Conflict { code, message } => Self::new(StatusCode::CONFLICT, code, "This can't be done now", message),
            DomainError::Files { message } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "files", "A file of the data folder could not be used", message)
            }
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store");
        let (status, code, title, detail) = match error {
            StoreError::DiskFull => {
                (StatusCode::INSUFFICIENT_STORAGE, "disk_full", "The disk is full", "Nothing was saved; free some space and try again".to_owned())
            }
            StoreError::Damaged(why) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "damaged", "The database is damaged", format!("{why}; run 'minerva doctor'"))
            }
            other => (StatusCode::INTERNAL_SERVER_ERROR, "store", "The database did not do as asked", other.to_string()),
        };
        Self::new(status, code, title, detail)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Any path that the table does not have.
pub async fn unknown_path(uri: axum::http::Uri) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "unknown_path", "There is no such path", format!("{} is not part of the API", uri.path()))
}

/// A handler that panicked: the connection and the rest of the platform go on. What it said may hold
/// anything, so it goes neither to the client nor to the log.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    let detail = "This is a fault of the program; the log names the place. Try again, and report it if it stays";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "panic", "The platform stumbled over this request", detail).into_response()
}
