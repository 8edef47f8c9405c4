//! The answer's format: whether one is asked for, whether it can be read, and what confidence means in it.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::conflict::asked_formats;
use super::pattern::{Pattern, is_negated};
use super::text::{Example, Text};
use super::{Finding, Severity, Subject, about, at, quoted, with_fix};
use crate::providers::on_device;
use crate::wire::answer_schema::{AnswerSchema, UndefinedField, undefined_fields as undefined_fields_of};
use crate::wire::prompt_analysis::PromptPart;

/// What an answer is asked to look like, where nothing is said.
const ASKED: &str = "\n\nAnswer with JSON only:\n\n{\"caption\": \"one plain sentence\", \"tags\": [{\"tag\": \"noun\", \"confidence\": 0.0}]}\n";
/// What the shipped schema's names may be called instead.
const CAPTION_NAMES: [&str; 3] = ["caption", "description", "summary"];
const TAGS_NAMES: [&str; 3] = ["tags", "labels", "keywords"];

static FORMAT: Pattern = Pattern::new(
    r"\b(?:json|csv|xml|yaml|schema|comma[- ]separated|bullet(?:ed)? list|numbered list|one (?:tag|label|keyword) (?:per|a) line|fields?|structured)\b",
);

/// A schema of the author's own from which no tags could be read.
pub fn broken_schema(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.schema_text.trim().is_empty() {
        return;
    }
    for (at, problem) in AnswerSchema::parse(subject.schema_text).err().unwrap_or_default().into_iter().enumerate() {
        let why = "The prompt can't be saved with it, since answers could not be held to it";
        let finding = about(PromptPart::Schema, "broken_schema", Severity::Error, problem.message, why);
        let span = line_in(subject.schema_text, problem.line).map(Into::into);
        let finding = Finding { line: Some(problem.line), span, ..finding };
        // An empty one stands for the shipped one, and mends all that is wrong at once.
        let is_first = at == 0;
        found.push(if is_first { with_fix(finding, "Take the shipped schema", 0..subject.schema_text.len(), String::new()) } else { finding });
    }
}

/// A field that the schema requires and does not describe. A schema that is broken anyway says so by itself.
pub fn undefined_fields(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let text = subject.schema_text;
    let Some(schema) = subject.schema.as_ref().filter(|_| AnswerSchema::parse(text).is_ok()) else { return };
    let mut in_use = subject.models.iter().filter(|model| model.is_relevant());
    let refusing = in_use.find(|model| model.refuses_undefined_fields);
    for field in undefined_fields_of(schema, text) {
        let UndefinedField { name, range, place } = field;
        let words = format!("“{name}” is required, and “properties” does not say what it is");
        let (severity, why) = match refusing {
            Some(model) => {
                let why = format!(
                    "The provider of {} refuses such a schema, so every photo would fail. Describe the field, or require it no more",
                    model.display_name
                );
                (Severity::Error, why)
            }
            None => (Severity::Warning, "A model may write anything there, or leave it out; other providers refuse such a schema".to_owned()),
        };
        let line = Some(text[..range.start].matches('\n').count() as u32 + 1);
        let finding = Finding { line, span: Some(range.into()), ..about(PromptPart::Schema, "undefined_field", severity, words, why) };
        found.push(match place {
            Some((at, has_others)) => {
                let described = format!("{}: {{\"type\": \"string\"}}{}", Value::from(name.as_str()), if has_others { ", " } else { "" });
                with_fix(finding, format!("Add “{name}” as a text"), at..at, described)
            }
            None => finding,
        });
    }
}

/// A line of the schema, from 1, without the blanks at its ends.
fn line_in(text: &str, number: u32) -> Option<Range<usize>> {
    let before = (number as usize).checked_sub(1)?;
    let start = text.split_inclusive('\n').take(before).map(str::len).sum::<usize>();
    let line = text[start..].split_inclusive('\n').next()?;
    let blanks = line.len() - line.trim_start().len();
    Some(start + blanks..start + line.trim_end().len().max(blanks))
}

