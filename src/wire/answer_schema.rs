//! The JSON Schema that an answer keeps to: read from its text, checked, and searched for the places where tags and caption stand.
//!
//! An answer is an object. Its tags are the list `tags` (or `labels`, `keywords`): either plain strings, or objects with
//! `name` (or `tag`, `label`) and, where the model is to say it, `confidence` (or `score`, `probability`). A caption is the text
//! `caption` (or `description`, `summary`). Everything else in a schema is the author's own.

mod breaches;
mod lines;
mod undefined;
mod words;

use serde_json::{Value, json};

pub use lines::line_of;
pub use undefined::{UndefinedField, undefined_fields};

/// Names under which the list of tags is found, and under which things are found in its entries; earlier ones go first.
pub const TAG_LISTS: [&str; 3] = ["tags", "labels", "keywords"];
pub const TAG_NAMES: [&str; 3] = ["tag", "name", "label"];
pub const CONFIDENCES: [&str; 3] = ["confidence", "score", "probability"];
pub const CAPTIONS: [&str; 3] = ["caption", "description", "summary"];

/// Bytes of a schema's text.
pub const SCHEMA_MOST: usize = 64_000;
/// Problems told at once.
const PROBLEMS_MOST: usize = 5;
/// References followed from one place.
const HOPS_MOST: usize = 8;

/// A schema that answers can be held to.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerSchema {
    pub value: Value,
    pub places: Places,
}

/// Where an answer's parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Such as `tags`.
    pub tags: &'static str,
    /// Such as `name`; `None`: the tags are plain strings.
    pub name: Option<&'static str>,
    pub confidence: Option<&'static str>,
    pub caption: Option<&'static str>,
}

impl Places {
    /// Such as `Tags: tags[].name with tags[].confidence · Caption: caption`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let entry = |key: Option<&str>| key.map_or_else(|| format!("{}[]", self.tags), |key| format!("{}[].{key}", self.tags));
        let confidence = self.confidence.map_or_else(|| ", without a confidence".to_owned(), |key| format!(" with {}", entry(Some(key))));
        let caption = self.caption.unwrap_or("none");
        format!("Tags: {}{confidence} · Caption: {caption}", entry(self.name))
    }
}

/// What is wrong with a schema, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProblem {
    /// From 1.
    pub line: u32,
    /// The place as a JSON pointer, such as `/properties/tags`; empty: the whole.
    pub place: String,
    /// What and why, and what to do.
    pub message: String,
}

impl std::fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line {}: {}", self.line, self.message)
    }
}

/// The schema of a prompt that has none of its own. Bounds are left out (not every provider takes them) and checked here.
#[must_use]
pub fn shipped() -> Value {
    json!({
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

impl AnswerSchema {
    /// Reads a schema from its text.
    ///
    /// # Errors
    /// All that is wrong with it, at most five things.
    pub fn parse(text: &str) -> Result<Self, Vec<SchemaProblem>> {
        let whole = |line: u32, message: String| vec![SchemaProblem { line, place: String::new(), message }];
        if text.len() > SCHEMA_MOST {
            return Err(whole(1, format!("The schema has {} bytes; at most {SCHEMA_MOST} are kept. Shorten it", text.len())));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            whole(error.line().max(1) as u32, format!("This is not JSON: {what} (column {})", error.column()))
        })?;
        let problems = |found: Vec<(String, String)>| {
            let at = |(place, message): (String, String)| SchemaProblem { line: line_of(text, &place), place, message };
            found.into_iter().take(PROBLEMS_MOST).map(at).collect::<Vec<_>>()
        };
        if !value.is_object() {
            return Err(whole(1, "A schema is an object: { \"type\": \"object\", \"properties\": … }".to_owned()));
        }
        if let Some(place) = reference_outside(&value, "") {
            let message = "'$ref' may point into this schema only, such as \"#/$defs/tag\"; nothing is fetched".to_owned();
            return Err(problems(vec![(place, message)]));
        }
        let found = words::problems(&value);
        if !found.is_empty() {
            return Err(problems(found));
        }
        let places = places(&value).map_err(|found| problems(vec![found]))?;
        Ok(Self { value, places })
    }

    /// Where an answer does not keep to the schema, and how: JSON pointer and words. `pattern` and `format` are the provider's to
    /// keep.
    #[must_use]
    pub fn breaches(&self, answer: &Value, most: usize) -> Vec<(String, String)> {
        breaches::of(&self.value, answer, most)
    }
}

/// The place of a reference that leaves the schema.
fn reference_outside(value: &Value, place: &str) -> Option<String> {
    match value {
        Value::Object(map) => map.iter().find_map(|(key, inner)| {
            let here = format!("{place}/{}", escaped(key));
            let leaves = key == "$ref" && inner.as_str().is_some_and(|target| !target.starts_with('#'));
            if leaves { Some(here) } else { reference_outside(inner, &here) }
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, inner)| reference_outside(inner, &format!("{place}/{index}"))),
        _ => None,
    }
}

/// Finds tags and caption; the error is where and why there are none.
fn places(root: &Value) -> Result<Places, (String, String)> {
    let refuse = |place: &str, message: String| Err((place.to_owned(), message));
    let top = followed(root, root);
    if !is_of(top, "object") {
        return refuse("/type", "The answer must be an object: \"type\": \"object\"".to_owned());
    }
    let field = |name: &str| top["properties"].get(name);
    let Some(tags) = TAG_LISTS.into_iter().find(|name| field(name).is_some()) else {
        let message =
            "No tags can be found in such an answer. Add the field \"tags\": a list of strings, or of objects with \"name\" and \"confidence\"";
        return refuse("/properties", message.to_owned());
    };
    let place = format!("/properties/{tags}");
    let list = followed(root, &top["properties"][tags]);
    if !is_of(list, "array") {
        return refuse(&place, format!("'{tags}' must be a list: \"type\": \"array\""));
    }
    let is_required = top["required"].as_array().is_some_and(|names| names.iter().any(|name| name == tags));
    if !is_required {
        return refuse(&place, format!("'{tags}' must stand in \"required\"; else an answer may come without any tags"));
    }
    let entry = followed(root, &list["items"]);
    let caption = CAPTIONS.into_iter().find(|name| field(name).is_some_and(|caption| is_text(followed(root, caption))));
    if is_text(entry) {
        return Ok(Places { tags, name: None, confidence: None, caption });
    }
    let inner = |name: &&str| entry["properties"].get(*name).map(|inner| followed(root, inner));
    let name = TAG_NAMES.into_iter().find(|name| inner(name).is_some_and(is_text));
    let Some(name) = name.filter(|_| is_of(entry, "object")) else {
        let message = format!("The entries of '{tags}' must be strings, or objects with the text \"name\" (or \"tag\", \"label\")");
        return refuse(&format!("{place}/items"), message);
    };
    let confidence = CONFIDENCES.into_iter().find(|name| inner(name).is_some());
    Ok(Places { tags, name: Some(name), confidence, caption })
}

/// The schema that a `$ref` into the same document stands for.
fn followed<'v>(root: &'v Value, mut value: &'v Value) -> &'v Value {
    for _ in 0..HOPS_MOST {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(found) => value = found,
            None => break,
        }
    }
    value
}

fn is_of(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(given) => given == name,
        Value::Array(given) => given.iter().any(|given| given == name),
        _ => false,
    }
}

