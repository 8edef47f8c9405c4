//! The figures of Live Status, all read from one snapshot: from the rollups, and from the jobs that wait or that the
//! last hour touched.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::rollups::{self, Histograms, Span, Summed, Wanted};
use super::{Db, Result, metrics, past};
use crate::wire::ids::OrganizationId;
use crate::wire::metric::MetricType;

pub const MINUTE_MS: i64 = 60_000;

/// The moments that the figures are counted from, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// Beginning of the UTC day, and of the one before.
    pub today: i64,
    pub yesterday: i64,
    /// Beginning of the first minute of the last hour's series.
    pub series: i64,
    pub now: i64,
    /// Whether `now` lies in the past: what came after it does not count.
    pub is_past: bool,
}

/// Everything that the cards are made of.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub counts: Counts,
    /// Jobs that failed since the day began, also those that were queued again since.
    pub failed_today: i64,
    /// Sums of yesterday (step 0) and today (step 1).
    pub days: Vec<Summed>,
    /// Sums of the last 60 minutes, counted from the first, with the waits.
    pub hour: Vec<Summed>,
    pub minutes: HashMap<i64, Minute>,
    /// Jobs in work in each minute of the last hour, counted from the first.
    pub processing: HashMap<i64, u64>,
    pub last_event_id: i64,
}

/// Jobs by the states that matter now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub pending: i64,
    pub processing: i64,
    pub retry_wait: i64,
    /// In the state failed, whenever they failed.
    pub failed: i64,
    /// How many have ended so by now; of a moment in the past it is not known.
    pub completed: Option<i64>,
    /// How many were taken out of the queue.
    pub cancelled: Option<i64>,
}

/// What the jobs say of one minute of the last hour, by its number since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    pub failed: i64,
    /// Tries that became ready to be claimed.
    pub joined: i64,
    /// Tries that were claimed, or ended without having been.
    pub left: i64,
}

/// Reads the figures.
pub async fn figures(db: &Db, org: OrganizationId, since: Since) -> Result<Figures> {
    let mut tx = db.read.begin().await?;
    let counts = if since.is_past { past::counts(&mut tx, org, since).await? } else { count_states(&mut tx, org).await? };
    let mut figures = Figures { counts, ..Figures::default() };
    let until_ms = if since.is_past { since.now } else { i64::MAX };
    let days = Wanted {
        span: Span::Day,
        from_ms: since.yesterday,
        to_ms: since.today + Span::Day.ms(),
        step_ms: Span::Day.ms(),
        provider: None,
        histograms: Histograms::None,
    };
    figures.days = rollups::read_until_in(&mut tx, org, days, until_ms).await?;
    let to_ms = Span::Minute.floor(since.now) + MINUTE_MS;
    figures.hour = rollups::read_until_in(&mut tx, org, last_hour(since), until_ms).await?;
    figures.minutes = if since.is_past { past::minutes(&mut tx, org, since).await? } else { minutes(&mut tx, org, since).await? };
    for (minute, failed) in past::failures(&mut tx, org, since.today.min(since.series), since.now).await? {
        figures.failed_today += if minute * MINUTE_MS >= since.today { failed } else { 0 };
        figures.minutes.entry(minute).or_default().failed = failed;
    }
    let looks = metrics::read_in(&mut tx, org, &[MetricType::Processing], since.series, to_ms, MINUTE_MS).await?;
    figures.processing = looks.into_iter().map(|looks| (looks.step, looks.max as u64)).collect();
    figures.last_event_id = if since.is_past {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT id FROM events WHERE +organization_id = $1 AND at_ms <= $2 ORDER BY at_ms DESC, id DESC LIMIT 1")
                .bind(org.0)
                .bind(since.now)
                .fetch_optional(&mut *tx)
                .await?;
        newest.unwrap_or(0)
    } else {
        sqlx::query_scalar("SELECT COALESCE((SELECT id FROM events WHERE +organization_id = $1 ORDER BY id DESC LIMIT 1), 0)")
            .bind(org.0)
            .fetch_one(&mut *tx)
            .await?
    };
    tx.commit().await?;
    Ok(figures)
}

/// Sums of the last 60 minutes, counted from the first, with the waits.
pub async fn hour(db: &Db, org: OrganizationId, since: Since) -> Result<Vec<Summed>> {
    rollups::read(db, org, last_hour(since)).await
}

fn last_hour(since: Since) -> Wanted<'static> {
    let to_ms = Span::Minute.floor(since.now) + MINUTE_MS;
    Wanted { span: Span::Minute, from_ms: since.series, to_ms, step_ms: MINUTE_MS, provider: None, histograms: Histograms::Waits }
}

/// Counts the jobs by state.
pub async fn counts(db: &Db, org: OrganizationId) -> Result<Counts> {
    count_states(&mut *db.read.acquire().await?, org).await
}

async fn count_states(connection: &mut SqliteConnection, org: OrganizationId) -> Result<Counts> {
    let mut counted = Counts::default();
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT state, jobs FROM job_counts WHERE organization_id = $1").bind(org.0).fetch_all(connection).await?;
    (counted.completed, counted.cancelled) = (Some(0), Some(0));
    for (state, count) in rows {
        match state.as_str() {
            "pending" => counted.pending = count,
            "processing" => counted.processing = count,
            "retry_wait" => counted.retry_wait = count,
            "failed" => counted.failed = count,
            "completed" => counted.completed = Some(count),
            "cancelled" => counted.cancelled = Some(count),
            _ => {}
        }
    }
    Ok(counted)
}

/// The counts are read a little later than `since.now`: what happened in between belongs to the last minute, or the depth before it
/// would be wrong by as much for the whole hour.
async fn minutes(connection: &mut SqliteConnection, org: OrganizationId, since: Since) -> Result<HashMap<i64, Minute>> {
    let ends: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT MIN(finished_at_ms, $3) / 60000, COUNT(*) FROM jobs
         WHERE organization_id = $1 AND state IN ('failed', 'cancelled') AND finished_at_ms >= $2 AND started_at_ms IS NULL GROUP BY 1",
    )
    .bind(org.0)
    .bind(since.series)
    .bind(since.now)
    .fetch_all(&mut *connection)
    .await?;
    let joins: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT MIN(ready_at_ms, $3) / 60000, COUNT(*) FROM jobs
         WHERE organization_id = $1 AND ready_at_ms >= $2 AND state <> 'retry_wait' GROUP BY 1",
    )
    .bind(org.0)
    .bind(since.series)
    .bind(since.now)
    .fetch_all(&mut *connection)
    .await?;
    let starts: Vec<(i64, i64)> =
        sqlx::query_as("SELECT MIN(started_at_ms, $3) / 60000, COUNT(*) FROM jobs WHERE organization_id = $1 AND started_at_ms >= $2 GROUP BY 1")
            .bind(org.0)
            .bind(since.series)
            .bind(since.now)
            .fetch_all(connection)
            .await?;
    let mut minutes: HashMap<i64, Minute> = HashMap::new();
    for (minute, never_begun) in ends {
        minutes.entry(minute).or_default().left += never_begun;
    }
    for (minute, joined) in joins {
        minutes.entry(minute).or_default().joined = joined;
    }
    for (minute, left) in starts {
        minutes.entry(minute).or_default().left += left;
    }
    Ok(minutes)
}
