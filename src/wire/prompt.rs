//! Prompts, their drafts and their immutable versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{PhotoId, PromptId, PromptVersionId};
use super::prompt_parts::PromptParts;

/// What a template may use by itself: `{{ file_name }}`, and `{{ width }}` × `{{ height }}` in pixels after orientation.
pub const TEMPLATE_VARIABLES: [&str; 3] = ["file_name", "width", "height"];

/// One prompt. `etag` goes into `If-Match` of the next write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub id: PromptId,
    pub name: String,
    /// The user text that is in the editor and not yet saved as a version.
    pub draft: Option<String>,
    /// The other parts, where they differ from the newest version's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_parts: Option<PromptParts>,
    /// Number of the newest version; 0 before the first.
    pub latest_version: u32,
    /// The version that the pipeline uses, if it is one of this prompt.
    pub live_version: Option<u32>,
    pub revision: u64,
    pub updated_at: DateTime<Utc>,
    /// Who changed it last; empty where that was not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub updated_by: String,
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
    #[serde(flatten)]
    pub parts: PromptParts,
    pub note: String,
    pub author: String,
    pub created_at: DateTime<Utc>,
    pub is_live: bool,
    /// Words that people put on it, such as `candidate`; sorted, and no part of what the version is.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Only the start of the text is here, and nothing of the parts: the whole is asked for by the version's number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_outline: bool,
}

/// Query of `GET /api/ai/pipeline/prompts/{id}/versions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionsQuery {
    /// All but the newest version as outlines: a list of a thousand is not megabytes.
    pub outlines: bool,
}

/// Letters of the text that an outline has.
pub const OUTLINE_LETTERS: u32 = 600;

impl PromptVersion {
    /// Such as `Photo tags v3`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} v{}", self.prompt_name, self.version)
    }
}

/// `POST /api/ai/pipeline/prompts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatePrompt {
    pub name: String,
    /// Becomes version 1 when given.
    #[serde(default)]
    pub content: Option<String>,
    /// Of version 1; without `content` they are the draft's.
    #[serde(flatten)]
    pub parts: PromptParts,
}

/// `PUT /api/ai/pipeline/prompts/{id}` with `If-Match: "<revision>"`; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatePrompt {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The editor's text; equal to the newest version's text it clears the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// The other parts as they stand in the editor, all of them; equal to the newest version's they clear their draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_parts: Option<PromptParts>,
}

/// `POST /api/ai/pipeline/prompts/{id}/versions`: saves an immutable version and clears the draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavePromptVersion {
    pub content: String,
    #[serde(flatten)]
    pub parts: PromptParts,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub author: String,
}

/// `POST /api/ai/prompts/preview`: what would be sent of one photo to one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewPrompt {
    pub content: String,
    /// Its variables' values are those of the preview.
    #[serde(flatten)]
    pub parts: PromptParts,
    pub photo_id: PhotoId,
    /// Full model name.
    pub model: String,
}

/// What would be sent. Never holds a key, nor the photo's bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptPreview {
    /// The texts with their variables filled in.
    pub system: String,
    pub user: String,
    /// `None`: the model runs here and is sent nothing.
    pub request: Option<PreviewedRequest>,
    pub photo: PreviewedPhoto,
    /// What is left out or sent otherwise than it was asked for, and why.
    pub notes: Vec<String>,
}

/// One HTTP request as its provider would get it, the key's header left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewedRequest {
    pub method: String,
    pub url: String,
    /// The very body, with a sentence in the place of the photo's bytes.
    pub body: serde_json::Value,
    /// With the photo's bytes.
    pub body_bytes: u64,
}

/// The photo as it would be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedPhoto {
    pub width_px: u32,
    pub height_px: u32,
    /// Of the JPEG; `None`: pixels, for a model that runs here.
    pub bytes: Option<u64>,
    /// By the model's own rule; `None`: not counted in tokens, or the rule is not known.
    pub tokens: Option<u64>,
}