/// A text, or a choice of texts.
fn is_text(schema: &Value) -> bool {
    let is_choice = || schema["enum"].as_array().is_some_and(|choices| choices.iter().all(Value::is_string));
    is_of(schema, "string") || schema.get("type").is_none() && (is_choice() || schema["const"].is_string())
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> SchemaProblem {
        AnswerSchema::parse(text).expect_err(text).remove(0)
    }

    #[test]
    fn the_shipped_schema_is_one_and_its_places_are_found() {
        let shipped = AnswerSchema::parse(&format!("{:#}", shipped())).expect("sound");
        assert_eq!(shipped.places.in_words(), "Tags: tags[].tag with tags[].confidence · Caption: caption");
    }

    #[test]
    fn tags_are_found_as_strings_as_choices_and_behind_references() {
        for (tags, places) in [
            (r#""tags":{"type":"array","items":{"type":"string"}}"#, "Tags: tags[], without a confidence · Caption: none"),
            (r#""tags":{"type":"array","items":{"enum":["cat","dog"]}}"#, "Tags: tags[], without a confidence · Caption: none"),
            (r##""tags":{"$ref":"#/$defs/list"},"summary":{"type":"string"}"##, "Tags: tags[].label with tags[].score · Caption: summary"),
        ] {
            let defs = r##""$defs":{"list":{"type":"array","items":{"$ref":"#/$defs/one"}},"one":{"type":"object","properties":{"label":{"type":"string"},"score":{"type":"number"}}}}"##;
            let text = format!(r#"{{"type":"object","properties":{{{tags}}},"required":["tags"],{defs}}}"#);
            assert_eq!(AnswerSchema::parse(&text).expect(&text).places.in_words(), places);
        }
    }

    #[test]
    fn what_is_no_schema_of_an_answer_with_tags_is_refused_at_its_line() {
        let list = r#""properties": {"tags": {"type": "array", "items": {"type": "string"}}}"#;
        for (text, line, words) in [
            ("{\n  \"type\": \"object\",\n}", 3, "not JSON"),
            ("[]", 1, "is an object"),
            ("{\n\"type\": \"array\"}", 2, "must be an object"),
            ("{\"type\": \"object\",\n\"properties\": {\"caption\": {\"type\": \"string\"}}}", 2, "No tags can be found"),
            ("{\"type\": \"object\",\n\"properties\": {\n\"tags\": {\"type\": \"string\"}}, \"required\": [\"tags\"]}", 3, "must be a list"),
            (&format!("{{\"type\": \"object\", {list}}}"), 1, "must stand in \"required\""),
            (
                "{\"type\": \"object\", \"required\": [\"tags\"], \"properties\": {\"tags\": {\"type\": \"array\",\n \"items\": {\"type\": \"number\"}}}}",
                2,
                "must be strings, or objects",
            ),
            ("{\n\"type\": \"object\",\n\"properties\": {\"tags\": {\n\"type\": \"lists\"}}}", 4, "'type'"),
            ("{\"type\": \"object\",\n\"$ref\": \"https://example.com/schema\"}", 2, "nothing is fetched"),
            ("{\"type\": \"object\",\n\"$ref\": \"file:///etc/passwd\"}", 2, "nothing is fetched"),
        ] {
            let problem = refused(text);
            assert!(problem.line == line && problem.message.contains(words), "{text}\n{problem}");
        }
        assert!(refused(&" ".repeat(SCHEMA_MOST + 1)).message.contains("bytes"));
    }
}
