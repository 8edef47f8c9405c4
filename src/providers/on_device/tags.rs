//! From class probabilities and objects to tags.

use super::engine::Object;
use super::vocabulary::{EVERYDAY, vocabulary};
use crate::wire::result::Tag;

/// What is shown without being asked for, chosen on the bundled photos: below these, wrong tags outnumber right ones.
const CLASS_FLOOR: f32 = 0.15;
const CONCEPT_FLOOR: f32 = 0.35;
const OBJECT_FLOOR: f32 = 0.40;
/// What is shown of a closed list: the person asked for the word, so weaker evidence is of use.
pub const ASKED_FLOOR: f32 = 0.05;
/// Tags of one answer at most.
pub const MOST_TAGS: usize = 15;

/// Tags without a list: classes, everyday concepts above them, and objects.
pub fn free(classes: &[f32], objects: &[Object]) -> Vec<Tag> {
    let words = vocabulary();
    let mut tags = Vec::new();
    for (name, probability) in words.class_names.iter().zip(classes) {
        if *probability >= CLASS_FLOOR {
            add(&mut tags, name, *probability, None);
        }
    }
    for word in EVERYDAY {
        let score = probability_of(word, classes).unwrap_or(0.0);
        if score >= CONCEPT_FLOOR {
            add(&mut tags, word, score, None);
        }
    }
    for object in objects.iter().filter(|object| object.score >= OBJECT_FLOOR) {
        if let Some(Some(name)) = words.object_names.get(object.slot) {
            add(&mut tags, name, object.score, Some(object.bounds));
        }
    }
    sorted(tags)
}

/// Tags of a closed list. Words that the model does not know are left out and named in `notes`.
pub fn of_list(list: &[String], classes: &[f32], objects: &[Object], notes: &mut Vec<String>) -> Vec<Tag> {
    let words = vocabulary();
    let mut tags = Vec::new();
    let mut unknown = Vec::new();
    for word in list {
        let object = words.slot_of(word).and_then(|slot| objects.iter().find(|object| object.slot == slot));
        let concept = probability_of(word, classes);
        if concept.is_none() && words.slot_of(word).is_none() {
            unknown.push(word.as_str());
            continue;
        }
        let object_score = object.map_or(0.0, |object| object.score);
        let score = concept.unwrap_or(0.0).max(object_score);
        if score >= ASKED_FLOOR {
            add(&mut tags, word, score, object.filter(|object| object.score >= OBJECT_FLOOR).map(|object| object.bounds));
        }
    }
    if !unknown.is_empty() {
        notes.push(format!("Not in the on-device model's vocabulary: {}", unknown.join(", ")));
    }
    sorted(tags)
}

/// Summed probability of the classes below a word's concept.
fn probability_of(word: &str, classes: &[f32]) -> Option<f32> {
    let below = vocabulary().classes_of(word)?;
    let sum: f32 = below.iter().filter_map(|class| classes.get(usize::from(*class))).sum();
    Some(sum.min(1.0))
}

/// One tag a name, with its highest confidence and the first box.
fn add(tags: &mut Vec<Tag>, name: &str, confidence: f32, bounds: Option<[f32; 4]>) {
    match tags.iter_mut().find(|tag| tag.name == name) {
        Some(tag) => {
            tag.confidence = tag.confidence.into_iter().chain([confidence]).reduce(f32::max);
            tag.bounds = tag.bounds.or(bounds);
        }
        None => tags.push(Tag { name: name.to_owned(), confidence: Some(confidence), bounds }),
    }
}

fn sorted(mut tags: Vec<Tag>) -> Vec<Tag> {
    tags.sort_by(|one, other| one.name.cmp(&other.name));
    Tag::sort(&mut tags);
    tags.truncate(MOST_TAGS);
    tags
}
