//! What the pipeline works by.

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::config::{PipelineConfig, PipelineState, ProcessingRules};

/// Gives a fresh database its first configuration.
pub async fn ensure_default(core: &Core) -> Result<()> {
    if store::config::get(&core.db, core.org).await?.is_some() {
        return Ok(());
    }
    let Some(prompt) = store::prompts::first_version(&core.db, core.org).await? else {
        return Err(DomainError::NotFound { what: "prompt version" });
    };
    let config = PipelineConfig {
        revision: 1,
        state: PipelineState::Running,
        live_model: "on-device".to_owned(),
        live_prompt_version_id: prompt,
        live_prompt: String::new(),
        rules: ProcessingRules { accept_threshold: 0.6, reject_threshold: 0.2, workers: 2, max_attempts: 3 },
    };
    let mut change = core.change().await?;
    store::config::insert(&mut change.tx, core.org, &config).await?;
    change.commit().await
}

/// The configuration as it is now.
pub async fn current(core: &Core) -> Result<PipelineConfig> {
    store::config::get(&core.db, core.org).await?.ok_or(DomainError::NotFound { what: "configuration" })
}
