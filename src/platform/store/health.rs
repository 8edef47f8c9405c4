//! What is known of the health of the platform's parts and of the providers: now, and in the past.

use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_ms, to_name};
use crate::wire::health::{HealthState, ProviderHealth};
use crate::wire::ids::OrganizationId;
use crate::wire::result::Fault;

/// The last check of each provider that was checked, with the mark of the key that it was made with.
pub async fn checks(db: &Db, org: OrganizationId) -> Result<Vec<(ProviderHealth, String)>> {
    type Row = (String, String, Option<f64>, Option<f64>, Option<i64>, Option<String>, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT provider_name, status, response_time_ms, error_rate, last_check, error_details, key_mark
         FROM ai_provider_health WHERE organization_id = $1 ORDER BY provider_name",
    )
    .bind(org.0)
    .fetch_all(&db.read)
    .await?;
    let read = |(provider_name, status, response_time_ms, error_rate, last_check, error_details, mark): Row| {
        let status = from_name(&status)?;
        let last_check = last_check.map(from_ms).transpose()?;
        Ok((ProviderHealth { provider_name, status, response_time_ms, error_rate, last_check, error_details }, mark))
    };
    rows.into_iter().map(read).collect()
}

/// Stores a check in place of the one before.
pub async fn put_check(tx: &mut Tx, org: OrganizationId, health: &ProviderHealth, key_mark: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO ai_provider_health (organization_id, provider_name, status, response_time_ms, error_rate, last_check, error_details, key_mark)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (organization_id, provider_name) DO UPDATE SET status = excluded.status,
            response_time_ms = excluded.response_time_ms, error_rate = excluded.error_rate, last_check = excluded.last_check,
            error_details = excluded.error_details, key_mark = excluded.key_mark",
    )
    .bind(org.0)
    .bind(&health.provider_name)
    .bind(to_name(&health.status)?)
    .bind(health.response_time_ms)
    .bind(health.error_rate)
    .bind(health.last_check.map(to_ms))
    .bind(&health.error_details)
    .bind(key_mark)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How a call of the pipeline ended.
#[derive(Debug, Clone)]
pub struct PastCall {
    pub provider: String,
    pub at: DateTime<Utc>,
    pub took_ms: f64,
    pub fault: Option<Fault>,
}

/// The newest calls of the pipeline since a moment, the oldest of them first. What a limit kept from being asked was no call.
pub async fn newest_calls(db: &Db, org: OrganizationId, since: DateTime<Utc>, most: u32) -> Result<Vec<PastCall>> {
    type Row = (String, i64, i64, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT ai_provider, created_at_ms, provider_response_time_ms, fault FROM ai_processing_results
         WHERE organization_id = $1 AND created_at_ms >= $2 AND (fault IS NULL OR COALESCE(json_extract(fault, '$.code'), '') <> 'photo_limit')
         ORDER BY created_at_ms DESC LIMIT $3",
    )
    .bind(org.0)
    .bind(to_ms(since))
    .bind(i64::from(most))
    .fetch_all(&db.read)
    .await?;
    let read = |(provider, at, took, fault): Row| {
        let fault = fault.as_deref().map(from_json).transpose()?;
        Ok(PastCall { provider, at: from_ms(at)?, took_ms: took as f64, fault })
    };
    rows.into_iter().rev().map(read).collect()
}

/// Since when the job waits that waits longest, and when a job was last begun.
pub async fn queue(db: &Db, org: OrganizationId) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
    // The condition that is always true leads into the index of that state, in place of all jobs in the order in which they were ready.
    let (waiting, begun): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT MIN(ready_at_ms) FROM jobs WHERE organization_id = $1 AND state = 'pending' AND enqueued_at_ms > 0),
                (SELECT MAX(started_at_ms) FROM jobs WHERE organization_id = $1)",
    )
    .bind(org.0)
    .fetch_one(&db.read)
    .await?;
    Ok((waiting.map(from_ms).transpose()?, begun.map(from_ms).transpose()?))
}

