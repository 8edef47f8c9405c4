//! Providers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::extract::{Body, Path, Query};
use super::own_keys::OwnKeys;
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::providers;
use crate::wire::config::ConfigChanged;
use crate::wire::health::ProviderHealth;
use crate::wire::provider::{AddProvider, ProviderList, ProviderModels, ProviderModelsQuery, ProviderSetting};

pub async fn list_providers(State(platform): State<Shared>) -> Result<Revised<ProviderList>, Refusal> {
    let list = providers::list(&platform.core).await?;
    Ok(Revised(list.revision, list))
}

pub async fn add_provider(State(platform): State<Shared>, Body(asked): Body<AddProvider>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(providers::add(&platform.core, asked).await?))
}

pub async fn set_provider(
    State(platform): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(setting): Body<ProviderSetting>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(providers::set(&platform.core, if_match(&headers)?, &name, setting).await?))
}

pub async fn remove_provider(State(platform): State<Shared>, Path(name): Path<String>, headers: HeaderMap) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(providers::remove(&platform.core, if_match(&headers)?, &name).await?))
}

pub async fn check_provider(
    State(platform): State<Shared>,
    Path(name): Path<String>,
    OwnKeys(brought): OwnKeys,
) -> Result<Json<ProviderHealth>, Refusal> {
    Ok(Json(providers::test(&platform.core, &name, &brought).await?))
}

pub async fn resume_provider(State(platform): State<Shared>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    providers::resume(&platform.core, &name)?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn provider_models(
    State(platform): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<ProviderModelsQuery>,
    OwnKeys(brought): OwnKeys,
) -> Result<Json<ProviderModels>, Refusal> {
    Ok(Json(providers::models(&platform.core, &name, query.refresh, brought.keys()).await?))
}
