//! The pipeline's configuration.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::extract::{Body, PageQuery, Path, Query};
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::config;
use crate::wire::config::{ConfigChange, ConfigChanged, DeployPrompt, PipelineConfig, ProcessingRules, SetPipelineState};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;

pub async fn get_config(State(platform): State<Shared>) -> Result<Revised<PipelineConfig>, Refusal> {
    let config = config::current(&platform.core).await?;
    Ok(Revised(config.revision, config))
}

pub async fn set_pipeline_state(State(platform): State<Shared>, Body(asked): Body<SetPipelineState>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::set_state(&platform.core, asked.state).await?))
}

pub async fn deploy_prompt(State(platform): State<Shared>, Body(asked): Body<DeployPrompt>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::deploy_prompt(&platform.core, asked.prompt_version_id).await?))
}

pub async fn get_rules(State(platform): State<Shared>) -> Result<Revised<ProcessingRules>, Refusal> {
    let config = config::current(&platform.core).await?;
    Ok(Revised(config.revision, config.rules))
}

pub async fn set_rules(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Body(rules): Body<ProcessingRules>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::set_rules(&platform.core, if_match(&headers)?, rules).await?))
}

pub async fn list_changes(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<ConfigChange>>, Refusal> {
    Ok(Json(config::journal(&platform.core, query.limit, query.cursor.as_deref()).await?))
}

pub async fn undo_change(State(platform): State<Shared>, Path(id): Path<ConfigChangeId>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::undo(&platform.core, id).await?))
}
