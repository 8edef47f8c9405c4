//! Analytics.

use super::{Client, Result};
use crate::wire::analytics::{Cost, Performance, PerformanceQuery};

impl Client {
    pub async fn performance(&self, query: &PerformanceQuery) -> Result<Performance> {
        self.get_with("api/ai/analytics/performance", query).await
    }

    /// `timeframe`: `1h`, `24h`, `7d`, `30d`.
    pub async fn cost(&self, timeframe: &str) -> Result<Cost> {
        self.get_with("api/ai/analytics/cost", &[("timeframe", timeframe)]).await
    }
}
