//! Labels of versions: any words, such as `candidate` or `good for food`. They say something of a version and are no part of it.

use serde::{Deserialize, Serialize};

use super::ids::{PromptId, PromptVersionId};

/// Characters of a label at most.
pub const LABEL_MOST: usize = 40;
/// Labels of a version at most.
pub const LABELS_MOST: usize = 12;

/// `POST /api/ai/pipeline/prompts/{id}/versions/{v}/labels`. What is both added and removed is added. The inverse has the two changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLabels {
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

impl ChangeLabels {
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { add: self.remove, remove: self.add }
    }
}

/// The labels of a version, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionLabels {
    pub prompt_id: PromptId,
    pub prompt_name: String,
    pub version_id: PromptVersionId,
    pub version: u32,
    pub labels: Vec<String>,
    /// What it took; empty where nothing changed.
    #[serde(default)]
    pub changed: ChangeLabels,
}

/// One row of `GET /api/ai/pipeline/prompt-labels`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    pub label: String,
    /// How many versions have it.
    pub versions: u64,
}
