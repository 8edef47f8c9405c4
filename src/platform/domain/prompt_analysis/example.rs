//! Examples of JSON: models imitate them, mistakes included.

use std::ops::Range;

use super::pattern::Pattern;
use super::text::{ConstructKind, Example, Text};
use super::{Finding, Severity, Subject, at, with_fix};
use crate::wire::loose_json;

/// Letters that look like a blank, or like nothing, and are none to a JSON reader.
const ODD_BLANKS: [char; 8] = ['\u{a0}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{202f}', '\u{2007}', '\u{3000}', '\u{feff}'];

/// Signs that an example shows a form, not an answer.
static SKETCH: Pattern =
    Pattern::new(r"\.\.\.|\{%|[:\[,]\s*<|[:\[]\s*(?:string|number|int|integer|float|bool|boolean|array|object|text|list)\b|\s//|\|");

/// Whether an example is meant as JSON: its fence says so, or it begins like JSON.
fn is_json(text: &Text<'_>, example: &Example) -> bool {
    match example.language.as_str() {
        "json" => true,
        "" => text.slice(example.range.clone()).trim_start().starts_with(['{', '[']),
        _ => false,
    }
}

/// An example that is no JSON.
pub fn broken_json(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        for example in text.examples.iter().filter(|example| is_json(text, example)) {
            let inner = text.slice(example.range.clone());
            // `…`, `<noun>` and `string` stand for what is to be written; a statement may make JSON of what is none here.
            let is_sketch = SKETCH.is_in(inner) || inner.contains('…') && !inner.contains("\"…") || inner.trim().is_empty();
            if is_sketch || has_odd_blank(inner) {
                continue;
            }
            let filled = filled(text, example);
            // Several values below each other are several examples.
            let Some(error) = serde_json::Deserializer::from_str(&filled).into_iter::<serde_json::Value>().find_map(Result::err) else { continue };
            found.push(of_error(text, example, &filled, &error));
        }
    }
}

/// The example with numbers in the place of variables: one that stands between quotation marks is text all the same.
fn filled(text: &Text<'_>, example: &Example) -> String {
    let mut bytes = text.slice(example.range.clone()).as_bytes().to_vec();
    let variables = text.constructs.iter().filter(|construct| construct.kind != ConstructKind::Statement);
    for range in
        variables.map(|construct| construct.range.clone()).filter(|range| range.start >= example.range.start && range.end <= example.range.end)
    {
        bytes[range.start - example.range.start..range.end - example.range.start].fill(b'1');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn of_error(text: &Text<'_>, example: &Example, filled: &str, error: &serde_json::Error) -> Finding {
    let place = place_of(filled, error).min(filled.len());
    let why = "Models imitate the example, and then their answers can't be read";
    if let Some(comma) = trailing_comma(filled, place) {
        let range = example.range.start + comma..example.range.start + comma + 1;
        let finding = at(text, "invalid_json_example", Severity::Warning, range.clone(), "A comma before a closing bracket is no JSON", why);
        return with_fix(finding, "Take the comma out", range, "");
    }
    let start = example.range.start + floor(filled, place.saturating_sub(1));
    let span = one_letter(text, start).unwrap_or_else(|| example.range.clone());
    let said = words(error);
    let finding = at(text, "invalid_json_example", Severity::Warning, span, format!("The example is no JSON: {said}"), why);
    // Single quotes, bare names and comments can be put right by themselves.
    let holds_variables =
        text.constructs.iter().any(|construct| construct.range.start >= example.range.start && construct.range.end <= example.range.end);
    match loose_json::read(filled) {
        Some(value) if !holds_variables => {
            let trimmed = text.slice(example.range.clone()).trim_end().len();
            let written = if text.slice(example.range.start..example.range.start + trimmed).contains('\n') {
                serde_json::to_string_pretty(&value)
            } else {
                serde_json::to_string(&value)
            };
            match written {
                Ok(written) => with_fix(finding, "Write it as JSON", example.range.start..example.range.start + trimmed, written),
                Err(_) => finding,
            }
        }
        _ => finding,
    }
}

/// What is wrong, without the place, which is said in the text's own lines.
fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    match said {
        said if said.starts_with("EOF") => "a bracket or quotation mark is never closed".to_owned(),
        "key must be a string" => "a name must stand in double quotation marks".to_owned(),
        "expected value" => "a value is missing, or stands in wrong quotation marks".to_owned(),
        said if said.starts_with("control character") => "a text runs over the end of its line".to_owned(),
        said => said
            .replace("expected `,` or `}`", "a comma or a closing bracket is missing")
            .replace("expected `,` or `]`", "a comma or a closing bracket is missing"),
    }
}

/// The byte that an error speaks of, from its line and column, which is in bytes.
fn place_of(filled: &str, error: &serde_json::Error) -> usize {
    let before: usize = filled.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    before + error.column()
}

fn floor(text: &str, mut place: usize) -> usize {
    while place > 0 && !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

fn one_letter(text: &Text<'_>, start: usize) -> Option<Range<usize>> {
    let letter = text.raw.get(start..)?.chars().next()?;
    Some(start..start + letter.len_utf8())
}

/// The comma that stands before the closing bracket at an error's place.
fn trailing_comma(filled: &str, place: usize) -> Option<usize> {
    let before = filled.get(..place)?;
    let before = before.strip_suffix(['}', ']'])?.trim_end();
    before.ends_with(',').then(|| before.len() - 1)
}

fn has_odd_blank(inner: &str) -> bool {
    inner.contains(ODD_BLANKS)
}

/// Blanks that are none to a reader of JSON.
pub fn odd_blanks(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        for example in text.examples.iter().filter(|example| is_json(text, example)) {
            let inner = text.slice(example.range.clone());
            let odd: Vec<(usize, char)> = inner.char_indices().filter(|(_, letter)| ODD_BLANKS.contains(letter)).collect();
            // Neighbours are one finding.
            for run in odd.chunk_by(|(one, letter), (next, _)| one + letter.len_utf8() == *next) {
                let (Some((first, _)), Some((last, letter))) = (run.first(), run.last()) else { continue };
                let range = example.range.start + first..example.range.start + last + letter.len_utf8();
                let is_seen = run.iter().any(|(_, letter)| matches!(letter, '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{3000}'));
                let ends_line = text.slice(range.end..text.raw.len()).starts_with(['\n', '\r']) || range.end == text.raw.len();
                let words = format!("This {} is none that JSON knows", if is_seen { "blank" } else { "invisible letter" });
                let why = "The example is no JSON with it, and models copy it into their answers";
                let finding = at(text, "odd_blank", Severity::Warning, range.clone(), words, why);
                let (said, replacement) = if is_seen && !ends_line { ("Write a plain blank", " ") } else { ("Take it out", "") };
                found.push(with_fix(finding, said, range, replacement));
            }
        }
    }
}

/// A fence that is opened and never closed.
pub fn open_fence(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        let Some(fence) = text.open_fence.clone() else { continue };
        let line = text.line_of(fence.start);
        let mark = if text.slice(fence.clone()).trim_start().starts_with('~') { "~~~" } else { "```" };
        let words = format!("The fence of line {line} is never closed");
        let why = "The model takes the rest of the prompt for an example";
        let end = text.raw.trim_end().len();
        let finding = at(text, "open_fence", Severity::Warning, fence, words, why);
        found.push(with_fix(finding, "Close it at the end", end..text.raw.len(), format!("\n{mark}\n")));
    }
}
