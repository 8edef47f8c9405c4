//! A schema as the fields of a form. The text of the schema stays the one truth: a change is made in its JSON, so that what the form
//! does not show is never lost.

use serde_json::{Map, Value, json};

/// What a field holds, in the words of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Choice,
    Number,
    Whole,
    YesNo,
    Texts,
    Objects,
    Object,
    /// What the form has no name for; it is changed in the JSON.
    Other,
}

impl Kind {
    /// Those that can be chosen.
    pub const ALL: [Self; 8] = [Self::Text, Self::Choice, Self::Number, Self::Whole, Self::YesNo, Self::Texts, Self::Objects, Self::Object];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Choice => "Choice",
            Self::Number => "Number",
            Self::Whole => "Whole number",
            Self::YesNo => "Yes or no",
            Self::Texts => "List of texts",
            Self::Objects => "List of objects",
            Self::Object => "Object",
            Self::Other => "Other (see JSON)",
        }
    }

    #[must_use]
    pub fn has_fields(self) -> bool {
        matches!(self, Self::Objects | Self::Object)
    }

    /// The words for its least and most, and what they count.
    #[must_use]
    pub fn bounds(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Text => Some(("minLength", "maxLength", "characters")),
            Self::Number | Self::Whole => Some(("minimum", "maximum", "")),
            Self::Texts | Self::Objects => Some(("minItems", "maxItems", "entries")),
            Self::Choice | Self::YesNo | Self::Object | Self::Other => None,
        }
    }

    fn of(schema: &Value) -> Self {
        match schema["type"].as_str() {
            Some("string") | None if schema["enum"].as_array().is_some_and(|list| list.iter().all(Value::is_string)) => Self::Choice,
            Some("string") => Self::Text,
            Some("number") => Self::Number,
            Some("integer") => Self::Whole,
            Some("boolean") => Self::YesNo,
            Some("object") => Self::Object,
            Some("array") if schema["items"]["type"] == "string" => Self::Texts,
            Some("array") if schema["items"]["type"] == "object" => Self::Objects,
            _ => Self::Other,
        }
    }

    /// A new schema of this kind.
    fn fresh(self) -> Value {
        let object = || json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
        match self {
            Self::Text | Self::Other => json!({"type": "string"}),
            Self::Choice => json!({"type": "string", "enum": ["first", "second"]}),
            Self::Number => json!({"type": "number"}),
            Self::Whole => json!({"type": "integer"}),
            Self::YesNo => json!({"type": "boolean"}),
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Objects => json!({"type": "array", "items": object()}),
            Self::Object => object(),
        }
    }
}

/// One field as the form shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub description: String,
    pub is_required: bool,
    pub choices: Vec<String>,
    pub least: Option<f64>,
    pub most: Option<f64>,
    /// Where its own fields stand, as a JSON pointer.
    pub fields_at: Option<String>,
    /// Whether its JSON says more than the form shows.
    pub has_more: bool,
}

/// What is changed of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Add,
    Rename(String),
    SetKind(Kind),
    Describe(String),
    Require(bool),
    Choose(Vec<String>),
    Least(Option<f64>),
    Most(Option<f64>),
    Remove,
}

/// The fields of the object schema at a place; `""` is the answer itself.
#[must_use]
pub fn fields(schema: &Value, at: &str) -> Vec<Field> {
    let Some(object) = schema.pointer(at) else { return Vec::new() };
    let Some(properties) = object["properties"].as_object() else { return Vec::new() };
    let required = object["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let field = |(name, inner): (&String, &Value)| {
        let kind = Kind::of(inner);
        let bound = |word: Option<&str>| word.and_then(|word| inner[word].as_f64());
        let here = format!("{at}/properties/{}", escaped(name));
        Field {
            name: name.clone(),
            kind,
            description: inner["description"].as_str().unwrap_or_default().to_owned(),
            is_required: required.iter().any(|given| given == name),
            choices: inner["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            least: bound(kind.bounds().map(|(least, ..)| least)),
            most: bound(kind.bounds().map(|(_, most, _)| most)),
            fields_at: match kind {
                Kind::Object => Some(here),
                Kind::Objects => Some(format!("{here}/items")),
                _ => None,
            },
            has_more: kind == Kind::Other || says_more(inner, kind),
        }
    };
    properties.iter().map(field).collect()
}

fn says_more(schema: &Value, kind: Kind) -> bool {
    let bounds = kind.bounds();
    let shown = |key: &str| {
        matches!(key, "type" | "description" | "enum" | "items" | "properties" | "required" | "additionalProperties")
            || bounds.is_some_and(|(least, most, _)| key == least || key == most)
    };
    let items = schema["items"].as_object().filter(|_| kind == Kind::Texts);
    schema.as_object().is_some_and(|map| map.keys().any(|key| !shown(key))) || items.is_some_and(|items| items.len() > 1)
}

/// Makes a change in the field `name` of the object schema at a place.
///
/// # Errors
/// Why it can't be made.
pub fn apply(schema: &mut Value, at: &str, name: &str, change: &Change) -> Result<(), String> {
    let object = schema.pointer_mut(at).and_then(Value::as_object_mut).ok_or("The JSON has changed meanwhile; try again")?;
    match change {
        Change::Add => add(object),
        Change::Rename(new) => rename(object, name, new.trim())?,
        Change::Remove => {
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                properties.shift_remove(name);
            }
            require(object, name, false);
        }
        Change::Require(is_required) => require(object, name, *is_required),
        inner => {
            let field = object.get_mut("properties").and_then(|properties| properties.get_mut(name)).ok_or("There is no such field any more")?;
            apply_inside(field, inner)?;
        }
    }
    Ok(())
}

