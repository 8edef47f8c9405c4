//! Analytics.

use super::{Client, Result};
use crate::wire::analytics::{Cost, Performance, PerformanceQuery};
use crate::wire::cost::{Reprice, Repriced};

impl Client {
    pub async fn performance(&self, query: &PerformanceQuery) -> Result<Performance> {
        self.get_with("api/ai/analytics/performance", query).await
    }

    /// What a past period would cost with other prices; nothing that is stored changes.
    pub async fn reprice(&self, body: &Reprice) -> Result<Repriced> {
        self.post("api/ai/analytics/reprice", body).await
    }

    /// `timeframe`: `1h`, `24h`, `7d`, `30d`.
    pub async fn cost(&self, timeframe: &str) -> Result<Cost> {
        self.get_with("api/ai/analytics/cost", &[("timeframe", timeframe)]).await
    }
}
