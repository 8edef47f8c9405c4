//! What Analytics shows: results, latency, confidence and cost over time and by model.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::money::UsdMicros;

/// Query of `GET /api/ai/analytics/performance`; the last 24 h in 24 steps unless told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Width of a step; at least a second, at most 2,000 steps. Range and steps are widened to whole minutes (UTC), to
    /// whole hours where the range is longer than two days or begins more than a week ago; the answer says to which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<u64>,
}

/// Pipeline results by model, each a series with one point a step. Steps without results have no point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step_ms: u64,
    /// Over all models together: quantiles can't be put together from those of the models.
    pub total: PerformancePoint,
    pub points: Vec<PerformancePoint>,
    pub models: Vec<ModelPerformance>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelPerformance {
    /// Full model name.
    pub model: String,
    pub total: PerformancePoint,
    pub points: Vec<PerformancePoint>,
}

/// Figures over the results that were stored in `[at, at + step)`. Latency is
/// `provider_response_time_ms` of completed results; quantiles are linear (type 7, R's default) and come from a histogram:
/// below 128 ms exact, above right to ± 0.8 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PerformancePoint {
    pub at: DateTime<Utc>,
    pub completed: u64,
    pub failed: u64,
    pub latency_p50_ms: Option<f64>,
    pub latency_p90_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub latency_p99_ms: Option<f64>,
    pub mean_confidence: Option<f64>,
    /// Sum of the known costs.
    pub cost_usd: UsdMicros,
    /// Results whose cost is not known.
    pub cost_unknown: u64,
}

/// `GET /api/ai/analytics/cost?timeframe=1h|24h|7d|30d`: field names fixed by existing deployments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    #[serde(rename = "totalCost")]
    pub total_cost: UsdMicros,
    #[serde(rename = "costByProvider")]
    pub cost_by_provider: BTreeMap<String, UsdMicros>,
    #[serde(rename = "costTrend")]
    pub cost_trend: Vec<CostPoint>,
    #[serde(rename = "budgetStatus")]
    pub budget_status: BudgetStatus,
    /// Results whose cost is not known.
    pub unknown_results: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostPoint {
    pub timestamp: DateTime<Utc>,
    pub cost: UsdMicros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetStatus {
    /// No budget has been set.
    NoBudget,
}
