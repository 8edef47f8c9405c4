//! What people do to jobs, many at once: the jobs as they were are kept, so that it can be undone.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::filter::{self, Wanted};
use crate::platform::store::{Db, IDS_A_STATEMENT, Result, Tx, from_json, from_ms, push_ids, to_json, to_ms};
use crate::wire::ids::{JobChangeId, JobId, OrganizationId};
use crate::wire::job::{JobAction, JobsLeft};

/// A job's photo has another job that is not finished.
const IS_QUEUED: &str = "EXISTS (SELECT 1 FROM jobs o WHERE o.photo_id = j.photo_id AND o.id <> j.id
                                AND o.state IN ('pending', 'processing', 'retry_wait'))";
/// A job's photo is not deleted.
const IS_THERE: &str = "EXISTS (SELECT 1 FROM photos p WHERE p.id = j.photo_id AND p.deleted_at_ms IS NULL)";
const RETRIED: &str = "j.state IN ('failed', 'cancelled', 'retry_wait')";
const REPROCESSED: &str = "j.state = 'completed'";

/// Which jobs an action is meant for.
pub enum Choice<'c> {
    These(&'c [JobId]),
    All(&'c Wanted),
}

/// A change that was made.
pub struct MadeChange {
    pub at: DateTime<Utc>,
    pub action: JobAction,
    pub is_undone: bool,
}

/// Begins a change: keeps those of the jobs that the action applies to, as they are. Returns how many were left out because their
/// photo is meant twice.
pub async fn begin(tx: &mut Tx, org: OrganizationId, id: JobChangeId, action: JobAction, choice: &Choice<'_>, now: DateTime<Utc>) -> Result<u64> {
    sqlx::query("INSERT INTO job_changes (id, organization_id, at_ms, action) VALUES ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(org.0)
        .bind(to_ms(now))
        .bind(to_json(&action)?)
        .execute(&mut **tx)
        .await?;
    match choice {
        Choice::These(ids) => {
            for chunk in ids.chunks(IDS_A_STATEMENT) {
                let mut query = keep(org, id, action);
                query.push(" AND j.id IN (");
                push_ids(&mut query, chunk.iter().map(|id| id.0));
                query.push(")").build().execute(&mut **tx).await?;
            }
        }
        Choice::All(wanted) => {
            let mut query = keep(org, id, action);
            filter::push(&mut query, org, wanted, filter::Ways::all(wanted))?;
            query.build().execute(&mut **tx).await?;
        }
    }
    if matches!(action, JobAction::Retry | JobAction::Reprocess) {
        // Two jobs of one photo would do its work twice: the newest is taken.
        let done = sqlx::query(
            "DELETE FROM job_change_rows WHERE change_id = $1 AND EXISTS (
                SELECT 1 FROM job_change_rows n WHERE n.change_id = $1 AND n.photo_id = job_change_rows.photo_id AND n.job_id > job_change_rows.job_id)",
        )
        .bind(id.0)
        .execute(&mut **tx)
        .await?;
        return Ok(done.rows_affected());
    }
    Ok(0)
}

/// Counts the jobs that the action would apply to, were it not for their photos.
pub async fn count_left(tx: &mut Tx, org: OrganizationId, action: JobAction, choice: &Choice<'_>, left: &mut JobsLeft) -> Result<()> {
    let state = match action {
        JobAction::Retry => RETRIED,
        JobAction::Reprocess => REPROCESSED,
        JobAction::Cancel | JobAction::Reprioritise(_) => return Ok(()),
    };
    let counting = || {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(CASE WHEN ");
        query.push(IS_THERE).push(" THEN 1 END), COUNT(*) FROM jobs j WHERE j.organization_id = ");
        query.push_bind(org.0).push(" AND ").push(state).push(" AND NOT (").push(IS_THERE).push(" AND NOT ").push(IS_QUEUED).push(")");
        query
    };
    let mut add = |(queued, all): (i64, i64)| {
        left.queued += queued as u64;
        left.deleted += (all - queued) as u64;
    };
    match choice {
        Choice::These(ids) => {
            for chunk in ids.chunks(IDS_A_STATEMENT) {
                let mut query = counting();
                query.push(" AND j.id IN (");
                push_ids(&mut query, chunk.iter().map(|id| id.0));
                query.push(")");
                add(query.build_query_as().fetch_one(&mut **tx).await?);
            }
        }
        Choice::All(wanted) => {
            let mut query = counting();
            filter::push(&mut query, org, wanted, filter::Ways::all(wanted))?;
            add(query.build_query_as().fetch_one(&mut **tx).await?);
        }
    }
    Ok(())
}

/// How many photos failed jobs could be retried for.
pub async fn retriable(db: &Db, org: OrganizationId) -> Result<i64> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(DISTINCT j.photo_id) FROM jobs j WHERE j.organization_id = ");
    query.push_bind(org.0).push(" AND j.state = 'failed' AND ").push(IS_THERE).push(" AND NOT ").push(IS_QUEUED);
    Ok(query.build_query_scalar().fetch_one(&db.read).await?)
}

/// `INSERT … SELECT … WHERE` the action applies, for a choice to be added.
fn keep(org: OrganizationId, id: JobChangeId, action: JobAction) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO job_change_rows (change_id, job_id, organization_id, photo_id, state, priority, attempts, not_before_ms, ready_at_ms,
                started_at_ms, finished_at_ms, confidence, fault) SELECT ",
    );
    query.push_bind(id.0).push(
        ", j.id, j.organization_id, j.photo_id, j.state, j.priority, j.attempts, j.not_before_ms, j.ready_at_ms,
                j.started_at_ms, j.finished_at_ms, j.confidence, j.fault FROM jobs j WHERE j.organization_id = ",
    );
    query.push_bind(org.0).push(" AND ");
    match action {
        JobAction::Retry => query.push(RETRIED).push(" AND ").push(IS_THERE).push(" AND NOT ").push(IS_QUEUED),
        JobAction::Reprocess => query.push(REPROCESSED).push(" AND ").push(IS_THERE).push(" AND NOT ").push(IS_QUEUED),
        JobAction::Cancel => query.push("j.state IN ('pending', 'processing', 'retry_wait')"),
        JobAction::Reprioritise(priority) => query.push("j.state IN ('pending', 'retry_wait') AND j.priority <> ").push_bind(i64::from(priority)),
    };
    query
}

