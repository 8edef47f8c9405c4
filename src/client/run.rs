//! Comparison runs.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Response};

use super::{Client, Result, network, send};
use crate::wire::comparison::{RunComparison, SetBaseline};
use crate::wire::cost::Estimate;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::page::Page;
use crate::wire::run::{ExportFormat, Run, RunCells, StartRun};
use crate::wire::sweep::{StartSweep, Sweep};
use crate::wire::vote::{CastVote, RunVotes};

/// A page with thousands of photos takes its time.
const EXPORT_TIME: Duration = Duration::from_hours(6);

/// A run as a file, piece by piece. Dropped it is made no further.
pub struct RunFile(Response);

impl RunFile {
    /// The next piece; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        self.0.chunk().await.map_err(network)
    }
}

impl Client {
    /// The newest first.
    pub async fn runs(&self) -> Result<Page<Run>> {
        self.runs_after(None).await
    }

    /// Those before the page that gave the cursor.
    pub async fn runs_after(&self, cursor: Option<&str>) -> Result<Page<Run>> {
        self.get_with("api/ai/testing/live-test", &[("cursor", cursor)]).await
    }

    pub async fn start_run(&self, body: &StartRun) -> Result<Run> {
        self.post("api/ai/testing/live-test", body).await
    }

    /// A run with several sizes and qualities of the photos.
    pub async fn start_sweep(&self, body: &StartSweep) -> Result<Run> {
        self.post("api/ai/testing/live-test", body).await
    }

    /// What such a run would need.
    pub async fn estimate_sweep(&self, body: &StartSweep) -> Result<Estimate> {
        self.post("api/ai/testing/estimate", body).await
    }

    /// Accuracy against cost of such a run.
    pub async fn sweep(&self, id: RunId) -> Result<Sweep> {
        self.get(&format!("api/ai/testing/live-test/{id}/sweep")).await
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

    /// Begins no further call; what was asked is finished.
    pub async fn pause_run(&self, id: RunId) -> Result<Run> {
        self.post(&format!("api/ai/testing/live-test/{id}/pause"), &()).await
    }

    /// Asks what is missing or failed; what is answered stays.
    pub async fn resume_run(&self, id: RunId) -> Result<Run> {
        self.post(&format!("api/ai/testing/live-test/{id}/resume"), &()).await
    }

    /// The same of a run with a limit, which may cost so much as a whole now.
    pub async fn resume_run_within(&self, id: RunId, most: UsdMicros) -> Result<Run> {
        self.post(&format!("api/ai/testing/live-test/{id}/resume?max_cost_usd={}", most.as_usd()), &()).await
    }

    /// Pins the column that the others are held against; `None`: none any more.
    pub async fn set_baseline(&self, id: RunId, column: Option<u32>) -> Result<Run> {
        self.put(&format!("api/ai/testing/live-test/{id}/baseline"), &SetBaseline { column }).await
    }

    /// The columns of a run against the one that is pinned.
    pub async fn compare_columns(&self, id: RunId) -> Result<RunComparison> {
        self.get(&format!("api/ai/testing/compare?run={id}")).await
    }

    /// The votes on its answers, and their ranking.
    pub async fn votes(&self, id: RunId) -> Result<RunVotes> {
        self.get(&format!("api/ai/testing/live-test/{id}/votes")).await
    }

    /// Keeps a vote on a photo, or takes it back.
    pub async fn cast_vote(&self, id: RunId, photo: PhotoId, vote: &CastVote) -> Result<RunVotes> {
        self.put(&format!("api/ai/testing/live-test/{id}/votes/{photo}"), vote).await
    }

    /// The run as a file of this format.
    pub async fn export_run(&self, id: RunId, format: ExportFormat) -> Result<RunFile> {
        let request = self.request(Method::GET, &format!("api/ai/testing/live-test/{id}/export"))?;
        send(request.query(&[("format", format.name())]).timeout(EXPORT_TIME)).await.map(RunFile)
    }
}
