//! The pipeline's configuration.

use reqwest::{Method, header};

use super::{Client, Result, read};
use crate::wire::config::{ConfigChange, ConfigChanged, DeployPrompt, PipelineConfig, ProcessingRules, SetPipelineState};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;

impl Client {
    pub async fn config(&self) -> Result<PipelineConfig> {
        self.get("api/ai/pipeline/config").await
    }

    pub async fn set_pipeline_state(&self, body: SetPipelineState) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/state", &body).await
    }

    pub async fn deploy_prompt(&self, body: DeployPrompt) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/deployments", &body).await
    }

    /// `revision`: of the configuration as the caller knows it; a stale one is refused with code `stale`.
    pub async fn set_processing_rules(&self, revision: u64, body: &ProcessingRules) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/pipeline/processing-rules")?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }

    /// The journal, newest first.
    pub async fn config_changes(&self) -> Result<Page<ConfigChange>> {
        self.get("api/ai/pipeline/config/audit").await
    }

    /// Puts back what was before a change.
    pub async fn undo_config_change(&self, id: ConfigChangeId) -> Result<ConfigChanged> {
        self.post(&format!("api/ai/pipeline/config/audit/{id}/undo"), &()).await
    }
}
