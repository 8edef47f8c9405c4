//! Prompts and their versions.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt::{Prompt, PromptVersion};

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
    type Row = (uuid::Uuid, String, i64, String, String, String, i64, bool);
    let row: Option<Row> = sqlx::query_as(
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

type PromptRowTuple = (uuid::Uuid, String, Option<String>, i64, i64, Option<i64>, Option<i64>);

const PROMPT_COLUMNS: &str = "SELECT p.id, p.name, p.draft, p.revision, p.updated_at_ms,
        (SELECT MAX(v.version) FROM prompt_versions v WHERE v.prompt_id = p.id),
        (SELECT v.version FROM prompt_versions v JOIN pipeline_config c ON c.live_prompt_version_id = v.id WHERE v.prompt_id = p.id)
 FROM prompts p";

fn prompt_from((id, name, draft, revision, updated_at, latest, live): PromptRowTuple) -> Result<Prompt> {
    Ok(Prompt {
        id: PromptId(id),
        name,
        draft,
        latest_version: latest.unwrap_or(0) as u32,
        live_version: live.map(|live| live as u32),
        revision: revision as u64,
        updated_at: from_ms(updated_at)?,
    })
}

/// All prompts, by name.
pub async fn list(db: &Db, org: OrganizationId) -> Result<Vec<Prompt>> {
    let sql = format!("{PROMPT_COLUMNS} WHERE p.organization_id = $1 ORDER BY lower(p.name), p.id");
    let rows: Vec<PromptRowTuple> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).fetch_all(&db.read).await?;
    rows.into_iter().map(prompt_from).collect()
}

pub async fn get(db: &Db, org: OrganizationId, id: PromptId) -> Result<Option<Prompt>> {
    let sql = format!("{PROMPT_COLUMNS} WHERE p.organization_id = $1 AND p.id = $2");
    let row: Option<PromptRowTuple> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    row.map(prompt_from).transpose()
}

/// Writes name, draft, revision and time.
pub async fn update(tx: &mut Tx, org: OrganizationId, prompt: &Prompt) -> Result<()> {
    sqlx::query("UPDATE prompts SET name = $3, draft = $4, revision = $5, updated_at_ms = $6 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(prompt.id.0)
        .bind(&prompt.name)
        .bind(&prompt.draft)
        .bind(prompt.revision as i64)
        .bind(to_ms(prompt.updated_at))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The versions of a prompt, newest first.
pub async fn versions(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Vec<PromptVersion>> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM prompt_versions WHERE organization_id = $1 AND prompt_id = $2 ORDER BY version DESC")
            .bind(org.0)
            .bind(prompt.0)
            .fetch_all(&db.read)
            .await?;
    let mut versions = Vec::with_capacity(ids.len());
    for id in ids {
        versions.extend(version(db, org, PromptVersionId(id)).await?);
    }
    Ok(versions)
}

/// The newest version of a prompt.
pub async fn newest_version(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Option<PromptVersion>> {
    let id: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM prompt_versions WHERE organization_id = $1 AND prompt_id = $2 ORDER BY version DESC LIMIT 1")
            .bind(org.0)
            .bind(prompt.0)
            .fetch_optional(&db.read)
            .await?;
    match id {
        Some(id) => version(db, org, PromptVersionId(id)).await,
        None => Ok(None),
    }
}
