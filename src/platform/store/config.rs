//! The pipeline's configuration.

use super::{Db, Result, Tx, from_json, from_name, to_json, to_name};
use crate::wire::config::PipelineConfig;
use crate::wire::ids::{OrganizationId, PromptVersionId};

/// The configuration; `None` before the first start.
pub async fn get(db: &Db, org: OrganizationId) -> Result<Option<PipelineConfig>> {
    let row: Option<(i64, String, String, uuid::Uuid, String, i64, String)> = sqlx::query_as(
        "SELECT c.revision, c.state, c.live_model, c.live_prompt_version_id, p.name, v.version, c.rules
         FROM pipeline_config c
         JOIN prompt_versions v ON v.id = c.live_prompt_version_id
         JOIN prompts p ON p.id = v.prompt_id
         WHERE c.organization_id = $1",
    )
    .bind(org.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(|(revision, state, live_model, prompt_version, prompt_name, version, rules)| {
        Ok(PipelineConfig {
            revision: revision as u64,
            state: from_name(&state)?,
            live_model,
            live_prompt_version_id: PromptVersionId(prompt_version),
            live_prompt: format!("{prompt_name} v{version}"),
            rules: from_json(&rules)?,
        })
    })
    .transpose()
}

/// Inserts the first configuration.
pub async fn insert(tx: &mut Tx, org: OrganizationId, config: &PipelineConfig) -> Result<()> {
    sqlx::query(
        "INSERT INTO pipeline_config (organization_id, revision, state, live_model, live_prompt_version_id, rules) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(org.0)
    .bind(config.revision as i64)
    .bind(to_name(&config.state)?)
    .bind(&config.live_model)
    .bind(config.live_prompt_version_id.0)
    .bind(to_json(&config.rules)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
