//! What an answer names, entry by entry, and what became of each: for who asks why a tag is there or is not.

use std::collections::HashMap;

use serde_json::Value;

use super::{Given, NAME_MOST, TAGS_MOST, are_percents, confidence_of, json_in, name_of, places_in};
use crate::wire::answer_schema::AnswerSchema;

/// Letters shown of an entry that has no name.
const SHOWN_MOST: usize = 60;

/// One entry of the list of tags, in the order in which the model wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub name: String,
    pub confidence: Option<f32>,
    /// Why it is no tag of the answer.
    pub left_out: Option<String>,
    /// What was made of it otherwise than it was written.
    pub mended: Option<String>,
}

/// The entries of an answer's text by the same rules as [`super::read`] reads it; `None` where it has no list of tags.
#[must_use]
pub fn entries(text: &str, schema: Option<&AnswerSchema>) -> Option<Vec<Entry>> {
    let value = json_in(text)?;
    let (_, list) = places_in(&value, schema);
    let list = list?;
    let is_named = |item: &&Value| name_of(item, &mut 0, &mut 0).is_some();
    let is_percent = are_percents(list.iter().filter(is_named).filter_map(|item| confidence_of(item).and_then(Given::bare)));
    let mut seen: HashMap<String, usize> = HashMap::new();
    Some(list.iter().map(|item| entry(item, is_percent, &mut seen)).collect())
}

fn entry(item: &Value, is_percent: bool, seen: &mut HashMap<String, usize>) -> Entry {
    let mut shortened = 0;
    let Some(name) = name_of(item, &mut 0, &mut shortened) else {
        let shown: String = item.to_string().chars().take(SHOWN_MOST).collect();
        return Entry { name: shown, confidence: None, left_out: Some("It has no name".to_owned()), mended: None };
    };
    let given = confidence_of(item);
    let scaled = given.map(|given| match given {
        Given::Bare(number) if !is_percent => number,
        Given::Bare(percent) | Given::Percent(percent) => percent / 100.0,
    });
    let confidence = scaled.filter(|confidence| (0.0..=1.0).contains(confidence));
    let times = seen.entry(name.clone()).or_default();
    *times += 1;
    let is_again = *times > 1;
    let left_out = if is_again {
        Some("It is named twice; the higher confidence counts".to_owned())
    } else if seen.len() > TAGS_MOST {
        Some(format!("It comes after the first {TAGS_MOST}"))
    } else {
        None
    };
    let mended = match (given, confidence) {
        _ if shortened > 0 => Some(format!("Cut to {NAME_MOST} characters")),
        (Some(given), None) => Some(format!("Its confidence {given} is outside 0–1 and is not believed")),
        (Some(Given::Bare(number)), Some(_)) if is_percent => Some(format!("Its confidence {number} is read as percent")),
        _ => None,
    };
    Entry { name, confidence, left_out, mended }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_what_became_of_it() {
        let text = r#"{"tags": [{"tag": "Dog", "confidence": 90}, {"tag": "dog", "confidence": 95}, {"tag": "", "confidence": 5}, {"tag": "cat", "confidence": 40}]}"#;
        let told = entries(text, None).expect("a list");
        let names: Vec<(&str, bool)> = told.iter().map(|entry| (entry.name.as_str(), entry.left_out.is_none())).collect();
        assert_eq!(names[0], ("dog", true));
        assert_eq!((names[1], told[1].left_out.as_deref()), (("dog", false), Some("It is named twice; the higher confidence counts")));
        assert_eq!(told[2].left_out.as_deref(), Some("It has no name"));
        assert_eq!((told[3].confidence, told[3].mended.as_deref()), (Some(0.4), Some("Its confidence 40 is read as percent")));
        assert_eq!(entries("no JSON", None), None);
    }

    #[test]
    fn what_comes_after_the_last_one_that_is_kept_says_so() {
        let list: Vec<String> = (0..102).map(|at| format!("\"t{at}\"")).collect();
        let told = entries(&format!("[{}]", list.join(",")), None).expect("a list");
        assert_eq!(told[99].left_out, None);
        assert_eq!(told[100].left_out.as_deref(), Some("It comes after the first 100"));
        let read = super::super::read(&format!("[{}]", list.join(",")), None).expect("reads");
        assert_eq!(read.tags.len(), told.iter().filter(|entry| entry.left_out.is_none()).count(), "as it is read");
    }
}
