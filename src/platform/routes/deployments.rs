//! Deployments: what each environment uses, what is known before it changes, and the way back.

use axum::Json;
use axum::extract::State;

use super::extract::{Body, Path, Query};
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::deployments::{self, blast_radius};
use crate::wire::config::ConfigChanged;
use crate::wire::deployment::{
    BlastRadius, BlastRadiusEstimate, DeployPrompt, DeployReview, Deployment, DeploymentsQuery, MeasureBlastRadius, ReviewQuery,
};
use crate::wire::ids::{DeploymentId, RunId};
use crate::wire::page::Page;

pub async fn list_deployments(State(platform): State<Shared>, Query(query): Query<DeploymentsQuery>) -> Result<Json<Page<Deployment>>, Refusal> {
    Ok(Json(deployments::list(&platform.core, &query).await?))
}

pub async fn deploy_prompt(State(platform): State<Shared>, Body(asked): Body<DeployPrompt>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(deployments::deploy(&platform.core, &asked).await?))
}

pub async fn review_deployment(State(platform): State<Shared>, Query(query): Query<ReviewQuery>) -> Result<Json<DeployReview>, Refusal> {
    Ok(Json(deployments::review(&platform.core, query).await?))
}

pub async fn roll_back(State(platform): State<Shared>, Path(id): Path<DeploymentId>) -> Result<Json<ConfigChanged>, Refusal> {
    Ok(Json(deployments::roll_back(&platform.core, id).await?))
}

pub async fn estimate_blast_radius(
    State(platform): State<Shared>,
    Body(asked): Body<MeasureBlastRadius>,
) -> Result<Json<BlastRadiusEstimate>, Refusal> {
    Ok(Json(blast_radius::estimate(&platform.core, &asked).await?))
}

pub async fn measure_blast_radius(
    State(platform): State<Shared>,
    OwnKeys(brought): OwnKeys,
    Body(asked): Body<MeasureBlastRadius>,
) -> Result<Json<BlastRadius>, Refusal> {
    Ok(Json(blast_radius::begin(&platform.core, &asked, brought).await?))
}

pub async fn get_blast_radius(State(platform): State<Shared>, Path(run): Path<RunId>) -> Result<Json<BlastRadius>, Refusal> {
    Ok(Json(blast_radius::get(&platform.core, run).await?))
}
