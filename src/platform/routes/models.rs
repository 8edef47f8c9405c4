//! Models.

use axum::Json;
use axum::extract::State;

use super::extract::Body;
use super::{Refusal, Shared};
use crate::platform::domain::{config, models};
use crate::wire::config::ConfigChanged;
use crate::wire::model::{ActivateModel, ModelInfo};
use crate::wire::page::Page;

pub async fn list_models(State(platform): State<Shared>) -> Result<Json<Page<ModelInfo>>, Refusal> {
    Ok(Json(models::list(&platform.core).await?))
}

pub async fn activate_model(State(platform): State<Shared>, Body(asked): Body<ActivateModel>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::activate_model(&platform.core, &asked.name).await?))
}
