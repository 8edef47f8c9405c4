//! The figures of Live Status, all read from one snapshot.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::{Db, Result};
use crate::wire::ids::OrganizationId;

pub const MINUTE_MS: i64 = 60_000;

/// The moments that the figures are counted from, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// Beginning of the UTC day, and of the one before.
    pub today: i64,
    pub yesterday: i64,
    /// 60 minutes ago.
    pub hour: i64,
    /// Beginning of the first minute of the last hour's series; not before `hour`.
    pub series: i64,
    pub now: i64,
}

/// Everything that the cards are made of.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub pending: i64,
    pub processing: i64,
    pub retry_wait: i64,
    pub failed_total: i64,
    pub ended: Ended,
    /// Of every try that began in the last 60 minutes: when, and how long it had waited.
    pub waits: Vec<(i64, i64)>,
    pub results: Results,
    pub minutes: HashMap<i64, Minute>,
    pub last_event_id: i64,
}

#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Ended {
    pub completed_today: i64,
    pub failed_today: i64,
    pub completed_yesterday: i64,
    pub completed_hour: i64,
}

#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Results {
    pub spend_today: i64,
    pub spend_unknown: i64,
    pub confidence_today: Option<f64>,
    pub confidence_yesterday: Option<f64>,
}

/// One minute of the last hour, by its number since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    pub completed: i64,
    pub failed: i64,
    pub confidence: Option<f64>,
    pub cost_usd_micros: i64,
    /// Tries that became ready to be claimed.
    pub joined: i64,
    /// Tries that were claimed, or ended without having been.
    pub left: i64,
}

/// Reads the figures.
pub async fn figures(db: &Db, org: OrganizationId, since: Since) -> Result<Figures> {
    let mut tx = db.read.begin().await?;
    let mut figures = Figures::default();
    count_states(&mut tx, org, &mut figures).await?;
    figures.ended = ended(&mut tx, org, since).await?;
    figures.waits = waits(&mut tx, org, since.hour.min(since.series)).await?;
    figures.results = results(&mut tx, org, since).await?;
    series(&mut tx, org, since, &mut figures).await?;
    figures.last_event_id =
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM events WHERE organization_id = $1").bind(org.0).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(figures)
}

async fn count_states(connection: &mut SqliteConnection, org: OrganizationId, figures: &mut Figures) -> Result<()> {
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT state, COUNT(*) FROM jobs
         WHERE organization_id = $1 AND state IN ('pending', 'processing', 'retry_wait', 'failed') GROUP BY state",
    )
    .bind(org.0)
    .fetch_all(connection)
    .await?;
    for (state, count) in counts {
        match state.as_str() {
            "pending" => figures.pending = count,
            "processing" => figures.processing = count,
            "retry_wait" => figures.retry_wait = count,
            _ => figures.failed_total = count,
        }
    }
    Ok(())
}

async fn ended(connection: &mut SqliteConnection, org: OrganizationId, since: Since) -> Result<Ended> {
    Ok(sqlx::query_as(
        "SELECT COUNT(CASE WHEN state = 'completed' AND finished_at_ms >= $3 THEN 1 END) AS completed_today,
                COUNT(CASE WHEN state = 'failed' AND finished_at_ms >= $3 THEN 1 END) AS failed_today,
                COUNT(CASE WHEN state = 'completed' AND finished_at_ms < $3 THEN 1 END) AS completed_yesterday,
                COUNT(CASE WHEN state = 'completed' AND finished_at_ms > $4 THEN 1 END) AS completed_hour
         FROM jobs WHERE organization_id = $1 AND finished_at_ms >= $2",
    )
    .bind(org.0)
    .bind(since.yesterday)
    .bind(since.today)
    .bind(since.hour)
    .fetch_one(connection)
    .await?)
}

async fn waits(connection: &mut SqliteConnection, org: OrganizationId, after: i64) -> Result<Vec<(i64, i64)>> {
    Ok(sqlx::query_as("SELECT started_at_ms, started_at_ms - ready_at_ms FROM jobs WHERE organization_id = $1 AND started_at_ms > $2")
        .bind(org.0)
        .bind(after)
        .fetch_all(connection)
        .await?)
}

async fn results(connection: &mut SqliteConnection, org: OrganizationId, since: Since) -> Result<Results> {
    Ok(sqlx::query_as(
        "SELECT COALESCE(SUM(CASE WHEN created_at_ms >= $3 THEN cost_usd_micros END), 0) AS spend_today,
                COUNT(CASE WHEN created_at_ms >= $3 AND cost_usd_micros IS NULL THEN 1 END) AS spend_unknown,
                AVG(CASE WHEN created_at_ms >= $3 THEN mean_confidence END) AS confidence_today,
                AVG(CASE WHEN created_at_ms < $3 THEN mean_confidence END) AS confidence_yesterday
         FROM ai_processing_results WHERE organization_id = $1 AND created_at_ms >= $2",
    )
    .bind(org.0)
    .bind(since.yesterday)
    .bind(since.today)
    .fetch_one(connection)
    .await?)
}

async fn series(connection: &mut SqliteConnection, org: OrganizationId, since: Since, figures: &mut Figures) -> Result<()> {
    let ends: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT finished_at_ms / 60000, COUNT(CASE WHEN state = 'completed' THEN 1 END), COUNT(CASE WHEN state = 'failed' THEN 1 END),
                COUNT(CASE WHEN started_at_ms IS NULL THEN 1 END)
         FROM jobs WHERE organization_id = $1 AND finished_at_ms >= $2 GROUP BY 1",
    )
    .bind(org.0)
    .bind(since.series)
    .fetch_all(&mut *connection)
    .await?;
    let joins: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT ready_at_ms / 60000, COUNT(*) FROM jobs
         WHERE organization_id = $1 AND ready_at_ms >= $2 AND ready_at_ms <= $3 AND state <> 'retry_wait' GROUP BY 1",
    )
    .bind(org.0)
    .bind(since.series)
    .bind(since.now)
    .fetch_all(&mut *connection)
    .await?;
    let results: Vec<(i64, Option<f64>, i64)> = sqlx::query_as(
        "SELECT created_at_ms / 60000, AVG(mean_confidence), COALESCE(SUM(cost_usd_micros), 0)
         FROM ai_processing_results WHERE organization_id = $1 AND created_at_ms >= $2 GROUP BY 1",
    )
    .bind(org.0)
    .bind(since.series)
    .fetch_all(connection)
    .await?;
    let minutes = &mut figures.minutes;
    for (minute, completed, failed, never_begun) in ends {
        let entry = minutes.entry(minute).or_default();
        (entry.completed, entry.failed) = (completed, failed);
        entry.left += never_begun;
    }
    for (minute, joined) in joins {
        minutes.entry(minute).or_default().joined = joined;
    }
    for (minute, confidence, cost) in results {
        let entry = minutes.entry(minute).or_default();
        (entry.confidence, entry.cost_usd_micros) = (confidence, cost);
    }
    for (started, _) in figures.waits.iter().filter(|(started, _)| *started >= since.series) {
        minutes.entry(started / MINUTE_MS).or_default().left += 1;
    }
    Ok(())
}
