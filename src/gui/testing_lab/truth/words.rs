//! Tags that are offered while one is typed: those of the labels first, then those that models have found.

use std::collections::BTreeMap;

use super::super::tag_counts::TagCounts;
use crate::wire::tag::normal_name;

const OFFERED_MOST: usize = 8;

/// The tags in use, the most used first. Made anew only when the labels or the library have changed.
#[derive(Default)]
pub struct Words {
    of: Option<(u64, u64)>,
    words: Vec<String>,
}

impl Words {
    /// Brings the words up to date. `of`: the states of the labels and of the library; `used`: the tags of the labels; `found`: the
    /// names that models have found.
    pub fn follow(&mut self, of: (u64, u64), used: &TagCounts, found: &TagCounts) {
        if self.of == Some(of) {
            return;
        }
        self.of = Some(of);
        let mut counts: BTreeMap<String, (usize, usize)> = used.iter().map(|(word, count)| (word.to_owned(), (count, 0))).collect();
        for (name, count) in found.iter() {
            counts.entry(normal_name(name)).or_default().1 += count;
        }
        let mut words: Vec<(String, (usize, usize))> = counts.into_iter().collect();
        // A name that both have goes by the labels alone.
        let rank = |(used, found): (usize, usize)| (used, if used > 0 { 0 } else { found });
        words.sort_by(|(one, first), (other, second)| rank(*second).cmp(&rank(*first)).then_with(|| one.cmp(other)));
        self.words = words.into_iter().map(|(word, _)| word).collect();
    }

    /// Words that go on from what is typed: those that begin so, then those with a word that does.
    #[must_use]
    pub fn offers(&self, typed: &str, taken: &[String]) -> Vec<&str> {
        let wanted = normal_name(typed.rsplit(',').next().unwrap_or_default());
        if wanted.is_empty() {
            return Vec::new();
        }
        let free = || self.words.iter().filter(|word| **word != wanted && !taken.contains(word));
        let begins = free().filter(|word| word.starts_with(&wanted));
        let within = free().filter(|word| !word.starts_with(&wanted) && word.split(' ').any(|part| part.starts_with(&wanted)));
        begins.chain(within).take(OFFERED_MOST).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_labels_come_first_and_what_the_photo_has_is_not_offered() {
        let mut words = Words::default();
        let (mut used, mut found) = (TagCounts::default(), TagCounts::default());
        for (word, count) in [("cat", 1), ("car", 5), ("black cat", 2), ("dog", 9)] {
            used.add(std::iter::repeat_n(word, count));
        }
        found.add(["Cab", "cab", "Cat", "Camel-Back"].into_iter());
        words.follow((1, 1), &used, &found);
        assert_eq!(words.offers("ca", &["black cat".to_owned()]), ["car", "cat", "cab", "camel back"]);
        found.take_off(["Cab", "cab", "Camel-Back"].into_iter());
        words.follow((1, 2), &used, &found);
        assert_eq!(words.offers("ca", &[]), ["car", "cat", "black cat"]);
        assert_eq!(words.offers("dog, CA", &["car".to_owned()]), ["cat", "black cat"]);
        assert_eq!(words.offers("cat", &[]), ["black cat"], "what stands there already is not offered");
        assert_eq!(words.offers(" ", &[]), Vec::<&str>::new());
    }
}
