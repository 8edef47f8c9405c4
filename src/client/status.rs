//! The live status.

use super::{Client, Result};
use crate::wire::status::{LiveStatus, QueueStatus};

impl Client {
    pub async fn live_status(&self) -> Result<LiveStatus> {
        self.get("api/ai/dashboard/live-status").await
    }

    pub async fn queue_status(&self) -> Result<QueueStatus> {
        self.get("api/ai/analytics/queue-status").await
    }
}
