//! What was so at a moment: every job's spells, each from when it became so until it became otherwise.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::status::{Counts, Minute, Since};
use super::{Db, IDS_A_STATEMENT, Result, Tx, from_ms, push_ids, to_ms};
use crate::wire::ids::{JobId, OrganizationId};
use crate::wire::job::JobState;

/// The mark of the moment that the record begins at.
const MARK: &str = "job_spells";

/// What a spell takes from its job.
const COLUMNS: &str = "organization_id, photo_id, state, priority, attempts, model, prompt, not_before_ms, enqueued_at_ms, ready_at_ms,
    started_at_ms, finished_at_ms, confidence, fault";

/// How long the spells of each step of length last at most, as their migration has it, and the steps of those that are longer.
const LENGTHS_MS: [i64; 7] = [1_000, 8_000, 64_000, 512_000, 4_096_000, 32_768_000, 262_144_000];
const LONGER: i64 = 7;
const LASTING: i64 = 8;
/// The end of a spell that lasts.
const NEVER_MS: i64 = i64::MAX;

/// Since when jobs are recorded; `None` before the first start.
pub async fn begun_at(db: &Db) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = sqlx::query_scalar("SELECT at_ms FROM database_marks WHERE name = $1").bind(MARK).fetch_optional(&db.read).await?;
    at.map(from_ms).transpose()
}

