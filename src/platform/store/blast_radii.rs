//! The samples on which a prompt version is held against production.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, to_ms};
use crate::wire::ids::{OrganizationId, PhotoId, PromptVersionId, ResultId, RunId};

/// What a run of that kind was taken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    pub run_id: RunId,
    pub version_id: PromptVersionId,
    pub baseline_version_id: PromptVersionId,
    /// Full model name.
    pub model: String,
    pub population: u32,
    pub reused: u32,
    pub started_at: DateTime<Utc>,
}

/// The photos that production answered last, newest first, each with the result that counts.
pub async fn answered(db: &Db, org: OrganizationId, most: u32) -> Result<Vec<(PhotoId, ResultId)>> {
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> = sqlx::query_as(
        "SELECT r.photo_id, r.id FROM ai_processing_results r JOIN photos p ON p.id = r.photo_id
         WHERE r.organization_id = $1 AND r.status = 'completed' AND p.latest_result_id = r.id AND p.deleted_at_ms IS NULL
         ORDER BY r.created_at_ms DESC, r.id DESC LIMIT $2",
    )
    .bind(org.0)
    .bind(i64::from(most))
    .fetch_all(&db.read)
    .await?;
    Ok(rows.into_iter().map(|(photo, result)| (PhotoId(photo), ResultId(result))).collect())
}

pub async fn insert(tx: &mut Tx, org: OrganizationId, sample: &SampleRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO blast_radii (run_id, organization_id, version_id, baseline_version_id, model, population, reused, started_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(sample.run_id.0)
    .bind(org.0)
    .bind(sample.version_id.0)
    .bind(sample.baseline_version_id.0)
    .bind(&sample.model)
    .bind(i64::from(sample.population))
    .bind(i64::from(sample.reused))
    .bind(to_ms(sample.started_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

type Row = (uuid::Uuid, uuid::Uuid, uuid::Uuid, String, i64, i64, i64);

fn sample_from((run, version, baseline, model, population, reused, started_at): Row) -> Result<SampleRow> {
    Ok(SampleRow {
        run_id: RunId(run),
        version_id: PromptVersionId(version),
        baseline_version_id: PromptVersionId(baseline),
        model,
        population: population as u32,
        reused: reused as u32,
        started_at: from_ms(started_at)?,
    })
}

pub async fn get(db: &Db, org: OrganizationId, run: RunId) -> Result<Option<SampleRow>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT run_id, version_id, baseline_version_id, model, population, reused, started_at_ms FROM blast_radii
         WHERE organization_id = $1 AND run_id = $2",
    )
    .bind(org.0)
    .bind(run.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(sample_from).transpose()
}

/// The newest of a version.
pub async fn newest(db: &Db, org: OrganizationId, version: PromptVersionId) -> Result<Option<SampleRow>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT run_id, version_id, baseline_version_id, model, population, reused, started_at_ms FROM blast_radii
         WHERE organization_id = $1 AND version_id = $2 ORDER BY started_at_ms DESC, run_id DESC LIMIT 1",
    )
    .bind(org.0)
    .bind(version.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(sample_from).transpose()
}
