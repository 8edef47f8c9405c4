//! Ground truth of photos.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::extract::{Body, PageQuery, Path, Query};
use super::{Refusal, Shared};
use crate::platform::domain::truth;
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::truth::{ImportTruth, PhotoTruth, SetTruth, TruthChanged, TruthFormat, TruthImport, TruthQuery};

pub async fn list_truth(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<PhotoTruth>>, Refusal> {
    Ok(Json(truth::list(&platform.core, query.limit, query.cursor.as_deref()).await?))
}

pub async fn set_truth(
    State(platform): State<Shared>,
    Path(photo): Path<PhotoId>,
    Body(asked): Body<SetTruth>,
) -> Result<Json<TruthChanged>, Refusal> {
    Ok(Json(truth::set(&platform.core, photo, &asked).await?))
}

pub async fn import_truth(State(platform): State<Shared>, Body(asked): Body<ImportTruth>) -> Result<Json<TruthImport>, Refusal> {
    Ok(Json(truth::import(&platform.core, &asked).await?))
}

pub async fn export_truth(State(platform): State<Shared>, Query(query): Query<TruthQuery>) -> Result<impl IntoResponse, Refusal> {
    let (format, text) = truth::export(&platform.core, &query).await?;
    let (kind, name) = match format {
        TruthFormat::Csv => ("text/csv; charset=utf-8", "ground-truth.csv"),
        TruthFormat::Json => ("application/json", "ground-truth.json"),
    };
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, text))
}
