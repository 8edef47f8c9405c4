//! Health.

use super::{Client, Result};
use crate::wire::health::{Health, HealthReport, ProviderHealth};
use crate::wire::page::Page;

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

    /// Asks every provider that has a key and looks at every part, now.
    pub async fn check_health(&self) -> Result<HealthReport> {
        self.post("api/ai/health/check", &()).await
    }
}