/// Begins the record, once in a database's life: what was before is not known.
pub async fn begin(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    let done = sqlx::query("INSERT INTO database_marks (name, at_ms) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(MARK)
        .bind(to_ms(now))
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 1 {
        let mut query = insert();
        query.push_bind(to_ms(now)).push(", ").push(COLUMNS).push(" FROM jobs").build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// `INSERT … SELECT id, `, for the moment, the columns and the source to be added.
fn insert() -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("INSERT INTO job_spells (job_id, from_ms, ");
    query.push(COLUMNS).push(") SELECT id, ");
    query
}

/// Records how jobs are from now on. Called in the transaction that changed them. What a clock that was set back left in the
/// future is forgotten.
pub async fn record(tx: &mut Tx, ids: &[JobId], now: DateTime<Utc>) -> Result<()> {
    let now = to_ms(now);
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let ids = || chunk.iter().map(|id| id.0);
        let mut later = QueryBuilder::<Sqlite>::new("DELETE FROM job_spells WHERE from_ms >= ");
        later.push_bind(now).push(" AND job_id IN (");
        push_ids(&mut later, ids());
        later.push(")").build().execute(&mut **tx).await?;
        let mut last = QueryBuilder::<Sqlite>::new("UPDATE job_spells SET until_ms = ");
        last.push_bind(now).push(" WHERE until_ms > ").push_bind(now).push(" AND job_id IN (");
        push_ids(&mut last, ids());
        last.push(")").build().execute(&mut **tx).await?;
        let mut next = insert();
        next.push_bind(now).push(", ").push(COLUMNS).push(" FROM jobs WHERE id IN (");
        push_ids(&mut next, ids());
        next.push(")").build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Records invented jobs as if each had been done in one try; spells that ended before a moment are left out.
pub(super) async fn invent(tx: &mut Tx, ids: &[JobId], since: DateTime<Utc>) -> Result<()> {
    let since = to_ms(since);
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let ids = || chunk.iter().map(|id| id.0);
        let mut lasting = insert();
        lasting.push("COALESCE(finished_at_ms, started_at_ms, enqueued_at_ms), ").push(COLUMNS).push(" FROM jobs WHERE id IN (");
        push_ids(&mut lasting, ids());
        lasting.push(")").build().execute(&mut **tx).await?;
        let mut ended = QueryBuilder::<Sqlite>::new("INSERT INTO job_spells (job_id, from_ms, until_ms, ");
        ended.push(COLUMNS).push(
            ") SELECT id, started_at_ms, finished_at_ms, organization_id, photo_id, 'processing', priority, attempts, model, prompt, NULL,
                      enqueued_at_ms, ready_at_ms, started_at_ms, NULL, NULL, NULL
               FROM jobs WHERE started_at_ms < finished_at_ms AND finished_at_ms >= ",
        );
        ended.push_bind(since).push(" AND id IN (");
        push_ids(&mut ended, ids());
        ended.push(
            ") UNION ALL SELECT id, enqueued_at_ms, started_at_ms, organization_id, photo_id, 'pending', priority, 0, NULL, NULL, NULL,
                      enqueued_at_ms, enqueued_at_ms, NULL, NULL, NULL, NULL
               FROM jobs WHERE enqueued_at_ms < started_at_ms AND started_at_ms >= ",
        );
        ended.push_bind(since).push(" AND id IN (");
        push_ids(&mut ended, ids());
        ended.push(")").build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Forgets spells that ended before a moment; gives their number.
pub async fn prune(tx: &mut Tx, org: OrganizationId, before: DateTime<Utc>) -> Result<u64> {
    let mut forgotten = 0;
    // By state and length, so that the index finds them.
    for state in JobState::ALL {
        for length in 0..=LONGER {
            let done = sqlx::query("DELETE FROM job_spells WHERE organization_id = $1 AND state = $2 AND length_step = $3 AND until_ms < $4")
                .bind(org.0)
                .bind(state.as_str())
                .bind(length)
                .bind(to_ms(before))
                .execute(&mut **tx)
                .await?;
            forgotten += done.rows_affected();
        }
    }
    Ok(forgotten)
}

/// By what the jobs of a moment are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In the order of the list, until a page is full.
    Time,
    /// All in the states that are meant, which are few.
    State,
}

impl Way {
    /// Jobs pass through some states and stay in others.
    pub(super) fn to(states: &[JobState]) -> Self {
        let stays = |state: &JobState| matches!(state, JobState::Completed | JobState::Failed);
        if states.is_empty() || states.iter().any(stays) { Self::Time } else { Self::State }
    }
}

/// Adds ` FROM … j `: the jobs as they are, or as they were at a moment.
pub(super) fn push_jobs(query: &mut QueryBuilder<Sqlite>, at: Option<(DateTime<Utc>, Way)>) {
    let Some((at, way)) = at.map(|(at, way)| (to_ms(at), way)) else {
        query.push(" FROM jobs j ");
        return;
    };
    // A database can't know how many spells hold a moment, and would go the wrong way. An expression in the place of a column
    // keeps it from the index of that column.
    match way {
        Way::Time => {
            query.push(" FROM (SELECT job_id AS id, ").push(COLUMNS.replacen("state", "COALESCE(state, '') AS state", 1));
            query.push(" FROM job_spells WHERE from_ms <= ").push_bind(at).push(" AND until_ms > ").push_bind(at);
            // True of every spell that had begun, and where the index is entered.
            query.push(" AND enqueued_at_ms <= ").push_bind(at);
        }
        Way::State => {
            query.push(" FROM (SELECT job_id AS id, ").push(COLUMNS.replacen("enqueued_at_ms", "COALESCE(enqueued_at_ms, 0) AS enqueued_at_ms", 1));
            push_holding(query, at, LASTING);
        }
    }
    query.push(") j ");
}

/// Adds ` FROM … WHERE …`: the spells that hold a moment, of each step of length up to the last one. A spell that was not longer than
/// its step and held the moment ended so soon after it: only those are looked at.
fn push_holding(query: &mut QueryBuilder<Sqlite>, at: i64, last_step: i64) {
    query.push(" FROM (");
    for step in 0..=last_step {
        let longest = LENGTHS_MS.get(step as usize).copied().unwrap_or(NEVER_MS - at);
        query.push(if step == 0 { "SELECT " } else { " UNION ALL SELECT " }).push_bind(step);
        query.push(if step == 0 { " AS step, " } else { ", " }).push_bind(at + longest);
        query.push(if step == 0 { " AS last_ms" } else { "" });
    }
    // CROSS JOIN: the steps first, then the spells of each by the index.
    query.push(") lengths CROSS JOIN job_spells ON length_step = step AND until_ms > ").push_bind(at).push(" AND until_ms <= last_ms");
    query.push(" WHERE from_ms <= ").push_bind(at);
}

/// Jobs by the states that the cards show.
pub(super) async fn counts(connection: &mut SqliteConnection, org: OrganizationId, since: Since) -> Result<Counts> {
    let states = [JobState::Pending, JobState::Processing, JobState::RetryWait, JobState::Failed, JobState::Cancelled];
    let mut counts = Counts { cancelled: Some(0), ..Counts::default() };
    for (state, count) in count_states(connection, org, &states, since.now).await? {
        match state.as_str() {
            "pending" => counts.pending = count,
            "processing" => counts.processing = count,
            "retry_wait" => counts.retry_wait = count,
            "cancelled" => counts.cancelled = Some(count),
            _ => counts.failed = count,
        }
    }
    Ok(counts)
}

/// What the jobs of a moment said of each minute of the hour before it.
pub(super) async fn minutes(connection: &mut SqliteConnection, org: OrganizationId, since: Since) -> Result<HashMap<i64, Minute>> {
    // What happened to a job in that hour also began a spell in it.
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "WITH j AS (SELECT state, ready_at_ms, started_at_ms, finished_at_ms FROM job_spells
                    WHERE organization_id = $1 AND from_ms >= $2 AND from_ms <= $3 AND until_ms > $3)
         SELECT minute, SUM(joined), SUM(gone) FROM (
            SELECT finished_at_ms / 60000 AS minute, 0 AS joined, 1 AS gone
            FROM j WHERE state IN ('failed', 'cancelled') AND finished_at_ms >= $2 AND started_at_ms IS NULL
            UNION ALL SELECT ready_at_ms / 60000, 1, 0 FROM j WHERE ready_at_ms >= $2 AND ready_at_ms <= $3 AND state <> 'retry_wait'
            UNION ALL SELECT started_at_ms / 60000, 0, 1 FROM j WHERE started_at_ms >= $2) happened
         GROUP BY minute",
    )
    .bind(org.0)
    .bind(since.series)
    .bind(since.now)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(minute, joined, left)| (minute, Minute { failed: 0, joined, left })).collect())
}

