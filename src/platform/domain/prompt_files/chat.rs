//! Messages of a chat, as promptfoo and Langfuse keep them: what becomes system and user text.

use serde_json::Value;

use super::FilePrompt;

/// Whether a list is one of messages.
pub fn is_chat(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.get("role").is_some_and(Value::is_string) && item.get("content").is_some())
}

/// Takes over the messages: those of the system as system text, those of the user as the prompt, in order, with a blank line between.
pub fn take(messages: &[Value], prompt: &mut FilePrompt) {
    let (mut system, mut user) = (Vec::new(), Vec::new());
    let (mut left_out, mut pictures, mut placeholders) = (Vec::new(), 0, Vec::new());
    for message in messages {
        if message.get("type").and_then(Value::as_str) == Some("placeholder") {
            placeholders.push(message.get("name").and_then(Value::as_str).unwrap_or("?").to_owned());
            continue;
        }
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        let text = text(message.get("content"), &mut pictures);
        match role {
            "system" | "developer" => system.push(text),
            "user" => user.push(text),
            other => left_out.push(if other.is_empty() { "a message without a role".to_owned() } else { format!("a message of '{other}'") }),
        }
    }
    let join = |texts: Vec<String>| texts.into_iter().filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n");
    if user.len() > 1 {
        prompt.warnings.push(format!("{} messages of the user are put together into one", user.len()));
    }
    (prompt.parts.system, prompt.content) = (join(system), join(user));
    if prompt.content.is_empty() && !prompt.parts.system.is_empty() {
        prompt.content = std::mem::take(&mut prompt.parts.system);
        prompt.warnings.push("There is no message of the user: that of the system becomes the prompt".to_owned());
    }
    if !left_out.is_empty() {
        prompt.warnings.push(format!("Left out, since a photo is asked about once and not in turns: {}", left_out.join(", ")));
    }
    if !placeholders.is_empty() {
        prompt.warnings.push(format!("Left out: places for messages to come ({})", placeholders.join(", ")));
    }
    if pictures > 0 {
        prompt.warnings.push("Pictures in messages are left out: Minerva adds the photo itself".to_owned());
    }
}

/// The text of a message, or of its parts.
fn text(content: Option<&Value>, pictures: &mut usize) -> String {
    let Some(Value::Array(parts)) = content else {
        return content.and_then(super::value::text).unwrap_or_default();
    };
    let mut texts = Vec::new();
    for part in parts {
        match part.get("text").or(Some(part)).and_then(Value::as_str) {
            Some(text) => texts.push(text),
            None => *pictures += 1,
        }
    }
    texts.join("\n")
}
