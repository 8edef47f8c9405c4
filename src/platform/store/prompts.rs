//! Prompts and their versions.

pub mod labels;
pub mod search;
pub mod standing;

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt::{Prompt, PromptVersion};
use crate::wire::prompt_parts::PromptParts;

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
        "INSERT INTO prompt_versions (id, organization_id, prompt_id, version, content, note, author, created_at_ms, system_text, answer_schema,
                                      parameters, variables)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(version.id.0)
    .bind(org.0)
    .bind(version.prompt_id.0)
    .bind(i64::from(version.version))
    .bind(&version.content)
    .bind(&version.note)
    .bind(&version.author)
    .bind(to_ms(version.created_at))
    .bind(&version.parts.system)
    .bind(&version.parts.schema)
    .bind(to_json(&version.parts.parameters)?)
    .bind(to_json(&version.parts.variables)?)
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

#[derive(sqlx::FromRow)]
struct VersionRow {
    id: uuid::Uuid,
    prompt_id: uuid::Uuid,
    name: String,
    version: i64,
    content: String,
    system_text: String,
    answer_schema: String,
    parameters: String,
    variables: String,
    note: String,
    author: String,
    created_at_ms: i64,
    is_live: bool,
}

const VERSION_COLUMNS: &str = "SELECT v.id, v.prompt_id, p.name, v.version, v.content, v.system_text, v.answer_schema, v.parameters, v.variables,
        v.note, v.author, v.created_at_ms,
        EXISTS (SELECT 1 FROM pipeline_config c WHERE c.organization_id = v.organization_id AND c.live_prompt_version_id = v.id) AS is_live
 FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id";

impl VersionRow {
    /// The version without its labels.
    fn read(self) -> Result<PromptVersion> {
        Ok(PromptVersion {
            id: PromptVersionId(self.id),
            prompt_id: PromptId(self.prompt_id),
            prompt_name: self.name,
            version: self.version as u32,
            content: self.content,
            parts: PromptParts {
                system: self.system_text,
                schema: self.answer_schema,
                parameters: from_json(&self.parameters)?,
                variables: from_json(&self.variables)?,
            },
            note: self.note,
            author: self.author,
            created_at: from_ms(self.created_at_ms)?,
            is_live: self.is_live,
            labels: Vec::new(),
            is_outline: false,
        })
    }
}

/// A version that a statement gave, with its labels.
async fn with_labels(db: &Db, org: OrganizationId, row: Option<VersionRow>) -> Result<Option<PromptVersion>> {
    let Some(mut version) = row.map(VersionRow::read).transpose()? else { return Ok(None) };
    version.labels = labels::of_version(db, org, version.id).await?;
    Ok(Some(version))
}

/// One version that stands, with its prompt's name.
pub async fn version(db: &Db, org: OrganizationId, id: PromptVersionId) -> Result<Option<PromptVersion>> {
    let sql = format!("{VERSION_COLUMNS} WHERE v.organization_id = $1 AND v.id = $2 AND v.withdrawn_at_ms IS NULL");
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    with_labels(db, org, row).await
}

/// A version of a prompt by its number.
pub async fn numbered(db: &Db, org: OrganizationId, prompt: PromptId, number: u32) -> Result<Option<PromptVersion>> {
    let sql = format!("{VERSION_COLUMNS} WHERE v.organization_id = $1 AND v.prompt_id = $2 AND v.version = $3 AND v.withdrawn_at_ms IS NULL");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(prompt.0).bind(i64::from(number));
    with_labels(db, org, query.fetch_optional(&db.read).await?).await
}

/// The newest version that says exactly this, of one prompt or of all.
pub async fn version_that_says(
    db: &Db,
    org: OrganizationId,
    prompt: Option<PromptId>,
    content: &str,
    parts: &PromptParts,
) -> Result<Option<(PromptVersionId, u32)>> {
    let of_prompt = if prompt.is_some() { "AND prompt_id = $7" } else { "" };
    let sql = format!(
        "SELECT id, version FROM prompt_versions
         WHERE organization_id = $1 AND content = $2 AND system_text = $3 AND answer_schema = $4 AND parameters = $5 AND variables = $6
           AND withdrawn_at_ms IS NULL {of_prompt}
         ORDER BY created_at_ms DESC, version DESC, id DESC LIMIT 1"
    );
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(org.0)
        .bind(content)
        .bind(&parts.system)
        .bind(&parts.schema)
        .bind(to_json(&parts.parameters)?)
        .bind(to_json(&parts.variables)?);
    if let Some(prompt) = prompt {
        query = query.bind(prompt.0);
    }
    let found: Option<(uuid::Uuid, i64)> = query.fetch_optional(&db.read).await?;
    Ok(found.map(|(id, number)| (PromptVersionId(id), number as u32)))
}

type PromptRowTuple = (uuid::Uuid, String, Option<String>, Option<String>, i64, i64, String, Option<i64>, Option<i64>);

