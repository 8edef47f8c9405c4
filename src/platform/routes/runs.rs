//! Comparison runs.

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Deserialize;

use super::extract::{Body, PageQuery, Path, Query};
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::{baseline, costs, run_export, runs, sweep, votes};
use crate::wire::comparison::{RunComparison, SetBaseline};
use crate::wire::cost::Estimate;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::page::Page;
use crate::wire::run::{ExportFormat, ResumeRun, Run, RunCells};
use crate::wire::sweep::{StartSweep, Sweep};
use crate::wire::vote::{CastVote, RunVotes};

#[derive(Deserialize)]
pub struct CellsQuery {
    cursor: Option<String>,
}

pub async fn list_runs(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<Run>>, Refusal> {
    Ok(Json(runs::list(&platform.core, query.limit, query.cursor.as_deref()).await?))
}

pub async fn start_run(State(platform): State<Shared>, OwnKeys(brought): OwnKeys, Body(asked): Body<StartSweep>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::start(&platform.core, asked, brought).await?))
}

pub async fn estimate_run(State(platform): State<Shared>, Body(asked): Body<StartSweep>) -> Result<Json<Estimate>, Refusal> {
    Ok(Json(costs::estimate(&platform.core, &asked).await?))
}

pub async fn get_run(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::get(&platform.core, id).await?))
}

pub async fn read_sweep(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Sweep>, Refusal> {
    Ok(Json(sweep::read(&platform.core, id).await?))
}

pub async fn list_cells(State(platform): State<Shared>, Path(id): Path<RunId>, Query(query): Query<CellsQuery>) -> Result<Json<RunCells>, Refusal> {
    Ok(Json(runs::cells(&platform.core, id, query.cursor.as_deref()).await?))
}

pub async fn cancel_run(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::cancel(&platform.core, id).await?))
}

pub async fn pause_run(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::pause(&platform.core, id).await?))
}

pub async fn resume_run(
    State(platform): State<Shared>,
    Path(id): Path<RunId>,
    Query(asked): Query<ResumeRun>,
    OwnKeys(brought): OwnKeys,
) -> Result<Json<Run>, Refusal> {
    Ok(Json(runs::resume(&platform.core, id, asked.max_cost_usd, brought).await?))
}

pub async fn set_baseline(State(platform): State<Shared>, Path(id): Path<RunId>, Body(asked): Body<SetBaseline>) -> Result<Json<Run>, Refusal> {
    Ok(Json(baseline::set(&platform.core, id, asked.column).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareQuery {
    run: RunId,
    baseline: Option<u32>,
}

pub async fn compare_columns(State(platform): State<Shared>, Query(query): Query<CompareQuery>) -> Result<Json<RunComparison>, Refusal> {
    Ok(Json(baseline::compare(&platform.core, query.run, query.baseline).await?))
}

pub async fn list_votes(State(platform): State<Shared>, Path(id): Path<RunId>) -> Result<Json<RunVotes>, Refusal> {
    Ok(Json(votes::of_run(&platform.core, id).await?))
}

pub async fn cast_vote(
    State(platform): State<Shared>,
    Path((id, photo)): Path<(RunId, PhotoId)>,
    Body(asked): Body<CastVote>,
) -> Result<Json<RunVotes>, Refusal> {
    Ok(Json(votes::cast(&platform.core, id, photo, &asked).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    format: ExportFormat,
}

/// Sent while it is made; who goes away ends the making.
pub async fn export_run(State(platform): State<Shared>, Path(id): Path<RunId>, Query(query): Query<ExportQuery>) -> Result<Response, Refusal> {
    let pieces = run_export::export(&platform.core, id, query.format).await?;
    let body = Stream::from_stream(pieces.map(Ok::<_, std::convert::Infallible>));
    Ok(([(header::CONTENT_TYPE, query.format.content_type())], body).into_response())
}
