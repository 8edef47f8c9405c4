//! The pipeline's configuration.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};

use super::extract::{Body, Path};
use super::{Refusal, Shared};
use crate::platform::domain::config;
use crate::wire::config::{ConfigChange, ConfigChanged, DeployPrompt, PipelineConfig, ProcessingRules, SetPipelineState};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;

pub async fn get_config(State(platform): State<Shared>) -> Result<Json<PipelineConfig>, Refusal> {
    Ok(Json(config::current(&platform.core).await?))
}

pub async fn set_pipeline_state(State(platform): State<Shared>, Body(asked): Body<SetPipelineState>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::set_state(&platform.core, asked.state).await?))
}

pub async fn deploy_prompt(State(platform): State<Shared>, Body(asked): Body<DeployPrompt>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::deploy_prompt(&platform.core, asked.prompt_version_id).await?))
}

pub async fn get_rules(State(platform): State<Shared>) -> Result<Json<ProcessingRules>, Refusal> {
    Ok(Json(config::current(&platform.core).await?.rules))
}

pub async fn set_rules(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Body(rules): Body<ProcessingRules>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::set_rules(&platform.core, if_match(&headers)?, rules).await?))
}

pub async fn list_changes(State(platform): State<Shared>) -> Result<Json<Page<ConfigChange>>, Refusal> {
    Ok(Json(config::journal(&platform.core).await?))
}

pub async fn undo_change(State(platform): State<Shared>, Path(id): Path<ConfigChangeId>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::undo(&platform.core, id).await?))
}

/// The revision that a write is based on: `If-Match: "<revision>"`.
pub fn if_match(headers: &HeaderMap) -> Result<u64, Refusal> {
    let given = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    let missing = || {
        let detail = "Send the revision that you have read as If-Match: \"<revision>\", so that nobody's change is lost";
        Refusal::new(StatusCode::PRECONDITION_REQUIRED, "if_match", "If-Match is missing", detail)
    };
    given.and_then(|text| text.trim().trim_matches('"').parse().ok()).ok_or_else(missing)
}
