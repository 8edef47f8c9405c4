//! Prompts and their versions.

use bytes::Bytes;
use reqwest::{Method, header};

use super::{Client, Result, network, read, send};
use crate::wire::ids::PromptId;
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, PreviewPrompt, Prompt, PromptPreview, PromptVersion, SavePromptVersion, UpdatePrompt, VersionsQuery};
use crate::wire::prompt_diff::PromptDiff;
use crate::wire::prompt_file::{ImportPrompts, Imported};
use crate::wire::prompt_label::{ChangeLabels, LabelCount, VersionLabels};
use crate::wire::prompt_search::{VersionFound, VersionQuery};

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

    /// The versions, newest first; all but the newest as outlines.
    pub async fn prompt_version_outlines(&self, id: PromptId) -> Result<Page<PromptVersion>> {
        self.get_with(&format!("api/ai/pipeline/prompts/{id}/versions"), &VersionsQuery { outlines: true }).await
    }

    /// One version, whole.
    pub async fn prompt_version(&self, id: PromptId, version: u32) -> Result<PromptVersion> {
        self.get(&format!("api/ai/pipeline/prompts/{id}/versions/{version}")).await
    }

    pub async fn save_prompt_version(&self, id: PromptId, body: &SavePromptVersion) -> Result<PromptVersion> {
        self.post(&format!("api/ai/pipeline/prompts/{id}/versions"), body).await
    }

    /// What two versions differ in; each side as [`PromptDiff`] says: a number, `draft`, `live`, or the id of any version.
    pub async fn prompt_diff(&self, id: PromptId, left: &str, right: &str) -> Result<PromptDiff> {
        self.get(&format!("api/ai/pipeline/prompts/{id}/versions/{left}/diff/{right}")).await
    }

    pub async fn change_prompt_labels(&self, id: PromptId, version: u32, body: &ChangeLabels) -> Result<VersionLabels> {
        self.post(&format!("api/ai/pipeline/prompts/{id}/versions/{version}/labels"), body).await
    }

    /// Every label that is in use, sorted.
    pub async fn prompt_labels(&self) -> Result<Page<LabelCount>> {
        self.get("api/ai/pipeline/prompt-labels").await
    }

    /// Versions of all prompts, newest first.
    pub async fn find_prompt_versions(&self, query: &VersionQuery) -> Result<Page<VersionFound>> {
        self.get_with("api/ai/pipeline/prompt-versions", query).await
    }

    /// What would be sent of one photo to one model; nothing is sent.
    pub async fn preview_prompt(&self, body: &PreviewPrompt) -> Result<PromptPreview> {
        self.post("api/ai/prompts/preview", body).await
    }

    /// A version as a Markdown file: its bytes.
    pub async fn export_prompt_version(&self, id: PromptId, version: u32) -> Result<Bytes> {
        let request = self.request(Method::GET, &format!("api/ai/pipeline/prompts/{id}/versions/{version}/export"))?;
        send(request).await?.bytes().await.map_err(network)
    }

    /// Makes prompts and versions of a file; `dry_run` only says what would be made.
    pub async fn import_prompts(&self, body: &ImportPrompts, dry_run: bool) -> Result<Imported> {
        read(self.request(Method::POST, "api/ai/pipeline/prompts/import")?.query(&[("dry_run", dry_run)]).json(body)).await
    }
}
