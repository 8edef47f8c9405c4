//! YAML and JSON as values; what is wrong with them is told with its line.

use serde_json::Value;

use super::refusal;
use crate::platform::domain::Result;

pub fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        let words = error.to_string();
        let what = words.split(" at line ").next().unwrap_or_default();
        refusal("not_json", format!("Line {}, column {}: this is not JSON ({what})", error.line(), error.column()))
    })
}

pub fn yaml(text: &str) -> Result<Value> {
    yaml_from(text, 0)
}

/// YAML that begins after so many lines of its file. Aliases, depth and size are bounded by the crate's own budget.
pub fn yaml_from(text: &str, lines_before: u64) -> Result<Value> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let words = error.to_string();
        // The place is told once, in the file's own lines.
        let what = words.split(" at line ").next().unwrap_or_default().lines().next().unwrap_or_default();
        refusal("not_yaml", format!("Line {}: this is not YAML ({what})", line + lines_before))
    })
}

/// A text, a number or a truth value as text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The texts of a list, or a text as a list of one.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}