/// How large the database file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Size {
    pub bytes: i64,
    /// Bytes that are free inside the file.
    pub free_bytes: i64,
}

/// How large the database is, without its log.
pub async fn size(db: &Db) -> Result<Size> {
    Ok(sqlx::query_as(
        "SELECT page_count * page_size AS bytes, freelist_count * page_size AS free_bytes
         FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()",
    )
    .fetch_one(&db.read)
    .await?)
}

/// Reads one row, so that the time it takes is that of a read.
pub async fn read_one(db: &Db, org: OrganizationId) -> Result<()> {
    let _name: Option<String> = sqlx::query_scalar("SELECT name FROM organizations WHERE id = $1").bind(org.0).fetch_optional(&db.read).await?;
    Ok(())
}

/// Reads every page; what is wrong with them, empty when nothing is. Takes as long as reading the whole file does.
///
/// A reader remembers how the words of the search are laid out. While others write, what it remembers can be older than what it reads,
/// and is called damage (`fts5: corruption found reading blob`): only what a connection that remembers nothing finds as well is true.
pub async fn complaints(db: &Db) -> Result<Vec<String>> {
    if quick_check(&mut *db.read.acquire().await?).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut fresh = db.read.connect_options().connect().await?;
    let found = quick_check(&mut fresh).await;
    fresh.close().await?;
    found
}

async fn quick_check(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let lines: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(connection).await?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// One look at a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub component: String,
    pub at: DateTime<Utc>,
    pub status: HealthState,
    pub response_time_ms: Option<f64>,
    pub error_rate: Option<f64>,
    pub detail: Option<String>,
}

type CheckRow = (String, i64, String, Option<f64>, Option<f64>, Option<String>);

fn read_check((component, at, status, response_time_ms, error_rate, detail): CheckRow) -> Result<Check> {
    Ok(Check { component, at: from_ms(at)?, status: from_name(&status)?, response_time_ms, error_rate, detail })
}

/// The newest look at a part.
pub async fn last_check(tx: &mut Tx, org: OrganizationId, component: &str) -> Result<Option<Check>> {
    let row: Option<CheckRow> = sqlx::query_as(
        "SELECT component, at_ms, status, response_time_ms, error_rate, detail FROM health_checks
         WHERE organization_id = $1 AND component = $2 ORDER BY at_ms DESC LIMIT 1",
    )
    .bind(org.0)
    .bind(component)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(read_check).transpose()
}

/// The newest look at every part that was looked at since a moment.
pub async fn last_checks(db: &Db, org: OrganizationId, since: DateTime<Utc>) -> Result<Vec<Check>> {
    let rows: Vec<CheckRow> = sqlx::query_as(
        "SELECT component, at_ms, status, response_time_ms, error_rate, detail FROM health_checks
         JOIN (SELECT component AS newest_of, MAX(at_ms) AS newest FROM health_checks
               WHERE organization_id = $1 GROUP BY component) ON component = newest_of AND at_ms = newest
         WHERE organization_id = $1 AND at_ms >= $2",
    )
    .bind(org.0)
    .bind(to_ms(since))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(read_check).collect()
}

