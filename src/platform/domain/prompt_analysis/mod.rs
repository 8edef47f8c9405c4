//! What can be said of a prompt before it is used: findings in its text, and what a photo will take with each model.
//!
//! A rule is a function over the [`Subject`]; [`RULES`] is the one list of them. A finding that is wrong costs more trust
//! than one that is missing: each rule would rather say nothing.

mod analyze;
mod answer;
mod conflict;
mod count;
mod example;
mod exclusive;
mod figures;
mod language;
mod length;
mod names;
mod pattern;
mod repeat;
mod style;
mod support;
mod template;
mod text;
mod vague;
mod wished;

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde_json::Value;

pub use analyze::{analyze, findings_of, ignore};
pub use figures::{Counters, typical_photo};
pub use support::ModelFacts;
use text::Text;

use crate::wire::prompt_analysis::{AnalyzePrompt, Finding, Fix, PromptPart, Setting, Severity, TextSpan};
use crate::wire::prompt_parts::{Parameters, Variable};

/// Findings of one kind that are told; a text that has more has one cause.
const OF_A_KIND_MOST: usize = 50;

/// What the rules look at.
pub struct Subject<'s> {
    pub user: Text<'s>,
    pub system: Text<'s>,
    /// As its author wrote it; empty: the shipped one.
    pub schema_text: &'s str,
    /// The author's own, where it is JSON; `None`: the shipped one.
    pub schema: Option<Value>,
    /// Those that the author added.
    pub variables: &'s [Variable],
    pub parameters: Parameters,
    /// The models that have to get on with it: the live one first.
    pub models: &'s [ModelFacts],
}

impl<'s> Subject<'s> {
    #[must_use]
    pub fn new(asked: &'s AnalyzePrompt, models: &'s [ModelFacts]) -> Self {
        Self {
            user: Text::read(PromptPart::User, &asked.content),
            system: Text::read(PromptPart::System, &asked.parts.system),
            schema_text: &asked.parts.schema,
            schema: serde_json::from_str(&asked.parts.schema).ok(),
            variables: &asked.parts.variables,
            parameters: asked.parts.parameters,
            models,
        }
    }

    /// Both texts, in the order in which a model reads them.
    fn texts(&self) -> [&Text<'s>; 2] {
        [&self.system, &self.user]
    }

    fn live(&self) -> Option<&ModelFacts> {
        self.models.iter().find(|model| model.is_live)
    }
}

type Rule = fn(&Subject<'_>, &mut Vec<Finding>);

/// Every rule.
const RULES: [Rule; 26] = [
    template::broken,
    names::in_texts,
    names::of_variables,
    template::unknown_variables,
    template::single_braces,
    template::unused_variables,
    template::empty_variables,
    count::conflicting_counts,
    conflict::topics,
    conflict::explanation_beside_json,
    conflict::formats,
    language::languages,
    exclusive::wishes,
    vague::words,
    answer::broken_schema,
    answer::format_missing,
    answer::not_json,
    answer::other_than_schema,
    answer::confidence_scale,
    answer::confidence_range,
    example::broken_json,
    example::odd_blanks,
    example::open_fence,
    repeat::lines,
    style::shouting,
    style::only_negatives,
];
/// Rules that need to know the models.
const MODEL_RULES: [Rule; 4] = [support::what_models_ignore, support::tag_list, answer::undefined_fields, length::limits];

/// All findings, the gravest first, then by part and place.
#[must_use]
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for rule in RULES.iter().chain(&MODEL_RULES) {
        let before = all.len();
        rule(subject, &mut all);
        all.truncate(before + OF_A_KIND_MOST);
    }
    for finding in &mut all {
        finding.key = key_of(subject, finding);
    }
    all.sort_by(|one, other| (one.severity, one.part, one.span, &one.code).cmp(&(other.severity, other.part, other.span, &other.code)));
    all
}

/// The kind and the words that are meant: the same after other lines have changed.
fn key_of(subject: &Subject<'_>, finding: &Finding) -> String {
    let text = match finding.part {
        PromptPart::User => Some(&subject.user),
        PromptPart::System => Some(&subject.system),
        // What is wrong there is the same whatever its line says.
        PromptPart::Schema | PromptPart::Settings => None,
    };
    let words = text.zip(finding.span).map_or(finding.what.as_str(), |(text, span)| text.slice(span.range()));
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let sum = blake3::hash(words.as_bytes()).to_hex();
    format!("{}:{}", finding.code, &sum[..16])
}

/// A finding about a stretch of a text.
fn at(text: &Text<'_>, code: &str, severity: Severity, span: Range<usize>, what: impl Into<String>, why: impl Into<String>) -> Finding {
    let line = Some(text.line_of(span.start));
    Finding { span: Some(span.into()), line, ..about(text.part, code, severity, what, why) }
}

/// A finding about a part as a whole.
fn about(part: PromptPart, code: &str, severity: Severity, what: impl Into<String>, why: impl Into<String>) -> Finding {
    Finding {
        code: code.to_owned(),
        key: String::new(),
        severity,
        part,
        span: None,
        line: None,
        what: what.into(),
        why: why.into(),
        fix: None,
        setting: None,
        is_ignored: false,
    }
}

fn with_fix(finding: Finding, words: impl Into<String>, span: Range<usize>, replacement: impl Into<String>) -> Finding {
    Finding { fix: Some(Fix { words: words.into(), span: TextSpan::from(span), replacement: replacement.into() }), ..finding }
}

/// A finding about one of the author's variables, which another name mends.
fn with_name(finding: Finding, variable: &str, name: String) -> Finding {
    let setting = Some(Setting::Variable(variable.to_owned()));
    Finding { setting, ..with_fix(finding, format!("Rename it to “{name}”"), 0..0, name) }
}

/// A finding in a text that a new variable mends.
fn with_variable(finding: Finding, name: String) -> Finding {
    Finding { setting: Some(Setting::Variable(name)), ..with_fix(finding, "Add the variable", 0..0, String::new()) }
}

/// A finding about one of the settings, which taking it out mends.
fn without_setting(finding: Finding, words: impl Into<String>, setting: Setting) -> Finding {
    Finding { setting: Some(setting), ..with_fix(finding, words, 0..0, String::new()) }
}

/// A stretch of text as a sentence quotes it: one line, not too long.
fn quoted(words: &str) -> String {
    const MOST: usize = 60;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(MOST).collect();
    if short.len() < words.len() { format!("“{}…”", short.trim_end()) } else { format!("“{short}”") }
}
