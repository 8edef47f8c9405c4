//! How many tags and sentences are asked for: two wishes that can't both come true.

use std::ops::Range;

use super::pattern::{Pattern, is_conditional, is_negated};
use super::text::Text;
use super::{Finding, Severity, Subject, at, quoted, with_fix};

static COUNT: Pattern = Pattern::new(
    r"(?x)\b
    (?: (?P<exactly>exactly|precisely|only|just)\s+
      | (?P<most>up\ to|at\ most|no\ more\ than|not\ more\ than|(?:a\ )?maximum\ of|max\.?|a\ most\ of)\s+
      | (?P<least>at\ least|no\ fewer\ than|no\ less\ than|(?:a\ )?minimum\ of|min\.?)\s+
      | (?P<more>more\ than)\s+ )?
    (?P<low>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty)
    (?:\s*(?:-|–|to|and|or)\s*(?P<high>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty))?
    (?P<or>\s+or\ (?:more|fewer|less))?
    (?P<between>(?:\s+[a-z-]+,?){0,2}?)
    \s+(?P<noun>tags?|labels?|keywords?|sentences?)\b",
);
/// What says behind the noun how the number is meant: `20 tags at least`.
static BEHIND: Pattern = Pattern::new(
    r"^,?\s+(?:(?P<least>at least|at a minimum|minimum|or more|and more)|(?P<most>at most|at the most|at a maximum|maximum|or fewer|or less))\b",
);
/// A number that is a wish although no "exactly" stands before it: somebody is told to give so many.
static ASKS: Pattern = Pattern::new(
    r"\b(?:give|list|write|return|provide|produce|choose|pick|add|use|output|assign|answer with|respond with|reply with|generate|suggest|want|need|contain|contains|have|has)\b",
);
/// Words between a number and its noun that make it a number of something else.
static OTHER_THINGS: Pattern = Pattern::new(r"\b(?:words?|letters?|characters?|per|of|for|and|or|to|in|the|a|each|other|first|last)\b");
/// What follows a number that holds for a part only.
static SCOPE: Pattern = Pattern::new(
    r"^[\s,]*(?:\(|per\b|for\b|about\b|of\b|on\b|that\b|which\b|describing\b|in\b|from\b|if\b|when\b|each\b|with\b|mean\b|(?:are|is) (?:for|about)\b|only if\b)",
);
/// A label before it on its line: `- Mood: 2 tags`.
static LABEL: Pattern = Pattern::new(r"^\s*(?:[-*•]|\d+[.)])?\s*(?:\*\*)?(?P<label>[a-z][a-z /]{0,30}?)(?:\*\*)?:");
/// What points at some of them, not at how many.
static POINTS: Pattern = Pattern::new(r"\b(?:first|last|these|those|next|top|same)\s*$");

/// What is wished of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Exactly(u32),
    AtMost(u32),
    AtLeast(u32),
    Between(u32, u32),
}

impl Wish {
    fn bounds(self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Exactly(count) => (Some(count), Some(count)),
            Self::AtMost(most) => (None, Some(most)),
            Self::AtLeast(least) => (Some(least), None),
            Self::Between(least, most) => (Some(least), Some(most)),
        }
    }

    /// Two upper ends that differ, two lower ends that differ, or a lower end above an upper one.
    fn conflicts(self, other: Self) -> bool {
        let ((low, high), (other_low, other_high)) = (self.bounds(), other.bounds());
        let differ = |one: Option<u32>, other: Option<u32>| one.zip(other).is_some_and(|(one, other)| one != other);
        let above = |low: Option<u32>, high: Option<u32>| low.zip(high).is_some_and(|(low, high)| low > high);
        differ(high, other_high) || differ(low, other_low) || above(low, other_high) || above(other_low, high)
    }
}

struct Wished<'t> {
    text: &'t Text<'t>,
    range: Range<usize>,
    wish: Wish,
    is_sentences: bool,
}

