//! Prompts and their versions.

use reqwest::{Method, header};

use super::{Client, Result, read};
use crate::wire::ids::PromptId;
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};

impl Client {
    pub async fn prompts(&self) -> Result<Page<Prompt>> {
        self.get("api/ai/pipeline/prompts").await
    }

    pub async fn create_prompt(&self, body: &CreatePrompt) -> Result<Prompt> {
        self.post("api/ai/pipeline/prompts", body).await
    }

    /// `revision`: of the prompt as the caller knows it; a stale one is refused with code `stale`.
    pub async fn update_prompt(&self, id: PromptId, revision: u64, body: &UpdatePrompt) -> Result<Prompt> {
        let request = self.request(Method::PUT, &format!("api/ai/pipeline/prompts/{id}"))?;
        read(request.header(header::IF_MATCH, format!("\"{revision}\"")).json(body)).await
    }

    /// Newest first.
    pub async fn prompt_versions(&self, id: PromptId) -> Result<Page<PromptVersion>> {
        self.get(&format!("api/ai/pipeline/prompts/{id}/versions")).await
    }

    pub async fn save_prompt_version(&self, id: PromptId, body: &SavePromptVersion) -> Result<PromptVersion> {
        self.post(&format!("api/ai/pipeline/prompts/{id}/versions"), body).await
    }
}
