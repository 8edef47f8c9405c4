//! What a language model wrote, read as caption and tags: tolerant of what models do, strict about what is kept.

use serde_json::Value;

use crate::wire::result::Tag;

/// Tags kept of one answer.
const TAGS_MOST: usize = 100;
/// Characters kept of a tag and of a caption.
const NAME_MOST: usize = 80;
const CAPTION_MOST: usize = 2_000;

/// A read answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadAnswer {
    pub caption: Option<String>,
    pub tags: Vec<Tag>,
    /// What was mended.
    pub notes: Vec<String>,
}

/// The JSON schema that is sent along. Bounds are left out (not every provider takes them) and checked here.
#[must_use]
pub fn schema() -> Value {
    serde_json::json!({
        "type": "object",
        "properties": {
            "caption": {"type": "string"},
            "tags": {"type": "array", "items": {
                "type": "object",
                "properties": {"tag": {"type": "string"}, "confidence": {"type": "number"}},
                "required": ["tag", "confidence"],
                "additionalProperties": false
            }}
        },
        "required": ["caption", "tags"],
        "additionalProperties": false
    })
}

/// Reads the text of an answer; the error says what was there instead.
pub fn read(text: &str) -> Result<ReadAnswer, String> {
    let value = json_in(text).ok_or_else(|| {
        let start: String = text.trim().chars().take(200).collect();
        if start.is_empty() { "The answer is empty".to_owned() } else { format!("The answer is not JSON. It begins: {start}") }
    })?;
    let mut notes = Vec::new();
    let (caption, list) = match &value {
        Value::Array(list) => (None, Some(list)),
        Value::Object(map) => {
            let caption = ["caption", "description", "summary"].iter().find_map(|key| map.get(*key)).and_then(Value::as_str);
            (caption, ["tags", "labels", "keywords"].iter().find_map(|key| map.get(*key)).and_then(Value::as_array))
        }
        _ => (None, None),
    };
    let Some(list) = list else {
        return Err("The answer has no list of tags".to_owned());
    };
    let tags = tags(list, &mut notes);
    let caption = caption.map(|caption| caption.trim().chars().take(CAPTION_MOST).collect::<String>()).filter(|caption| !caption.is_empty());
    Ok(ReadAnswer { caption, tags, notes })
}

/// The JSON of an answer: all of it, what stands in a fence, or from the first brace to the last. Where it is not strict JSON
/// (a comma too many, `NaN`, single quotes, comments), it is read as JSON5.
fn json_in(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return Some(value).filter(|value| value.is_object() || value.is_array());
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok().or_else(|| json5::from_str::<Value>(text).ok());
    // The bracket that comes first is the outer one: a bare list holds objects, an object holds the list.
    let mut pairs = [('{', '}'), ('[', ']')];
    pairs.sort_by_key(|(open, _)| text.find(*open).unwrap_or(usize::MAX));
    pairs.into_iter().find_map(|(open, close)| parse(text.get(text.find(open)?..=text.rfind(close)?)?))
}

fn tags(list: &[Value], notes: &mut Vec<String>) -> Vec<Tag> {
    let (mut tags, mut mended, mut missing, mut dropped): (Vec<Tag>, u32, u32, u32) = (Vec::new(), 0, 0, 0);
    let mut at_name = std::collections::HashMap::new();
    for item in list {
        let Some(name) = name_of(item) else {
            dropped += 1;
            continue;
        };
        let given = confidence_of(item);
        let confidence = given.map(|given| given.clamp(0.0, 1.0));
        mended += u32::from(given != confidence);
        missing += u32::from(given.is_none());
        match at_name.get(&name) {
            Some(&at) => {
                let tag: &mut Tag = &mut tags[at];
                tag.confidence = confidence.into_iter().chain(tag.confidence).reduce(f32::max);
            }
            None => {
                at_name.insert(name.clone(), tags.len());
                tags.push(Tag { name, confidence, bounds: None });
            }
        }
    }
    if mended > 0 {
        notes.push(format!("{mended} confidences were outside 0–1 and set to the nearest bound"));
    }
    if missing > 0 {
        notes.push(format!("{missing} tags came without a confidence"));
    }
    if dropped > 0 {
        notes.push(format!("{dropped} entries without a name were left out"));
    }
    if tags.len() > TAGS_MOST {
        notes.push(format!("{} tags were given; the first {TAGS_MOST} are kept", tags.len()));
        tags.truncate(TAGS_MOST);
    }
    Tag::sort(&mut tags);
    tags
}

