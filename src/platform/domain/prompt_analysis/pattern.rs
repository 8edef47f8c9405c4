//! Patterns of words, compiled on first use; a test reads each of them.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Captures, Regex};

/// A pattern over prose, which is in lower case.
pub struct Pattern {
    source: &'static str,
    made: OnceLock<Option<Regex>>,
}

impl Pattern {
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self { source, made: OnceLock::new() }
    }

    fn regex(&self) -> Option<&Regex> {
        let made = self.made.get_or_init(|| Regex::new(self.source).ok());
        debug_assert!(made.is_some(), "a pattern that can't be read: {}", self.source);
        made.as_ref()
    }

    #[must_use]
    pub fn is_in(&self, prose: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(prose))
    }

    pub fn ranges<'p>(&'p self, prose: &'p str) -> impl Iterator<Item = Range<usize>> + 'p {
        self.regex().into_iter().flat_map(move |regex| regex.find_iter(prose).map(|found| found.range()))
    }

    pub fn captures<'p>(&'p self, prose: &'p str) -> impl Iterator<Item = Captures<'p>> + 'p {
        self.regex().into_iter().flat_map(move |regex| regex.captures_iter(prose))
    }
}

/// What makes what follows it the opposite, or no wish at all.
static NEGATION: Pattern = Pattern::new(r"\b(?:not|never|no|without|avoid|avoiding|neither|nor|instead of|rather than|cannot)\b|n['’]t\b");
/// What makes a sentence speak of a case, not of every photo.
static CONDITION: Pattern = Pattern::new(r"\b(?:if|when|whenever|where|unless|even|except|e\.g|for example|such as|like)\b");

/// Whether what stands at `at` is negated by the words before it in its clause.
#[must_use]
pub fn is_negated(prose: &str, clause_start: usize, at: usize) -> bool {
    let before = prose.get(clause_start..at).unwrap_or_default();
    let clause = before.rsplit([',', ':']).next().unwrap_or(before);
    let clause = clause.rsplit(" but ").next().unwrap_or(clause);
    NEGATION.is_in(clause)
}

/// Whether a condition stands before `at` in its sentence.
#[must_use]
pub fn is_conditional(prose: &str, sentence_start: usize, at: usize) -> bool {
    CONDITION.is_in(prose.get(sentence_start..at).unwrap_or_default())
}
