//! promptfoo: `prompts` of a configuration (texts, messages, or `{label, raw}`), and files with the messages of one prompt.
//!
//! Its forms: <https://www.promptfoo.dev/docs/configuration/prompts>. Templates are Nunjucks there, whose `{{ name }}` is ours.

use serde_json::{Map, Value};

use super::{FilePrompt, ReadFile, chat, settings, value};
use crate::platform::domain::Result;
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_file::FileFormat;
use crate::wire::prompt_parts::{Variable, variable_problems};

/// What promptfoo looks up elsewhere.
const ELSEWHERE: [&str; 5] = ["file://", "exec:", "langfuse://", "portkey://", "helicone://"];
/// A single line that ends so is the name of a file.
const FILES: [&str; 14] = [".txt", ".md", ".json", ".jsonl", ".yaml", ".yml", ".j2", ".csv", ".py", ".js", ".cjs", ".mjs", ".ts", ".prompty"];

/// A file with the messages of one prompt.
pub fn read_chat(messages: &[Value], stem: &str) -> ReadFile {
    let mut prompt = FilePrompt { name: stem.to_owned(), ..FilePrompt::default() };
    chat::take(messages, &mut prompt);
    ReadFile::one(FileFormat::Promptfoo, prompt)
}

/// A configuration; `None` where it has no `prompts`.
pub fn read(config: &Map<String, Value>, stem: &str) -> Option<Result<ReadFile>> {
    let entries: Vec<Value> = match config.get("prompts")? {
        Value::Array(entries) => entries.clone(),
        // An older form: the file or text, and its label.
        Value::Object(map) => map.iter().map(|(raw, label)| serde_json::json!({"raw": raw, "label": label})).collect(),
        one => vec![one.clone()],
    };
    let vars = vars(config);
    let title = config.get("description").and_then(value::text).filter(|words| !words.trim().is_empty() && words.chars().count() <= 60);
    let title = title.unwrap_or_else(|| stem.to_owned());
    let many = entries.len() > 1;
    let prompts = entries.iter().enumerate().map(|(at, entry)| {
        let name = if many { format!("{title} {}", at + 1) } else { title.clone() };
        let mut prompt = one(entry, name);
        give_values(&mut prompt, &vars);
        prompt
    });
    let mut file = ReadFile { format: FileFormat::Promptfoo, prompts: prompts.collect(), warnings: Vec::new() };
    let ignored: Vec<&str> =
        ["providers", "tests", "defaultTest", "scenarios", "redteam"].into_iter().filter(|name| config.contains_key(*name)).collect();
    if !ignored.is_empty() {
        file.warnings.push(format!("Only the prompts are read, and the variables' first values; not {}", ignored.join(", ")));
    }
    Some(Ok(file))
}

fn one(entry: &Value, name: String) -> FilePrompt {
    let mut prompt = FilePrompt { name, ..FilePrompt::default() };
    let raw = match entry {
        Value::Object(map) => {
            let words = |name: &str| map.get(name).and_then(value::text).filter(|words| !words.trim().is_empty());
            if let Some(label) = words("label").or_else(|| words("display")).or_else(|| words("id").filter(|id| !is_elsewhere(id))) {
                prompt.name = label;
            }
            settings::take_kindly(map.get("config"), &mut prompt.parts, &mut prompt.warnings);
            map.get("raw").or_else(|| map.get("id")).cloned().unwrap_or(Value::Null)
        }
        other => other.clone(),
    };
    take_raw(&raw, &mut prompt);
    prompt
}

/// A text, messages, or messages written as JSON in a text.
fn take_raw(raw: &Value, prompt: &mut FilePrompt) {
    match raw {
        Value::Array(messages) if chat::is_chat(messages) => chat::take(messages, prompt),
        Value::String(text) if is_elsewhere(text) => {
            prompt.trouble = Some(format!("Its text stands elsewhere ({text}). Import that file itself"));
        }
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(messages)) if chat::is_chat(&messages) => chat::take(&messages, prompt),
            _ => text.clone_into(&mut prompt.content),
        },
        _ => prompt.trouble = Some("It has no text that can be read: neither words nor messages".to_owned()),
    }
}

