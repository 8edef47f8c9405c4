//! Fields of the configuration, and what they hold, in words: for differences, histories and files.

use serde_json::Value;

use crate::gui::widgets::number;
use crate::wire::alert::AlertRule;
use crate::wire::config::{PHOTO_SET_FIELD, TRUTH_FIELD};
use crate::wire::fallback::Fallback;
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::Parameters;
use crate::wire::rules::Category;

/// What a field is called on screen.
#[must_use]
pub fn label(field: &str) -> String {
    let known = match field {
        "state" => "Pipeline",
        "live_model" => "Live model",
        "fallbacks" => "Fallback chain",
        "live_prompt_version_id" => "Live prompt",
        "staged_prompt_version_id" => "Prompt in staging",
        "accept_threshold" => "Accept from",
        "reject_threshold" => "Reject below",
        "workers" => "Workers",
        "max_attempts" => "Tries of a job",
        "daily_limit_usd" => "Limit a day",
        "daily_limit_action" => "At the limit of a day",
        "monthly_limit_usd" => "Limit a month",
        "monthly_limit_action" => "At the limit of a month",
        "photo_limit_usd" => "Limit a photo",
        "photo_limit_action" => "At the limit of a photo",
        "image_max_edge_px" => "Longest edge sent",
        "image_quality" => "JPEG quality sent",
        other => return named(other),
    };
    known.to_owned()
}

