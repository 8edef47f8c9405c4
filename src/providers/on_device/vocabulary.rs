//! Words: which classes a word stands for, and the closed list of tags that a prompt may hold.

use std::collections::HashMap;
use std::sync::OnceLock;

const LABELS: &str = include_str!("../../../assets/model/imagenet1k_labels.tsv");
const CONCEPTS: &str = include_str!("../../../assets/model/imagenet1k_concepts.tsv");
const COCO: &str = include_str!("../../../assets/model/coco_labels_90.txt");

/// Concepts that are shown without being asked for: words that people use for photos. WordNet's own upper words
/// ("instrumentality", "placental", "conveyance") are not.
pub const EVERYDAY: &[&str] = &[
    "animal",
    "dog",
    "cat",
    "big cat",
    "wolf",
    "fox",
    "bear",
    "monkey",
    "ape",
    "rabbit",
    "rodent",
    "bird",
    "bird of prey",
    "seabird",
    "duck",
    "parrot",
    "fish",
    "shark",
    "reptile",
    "snake",
    "lizard",
    "turtle",
    "frog",
    "insect",
    "beetle",
    "butterfly",
    "spider",
    "crab",
    "elephant",
    "whale",
    "vehicle",
    "car",
    "truck",
    "bus",
    "bicycle",
    "boat",
    "ship",
    "sailboat",
    "aircraft",
    "ball",
    "building",
    "house",
    "bridge",
    "fence",
    "roof",
    "shop",
    "monument",
    "column",
    "clothing",
    "hat",
    "shoe",
    "dress",
    "coat",
    "furniture",
    "chair",
    "table",
    "lamp",
    "food",
    "fruit",
    "vegetable",
    "bread",
    "dish",
    "dessert",
    "drink",
    "bottle",
    "bowl",
    "flower",
    "fungus",
    "computer",
    "telephone",
    "camera",
    "clock",
    "musical instrument",
    "guitar",
    "piano",
    "weapon",
    "gun",
    "toy",
    "mountain",
    "shore",
    "person",
];

/// Everything the model has words for.
pub struct Vocabulary {
    /// By class: its everyday name, lower case.
    pub class_names: Vec<String>,
    /// By COCO slot; unused slots are `None`.
    pub object_names: Vec<Option<String>>,
    classes_by_word: HashMap<String, Vec<u16>>,
}

/// The one vocabulary.
pub fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    VOCABULARY.get_or_init(Vocabulary::read)
}

impl Vocabulary {
    fn read() -> Self {
        let class_names = LABELS.lines().filter_map(|line| line.split('\t').nth(2)).map(plain_name).collect();
        let object_names = COCO.lines().map(|line| (line != "???").then(|| line.to_owned())).collect();
        Self { class_names, object_names, classes_by_word: classes_by_word() }
    }

    /// The classes below the concept that a word names; a plural is tried as its singular.
    pub fn classes_of(&self, word: &str) -> Option<&[u16]> {
        forms(word).find_map(|form| self.classes_by_word.get(&form)).map(Vec::as_slice)
    }

    /// The COCO slot that a word names.
    pub fn slot_of(&self, word: &str) -> Option<usize> {
        forms(word).find_map(|form| self.object_names.iter().position(|name| name.as_deref() == Some(form.as_str())))
    }
}

/// A word stands for the concepts that have it as their first lemma, else for all that have it at all.
fn classes_by_word() -> HashMap<String, Vec<u16>> {
    let mut first: HashMap<String, Vec<u16>> = HashMap::new();
    let mut any: HashMap<String, Vec<u16>> = HashMap::new();
    for line in CONCEPTS.lines() {
        let mut fields = line.split('\t').skip(1);
        let (Some(lemmas), Some(classes)) = (fields.next(), fields.next()) else { continue };
        let classes: Vec<u16> = classes.split(',').filter_map(|class| class.parse().ok()).collect();
        for (at, lemma) in lemmas.split('|').enumerate() {
            let word = lemma.to_lowercase();
            if at == 0 {
                first.entry(word.clone()).or_default().extend(&classes);
            }
            any.entry(word).or_default().extend(&classes);
        }
    }
    any.extend(first);
    for classes in any.values_mut() {
        classes.sort_unstable();
        classes.dedup();
    }
    any
}

