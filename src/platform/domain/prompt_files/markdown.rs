//! Minerva's own form: the user text as Markdown, and in front of it, as YAML between two lines `---`, everything else.
//!
//! What is written is read again as the very same version: the text follows the second line `---` letter for letter.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{FilePrompt, ReadFile, refusal, settings, value};
use crate::platform::domain::Result;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_file::{FORM_VERSION, FileFormat};
use crate::wire::prompt_parts::{Parameters, PromptParts, Variable};

const FENCE: &str = "---";

/// The front matter as it is written.
#[derive(Serialize)]
struct Front<'v> {
    minerva_version: u64,
    name: &'v str,
    version: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'v str,
    #[serde(skip_serializing_if = "str::is_empty")]
    author: &'v str,
    saved_at: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    labels: &'v [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'v str,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema: &'v str,
    #[serde(skip_serializing_if = "Parameters::is_unset")]
    parameters: &'v Parameters,
    #[serde(skip_serializing_if = "Map::is_empty")]
    variables: Map<String, Value>,
}

/// A version as a file.
pub fn write(version: &PromptVersion) -> Result<String> {
    let variables = version.parts.variables.iter().map(|variable| (variable.name.clone(), Value::String(variable.value.clone())));
    let front = Front {
        minerva_version: FORM_VERSION,
        name: &version.prompt_name,
        version: version.version,
        note: &version.note,
        author: &version.author,
        saved_at: version.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        labels: &version.labels,
        system: &version.parts.system,
        schema: &version.parts.schema,
        parameters: &version.parts.parameters,
        variables: variables.collect(),
    };
    let front = serde_saphyr::to_string(&front).map_err(|error| refusal("export", format!("The version can't be written as a file: {error}")))?;
    // Lines without words at the end may be a value's own.
    let front = if front.ends_with('\n') { front } else { front + "\n" };
    Ok(format!("{FENCE}\n{front}{FENCE}\n{}", version.content))
}

/// Reads a text with or without front matter.
pub fn read(text: &str, stem: &str) -> Result<ReadFile> {
    let Some((written, body)) = split(text)? else {
        let prompt = FilePrompt { name: stem.to_owned(), content: text.replace("\r\n", "\n"), ..FilePrompt::default() };
        return Ok(ReadFile::one(FileFormat::Text, prompt));
    };
    let front = match value::yaml_from(written, 1)? {
        Value::Object(front) => front,
        Value::Null => Map::new(),
        _ => return Err(refusal("front_matter", "Line 2: the front matter should be names and values, such as 'name: Photo tags'")),
    };
    let is_own = front.contains_key("minerva_version");
    check_version(&front, written)?;
    let content = match (is_own, body.strip_prefix('\n')) {
        // Elsewhere a blank line parts the front matter from the text.
        (false, Some(rest)) => rest.to_owned(),
        _ => body,
    };
    let mut prompt = FilePrompt { name: stem.to_owned(), content, ..FilePrompt::default() };
    fill(&mut prompt, &front)?;
    Ok(ReadFile::one(FileFormat::Markdown, prompt))
}

/// Front matter and text; `None` where there is no front matter. Lines that end as on Windows are made ours if the first does.
fn split(text: &str) -> Result<Option<(&str, String)>> {
    let Some(first) = text.split_inclusive('\n').next().filter(|line| line.trim_end() == FENCE && line.ends_with('\n')) else { return Ok(None) };
    let mut at = first.len();
    for line in text[at..].split_inclusive('\n') {
        if matches!(line.trim_end(), FENCE | "...") {
            let body = &text[at + line.len()..];
            let body = if first.ends_with("\r\n") { body.replace("\r\n", "\n") } else { body.to_owned() };
            return Ok(Some((&text[first.len()..at], body)));
        }
        at += line.len();
    }
    Err(refusal("front_matter", "Line 1: the front matter does not end. Put a line --- behind it, or take the first line out"))
}