/// Nothing says what the answer looks like.
pub fn format_missing(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let has_words = |text: &&Text<'_>| !text.raw.trim().is_empty();
    let texts: Vec<&Text<'_>> = subject.texts().into_iter().filter(has_words).collect();
    let says = texts.iter().any(|text| FORMAT.is_in(&text.prose) || !text.examples.is_empty());
    let is_list = on_device::closed_list(subject.user.raw).is_some();
    if says || is_list || subject.schema.is_some() || subject.user.raw.trim().is_empty() {
        return;
    }
    let heeds = subject.live().is_none_or(|live| live.follows_prompt);
    let severity = if heeds { Severity::Warning } else { Severity::Hint };
    let text = &subject.user;
    let end = text.raw.trim_end().len();
    let last = text.line(text.line_of(end.saturating_sub(1))).unwrap_or(0..end);
    let why = "Models that don't keep to a schema write prose then, from which no tags can be read";
    let finding = at(text, "no_answer_format", severity, last.start..end.max(last.start), "Nothing says what the answer looks like", why);
    found.push(with_fix(finding, "Ask for JSON at the end", end..text.raw.len(), ASKED));
}

/// A format that Minerva does not read.
pub fn not_json(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let asked = asked_formats(subject);
    let has_json = asked.iter().any(|format| format.is_json) || subject.texts().iter().any(|text| !text.examples.is_empty());
    if has_json {
        return;
    }
    for other in asked {
        let words = format!("{} can't be read: Minerva reads JSON", quoted(other.text.slice(other.range.clone())));
        let why = "A model that does what is asked here gives an answer without tags";
        let finding = at(other.text, "answer_not_json", Severity::Warning, other.range.clone(), words, why);
        found.push(with_fix(finding, "Write “JSON”", other.range, "JSON"));
    }
}

/// The examples that can be read as JSON objects.
fn objects<'s>(subject: &'s Subject<'_>) -> Vec<(&'s Text<'s>, &'s Example, Value)> {
    let mut all = Vec::new();
    for text in [&subject.system, &subject.user] {
        for example in &text.examples {
            let value = serde_json::from_str::<Value>(text.slice(example.range.clone()).trim()).ok().filter(Value::is_object);
            all.extend(value.map(|value| (text, example, value)));
        }
    }
    all
}

/// An example whose fields are not those of the schema that answers are held to.
pub fn other_than_schema(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (text, example, value) in objects(subject) {
        let has_any = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
        match &subject.schema {
            None => {
                if has_any(&TAGS_NAMES) {
                    beyond_shipped(subject, text, example, &value, found);
                    continue;
                }
                // Another object than the answer may be shown too.
                if !has_any(&CAPTION_NAMES) {
                    continue;
                }
                let words = "The example of an answer has no “tags”";
                let why = "Minerva reads tags from a list named tags, labels or keywords; without it a photo gets none";
                found.push(at(text, "example_without_tags", Severity::Warning, example.range.clone(), words, why));
            }
            Some(schema) => differences(text, example, &value, schema, found),
        }
    }
}

/// An answer that is asked for more than the shipped schema has, which is sent where the author wrote none.
fn beyond_shipped(subject: &Subject<'_>, text: &Text<'_>, example: &Example, value: &Value, found: &mut Vec<Finding>) {
    if !subject.models.iter().any(|model| model.is_relevant() && model.takes.schema) {
        return;
    }
    let is_shipped = |name: &str| TAGS_NAMES.contains(&name) || CAPTION_NAMES.contains(&name);
    for name in value.as_object().into_iter().flatten().map(|(name, _)| name).filter(|name| !is_shipped(name)) {
        let words = format!("Answers will have no “{name}”: the shipped schema does not have it");
        let why = "Models that keep to a schema leave out what it does not have. Write a schema of your own under Answer, or take it out here";
        found.push(at(text, "schema_mismatch", Severity::Hint, key_range(text, example, name), words, why));
    }
}

