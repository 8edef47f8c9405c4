//! Figures that are looked at once a minute, because the rows can't tell them later: `ai_dashboard_metrics`.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{Db, Result, Tx, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::metric::MetricType;

/// Rows written in one statement.
const ROWS_A_STATEMENT: usize = 500;

/// One look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub metric: MetricType,
    pub at: DateTime<Utc>,
    pub value: f64,
}

/// Stores looks; a second one at the same moment takes the place of the first.
pub async fn put(tx: &mut Tx, org: OrganizationId, samples: &[Sample]) -> Result<()> {
    for chunk in samples.chunks(ROWS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO ai_dashboard_metrics (organization_id, metric_type, timestamp, metric_value) ");
        query.push_values(chunk, |mut row, sample| {
            row.push_bind(org.0).push_bind(sample.metric.as_str()).push_bind(to_ms(sample.at)).push_bind(sample.value);
        });
        query.push(" ON CONFLICT (organization_id, metric_type, provider, timestamp) DO UPDATE SET metric_value = excluded.metric_value");
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// The looks of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looks {
    pub metric: MetricType,
    /// Counted from the beginning of the range.
    pub step: i64,
    pub mean: f64,
    pub max: f64,
    pub samples: u64,
}

/// The looks of `[from_ms, to_ms)` by metric and step, in that order.
pub async fn read(db: &Db, org: OrganizationId, metrics: &[MetricType], from_ms: i64, to_ms: i64, step_ms: i64) -> Result<Vec<Looks>> {
    read_in(&mut *db.read.acquire().await?, org, metrics, from_ms, to_ms, step_ms).await
}

/// The same, as a transaction sees it.
pub(super) async fn read_in(
    connection: &mut SqliteConnection,
    org: OrganizationId,
    metrics: &[MetricType],
    from_ms: i64,
    to_ms: i64,
    step_ms: i64,
) -> Result<Vec<Looks>> {
    let mut looks = Vec::new();
    for metric in metrics {
        let rows: Vec<(i64, f64, f64, i64)> = sqlx::query_as(
            "SELECT (timestamp - $3) / $5, AVG(metric_value), MAX(metric_value), COUNT(*) FROM ai_dashboard_metrics
             WHERE organization_id = $1 AND metric_type = $2 AND provider = '' AND timestamp >= $3 AND timestamp < $4 GROUP BY 1 ORDER BY 1",
        )
        .bind(org.0)
        .bind(metric.as_str())
        .bind(from_ms)
        .bind(to_ms)
        .bind(step_ms)
        .fetch_all(&mut *connection)
        .await?;
        looks.extend(rows.into_iter().map(|(step, mean, max, samples)| Looks { metric: *metric, step, mean, max, samples: samples as u64 }));
    }
    Ok(looks)
}

/// Forgets looks before a moment; gives their number.
pub async fn prune(tx: &mut Tx, org: OrganizationId, before: DateTime<Utc>) -> Result<u64> {
    let mut forgotten = 0;
    // By metric, so that the primary key finds them.
    for metric in MetricType::ALL.into_iter().filter(|metric| metric.is_sampled()) {
        let done =
            sqlx::query("DELETE FROM ai_dashboard_metrics WHERE organization_id = $1 AND metric_type = $2 AND provider = '' AND timestamp < $3")
                .bind(org.0)
                .bind(metric.as_str())
                .bind(to_ms(before))
                .execute(&mut **tx)
                .await?;
        forgotten += done.rows_affected();
    }
    Ok(forgotten)
}
