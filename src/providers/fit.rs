//! What a prompt asks for beside its text, fitted to what a model takes. Nothing is left out without a word.

use serde_json::{Map, Value};

use super::PhotoRequest;
use crate::wire::prompt_parts::{Effort, Parameters, Takes};

/// How a wire takes a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaRule {
    /// As it is written.
    Whole,
    /// Held to strictly where every field is required and no others are allowed; else loosely.
    StrictIfClosed,
    /// Only these words of JSON Schema; limits in other words are told in the description, and objects are closed.
    Words { known: &'static [&'static str], closes_objects: bool },
}

/// Words of JSON Schema that say what a value may be; where a wire does not take one it is told in words.
const LIMITS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// Leaves out what the model does not take, and says so.
pub fn fit(mut request: PhotoRequest, label: &str, takes: &Takes, rule: SchemaRule) -> (PhotoRequest, Vec<String>) {
    let mut notes = Vec::new();
    let name = if request.model.is_empty() { label.to_owned() } else { request.model.clone() };
    let mut left_out: Vec<&str> = Vec::new();
    if !takes.system && !request.system.is_empty() {
        request.system.clear();
        left_out.push("the system text");
    }
    if !takes.schema && request.schema.take().is_some() {
        left_out.push("the schema of the answer");
    }
    let parameters = request.parameters;
    let mut keeps = |is_taken: bool, words: &'static str| {
        if !is_taken {
            left_out.push(words);
        }
        is_taken
    };
    request.parameters = Parameters {
        temperature: parameters.temperature.filter(|_| keeps(takes.temperature, "temperature")),
        top_p: parameters.top_p.filter(|_| keeps(takes.top_p, "top p")),
        max_output_tokens: parameters.max_output_tokens.filter(|_| keeps(takes.max_output_tokens, "the longest answer")),
        seed: parameters.seed.filter(|_| keeps(takes.seed, "the seed")),
        effort: parameters.effort.filter(|_| keeps(!takes.efforts.is_empty(), "how much to think")),
    };
    if !left_out.is_empty() {
        notes.push(format!("Not sent, since {name} does not take it: {}", left_out.join(", ")));
    }
    if let Some(asked) = request.parameters.effort
        && let Some(given) = nearest(asked, &takes.efforts)
        && given != asked
    {
        notes.push(format!("{name} can't be told to think '{}': '{}' is sent", asked.label(), given.label()));
        request.parameters.effort = Some(given);
    }
    if let Some(schema) = &request.schema {
        let (sent, note) = written(&schema.value, rule);
        request.wire_schema = sent;
        notes.extend(note.map(|note| format!("{label} {note}")));
    }
    (request, notes)
}

/// The least effort that is not below what was asked for, else the most there is.
fn nearest(asked: Effort, efforts: &[Effort]) -> Option<Effort> {
    efforts.iter().copied().filter(|effort| *effort >= asked).min().or_else(|| efforts.iter().copied().max())
}

/// The schema as a rule wants it, where that is another one, and what is to be said of it.
fn written(schema: &Value, rule: SchemaRule) -> (Option<Value>, Option<String>) {
    match rule {
        SchemaRule::Whole => (None, None),
        SchemaRule::StrictIfClosed if is_closed(schema) => (None, None),
        SchemaRule::StrictIfClosed => {
            let words = "keeps to this schema loosely: strictly it would only where every field is required and \"additionalProperties\" is false";
            (None, Some(words.to_owned()))
        }
        SchemaRule::Words { known, closes_objects } => {
            let mut told: Vec<String> = Vec::new();
            let sent = in_words(schema, known, closes_objects, &mut told);
            told.sort_unstable();
            told.dedup();
            let note =
                (!told.is_empty()).then(|| format!("takes no {} in a schema: told in words there, and checked in the answer", told.join(", ")));
            ((sent != *schema).then_some(sent), note)
        }
    }
}

