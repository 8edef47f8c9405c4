//! Figures over time.

use axum::Json;
use axum::extract::State;

use super::extract::Query;
use super::{Refusal, Shared};
use crate::platform::domain::metrics;
use crate::wire::metric::{MetricQuery, Metrics};

pub async fn list_metrics(State(platform): State<Shared>, Query(query): Query<MetricQuery>) -> Result<Json<Metrics>, Refusal> {
    Ok(Json(metrics::metrics(&platform.core, &query).await?))
}
