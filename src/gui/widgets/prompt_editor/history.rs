//! What was done to a text, step by step, so that it can be taken back and done again. A step holds what was taken out and
//! what was put in, never a whole text, so that years of typing fit into a file.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Steps that can be taken back at most; older ones are forgotten.
const MOST_STEPS: usize = 10_000;
/// Bytes that all steps together may hold; older ones are forgotten, the newest never.
const MOST_BYTES: usize = 8 << 20;

/// One replacement, in bytes of the text before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    #[serde(rename = "a")]
    pub at: usize,
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub removed: String,
    #[serde(rename = "i", default, skip_serializing_if = "String::is_empty")]
    pub inserted: String,
}

impl Delta {
    /// The smallest replacement that makes one text the other; `None` where they are the same.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Option<Self> {
        if old == new {
            return None;
        }
        let same = |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
        let start = same(&mut old.chars().zip(new.chars()));
        let end = same(&mut old[start..].chars().rev().zip(new[start..].chars().rev()));
        Some(Self { at: start, removed: old[start..old.len() - end].to_owned(), inserted: new[start..new.len() - end].to_owned() })
    }

    /// Does it; returns whether the text was what it should be. If not, nothing is done.
    pub fn apply(&self, text: &mut String) -> bool {
        exchange(text, self.at, &self.removed, &self.inserted)
    }

    /// Takes it back.
    pub fn revert(&self, text: &mut String) -> bool {
        exchange(text, self.at, &self.inserted, &self.removed)
    }

    fn bytes(&self) -> usize {
        self.removed.len() + self.inserted.len()
    }

    /// Takes in what was done right behind it or right before it, so that a word is one replacement. Returns whether it could.
    fn absorb(&mut self, next: &Self) -> bool {
        if next.removed.is_empty() && next.at == self.at + self.inserted.len() {
            self.inserted.push_str(&next.inserted);
        } else if self.inserted.is_empty() && next.inserted.is_empty() && next.at == self.at {
            self.removed.push_str(&next.removed);
        } else if self.inserted.is_empty() && next.inserted.is_empty() && next.at + next.removed.len() == self.at {
            self.removed.insert_str(0, &next.removed);
            self.at = next.at;
        } else {
            return false;
        }
        true
    }
}

fn exchange(text: &mut String, at: usize, old: &str, new: &str) -> bool {
    let Some(end) = at.checked_add(old.len()) else { return false };
    let fits = text.get(at..end) == Some(old);
    if fits {
        text.replace_range(at..end, new);
    }
    fits
}

/// What is selected, in letters: from where, and where the cursor stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(usize, usize)", into = "(usize, usize)")]
pub struct Selection {
    pub anchor: usize,
    pub head: usize,
}

impl Selection {
    #[must_use]
    pub fn at(letter: usize) -> Self {
        Self { anchor: letter, head: letter }
    }

    #[must_use]
    pub fn sorted(self) -> std::ops::Range<usize> {
        self.anchor.min(self.head)..self.anchor.max(self.head)
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.anchor == self.head
    }
}

impl From<(usize, usize)> for Selection {
    fn from((anchor, head): (usize, usize)) -> Self {
        Self { anchor, head }
    }
}

impl From<Selection> for (usize, usize) {
    fn from(selection: Selection) -> Self {
        (selection.anchor, selection.head)
    }
}

/// What is taken back at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    #[serde(rename = "d")]
    deltas: Vec<Delta>,
    /// What was selected before it.
    #[serde(rename = "b")]
    before: Selection,
    /// Steps of several texts that were made at once have the same number.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    group: Option<u64>,
}

/// Every step, those that are taken back too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    steps: VecDeque<Step>,
    /// How many of them are in the text.
    done: usize,
}

impl History {
    /// Notes what was just done. `joins`: it belongs to the step before. What was taken back is forgotten.
    pub fn push(&mut self, delta: Delta, before: Selection, joins: bool) {
        self.push_of(None, delta, before, joins);
    }

    /// The same of a step that was made in several texts at once.
    pub fn push_of(&mut self, group: Option<u64>, delta: Delta, before: Selection, joins: bool) {
        self.steps.truncate(self.done);
        match self.steps.back_mut() {
            Some(last) if joins => {
                if !last.deltas.last_mut().is_some_and(|last| last.absorb(&delta)) {
                    last.deltas.push(delta);
                }
            }
            _ => self.steps.push_back(Step { deltas: vec![delta], before, group }),
        }
        self.done = self.steps.len();
        self.forget_the_oldest();
    }

    fn forget_the_oldest(&mut self) {
        // Counting all of it for every letter would be slow; every so often is enough.
        if self.steps.len() > MOST_STEPS {
            self.steps.pop_front();
            self.done -= 1;
        }
        if self.steps.len().is_multiple_of(64) || self.steps.back().is_some_and(|last| last.deltas.iter().map(Delta::bytes).sum::<usize>() > 4096) {
            let mut bytes = self.bytes();
            while bytes > MOST_BYTES && self.steps.len() > 1 {
                let oldest = self.steps.pop_front();
                bytes -= oldest.map_or(0, |step| step.deltas.iter().map(Delta::bytes).sum());
                self.done -= 1;
            }
        }
    }

