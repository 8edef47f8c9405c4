//! Labels of versions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::platform::store::{Db, Result, Tx, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt_label::LabelCount;

/// The labels of a version, sorted.
pub async fn of_version(db: &Db, org: OrganizationId, version: PromptVersionId) -> Result<Vec<String>> {
    let sql = "SELECT label FROM prompt_labels WHERE organization_id = $1 AND prompt_version_id = $2 ORDER BY label";
    Ok(sqlx::query_scalar(sql).bind(org.0).bind(version.0).fetch_all(&db.read).await?)
}

/// The labels of all versions of a prompt, each version's sorted.
pub async fn of_prompt(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<HashMap<PromptVersionId, Vec<String>>> {
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "SELECT l.prompt_version_id, l.label FROM prompt_labels l JOIN prompt_versions v ON v.id = l.prompt_version_id
         WHERE l.organization_id = $1 AND v.prompt_id = $2 ORDER BY l.label",
    )
    .bind(org.0)
    .bind(prompt.0)
    .fetch_all(&db.read)
    .await?;
    let mut labels: HashMap<PromptVersionId, Vec<String>> = HashMap::new();
    for (version, label) in rows {
        labels.entry(PromptVersionId(version)).or_default().push(label);
    }
    Ok(labels)
}

/// Every label that stands on a version, with how many it stands on.
pub async fn counted(db: &Db, org: OrganizationId) -> Result<Vec<LabelCount>> {
    let sql = "SELECT l.label, COUNT(*) FROM prompt_labels l JOIN prompt_versions v ON v.id = l.prompt_version_id
               WHERE l.organization_id = $1 AND v.withdrawn_at_ms IS NULL GROUP BY l.label ORDER BY l.label";
    let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(org.0).fetch_all(&db.read).await?;
    Ok(rows.into_iter().map(|(label, versions)| LabelCount { label, versions: versions as u64 }).collect())
}

/// Puts a label on a version; one that it has is left as it is.
pub async fn add(tx: &mut Tx, org: OrganizationId, version: PromptVersionId, label: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO prompt_labels (organization_id, prompt_version_id, label, added_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (prompt_version_id, label) DO NOTHING",
    )
    .bind(org.0)
    .bind(version.0)
    .bind(label)
    .bind(to_ms(at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn remove(tx: &mut Tx, org: OrganizationId, version: PromptVersionId, label: &str) -> Result<()> {
    sqlx::query("DELETE FROM prompt_labels WHERE organization_id = $1 AND prompt_version_id = $2 AND label = $3")
        .bind(org.0)
        .bind(version.0)
        .bind(label)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
