//! Providers.

use reqwest::{Method, header};

use super::{Client, Result, read, send};
use crate::wire::config::ConfigChanged;
use crate::wire::health::ProviderHealth;
use crate::wire::provider::{AddProvider, ProviderList, ProviderModels, ProviderModelsQuery, ProviderSetting};

impl Client {
    pub async fn providers(&self) -> Result<ProviderList> {
        self.get("api/ai/providers").await
    }

    pub async fn add_provider(&self, body: &AddProvider) -> Result<ConfigChanged> {
        self.post("api/ai/providers", body).await
    }

    /// `revision`: of the configuration as the caller knows it; a stale one is refused with code `stale`.
    pub async fn set_provider(&self, revision: u64, name: &str, body: &ProviderSetting) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, &format!("api/ai/providers/{name}"))?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }

    pub async fn remove_provider(&self, revision: u64, name: &str) -> Result<ConfigChanged> {
        let request = self.request(Method::DELETE, &format!("api/ai/providers/{name}"))?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\""))).await
    }

    /// Really asks the provider whether it answers and takes its key.
    pub async fn check_provider(&self, name: &str) -> Result<ProviderHealth> {
        self.post(&format!("api/ai/providers/{name}/check"), &()).await
    }

    /// Lets a provider's calls through again.
    pub async fn resume_provider(&self, name: &str) -> Result<()> {
        send(self.request(Method::POST, &format!("api/ai/providers/{name}/resume"))?).await.map(drop)
    }

    pub async fn provider_models(&self, name: &str, refresh: bool) -> Result<ProviderModels> {
        self.get_with(&format!("api/ai/providers/{name}/models"), &ProviderModelsQuery { refresh }).await
    }
}