/// Whether every object requires all its fields and allows no others.
#[must_use]
pub fn is_closed(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let is_object = map
                .get("type")
                .is_some_and(|kind| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object")));
            let names = map.get("properties").and_then(Value::as_object);
            let required = map.get("required").and_then(Value::as_array);
            let requires = |name: &String| required.is_some_and(|required| required.iter().any(|given| given == name));
            let keeps =
                !is_object || map.get("additionalProperties") == Some(&Value::Bool(false)) && names.is_none_or(|names| names.keys().all(requires));
            keeps && inner(map).all(is_closed)
        }
        Value::Array(items) => items.iter().all(is_closed),
        _ => true,
    }
}

/// The schemas inside a schema: not the values of `enum`, `const`, `default` and `examples`, which are data.
fn inner(map: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    map.iter()
        .filter(|(key, _)| !matches!(key.as_str(), "properties" | "$defs" | "definitions"))
        .filter(|(key, _)| !is_data(key))
        .map(|(_, value)| value)
        .chain(["properties", "$defs", "definitions"].iter().filter_map(|key| map.get(*key)).filter_map(Value::as_object).flat_map(Map::values))
}

fn is_data(key: &str) -> bool {
    matches!(key, "enum" | "const" | "default" | "examples" | "required")
}

/// A schema in the words that a wire knows; limits in others are added to the description.
fn in_words(schema: &Value, known: &[&str], closes: bool, told: &mut Vec<String>) -> Value {
    let map = match schema {
        Value::Object(map) => map,
        Value::Array(items) => return items.iter().map(|item| in_words(item, known, closes, told)).collect(),
        other => return other.clone(),
    };
    let (mut sent, mut limits) = (Map::new(), Vec::new());
    for (key, value) in map {
        match key.as_str() {
            "properties" | "$defs" | "definitions" => {
                let fields = value.as_object().into_iter().flatten().map(|(name, field)| (name.clone(), in_words(field, known, closes, told)));
                sent.insert(key.clone(), Value::Object(fields.collect()));
            }
            key if is_data(key) && known.contains(&key) => {
                sent.insert(key.to_owned(), value.clone());
            }
            // Anthropic takes 0 and 1 as the least number of items.
            "minItems" if known.contains(&"minItems 0..=1") && value.as_u64().is_some_and(|least| least <= 1) => {
                sent.insert(key.clone(), value.clone());
            }
            key if known.contains(&key) => {
                sent.insert(key.to_owned(), in_words(value, known, closes, told));
            }
            key => {
                if LIMITS.contains(&key) || key == "const" {
                    limits.push(format!("{key}: {value}"));
                }
                // "$schema" and "title" say nothing that an answer could break.
                if !matches!(key, "$schema" | "$id" | "$comment" | "title" | "default" | "examples") {
                    told.push(format!("'{key}'"));
                }
            }
        }
    }
    if !limits.is_empty() {
        let before = map.get("description").and_then(Value::as_str).map(|words| format!("{words} ")).unwrap_or_default();
        sent.insert("description".to_owned(), format!("{before}({})", limits.join(", ")).into());
    }
    if closes && map.get("type").is_some_and(|kind| kind == "object") {
        sent.insert("additionalProperties".to_owned(), false.into());
    }
    Value::Object(sent)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::providers::SentPhoto;
    use crate::wire::answer_schema::AnswerSchema;

    fn asked(schema: Option<Value>) -> PhotoRequest {
        let photo = SentPhoto::Jpeg { bytes: bytes::Bytes::new(), width_px: 1, height_px: 1 };
        let schema = schema.map(|schema| Arc::new(AnswerSchema::parse(&schema.to_string()).expect("a schema")));
        let parameters =
            Parameters { temperature: Some(0.5), top_p: Some(0.9), max_output_tokens: Some(99), seed: Some(7), effort: Some(Effort::Minimal) };
        PhotoRequest { system: "Be brief".to_owned(), schema, parameters, ..PhotoRequest::plain("m-1", photo, "Look") }
    }

    fn list() -> Value {
        json!({"type": "object", "required": ["tags"], "properties": {
            "tags": {"type": "array", "minItems": 1, "maxItems": 9, "items": {"type": "string", "maxLength": 20, "description": "A noun"}},
            "minimum": {"type": "integer", "enum": [1, 2]}
        }})
    }

    #[test]
    fn what_a_model_takes_is_left_as_it_is() {
        let takes =
            Takes { system: true, schema: true, temperature: true, top_p: true, max_output_tokens: true, seed: true, efforts: Effort::ALL.to_vec() };
        let (request, notes) = fit(asked(Some(list())), "Lab", &takes, SchemaRule::Whole);
        assert_eq!((request.parameters, notes), (asked(None).parameters, Vec::new()));
        assert_eq!((request.sent_schema(), request.system.as_str()), (list(), "Be brief"));
    }

    #[test]
    fn what_a_model_does_not_take_is_left_out_and_said() {
        let (request, notes) = fit(asked(Some(list())), "Lab", &Takes::default(), SchemaRule::Whole);
        assert!(request.parameters.is_unset() && request.system.is_empty() && request.schema.is_none());
        let all = "the system text, the schema of the answer, temperature, top p, the longest answer, the seed, how much to think";
        assert_eq!(notes, [format!("Not sent, since m-1 does not take it: {all}")]);
        let plain = PhotoRequest::plain("m-1", asked(None).photo, "Look");
        assert!(fit(plain, "Lab", &Takes::default(), SchemaRule::Whole).1.is_empty());
    }

    #[test]
    fn the_nearest_effort_above_is_sent_and_said() {
        let takes = |efforts: &[Effort]| Takes { system: true, max_output_tokens: true, efforts: efforts.to_vec(), ..Takes::default() };
        let (request, notes) = fit(asked(None), "Lab", &takes(&[Effort::Low, Effort::High]), SchemaRule::Whole);
        assert_eq!(request.parameters.effort, Some(Effort::Low));
        assert!(notes[1].ends_with("can't be told to think 'minimal': 'low' is sent"), "{notes:?}");
        let (request, _) = fit(asked(None), "Lab", &takes(&[Effort::Off]), SchemaRule::Whole);
        assert_eq!(request.parameters.effort, Some(Effort::Off));
    }

    #[test]
    fn limits_that_a_wire_does_not_know_are_told_in_words_and_names_of_fields_stay() {
        const KNOWN: [&str; 7] = ["type", "properties", "required", "items", "enum", "description", "minItems 0..=1"];
        let rule = SchemaRule::Words { known: &KNOWN, closes_objects: true };
        let takes = Takes { schema: true, ..Takes::default() };
        let (request, notes) = fit(asked(Some(list())), "Lab", &takes, rule);
        let sent = request.sent_schema();
        let tags = &sent["properties"]["tags"];
        assert_eq!((&tags["minItems"], tags.get("maxItems"), &sent["additionalProperties"]), (&json!(1), None, &json!(false)));
        assert_eq!(tags["description"], "(maxItems: 9)");
        assert_eq!(tags["items"], json!({"type": "string", "description": "A noun (maxLength: 20)"}));
        assert_eq!(sent["properties"]["minimum"]["enum"], json!([1, 2]));
        assert!(notes.last().is_some_and(|note| note.contains("Lab takes no 'maxItems', 'maxLength' in a schema")), "{notes:?}");
    }

    #[test]
    fn only_a_closed_schema_is_held_to_strictly() {
        assert!(is_closed(&crate::wire::answer_schema::shipped()));
        assert!(!is_closed(&list()));
        let takes = Takes { schema: true, ..Takes::default() };
        let (request, notes) = fit(asked(Some(list())), "Lab", &takes, SchemaRule::StrictIfClosed);
        assert!(request.sent_schema() == list() && notes.last().is_some_and(|note| note.contains("loosely")), "{notes:?}");
    }
}