fn add(object: &mut Map<String, Value>) {
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    let Some(properties) = properties.as_object_mut() else { return };
    let names = std::iter::once("field".to_owned()).chain((2..).map(|number| format!("field{number}")));
    let name = names.into_iter().find(|name| !properties.contains_key(name)).unwrap_or_default();
    properties.insert(name.clone(), Kind::Text.fresh());
    require(object, &name, true);
}

/// In its place, so that the order in which the model writes stays.
fn rename(object: &mut Map<String, Value>, name: &str, new: &str) -> Result<(), String> {
    if new == name {
        return Ok(());
    }
    if new.is_empty() {
        return Err("A field needs a name".to_owned());
    }
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return Ok(()) };
    if properties.contains_key(new) {
        return Err(format!("There is a field '{new}' already; choose another name"));
    }
    let renamed = std::mem::take(properties).into_iter().map(|(key, value)| (if key == name { new.to_owned() } else { key }, value));
    *properties = renamed.collect();
    for given in object.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten().filter(|given| *given == name) {
        *given = new.into();
    }
    Ok(())
}

fn require(object: &mut Map<String, Value>, name: &str, is_required: bool) {
    let required = object.entry("required").or_insert_with(|| json!([]));
    let Some(list) = required.as_array_mut() else { return };
    let stands = list.iter().any(|given| given == name);
    if is_required && !stands {
        list.push(name.into());
    } else if !is_required {
        list.retain(|given| given != name);
    }
}

fn apply_inside(field: &mut Value, change: &Change) -> Result<(), String> {
    let kind = Kind::of(field);
    let Some(map) = field.as_object_mut() else { return Err("This field is changed in the JSON".to_owned()) };
    let set = |map: &mut Map<String, Value>, word: &str, value: Option<Value>| match value {
        Some(value) => drop(map.insert(word.to_owned(), value)),
        None => drop(map.shift_remove(word)),
    };
    match change {
        Change::SetKind(new) if *new != kind => {
            let description = map.get("description").cloned();
            let inside = if new.has_fields() && kind.has_fields() { inside_of(map, kind) } else { None };
            let Value::Object(mut fresh) = new.fresh() else { return Ok(()) };
            if let Some(inside) = inside {
                match new {
                    Kind::Objects => drop(fresh.insert("items".to_owned(), inside)),
                    _ => {
                        if let Value::Object(inside) = inside {
                            fresh = inside;
                        }
                    }
                }
            }
            if let Some(description) = description {
                fresh.insert("description".to_owned(), description);
            }
            *map = fresh;
        }
        // As it is typed, letter by letter: a blank at its end is on the way to the next word.
        Change::Describe(words) => set(map, "description", Some(words.as_str().into()).filter(|_| !words.trim().is_empty())),
        Change::Choose(choices) => {
            if choices.is_empty() {
                return Err("Give at least one choice".to_owned());
            }
            set(map, "enum", Some(choices.clone().into()));
        }
        Change::Least(value) | Change::Most(value) => {
            let Some((least, most, counted)) = kind.bounds() else { return Ok(()) };
            let is_least = matches!(change, Change::Least(_));
            let number = value.map(|value| bound(value, kind, counted)).transpose()?;
            let other = map.get(if is_least { most } else { least }).and_then(Value::as_f64);
            if let (Some(value), Some(other)) = (value, other)
                && (if is_least { *value > other } else { *value < other })
            {
                return Err("The least must not be above the most".to_owned());
            }
            set(map, if is_least { least } else { most }, number);
        }
        _ => {}
    }
    Ok(())
}

/// The object schema inside an object or a list of objects.
fn inside_of(map: &Map<String, Value>, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Objects => map.get("items").cloned(),
        _ => Some(Value::Object(map.clone())),
    }
}

