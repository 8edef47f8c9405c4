//! Figures over time.

use super::{Client, Result};
use crate::wire::metric::{MetricQuery, Metrics};

impl Client {
    pub async fn metrics(&self, query: &MetricQuery) -> Result<Metrics> {
        self.get_with("api/ai/dashboard/metrics", query).await
    }
}
