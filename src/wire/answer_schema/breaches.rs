//! Where an answer does not keep to its schema.

use serde_json::Value;

use super::{escaped, followed};

/// Schemas in schemas are followed so deep: one may hold itself.
const DEEP_MOST: usize = 64;

/// The first breaches: JSON pointer into the answer, and words.
pub(super) fn of(schema: &Value, answer: &Value, most: usize) -> Vec<(String, String)> {
    let mut walk = Walk { root: schema, found: Vec::new(), most };
    walk.value(schema, answer, "", 0);
    walk.found
}

struct Walk<'s> {
    root: &'s Value,
    found: Vec<(String, String)>,
    most: usize,
}

impl Walk<'_> {
    fn tell(&mut self, place: &str, words: String) {
        if self.found.len() < self.most {
            self.found.push((place.to_owned(), words));
        }
    }

    fn keeps(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let mut inner = Walk { root: self.root, found: Vec::new(), most: 1 };
        inner.value(schema, value, "", depth);
        inner.found.is_empty()
    }

    fn value(&mut self, schema: &Value, value: &Value, place: &str, depth: usize) {
        if depth > DEEP_MOST || self.found.len() >= self.most {
            return;
        }
        let schema = followed(self.root, schema);
        if schema == &Value::Bool(false) {
            return self.tell(place, "nothing may stand here".to_owned());
        }
        if !is_of_type(&schema["type"], value) {
            return self.tell(place, format!("{} is not of the type {}", short(value), schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            self.tell(place, format!("{} is none of {}", short(value), short(&schema["enum"])));
        }
        if let Some(only) = schema.get("const")
            && only != value
        {
            self.tell(place, format!("{} is not {}", short(value), short(only)));
        }
        self.choices(schema, value, place, depth);
        match value {
            Value::Object(map) => self.object(schema, map, place, depth),
            Value::Array(items) => self.list(schema, items, place, depth),
            Value::String(text) => self.amount(schema, text.chars().count() as f64, ("minLength", "maxLength"), place, "characters"),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(f64::NAN), place),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn choices(&mut self, schema: &Value, value: &Value, place: &str, depth: usize) {
        for inner in schema["allOf"].as_array().into_iter().flatten() {
            self.value(inner, value, place, depth + 1);
        }
        let kept = |list: &[Value]| list.iter().filter(|inner| self.keeps(inner, value, depth + 1)).count();
        let any = schema["anyOf"].as_array().map(|list| kept(list));
        let one = schema["oneOf"].as_array().map(|list| kept(list));
        let is_forbidden = schema.get("not").is_some_and(|inner| self.keeps(inner, value, depth + 1));
        if any == Some(0) || one == Some(0) {
            self.tell(place, format!("{} fits none of the kinds that are allowed", short(value)));
        } else if one.is_some_and(|count| count > 1) {
            self.tell(place, format!("{} fits more than one of the kinds of which it must be one", short(value)));
        }
        if is_forbidden {
            self.tell(place, format!("{} is of a kind that is not allowed", short(value)));
        }
    }

    fn object(&mut self, schema: &Value, map: &serde_json::Map<String, Value>, place: &str, depth: usize) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.tell(place, format!("'{name}' is missing"));
            }
        }
        self.amount(schema, map.len() as f64, ("minProperties", "maxProperties"), place, "fields");
        for (name, inner) in map {
            let here = format!("{place}/{}", escaped(name));
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(field), _) => self.value(field, inner, &here, depth + 1),
                (None, Some(Value::Bool(false))) => self.tell(place, format!("'{name}' is a field that is not allowed")),
                (None, Some(others)) => self.value(others, inner, &here, depth + 1),
                (None, None) => {}
            }
        }
    }

    fn list(&mut self, schema: &Value, items: &[Value], place: &str, depth: usize) {
        self.amount(schema, items.len() as f64, ("minItems", "maxItems"), place, "entries");
        let first = schema["prefixItems"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (at, item) in items.iter().enumerate() {
            if let Some(inner) = first.get(at).or_else(|| schema.get("items")) {
                self.value(inner, item, &format!("{place}/{at}"), depth + 1);
            }
        }
        let repeats = |(at, item): (usize, &Value)| items[..at].contains(item);
        if schema["uniqueItems"] == true && items.len() <= 1_000 && items.iter().enumerate().any(repeats) {
            self.tell(place, "an entry stands there twice".to_owned());
        }
    }

    fn amount(&mut self, schema: &Value, count: f64, (least, most): (&str, &str), place: &str, what: &str) {
        if let Some(low) = schema[least].as_f64().filter(|low| count < *low) {
            self.tell(place, format!("{count} {what}, at least {low} are wanted"));
        }
        if let Some(high) = schema[most].as_f64().filter(|high| count > *high) {
            self.tell(place, format!("{count} {what}, at most {high} are wanted"));
        }
    }

    fn number(&mut self, schema: &Value, number: f64, place: &str) {
        let bound = |word: &str| schema[word].as_f64();
        let broken = [
            bound("minimum").filter(|least| number < *least).map(|least| format!("less than {least}")),
            bound("maximum").filter(|most| number > *most).map(|most| format!("more than {most}")),
            bound("exclusiveMinimum").filter(|least| number <= *least).map(|least| format!("not more than {least}")),
            bound("exclusiveMaximum").filter(|most| number >= *most).map(|most| format!("not less than {most}")),
            bound("multipleOf").filter(|step| !is_multiple(number, *step)).map(|step| format!("no multiple of {step}")),
        ];
        for words in broken.into_iter().flatten() {
            self.tell(place, format!("{number} is {words}"));
        }
    }
}