fn named(field: &str) -> String {
    match field.split_once(':') {
        Some(("provider", name)) => format!("Provider {name}"),
        Some(("alert", name)) => format!("Alert {}", name.replace('_', " ")),
        Some(("category", name)) => format!("Category {name}"),
        Some(("model", name)) => format!("Parameters of {name}"),
        // What follows is an id; what was done says which one it is.
        Some(("prompt", _)) => "Prompt".to_owned(),
        Some(("version", _)) => "Version".to_owned(),
        Some(("photo_set", _)) => "Photo set".to_owned(),
        Some(("truth", _)) => "Ground truth".to_owned(),
        _ => {
            let words = field.replace(['_', ':'], " ");
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// What a field holds.
#[must_use]
pub fn value(field: &str, value: &Value) -> String {
    if let Some(words) = of_prompts(field, value).or_else(|| of_lab(field, value)) {
        return words;
    }
    if value.is_null() {
        return if field.ends_with("_limit_usd") { "no limit".to_owned() } else { "not set".to_owned() };
    }
    match (field, value) {
        ("accept_threshold" | "reject_threshold", Value::Number(share)) => percent(share.as_f64()),
        (_, Value::Number(usd)) if field.ends_with("_usd") => UsdMicros((usd.as_f64().unwrap_or_default() * 1e6).round() as i64).to_string(),
        ("image_max_edge_px", Value::Number(edge)) => format!("{edge} px"),
        (_, Value::Number(count)) => count.as_u64().map_or_else(|| count.to_string(), number::count),
        (_, Value::String(text)) if field.ends_with("version_id") => text.get(..8).unwrap_or(text).to_owned(),
        (_, Value::String(text)) => text.replace('_', " "),
        (_, Value::Bool(is)) => (if *is { "yes" } else { "no" }).to_owned(),
        _ => structured(field, value),
    }
}

/// What a prompt or a version holds in the journal.
fn of_prompts(field: &str, value: &Value) -> Option<String> {
    let (is_prompt, is_version) = (field.starts_with("prompt:"), field.starts_with("version:"));
    match value {
        _ if !is_prompt && !is_version => None,
        Value::Null => Some("not there".to_owned()),
        value if is_prompt => Some(value.get("name").and_then(Value::as_str).unwrap_or("there").to_owned()),
        value => {
            let labels: Vec<&str> = value.get("labels").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            Some(if labels.is_empty() { "there, without labels".to_owned() } else { format!("labels {}", labels.join(", ")) })
        }
    }
}

/// What the Testing Lab keeps, as the journal holds it.
fn of_lab(field: &str, value: &Value) -> Option<String> {
    if field.starts_with(TRUTH_FIELD) {
        let tags = value.get("tags").and_then(Value::as_array).map(|tags| tags.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        return Some(
            tags.map_or_else(|| "not there".to_owned(), |tags| if tags.is_empty() { "nothing to name".to_owned() } else { tags.join(", ") }),
        );
    }
    if !field.starts_with(PHOTO_SET_FIELD) {
        return None;
    }
    let name = value.get("name").and_then(Value::as_str).zip(value.get("version").and_then(Value::as_u64));
    Some(name.map_or_else(|| "not there".to_owned(), |(name, version)| format!("{name} v{version}")))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn structured(field: &str, value: &Value) -> String {
    if field.starts_with("category:")
        && let Ok(category) = serde_json::from_value::<Category>(value.clone())
    {
        return category_words(&category);
    }
    if field == "fallbacks"
        && let Ok(chain) = serde_json::from_value::<Vec<Fallback>>(value.clone())
    {
        let said: Vec<String> = chain.iter().map(|fallback| format!("{} after {}", fallback.model, fallback.words())).collect();
        return if said.is_empty() { "none".to_owned() } else { said.join("; ") };
    }
    if field.starts_with("model:")
        && let Ok(parameters) = serde_json::from_value::<Parameters>(value.clone())
    {
        return parameters.words().join(", ");
    }
    if field.starts_with("alert:")
        && let Ok(rule) = serde_json::from_value::<AlertRule>(value.clone())
    {
        return format!("{}{}", rule.words(), if rule.is_enabled { "" } else { " (off)" });
    }
    flat(value)
}

/// A category's thresholds and tags.
#[must_use]
pub fn category_words(category: &Category) -> String {
    let (accept, reject) = (percent(Some(category.accept_threshold.into())), percent(Some(category.reject_threshold.into())));
    format!("accept {accept}, reject {reject}: {}", category.tags.join(", "))
}

/// Names and values of what is nested, such as a provider's settings.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !matches!(value, Value::Object(fields) if fields.is_empty()) && !value.is_null());
            let said: Vec<String> = said
                .map(|(name, value)| match value {
                    Value::Object(_) => flat(value),
                    _ => format!("{} {}", name.replace('_', " "), flat(value)),
                })
                .collect();
            if said.is_empty() { "as shipped".to_owned() } else { said.join(", ") }
        }
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_and_values_read_as_people_say_them() {
        for (field, held, named, said) in [
            ("accept_threshold", json!(0.65), "Accept from", "65 %"),
            ("daily_limit_usd", json!(2.5), "Limit a day", "$2.50"),
            ("daily_limit_usd", json!(null), "Limit a day", "no limit"),
            ("image_quality", json!(null), "JPEG quality sent", "not set"),
            ("image_max_edge_px", json!(1024), "Longest edge sent", "1024 px"),
            ("state", json!("paused"), "Pipeline", "paused"),
            ("provider:lab", json!({"base_url": "http://a/v1", "limits": {"concurrency": 3}}), "Provider lab", "base url http://a/v1, concurrency 3"),
            ("provider:lab", json!({"limits": {}}), "Provider lab", "as shipped"),
            (
                "category:Pets",
                json!({"tags": ["dog", "cat"], "accept_threshold": 0.9, "reject_threshold": 0.5}),
                "Category Pets",
                "accept 90 %, reject 50 %: dog, cat",
            ),
            (
                "fallbacks",
                json!([{"model": "a", "on": ["timeout", "refused"]}, {"model": "b", "on": ["server"]}]),
                "Fallback chain",
                "a after timed out, model refused; b after provider error",
            ),
            ("fallbacks", json!([]), "Fallback chain", "none"),
            ("model:a/b", json!({"temperature": 0.2}), "Parameters of a/b", "temperature 0.2"),
            ("prompt:0199", json!({"name": "Photo tags"}), "Prompt", "Photo tags"),
            ("version:0199", json!(null), "Version", "not there"),
            ("version:0199", json!({"labels": ["candidate"]}), "Version", "labels candidate"),
        ] {
            assert_eq!((label(field).as_str(), value(field, &held).as_str()), (named, said));
        }
    }
}
