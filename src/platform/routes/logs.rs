//! What the platform logs.

use axum::Json;
use axum::extract::State;

use super::extract::Query;
use super::{Refusal, Shared};
use crate::wire::log::{LogPage, LogQuery};

pub async fn read_logs(State(platform): State<Shared>, Query(query): Query<LogQuery>) -> Result<Json<LogPage>, Refusal> {
    Ok(Json(platform.core.log.read(&query)))
}
