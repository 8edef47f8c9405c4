//! A search through the versions of all prompts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{PromptId, PromptVersionId};

/// `GET /api/ai/pipeline/prompt-versions`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionQuery {
    /// Words that all stand somewhere in text, system text, answer's schema, note, author, labels or the prompt's name;
    /// `"several words"` as they follow one another. Letters large or small.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only versions with this label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only versions of this prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PromptId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A version that was found: all of it but its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFound {
    pub id: PromptVersionId,
    pub prompt_id: PromptId,
    pub prompt_name: String,
    pub version: u32,
    pub note: String,
    pub author: String,
    pub created_at: DateTime<Utc>,
    pub is_live: bool,
    pub labels: Vec<String>,
    /// The line of the texts or the schema in which the first of the words stands, cut around it; empty where none stands there.
    pub excerpt: String,
    /// Where words stand in the excerpt: `[from, to)` in UTF-8 bytes, in order.
    pub marks: Vec<[u32; 2]>,
}

/// The words of a search: parted at blanks, quoted words together.
#[must_use]
pub fn words(search: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in search.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.trim().to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_stay_together() {
        assert_eq!(words(" street  \"old town\" v2"), ["street", "old town", "v2"]);
        assert_eq!(words("\"not closed yet"), ["not closed yet"]);
        assert!(words(" \"\" ").is_empty());
    }
}
