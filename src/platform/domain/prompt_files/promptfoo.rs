//! promptfoo: `prompts` of a configuration (texts, messages, or `{label, raw}`), and files with the messages of one prompt.
//!
//! Its forms: <https://www.promptfoo.dev/docs/configuration/prompts>. Templates are Nunjucks there, whose `{{ name }}` is ours.

use serde_json::{Map, Value};

use super::{Beside, FilePrompt, ReadFile, chat, settings, value};
use crate::platform::domain::Result;
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_file::{FileFormat, beside_path};
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
pub fn read(config: &Map<String, Value>, stem: &str, beside: &Beside) -> Option<Result<ReadFile>> {
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
    let prompts = entries.iter().enumerate().flat_map(|(at, entry)| {
        let name = if many { format!("{title} {}", at + 1) } else { title.clone() };
        of_entry(entry, name, beside)
    });
    let mut prompts: Vec<FilePrompt> = prompts.collect();
    for prompt in &mut prompts {
        give_values(prompt, &vars);
    }
    let mut file = ReadFile { format: FileFormat::Promptfoo, prompts, warnings: Vec::new() };
    let ignored: Vec<&str> =
        ["providers", "tests", "defaultTest", "scenarios", "redteam"].into_iter().filter(|name| config.contains_key(*name)).collect();
    if !ignored.is_empty() {
        file.warnings.push(format!("Only the prompts are read, and the variables' first values; not {}", ignored.join(", ")));
    }
    Some(Ok(file))
}

/// The prompts of an entry: one, or as many as the file holds that it names.
fn of_entry(entry: &Value, name: String, beside: &Beside) -> Vec<FilePrompt> {
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
    let named = raw.as_str().filter(|text| is_elsewhere(text)).and_then(beside_path);
    let Some(text) = named.and_then(|path| beside.get(&path)) else {
        take_raw(&raw, &mut prompt);
        return vec![prompt];
    };
    let texts = parted(text);
    let many = texts.len() > 1;
    let of_text = |(at, text): (usize, String)| {
        let mut part = prompt.clone();
        if many {
            part.name = format!("{} {}", prompt.name, at + 1);
        }
        take_raw(&Value::String(text), &mut part);
        part
    };
    texts.into_iter().enumerate().map(of_text).collect()
}

/// The prompts of a file: lines of `---` part them.
fn parted(text: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    for line in text.trim_start_matches('\u{feff}').lines() {
        match texts.last_mut() {
            Some(last) if line.trim() != "---" => {
                last.push_str(line);
                last.push('\n');
            }
            _ => texts.push(String::new()),
        }
    }
    let texts: Vec<String> = texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    if texts.is_empty() { vec![String::new()] } else { texts }
}

/// A text, messages, or messages written as JSON in a text.
fn take_raw(raw: &Value, prompt: &mut FilePrompt) {
    match raw {
        Value::Array(messages) if chat::is_chat(messages) => chat::take(messages, prompt),
        Value::String(text) if is_elsewhere(text) => {
            prompt.trouble =
                Some(format!("Its text stands elsewhere ({text}), and is no text file in the folder of this one. Import that file itself"));
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
        read(&config, "photos", &Beside::new()).expect("has prompts").expect("read")
    }

    #[test]
    fn files_that_are_named_are_read_and_parted() {
        let Value::Object(config) =
            value::yaml("prompts:\n  - file://./a.txt\n  - {id: file://b.json, label: Chat}\n  - file://c.txt\n").expect("YAML")
        else {
            panic!("no map")
        };
        let chat = r#"[{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Look"}]"#;
        let beside = Beside::from([("a.txt".to_owned(), "One\n---\nTwo {{x}}\n".to_owned()), ("b.json".to_owned(), chat.to_owned())]);
        let prompts = read(&config, "photos", &beside).expect("has prompts").expect("read").prompts;
        let said: Vec<(&str, &str)> = prompts.iter().map(|prompt| (prompt.name.as_str(), prompt.content.as_str())).collect();
        assert_eq!(said, [("photos 1 1", "One"), ("photos 1 2", "Two {{x}}"), ("Chat", "Look"), ("photos 3", "")]);
        assert_eq!(prompts[2].parts.system, "Be brief");
        assert!(prompts[3].trouble.as_ref().is_some_and(|why| why.contains("file://c.txt")));
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
