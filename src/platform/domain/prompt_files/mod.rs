//! Files with prompts: what is read and written of them, and what becomes of a file's prompts on this platform.

mod chat;
mod langfuse;
mod markdown;
mod plan;
mod promptfoo;
mod settings;
mod value;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::ids::PromptId;
use crate::wire::prompt_file::{FILE_MOST, FileFormat, ImportPrompts, Imported};
use crate::wire::prompt_parts::PromptParts;

/// Prompts of one file at most.
const PROMPTS_MOST: usize = 500;

/// One prompt as a file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct FilePrompt {
    name: String,
    version: Option<u32>,
    note: String,
    author: String,
    labels: Vec<String>,
    content: String,
    parts: PromptParts,
    /// What is left out or changed.
    warnings: Vec<String>,
    /// Why nothing can be made of it.
    trouble: Option<String>,
}

/// A file that was read.
#[derive(Debug, PartialEq, Eq)]
struct ReadFile {
    format: FileFormat,
    prompts: Vec<FilePrompt>,
    warnings: Vec<String>,
}

impl ReadFile {
    fn one(format: FileFormat, prompt: FilePrompt) -> Self {
        Self { format, prompts: vec![prompt], warnings: Vec::new() }
    }
}

/// A version as a Markdown file: the file's name and its text.
pub async fn export(core: &Core, id: PromptId, number: u32) -> Result<(String, String)> {
    let version = store::prompts::numbered(&core.db, core.org, id, number).await?.ok_or(DomainError::NotFound { what: "version" })?;
    Ok((version.file_name(), markdown::write(&version)?))
}

/// Makes what a file has, all that is chosen of it or nothing; in a dry run only says what would be made.
pub async fn import(core: &Core, asked: &ImportPrompts, dry_run: bool) -> Result<Imported> {
    let bytes = STANDARD.decode(&asked.file).map_err(|_| refusal("not_base64", "The file's bytes are to be sent in base64"))?;
    let name = asked.file_name.clone();
    let beside = asked.beside.clone();
    let file = core.on_a_core(move || read(&name, &bytes, &beside)).await??;
    plan::import(core, file, &asked.choices, dry_run).await
}

fn refusal(code: &'static str, message: impl Into<String>) -> DomainError {
    DomainError::Invalid { code, message: message.into() }
}

/// Texts of files that a file names, by their paths beside it.
type Beside = BTreeMap<String, String>;

/// Reads a file of whatever form.
fn read(file_name: &str, bytes: &[u8], beside: &Beside) -> Result<ReadFile> {
    let text = text_of(file_name, bytes)?;
    let stem = Path::new(file_name).file_stem().map(|stem| stem.to_string_lossy().replace(['_', '-'], " ")).unwrap_or_default();
    let stem = if stem.trim().is_empty() { "Imported prompt".to_owned() } else { stem.trim().to_owned() };
    let extension = Path::new(file_name).extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let begins_with = |letters: &[char]| text.trim_start().starts_with(letters);
    let file = match extension.as_str() {
        "yaml" | "yml" => structured(&value::yaml(text)?, &stem, beside)?,
        "json" => structured(&value::json(text)?, &stem, beside)?,
        "md" | "markdown" | "txt" | "prompt" | "j2" => markdown::read(text, &stem)?,
        _ if begins_with(&['{', '[']) && value::json(text).is_ok() => structured(&value::json(text)?, &stem, beside)?,
        _ => markdown::read(text, &stem)?,
    };
    if file.prompts.is_empty() {
        return Err(refusal("no_prompts", format!("{file_name} holds no prompt")));
    }
    if file.prompts.len() > PROMPTS_MOST {
        let many = file.prompts.len();
        return Err(refusal(
            "too_many_prompts",
            format!("{file_name} holds {many} prompts; at most {PROMPTS_MOST} are read at once. Split the file"),
        ));
    }
    Ok(file)
}