/// The jobs of a change.
pub async fn jobs_of(tx: &mut Tx, id: JobChangeId) -> Result<Vec<JobId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT job_id FROM job_change_rows WHERE change_id = $1").bind(id.0).fetch_all(&mut **tx).await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Does to the kept jobs what the action says.
pub async fn apply(tx: &mut Tx, id: JobChangeId, action: JobAction, now: DateTime<Utc>) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE jobs SET ");
    let now = to_ms(now);
    match action {
        JobAction::Retry | JobAction::Reprocess => query
            .push(
                "state = 'pending', attempts = 0, tries_cut_off = 0, fault = NULL, confidence = NULL, not_before_ms = NULL,
                 started_at_ms = NULL, finished_at_ms = NULL, ready_at_ms = ",
            )
            .push_bind(now),
        JobAction::Cancel => query
            .push("state = 'cancelled', not_before_ms = NULL, lease_owner = NULL, lease_until_ms = NULL, finished_at_ms = ")
            .push_bind(now)
            .push(", ready_at_ms = CASE WHEN ready_at_ms > ")
            .push_bind(now)
            .push(" THEN ")
            .push_bind(now)
            .push(" ELSE ready_at_ms END"),
        JobAction::Reprioritise(priority) => query.push("priority = ").push_bind(i64::from(priority)),
    };
    query.push(" WHERE id IN (SELECT job_id FROM job_change_rows WHERE change_id = ").push_bind(id.0).push(")");
    query.build().execute(&mut **tx).await?;
    Ok(())
}

/// A change, to be undone.
pub async fn get(tx: &mut Tx, org: OrganizationId, id: JobChangeId) -> Result<Option<MadeChange>> {
    let row: Option<(i64, String, Option<i64>)> =
        sqlx::query_as("SELECT at_ms, action, undone_at_ms FROM job_changes WHERE organization_id = $1 AND id = $2")
            .bind(org.0)
            .bind(id.0)
            .fetch_optional(&mut **tx)
            .await?;
    row.map(|(at, action, undone)| Ok(MadeChange { at: from_ms(at)?, action: from_json(&action)?, is_undone: undone.is_some() })).transpose()
}

/// Takes what a change did to its jobs back, and nothing else that was done to them; leaves those that moved on since. Gives the ids
/// of those that it put back.
pub async fn undo(tx: &mut Tx, id: JobChangeId, change: &MadeChange, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE jobs SET ");
    match change.action {
        JobAction::Reprioritise(_) => query.push("priority = r.priority"),
        JobAction::Retry | JobAction::Reprocess | JobAction::Cancel => query
            .push(
                "state = CASE r.state WHEN 'processing' THEN 'pending' ELSE r.state END, attempts = r.attempts, not_before_ms = r.not_before_ms,
                 started_at_ms = CASE r.state WHEN 'processing' THEN NULL ELSE r.started_at_ms END, finished_at_ms = r.finished_at_ms,
                 confidence = r.confidence, fault = r.fault, ready_at_ms = CASE r.state WHEN 'processing' THEN ",
            )
            .push_bind(to_ms(now))
            .push(" ELSE r.ready_at_ms END"),
    };
    query.push(" FROM job_change_rows r WHERE r.job_id = jobs.id AND r.change_id = ").push_bind(id.0);
    match change.action {
        JobAction::Retry | JobAction::Reprocess => query.push(" AND jobs.state = 'pending' AND jobs.attempts = 0"),
        JobAction::Cancel => query.push(" AND jobs.state = 'cancelled' AND jobs.finished_at_ms = ").push_bind(to_ms(change.at)).push(
            " AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.photo_id = jobs.photo_id AND o.id <> jobs.id
                              AND o.state IN ('pending', 'processing', 'retry_wait'))
              AND EXISTS (SELECT 1 FROM photos p WHERE p.id = jobs.photo_id AND p.deleted_at_ms IS NULL)",
        ),
        JobAction::Reprioritise(priority) => {
            query.push(" AND jobs.state IN ('pending', 'retry_wait') AND jobs.priority = ").push_bind(i64::from(priority))
        }
    };
    let ids: Vec<uuid::Uuid> = query.push(" RETURNING id").build_query_scalar().fetch_all(&mut **tx).await?;
    sqlx::query("UPDATE job_changes SET undone_at_ms = $2 WHERE id = $1").bind(id.0).bind(to_ms(now)).execute(&mut **tx).await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Forgets changes that nobody will undo any more.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM job_changes WHERE at_ms < $1").bind(to_ms(before)).execute(&mut **tx).await?;
    Ok(())
}
