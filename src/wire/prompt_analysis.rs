//! What can be said of a prompt before it is used: findings in its text, and what a photo will cost with each model.

use serde::{Deserialize, Serialize};

use super::cost::CostRange;
use super::ids::PromptId;
use super::prompt_parts::PromptParts;

/// `POST /api/ai/prompts/analyze`: nothing of it is kept. Only `content` is needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalyzePrompt {
    /// Template text that goes to the model with the photo.
    pub content: String,
    #[serde(flatten)]
    pub parts: PromptParts,
    /// Full names of models to look at beside those that could be used now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Findings that were ignored for this prompt are marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<PromptId>,
    /// Lets the providers' own counters count tokens, where they have one that is free; else only what they have counted
    /// before is used. The text goes to those providers.
    #[serde(default)]
    pub count_tokens: bool,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PromptAnalysis {
    /// The gravest first, then by part and place.
    pub findings: Vec<Finding>,
    /// What a photo takes with each model: the live one first.
    pub models: Vec<ModelFigures>,
    pub photo: TypicalPhoto,
    /// What a person should know of the prices: they are old, or a file of one's own can't be read.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It can't work like this.
    Error,
    /// Answers are likely to be worse for it.
    Warning,
    /// It could be better.
    Hint,
}

/// The part of a prompt that a finding is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptPart {
    /// The text that goes with the photo.
    #[default]
    User,
    System,
    Schema,
    /// Parameters of the model, and variables.
    Settings,
}

/// A stretch of a part's text, in bytes of its UTF-8, always on boundaries of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextSpan {
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind it is: stable, such as `unknown_variable`.
    pub code: String,
    /// This very finding, also when it has moved: what ignoring it remembers.
    pub key: String,
    pub severity: Severity,
    pub part: PromptPart,
    /// `None`: it is about the part as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<TextSpan>,
    /// Of the span, from 1; of the settings the place of the variable in their list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What it is, in one sentence.
    pub what: String,
    /// Why it matters, in one sentence.
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What of the settings it is about; the fix of such a finding takes that out, or gives it the name in the replacement. Of a
    /// finding in a text: the variable that is missing, which the fix adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<Setting>,
    /// A person has said that it is right as it is.
    #[serde(default)]
    pub is_ignored: bool,
}

/// One of the settings: they are no text, so a finding names what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// A variable of the author's, by its name.
    Variable(String),
    /// A parameter of the model, by its name in [`PromptParts`]: `temperature`, `top_p`, `max_output_tokens`, `seed`, `effort`.
    Parameter(String),
}

/// A replacement that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, for a button: `Write “file_name”`.
    pub words: String,
    /// What is replaced, in the finding's part; empty where a setting is taken out or renamed.
    pub span: TextSpan,
    pub replacement: String,
}

/// The photo that figures are worked out for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypicalPhoto {
    pub width_px: u32,
    pub height_px: u32,
    /// Photos of the library that its size is the median of; 0: there are none, a size is assumed.
    pub of_photos: u32,
}

/// Where a number of tokens comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum TokenSource {
    /// The provider's own counter.
    Provider,
    /// An estimate; `method` says in a sentence how it is made.
    Estimate { method: String },
    /// The model does not count in tokens.
    NotCounted,
}

/// What one photo takes with one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFigures {
    /// Full name.
    pub model: String,
    pub display_name: String,
    pub is_live: bool,
    pub source: TokenSource,
    /// Of the text, system part included. `None`: not counted in tokens.
    pub text_tokens: Option<u64>,
    /// Of the typical photo, by the model's rule. `None`: not counted in tokens, or the rule is not known.
    pub image_tokens: Option<u64>,
    /// Of an answer. `None`: not counted in tokens.
    pub output_tokens: Option<u64>,
    /// Earlier answers that the length of an answer is the mean of; 0: usual lengths are assumed.
    pub from_answers: u64,
    /// `None`: the price is not known.
    pub cost_per_photo: Option<CostRange>,
    /// What the model takes at most, text, photo and answer together; `None`: not known.
    pub context_tokens: Option<u64>,
    /// The provider has a counter of its own that was not asked about this text yet.
    #[serde(default)]
    pub can_be_counted: bool,
}

/// `PUT /api/ai/pipeline/prompts/{id}/ignored-findings`: whether a finding of this prompt is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreFinding {
    pub key: String,
    pub ignored: bool,
}

impl Finding {
    /// Whether both are mended in the same way: a slip in a name by writing another, a missing one by adding it.
    #[must_use]
    pub fn is_mended_like(&self, other: &Self) -> bool {
        self.code == other.code && self.part == other.part && self.setting.is_some() == other.setting.is_some() && other.fix.is_some()
    }
}

impl TextSpan {
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

impl From<std::ops::Range<usize>> for TextSpan {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Hint];
}

impl PromptAnalysis {
    /// How many findings of a severity are not ignored.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity && !finding.is_ignored).count()
    }
}
