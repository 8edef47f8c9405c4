//! What texts wish of an answer, and what is said where two wishes exclude each other.

use std::ops::Range;

use super::pattern::Pattern;
use super::text::Text;
use super::{Finding, Severity, at, quoted, with_fix};

static CAPTION: Pattern = Pattern::new(r"\b(?:captions?|descriptions?|sentences?|paragraphs?|summar(?:y|ies)|describe)\b");
static TAGS: Pattern = Pattern::new(r"\b(?:tags?|labels?|keywords?|nouns?|adjectives|verbs)\b");
/// Texts of an answer that are told apart by their names.
const NAMED: [&str; 5] = ["caption", "description", "summary", "title", "alt text"];

/// What a sentence asks something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Tags,
    Caption,
    /// Both, or what is neither.
    Answer,
}

impl Target {
    #[must_use]
    pub fn of(sentence: &str) -> Self {
        match (TAGS.is_in(sentence), CAPTION.is_in(sentence)) {
            (true, false) => Self::Tags,
            (false, true) => Self::Caption,
            _ => Self::Answer,
        }
    }
}

/// A wish, where it stands.
pub struct Wished<'t> {
    pub text: &'t Text<'t>,
    pub range: Range<usize>,
    pub sentence: &'t str,
    /// Wishes of different sides exclude each other.
    pub side: usize,
}

/// What is said of two wishes of which an answer can have one.
#[derive(Clone, Copy)]
pub struct Clash<'c> {
    pub code: &'c str,
    pub why: &'c str,
    /// Tags and caption may each have their own.
    pub by_target: bool,
    /// The words of one side may stand in place of those of the other.
    pub is_swap: bool,
}

/// A finding for each later wish of another side.
pub fn tell(mut wished: Vec<Wished<'_>>, clash: Clash<'_>, found: &mut Vec<Finding>) {
    // The system part is read first.
    wished.sort_by_key(|wished| (std::cmp::Reverse(wished.text.part), wished.range.start));
    let targets: Vec<Target> = wished.iter().map(|wished| Target::of(wished.sentence)).collect();
    for (place, later) in wished.iter().enumerate() {
        let names_none = |place: usize| clash.is_swap && !TAGS.is_in(wished[place].sentence) && !CAPTION.is_in(wished[place].sentence);
        let reaches = |earlier: &usize| !clash.by_target || targets[*earlier] == targets[place] || names_none(*earlier) || names_none(place);
        let Some(first) = (0..place).find(reaches).map(|first| &wished[first]) else { continue };
        if first.side == later.side || are_of_different_texts(first.sentence, later.sentence) {
            continue;
        }
        let (one, other) = (first.text.slice(first.range.clone()), later.text.slice(later.range.clone()));
        let words = format!("{} contradicts {} in line {}", quoted(other), quoted(one), first.text.line_of(first.range.start));
        let finding = at(later.text, clash.code, Severity::Warning, later.range.clone(), words, clash.why);
        found.push(if clash.is_swap { with_fix(finding, format!("Write {}", quoted(one)), later.range.clone(), one) } else { finding });
    }
}

/// Whether they are about texts with different names, such as a caption and a description.
fn are_of_different_texts(one: &str, other: &str) -> bool {
    let named = |sentence: &str| NAMED.iter().copied().filter(|name| sentence.contains(name)).collect::<Vec<_>>();
    let (one, other) = (named(one), named(other));
    !one.is_empty() && !other.is_empty() && one.iter().all(|name| !other.contains(name))
}
