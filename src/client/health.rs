//! Health.

use chrono::{DateTime, Utc};

use super::{Client, Result};
use crate::wire::health::{Health, HealthReport, ProviderHealth};
use crate::wire::page::Page;
use crate::wire::past::AtQuery;

impl Client {
    pub async fn health(&self) -> Result<Health> {
        self.get("api/health/ai-management").await
    }

    pub async fn provider_health(&self) -> Result<Page<ProviderHealth>> {
        self.get("api/ai/providers/health").await
    }

    /// Asks every provider that has a key, now.
    pub async fn check_providers(&self) -> Result<Page<ProviderHealth>> {
        self.post("api/ai/providers/health/check", &()).await
    }

    /// Every part and provider with its past.
    pub async fn health_report(&self) -> Result<HealthReport> {
        self.get("api/ai/health").await
    }

    /// What the last checks before a moment found, up to a week back.
    pub async fn health_report_at(&self, at: DateTime<Utc>) -> Result<HealthReport> {
        self.get_with("api/ai/health", &AtQuery { at: Some(at) }).await
    }

    /// Asks every provider that has a key and looks at every part, now.
    pub async fn check_health(&self) -> Result<HealthReport> {
        self.post("api/ai/health/check", &()).await
    }
}