/// Refuses a form that this program does not know. Others call that `format`; where it is no number it says something else.
fn check_version(front: &Map<String, Value>, written: &str) -> Result<()> {
    let newer = |name: &'static str| Some((name, front.get(name)?.as_u64().filter(|form| *form > FORM_VERSION)?));
    if let Some((name, form)) = ["minerva_version", "format"].into_iter().find_map(newer) {
        // The fence is the first line.
        let line = written.lines().position(|line| line.starts_with(name)).map_or(1, |at| at + 2);
        let words = format!(
            "Line {line}: the file was written by a newer Minerva (form {form}; this one reads up to {FORM_VERSION}). Update Minerva and import it again"
        );
        return Err(refusal("newer_file", words));
    }
    match front.get("minerva_version").map(Value::as_u64) {
        None | Some(Some(1..=FORM_VERSION)) => Ok(()),
        Some(_) => Err(refusal("front_matter", format!("'minerva_version' should be a whole number from 1, such as {FORM_VERSION}"))),
    }
}

/// Takes over what the front matter says.
fn fill(prompt: &mut FilePrompt, front: &Map<String, Value>) -> Result<()> {
    let mut unknown = Vec::new();
    let wrong = |name: &str, what: &str| refusal("front_matter", format!("'{name}' in the front matter should be {what}"));
    for (name, given) in front {
        let words = || value::text(given).ok_or_else(|| wrong(name, "text"));
        match name.as_str() {
            _ if given.is_null() => {}
            "minerva_version" | "saved_at" => {}
            "name" | "title" => prompt.name = words()?,
            "note" | "description" => prompt.note = words()?,
            "author" => prompt.author = words()?,
            "version" => prompt.version = given.as_u64().and_then(|number| u32::try_from(number).ok()),
            "labels" | "tags" => {
                let is_list = given.as_array().is_none_or(|items| items.iter().all(|item| value::text(item).is_some()));
                if !is_list || given.is_object() {
                    return Err(wrong(name, "a list of words, such as [candidate]"));
                }
                prompt.labels.extend(value::texts(Some(given)));
            }
            "system" => prompt.parts.system = words()?,
            "schema" => prompt.parts.schema = schema(given).ok_or_else(|| wrong(name, "a JSON Schema"))?,
            "parameters" => prompt.parts.parameters = parameters(given, &mut prompt.warnings)?,
            "variables" => prompt.parts.variables = variables(given).ok_or_else(|| wrong(name, "names with values, such as 'city: Rome'"))?,
            _ => unknown.push(format!("'{name}'")),
        }
    }
    if !unknown.is_empty() {
        prompt.warnings.push(format!("Left out, since Minerva knows no such thing: {}", unknown.join(", ")));
    }
    Ok(())
}

fn schema(given: &Value) -> Option<String> {
    match given {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => serde_json::to_string_pretty(given).ok(),
        _ => None,
    }
}

fn parameters(given: &Value, warnings: &mut Vec<String>) -> Result<Parameters> {
    let Value::Object(map) = given else {
        return Err(refusal("front_matter", "'parameters' in the front matter should be names and numbers, such as 'temperature: 0.2'"));
    };
    let mut parts = PromptParts::default();
    settings::take(map, &mut parts, warnings).map_err(|words| refusal("front_matter", format!("'parameters' in the front matter: {words}")))?;
    Ok(parts.parameters)
}

