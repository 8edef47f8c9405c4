//! What the cards of Live Status show, in one answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::PipelineState;
use super::money::UsdMicros;
use super::result::Fault;

/// `GET /api/ai/dashboard/live-status`. "Today" is the UTC day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveStatus {
    pub at: DateTime<Utc>,
    /// The first moment that can be asked about: of what was before there is no record, or no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_from: Option<DateTime<Utc>>,
    pub pipeline_state: PipelineState,
    pub pending: u64,
    pub processing: u64,
    /// Jobs that wait for their next try.
    pub retry_wait: u64,
    pub completed_today: u64,
    /// Also those that were queued again since.
    pub failed_today: u64,
    /// Jobs in the state failed, whenever they failed.
    pub failed_total: u64,
    /// How many of them a retry would queue again: one for each photo that is not queued already. `None`: not counted, as they are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retriable_total: Option<u64>,
    /// Jobs that are completed or cancelled, whenever that was; how many were completed is not known of a moment in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_total: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_total: Option<u64>,
    /// Jobs that a draining pipeline still finishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draining_left: Option<u64>,
    /// Tries that completed in the last 60 minutes, the present one included.
    pub throughput_per_hour: u64,
    /// Over the tries that ended in these 60 minutes.
    pub queue_wait_avg_ms: Option<f64>,
    /// From a histogram: right to ± 0.8 %.
    pub queue_wait_p95_ms: Option<f64>,
    /// Of the pipeline.
    pub spend_today_usd: UsdMicros,
    /// What may be spent today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_limit_usd: Option<UsdMicros>,
    /// Results today whose cost is not known.
    pub spend_unknown_results: u64,
    /// What was spent today beside the pipeline, by the lab (runs, validations, replays, `minerva compare`) and by the assistant: the
    /// limits and `spend_today_usd` are the pipeline's alone. Not known of a moment in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab_spend_today_usd: Option<UsdMicros>,
    /// Calls of these today whose cost is not known.
    #[serde(default)]
    pub lab_spend_unknown: u64,
    pub confidence_today: Option<f64>,
    pub confidence_yesterday: Option<f64>,
    pub completed_yesterday: u64,
    pub live_model: String,
    /// Why the live model's provider is asked nothing: jobs wait until a person has seen to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<Fault>,
    /// Limits on spending that only warn and are crossed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_warning: Option<String>,
    /// Why bundled photos are missing so far, and what to do; they come by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundled_wait: Option<String>,
    pub live_prompt: String,
    pub workers: u32,
    /// The last 60 minutes, oldest first, one point a minute.
    pub last_hour: Vec<MinutePoint>,
    /// Id of the newest event when this was read; of a moment in the past the newest that is kept from then, 0 without one.
    pub last_event_id: i64,
    /// Figures that nobody recorded, so that a moment in the past is answered without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MinutePoint {
    pub at: DateTime<Utc>,
    pub completed: u64,
    pub failed: u64,
    pub queue_wait_avg_ms: Option<f64>,
    pub confidence: Option<f64>,
    pub cost_usd: UsdMicros,
    /// Jobs waiting at the end of the minute.
    pub depth: u64,
    /// Jobs in work at the beginning of the minute; `None` where nobody looked.
    #[serde(default)]
    pub processing: Option<u64>,
}

/// `GET /api/ai/analytics/queue-status`: field names fixed by existing deployments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueueStatus {
    pub queue: QueueCounts,
    pub performance: QueuePerformance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    pub pending: u64,
    pub processing: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueuePerformance {
    /// Milliseconds.
    #[serde(rename = "avgWaitTime")]
    pub avg_wait_time: Option<f64>,
    #[serde(rename = "throughputPerHour")]
    pub throughput_per_hour: u64,
}
