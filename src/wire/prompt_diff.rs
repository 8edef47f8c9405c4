//! What two texts of prompts differ in, by lines and words.
//!
//! Lines are counted from 1. Ranges are `[from, to)` in UTF-8 bytes of a part's text.

use serde::{Deserialize, Serialize};

use super::ids::{PromptId, PromptVersionId};

/// `GET /api/ai/pipeline/prompts/{id}/versions/{v}/diff/{w}`: from `v` to `w`. Each is the number of a version, `draft` (what
/// is in the editor), `live` (what the pipeline uses, of whatever prompt), or the id of any version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptDiff {
    pub left: DiffSide,
    pub right: DiffSide,
    /// Every part that one of the sides has, in the order of [`PromptPart::ALL`].
    pub parts: Vec<PartDiff>,
}

impl PromptDiff {
    /// Sums of all parts.
    #[must_use]
    pub fn counts(&self) -> DiffCounts {
        self.parts.iter().fold(DiffCounts::default(), |sum, part| DiffCounts {
            added: sum.added + part.counts.added,
            removed: sum.removed + part.counts.removed,
            moved: sum.moved + part.counts.moved,
        })
    }

    #[must_use]
    pub fn is_same(&self) -> bool {
        self.parts.iter().all(|part| part.hunks.is_empty())
    }
}

/// One of the two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffSide {
    pub prompt_id: PromptId,
    pub prompt_name: String,
    /// `None`: the draft.
    pub version: Option<u32>,
    pub version_id: Option<PromptVersionId>,
    pub is_live: bool,
}

impl DiffSide {
    /// Such as `Photo tags v3`, or `Photo tags draft`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.prompt_name, self.short())
    }

    /// Such as `v3`, or `draft`.
    #[must_use]
    pub fn short(&self) -> String {
        self.version.map_or_else(|| "draft".to_owned(), |version| format!("v{version}"))
    }
}

/// What a version is made of. Schema, parameters and variables are compared as JSON, a key a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptPart {
    User,
    System,
    Schema,
    Parameters,
    Variables,
}

impl PromptPart {
    pub const ALL: [Self; 5] = [Self::User, Self::System, Self::Schema, Self::Parameters, Self::Variables];

    /// As the tabs of the editor call it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::User => "Prompt",
            Self::System => "System",
            Self::Schema => "Answer",
            Self::Parameters => "Parameters",
            Self::Variables => "Variables",
        }
    }
}

/// What one part differs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDiff {
    pub part: PromptPart,
    pub left: String,
    pub right: String,
    /// The stretches that differ, in order; all lines between them are the same.
    pub hunks: Vec<Hunk>,
    pub counts: DiffCounts,
    /// The texts are so different that the time ran out: there may be a shorter way from one to the other.
    #[serde(default)]
    pub is_rough: bool,
}

/// Words that came and went, and lines that stand elsewhere now; the words of those count neither as added nor as removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffCounts {
    pub added: u32,
    pub removed: u32,
    pub moved: u32,
}

/// A stretch that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    pub left: LineSpan,
    pub right: LineSpan,
    /// Its lines side by side, from top to bottom.
    pub rows: Vec<DiffRow>,
}

/// Lines that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSpan {
    /// The first of them; where there is none, the line that they would stand before.
    pub first: u32,
    pub lines: u32,
}

/// A line of the left beside what became of it on the right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffRow {
    /// `None`: the line is only on the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
    /// `None`: the line is only on the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<u32>,
    /// What of the left line is not in the right one; all of it where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<[u32; 2]>,
    /// What of the right line is not in the left one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<[u32; 2]>,
    /// The same line on the other side, where it only moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_called_by_its_version_or_draft() {
        let side =
            |version| DiffSide { prompt_id: PromptId::fresh(), prompt_name: "Photo tags".to_owned(), version, version_id: None, is_live: false };
        assert_eq!((side(Some(3)).label().as_str(), side(None).short().as_str()), ("Photo tags v3", "draft"));
    }
}
