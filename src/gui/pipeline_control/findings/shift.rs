//! Where a stretch of an older text stands in the present one: typing elsewhere moves it, typing in it loses it.

use std::ops::Range;

/// How one text became another: what both begin with, and what both end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Bytes that are the same at the start.
    start: usize,
    /// Where the end that is the same begins, in the old text and in the new one.
    old_end: usize,
    new_end: usize,
    is_same: bool,
}

impl Shift {
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        if old == new {
            return Self { start: old.len(), old_end: old.len(), new_end: new.len(), is_same: true };
        }
        let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
            pairs.take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum::<usize>()
        };
        let start = same(&mut old.chars().zip(new.chars()));
        let end = same(&mut old[start..].chars().rev().zip(new[start..].chars().rev()));
        Self { start, old_end: old.len() - end, new_end: new.len() - end, is_same: false }
    }

    /// The stretch in the new text; `None` where it was typed into.
    #[must_use]
    pub fn moved(&self, range: Range<usize>) -> Option<Range<usize>> {
        if self.is_same || range.end <= self.start {
            return Some(range);
        }
        (range.start >= self.old_end).then(|| range.start - self.old_end + self.new_end..range.end - self.old_end + self.new_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved<'t>(old: &str, new: &'t str, words: &str) -> Option<&'t str> {
        let start = old.find(words).expect("in the old text");
        Shift::between(old, new).moved(start..start + words.len()).and_then(|range| new.get(range))
    }

    #[test]
    fn what_stands_elsewhere_moves_and_what_was_typed_into_is_lost() {
        let old = "Give some tags of é things";
        assert_eq!(moved(old, old, "some"), Some("some"));
        assert_eq!(moved(old, "Please give some tags of é things", "some"), Some("some"));
        assert_eq!(moved(old, "Give some tags of all é things", "some"), Some("some"));
        assert_eq!(moved(old, "Give some tags of all é things", "things"), Some("things"));
        assert_eq!(moved(old, "Give sixsome tags of é things", "some"), None);
        assert_eq!(moved(old, "", "some"), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_found_again_reads_the_same(old in "[abé ]{0,20}", new in "[abé ]{0,20}", from in 0_usize..20, length in 0_usize..6) {
            let shift = Shift::between(&old, &new);
            if let Some(words) = old.get(from..from + length)
                && let Some(range) = shift.moved(from..from + length)
            {
                proptest::prop_assert_eq!(new.get(range), Some(words));
            }
        }
    }
}
