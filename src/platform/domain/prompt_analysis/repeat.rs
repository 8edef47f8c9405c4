//! Instructions that are given twice.

use std::collections::HashMap;

use super::text::Text;
use super::{Finding, Severity, Subject, at, with_fix};

/// Words that say nothing by themselves: two lines that differ in them alone say the same.
const FILLERS: [&str; 40] = [
    "a", "an", "the", "please", "always", "also", "and", "that", "this", "these", "those", "you", "your", "must", "should", "shall", "will", "be",
    "is", "are", "to", "of", "for", "in", "on", "it", "its", "them", "any", "all", "just", "very", "sure", "make", "do", "can", "really", "then",
    "so", "with",
];
/// Shorter lines may well be the same: headings, labels, items.
const WORDS_LEAST: usize = 4;

/// Lines that say what an earlier line has said.
pub fn lines(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut said: HashMap<Vec<String>, (&Text<'_>, u32)> = HashMap::new();
    for text in subject.texts() {
        for line in &text.lines {
            let prose = &text.prose[line.clone()];
            let words = content_words(text, line.clone());
            // A line with a construct or a quotation may differ in just that.
            if words.len() < WORDS_LEAST || prose.trim().is_empty() {
                continue;
            }
            let number = text.line_of(line.start);
            match said.get(&words) {
                Some((first, at_line)) => {
                    let same_text = first.part == text.part;
                    let place = if same_text { format!("line {at_line}") } else { format!("line {at_line} of the system text") };
                    let why = "It costs tokens with every photo and makes nothing clearer";
                    let inner = text.slice(line.clone());
                    let start = line.start + (inner.len() - inner.trim_start().len());
                    let finding = at(
                        text,
                        "duplicate_line",
                        Severity::Hint,
                        start..line.start + inner.trim_end().len(),
                        format!("This says the same as {place}"),
                        why,
                    );
                    let range = if line.end < text.raw.len() { line.start..behind(text, line.end) } else { line.start.saturating_sub(1)..line.end };
                    found.push(with_fix(finding, "Take the line out", range, ""));
                }
                None => {
                    said.insert(words, (text, number));
                }
            }
        }
    }
}

/// Behind a line's end, whichever it is.
fn behind(text: &Text<'_>, end: usize) -> usize {
    if text.raw[end..].starts_with("\r\n") { end + 2 } else { end + 1 }
}

/// The words of a line that say something, without their plural, in order of the alphabet; negations count.
fn content_words(text: &Text<'_>, line: std::ops::Range<usize>) -> Vec<String> {
    // What was blanked out of the prose counts as it stands.
    let has_blanked = text.slice(line.clone()).split_whitespace().count() != text.prose[line.clone()].split_whitespace().count();
    let lower;
    let words = if has_blanked {
        lower = text.slice(line).to_lowercase();
        lower.as_str()
    } else {
        &text.prose[line]
    };
    let mut words: Vec<String> = words
        .split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '_')))
        .filter(|word| !word.is_empty() && !FILLERS.contains(word))
        .map(|word| word.strip_suffix('s').filter(|stem| stem.len() > 3).unwrap_or(word).to_owned())
        .collect();
    words.sort_unstable();
    words
}