fn bound(value: f64, kind: Kind, counted: &str) -> Result<Value, String> {
    let is_whole = value.fract() == 0.0 && value.abs() < 1e15;
    if !counted.is_empty() && (!is_whole || value < 0.0) {
        return Err(format!("A number of {counted} is a whole number from 0 on"));
    }
    if kind == Kind::Whole && !is_whole {
        return Err("A whole number is wanted".to_owned());
    }
    Ok(if is_whole { json!(value as i64) } else { json!(value) })
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer_schema::{AnswerSchema, shipped};

    fn names(schema: &Value, at: &str) -> Vec<String> {
        fields(schema, at).into_iter().map(|field| field.name).collect()
    }

    #[test]
    fn the_shipped_schema_is_a_form() {
        let schema = shipped();
        let form = fields(&schema, "");
        let kinds: Vec<(&str, Kind, bool)> = form.iter().map(|field| (field.name.as_str(), field.kind, field.is_required)).collect();
        assert_eq!(kinds, [("caption", Kind::Text, true), ("tags", Kind::Objects, true)]);
        let at = form[1].fields_at.clone().expect("has fields");
        assert_eq!(names(&schema, &at), ["tag", "confidence"]);
        assert!(form.iter().all(|field| !field.has_more));
    }

    #[test]
    fn every_change_leaves_a_schema_that_can_be_used_and_loses_nothing_else() {
        let mut schema = shipped();
        schema["properties"]["caption"]["pattern"] = "^[A-Z]".into();
        let mut change = |at: &str, name: &str, change: Change| apply(&mut schema, at, name, &change);
        assert_eq!(change("", "", Change::Add), Ok(()));
        assert_eq!(change("", "field", Change::Rename("place".to_owned())), Ok(()));
        assert_eq!(change("", "place", Change::SetKind(Kind::Choice)), Ok(()));
        assert_eq!(change("", "place", Change::Choose(vec!["indoors".to_owned(), "outdoors".to_owned()])), Ok(()));
        assert_eq!(change("", "place", Change::Describe("Where it was taken".to_owned())), Ok(()));
        assert_eq!(change("", "place", Change::Require(false)), Ok(()));
        assert_eq!(change("", "caption", Change::Rename("summary".to_owned())), Ok(()));
        assert_eq!(change("", "summary", Change::Most(Some(200.0))), Ok(()));
        assert_eq!(change("", "tags", Change::Least(Some(1.0))), Ok(()));
        assert_eq!(change("/properties/tags/items", "confidence", Change::Most(Some(1.0))), Ok(()));
        assert_eq!(schema["properties"]["summary"], json!({"type": "string", "pattern": "^[A-Z]", "maxLength": 200}));
        assert_eq!(schema["properties"]["place"]["description"], "Where it was taken");
        assert_eq!(schema["required"], json!(["summary", "tags"]));
        assert_eq!(names(&schema, ""), ["summary", "tags", "place"]);
        assert!(fields(&schema, "")[0].has_more);
        let read = AnswerSchema::parse(&format!("{schema:#}")).expect("sound");
        assert_eq!(read.places.caption, Some("summary"));
        assert_eq!(apply(&mut schema, "", "place", &Change::Remove), Ok(()));
        assert_eq!(names(&schema, ""), ["summary", "tags"]);
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut schema = shipped();
        let before = schema.clone();
        for (name, change, words) in [
            ("caption", Change::Rename("tags".to_owned()), "already"),
            ("caption", Change::Rename(" ".to_owned()), "needs a name"),
            ("caption", Change::Most(Some(2.5)), "whole number"),
            ("tags", Change::Least(Some(-1.0)), "whole number"),
            ("nowhere", Change::Describe("x".to_owned()), "no such field"),
        ] {
            let refused = apply(&mut schema, "", name, &change).expect_err("refused");
            assert!(refused.contains(words), "{refused}");
        }
        assert_eq!(schema, before);
        apply(&mut schema, "", "tags", &Change::Least(Some(5.0))).expect("done");
        assert!(apply(&mut schema, "", "tags", &Change::Most(Some(4.0))).is_err());
    }

    #[test]
    fn a_list_of_objects_becomes_an_object_with_the_same_fields_and_back() {
        let mut schema = shipped();
        let items = schema["properties"]["tags"]["items"].clone();
        apply(&mut schema, "", "tags", &Change::SetKind(Kind::Object)).expect("done");
        assert_eq!(schema["properties"]["tags"], items);
        apply(&mut schema, "", "tags", &Change::SetKind(Kind::Objects)).expect("done");
        assert_eq!(schema, shipped());
    }
}
