//! Figures over time, by the names that existing deployments give them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricType {
    /// Jobs that wait to be claimed; looked at once a minute.
    QueueDepth,
    /// Jobs that are worked on; looked at once a minute.
    Processing,
    /// Jobs that wait for their next try; looked at once a minute.
    RetryWait,
    /// Jobs in the state failed; looked at once a minute.
    FailedJobs,
    /// Tries that completed.
    Completed,
    /// Tries that failed.
    Failed,
    /// Tries that completed, per hour.
    ThroughputPerHour,
    /// Share of tries that failed, 0–1.
    ErrorRate,
    QueueWaitAvgMs,
    QueueWaitP95Ms,
    ResponseTimeP50Ms,
    ResponseTimeP95Ms,
    ResponseTimeP99Ms,
    /// Mean confidence, 0–1.
    Confidence,
    /// Sum of the known costs.
    CostUsd,
}

impl MetricType {
    pub const ALL: [Self; 15] = [
        Self::QueueDepth,
        Self::Processing,
        Self::RetryWait,
        Self::FailedJobs,
        Self::Completed,
        Self::Failed,
        Self::ThroughputPerHour,
        Self::ErrorRate,
        Self::QueueWaitAvgMs,
        Self::QueueWaitP95Ms,
        Self::ResponseTimeP50Ms,
        Self::ResponseTimeP95Ms,
        Self::ResponseTimeP99Ms,
        Self::Confidence,
        Self::CostUsd,
    ];

    /// The name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueDepth => "queue_depth",
            Self::Processing => "processing",
            Self::RetryWait => "retry_wait",
            Self::FailedJobs => "failed_jobs",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::ThroughputPerHour => "throughput_per_hour",
            Self::ErrorRate => "error_rate",
            Self::QueueWaitAvgMs => "queue_wait_avg_ms",
            Self::QueueWaitP95Ms => "queue_wait_p95_ms",
            Self::ResponseTimeP50Ms => "response_time_p50_ms",
            Self::ResponseTimeP95Ms => "response_time_p95_ms",
            Self::ResponseTimeP99Ms => "response_time_p99_ms",
            Self::Confidence => "confidence",
            Self::CostUsd => "cost_usd",
        }
    }

    /// Whether it is looked at once a minute, rather than counted from what happened. Such a figure is of the whole
    /// queue: before a job is begun nobody knows which provider it will go to.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::QueueDepth | Self::Processing | Self::RetryWait | Self::FailedJobs)
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MetricType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("'{text}' is not a metric; use one or more of {}", known.join(", "))
        })
    }
}

/// Query of `GET /api/ai/dashboard/metrics`; the last 24 h in 24 steps unless told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// One or more [`MetricType`]s with commas between; all unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<String>,
    /// Only this provider's calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Width of a step: seconds, or a number with `s`, `m`, `h` or `d`. At most 2,000 steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// As it was known at this moment, up to a week back, and until then unless `to` is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// Figures by metric, then by time. Range and steps are widened to whole minutes (UTC), to whole hours where the
/// range is longer than two days or begins more than a week ago.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step_ms: u64,
    pub metrics: Vec<Metric>,
}

/// One figure over `[timestamp, timestamp + step)`: field names fixed by existing deployments. Counts and sums have one
/// for each step, others only where there was something to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub metric_type: MetricType,
    /// Of what is sampled the mean. Quantiles are right to ± 0.8 %.
    pub metric_value: f64,
    /// `None`: of all providers.
    pub provider: Option<String>,
    pub timestamp: DateTime<Utc>,
    pub metadata: MetricMetadata,
}

/// What more is known of a figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricMetadata {
    /// Looks, or tries, that the figure is made of.
    pub samples: u64,
    /// Greatest value seen, of what is sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Tries whose cost is not known, of costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_unknown: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_the_name_that_the_wire_gives_it() {
        for metric in MetricType::ALL {
            assert_eq!(serde_json::to_value(metric).expect("serialises"), metric.as_str());
            assert_eq!(metric.as_str().parse(), Ok(metric));
        }
        assert!("depth".parse::<MetricType>().expect_err("refused").contains("queue_depth"));
    }
}
