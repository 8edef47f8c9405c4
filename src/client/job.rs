//! Jobs of the pipeline.

use super::{Client, Result};
use crate::wire::ids::JobId;
use crate::wire::job::{EnqueueJobs, EnqueuedJobs, Job, JobDetails, JobQuery, JobsActed, JobsAction};
use crate::wire::page::Page;

impl Client {
    pub async fn jobs(&self, query: &JobQuery) -> Result<Page<Job>> {
        self.get_with("api/ai/pipeline/jobs", query).await
    }

    pub async fn job(&self, id: JobId) -> Result<JobDetails> {
        self.get(&format!("api/ai/pipeline/jobs/{id}")).await
    }

    pub async fn enqueue_jobs(&self, body: &EnqueueJobs) -> Result<EnqueuedJobs> {
        self.post("api/ai/pipeline/jobs", body).await
    }

    pub async fn act_on_jobs(&self, body: &JobsAction) -> Result<JobsActed> {
        self.post("api/ai/pipeline/jobs/actions", body).await
    }
}