fn is_elsewhere(text: &str) -> bool {
    let text = text.trim();
    let is_file = !text.contains('\n') && !text.contains(char::is_whitespace) && FILES.iter().any(|ending| text.to_lowercase().ends_with(ending));
    is_file || ELSEWHERE.iter().any(|begin| text.starts_with(begin))
}

/// The first value that the configuration gives each variable.
fn vars(config: &Map<String, Value>) -> Map<String, Value> {
    let mut vars = Map::new();
    let default = config.get("defaultTest").and_then(|test| test.get("vars"));
    let tests = config.get("tests").and_then(Value::as_array).into_iter().flatten().filter_map(|test| test.get("vars"));
    for (name, value) in default.into_iter().chain(tests).filter_map(Value::as_object).flatten() {
        vars.entry(name.clone()).or_insert_with(|| value.clone());
    }
    vars
}

/// Variables that a prompt uses and the configuration gives a text become the version's own.
fn give_values(prompt: &mut FilePrompt, vars: &Map<String, Value>) {
    for name in super::plan::names_used(&prompt.content, &prompt.parts.system) {
        let given = vars.get(&name).and_then(value::text).filter(|text| !text.starts_with("file://"));
        let Some(value) = given.filter(|_| !TEMPLATE_VARIABLES.contains(&name.as_str())) else { continue };
        prompt.parts.variables.push(Variable { name, value });
        if !variable_problems(&prompt.parts.variables).is_empty() {
            prompt.parts.variables.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_config(yaml: &str) -> ReadFile {
        let Value::Object(config) = value::yaml(yaml).expect("YAML") else { panic!("no map") };
        read(&config, "photos").expect("has prompts").expect("read")
    }

    #[test]
    fn the_forms_of_prompts_are_read() {
        let file = read_config(
            "description: Street photos
prompts:
  - 'Tags for {{ city }}: {{ file_name }}'
  - label: Chat
    raw: '[{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Look.\"}, {\"type\": \"image_url\", \"image_url\": {\"url\": \"{{image}}\"}}]}]'
    config: {temperature: 0.2, max_tokens: 300, model: gpt}
  - file://prompts/long.txt
  - - {role: user, content: One}
    - {role: assistant, content: Two}
    - {role: user, content: Three}
providers: [openai:gpt-5]
tests:
  - vars: {city: Rome}
  - vars: {city: Oslo}
",
        );
        let names: Vec<&str> = file.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        assert_eq!(names, ["Street photos 1", "Chat", "Street photos 3", "Street photos 4"]);
        assert_eq!(file.prompts[0].parts.variables, [Variable { name: "city".to_owned(), value: "Rome".to_owned() }]);
        let chat = &file.prompts[1];
        assert_eq!((chat.parts.system.as_str(), chat.content.as_str()), ("Be brief.", "Look."));
        assert_eq!((chat.parts.parameters.temperature, chat.parts.parameters.max_output_tokens), (Some(0.2), Some(300)));
        assert!(
            chat.warnings.iter().any(|words| words.contains("model")) && chat.warnings.iter().any(|words| words.contains("Pictures")),
            "{chat:?}"
        );
        assert!(file.prompts[2].trouble.as_ref().is_some_and(|why| why.contains("file://prompts/long.txt")));
        assert_eq!(file.prompts[3].content, "One\n\nThree");
        assert!(file.prompts[3].warnings.iter().any(|words| words.contains("'assistant'")));
        assert!(file.warnings[0].contains("providers, tests"), "{:?}", file.warnings);
    }

    #[test]
    fn older_forms_and_files_of_messages_are_read() {
        let file = read_config("prompts: {prompts.txt: one, 'Say {{x}}': two}");
        assert!(file.prompts[0].trouble.is_some());
        assert_eq!((file.prompts[1].name.as_str(), file.prompts[1].content.as_str()), ("two", "Say {{x}}"));
        let messages = [serde_json::json!({"role": "system", "content": "Only this"})];
        let chat = read_chat(&messages, "chat").prompts.remove(0);
        assert_eq!((chat.content.as_str(), chat.parts.system.as_str(), chat.warnings.len()), ("Only this", "", 1));
    }
}
