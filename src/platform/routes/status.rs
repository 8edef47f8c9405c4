//! The live status.

use axum::Json;
use axum::extract::State;

use super::{Refusal, Shared};
use crate::platform::domain::status;
use crate::wire::status::{LiveStatus, QueueStatus};

pub async fn live_status(State(platform): State<Shared>) -> Result<Json<LiveStatus>, Refusal> {
    Ok(Json(status::live(&platform.core).await?))
}

pub async fn queue_status(State(platform): State<Shared>) -> Result<Json<QueueStatus>, Refusal> {
    Ok(Json(status::queue(&platform.core).await?))
}
