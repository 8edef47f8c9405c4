//! Results as statistics see them.

use chrono::{DateTime, Utc};

use super::{Db, Result, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;

/// Results of one model in one step that ended alike and took equally long, which exact quantiles can be told from.
#[derive(Debug, Clone, PartialEq)]
pub struct LikeResults {
    /// Counted from the beginning of the range.
    pub step: i64,
    pub provider: String,
    pub model: String,
    pub completed: bool,
    pub latency_ms: i64,
    pub results: u64,
    /// Of those that have a mean confidence, their number and the sum.
    pub confident: u64,
    pub confidence_sum: f64,
    /// The known costs.
    pub cost: UsdMicros,
    pub cost_unknown: u64,
}

/// The results stored in `[from, to)`, in steps of `step_ms`.
pub async fn results(db: &Db, org: OrganizationId, from: DateTime<Utc>, to: DateTime<Utc>, step_ms: i64) -> Result<Vec<LikeResults>> {
    type Row = (i64, String, String, String, i64, i64, i64, f64, i64, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT (created_at_ms - $2) / $4, ai_provider, model, status, provider_response_time_ms, COUNT(*),
                COUNT(mean_confidence), CAST(COALESCE(SUM(mean_confidence), 0) AS DOUBLE PRECISION),
                CAST(COALESCE(SUM(cost_usd_micros), 0) AS BIGINT), COUNT(*) - COUNT(cost_usd_micros)
         FROM ai_processing_results
         WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms < $3
         GROUP BY 1, 2, 3, 4, 5",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(to))
    .bind(step_ms)
    .fetch_all(&db.read)
    .await?;
    let like = |(step, provider, model, status, latency_ms, results, confident, confidence_sum, cost, cost_unknown): Row| LikeResults {
        step,
        provider,
        model,
        completed: status == "completed",
        latency_ms,
        results: results as u64,
        confident: confident as u64,
        confidence_sum,
        cost: UsdMicros(cost),
        cost_unknown: cost_unknown as u64,
    };
    Ok(rows.into_iter().map(like).collect())
}
