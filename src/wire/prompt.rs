//! Prompts, their drafts and their immutable versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{PromptId, PromptVersionId};

/// What a template may use: `{{ file_name }}`, and `{{ width }}` × `{{ height }}` in pixels after orientation.
pub const TEMPLATE_VARIABLES: [&str; 3] = ["file_name", "width", "height"];

/// One prompt. `etag` goes into `If-Match` of the next write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub id: PromptId,
    pub name: String,
    /// What is in the editor and not yet saved as a version.
    pub draft: Option<String>,
    /// Number of the newest version; 0 before the first.
    pub latest_version: u32,
    /// The version that the pipeline uses, if it is one of this prompt.
    pub live_version: Option<u32>,
    pub revision: u64,
    pub updated_at: DateTime<Utc>,
}

/// One saved version; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptVersion {
    pub id: PromptVersionId,
    pub prompt_id: PromptId,
    pub prompt_name: String,
    /// 1, 2, 3, …
    pub version: u32,
    /// Template text with `{{variable}}`s.
    pub content: String,
    pub note: String,
    pub author: String,
    pub created_at: DateTime<Utc>,
    pub is_live: bool,
}

impl PromptVersion {
    /// Such as `Photo tags v3`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} v{}", self.prompt_name, self.version)
    }
}

/// `POST /api/ai/pipeline/prompts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePrompt {
    pub name: String,
    /// Becomes version 1 when given.
    #[serde(default)]
    pub content: Option<String>,
}

/// `PUT /api/ai/pipeline/prompts/{id}` with `If-Match: "<revision>"`; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatePrompt {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The editor's text; equal to the newest version's text it clears the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

/// `POST /api/ai/pipeline/prompts/{id}/versions`: saves an immutable version and clears the draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavePromptVersion {
    pub content: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub author: String,
}
