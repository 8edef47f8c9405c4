//! The pipeline's configuration.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::alert::shipped_rules;
use crate::wire::config::{ConfigChange, PipelineConfig};
use crate::wire::ids::{ConfigChangeId, OrganizationId, PromptVersionId};

/// The configuration; `None` before the first start.
pub async fn get(db: &Db, org: OrganizationId) -> Result<Option<PipelineConfig>> {
    type Row = (i64, String, String, uuid::Uuid, String, i64, String, String, Option<String>, Option<i64>);
    let row: Option<Row> = sqlx::query_as(
        "SELECT c.revision, c.state, c.live_model, c.live_prompt_version_id, p.name, v.version, c.rules, c.providers, c.alert_rules,
                c.draining_since_ms
         FROM pipeline_config c
         JOIN prompt_versions v ON v.id = c.live_prompt_version_id
         JOIN prompts p ON p.id = v.prompt_id
         WHERE c.organization_id = $1",
    )
    .bind(org.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(|(revision, state, live_model, prompt_version, prompt_name, version, rules, providers, alert_rules, draining_since)| {
        Ok(PipelineConfig {
            revision: revision as u64,
            state: from_name(&state)?,
            live_model,
            live_prompt_version_id: PromptVersionId(prompt_version),
            live_prompt: format!("{prompt_name} v{version}"),
            rules: from_json(&rules)?,
            providers: from_json(&providers)?,
            draining_since: draining_since.map(from_ms).transpose()?,
            alert_rules: alert_rules.map_or_else(|| Ok(shipped_rules()), |rules| from_json(&rules))?,
        })
    })
    .transpose()
}

/// Inserts the first configuration.
pub async fn insert(tx: &mut Tx, org: OrganizationId, config: &PipelineConfig) -> Result<()> {
    sqlx::query(
        "INSERT INTO pipeline_config (organization_id, revision, state, live_model, live_prompt_version_id, rules, providers, alert_rules,
                                      draining_since_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(org.0)
    .bind(config.revision as i64)
    .bind(to_name(&config.state)?)
    .bind(&config.live_model)
    .bind(config.live_prompt_version_id.0)
    .bind(to_json(&config.rules)?)
    .bind(to_json(&config.providers)?)
    .bind(to_json(&config.alert_rules)?)
    .bind(config.draining_since.map(to_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes a changed configuration.
pub async fn update(tx: &mut Tx, org: OrganizationId, config: &PipelineConfig) -> Result<()> {
    sqlx::query(
        "UPDATE pipeline_config SET revision = $2, state = $3, live_model = $4, live_prompt_version_id = $5, rules = $6, providers = $7,
         alert_rules = $8, draining_since_ms = $9 WHERE organization_id = $1",
    )
    .bind(org.0)
    .bind(config.revision as i64)
    .bind(to_name(&config.state)?)
    .bind(&config.live_model)
    .bind(config.live_prompt_version_id.0)
    .bind(to_json(&config.rules)?)
    .bind(to_json(&config.providers)?)
    .bind(to_json(&config.alert_rules)?)
    .bind(config.draining_since.map(to_ms))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds an entry to the journal.
pub async fn insert_change(tx: &mut Tx, org: OrganizationId, change: &ConfigChange) -> Result<()> {
    sqlx::query(
        "INSERT INTO config_changes (id, organization_id, at_ms, actor, summary, before, after, undone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(change.id.0)
    .bind(org.0)
    .bind(to_ms(change.at))
    .bind(&change.actor)
    .bind(&change.summary)
    .bind(to_json(&change.before)?)
    .bind(to_json(&change.after)?)
    .bind(change.undone)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn mark_undone(tx: &mut Tx, org: OrganizationId, id: ConfigChangeId) -> Result<()> {
    sqlx::query("UPDATE config_changes SET undone = TRUE WHERE organization_id = $1 AND id = $2").bind(org.0).bind(id.0).execute(&mut **tx).await?;
    Ok(())
}

type ChangeRow = (uuid::Uuid, i64, String, String, String, String, bool);

fn change_from((id, at, actor, summary, before, after, undone): ChangeRow) -> Result<ConfigChange> {
    Ok(ConfigChange { id: ConfigChangeId(id), at: from_ms(at)?, actor, summary, before: from_json(&before)?, after: from_json(&after)?, undone })
}

/// Entries of the journal, newest first, from behind `after` on.
pub async fn changes(db: &Db, org: OrganizationId, after: Option<(DateTime<Utc>, ConfigChangeId)>, limit: u32) -> Result<Vec<ConfigChange>> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
        "SELECT id, at_ms, actor, summary, before, after, undone FROM config_changes WHERE organization_id = ",
    );
    query.push_bind(org.0);
    if let Some((at, id)) = after {
        query.push(" AND (at_ms, id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY at_ms DESC, id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<ChangeRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(change_from).collect()
}

/// Entries of the journal after a moment, newest first.
pub async fn changes_since(db: &Db, org: OrganizationId, at: DateTime<Utc>) -> Result<Vec<ConfigChange>> {
    let rows: Vec<ChangeRow> = sqlx::query_as(
        "SELECT id, at_ms, actor, summary, before, after, undone FROM config_changes
         WHERE organization_id = $1 AND at_ms > $2 ORDER BY at_ms DESC, id DESC",
    )
    .bind(org.0)
    .bind(to_ms(at))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(change_from).collect()
}

pub async fn change(db: &Db, org: OrganizationId, id: ConfigChangeId) -> Result<Option<ConfigChange>> {
    let row: Option<ChangeRow> =
        sqlx::query_as("SELECT id, at_ms, actor, summary, before, after, undone FROM config_changes WHERE organization_id = $1 AND id = $2")
            .bind(org.0)
            .bind(id.0)
            .fetch_optional(&db.read)
            .await?;
    row.map(change_from).transpose()
}
