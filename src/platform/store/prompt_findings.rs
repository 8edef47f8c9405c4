//! Findings of prompts that a person wants to hear no more of.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, to_ms};
use crate::wire::ids::{OrganizationId, PromptId};

/// The keys of a prompt's findings that are ignored.
pub async fn ignored(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Vec<String>> {
    let keys = sqlx::query_scalar("SELECT finding_key FROM ignored_findings WHERE organization_id = $1 AND prompt_id = $2")
        .bind(org.0)
        .bind(prompt.0)
        .fetch_all(&db.read)
        .await?;
    Ok(keys)
}

/// Ignores a finding; one that is ignored already stays so.
pub async fn ignore(tx: &mut Tx, org: OrganizationId, prompt: PromptId, key: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO ignored_findings (organization_id, prompt_id, finding_key, ignored_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, prompt_id, finding_key) DO NOTHING",
    )
    .bind(org.0)
    .bind(prompt.0)
    .bind(key)
    .bind(to_ms(at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Shows a finding again.
pub async fn show_again(tx: &mut Tx, org: OrganizationId, prompt: PromptId, key: &str) -> Result<()> {
    sqlx::query("DELETE FROM ignored_findings WHERE organization_id = $1 AND prompt_id = $2 AND finding_key = $3")
        .bind(org.0)
        .bind(prompt.0)
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
