//! The live status.

use chrono::{DateTime, Utc};

use super::{Client, Result};
use crate::wire::past::AtQuery;
use crate::wire::status::{LiveStatus, QueueStatus};

impl Client {
    pub async fn live_status(&self) -> Result<LiveStatus> {
        self.get("api/ai/dashboard/live-status").await
    }

    /// What the live status said at a moment, up to a week back.
    pub async fn live_status_at(&self, at: DateTime<Utc>) -> Result<LiveStatus> {
        self.get_with("api/ai/dashboard/live-status", &AtQuery { at: Some(at) }).await
    }

    pub async fn queue_status(&self) -> Result<QueueStatus> {
        self.get("api/ai/analytics/queue-status").await
    }
}
