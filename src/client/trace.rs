//! Traces of photos.

use std::time::Duration;

use reqwest::Method;
use uuid::Uuid;

use super::{ApiError, Client, Result, network, read, send};
use crate::wire::cost::Estimate;
use crate::wire::page::Page;
use crate::wire::trace::{CurlCommand, ReplayTrace, Trace, TraceFormat, TraceQuery, TraceSummary};

/// A replay waits for its model, with all its tries.
const REPLAY_TIME: Duration = Duration::from_mins(5);

impl Client {
    pub async fn traces(&self, query: &TraceQuery) -> Result<Page<TraceSummary>> {
        self.get_with("api/ai/traces", query).await
    }

    /// By the id of a trace; or the newest of a result or a cell, by the id of that.
    pub async fn trace(&self, id: Uuid) -> Result<Trace> {
        self.get(&format!("api/ai/traces/{id}")).await
    }

    pub async fn export_trace(&self, id: Uuid, format: TraceFormat) -> Result<String> {
        let request = self.request(Method::GET, &format!("api/ai/traces/{id}/export"))?;
        let bytes = send(request.query(&[("format", format.name())])).await?.bytes().await.map_err(network)?;
        String::from_utf8(bytes.to_vec()).map_err(|error| ApiError::BadAnswer(error.to_string()))
    }

    /// A try as a command of cURL; the last one unless told.
    pub async fn trace_as_curl(&self, id: Uuid, exchange: Option<usize>) -> Result<CurlCommand> {
        self.get_with(&format!("api/ai/traces/{id}/curl"), &[("exchange", exchange)]).await
    }

    pub async fn replay_trace(&self, id: Uuid, body: &ReplayTrace) -> Result<Trace> {
        read(self.request(Method::POST, &format!("api/ai/traces/{id}/replay"))?.json(body).timeout(REPLAY_TIME)).await
    }

    /// What a replay would cost; `None`: it makes no call.
    pub async fn estimate_replay(&self, id: Uuid, body: &ReplayTrace) -> Result<Option<Estimate>> {
        self.post(&format!("api/ai/traces/{id}/replay/estimate"), body).await
    }
}
