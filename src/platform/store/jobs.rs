//! The queue: jobs and their leases.

pub mod changes;
pub mod filter;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use super::{Db, IDS_A_STATEMENT, Result, Tx, from_json, from_ms, push_ids, to_json, to_ms};
use crate::wire::ids::{JobId, OrganizationId, PhotoId};
use crate::wire::job::{Job, JobState};
use crate::wire::result::Fault;

const SELECT: &str = "SELECT j.id, j.photo_id, p.file_name, j.state, j.priority, j.attempts, j.model, j.prompt, j.enqueued_at_ms,
        j.ready_at_ms, j.started_at_ms, j.finished_at_ms, j.not_before_ms, j.confidence, j.fault
     FROM jobs j JOIN photos p ON p.id = j.photo_id
     WHERE j.organization_id = ";

impl FromRow<'_, SqliteRow> for Job {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let read = || -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
            let time = |name: &str| -> std::result::Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(row.try_get::<Option<i64>, _>(name)?.map(from_ms).transpose()?)
            };
            let fault: Option<String> = row.try_get("fault")?;
            Ok(Self {
                id: JobId(row.try_get("id")?),
                photo_id: PhotoId(row.try_get("photo_id")?),
                file_name: row.try_get("file_name")?,
                state: super::from_name(row.try_get("state")?)?,
                priority: row.try_get::<i64, _>("priority")? as i32,
                attempts: row.try_get::<i64, _>("attempts")? as u32,
                model: row.try_get("model")?,
                prompt: row.try_get("prompt")?,
                enqueued_at: from_ms(row.try_get("enqueued_at_ms")?)?,
                ready_at: from_ms(row.try_get("ready_at_ms")?)?,
                started_at: time("started_at_ms")?,
                finished_at: time("finished_at_ms")?,
                not_before: time("not_before_ms")?,
                confidence: row.try_get::<Option<f64>, _>("confidence")?.map(|confidence| confidence as f32),
                fault: fault.as_deref().map(from_json).transpose()?,
            })
        };
        read().map_err(sqlx::Error::Decode)
    }
}

/// Inserts a pending job.
pub async fn insert(tx: &mut Tx, org: OrganizationId, id: JobId, photo: PhotoId, priority: i32, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO jobs (id, organization_id, photo_id, state, priority, attempts, enqueued_at_ms, ready_at_ms)
         VALUES ($1, $2, $3, 'pending', $4, 0, $5, $5)",
    )
    .bind(id.0)
    .bind(org.0)
    .bind(photo.0)
    .bind(i64::from(priority))
    .bind(to_ms(at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One job.
pub async fn get(db: &Db, org: OrganizationId, id: JobId) -> Result<Option<Job>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND j.id = ").push_bind(id.0);
    Ok(query.build_query_as().fetch_optional(&db.read).await?)
}

/// These jobs as the transaction sees them; unknown ids are left out. Oldest first.
pub async fn get_many(tx: &mut Tx, org: OrganizationId, ids: &[JobId]) -> Result<Vec<Job>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push_bind(org.0).push(" AND j.id IN (");
        push_ids(&mut query, chunk.iter().map(|id| id.0));
        query.push(") ORDER BY j.enqueued_at_ms, j.id");
        found.extend(query.build_query_as::<Job>().fetch_all(&mut **tx).await?);
    }
    Ok(found)
}

/// The job of a photo that is not finished yet.
pub async fn open_job(tx: &mut Tx, photo: PhotoId) -> Result<Option<JobId>> {
    let id: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT id FROM jobs WHERE photo_id = $1 AND state IN ('pending', 'processing', 'retry_wait') LIMIT 1")
            .bind(photo.0)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(id.map(JobId))
}

