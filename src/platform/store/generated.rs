//! Invented rows, many at a time, and the mark that says that they are invented.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::decisions::Decisions;
use super::past;
use super::results::{self, NewResult};
use super::rollups::Rollups;
use super::{Db, Result, Tx, bulk, to_json, to_ms, to_name};
use crate::wire::ids::{OrganizationId, ResultId};
use crate::wire::job::Job;
use crate::wire::photo::Photo;

/// Rows of one statement.
const ROWS_A_STATEMENT: usize = 200;
const MARK: &str = "generated";

/// Photos with their jobs and results; every photo of a job is in it.
#[derive(Debug, Default)]
pub struct Batch {
    /// With the newest result that has an answer.
    pub photos: Vec<(Photo, Option<ResultId>)>,
    pub jobs: Vec<Job>,
    pub results: Vec<NewResult>,
}

/// Stores a batch, and counts its results.
/// `spells_since`: since when it is recorded how jobs were.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    batch: &Batch,
    rollups: &mut Rollups,
    decisions: &mut Decisions,
    spells_since: DateTime<Utc>,
) -> Result<()> {
    insert_photos(tx, org, &batch.photos).await?;
    insert_jobs(tx, org, &batch.jobs).await?;
    let jobs: Vec<_> = batch.jobs.iter().map(|job| job.id).collect();
    past::invent(tx, &jobs, spells_since).await?;
    results::insert_rows(tx, org, &batch.results).await?;
    for result in &batch.results {
        if let Some(counted) = result.counted(org) {
            rollups.add(&counted);
        }
        decisions.add(org, result);
    }
    if rollups.is_full() {
        rollups.write(tx).await?;
    }
    if decisions.is_full() {
        decisions.write(tx).await?;
    }
    Ok(())
}

async fn insert_photos(tx: &mut Tx, org: OrganizationId, photos: &[(Photo, Option<ResultId>)]) -> Result<()> {
    let before: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM photos").fetch_one(&mut **tx).await?;
    let mut numbers = before + 1..;
    for chunk in photos.chunks(ROWS_A_STATEMENT) {
        let named: Vec<_> =
            chunk.iter().map(|row| Ok((row, to_name(&row.0.source)?, to_name(&row.0.ai_processing_status)?))).collect::<Result<_>>()?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO photos (id, organization_id, file_name, source, content_hash, size_bytes, width_px, height_px, format,
                                 ai_processing_status, latest_result_id, created_at_ms, number) ",
        );
        query.push_values(named, |mut row, ((photo, latest), source, status)| {
            row.push_bind(photo.id.0).push_bind(org.0).push_bind(&photo.file_name).push_bind(source).push_bind(&photo.content_hash);
            row.push_bind(photo.size_bytes as i64).push_bind(i64::from(photo.width_px)).push_bind(i64::from(photo.height_px));
            row.push_bind(&photo.format).push_bind(status).push_bind(latest.map(|id| id.0)).push_bind(to_ms(photo.created_at));
            row.push_bind(numbers.next());
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

async fn insert_jobs(tx: &mut Tx, org: OrganizationId, jobs: &[Job]) -> Result<()> {
    for chunk in jobs.chunks(ROWS_A_STATEMENT) {
        let with_faults: Vec<_> = chunk.iter().map(|row| Ok((row, row.fault.as_ref().map(to_json).transpose()?))).collect::<Result<_>>()?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO jobs (id, organization_id, photo_id, state, priority, attempts, model, prompt, not_before_ms, enqueued_at_ms,
                               ready_at_ms, started_at_ms, finished_at_ms, confidence, fault) ",
        );
        query.push_values(with_faults, |mut row, (job, fault)| {
            row.push_bind(job.id.0).push_bind(org.0).push_bind(job.photo_id.0).push_bind(job.state.as_str());
            row.push_bind(i64::from(job.priority)).push_bind(i64::from(job.attempts)).push_bind(&job.model).push_bind(&job.prompt);
            row.push_bind(job.not_before.map(to_ms)).push_bind(to_ms(job.enqueued_at)).push_bind(to_ms(job.ready_at));
            row.push_bind(job.started_at.map(to_ms)).push_bind(job.finished_at.map(to_ms));
            row.push_bind(job.confidence.map(f64::from)).push_bind(fault);
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Marks the database: what is in it is invented.
pub async fn mark(tx: &mut Tx, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("INSERT INTO database_marks (name, at_ms) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(MARK)
        .bind(to_ms(at))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether what is in the database is invented.
pub async fn is_marked(db: &Db) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM database_marks WHERE name = $1)").bind(MARK).fetch_one(&db.read).await?)
}

/// Memory that the writing connection may take meanwhile: what does not fit is read again and again.
const CACHE_KIB: u32 = 1024 * 1024;

/// Makes ready for many rows: gives the writing connection more memory, waits for no disk (invented rows can be invented
/// again), and sets aside what can be made in one go after them.
pub async fn prepare(db: &Db) -> Result<()> {
    let pragmas = format!("PRAGMA cache_size = -{CACHE_KIB}; PRAGMA synchronous = OFF");
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas)).execute(&db.write).await?;
    bulk::set_aside(db).await
}

/// Makes what was set aside, and tells the database what all indexes hold, so that it chooses well among them.
pub async fn settle(db: &Db) -> Result<()> {
    bulk::put_back(db).await?;
    sqlx::raw_sql("ANALYZE; PRAGMA synchronous = NORMAL; PRAGMA wal_checkpoint(TRUNCATE)").execute(&db.write).await?;
    Ok(())
}
