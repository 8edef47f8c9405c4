//! Models.

use super::{Client, Result};
use crate::wire::config::ConfigChanged;
use crate::wire::model::{ActivateModel, ModelInfo};
use crate::wire::page::Page;

impl Client {
    pub async fn models(&self) -> Result<Page<ModelInfo>> {
        self.get("api/ai/pipeline/models").await
    }

    pub async fn activate_model(&self, body: &ActivateModel) -> Result<ConfigChanged> {
        self.put("api/ai/pipeline/models/active", body).await
    }
}
