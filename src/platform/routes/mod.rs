//! The route table, and the one place that maps errors to status codes.

mod events;
mod guard;
mod problem;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use secrecy::SecretString;

use crate::platform::domain::Core;

pub use problem::Refusal;

/// Largest JSON body.
const JSON_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// What handlers share.
pub struct Platform {
    pub core: Arc<Core>,
    pub token: SecretString,
    /// `Host` values that are answered; empty answers all (a server behind a proxy).
    pub hosts: Vec<String>,
    /// Ends the event streams, so that shutdown need not wait for clients.
    pub stop: tokio_util::sync::CancellationToken,
}

pub type Shared = Arc<Platform>;

/// Every path of the API.
pub fn router(platform: Shared) -> Router {
    Router::new()
        .route("/api/ai/dashboard/events", get(events::stream))
        .layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES))
        .fallback(problem::unknown_path)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&platform), guard::check))
        .with_state(platform)
}