/// The newest look at every part until a moment, of those that were looked at since another.
pub async fn last_checks_at(db: &Db, org: OrganizationId, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Check>> {
    let rows: Vec<CheckRow> = sqlx::query_as(
        "SELECT c.component, c.at_ms, c.status, c.response_time_ms, c.error_rate, c.detail
         FROM (SELECT DISTINCT component FROM health_hours WHERE organization_id = $1) known
         JOIN health_checks c ON c.organization_id = $1 AND c.component = known.component
            AND c.at_ms = (SELECT MAX(n.at_ms) FROM health_checks n
                           WHERE n.organization_id = $1 AND n.component = known.component AND n.at_ms <= $3)
         WHERE c.at_ms >= $2",
    )
    .bind(org.0)
    .bind(to_ms(since))
    .bind(to_ms(until))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(read_check).collect()
}

/// All looks from one moment to another, both included, oldest first.
pub async fn checks_between(db: &Db, org: OrganizationId, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Check>> {
    let rows: Vec<CheckRow> = sqlx::query_as(
        "SELECT c.component, c.at_ms, c.status, c.response_time_ms, c.error_rate, c.detail
         FROM (SELECT DISTINCT component FROM health_hours WHERE organization_id = $1) known
         JOIN health_checks c ON c.organization_id = $1 AND c.component = known.component AND c.at_ms >= $2 AND c.at_ms <= $3
         ORDER BY c.at_ms",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(until))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(read_check).collect()
}

/// Adds a look. A second one in the same millisecond says nothing new.
pub async fn add_check(tx: &mut Tx, org: OrganizationId, check: &Check) -> Result<()> {
    sqlx::query(
        "INSERT INTO health_checks (organization_id, component, at_ms, status, response_time_ms, error_rate, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization_id, component, at_ms) DO NOTHING",
    )
    .bind(org.0)
    .bind(&check.component)
    .bind(to_ms(check.at))
    .bind(to_name(&check.status)?)
    .bind(check.response_time_ms)
    .bind(check.error_rate)
    .bind(&check.detail)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How a part was in one hour, or what a look adds to it.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct Hour {
    pub component: String,
    /// Hours since 1970.
    pub hour: i64,
    pub healthy_ms: i64,
    pub degraded_ms: i64,
    pub down_ms: i64,
    pub checks: i64,
    pub response_sum_ms: f64,
    pub responses: i64,
    pub trouble: Option<String>,
}

/// Adds to an hour.
pub async fn add_to_hour(tx: &mut Tx, org: OrganizationId, more: &Hour) -> Result<()> {
    sqlx::query(
        "INSERT INTO health_hours
            (organization_id, component, hour, healthy_ms, degraded_ms, down_ms, checks, response_sum_ms, responses, trouble)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (organization_id, component, hour) DO UPDATE SET
            healthy_ms = health_hours.healthy_ms + excluded.healthy_ms, degraded_ms = health_hours.degraded_ms + excluded.degraded_ms,
            down_ms = health_hours.down_ms + excluded.down_ms, checks = health_hours.checks + excluded.checks,
            response_sum_ms = health_hours.response_sum_ms + excluded.response_sum_ms,
            responses = health_hours.responses + excluded.responses, trouble = COALESCE(excluded.trouble, health_hours.trouble)",
    )
    .bind(org.0)
    .bind(&more.component)
    .bind(more.hour)
    .bind(more.healthy_ms)
    .bind(more.degraded_ms)
    .bind(more.down_ms)
    .bind(more.checks)
    .bind(more.response_sum_ms)
    .bind(more.responses)
    .bind(&more.trouble)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The hours of all parts from one on, oldest first.
pub async fn hours(db: &Db, org: OrganizationId, from_hour: i64) -> Result<Vec<Hour>> {
    Ok(sqlx::query_as(
        "SELECT component, hour, healthy_ms, degraded_ms, down_ms, checks, response_sum_ms, responses, trouble
         FROM health_hours WHERE organization_id = $1 AND hour >= $2 ORDER BY hour",
    )
    .bind(org.0)
    .bind(from_hour)
    .fetch_all(&db.read)
    .await?)
}

/// Forgets what is older than `before`.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let checks = sqlx::query("DELETE FROM health_checks WHERE at_ms < $1").bind(to_ms(before)).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM health_hours WHERE hour < $1").bind(to_ms(before) / HOUR_MS).execute(&mut **tx).await?;
    Ok(checks.rows_affected())
}

pub const HOUR_MS: i64 = 3_600_000;
