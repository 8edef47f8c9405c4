//! Jobs of the pipeline.

use super::{Client, Result};
use crate::wire::ids::{JobChangeId, JobId};
use crate::wire::job::{EnqueueJobs, EnqueuedJobs, Job, JobDetails, JobQuery, JobsActed, JobsAction};
use crate::wire::page::Page;
use crate::wire::worker::Workers;

impl Client {
    pub async fn jobs(&self, query: &JobQuery) -> Result<Page<Job>> {
        self.get_with("api/ai/pipeline/jobs", query).await
    }

    pub async fn job(&self, id: JobId) -> Result<JobDetails> {
        self.get(&format!("api/ai/pipeline/jobs/{id}")).await
    }

    /// The workers, and what each does now.
    pub async fn workers(&self) -> Result<Workers> {
        self.get("api/ai/pipeline/workers").await
    }

    pub async fn enqueue_jobs(&self, body: &EnqueueJobs) -> Result<EnqueuedJobs> {
        self.post("api/ai/pipeline/jobs", body).await
    }

    pub async fn act_on_jobs(&self, body: &JobsAction) -> Result<JobsActed> {
        self.post("api/ai/pipeline/jobs/actions", body).await
    }

    /// Puts jobs back as they were before a change; those that have moved on since stay as they are.
    pub async fn undo_jobs_action(&self, id: JobChangeId) -> Result<JobsActed> {
        self.post(&format!("api/ai/pipeline/jobs/actions/{id}/undo"), &()).await
    }
}
