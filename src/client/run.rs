//! Comparison runs.

use super::{Client, Result};
use crate::wire::cost::Estimate;
use crate::wire::ids::RunId;
use crate::wire::page::Page;
use crate::wire::run::{Run, RunCells, StartRun};

impl Client {
    /// Newest first.
    pub async fn runs(&self) -> Result<Page<Run>> {
        self.get("api/ai/testing/live-test").await
    }

    pub async fn start_run(&self, body: &StartRun) -> Result<Run> {
        self.post("api/ai/testing/live-test", body).await
    }

    /// What a run would need; nothing is asked of any model.
    pub async fn estimate_run(&self, body: &StartRun) -> Result<Estimate> {
        self.post("api/ai/testing/estimate", body).await
    }

    pub async fn run(&self, id: RunId) -> Result<Run> {
        self.get(&format!("api/ai/testing/live-test/{id}")).await
    }

    /// Up to 2,000 cells a page, by photo, column and repeat.
    pub async fn run_cells(&self, id: RunId, cursor: Option<&str>) -> Result<RunCells> {
        self.get_with(&format!("api/ai/testing/live-test/{id}/cells"), &[("cursor", cursor)]).await
    }

    pub async fn cancel_run(&self, id: RunId) -> Result<Run> {
        self.post(&format!("api/ai/testing/live-test/{id}/cancel"), &()).await
    }

    /// Asks what is missing or failed; what is answered stays.
    pub async fn resume_run(&self, id: RunId) -> Result<Run> {
        self.post(&format!("api/ai/testing/live-test/{id}/resume"), &()).await
    }
}
