//! Settings of a model as promptfoo, Langfuse and the providers write them, and what of them a version keeps.

use serde_json::{Map, Value};

use crate::wire::answer_schema::AnswerSchema;
use crate::wire::prompt_parts::{Effort, PromptParts};

/// Takes over what a version keeps; what it does not is told. The error is a value that is of no use.
pub fn take(config: &Map<String, Value>, parts: &mut PromptParts, warnings: &mut Vec<String>) -> Result<(), String> {
    let mut left_out = Vec::new();
    let parameters = &mut parts.parameters;
    let number = |name: &str, value: &Value| value.as_f64().ok_or_else(|| format!("'{name}' should be a number"));
    let whole = |name: &str, value: &Value| {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| format!("'{name}' should be a whole number"))
    };
    for (name, value) in config {
        match name.as_str() {
            _ if value.is_null() => {}
            "temperature" => parameters.temperature = Some(number(name, value)?),
            "top_p" | "topP" => parameters.top_p = Some(number(name, value)?),
            "max_output_tokens" | "max_tokens" | "max_completion_tokens" | "maxOutputTokens" | "maxTokens" => {
                parameters.max_output_tokens = Some(whole(name, value)?);
            }
            "seed" => parameters.seed = Some(whole(name, value)?),
            "effort" | "reasoning_effort" => {
                parameters.effort = Some(effort(value).ok_or_else(|| format!("'{name}' should be off, minimal, low, medium or high"))?);
            }
            "response_format" | "json_schema" | "response_schema" | "responseSchema" | "output_schema" | "schema" => match schema(value) {
                Some(found) => parts.schema = serde_json::to_string_pretty(found).unwrap_or_default(),
                None => left_out.push(name.as_str()),
            },
            _ => left_out.push(name.as_str()),
        }
    }
    if !left_out.is_empty() {
        warnings.push(format!("Settings that a version does not keep are left out: {}", left_out.join(", ")));
    }
    Ok(())
}

/// As [`take`], of a file of another program: what a version can't keep is left out and told.
pub fn take_kindly(config: Option<&Value>, parts: &mut PromptParts, warnings: &mut Vec<String>) {
    let Some(config) = config.and_then(Value::as_object) else { return };
    for (name, value) in config {
        let one = Map::from_iter([(name.clone(), value.clone())]);
        let mut tried = parts.clone();
        let mut told = Vec::new();
        if let Err(words) = take(&one, &mut tried, &mut told) {
            warnings.push(format!("Left out: {words}"));
            continue;
        }
        if let Some((_, words)) = tried.parameters.problems().into_iter().next() {
            warnings.push(format!("Left out: {name} is {value}. {words}"));
        } else if tried.schema != parts.schema
            && let Err(problems) = AnswerSchema::parse(&tried.schema)
        {
            let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            warnings.push(format!("The schema of the answer is left out. {why}"));
        } else {
            *parts = tried;
        }
        warnings.append(&mut told);
    }
    merge(warnings);
}

/// One sentence for all that is left out.
fn merge(warnings: &mut Vec<String>) {
    const BEGINS: &str = "Settings that a version does not keep are left out: ";
    let names: Vec<String> = warnings.iter().filter_map(|words| words.strip_prefix(BEGINS)).map(str::to_owned).collect();
    if names.len() > 1 {
        warnings.retain(|words| !words.starts_with(BEGINS));
        warnings.push(format!("{BEGINS}{}", names.join(", ")));
    }
}

fn effort(value: &Value) -> Option<Effort> {
    match value.as_str()?.to_lowercase().as_str() {
        "none" => Some(Effort::Off),
        word => Effort::ALL.into_iter().find(|effort| effort.label() == word),
    }
}

/// The schema itself: alone, or within what `OpenAI` wraps around it.
fn schema(value: &Value) -> Option<&Value> {
    let inner = value.pointer("/json_schema/schema").or_else(|| value.pointer("/schema"));
    match inner {
        Some(inner) if inner.is_object() => Some(inner),
        _ => Some(value).filter(|value| value.get("properties").is_some()),
    }
}
