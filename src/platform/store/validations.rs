//! Runs that hold a prompt version against gates.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms};
use crate::wire::ids::{OrganizationId, PromptVersionId, RunId};
use crate::wire::validation::{Gates, ValidationReport};

/// What a run of that kind is about.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationRow {
    pub run_id: RunId,
    pub version_id: PromptVersionId,
    pub against_id: Option<PromptVersionId>,
    /// Full model name.
    pub model: String,
    pub gates: Gates,
    /// Once the run has ended.
    pub report: Option<ValidationReport>,
    pub started_at: DateTime<Utc>,
}

pub async fn insert(tx: &mut Tx, org: OrganizationId, row: &ValidationRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO validations (run_id, organization_id, version_id, against_id, model, gates, started_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.run_id.0)
    .bind(org.0)
    .bind(row.version_id.0)
    .bind(row.against_id.map(|id| id.0))
    .bind(&row.model)
    .bind(to_json(&row.gates)?)
    .bind(to_ms(row.started_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes the report of a run that has ended.
pub async fn keep(tx: &mut Tx, org: OrganizationId, report: &ValidationReport) -> Result<()> {
    sqlx::query("UPDATE validations SET report = $3 WHERE organization_id = $1 AND run_id = $2")
        .bind(org.0)
        .bind(report.run_id.0)
        .bind(to_json(report)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets the report of a run that goes on: it will have another end.
pub async fn forget_report(tx: &mut Tx, org: OrganizationId, id: RunId) -> Result<()> {
    sqlx::query("UPDATE validations SET report = NULL WHERE organization_id = $1 AND run_id = $2").bind(org.0).bind(id.0).execute(&mut **tx).await?;
    Ok(())
}

type Row = (uuid::Uuid, uuid::Uuid, Option<uuid::Uuid>, String, String, Option<String>, i64);

const SELECT: &str = "SELECT run_id, version_id, against_id, model, gates, report, started_at_ms FROM validations WHERE organization_id = ";

fn row_from((run, version, against, model, gates, report, started_at): Row) -> Result<ValidationRow> {
    Ok(ValidationRow {
        run_id: RunId(run),
        version_id: PromptVersionId(version),
        against_id: against.map(PromptVersionId),
        model,
        gates: from_json(&gates)?,
        report: report.as_deref().map(from_json).transpose()?,
        started_at: from_ms(started_at)?,
    })
}

pub async fn get(db: &Db, org: OrganizationId, run: RunId) -> Result<Option<ValidationRow>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND run_id = ").push_bind(run.0);
    let row: Option<Row> = query.build_query_as().fetch_optional(&db.read).await?;
    row.map(row_from).transpose()
}

/// The newest first, of one version or of all; those after a row, or from the newest on.
pub async fn list(
    db: &Db,
    org: OrganizationId,
    version: Option<PromptVersionId>,
    after: Option<(DateTime<Utc>, RunId)>,
    limit: u32,
) -> Result<Vec<ValidationRow>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0);
    if let Some(version) = version {
        query.push(" AND version_id = ").push_bind(version.0);
    }
    if let Some((at, id)) = after {
        query.push(" AND (started_at_ms, run_id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY started_at_ms DESC, run_id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<Row> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(row_from).collect()
}
