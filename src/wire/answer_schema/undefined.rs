//! Fields that a schema requires and does not describe. JSON Schema allows it; some providers refuse it.

use std::ops::Range;

use serde_json::{Map, Value};

use super::escaped;
use super::lines::start_of;

/// A field that is required and that no property describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndefinedField {
    pub name: String,
    /// Where the schema's text requires it, in bytes, its quotation marks included.
    pub range: Range<usize>,
    /// Where a description of it would be put in among the others, and whether others follow there; `None`: there is no list of
    /// them yet.
    pub place: Option<(usize, bool)>,
}

/// All of them, in the order of the schema. `text`: that of `schema`.
#[must_use]
pub fn undefined_fields(schema: &Value, text: &str) -> Vec<UndefinedField> {
    let mut found = Vec::new();
    walk(schema, "", text, &mut found);
    found
}

fn walk(schema: &Value, place: &str, text: &str, found: &mut Vec<UndefinedField>) {
    match schema {
        Value::Object(map) => {
            in_object(map, place, text, found);
            for (key, inner) in map {
                let here = format!("{place}/{}", escaped(key));
                match key.as_str() {
                    "enum" | "const" | "default" | "example" | "examples" | "required" => {}
                    // Their keys are names of the author's own, not words of a schema.
                    "properties" | "$defs" | "definitions" => {
                        for (name, field) in inner.as_object().into_iter().flatten() {
                            walk(field, &format!("{here}/{}", escaped(name)), text, found);
                        }
                    }
                    _ => walk(inner, &here, text, found),
                }
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(at, inner)| walk(inner, &format!("{place}/{at}"), text, found)),
        _ => {}
    }
}

fn in_object(map: &Map<String, Value>, place: &str, text: &str, found: &mut Vec<UndefinedField>) {
    // Where others describe fields too, nobody can say here what is missing; where no others are allowed, the schema is refused.
    let is_open = ["$ref", "anyOf", "oneOf", "allOf"].iter().all(|word| !map.contains_key(*word));
    let is_told_already = map.contains_key("properties") && map.get("additionalProperties") == Some(&Value::Bool(false));
    if !is_open || is_told_already {
        return;
    }
    let fields = map.get("properties").and_then(Value::as_object);
    let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
    for (at, name) in required.enumerate().filter_map(|(at, name)| Some((at, name.as_str()?))) {
        if fields.is_some_and(|fields| fields.contains_key(name)) {
            continue;
        }
        let start = start_of(text, &format!("{place}/required/{at}"));
        let written = serde_json::to_string(name).unwrap_or_default();
        let range = if text.get(start..).is_some_and(|rest| rest.starts_with(&written)) { start..start + written.len() } else { start..start };
        found.push(UndefinedField { name: name.to_owned(), range, place: place_among(fields, place, text) });
    }
}

/// Behind the brace that opens the list of fields.
fn place_among(fields: Option<&Map<String, Value>>, place: &str, text: &str) -> Option<(usize, bool)> {
    let fields = fields?;
    let start = start_of(text, &format!("{place}/properties"));
    let brace = text.get(start..)?.find('{')?;
    Some((start + brace + 1, !fields.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<UndefinedField> {
        undefined_fields(&serde_json::from_str(text).expect("JSON"), text)
    }

    #[test]
    fn what_is_required_and_not_described_is_found_wherever_it_is() {
        let text = r#"{"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "object",
            "properties": {"name": {"type": "string"}}, "required": ["name", "confidence"]}}}, "required": ["tags", "mood"]}"#;
        let found = of(text);
        assert_eq!(found.iter().map(|field| &text[field.range.clone()]).collect::<Vec<_>>(), ["\"mood\"", "\"confidence\""]);
        for field in found {
            let (place, has_others) = field.place.expect("a place");
            assert!(has_others && text[..place].ends_with("\"properties\": {"), "{}", &text[..place]);
        }
    }

    #[test]
    fn what_others_may_describe_and_data_that_looks_like_a_schema_is_let_be() {
        for fine in [
            r#"{"type": "object", "properties": {"a": {}}, "required": ["a"]}"#,
            r##"{"$ref": "#/$defs/x", "required": ["a"], "$defs": {"x": {"type": "object", "properties": {"a": {}}}}}"##,
            r#"{"properties": {"required": {"type": "string"}}, "examples": [{"required": ["b"]}]}"#,
            r#"{"properties": {}, "required": ["told elsewhere"], "additionalProperties": false}"#,
        ] {
            assert_eq!(of(fine), [], "{fine}");
        }
        assert_eq!(of(r#"{"type": "object", "required": ["a"]}"#)[0].place, None);
    }
}