/// Wishes for numbers of tags, or of sentences, that can't both come true.
pub fn conflicting_counts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let wishes: Vec<Wished<'_>> = subject.texts().into_iter().flat_map(|text| wishes(text)).collect();
    for is_sentences in [false, true] {
        let mut of_kind = wishes.iter().filter(|wished| wished.is_sentences == is_sentences);
        let Some(first) = of_kind.next() else { continue };
        for later in of_kind.filter(|later| later.wish.conflicts(first.wish) && !are_shared_out(first, later)) {
            let (one, other) = (first.text.slice(first.range.clone()), later.text.slice(later.range.clone()));
            let words = format!("{} contradicts {} in line {}", quoted(other), quoted(one), first.text.line_of(first.range.start));
            let why = "The model has to choose between two numbers, and will not always choose the same";
            let finding = at(later.text, "conflicting_count", Severity::Warning, later.range.clone(), words, why);
            found.push(with_fix(finding, format!("Write {}", quoted(one)), later.range.clone(), one));
        }
    }
}

/// One sentence that wants some of one kind, then some of another.
fn are_shared_out(first: &Wished<'_>, later: &Wished<'_>) -> bool {
    static THEN: Pattern = Pattern::new(r"\b(?:then|plus|followed by|another|others)\b");
    let (text, between) = (first.text, first.range.end..later.range.start);
    text.part == later.text.part
        && text.sentence_of(first.range.start) == text.sentence_of(later.range.start)
        && text.prose.get(between).is_some_and(|words| THEN.is_in(words))
}

fn wishes<'t>(text: &'t Text<'t>) -> Vec<Wished<'t>> {
    let prose = text.prose.as_str();
    let mut wishes = Vec::new();
    for caught in COUNT.captures(prose) {
        let Some(mut whole) = caught.get(0).map(|whole| whole.range()) else { continue };
        let number = |name: &str| caught.name(name).and_then(|number| number_of(number.as_str()));
        let Some(low) = number("low") else { continue };
        let behind = BEHIND.captures(&prose[whole.end..]).next();
        let has = |name: &str| caught.name(name).is_some() || behind.as_ref().is_some_and(|behind| behind.name(name).is_some());
        let sentence = text.sentence_of(whole.start);
        let before = &prose[sentence.start..whole.start];
        let is_of_other_things = caught.name("between").is_some_and(|between| OTHER_THINGS.is_in(between.as_str()));
        let is_quantified = has("exactly") || has("most") || has("least") || has("more") || has("or") || has("high");
        let is_wish = is_quantified || ASKS.is_in(before);
        let line = text.line(text.line_of(whole.start)).unwrap_or_default();
        let is_labelled = LABEL.captures(&prose[line.start..whole.start]).any(|label| {
            label
                .name("label")
                .is_some_and(|label| !label.as_str().contains("tag") && !label.as_str().contains("caption") && !label.as_str().contains("answer"))
        });
        if is_of_other_things
            || !is_wish
            || is_labelled
            || is_conditional(prose, sentence.start, whole.start)
            || POINTS.is_in(before)
            || SCOPE.is_in(&prose[whole.end..])
        {
            continue;
        }
        whole.end += behind.as_ref().and_then(|behind| behind.get(0)).map_or(0, |behind| behind.end());
        let is_negated = is_negated(prose, sentence.start, whole.start);
        let or_more = caught.name("or").is_some_and(|or| or.as_str().ends_with("more"));
        let wish = match number("high") {
            _ if is_negated && has("more") => Wish::AtMost(low),
            _ if is_negated => continue,
            Some(high) if high >= low => Wish::Between(low, high),
            _ if has("most") => Wish::AtMost(low),
            _ if has("least") || or_more => Wish::AtLeast(low),
            _ if has("more") => Wish::AtLeast(low + 1),
            _ if has("or") => Wish::AtMost(low),
            _ => Wish::Exactly(low),
        };
        let is_sentences = caught.name("noun").is_some_and(|noun| noun.as_str().starts_with("sentence"));
        wishes.push(Wished { text, range: whole, wish, is_sentences });
    }
    wishes
}

fn number_of(word: &str) -> Option<u32> {
    const WORDS: [(&str, u32); 14] = [
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("twelve", 12),
        ("fifteen", 15),
        ("twenty", 20),
        ("thirty", 30),
    ];
    word.parse().ok().or_else(|| WORDS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number))
}
