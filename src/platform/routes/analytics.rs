//! Analytics.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::extract::{Body, Query};
use super::{Refusal, Shared};
use crate::platform::domain::{analytics, costs};
use crate::wire::analytics::{Cost, Performance, PerformanceQuery};
use crate::wire::cost::{Reprice, Repriced};

#[derive(Deserialize)]
pub struct CostQuery {
    timeframe: Option<String>,
}

pub async fn performance(State(platform): State<Shared>, Query(query): Query<PerformanceQuery>) -> Result<Json<Performance>, Refusal> {
    Ok(Json(analytics::performance(&platform.core, &query).await?))
}

pub async fn cost(State(platform): State<Shared>, Query(query): Query<CostQuery>) -> Result<Json<Cost>, Refusal> {
    Ok(Json(analytics::cost(&platform.core, query.timeframe.as_deref().unwrap_or("24h")).await?))
}

pub async fn reprice(State(platform): State<Shared>, Body(asked): Body<Reprice>) -> Result<Json<Repriced>, Refusal> {
    Ok(Json(costs::reprice(&platform.core, &asked).await?))
}
