//! Jobs of the pipeline.

use axum::Json;
use axum::extract::State;

use super::extract::{Body, Path, Query};
use super::{Refusal, Shared};
use crate::platform::domain::{jobs, workers};
use crate::wire::ids::{JobChangeId, JobId};
use crate::wire::job::{EnqueueJobs, EnqueuedJobs, Job, JobDetails, JobQuery, JobsActed, JobsAction};
use crate::wire::page::Page;
use crate::wire::worker::Workers;

pub async fn list_jobs(State(platform): State<Shared>, Query(query): Query<JobQuery>) -> Result<Json<Page<Job>>, Refusal> {
    Ok(Json(jobs::list(&platform.core, &query).await?))
}

pub async fn get_job(State(platform): State<Shared>, Path(id): Path<JobId>) -> Result<Json<JobDetails>, Refusal> {
    Ok(Json(jobs::get(&platform.core, id).await?))
}

pub async fn enqueue_jobs(State(platform): State<Shared>, Body(asked): Body<EnqueueJobs>) -> Result<Json<EnqueuedJobs>, Refusal> {
    Ok(Json(jobs::enqueue(&platform.core, &asked).await?))
}

pub async fn act_on_jobs(State(platform): State<Shared>, Body(asked): Body<JobsAction>) -> Result<Json<JobsActed>, Refusal> {
    Ok(Json(jobs::act(&platform.core, &asked).await?))
}

pub async fn undo_jobs_action(State(platform): State<Shared>, Path(id): Path<JobChangeId>) -> Result<Json<JobsActed>, Refusal> {
    Ok(Json(jobs::undo(&platform.core, id).await?))
}

pub async fn list_workers(State(platform): State<Shared>) -> Result<Json<Workers>, Refusal> {
    Ok(Json(workers::list(&platform.core).await?))
}
