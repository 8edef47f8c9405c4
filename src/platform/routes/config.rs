//! The pipeline's configuration.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use bytes::Bytes;

use super::extract::{Body, Path, Query};
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::{config, config_file, config_journal, replay, rules};
use crate::wire::config::{
    ConfigChange, ConfigChanged, ConfigChangesQuery, ConfigFile, ConfigImport, ConfigSteps, ImportQuery, PipelineConfig, ProcessingRules,
    SetPipelineState, SetRulesQuery,
};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;
use crate::wire::replay::{MovedPhoto, Replay, ReplayExamples, ReplayRules};

pub async fn get_config(State(platform): State<Shared>) -> Result<Revised<PipelineConfig>, Refusal> {
    let config = config::current(&platform.core).await?;
    Ok(Revised(config.revision, config))
}

pub async fn set_pipeline_state(State(platform): State<Shared>, Body(asked): Body<SetPipelineState>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config::set_state(&platform.core, asked.state).await?))
}

pub async fn get_rules(State(platform): State<Shared>) -> Result<Revised<ProcessingRules>, Refusal> {
    let config = config::current(&platform.core).await?;
    Ok(Revised(config.revision, config.rules))
}

pub async fn set_rules(
    State(platform): State<Shared>,
    Query(query): Query<SetRulesQuery>,
    headers: HeaderMap,
    Body(rules): Body<ProcessingRules>,
) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(rules::set(&platform.core, if_match(&headers)?, rules, query.confirm).await?))
}

pub async fn replay_rules(State(platform): State<Shared>, Body(asked): Body<ReplayRules>) -> Result<Json<Replay>, Refusal> {
    Ok(Json(replay::run(&platform.core, asked).await?))
}

pub async fn replay_examples(State(platform): State<Shared>, Body(asked): Body<ReplayExamples>) -> Result<Json<Page<MovedPhoto>>, Refusal> {
    Ok(Json(replay::examples(&platform.core, asked).await?))
}

pub async fn list_changes(State(platform): State<Shared>, Query(query): Query<ConfigChangesQuery>) -> Result<Json<Page<ConfigChange>>, Refusal> {
    Ok(Json(config_journal::list(&platform.core, &query).await?))
}

pub async fn list_actors(State(platform): State<Shared>) -> Result<Json<Page<String>>, Refusal> {
    Ok(Json(config_journal::actors(&platform.core).await?))
}

pub async fn undo_change(State(platform): State<Shared>, Path(id): Path<ConfigChangeId>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config_journal::undo(&platform.core, id).await?))
}

pub async fn get_steps(State(platform): State<Shared>) -> Result<Json<ConfigSteps>, Refusal> {
    Ok(Json(config_journal::steps(&platform.core).await?))
}

pub async fn undo_last_change(State(platform): State<Shared>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config_journal::undo_last(&platform.core).await?))
}

pub async fn redo_last_change(State(platform): State<Shared>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(config_journal::redo_last(&platform.core).await?))
}

pub async fn export_config(State(platform): State<Shared>) -> Result<Json<ConfigFile>, Refusal> {
    Ok(Json(config_file::export(&platform.core).await?))
}

pub async fn import_config(
    State(platform): State<Shared>,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    file: Bytes,
) -> Result<Json<ConfigImport>, Refusal> {
    let text = String::from_utf8_lossy(&file);
    if query.dry_run {
        return Ok(Json(config_file::preview(&platform.core, &text).await?));
    }
    Ok(Json(config_file::import(&platform.core, if_match(&headers)?, &text, query.confirm).await?))
}
