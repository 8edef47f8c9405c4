//! Whether a schema's words are those of JSON Schema, each with a value that it can have. A word that is not known is refused: a
//! slip of the keyboard would else be a rule that nobody keeps.

use serde_json::{Map, Value};

use super::escaped;

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];
/// Schemas in schemas are followed so deep.
const DEEP_MOST: usize = 32;

/// What a word's value must be.
enum Shape {
    Type,
    Schema,
    Schemas,
    Named,
    Names,
    Values,
    Number,
    Count,
    Switch,
    Text,
    Anything,
}

fn shape(word: &str) -> Option<Shape> {
    Some(match word {
        "type" => Shape::Type,
        "items" | "additionalProperties" | "not" => Shape::Schema,
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => Shape::Schemas,
        "properties" | "$defs" | "definitions" => Shape::Named,
        "required" | "propertyOrdering" => Shape::Names,
        "enum" => Shape::Values,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Shape::Number,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => Shape::Count,
        "uniqueItems" | "nullable" | "deprecated" | "readOnly" | "writeOnly" => Shape::Switch,
        "$ref" | "$schema" | "$id" | "$comment" | "title" | "description" | "pattern" | "format" => Shape::Text,
        "const" | "default" | "example" | "examples" => Shape::Anything,
        _ => return None,
    })
}

/// What is wrong with it: JSON pointer and words.
pub(super) fn problems(schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(schema, schema, "", 0, &mut found);
    found
}

fn walk(root: &Value, schema: &Value, place: &str, depth: usize, found: &mut Vec<(String, String)>) {
    let map = match schema {
        Value::Object(map) => map,
        Value::Bool(_) if depth > 0 => return,
        _ => return found.push((place.to_owned(), "A schema must stand here: { \"type\": … }".to_owned())),
    };
    if depth > DEEP_MOST {
        return found.push((place.to_owned(), format!("The schema is nested deeper than {DEEP_MOST} levels; make it flatter")));
    }
    for (word, value) in map {
        let here = format!("{place}/{}", escaped(word));
        let Some(shape) = shape(word) else {
            found.push((here, unknown(word)));
            continue;
        };
        let mut refuse = |wanted: &str| found.push((here.clone(), format!("'{word}' must be {wanted}")));
        match shape {
            Shape::Type if !is_type(value) => refuse(&format!("one of {}", TYPES.join(", "))),
            Shape::Schema => walk(root, value, &here, depth + 1, found),
            Shape::Schemas => match value.as_array().filter(|list| !list.is_empty()) {
                Some(list) => list.iter().enumerate().for_each(|(at, inner)| walk(root, inner, &format!("{here}/{at}"), depth + 1, found)),
                None => refuse("a list of schemas"),
            },
            Shape::Named => match value.as_object() {
                Some(fields) => fields.iter().for_each(|(name, inner)| walk(root, inner, &format!("{here}/{}", escaped(name)), depth + 1, found)),
                None => refuse("an object of schemas by their names"),
            },
            Shape::Names if value.as_array().is_none_or(|names| !names.iter().all(Value::is_string)) => refuse("a list of names"),
            Shape::Values if value.as_array().is_none_or(Vec::is_empty) => refuse("a list of the values that are allowed"),
            Shape::Number if !value.is_number() => refuse("a number"),
            Shape::Number if word == "multipleOf" && value.as_f64().is_none_or(|step| step <= 0.0) => refuse("more than 0"),
            Shape::Count if !value.is_u64() => refuse("a whole number from 0 on"),
            Shape::Switch if !value.is_boolean() => refuse("true or false"),
            Shape::Text if !value.is_string() => refuse("a text"),
            Shape::Text if word == "$ref" && target(root, value).is_none() => refuse("the place of a schema that is there, such as \"#/$defs/tag\""),
            _ => {}
        }
    }
    for (least, most) in [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties")] {
        if let (Some(low), Some(high)) = (number(map, least), number(map, most))
            && low > high
        {
            found.push((format!("{place}/{least}"), format!("'{least}' ({low}) is more than '{most}' ({high})")));
        }
    }
    missing_fields(map, place, found);
}

/// Names that are required and that no field has, where no others are allowed: no answer could keep to that.
fn missing_fields(map: &Map<String, Value>, place: &str, found: &mut Vec<(String, String)>) {
    let Some(fields) = map.get("properties").and_then(Value::as_object) else { return };
    if map.get("additionalProperties") != Some(&Value::Bool(false)) {
        return;
    }
    for name in map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            found.push((format!("{place}/required"), format!("'{name}' is required, but there is no such field and no others are allowed")));
        }
    }
}

fn number(map: &Map<String, Value>, word: &str) -> Option<f64> {
    map.get(word).and_then(Value::as_f64)
}

fn is_type(value: &Value) -> bool {
    let is_known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    is_known(value) || value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(is_known))
}

fn target<'v>(root: &'v Value, reference: &Value) -> Option<&'v Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

fn unknown(word: &str) -> String {
    let known = [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "description",
        "additionalProperties",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "anyOf",
        "$defs",
    ];
    let close = known.iter().find(|known| known.eq_ignore_ascii_case(word) || is_slip(known, word));
    match close {
        Some(close) => format!("'{word}' is no word of a schema; did you mean '{close}'?"),
        None => format!("'{word}' is no word of a schema that models keep to; take it out"),
    }
}

/// The same letters but for one that is missing, too much, another, or out of place.
fn is_slip(known: &str, word: &str) -> bool {
    strsim::osa_distance(known, word) <= 2 && known.len() > 3
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_values_that_cannot_be_are_told_with_their_place() {
        for (schema, place, words) in [
            (json!({"typ": "object"}), "/typ", "did you mean 'type'"),
            (json!({"requierd": []}), "/requierd", "did you mean 'required'"),
            (json!({"unevaluatedItems": false}), "/unevaluatedItems", "take it out"),
            (json!({"type": "text"}), "/type", "one of string"),
            (json!({"properties": []}), "/properties", "an object of schemas"),
            (json!({"properties": {"a/b": 5}}), "/properties/a~1b", "A schema must stand here"),
            (json!({"required": "tags"}), "/required", "a list of names"),
            (json!({"enum": []}), "/enum", "a list of the values"),
            (json!({"minimum": "1"}), "/minimum", "a number"),
            (json!({"multipleOf": 0}), "/multipleOf", "more than 0"),
            (json!({"minItems": -1}), "/minItems", "whole number"),
            (json!({"anyOf": []}), "/anyOf", "a list of schemas"),
            (json!({"uniqueItems": 1}), "/uniqueItems", "true or false"),
            (json!({"description": 1}), "/description", "a text"),
            (json!({"$ref": "#/$defs/none"}), "/$ref", "that is there"),
            (json!({"items": {"minimum": 2, "maximum": 1}}), "/items/minimum", "is more than"),
            (json!({"properties": {}, "required": ["a"], "additionalProperties": false}), "/required", "no such field"),
        ] {
            let found = problems(&schema);
            assert!(found.len() == 1 && found[0].0 == place && found[0].1.contains(words), "{schema}: {found:?}");
        }
        assert_eq!(problems(&super::super::shipped()), []);
    }

    #[test]
    fn a_schema_without_bottom_is_told_once() {
        let mut schema = json!({"type": "string"});
        for _ in 0..100 {
            schema = json!({"type": "array", "items": schema});
        }
        assert_eq!(problems(&schema).len(), 1);
    }
}