/// Names of an object's properties in a schema, those that it requires, and whether it allows others.
fn properties(schema: &Value) -> Option<(BTreeSet<&str>, BTreeSet<&str>)> {
    let names = schema.get("properties")?.as_object()?.keys().map(String::as_str).collect();
    let required = schema.get("required").and_then(Value::as_array).map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    Some((names, required))
}

fn differences(text: &Text<'_>, example: &Example, value: &Value, schema: &Value, found: &mut Vec<Finding>) {
    compare(text, example, value, schema, found);
    // One level down: what a list's entries look like.
    let Some(object) = value.as_object() else { return };
    for (name, inner) in object {
        let entry = inner.as_array().and_then(|list| list.first()).filter(|entry| entry.is_object());
        let items = schema.pointer(&format!("/properties/{name}/items"));
        if let Some((entry, items)) = entry.zip(items) {
            compare(text, example, entry, items, found);
        }
    }
}

fn compare(text: &Text<'_>, example: &Example, value: &Value, schema: &Value, found: &mut Vec<Finding>) {
    let (Some((names, required)), Some(object)) = (properties(schema), value.as_object()) else { return };
    let why = "Answers are held to the schema; a model that follows the example is cut off or answers twice";
    for name in object.keys().filter(|name| !names.contains(name.as_str())) {
        let range = key_range(text, example, name);
        let meant = names
            .iter()
            .filter(|known| !object.contains_key(**known))
            .max_by(|one, other| strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name)));
        let meant = meant.filter(|meant| strsim::jaro_winkler(meant, name) > 0.85);
        let words = match meant {
            Some(meant) => format!("The schema has no “{name}”; did you mean “{meant}”?"),
            None => format!("The schema has no “{name}”"),
        };
        let finding = at(text, "schema_mismatch", Severity::Warning, range.clone(), words, why);
        found.push(match meant {
            Some(meant) => with_fix(finding, format!("Write “{meant}”"), range, format!("\"{meant}\"")),
            None => finding,
        });
    }
    for name in required.iter().filter(|name| !object.contains_key(**name)) {
        let words = format!("The example has no “{name}”, which the schema requires");
        found.push(at(text, "schema_mismatch", Severity::Warning, example.range.clone(), words, why));
    }
}

/// Where a name stands in an example, its quotation marks included.
fn key_range(text: &Text<'_>, example: &Example, name: &str) -> Range<usize> {
    let key = format!("\"{name}\"");
    match text.slice(example.range.clone()).find(&key) {
        Some(start) => example.range.start + start..example.range.start + start + key.len(),
        None => example.range.clone(),
    }
}

static CONFIDENCE: Pattern = Pattern::new(r"\b(?:confidences?|probabilit(?:y|ies)|certainty|scores?)\b");
static SCALE: Pattern = Pattern::new(
    r"\b0(?:\.0+)?\s*(?:\([^)\n]*\)\s*)?(?:to|and|und|bis|et|à|y|e|en|tot|-|–|—|…|\.\.+|,)\s*1(?:\.0+)?\b|\[0, ?1\]|\b(?:percent|per cent)\b|%|\bout of (?:10|100|ten)\b|\b(?:0|1|one|zero)\s*(?:to|and|-|–)\s*(?:5|10|100|five|ten|one|hundred)\b|\bfraction\b|\bprobabilit(?:y|ies)\b|(?:confiden|sure|certain|scale|score)[^\n]*\b(?:0\b[^\n]{1,80}\b1|1\b[^\n]{1,80}\b0)\b",
);

