//! The pipeline's configuration.

use reqwest::{Method, header};

use super::{Client, Result, read};
use crate::wire::config::{
    ConfigChange, ConfigChanged, ConfigChangesQuery, ConfigFile, ConfigImport, ConfigSteps, ImportQuery, PipelineConfig, ProcessingRules,
    SetPipelineState, SetRulesQuery,
};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;
use crate::wire::replay::{MovedPhoto, Replay, ReplayExamples, ReplayRules};

impl Client {
    pub async fn config(&self) -> Result<PipelineConfig> {
        self.get("api/ai/pipeline/config").await
    }

    pub async fn set_pipeline_state(&self, body: SetPipelineState) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/state", &body).await
    }

    /// `revision`: of the configuration as the caller knows it; a stale one is refused with code `stale`.
    pub async fn set_processing_rules(&self, revision: u64, body: &ProcessingRules) -> Result<ConfigChanged> {
        self.put_rules(revision, body, SetRulesQuery::default()).await
    }

    /// The same, where a limit below what is spent already is meant.
    pub async fn set_processing_rules_confirmed(&self, revision: u64, body: &ProcessingRules) -> Result<ConfigChanged> {
        self.put_rules(revision, body, SetRulesQuery { confirm: true }).await
    }

    async fn put_rules(&self, revision: u64, body: &ProcessingRules, query: SetRulesQuery) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/pipeline/processing-rules")?.query(&query);
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }

    /// What rules would have made of the last days; nothing is asked of any model.
    pub async fn replay_rules(&self, body: &ReplayRules) -> Result<Replay> {
        self.post("api/ai/pipeline/processing-rules/dry-run", body).await
    }

    /// Photos that would move.
    pub async fn replay_examples(&self, body: &ReplayExamples) -> Result<Page<MovedPhoto>> {
        self.post("api/ai/pipeline/processing-rules/dry-run/examples", body).await
    }

    /// The journal, newest first.
    pub async fn config_changes(&self) -> Result<Page<ConfigChange>> {
        self.find_config_changes(&ConfigChangesQuery::default()).await
    }

    /// Part of the journal, newest first.
    pub async fn find_config_changes(&self, query: &ConfigChangesQuery) -> Result<Page<ConfigChange>> {
        self.get_with("api/ai/pipeline/config/audit", query).await
    }

    /// Everybody who ever changed something.
    pub async fn config_actors(&self) -> Result<Page<String>> {
        self.get("api/ai/pipeline/config/audit/actors").await
    }

    /// Puts back what was before a change.
    pub async fn undo_config_change(&self, id: ConfigChangeId) -> Result<ConfigChanged> {
        self.post(&format!("api/ai/pipeline/config/audit/{id}/undo"), &()).await
    }

    /// What the next undo and redo would put back.
    pub async fn config_steps(&self) -> Result<ConfigSteps> {
        self.get("api/ai/pipeline/config/steps").await
    }

    /// Undoes the newest change that stands; `change` is `None` where there is none.
    pub async fn undo_config(&self) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/config/undo", &()).await
    }

    /// Does again what was undone last; `change` is `None` where there is nothing.
    pub async fn redo_config(&self) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/config/redo", &()).await
    }

    pub async fn export_config(&self) -> Result<ConfigFile> {
        self.get("api/ai/pipeline/config/export").await
    }

    /// What a file would change, and what of it is refused and why.
    pub async fn preview_config_import(&self, file: String) -> Result<ConfigImport> {
        let query = ImportQuery { dry_run: true, confirm: false };
        read(self.request(Method::POST, "api/ai/pipeline/config/import")?.query(&query).body(file)).await
    }

    /// Applies a file in one change. `revision`: the one that its preview named.
    pub async fn import_config(&self, revision: u64, file: String, confirm: bool) -> Result<ConfigImport> {
        let query = ImportQuery { dry_run: false, confirm };
        let request = self.request(Method::POST, "api/ai/pipeline/config/import")?.query(&query);
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).body(file)).await
    }
}
