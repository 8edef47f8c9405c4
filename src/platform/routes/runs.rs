//! Comparison runs.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::extract::{Body, PageQuery, Path, Query};
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::{costs, runs};
use crate::wire::cost::Estimate;
use crate::wire::ids::RunId;
use crate::wire::page::Page;
use crate::wire::run::{Run, RunCells, StartRun};

#[derive(Deserialize)]
pub struct CellsQuery {
    cursor: Option<String>,
}

pub async fn list_runs(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<Run>>, Refusal> {
    Ok(Json(runs::list(&platform.core, query.limit, query.cursor.as_deref()).await?))
}

pub async fn start_run(State(platform): State<Shared>, OwnKeys(brought): OwnKeys, Body(asked): Body<StartRun>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::start(&platform.core, asked, brought).await?))
}

pub async fn estimate_run(State(platform): State<Shared>, Body(asked): Body<StartRun>) -> Result<Json<Estimate>, Refusal> {
    Ok(Json(costs::estimate(&platform.core, &asked).await?))
}

pub async fn get_run(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::get(&platform.core, id).await?))
}

pub async fn list_cells(State(platform): State<Shared>, Path(id): Path<RunId>, Query(query): Query<CellsQuery>) -> Result<Json<RunCells>, Refusal> {
    Ok(Json(runs::cells(&platform.core, id, query.cursor.as_deref()).await?))
}

pub async fn cancel_run(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::cancel(&platform.core, id).await?))
}

pub async fn resume_run(State(platform): State<Shared>, Path(id): Path<RunId>, OwnKeys(brought): OwnKeys) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::resume(&platform.core, id, brought).await?))
}