fn name_of(item: &Value) -> Option<String> {
    let name = match item {
        Value::String(name) => name,
        Value::Object(map) => ["tag", "name", "label"].iter().find_map(|key| map.get(*key)).and_then(Value::as_str)?,
        _ => return None,
    };
    let words: Vec<&str> = name.split_whitespace().collect();
    let name: String = words.join(" ").to_lowercase().chars().filter(|c| !c.is_control()).take(NAME_MOST).collect();
    (!name.is_empty()).then_some(name)
}

/// The confidence as it was given.
fn confidence_of(item: &Value) -> Option<f32> {
    let given = ["confidence", "score", "probability"].iter().find_map(|key| item.get(*key));
    let number = match given {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).map(|number| number as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, f32)> {
        read(text).expect("reads").tags.into_iter().map(|tag| (tag.name, tag.confidence.expect("a confidence"))).collect()
    }

    #[test]
    fn answers_are_read_as_models_write_them() {
        let dog = vec![("dog".to_owned(), 0.5)];
        for text in [
            r#"{"caption":"x","tags":[{"tag":"Dog","confidence":0.5}]}"#,
            "```json\n{\"tags\":[{\"name\":\" dog \",\"confidence\":\"0.5\"}]}\n```",
            "Here you are: {\"labels\":[{\"label\":\"dog\",\"score\":0.5}]} Enjoy!",
            r#"[{"tag":"dog","confidence":0.5},{"tag":"DOG","confidence":0.1}]"#,
            "```json\n[{\"tag\":\"dog\",\"confidence\":0.5}]\n```",
            r#"{"tags":[{"tag":"dog","confidence":0.5,},],}"#,
            "{'tags': [{'tag': 'dog', 'confidence': .5}]} // done",
        ] {
            assert_eq!(names(text), dog, "{text}");
        }
    }

    #[test]
    fn confidences_out_of_range_are_mended_and_said() {
        let answer = read(r#"{"tags":[{"tag":"a","confidence":7},{"tag":"b","confidence":-1},{"tag":"c","confidence":"high"},"d"]}"#).expect("reads");
        assert_eq!(answer.tags.iter().map(|tag| tag.confidence).collect::<Vec<_>>(), [Some(1.0), Some(0.0), None, None]);
        assert!(answer.notes[0].starts_with("2 confidences") && answer.notes[1].starts_with("2 tags"), "{:?}", answer.notes);
    }

    #[test]
    fn a_confidence_that_is_no_number_is_none_and_not_zero() {
        let answer = read(r#"{"tags":["dog", {"tag":"cat","confidence":NaN}, {"tag":"bird","confidence":0.4}]}"#).expect("reads");
        let tags: Vec<_> = answer.tags.iter().map(|tag| (tag.name.as_str(), tag.confidence)).collect();
        assert_eq!(tags, [("bird", Some(0.4)), ("dog", None), ("cat", None)]);
        assert_eq!(crate::wire::result::mean_confidence(&answer.tags), Some(0.4));
        assert_eq!(crate::wire::result::mean_confidence(&answer.tags[1..]), None);
    }

    #[test]
    fn ten_thousand_tags_become_a_hundred() {
        let many: Vec<Value> = (0..10_000).map(|n| serde_json::json!({"tag": format!("t{n}"), "confidence": 0.5})).collect();
        let answer = read(&serde_json::json!({"tags": many}).to_string()).expect("reads");
        assert_eq!(answer.tags.len(), 100);
        assert!(answer.notes[0].contains("10000"), "{:?}", answer.notes);
    }

    #[test]
    fn what_is_no_answer_is_shown_as_it_begins() {
        assert!(read("I am sorry, Dave").expect_err("no JSON").contains("sorry, Dave"));
        assert!(read("").expect_err("empty").contains("empty"));
        assert!(read("7").is_err());
        assert!(read(r#"{"caption":"x"}"#).expect_err("no tags").contains("no list"));
    }
}