/// `crane (wading bird)` → `crane`.
fn plain_name(label: &str) -> String {
    label.split(" (").next().unwrap_or(label).to_lowercase()
}

fn forms(word: &str) -> impl Iterator<Item = String> {
    let word = word.trim().to_lowercase();
    let singular = word.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let without_es = word.strip_suffix("es").map(str::to_owned);
    let without_s = word.strip_suffix('s').map(str::to_owned);
    [Some(word), singular, without_s, without_es].into_iter().flatten()
}

/// Words that announce a list of allowed tags.
const ANNOUNCE: &[&str] = &["tags", "labels", "vocabulary", "words", "one of", "choose from", "categories", "keywords", "list"];

/// The closed list of tags in a prompt: a line such as `Tags: dog, cat, vehicle` or `Choose from: …`, or bullets
/// below such a line. Two to 500 words or short phrases; anything else is not a list.
#[must_use]
pub fn closed_list(prompt: &str) -> Option<Vec<String>> {
    let mut lines = prompt.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((head, rest)) = line.split_once(':') else { continue };
        let head = head.to_lowercase();
        if !ANNOUNCE.iter().any(|sign| head.split(|c: char| !c.is_alphanumeric() && c != ' ').any(|part| part.trim().ends_with(sign))) {
            continue;
        }
        let items: Vec<&str> = if rest.trim().is_empty() {
            std::iter::from_fn(|| lines.next_if(|line| bullet(line).is_some())).filter_map(bullet).collect()
        } else {
            rest.split([',', ';', '|']).collect()
        };
        let words: Option<Vec<String>> = items.iter().map(|item| word(item)).collect();
        if let Some(words) = words.filter(|words| (2..=500).contains(&words.len())) {
            return Some(words);
        }
    }
    None
}

fn bullet(line: &str) -> Option<&str> {
    line.trim().strip_prefix(['-', '*', '•']).map(str::trim)
}

/// A word or a phrase of at most three words; `None` for anything that looks like a sentence or code.
fn word(item: &str) -> Option<String> {
    let item = item.trim().trim_end_matches('.').trim_matches(['"', '\'', '`']).trim();
    let plain = !item.is_empty() && item.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\''));
    (plain && item.split_whitespace().count() <= 3).then(|| item.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_list_is_found_where_there_is_one() {
        let list = |prompt| closed_list(prompt).map(|words| words.join("|"));
        assert_eq!(list("Look.\nTags: dog, Cat, cell phone."), Some("dog|cat|cell phone".to_owned()));
        assert_eq!(list("Use only these labels:\n- dog\n- cat\nThanks"), Some("dog|cat".to_owned()));
        assert_eq!(list("Choose from: dog; cat"), Some("dog|cat".to_owned()));
    }

    #[test]
    fn prose_and_json_are_not_lists() {
        for prompt in [
            "Describe the photo in one sentence, then give up to 15 tags.",
            "Answer as JSON: {\"caption\": \"…\", \"tags\": [{\"tag\": \"…\"}]}",
            "Tags: lower case, singular, no more than fifteen of them at any time",
            "Tags:",
        ] {
            assert_eq!(closed_list(prompt), None, "{prompt}");
        }
    }

    #[test]
    fn words_stand_for_their_classes() {
        let words = vocabulary();
        assert_eq!(words.class_names.len(), 1_000);
        assert_eq!(words.object_names.len(), super::super::engine::COCO_SLOTS);
        assert_eq!(words.classes_of("dog").map(<[u16]>::len), Some(118));
        assert_eq!(words.classes_of("Dogs").map(<[u16]>::len), Some(118));
        assert!(words.slot_of("cell phones").is_some());
        assert!(words.classes_of("serendipity").is_none());
    }

    #[test]
    fn every_everyday_word_is_in_the_table() {
        for word in EVERYDAY {
            assert!(vocabulary().classes_of(word).is_some(), "{word}");
        }
    }
}
