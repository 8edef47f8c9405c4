//! Health of the platform and its providers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    Healthy,
    Degraded,
    Down,
}

/// `GET /api/health/ai-management`. Without a token only `status` is filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub status: HealthState,
    #[serde(default)]
    pub checks: Vec<HealthCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    pub name: String,
    pub status: HealthState,
    /// Why, and what to do where it is not healthy.
    pub detail: String,
}

/// One row of `ai_provider_health`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderHealth {
    pub provider_name: String,
    pub status: HealthState,
    pub response_time_ms: Option<f64>,
    /// 0–1, over the calls of the last hour; `None` without calls.
    pub error_rate: Option<f64>,
    pub last_check: Option<DateTime<Utc>>,
    pub error_details: Option<String>,
}