/// Jobs that failed by the minute, from a moment on, also those that were queued again since.
pub(super) async fn failures(connection: &mut SqliteConnection, org: OrganizationId, from: i64, at: i64) -> Result<Vec<(i64, i64)>> {
    // A job that was queued again and put back has failed once. What lasts is found by its beginning, and what ended by its end.
    let mut query = QueryBuilder::<Sqlite>::new("SELECT finished_at_ms / 60000, COUNT(*) FROM (");
    for lasts in [true, false] {
        query.push(if lasts { "" } else { " UNION " });
        query.push("SELECT job_id, finished_at_ms FROM job_spells WHERE organization_id = ").push_bind(org.0).push(" AND state = 'failed' AND ");
        if lasts {
            query.push("length_step = ").push_bind(LASTING).push(" AND until_ms = ").push_bind(NEVER_MS);
        } else {
            query.push("length_step IN (0, 1, 2, 3, 4, 5, 6, 7) AND until_ms >= ").push_bind(from);
        }
        query.push(" AND from_ms >= ").push_bind(from).push(" AND from_ms <= ").push_bind(at).push(" AND finished_at_ms >= ").push_bind(from);
    }
    query.push(") failed GROUP BY 1");
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// How many jobs there were at a moment, of a state or in all.
pub(super) async fn count(db: &Db, org: OrganizationId, state: Option<JobState>, at: DateTime<Utc>) -> Result<u64> {
    let mut tx = db.read.begin().await?;
    // Nearly all jobs are done: they are what the others leave.
    let is_rest = matches!(state, None | Some(JobState::Completed));
    let counted: Vec<JobState> = match state {
        None => Vec::new(),
        Some(JobState::Completed) => JobState::ALL.into_iter().filter(|state| *state != JobState::Completed).collect(),
        Some(state) => vec![state],
    };
    let in_states = count_states(&mut tx, org, &counted, to_ms(at)).await?.into_iter().map(|(_, count)| count).sum::<i64>();
    let count = if is_rest { count_all(&mut tx, org, at).await? - in_states } else { in_states };
    tx.commit().await?;
    Ok(count.max(0) as u64)
}

/// No job is ever removed: those that there are without those that came later.
async fn count_all(connection: &mut SqliteConnection, org: OrganizationId, at: DateTime<Utc>) -> Result<i64> {
    let query = sqlx::query_scalar(
        "SELECT (SELECT COALESCE(SUM(jobs), 0) FROM job_counts WHERE organization_id = $1)
              - (SELECT COUNT(*) FROM jobs WHERE organization_id = $1 AND enqueued_at_ms > $2)",
    );
    Ok(query.bind(org.0).bind(to_ms(at)).fetch_one(connection).await?)
}

/// Jobs of each of the states.
async fn count_states(connection: &mut SqliteConnection, org: OrganizationId, states: &[JobState], at: i64) -> Result<Vec<(String, i64)>> {
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let of_states = |query: &mut QueryBuilder<Sqlite>| {
        query.push(" AND organization_id = ").push_bind(org.0).push(" AND state IN (");
        let mut list = query.separated(", ");
        for state in states {
            list.push_bind(state.as_str());
        }
        query.push(") GROUP BY state");
    };
    let mut query = QueryBuilder::<Sqlite>::new("SELECT state, SUM(jobs) FROM (");
    query.push("SELECT state, COUNT(*) AS jobs");
    push_holding(&mut query, at, LONGER);
    of_states(&mut query);
    // Jobs that are still so, which may be many, are counted already: all of now without those that came later.
    query.push(" UNION ALL SELECT state, SUM(jobs) FROM job_counts WHERE TRUE");
    of_states(&mut query);
    query.push(" UNION ALL SELECT state, -COUNT(*)");
    query.push(" FROM job_spells WHERE length_step = ").push_bind(LASTING).push(" AND until_ms = ").push_bind(NEVER_MS);
    query.push(" AND from_ms > ").push_bind(at);
    of_states(&mut query);
    query.push(") counted GROUP BY state");
    Ok(query.build_query_as().fetch_all(connection).await?)
}
