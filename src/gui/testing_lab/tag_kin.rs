//! Whether two tags name the same thing in other words, or one of them is a kind of the other.
//!
//! By the words and the hierarchy of `WordNet` for the 1,000 classes of the on-device model and all that stands above them,
//! which the program ships anyway; and by the words themselves: `red car` is a kind of `car`, `cars` are `car`. What
//! neither knows stays apart.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::wire::tag::normal_name;

/// How one tag stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kin {
    Same,
    /// The other is a kind of it.
    Wider,
    /// It is a kind of the other.
    Narrower,
}

impl Kin {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same as",
            Self::Wider => "wider than",
            Self::Narrower => "a kind of",
        }
    }
}

/// Above this many classes a concept is so wide that standing above says nothing (`artifact`, `object`).
const CLASSES_MOST: u32 = 420;

/// The classes below a concept, a bit each.
type Classes = [u64; 16];

struct Concepts {
    classes: Vec<Classes>,
    by_word: HashMap<&'static str, Vec<usize>>,
}

/// What is known of a tag, looked up once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Its words, of which the last one is the thing: `red car`.
    words: String,
    concepts: Vec<usize>,
}

impl Known {
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let words = singular(&normal_name(tag));
        let concepts = concepts().by_word.get(words.as_str()).cloned().unwrap_or_default();
        Self { words, concepts }
    }

    /// How this one stands to another.
    #[must_use]
    pub fn to(&self, other: &Self) -> Option<Kin> {
        if self.words == other.words || self.concepts.iter().any(|concept| other.concepts.contains(concept)) {
            return Some(Kin::Same);
        }
        if is_below(self, other) {
            return Some(Kin::Narrower);
        }
        is_below(other, self).then_some(Kin::Wider)
    }
}

/// Whether the first is a kind of the second.
fn is_below(below: &Known, above: &Known) -> bool {
    let ends_with = below.words.strip_suffix(above.words.as_str()).is_some_and(|rest| rest.ends_with(' '));
    let classes = &concepts().classes;
    let holds = |above: &Classes, below: &Classes| above.iter().zip(below).all(|(above, below)| above & below == *below) && above != below;
    let in_hierarchy = above.concepts.iter().any(|above| {
        let above = &classes[*above];
        above.iter().map(|bits| bits.count_ones()).sum::<u32>() <= CLASSES_MOST && below.concepts.iter().any(|below| holds(above, &classes[*below]))
    });
    ends_with || in_hierarchy
}

/// English plurals of the last word; a word that only looks like one is changed on both sides alike.
fn singular(words: &str) -> String {
    let ends = |end: &str| words.len() > end.len() + 2 && words.ends_with(end);
    if ends("ies") {
        return format!("{}y", &words[..words.len() - 3]);
    }
    if ["ches", "shes", "sses", "xes"].into_iter().any(ends) {
        return words[..words.len() - 2].to_owned();
    }
    if ends("s") && !["ss", "us", "is"].into_iter().any(ends) {
        return words[..words.len() - 1].to_owned();
    }
    words.to_owned()
}

fn concepts() -> &'static Concepts {
    static CONCEPTS: OnceLock<Concepts> = OnceLock::new();
    CONCEPTS.get_or_init(|| read(include_str!("../../../assets/model/imagenet1k_concepts.tsv")))
}

/// A line a concept: its id, its words with `|` between, the numbers of the classes below it.
fn read(table: &'static str) -> Concepts {
    let mut concepts = Concepts { classes: Vec::new(), by_word: HashMap::new() };
    for line in table.lines() {
        let mut columns = line.split('\t').skip(1);
        let (Some(words), Some(numbers)) = (columns.next(), columns.next()) else { continue };
        let mut classes = Classes::default();
        for number in numbers.split(',').filter_map(|number| number.parse::<usize>().ok()) {
            if let Some(bits) = classes.get_mut(number / 64) {
                *bits |= 1 << (number % 64);
            }
        }
        for word in words.split('|') {
            concepts.by_word.entry(word).or_default().push(concepts.classes.len());
        }
        concepts.classes.push(classes);
    }
    concepts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kin(one: &str, other: &str) -> Option<Kin> {
        Known::of(one).to(&Known::of(other))
    }

    #[test]
    fn synonyms_and_plurals_are_the_same_thing() {
        for (one, other) in [("Cars", "car"), ("automobile", "car"), ("butterflies", "butterfly"), ("benches", "bench"), ("motorcar", "Automobiles")]
        {
            assert_eq!(kin(one, other), Some(Kin::Same), "{one} and {other}");
        }
    }

    #[test]
    fn a_kind_stands_below_what_it_is_a_kind_of() {
        for (below, above) in [("golden retriever", "dog"), ("dog", "animal"), ("red car", "car"), ("tabby", "cat"), ("sports cars", "vehicle")] {
            assert_eq!(kin(below, above), Some(Kin::Narrower), "{below} under {above}");
            assert_eq!(kin(above, below), Some(Kin::Wider), "{above} over {below}");
        }
    }

    #[test]
    fn what_has_nothing_to_do_with_each_other_stays_apart() {
        for (one, other) in
            [("dog", "cat"), ("glass", "glas"), ("tennis ball", "tennis"), ("object", "dog"), ("happiness", "sunset"), ("", "dog"), ("é", "s")]
        {
            assert_eq!(kin(one, other), None, "{one} and {other}");
        }
    }

    #[test]
    fn the_shipped_table_is_read_whole() {
        assert_eq!(concepts().classes.len(), 1_860);
        assert_eq!(concepts().by_word["dog"].len(), concepts().by_word["domestic dog"].len());
    }
}