/// Makes jobs pending whose wait is over; gives their ids.
pub async fn wake(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("UPDATE jobs SET state = 'pending', not_before_ms = NULL WHERE state = 'retry_wait' AND not_before_ms <= $1 RETURNING id")
            .bind(to_ms(now))
            .fetch_all(&mut **tx)
            .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Jobs in work whose lease has ended, or all that are in work.
pub async fn orphans(tx: &mut Tx, now: DateTime<Utc>, all: bool) -> Result<Vec<JobId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM jobs WHERE state = 'processing' AND (lease_until_ms <= $1 OR $2)")
        .bind(to_ms(now))
        .bind(all)
        .fetch_all(&mut **tx)
        .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Counts a try of a job that was cut off; gives how many there were.
pub async fn count_cut_off(tx: &mut Tx, id: JobId) -> Result<u32> {
    let tries: i64 = sqlx::query_scalar("UPDATE jobs SET tries_cut_off = tries_cut_off + 1 WHERE id = $1 RETURNING tries_cut_off")
        .bind(id.0)
        .fetch_one(&mut **tx)
        .await?;
    Ok(tries as u32)
}

/// Puts a job whose try was cut off back into the queue, ready at once.
pub async fn give_back(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE jobs SET state = 'pending', lease_owner = NULL, lease_until_ms = NULL, started_at_ms = NULL, ready_at_ms = $2 WHERE id = $1")
        .bind(id.0)
        .bind(to_ms(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// As [`give_back`], by who holds the lease, and the try does not count; `false` when it is no longer held.
pub async fn release(tx: &mut Tx, id: JobId, lease: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET state = 'pending', lease_owner = NULL, lease_until_ms = NULL, started_at_ms = NULL, ready_at_ms = $3,
                attempts = attempts - 1
         WHERE id = $1 AND lease_owner = $2 AND state = 'processing'",
    )
    .bind(id.0)
    .bind(lease)
    .bind(to_ms(now))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Fails a job whose tries were cut off too often.
pub async fn abandon(tx: &mut Tx, id: JobId, now: DateTime<Utc>, fault: &Fault) -> Result<()> {
    sqlx::query("UPDATE jobs SET state = 'failed', lease_owner = NULL, lease_until_ms = NULL, finished_at_ms = $2, fault = $3 WHERE id = $1")
        .bind(id.0)
        .bind(to_ms(now))
        .bind(to_json(fault)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A claim on the next jobs.
#[derive(Debug, Clone)]
pub struct Claim<'c> {
    /// A name that no other claim has, so that a try can't be taken for an earlier or later one of the same job.
    pub lease: &'c str,
    pub now: DateTime<Utc>,
    pub lease_until: DateTime<Utc>,
    /// Only jobs that were queued until then.
    pub queued_until: Option<DateTime<Utc>>,
    pub model: &'c str,
    pub prompt: &'c str,
    pub most: u32,
}

const CLAIM: &str = "UPDATE jobs SET state = 'processing', attempts = attempts + 1, lease_owner = $2, lease_until_ms = $3, started_at_ms = $4,
            finished_at_ms = NULL, model = $5, prompt = $6, fault = NULL
     WHERE id IN (SELECT id FROM jobs WHERE organization_id = $1 AND state = 'pending' AND ($8 IS NULL OR enqueued_at_ms <= $8)
                  ORDER BY priority DESC, enqueued_at_ms, id LIMIT $7)
     RETURNING id";

/// Takes the next pending jobs: highest priority first, then first come, first served.
pub async fn claim(tx: &mut Tx, org: OrganizationId, claim: &Claim<'_>) -> Result<Vec<JobId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(CLAIM)
        .bind(org.0)
        .bind(claim.lease)
        .bind(to_ms(claim.lease_until))
        .bind(to_ms(claim.now))
        .bind(claim.model)
        .bind(claim.prompt)
        .bind(i64::from(claim.most))
        .bind(claim.queued_until.map(to_ms))
        .fetch_all(&mut **tx)
        .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Extends a lease; `false` when it is no longer held.
pub async fn extend(tx: &mut Tx, id: JobId, lease: &str, until: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query("UPDATE jobs SET lease_until_ms = $3 WHERE id = $1 AND lease_owner = $2 AND state = 'processing'")
        .bind(id.0)
        .bind(lease)
        .bind(to_ms(until))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Extends the leases on these jobs, whoever holds them.
pub async fn extend_many(tx: &mut Tx, ids: &[JobId], until: DateTime<Utc>) -> Result<()> {
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("UPDATE jobs SET lease_until_ms = ");
        query.push_bind(to_ms(until)).push(" WHERE state = 'processing' AND id IN (");
        push_ids(&mut query, chunk.iter().map(|id| id.0));
        query.push(")").build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// How a try ended.
#[derive(Debug, Clone)]
pub struct Ending {
    pub state: JobState,
    pub confidence: Option<f32>,
    pub fault: Option<Fault>,
    /// When it is tried again, for `RetryWait`.
    pub not_before: Option<DateTime<Utc>>,
    /// The model that had the last word; `None`: the one that the try was begun with.
    pub model: Option<String>,
}

/// Ends a try; `false` when the lease is no longer held, and then nothing is changed.
pub async fn end(tx: &mut Tx, id: JobId, lease: &str, now: DateTime<Utc>, ending: &Ending) -> Result<bool> {
    // A job that waits has no current try: it will be ready when its wait is over.
    let done = sqlx::query(
        "UPDATE jobs SET state = $3, confidence = $4, fault = $5, not_before_ms = $6, lease_owner = NULL, lease_until_ms = NULL,
                ready_at_ms = COALESCE($6, ready_at_ms),
                started_at_ms = CASE WHEN $6 IS NULL THEN started_at_ms END,
                finished_at_ms = CASE WHEN $6 IS NULL THEN $7 END,
                model = COALESCE($8, model)
         WHERE id = $1 AND lease_owner = $2 AND state = 'processing'",
    )
    .bind(id.0)
    .bind(lease)
    .bind(ending.state.as_str())
    .bind(ending.confidence.map(f64::from))
    .bind(ending.fault.as_ref().map(to_json).transpose()?)
    .bind(ending.not_before.map(to_ms))
    .bind(to_ms(now))
    .bind(&ending.model)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Fails every open job of a photo; gives their ids.
pub async fn fail_open(tx: &mut Tx, photo: PhotoId, fault: &Fault, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "UPDATE jobs SET state = 'failed', fault = $2, finished_at_ms = $3, not_before_ms = NULL, lease_owner = NULL, lease_until_ms = NULL,
                ready_at_ms = CASE WHEN ready_at_ms > $3 THEN $3 ELSE ready_at_ms END
         WHERE photo_id = $1 AND state IN ('pending', 'processing', 'retry_wait') RETURNING id",
    )
    .bind(photo.0)
    .bind(to_json(fault)?)
    .bind(to_ms(now))
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// The jobs in work, those begun first before the others.
pub async fn in_work(db: &Db, org: OrganizationId, most: u32) -> Result<Vec<Job>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND j.state = 'processing' ORDER BY j.started_at_ms, j.id LIMIT ").push_bind(i64::from(most));
    Ok(query.build_query_as().fetch_all(&db.read).await?)
}

/// The jobs in work, each with its photo.
pub async fn in_work_about(db: &Db, org: OrganizationId) -> Result<Vec<(JobId, PhotoId)>> {
    let ids: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("SELECT id, photo_id FROM jobs WHERE organization_id = $1 AND state = 'processing'").bind(org.0).fetch_all(&db.read).await?;
    Ok(ids.into_iter().map(|(job, photo)| (JobId(job), PhotoId(photo))).collect())
}

const NEXT_PHOTOS: &str = "SELECT photo_id FROM jobs WHERE organization_id = $1 AND state = 'pending' AND ($3 IS NULL OR enqueued_at_ms <= $3)
     ORDER BY priority DESC, enqueued_at_ms, id LIMIT $2";

/// The photos of the jobs that [`claim`] would take.
pub async fn next_photos(db: &Db, org: OrganizationId, queued_until: Option<DateTime<Utc>>, most: u32) -> Result<Vec<PhotoId>> {
    let query = sqlx::query_scalar(NEXT_PHOTOS).bind(org.0).bind(i64::from(most)).bind(queued_until.map(to_ms));
    let ids: Vec<uuid::Uuid> = query.fetch_all(&db.read).await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// How many jobs that were queued until then are not finished.
pub async fn open_until(db: &Db, org: OrganizationId, until: DateTime<Utc>) -> Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM jobs WHERE organization_id = $1 AND state IN ('pending', 'processing', 'retry_wait') AND enqueued_at_ms <= $2",
    )
    .bind(org.0)
    .bind(to_ms(until))
    .fetch_one(&db.read)
    .await?;
    Ok(count)
}

/// Whether jobs can be claimed, and when the next wait or lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    pub pending: bool,
    pub next: Option<DateTime<Utc>>,
}

const OUTLOOK: &str = "SELECT EXISTS (SELECT 1 FROM jobs WHERE organization_id = $1 AND state = 'pending'),
            (SELECT MIN(not_before_ms) FROM jobs WHERE state = 'retry_wait'),
            (SELECT MIN(lease_until_ms) FROM jobs WHERE state = 'processing')";

/// A look at the queue that takes no lock.
pub async fn outlook(db: &Db, org: OrganizationId) -> Result<Outlook> {
    let (pending, wake, lease): (bool, Option<i64>, Option<i64>) = sqlx::query_as(OUTLOOK).bind(org.0).fetch_one(&db.read).await?;
    let next = wake.into_iter().chain(lease).min().map(from_ms).transpose()?;
    Ok(Outlook { pending, next })
}

/// Sets the status of the photos of these jobs, each by its newest job.
pub async fn settle_photos(tx: &mut Tx, jobs: &[JobId]) -> Result<()> {
    for chunk in jobs.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "UPDATE photos SET ai_processing_status = COALESCE(
                (SELECT CASE j.state WHEN 'retry_wait' THEN 'pending'
                                     WHEN 'cancelled' THEN CASE WHEN photos.latest_result_id IS NULL THEN 'none' ELSE 'completed' END
                                     ELSE j.state END
                 FROM jobs j WHERE j.photo_id = photos.id ORDER BY j.enqueued_at_ms DESC, j.id DESC LIMIT 1), 'none')
             WHERE id IN (SELECT photo_id FROM jobs WHERE id IN (",
        );
        push_ids(&mut query, chunk.iter().map(|id| id.0));
        query.push("))").build().execute(&mut **tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::store::plans;

    #[tokio::test]
    async fn the_next_jobs_are_never_looked_for_among_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("minerva.sqlite")).await.expect("opens");
        for sql in [CLAIM, NEXT_PHOTOS] {
            plans::assert_indexed(&db, sql, sql).await;
            let steps = plans::of(&db, sql).await;
            assert!(steps.iter().any(|step| step.contains("jobs_to_claim (organization_id=?)")), "{steps:?}");
        }
        let steps = plans::of(&db, OUTLOOK).await;
        for of in ["(organization_id=? AND state=?)", "jobs_to_wake", "jobs_leased"] {
            assert!(steps.iter().any(|step| step.contains(of)), "{steps:?}");
        }
    }
}