const PROMPT_COLUMNS: &str = "SELECT p.id, p.name, p.draft, p.draft_parts, p.revision, p.updated_at_ms, p.updated_by,
        (SELECT MAX(v.version) FROM prompt_versions v WHERE v.prompt_id = p.id AND v.withdrawn_at_ms IS NULL),
        (SELECT v.version FROM prompt_versions v JOIN pipeline_config c ON c.live_prompt_version_id = v.id WHERE v.prompt_id = p.id)
 FROM prompts p";

fn prompt_from((id, name, draft, draft_parts, revision, updated_at, updated_by, latest, live): PromptRowTuple) -> Result<Prompt> {
    Ok(Prompt {
        id: PromptId(id),
        name,
        draft,
        draft_parts: draft_parts.as_deref().map(from_json).transpose()?,
        latest_version: latest.unwrap_or(0) as u32,
        live_version: live.map(|live| live as u32),
        revision: revision as u64,
        updated_at: from_ms(updated_at)?,
        updated_by,
    })
}

/// All prompts, by name.
pub async fn list(db: &Db, org: OrganizationId) -> Result<Vec<Prompt>> {
    let sql = format!("{PROMPT_COLUMNS} WHERE p.organization_id = $1 AND p.withdrawn_at_ms IS NULL ORDER BY lower(p.name), p.id");
    let rows: Vec<PromptRowTuple> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).fetch_all(&db.read).await?;
    rows.into_iter().map(prompt_from).collect()
}

pub async fn get(db: &Db, org: OrganizationId, id: PromptId) -> Result<Option<Prompt>> {
    let sql = format!("{PROMPT_COLUMNS} WHERE p.organization_id = $1 AND p.id = $2 AND p.withdrawn_at_ms IS NULL");
    let row: Option<PromptRowTuple> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    row.map(prompt_from).transpose()
}

/// Writes name, draft, revision, time and author.
pub async fn update(tx: &mut Tx, org: OrganizationId, prompt: &Prompt) -> Result<()> {
    sqlx::query(
        "UPDATE prompts SET name = $3, draft = $4, draft_parts = $5, revision = $6, updated_at_ms = $7, updated_by = $8
         WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(prompt.id.0)
    .bind(&prompt.name)
    .bind(&prompt.draft)
    .bind(prompt.draft_parts.as_ref().map(to_json).transpose()?)
    .bind(prompt.revision as i64)
    .bind(to_ms(prompt.updated_at))
    .bind(&prompt.updated_by)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The versions of a prompt, newest first.
pub async fn versions(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Vec<PromptVersion>> {
    let sql = format!("{VERSION_COLUMNS} WHERE v.organization_id = $1 AND v.prompt_id = $2 AND v.withdrawn_at_ms IS NULL ORDER BY v.version DESC");
    let rows: Vec<VersionRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(prompt.0).fetch_all(&db.read).await?;
    let mut labels = labels::of_prompt(db, org, prompt).await?;
    let with_labels = |row: VersionRow| {
        let mut version = row.read()?;
        version.labels = labels.remove(&version.id).unwrap_or_default();
        Ok(version)
    };
    rows.into_iter().map(with_labels).collect()
}

const OUTLINE_COLUMNS: &str = "SELECT v.id, v.prompt_id, p.name, v.version, SUBSTR(v.content, 1, $3) AS content, '' AS system_text,
        '' AS answer_schema, '{}' AS parameters, '[]' AS variables, v.note, v.author, v.created_at_ms,
        EXISTS (SELECT 1 FROM pipeline_config c WHERE c.organization_id = v.organization_id AND c.live_prompt_version_id = v.id) AS is_live
 FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id";

/// The versions of a prompt, newest first: the newest as it is, of the others so many letters.
pub async fn outlines(db: &Db, org: OrganizationId, prompt: PromptId, letters: u32) -> Result<Vec<PromptVersion>> {
    let Some(newest) = newest_version(db, org, prompt).await? else { return Ok(Vec::new()) };
    let sql = format!(
        "{OUTLINE_COLUMNS} WHERE v.organization_id = $1 AND v.prompt_id = $2 AND v.withdrawn_at_ms IS NULL AND v.version < $4 ORDER BY v.version DESC"
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(prompt.0).bind(i64::from(letters)).bind(i64::from(newest.version));
    let rows: Vec<VersionRow> = query.fetch_all(&db.read).await?;
    let mut labels = labels::of_prompt(db, org, prompt).await?;
    let mut versions = vec![newest];
    for row in rows {
        let version = PromptVersion { is_outline: true, ..row.read()? };
        versions.push(PromptVersion { labels: labels.remove(&version.id).unwrap_or_default(), ..version });
    }
    Ok(versions)
}

/// The newest version of a prompt.
pub async fn newest_version(db: &Db, org: OrganizationId, prompt: PromptId) -> Result<Option<PromptVersion>> {
    let sql =
        format!("{VERSION_COLUMNS} WHERE v.organization_id = $1 AND v.prompt_id = $2 AND v.withdrawn_at_ms IS NULL ORDER BY v.version DESC LIMIT 1");
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(prompt.0).fetch_optional(&db.read).await?;
    with_labels(db, org, row).await
}
