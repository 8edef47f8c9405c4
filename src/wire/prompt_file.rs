//! Files with prompts: Minerva's own (Markdown with front matter), those of promptfoo, and exports of Langfuse.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::ids::PromptId;
use super::prompt::PromptVersion;
use super::prompt_diff::PromptPart;

/// Bytes of a file at most.
pub const FILE_MOST: usize = 2 * 1024 * 1024;
/// Of a file in Minerva's own form; files of a later version are not read.
pub const FORM_VERSION: u64 = 1;

impl PromptVersion {
    /// Of its file, such as `photo-tags-v3.md`: letters, digits and hyphens, which every system takes.
    #[must_use]
    pub fn file_name(&self) -> String {
        let mut name = String::new();
        for letter in self.prompt_name.to_lowercase().chars() {
            if letter.is_ascii_alphanumeric() {
                name.push(letter);
            } else if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
        }
        let name = name.trim_end_matches('-');
        format!("{}-v{}.md", if name.is_empty() { "prompt" } else { name }, self.version)
    }
}

/// `POST /api/ai/pipeline/prompts/import`: all that is chosen is made, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPrompts {
    /// With its extension.
    pub file_name: String,
    /// The file's bytes in base64.
    pub file: String,
    /// What becomes of each prompt of the file; of those that are not named, what the file suggests.
    #[serde(default)]
    pub choices: Vec<ImportChoice>,
    /// Texts of files that this one names, by their paths relative to it (`prompts/long.txt`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub beside: BTreeMap<String, String>,
}

/// The path of a file beside the one that names it, as both sides write it; `None`: it is no such path.
#[must_use]
pub fn beside_path(named: &str) -> Option<String> {
    let named = named.trim();
    let path = named.strip_prefix("file://").unwrap_or(named).replace('\\', "/");
    let path = path.trim_start_matches("./");
    let is_inside = !path.starts_with('/') && !path.contains(':') && path.split('/').all(|part| !part.is_empty() && part != "..");
    let is_text = [".txt", ".md", ".json"].iter().any(|ending| path.to_lowercase().ends_with(ending));
    (is_inside && is_text).then(|| path.to_owned())
}

impl ImportPrompts {
    #[must_use]
    pub fn new(file_name: impl Into<String>, bytes: &[u8]) -> Self {
        Self { file_name: file_name.into(), file: STANDARD.encode(bytes), choices: Vec::new(), beside: BTreeMap::new() }
    }
}

/// `?dry_run=true` only says what would be made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMode {
    #[serde(default)]
    pub dry_run: bool,
}

/// What becomes of one prompt of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChoice {
    /// Its place in [`Imported::items`].
    pub item: u32,
    pub into: ImportInto,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ImportInto {
    /// Nothing.
    Skip,
    /// A prompt of this name: a new one, or the next version of the one that has it.
    Prompt { name: String },
}

/// What the file has, and what was made of it (or would be).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub format: FileFormat,
    /// Of the file as a whole.
    pub warnings: Vec<String>,
    pub items: Vec<ImportItem>,
    /// What was made, in the order of the items; empty in a dry run.
    #[serde(default)]
    pub versions: Vec<PromptVersion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Minerva's own.
    Markdown,
    /// A text without front matter.
    Text,
    Promptfoo,
    Langfuse,
}

impl FileFormat {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown with front matter",
            Self::Text => "Text",
            Self::Promptfoo => "promptfoo",
            Self::Langfuse => "Langfuse",
        }
    }
}

/// One prompt of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportItem {
    /// As the file calls it.
    pub name: String,
    /// Its number in the file, where it has one.
    pub version: Option<u32>,
    pub note: String,
    pub author: String,
    pub labels: Vec<String>,
    pub content: String,
    /// What it has beside its text.
    pub parts: Vec<PromptPart>,
    pub outcome: ImportOutcome,
    /// What is left out or changed, each in a sentence.
    pub warnings: Vec<String>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ImportOutcome {
    NewPrompt {
        name: String,
    },
    /// `prompt_id` is absent where the prompt is made of the same file.
    NewVersion {
        prompt_id: Option<PromptId>,
        name: String,
        version: u32,
    },
    /// A version has the same text and parts already: nothing is made.
    Same {
        name: String,
        version: u32,
    },
    Skipped,
    /// It can't be imported, and why.
    Refused {
        why: String,
    },
}

impl ImportOutcome {
    /// Whether something is made of it.
    #[must_use]
    pub fn makes(&self) -> bool {
        matches!(self, Self::NewPrompt { .. } | Self::NewVersion { .. })
    }
}
