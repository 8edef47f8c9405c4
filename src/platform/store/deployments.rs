//! The history of what each environment used.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::config::ConfigChange;
use crate::wire::deployment::{Check, DeployedVersion, Deployment, Environment, Validation};
use crate::wire::ids::{ConfigChangeId, DeploymentId, OrganizationId, PromptId, PromptVersionId, RunId};

/// A row as it is written.
#[derive(Debug, Clone)]
pub struct NewDeployment<'d> {
    pub id: DeploymentId,
    pub environment: Environment,
    pub from: Option<PromptVersionId>,
    pub to: Option<PromptVersionId>,
    pub note: &'d str,
    pub validation: Validation,
    pub checks: &'d [Check],
    pub override_reason: Option<&'d str>,
    pub report_id: Option<RunId>,
    pub rolls_back: Option<DeploymentId>,
}

/// Adds a row to the history, of the moment and the person of a change of configuration.
pub async fn insert(tx: &mut Tx, org: OrganizationId, change: &ConfigChange, new: &NewDeployment<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO deployments (id, organization_id, at_ms, actor, environment, from_version_id, to_version_id, note, validation, checks,
                                  override_reason, report_id, change_id, rolls_back)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(new.id.0)
    .bind(org.0)
    .bind(to_ms(change.at))
    .bind(&change.actor)
    .bind(to_name(&new.environment)?)
    .bind(new.from.map(|id| id.0))
    .bind(new.to.map(|id| id.0))
    .bind(new.note)
    .bind(to_name(&new.validation)?)
    .bind(to_json(&new.checks)?)
    .bind(new.override_reason)
    .bind(new.report_id.map(|id| id.0))
    .bind(change.id.0)
    .bind(new.rolls_back.map(|id| id.0))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks what came with a change of configuration as taken back.
pub async fn mark_rolled_back(tx: &mut Tx, org: OrganizationId, change: ConfigChangeId, at: DateTime<Utc>, by: &str) -> Result<()> {
    sqlx::query("UPDATE deployments SET rolled_back_at_ms = $3, rolled_back_by = $4 WHERE organization_id = $1 AND change_id = $2")
        .bind(org.0)
        .bind(change.0)
        .bind(to_ms(at))
        .bind(by)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The deployment to an environment that came with a change of configuration.
pub async fn of_change(db: &Db, org: OrganizationId, change: ConfigChangeId, environment: Environment) -> Result<Option<DeploymentId>> {
    let id: Option<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM deployments WHERE organization_id = $1 AND change_id = $2 AND environment = $3")
        .bind(org.0)
        .bind(change.0)
        .bind(to_name(&environment)?)
        .fetch_optional(&db.read)
        .await?;
    Ok(id.map(DeploymentId))
}

/// The history, newest first, from behind `after` on.
pub async fn list(
    db: &Db,
    org: OrganizationId,
    environment: Option<Environment>,
    after: Option<(DateTime<Utc>, DeploymentId)>,
    limit: u32,
) -> Result<Vec<Deployment>> {
    let mut query = select();
    query.push("d.organization_id = ").push_bind(org.0);
    if let Some(environment) = environment {
        query.push(" AND d.environment = ").push_bind(to_name(&environment)?);
    }
    if let Some((at, id)) = after {
        query.push(" AND (d.at_ms, d.id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY d.at_ms DESC, d.id DESC LIMIT ").push_bind(i64::from(limit));
    fetch(db, query).await
}

pub async fn get(db: &Db, org: OrganizationId, id: DeploymentId) -> Result<Option<Deployment>> {
    let mut query = select();
    query.push("d.organization_id = ").push_bind(org.0).push(" AND d.id = ").push_bind(id.0);
    Ok(fetch(db, query).await?.pop())
}

fn select() -> QueryBuilder<Sqlite> {
    QueryBuilder::new(
        "SELECT d.id, d.at_ms, d.actor, d.environment, d.note, d.validation, d.checks, d.override_reason, d.report_id, d.change_id,
                d.rolls_back, d.rolled_back_at_ms, d.rolled_back_by,
                f.id AS from_id, f.prompt_id AS from_prompt_id, f.version AS from_version, fp.name AS from_name,
                t.id AS to_id, t.prompt_id AS to_prompt_id, t.version AS to_version, tp.name AS to_name,
                NOT EXISTS (SELECT 1 FROM deployments n WHERE n.organization_id = d.organization_id AND n.environment = d.environment
                            AND (n.at_ms, n.id) > (d.at_ms, d.id)) AS is_newest
         FROM deployments d
         LEFT JOIN prompt_versions f ON f.id = d.from_version_id
         LEFT JOIN prompts fp ON fp.id = f.prompt_id
         LEFT JOIN prompt_versions t ON t.id = d.to_version_id
         LEFT JOIN prompts tp ON tp.id = t.prompt_id
         WHERE ",
    )
}

#[derive(FromRow)]
struct Row {
    id: uuid::Uuid,
    at_ms: i64,
    actor: String,
    environment: String,
    note: String,
    validation: String,
    checks: String,
    override_reason: Option<String>,
    report_id: Option<uuid::Uuid>,
    change_id: uuid::Uuid,
    rolls_back: Option<uuid::Uuid>,
    rolled_back_at_ms: Option<i64>,
    rolled_back_by: Option<String>,
    from_id: Option<uuid::Uuid>,
    from_prompt_id: Option<uuid::Uuid>,
    from_version: Option<i64>,
    from_name: Option<String>,
    to_id: Option<uuid::Uuid>,
    to_prompt_id: Option<uuid::Uuid>,
    to_version: Option<i64>,
    to_name: Option<String>,
    is_newest: bool,
}

async fn fetch(db: &Db, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Deployment>> {
    let rows: Vec<Row> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(Row::deployment).collect()
}

impl Row {
    fn deployment(self) -> Result<Deployment> {
        Ok(Deployment {
            id: DeploymentId(self.id),
            at: from_ms(self.at_ms)?,
            actor: self.actor,
            environment: from_name(&self.environment)?,
            from: version(self.from_id, self.from_prompt_id, self.from_name.as_deref(), self.from_version),
            to: version(self.to_id, self.to_prompt_id, self.to_name.as_deref(), self.to_version),
            note: self.note,
            validation: from_name(&self.validation)?,
            checks: from_json(&self.checks)?,
            override_reason: self.override_reason,
            report_id: self.report_id.map(RunId),
            change_id: ConfigChangeId(self.change_id),
            rolls_back: self.rolls_back.map(DeploymentId),
            rolled_back_at: self.rolled_back_at_ms.map(from_ms).transpose()?,
            rolled_back_by: self.rolled_back_by,
            is_newest: self.is_newest,
        })
    }
}

fn version(id: Option<uuid::Uuid>, prompt: Option<uuid::Uuid>, name: Option<&str>, number: Option<i64>) -> Option<DeployedVersion> {
    Some(DeployedVersion { id: PromptVersionId(id?), prompt_id: PromptId(prompt?), label: format!("{} v{}", name?, number?) })
}
