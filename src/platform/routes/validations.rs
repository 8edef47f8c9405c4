//! Validation of prompt versions.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::extract::{Body, Path, Query};
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::validations;
use crate::wire::cost::Estimate;
use crate::wire::ids::RunId;
use crate::wire::page::Page;
use crate::wire::validation::{StartValidation, ValidationComparison, ValidationReport, ValidationsQuery};

pub async fn start_validation(
    State(platform): State<Shared>,
    OwnKeys(brought): OwnKeys,
    Body(asked): Body<StartValidation>,
) -> Result<Json<ValidationReport>, Refusal> {
    Ok(Json(validations::start(&platform.core, &asked, brought).await?))
}

pub async fn estimate_validation(State(platform): State<Shared>, Body(asked): Body<StartValidation>) -> Result<Json<Estimate>, Refusal> {
    Ok(Json(validations::estimate(&platform.core, &asked).await?))
}

pub async fn list_validations(
    State(platform): State<Shared>,
    Query(query): Query<ValidationsQuery>,
) -> Result<Json<Page<ValidationReport>>, Refusal> {
    Ok(Json(validations::list(&platform.core, query).await?))
}

pub async fn get_validation(State(platform): State<Shared>, Path(run): Path<RunId>) -> Result<Json<ValidationReport>, Refusal> {
    Ok(Json(validations::get(&platform.core, run).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeQuery {
    before: RunId,
}

pub async fn compare_validations(
    State(platform): State<Shared>,
    Path(run): Path<RunId>,
    Query(query): Query<BeforeQuery>,
) -> Result<Json<ValidationComparison>, Refusal> {
    Ok(Json(validations::compare::compare(&platform.core, run, query.before).await?))
}
