//! Results as statistics see them.

use chrono::{DateTime, Utc};

use super::{Db, Result, from_ms, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;

/// One result, as far as statistics need it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultFigures {
    pub provider: String,
    pub model: String,
    pub completed: bool,
    pub latency_ms: i64,
    pub confidence: Option<f64>,
    /// `None`: the price is not known.
    pub cost: Option<UsdMicros>,
    pub at: DateTime<Utc>,
}

/// The results stored in `[from, to)`, oldest first.
pub async fn results(db: &Db, org: OrganizationId, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<ResultFigures>> {
    type Row = (String, String, String, i64, Option<f64>, Option<i64>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT ai_provider, model, status, provider_response_time_ms, mean_confidence, cost_usd_micros, created_at_ms
         FROM ai_processing_results
         WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms < $3
         ORDER BY created_at_ms",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(to))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter()
        .map(|(provider, model, status, latency_ms, confidence, cost, at)| {
            let completed = status == "completed";
            Ok(ResultFigures { provider, model, completed, latency_ms, confidence, cost: cost.map(UsdMicros), at: from_ms(at)? })
        })
        .collect()
}
