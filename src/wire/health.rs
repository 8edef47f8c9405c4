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
    /// 0–1, over the calls of the last 15 minutes; `None` without calls.
    pub error_rate: Option<f64>,
    pub last_check: Option<DateTime<Utc>>,
    pub error_details: Option<String>,
}

/// `GET /api/ai/health`: every part with its history, the platform as a whole first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthReport {
    pub at: DateTime<Utc>,
    pub status: HealthState,
    pub components: Vec<Component>,
    /// When the platform looks by itself again; `None` where it does not.
    pub next_check: Option<DateTime<Utc>>,
}

/// One part of the platform, or a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// `platform`, `database`, …, or `provider:NAME`.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// `None`: it is not set up, or nobody has looked yet.
    pub status: Option<HealthState>,
    /// What was found: why, and what to do where it is not healthy.
    pub detail: String,
    pub response_time_ms: Option<f64>,
    /// 0–1, over the calls of the last 15 minutes; `None` without calls.
    pub error_rate: Option<f64>,
    /// Calls of the last 15 minutes; `None` for parts that are not called, and in the past, where nobody counted.
    #[serde(default)]
    pub calls: Option<u64>,
    pub last_check: Option<DateTime<Utc>>,
    pub uptime: Uptime,
    /// The last 24 hours, oldest first, the present one last.
    pub hours: Vec<HealthSpan>,
    /// The last 30 UTC days, oldest first, today last.
    pub days: Vec<HealthSpan>,
}

impl Component {
    /// The provider's name, where it is one.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.name.strip_prefix(PROVIDER_PREFIX)
    }
}

/// How the names of components begin that are providers.
pub const PROVIDER_PREFIX: &str = "provider:";

/// Share of the known time, 0–1, that a part was not down; `None` where nothing is known. Time without a check is neither up nor
/// down: it does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Uptime {
    /// The last 24 hours, the present one included.
    pub day: Option<f64>,
    pub week: Option<f64>,
    pub month: Option<f64>,
    /// How much of these periods is known.
    #[serde(default)]
    pub known: Known,
}

/// Milliseconds that are known of a day, a week and a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub day_ms: u64,
    pub week_ms: u64,
    pub month_ms: u64,
}

/// An hour or a day of a part's past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthSpan {
    pub at: DateTime<Utc>,
    pub healthy_ms: u64,
    pub degraded_ms: u64,
    pub down_ms: u64,
    pub checks: u32,
    /// Mean over the checks that were answered.
    pub response_time_ms: Option<f64>,
    /// The last reason for not being healthy.
    pub trouble: Option<String>,
}

impl HealthSpan {
    /// Milliseconds that are known of.
    #[must_use]
    pub fn known_ms(&self) -> u64 {
        self.healthy_ms + self.degraded_ms + self.down_ms
    }

    /// The worst that it was; `None` without data.
    #[must_use]
    pub fn worst(&self) -> Option<HealthState> {
        match self {
            Self { down_ms: 1.., .. } => Some(HealthState::Down),
            Self { degraded_ms: 1.., .. } => Some(HealthState::Degraded),
            Self { healthy_ms: 1.., .. } => Some(HealthState::Healthy),
            _ => None,
        }
    }
}

impl HealthState {
    /// One word for a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
            Self::Down => "Down",
        }
    }
}