/// The text of a file, or why it has none.
fn text_of<'b>(file_name: &str, bytes: &'b [u8]) -> Result<&'b str> {
    if bytes.len() > FILE_MOST {
        let megabytes = bytes.len() as f64 / 1_048_576.0;
        let most = FILE_MOST / 1_048_576;
        return Err(refusal("file_too_large", format!("{file_name} has {megabytes:.1} MiB; files of at most {most} MiB are read. Split it")));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(refusal("not_utf8", format!("{file_name} is written in UTF-16; save it as UTF-8 and import it again")));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(refusal("not_text", format!("{file_name} is not a text. Choose a Markdown, YAML or JSON file")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        refusal("not_utf8", format!("{file_name} is not written in UTF-8 (line {line}); save it as UTF-8 and import it again"))
    })?;
    if text.trim().is_empty() {
        return Err(refusal("empty_file", format!("{file_name} is empty")));
    }
    Ok(text)
}

/// What JSON or YAML is of: promptfoo has `prompts` or messages, Langfuse has `prompt` and `name`, alone, in a list, or in `data`.
fn structured(value: &serde_json::Value, stem: &str, beside: &Beside) -> Result<ReadFile> {
    let unknown = || {
        let words = "This is neither a configuration of promptfoo (with 'prompts'), nor a list of messages (with 'role' and 'content'), nor an \
                     export of Langfuse (with 'name' and 'prompt'). A prompt of Minerva is a Markdown file";
        refusal("unknown_form", words)
    };
    match value {
        serde_json::Value::Array(items) if chat::is_chat(items) => Ok(promptfoo::read_chat(items, stem)),
        serde_json::Value::Array(items) if items.iter().any(langfuse::is_prompt) => Ok(langfuse::read(items)),
        serde_json::Value::Object(map) => {
            if langfuse::is_prompt(value) {
                return Ok(langfuse::read(std::slice::from_ref(value)));
            }
            if let Some(items) =
                map.get("data").and_then(serde_json::Value::as_array).filter(|items| items.iter().all(|item| item.get("name").is_some()))
            {
                return langfuse::read_page(items, map.get("meta"));
            }
            // Results that promptfoo has written hold the configuration that they are of.
            let config = map.get("config").filter(|config| config.get("prompts").is_some()).and_then(serde_json::Value::as_object).unwrap_or(map);
            promptfoo::read(config, stem, beside).unwrap_or_else(|| Err(unknown()))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, bytes: &[u8]) -> (&'static str, String) {
        match read(name, bytes, &Beside::new()) {
            Err(DomainError::Invalid { code, message }) => (code, message),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        assert_eq!(refused("cat.md", &[0x89, b'P', b'N', b'G', 0, 1]).0, "not_text");
        assert_eq!(refused("latin.md", b"one\ncaf\xe9").1, "latin.md is not written in UTF-8 (line 2); save it as UTF-8 and import it again");
        assert_eq!(refused("wide.md", &[0xff, 0xfe, b'a', 0]).0, "not_utf8");
        assert_eq!(refused("empty.md", b" \n").0, "empty_file");
        assert_eq!(refused("large.md", &vec![b'x'; FILE_MOST + 1]).0, "file_too_large");
    }

    #[test]
    fn broken_and_unknown_structures_are_refused_with_their_line() {
        let (code, words) = refused("p.json", b"{\n  \"prompts\": [\n}");
        assert!(code == "not_json" && words.contains("Line 3"), "{words}");
        let (code, words) = refused("p.yaml", b"prompts:\n  - a\n bad: [");
        assert!(code == "not_yaml" && words.starts_with("Line "), "{words}");
        assert_eq!(refused("p.yaml", b"prompts: []").0, "no_prompts");
        for unknown in [&b"[1, 2]"[..], b"{\"tests\": []}", b"\"text\"", b"{\"data\": 5}"] {
            assert_eq!(refused("p.json", unknown).0, "unknown_form", "{}", String::from_utf8_lossy(unknown));
        }
    }

    #[test]
    fn aliases_that_multiply_are_stopped() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f"), ("h", "g")] {
            let list = vec![format!("*{before}"); 10].join(", ");
            bomb = format!("{bomb}{name}: &{name} [{list}]\n");
        }
        assert_eq!(refused("bomb.yaml", bomb.as_bytes()).0, "not_yaml");
    }
}
