//! The live status.

use axum::Json;
use axum::extract::State;

use super::extract::Query;
use super::{Refusal, Shared};
use crate::platform::domain::status;
use crate::wire::past::AtQuery;
use crate::wire::status::{LiveStatus, QueueStatus};

pub async fn live_status(State(platform): State<Shared>, Query(query): Query<AtQuery>) -> Result<Json<LiveStatus>, Refusal> {
    Ok(Json(status::live_at(&platform.core, query.at).await?))
}

pub async fn queue_status(State(platform): State<Shared>) -> Result<Json<QueueStatus>, Refusal> {
    Ok(Json(status::queue(&platform.core).await?))
}
