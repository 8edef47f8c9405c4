//! What of prompts and versions stands: what was made and then undone is kept, so that it can be done again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{VERSION_COLUMNS, VersionRow, labels};
use crate::platform::store::{Db, Result, Tx, from_json, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt::{Prompt, PromptVersion};

/// A prompt whether it stands or not, without the numbers of its versions.
pub async fn prompt(db: &Db, org: OrganizationId, id: PromptId) -> Result<Option<(Prompt, bool)>> {
    type Row = (String, Option<String>, Option<String>, i64, i64, String, Option<i64>);
    let row: Option<Row> = sqlx::query_as(
        "SELECT name, draft, draft_parts, revision, updated_at_ms, updated_by, withdrawn_at_ms FROM prompts WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(|(name, draft, draft_parts, revision, updated_at, updated_by, withdrawn)| {
        let prompt = Prompt {
            id,
            name,
            draft,
            draft_parts: draft_parts.as_deref().map(from_json).transpose()?,
            latest_version: 0,
            live_version: None,
            revision: revision as u64,
            updated_at: super::from_ms(updated_at)?,
            updated_by,
        };
        Ok((prompt, withdrawn.is_none()))
    })
    .transpose()
}

/// A version whether it stands or not, with its labels.
pub async fn version(db: &Db, org: OrganizationId, id: PromptVersionId) -> Result<Option<(PromptVersion, bool)>> {
    let sql = format!("{VERSION_COLUMNS} WHERE v.organization_id = $1 AND v.id = $2");
    let row: Option<VersionRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    let Some(mut version) = row.map(VersionRow::read).transpose()? else { return Ok(None) };
    version.labels = labels::of_version(db, org, id).await?;
    let withdrawn: Option<i64> = sqlx::query_scalar("SELECT withdrawn_at_ms FROM prompt_versions WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .fetch_one(&db.read)
        .await?;
    Ok(Some((version, withdrawn.is_none())))
}

/// What a version is called, such as `Photo tags v3`, whether it stands or not.
pub async fn label(db: &Db, org: OrganizationId, id: PromptVersionId) -> Result<Option<String>> {
    let sql = "SELECT p.name, v.version FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id WHERE v.organization_id = $1 AND v.id = $2";
    let row: Option<(String, i64)> = sqlx::query_as(sql).bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    Ok(row.map(|(name, version)| format!("{name} v{version}")))
}

/// The versions of a prompt that stand.
pub async fn ids(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Vec<PromptVersionId>> {
    let sql = "SELECT id FROM prompt_versions WHERE organization_id = $1 AND prompt_id = $2 AND withdrawn_at_ms IS NULL";
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(sql).bind(org.0).bind(prompt.0).fetch_all(&db.read).await?;
    Ok(ids.into_iter().map(PromptVersionId).collect())
}

/// The highest number that a version of each prompt ever had: none is given twice.
pub async fn highest_numbers(db: &Db, org: OrganizationId) -> Result<HashMap<PromptId, u32>> {
    let sql = "SELECT prompt_id, MAX(version) FROM prompt_versions WHERE organization_id = $1 GROUP BY prompt_id";
    let rows: Vec<(uuid::Uuid, i64)> = sqlx::query_as(sql).bind(org.0).fetch_all(&db.read).await?;
    Ok(rows.into_iter().map(|(prompt, version)| (PromptId(prompt), version as u32)).collect())
}

/// The highest number that a version of a prompt ever had; 0: it never had one.
pub async fn highest_number(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<u32> {
    let sql = "SELECT MAX(version) FROM prompt_versions WHERE organization_id = $1 AND prompt_id = $2";
    let highest: Option<i64> = sqlx::query_scalar(sql).bind(org.0).bind(prompt.0).fetch_one(&db.read).await?;
    Ok(highest.unwrap_or(0) as u32)
}

/// Takes a prompt back (`Some`), or brings it again.
pub async fn set_prompt(tx: &mut Tx, org: OrganizationId, id: PromptId, withdrawn: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query("UPDATE prompts SET withdrawn_at_ms = $3 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .bind(withdrawn.map(to_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Takes a version back (`Some`), or brings it again.
pub async fn set_version(tx: &mut Tx, org: OrganizationId, id: PromptVersionId, withdrawn: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query("UPDATE prompt_versions SET withdrawn_at_ms = $3 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .bind(withdrawn.map(to_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
