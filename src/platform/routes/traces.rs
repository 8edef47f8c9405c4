//! Traces of photos.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Body, Path, Query};
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::traces;
use crate::wire::cost::Estimate;
use crate::wire::page::Page;
use crate::wire::trace::{CurlCommand, ReplayTrace, Trace, TraceFormat, TraceQuery, TraceSummary};

pub async fn find_traces(State(platform): State<Shared>, Query(asked): Query<TraceQuery>) -> Result<Json<Page<TraceSummary>>, Refusal> {
    Ok(Json(traces::find(&platform.core, &asked).await?))
}

pub async fn get_trace(State(platform): State<Shared>, Path(id): Path<Uuid>) -> Result<Json<Trace>, Refusal> {
    Ok(Json(traces::get(&platform.core, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    format: TraceFormat,
}

pub async fn export_trace(State(platform): State<Shared>, Path(id): Path<Uuid>, Query(query): Query<ExportQuery>) -> Result<Response, Refusal> {
    let text = traces::export(&platform.core, id, query.format).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurlQuery {
    /// Which try, from 0; the last one unless told.
    exchange: Option<usize>,
}

pub async fn trace_as_curl(
    State(platform): State<Shared>,
    Path(id): Path<Uuid>,
    Query(query): Query<CurlQuery>,
) -> Result<Json<CurlCommand>, Refusal> {
    Ok(Json(traces::curl(&platform.core, id, query.exchange).await?))
}

pub async fn replay_trace(
    State(platform): State<Shared>,
    Path(id): Path<Uuid>,
    OwnKeys(brought): OwnKeys,
    Body(asked): Body<ReplayTrace>,
) -> Result<Json<Trace>, Refusal> {
    Ok(Json(traces::replay(&platform.core, id, asked, brought).await?))
}

pub async fn estimate_replay(
    State(platform): State<Shared>,
    Path(id): Path<Uuid>,
    Body(asked): Body<ReplayTrace>,
) -> Result<Json<Option<Estimate>>, Refusal> {
    Ok(Json(traces::estimate(&platform.core, id, &asked).await?))
}
