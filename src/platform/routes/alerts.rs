//! Alerts: what fires, the rules, what fired, and what people do about it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::extract::{Body, PageQuery, Path, Query};
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::alerts;
use crate::wire::alert::{Alert, Alerts, SetAlertRules, SnoozeAlert};
use crate::wire::config::ConfigChanged;
use crate::wire::ids::AlertId;
use crate::wire::page::Page;

pub async fn get_alerts(State(platform): State<Shared>) -> Result<Revised<Alerts>, Refusal> {
    let alerts = alerts::all(&platform.core).await?;
    Ok(Revised(alerts.revision, alerts))
}

pub async fn set_alert_rules(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Body(asked): Body<SetAlertRules>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(alerts::set_rules(&platform.core, if_match(&headers)?, asked.rules).await?))
}

pub async fn alert_history(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<Alert>>, Refusal> {
    Ok(Json(alerts::history(&platform.core, query.limit, query.cursor.as_deref()).await?))
}

pub async fn acknowledge_alert(State(platform): State<Shared>, Path(id): Path<AlertId>) -> Result<Json<Alert>, Refusal> {
    Ok(Json(alerts::acknowledge(&platform.core, id).await?))
}

pub async fn snooze_alert(State(platform): State<Shared>, Path(id): Path<AlertId>, Body(asked): Body<SnoozeAlert>) -> Result<Json<Alert>, Refusal> {
    Ok(Json(alerts::snooze(&platform.core, id, asked.until).await?))
}
