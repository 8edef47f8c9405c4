//! Models.

use reqwest::{Method, header};

use super::{Client, Result, read};
use crate::wire::config::ConfigChanged;
use crate::wire::fallback::SetFallbacks;
use crate::wire::model::{ActivateModel, ActivateModelQuery, ModelInfo, SetModelParameters};
use crate::wire::page::Page;

impl Client {
    pub async fn models(&self) -> Result<Page<ModelInfo>> {
        self.get("api/ai/pipeline/models").await
    }

    pub async fn activate_model(&self, body: &ActivateModel) -> Result<ConfigChanged> {
        self.put("api/ai/pipeline/models/active", body).await
    }

    /// The same, also where the list of its provider does not have it.
    pub async fn activate_model_confirmed(&self, body: &ActivateModel) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/pipeline/models/active")?.query(&ActivateModelQuery { confirm: true });
        read(request.json(body)).await
    }

    /// `revision`: of the configuration as the caller knows it; a stale one is refused with code `stale`.
    pub async fn set_fallbacks(&self, revision: u64, body: &SetFallbacks) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/pipeline/models/fallbacks")?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }

    /// How a model answers where the prompt says nothing.
    pub async fn set_model_parameters(&self, revision: u64, body: &SetModelParameters) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/pipeline/models/parameters")?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }
}
