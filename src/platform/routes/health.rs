//! Health of the platform and its providers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::extract::Query;
use super::guard::has_token;
use super::{Refusal, Shared};
use crate::platform::domain::health;
use crate::wire::health::{Health, HealthReport, HealthState, ProviderHealth};
use crate::wire::page::Page;
use crate::wire::past::AtQuery;

/// Answers without a token too, and then says no more than the status. A monitor that only looks at
/// the status code sees 503 when the platform is down.
pub async fn platform_health(State(platform): State<Shared>, headers: HeaderMap) -> (StatusCode, Json<Health>) {
    let trusted = has_token(&platform, &headers);
    let answer =
        if trusted { health::all(&platform.core).await } else { Health { status: health::status(&platform.core).await, checks: Vec::new() } };
    let code = if answer.status == HealthState::Down && !trusted { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(answer))
}

pub async fn provider_health(State(platform): State<Shared>) -> Result<Json<Page<ProviderHealth>>, Refusal> {
    Ok(Json(health::all_providers(&platform.core).await?))
}

pub async fn check_providers(State(platform): State<Shared>) -> Result<Json<Page<ProviderHealth>>, Refusal> {
    Ok(Json(health::check_providers(&platform.core).await?))
}

/// Every part with its past.
pub async fn health_report(State(platform): State<Shared>, Query(query): Query<AtQuery>) -> Result<Json<HealthReport>, Refusal> {
    Ok(Json(health::report_at(&platform.core, query.at).await?))
}

pub async fn check_health(State(platform): State<Shared>) -> Result<Json<HealthReport>, Refusal> {
    Ok(Json(health::check_now(&platform.core).await?))
}
