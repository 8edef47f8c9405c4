//! Models.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::extract::{Body, Query};
use super::revision::if_match;
use super::{Refusal, Shared};
use crate::platform::domain::{config, fallbacks, models};
use crate::wire::config::ConfigChanged;
use crate::wire::fallback::SetFallbacks;
use crate::wire::model::{ActivateModel, ActivateModelQuery, ModelInfo, SetModelParameters};
use crate::wire::page::Page;

pub async fn list_models(State(platform): State<Shared>) -> Result<Json<Page<ModelInfo>>, Refusal> {
    Ok(Json(models::list(&platform.core).await?))
}

pub async fn activate_model(
    State(platform): State<Shared>,
    Query(query): Query<ActivateModelQuery>,
    Body(asked): Body<ActivateModel>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::activate_model(&platform.core, &asked.name, query.confirm).await?))
}

pub async fn set_fallbacks(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Body(asked): Body<SetFallbacks>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(fallbacks::set(&platform.core, if_match(&headers)?, asked.fallbacks).await?))
}

pub async fn set_parameters(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Body(asked): Body<SetModelParameters>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(models::set_parameters(&platform.core, if_match(&headers)?, asked).await?))
}
