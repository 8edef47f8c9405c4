//! Langfuse: prompts as its API gives them (`GET /api/public/v2/prompts/NAME`), one, a list of them, or within `data`.
//!
//! Its form: <https://langfuse.com/docs/prompt-management/data-model>. Templates are `{{name}}` there and nothing else.

use serde_json::Value;

use super::{FilePrompt, ReadFile, chat, refusal, settings, value};
use crate::platform::domain::Result;
use crate::wire::prompt_file::FileFormat;

/// The label that Langfuse moves by itself.
const LATEST: &str = "latest";

/// Whether a value is a prompt with its text.
pub fn is_prompt(value: &Value) -> bool {
    let has_text = value.get("prompt").is_some_and(|prompt| prompt.is_string() || prompt.is_array());
    has_text && value.get("name").is_some_and(Value::is_string)
}

/// Prompts, those of one name in the order of their versions.
pub fn read(items: &[Value]) -> ReadFile {
    let mut prompts: Vec<FilePrompt> = items.iter().map(one).collect();
    // A prompt's versions come newest first; they are to be made oldest first. The sort is stable: names keep their order.
    let first = |prompts: &[FilePrompt], name: &str| prompts.iter().position(|prompt| prompt.name == name);
    let places: Vec<Option<usize>> = prompts.iter().map(|prompt| first(&prompts, &prompt.name)).collect();
    let mut order: Vec<usize> = (0..prompts.len()).collect();
    order.sort_by_key(|at| (places[*at], prompts[*at].version));
    let mut sorted: Vec<FilePrompt> = Vec::with_capacity(prompts.len());
    for at in order {
        sorted.push(std::mem::take(&mut prompts[at]));
    }
    ReadFile { format: FileFormat::Langfuse, prompts: sorted, warnings: Vec::new() }
}

/// A page of a list. That of Langfuse's own API has names and versions but no texts.
pub fn read_page(items: &[Value], meta: Option<&Value>) -> Result<ReadFile> {
    if !items.is_empty() && !items.iter().any(is_prompt) {
        let words =
            "This list of Langfuse has names and versions but no texts. Ask it for each prompt (GET /api/public/v2/prompts/NAME) and import those";
        return Err(refusal("no_texts", words));
    }
    let mut file = read(items);
    let total = meta.and_then(|meta| meta.get("totalItems")).and_then(Value::as_u64);
    if let Some(total) = total.filter(|total| *total > items.len() as u64) {
        file.warnings.push(format!("This is a page of {} of {total} prompts; import the others too", items.len()));
    }
    Ok(file)
}

fn one(item: &Value) -> FilePrompt {
    let words = |name: &str| item.get(name).and_then(value::text).unwrap_or_default();
    let mut prompt = FilePrompt {
        name: words("name"),
        version: item.get("version").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()),
        note: words("commitMessage"),
        author: words("createdBy"),
        ..FilePrompt::default()
    };
    match item.get("prompt") {
        Some(Value::String(text)) => text.clone_into(&mut prompt.content),
        Some(Value::Array(messages)) => chat::take(messages, &mut prompt),
        _ => prompt.trouble = Some("It has no text".to_owned()),
    }
    prompt.labels = value::texts(item.get("labels"));
    if prompt.labels.iter().any(|label| label == LATEST) {
        prompt.labels.retain(|label| label != LATEST);
        prompt.warnings.push("The label latest is left out: it is the newest version's place, not a word for this one".to_owned());
    }
    let tags = value::texts(item.get("tags"));
    if !tags.is_empty() {
        prompt.warnings.push(format!("Tags become labels of the version: {}", tags.join(", ")));
        prompt.labels.extend(tags);
    }
    settings::take_kindly(item.get("config"), &mut prompt.parts, &mut prompt.warnings);
    let texts = [&prompt.content, &prompt.parts.system];
    if texts.iter().any(|text| text.contains("@@@langfusePrompt:")) {
        prompt.trouble =
            Some("It takes another prompt into its text (@@@langfusePrompt…@@@). Ask Langfuse for it with resolve=true, and import that".to_owned());
    }
    if texts.iter().any(|text| text.contains("{%") || text.contains("{#")) {
        prompt
            .warnings
            .push("{% and {# mean something in a template of Minerva; put them between {% raw %} and {% endraw %} if they are words".to_owned());
    }
    prompt
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_and_chat_are_read_with_what_belongs_to_them() {
        let text = json!({"name": "movie-critic", "type": "text", "prompt": "Do you like {{movie}}?", "version": 3, "commitMessage": "shorter",
            "config": {"model": "gpt-4o", "temperature": 0.5, "supported_languages": ["en"], "max_tokens": 9_999_999},
            "labels": ["production", "latest"], "tags": ["movies"], "resolutionGraph": null});
        let chat = json!({"name": "chat", "type": "chat", "version": 1, "labels": [], "tags": [], "config": {},
            "prompt": [{"type": "chatmessage", "role": "system", "content": "Be kind"}, {"type": "placeholder", "name": "history"},
                {"role": "user", "content": "Look at {{file_name}}"}]});
        let file = read(&[text, chat]);
        let critic = &file.prompts[0];
        assert_eq!((critic.content.as_str(), critic.version, critic.note.as_str()), ("Do you like {{movie}}?", Some(3), "shorter"));
        assert_eq!(critic.labels, ["production", "movies"]);
        assert_eq!((critic.parts.parameters.temperature, critic.parts.parameters.max_output_tokens), (Some(0.5), None));
        let told = critic.warnings.join(" | ");
        for words in ["latest", "model, supported_languages", "max_tokens is 9999999", "movies"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!((file.prompts[1].parts.system.as_str(), file.prompts[1].content.as_str()), ("Be kind", "Look at {{file_name}}"));
        assert!(file.prompts[1].warnings[0].contains("history"));
    }

    #[test]
    fn versions_come_in_their_order_and_lists_without_texts_are_told() {
        let version = |name: &str, version: u32| json!({"name": name, "prompt": format!("{name} {version}"), "version": version});
        let file = read_page(&[version("b", 2), version("a", 9), version("b", 1)], Some(&json!({"page": 1, "totalItems": 7}))).expect("read");
        assert_eq!(file.prompts.iter().map(|prompt| prompt.content.as_str()).collect::<Vec<_>>(), ["b 1", "b 2", "a 9"]);
        assert!(file.warnings[0].contains("3 of 7"));
        let names = [json!({"name": "a", "versions": [1, 2], "labels": [], "tags": []})];
        assert!(read_page(&names, None).expect_err("no texts").to_string().contains("GET /api/public/v2/prompts/NAME"));
        let nested = read(&[json!({"name": "n", "prompt": "@@@langfusePrompt:name=x|label=production@@@"})]);
        assert!(nested.prompts[0].trouble.is_some());
    }
}