    /// Takes the newest step back. Returns what was selected before it; `None` where there is nothing to take back.
    pub fn undo(&mut self, text: &mut String) -> Option<Selection> {
        let step = self.steps.get(self.done.checked_sub(1)?)?;
        for delta in step.deltas.iter().rev() {
            if !delta.revert(text) {
                return None;
            }
        }
        self.done -= 1;
        Some(step.before)
    }

    /// Does again what was taken back last. Returns where the cursor stands behind it.
    pub fn redo(&mut self, text: &mut String) -> Option<Selection> {
        let step = self.steps.get(self.done)?;
        let mut end = 0;
        for delta in &step.deltas {
            if !delta.apply(text) {
                return None;
            }
            end = delta.at + delta.inserted.len();
        }
        self.done += 1;
        Some(Selection::at(text[..end].chars().count()))
    }

    /// Of the step that is taken back next.
    #[must_use]
    pub fn group_to_undo(&self) -> Option<u64> {
        self.steps.get(self.done.checked_sub(1)?)?.group
    }

    /// Of the step that is done again next.
    #[must_use]
    pub fn group_to_redo(&self) -> Option<u64> {
        self.steps.get(self.done)?.group
    }

    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.done > 0
    }

    #[must_use]
    pub fn can_redo(&self) -> bool {
        self.done < self.steps.len()
    }

    /// About how much it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.steps.iter().flat_map(|step| &step.deltas).map(Delta::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(at: usize, removed: &str, inserted: &str) -> Delta {
        Delta { at, removed: removed.to_owned(), inserted: inserted.to_owned() }
    }

    #[test]
    fn the_difference_of_two_texts_is_as_small_as_it_can_be_and_keeps_letters_whole() {
        assert_eq!(Delta::between("a cat sat", "a cow sat"), Some(delta(3, "at", "ow")));
        assert_eq!(Delta::between("é", "è"), Some(delta(0, "é", "è")));
        assert_eq!(Delta::between("aa", "aaa"), Some(delta(2, "", "a")));
        assert_eq!(Delta::between("same", "same"), None);
    }

    #[test]
    fn joined_letters_are_one_step_and_what_was_taken_back_is_forgotten_by_the_next() {
        let (mut history, mut text) = (History::default(), String::new());
        let type_in = |history: &mut History, text: &mut String, delta: Delta, joins: bool| {
            assert!(delta.apply(text));
            history.push(delta, Selection::at(0), joins);
        };
        type_in(&mut history, &mut text, delta(0, "", "a"), false);
        type_in(&mut history, &mut text, delta(1, "", "b"), true);
        type_in(&mut history, &mut text, delta(2, "", "c"), false);
        assert_eq!(history.steps.len(), 2);
        assert_eq!(history.undo(&mut text), Some(Selection::at(0)));
        assert_eq!(text, "ab");
        type_in(&mut history, &mut text, delta(0, "ab", ""), false);
        assert!(!history.can_redo());
        assert_eq!((history.undo(&mut text), text.as_str()), (Some(Selection::at(0)), "ab"));
        history.undo(&mut text);
        assert_eq!((history.undo(&mut text), text.as_str()), (None, ""));
        assert_eq!((history.redo(&mut text), text.as_str()), (Some(Selection::at(2)), "ab"));
    }

    #[test]
    fn a_history_that_does_not_belong_to_the_text_does_nothing_to_it() {
        let mut history = History::default();
        history.push(delta(0, "", "abc"), Selection::at(0), false);
        let mut text = "é".to_owned();
        assert_eq!((history.undo(&mut text), text.as_str()), (None, "é"));
    }

    #[test]
    fn old_steps_are_forgotten_before_they_are_too_many_or_too_large() {
        let mut history = History::default();
        for _ in 0..MOST_STEPS + 5 {
            history.push(delta(0, "", "a"), Selection::at(0), false);
        }
        assert_eq!((history.steps.len(), history.done), (MOST_STEPS, MOST_STEPS));
        for _ in 0..3 {
            history.push(delta(0, "", &"a".repeat(MOST_BYTES / 2)), Selection::at(0), false);
        }
        assert!(history.bytes() <= MOST_BYTES && history.can_undo(), "{} bytes", history.bytes());
    }

    proptest::proptest! {
        /// Whatever is typed, joined, taken back and done again: undoing all leads to the first text, redoing all to the last.
        #[test]
        fn undoing_everything_leads_back_and_redoing_everything_forth(
            edits in proptest::collection::vec((0..12usize, 0..4usize, "[aé😀]{0,3}", proptest::bool::ANY, 0..3usize), 0..40)
        ) {
            let first = "a é😀 text".to_owned();
            let (mut text, mut history) = (first.clone(), History::default());
            for (at, length, inserted, joins, undos) in edits {
                let letters: Vec<(usize, char)> = text.char_indices().collect();
                let byte = |letter: usize| letters.get(letter).map_or(text.len(), |(byte, _)| *byte);
                let (start, end) = (byte(at), byte(at + length));
                let delta = Delta { at: start, removed: text[start..end].to_owned(), inserted };
                proptest::prop_assert!(delta.apply(&mut text));
                history.push(delta, Selection::at(at), joins);
                for _ in 0..undos {
                    history.undo(&mut text);
                }
            }
            while history.redo(&mut text).is_some() {}
            let last = text.clone();
            while history.undo(&mut text).is_some() {}
            proptest::prop_assert_eq!(&text, &first);
            while history.redo(&mut text).is_some() {}
            proptest::prop_assert_eq!(&text, &last);
        }
    }
}