/// A confidence is asked for, and nothing says on which scale.
pub fn confidence_scale(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.texts().iter().any(|text| SCALE.is_in(&text.raw.to_ascii_lowercase())) || schema_has_bounds(subject.schema.as_ref()) {
        return;
    }
    for text in subject.texts() {
        let in_prose = CONFIDENCE.ranges(&text.prose).find(|range| {
            let sentence = text.sentence_of(range.start);
            !is_negated(&text.prose, sentence.start, range.start)
        });
        let in_example = || {
            text.examples.iter().find_map(|example| {
                let inner = text.slice(example.range.clone());
                let start = example.range.start + inner.find("\"confidence\"")?;
                Some(start..start + "\"confidence\"".len())
            })
        };
        let Some(range) = in_prose.or_else(in_example) else { continue };
        let why = "Minerva accepts and rejects by confidence from 0 to 1; a model that is told no scale makes up its own";
        let finding = at(text, "no_confidence_scale", Severity::Hint, range, "Nothing says on which scale the confidence is", why);
        let end = text.raw.trim_end().len();
        let scale = "\n- Confidence is a number from 0 to 1: how sure you are that a careful person would agree.\n";
        found.push(with_fix(finding, "Add a line that says it", end..text.raw.len(), scale));
        return;
    }
}

fn schema_has_bounds(schema: Option<&Value>) -> bool {
    let text = schema.map(Value::to_string).unwrap_or_default();
    text.contains("\"confidence\"") && (text.contains("\"maximum\"") || text.contains("0 to 1") || text.contains("0–1"))
}

static OTHER_RANGE: Pattern = Pattern::new(
    r"\b(?:from\s+|between\s+)?(?P<range>(?:0|1|zero|one)(?:\.0)?\s*(?:to|and|-|–|—)\s*(?:100|10|5|five|ten|(?:a|one) hundred)\b(?:\s*(?:%|percent\b|per cent\b))?)|(?P<percent>\b(?:as a percentage|in percent|in per cent|out of 100|out of 10|out of ten))\b",
);
static SURENESS: Pattern = Pattern::new(r"\b(?:confiden\w*|probabilit(?:y|ies)|certain\w*|sure|scores?)\b");
static NUMBER_IN_EXAMPLE: Pattern = Pattern::new(r#""(?:confidence|score|probability)"\s*:\s*(?P<number>\d+(?:\.\d+)?)"#);

/// A confidence that is not from 0 to 1.
pub fn confidence_range(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let why = "Minerva reads confidence from 0 to 1 and sets what is above to 1, so that everything is accepted";
    for text in subject.texts() {
        for caught in OTHER_RANGE.captures(&text.prose) {
            let Some(range) = caught.name("range").or_else(|| caught.name("percent")).map(|range| range.range()) else { continue };
            let sentence = text.sentence_of(range.start);
            if !SURENESS.is_in(&text.prose[sentence.clone()]) || is_negated(&text.prose, sentence.start, range.start) {
                continue;
            }
            let fix = if caught.name("percent").is_some() { "from 0 to 1" } else { between(&text.prose[range.clone()]) };
            let words = format!("{} is not the scale that Minerva reads", quoted(text.slice(range.clone())));
            let finding = at(text, "confidence_range", Severity::Warning, range.clone(), words, why);
            found.push(with_fix(finding, format!("Write “{fix}”"), range, fix));
        }
        for example in &text.examples {
            let inner = text.slice(example.range.clone());
            for caught in NUMBER_IN_EXAMPLE.captures(inner) {
                let Some(number) = caught.name("number") else { continue };
                let Some(value) = number.as_str().parse::<f64>().ok().filter(|value| *value > 1.0) else { continue };
                let range = example.range.start + number.start()..example.range.start + number.end();
                let words = format!("A confidence of {} is above 1", number.as_str());
                let finding = at(text, "confidence_range", Severity::Warning, range.clone(), words, why);
                let fix = if value <= 100.0 { format!("{}", value / if value > 10.0 { 100.0 } else { 10.0 }) } else { "1.0".to_owned() };
                found.push(with_fix(finding, format!("Write “{fix}”"), range, fix));
            }
        }
    }
}

/// The right range in the words of the wrong one.
fn between(range: &str) -> &'static str {
    match () {
        () if range.contains("and") => "0 and 1",
        () if range.contains("to") => "0 to 1",
        () => "0–1",
    }
}
