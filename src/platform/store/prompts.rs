//! Prompts and their versions.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt::PromptVersion;

/// Inserts a prompt without versions.
pub async fn insert(tx: &mut Tx, org: OrganizationId, id: PromptId, name: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("INSERT INTO prompts (id, organization_id, name, revision, updated_at_ms) VALUES ($1, $2, $3, 1, $4)")
        .bind(id.0)
        .bind(org.0)
        .bind(name)
        .bind(to_ms(at))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Inserts a version.
pub async fn insert_version(tx: &mut Tx, org: OrganizationId, version: &PromptVersion) -> Result<()> {
    sqlx::query(
        "INSERT INTO prompt_versions (id, organization_id, prompt_id, version, content, note, author, created_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(version.id.0)
    .bind(org.0)
    .bind(version.prompt_id.0)
    .bind(i64::from(version.version))
    .bind(&version.content)
    .bind(&version.note)
    .bind(&version.author)
    .bind(to_ms(version.created_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The first version of the oldest prompt.
pub async fn first_version(db: &Db, org: OrganizationId) -> Result<Option<PromptVersionId>> {
    let id: Option<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM prompt_versions WHERE organization_id = $1 ORDER BY created_at_ms, id LIMIT 1")
        .bind(org.0)
        .fetch_optional(&db.read)
        .await?;
    Ok(id.map(PromptVersionId))
}

/// One version with its prompt's name.
pub async fn version(db: &Db, org: OrganizationId, id: PromptVersionId) -> Result<Option<PromptVersion>> {
    let row: Option<(uuid::Uuid, String, i64, String, String, String, i64, bool)> = sqlx::query_as(
        "SELECT v.prompt_id, p.name, v.version, v.content, v.note, v.author, v.created_at_ms,
                EXISTS (SELECT 1 FROM pipeline_config c WHERE c.organization_id = v.organization_id AND c.live_prompt_version_id = v.id)
         FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id
         WHERE v.organization_id = $1 AND v.id = $2",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(|(prompt_id, prompt_name, version, content, note, author, created_at, is_live)| {
        Ok(PromptVersion {
            id,
            prompt_id: PromptId(prompt_id),
            prompt_name,
            version: version as u32,
            content,
            note,
            author,
            created_at: from_ms(created_at)?,
            is_live,
        })
    })
    .transpose()
}