fn variables(given: &Value) -> Option<Vec<Variable>> {
    let Value::Object(map) = given else { return None };
    map.iter()
        .map(|(name, value)| Some(Variable { name: name.clone(), value: if value.is_null() { String::new() } else { value::text(value)? } }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{PromptId, PromptVersionId};
    use crate::wire::prompt_parts::Effort;

    fn version(content: &str, parts: PromptParts) -> PromptVersion {
        PromptVersion {
            id: PromptVersionId::fresh(),
            prompt_id: PromptId::fresh(),
            prompt_name: "Größe: 'Street' \"scenes\" #1".to_owned(),
            version: 7,
            content: content.to_owned(),
            parts,
            note: "shorter: yes".to_owned(),
            author: "Ada".to_owned(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            is_live: false,
            labels: vec!["candidate".to_owned(), "good for food".to_owned()],
            is_outline: false,
        }
    }

    fn again(version: &PromptVersion) -> FilePrompt {
        let text = write(version).expect("written");
        read(&text, "stem").unwrap_or_else(|error| panic!("{error}\n{text}")).prompts.remove(0)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let parts = PromptParts {
            system: "You describe photos.\n\n  Indented: yes\n".to_owned(),
            schema: "{\n  \"type\": \"object\"\n}".to_owned(),
            parameters: Parameters { temperature: Some(0.2), max_output_tokens: Some(400), effort: Some(Effort::Low), ..Parameters::default() },
            variables: vec![
                Variable { name: "city".to_owned(), value: "Rome\nor: Oslo".to_owned() },
                Variable { name: "empty".to_owned(), value: String::new() },
            ],
        };
        let version = version("---\n# Task\n\nLook at {{ city }}.\n---\n", parts);
        let read = again(&version);
        assert_eq!((&read.name, &read.note, &read.author, read.version), (&version.prompt_name, &version.note, &version.author, Some(7)));
        assert_eq!((&read.content, &read.parts, &read.labels), (&version.content, &version.parts, &version.labels));
        assert!(read.warnings.is_empty(), "{read:?}");
        assert_eq!(version.file_name(), "gr-e-street-scenes-1-v7.md");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_again_as_it_was(content in "(?s).{1,80}", system in "(?s).{0,80}", value in "[a-z:#\\-\\n 'é\"|>]{0,40}") {
            let content = content.replace('\0', "");
            let system = system.replace('\0', "");
            let variables = vec![Variable { name: "x".to_owned(), value }];
            let version = version(&content, PromptParts { system, variables, ..PromptParts::default() });
            let read = again(&version);
            proptest::prop_assert_eq!(read.content, version.content);
            proptest::prop_assert_eq!(read.parts, version.parts);
        }
    }

    #[test]
    fn files_of_others_are_read_too() {
        let prompt = read("---\r\ntitle: Streets\r\nmodel: gpt\r\n---\r\n\r\nLook.\r\n", "x").expect("read").prompts.remove(0);
        assert_eq!((prompt.name.as_str(), prompt.content.as_str()), ("Streets", "Look.\n"));
        assert!(prompt.warnings[0].contains("'model'"), "{:?}", prompt.warnings);
        let plain = read("# Look\n\n---\n\nmore", "street scenes").expect("read");
        assert_eq!(
            (plain.format, plain.prompts[0].name.as_str(), plain.prompts[0].content.as_str()),
            (FileFormat::Text, "street scenes", "# Look\n\n---\n\nmore")
        );
    }

    #[test]
    fn front_matter_that_is_wrong_is_told_by_its_name_or_line() {
        for (text, words) in [
            ("---\nname: x\nno end", "does not end"),
            ("---\nminerva_version: 2\n---\nx", "Line 2: the file was written by a newer Minerva (form 2"),
            ("---\nname: x\nformat: 99\n---\nx", "Line 3: the file was written by a newer Minerva (form 99"),
            ("---\nminerva_version: zwei\n---\nx", "whole number"),
            ("---\nname: [a]\n---\nx", "'name' in the front matter should be text"),
            ("---\nok: 1\nname: \"x\n---\nx", "Line "),
            ("---\nparameters: {temperature: hot}\n---\nx", "temperature"),
            ("---\nvariables: [a]\n---\nx", "'variables'"),
            ("---\n- a\n---\nx", "names and values"),
        ] {
            let refused = read(text, "x").expect_err(text).to_string();
            assert!(refused.contains(words), "{text}: {refused}");
        }
    }
}
