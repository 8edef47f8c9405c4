//! What is known of the providers' health, and of the queue's.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, from_name, to_ms, to_name};
use crate::wire::health::ProviderHealth;
use crate::wire::ids::OrganizationId;

/// The last check of each provider that was checked.
pub async fn checks(db: &Db, org: OrganizationId) -> Result<Vec<ProviderHealth>> {
    type Row = (String, String, Option<f64>, Option<f64>, Option<i64>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT provider_name, status, response_time_ms, error_rate, last_check, error_details
         FROM ai_provider_health WHERE organization_id = $1 ORDER BY provider_name",
    )
    .bind(org.0)
    .fetch_all(&db.read)
    .await?;
    let read = |(provider_name, status, response_time_ms, error_rate, last_check, error_details): Row| {
        Ok(ProviderHealth {
            provider_name,
            status: from_name(&status)?,
            response_time_ms,
            error_rate,
            last_check: last_check.map(from_ms).transpose()?,
            error_details,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Stores a check in place of the one before.
pub async fn put_check(tx: &mut Tx, org: OrganizationId, health: &ProviderHealth) -> Result<()> {
    sqlx::query(
        "INSERT INTO ai_provider_health (organization_id, provider_name, status, response_time_ms, error_rate, last_check, error_details)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organization_id, provider_name) DO UPDATE SET status = excluded.status,
            response_time_ms = excluded.response_time_ms, error_rate = excluded.error_rate, last_check = excluded.last_check,
            error_details = excluded.error_details",
    )
    .bind(org.0)
    .bind(&health.provider_name)
    .bind(to_name(&health.status)?)
    .bind(health.response_time_ms)
    .bind(health.error_rate)
    .bind(health.last_check.map(to_ms))
    .bind(&health.error_details)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A provider's calls since a moment.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Calls {
    pub ai_provider: String,
    pub answered: i64,
    pub response_time_ms: Option<f64>,
}

/// Answered calls by provider.
pub async fn answered(db: &Db, org: OrganizationId, since: DateTime<Utc>) -> Result<Vec<Calls>> {
    Ok(sqlx::query_as(
        "SELECT ai_provider, COUNT(*) AS answered, AVG(provider_response_time_ms) AS response_time_ms
         FROM ai_processing_results WHERE organization_id = $1 AND created_at_ms > $2 AND status = 'completed' GROUP BY ai_provider",
    )
    .bind(org.0)
    .bind(to_ms(since))
    .fetch_all(&db.read)
    .await?)
}

/// Faults by provider, newest first, at most `limit`: the provider and the fault's JSON.
pub async fn faults(db: &Db, org: OrganizationId, since: DateTime<Utc>, limit: u32) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(
        "SELECT ai_provider, fault FROM ai_processing_results
         WHERE organization_id = $1 AND created_at_ms > $2 AND status = 'failed' AND fault IS NOT NULL
         ORDER BY created_at_ms DESC LIMIT $3",
    )
    .bind(org.0)
    .bind(to_ms(since))
    .bind(i64::from(limit))
    .fetch_all(&db.read)
    .await?)
}

/// Since when the job waits that waits longest, and when a job was last begun.
pub async fn queue(db: &Db, org: OrganizationId) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
    let (waiting, begun): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT MIN(ready_at_ms) FROM jobs WHERE organization_id = $1 AND state = 'pending'),
                (SELECT MAX(started_at_ms) FROM jobs WHERE organization_id = $1)",
    )
    .bind(org.0)
    .fetch_one(&db.read)
    .await?;
    Ok((waiting.map(from_ms).transpose()?, begun.map(from_ms).transpose()?))
}
