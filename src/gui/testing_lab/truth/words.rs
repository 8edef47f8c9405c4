//! Tags that are offered while one is typed: those of the labels first, then those that models have found.

use std::collections::BTreeMap;

use super::super::library::Library;
use crate::wire::tag::normal_name;

const OFFERED_MOST: usize = 8;

/// The tags in use, the most used first. Made anew only when the labels or the library have changed.
#[derive(Default)]
pub struct Words {
    of: Option<(u64, u64)>,
    words: Vec<String>,
}

impl Words {
    /// Brings the words up to date.
    pub fn follow(&mut self, revision: u64, used: impl FnOnce() -> BTreeMap<String, usize>, library: &Library) {
        let of = Some((revision, library.revision()));
        if self.of == of {
            return;
        }
        self.of = of;
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for tag in library.all().iter().flat_map(|photo| &photo.tags) {
            *found.entry(normal_name(&tag.name)).or_default() += 1;
        }
        let used = used();
        let mut words: Vec<(String, (usize, usize))> =
            found.into_iter().filter(|(word, _)| !used.contains_key(word)).map(|(word, count)| (word, (0, count))).collect();
        words.extend(used.into_iter().map(|(word, count)| (word, (count, 0))));
        words.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
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
        let used = BTreeMap::from([("cat".to_owned(), 1), ("car".to_owned(), 5), ("black cat".to_owned(), 2), ("dog".to_owned(), 9)]);
        words.follow(1, || used, &Library::default());
        assert_eq!(words.offers("ca", &[]), ["car", "cat", "black cat"]);
        assert_eq!(words.offers("dog, CA", &["car".to_owned()]), ["cat", "black cat"]);
        assert_eq!(words.offers("cat", &[]), ["black cat"], "what stands there already is not offered");
        assert_eq!(words.offers(" ", &[]), Vec::<&str>::new());
    }
}