/// But for what floating point does to fractions.
fn is_multiple(number: f64, step: f64) -> bool {
    let times = number / step;
    (times - times.round()).abs() < 1e-9
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    };
    match wanted {
        Value::String(name) => fits(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_rule_of_a_schema_is_kept_or_told() {
        for (schema, good, bad, place, words) in [
            (json!({"type": "string"}), json!("a"), json!(1), "", "not of the type"),
            (json!({"type": ["string", "null"]}), json!(null), json!(1), "", "not of the type"),
            (json!({"type": "integer"}), json!(2.0), json!(2.5), "", "not of the type"),
            (json!({"enum": ["a", "b"]}), json!("b"), json!("c"), "", "none of"),
            (json!({"const": 5}), json!(5), json!(6), "", "is not 5"),
            (json!({"required": ["a"]}), json!({"a": 1}), json!({}), "", "'a' is missing"),
            (json!({"properties": {"a/b": {"type": "null"}}}), json!({"a/b": null}), json!({"a/b": 1}), "/a~1b", "type"),
            (json!({"properties": {}, "additionalProperties": false}), json!({}), json!({"x": 1}), "", "'x' is a field that is not allowed"),
            (json!({"additionalProperties": {"type": "string"}}), json!({"x": "y"}), json!({"x": 1}), "/x", "type"),
            (json!({"items": {"minimum": 1}}), json!([1, 2]), json!([1, 0]), "/1", "less than 1"),
            (json!({"prefixItems": [{"type": "string"}], "items": false}), json!(["a"]), json!(["a", 1]), "/1", "nothing may stand"),
            (json!({"minItems": 1, "maxItems": 2}), json!([1]), json!([1, 2, 3]), "", "at most 2"),
            (json!({"uniqueItems": true}), json!([1, 2]), json!([1, 1]), "", "twice"),
            (json!({"maxLength": 2}), json!("öö"), json!("ööö"), "", "at most 2"),
            (json!({"exclusiveMaximum": 1}), json!(0.9), json!(1), "", "not less than 1"),
            (json!({"multipleOf": 0.1}), json!(0.3), json!(0.35), "", "no multiple"),
            (json!({"anyOf": [{"type": "string"}, {"type": "number"}]}), json!(1), json!(true), "", "none of the kinds"),
            (json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]}), json!(1), json!(3), "", "more than one"),
            (json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}), json!(2), json!(3), "", "more than 2"),
            (json!({"not": {"type": "string"}}), json!(1), json!("x"), "", "not allowed"),
            (json!({"$ref": "#/$defs/n", "$defs": {"n": {"maximum": 1}}}), json!(1), json!(2), "", "more than 1"),
        ] {
            assert_eq!(of(&schema, &good, 5), [], "{schema} {good}");
            let found = of(&schema, &bad, 5);
            assert!(found.len() == 1 && found[0].0 == place && found[0].1.contains(words), "{schema} {bad}: {found:?}");
        }
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let schema = json!({"$ref": "#"});
        assert_eq!(of(&schema, &json!([1]), 5), []);
        let list = json!({"type": "array", "items": {"$ref": "#"}});
        assert_eq!(of(&list, &json!([[], [[1]]]), 5).len(), 1);
    }
}
