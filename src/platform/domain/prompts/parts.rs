//! What may be kept of a prompt: as a version only what can be asked, as a draft anything that is not too long.

use super::template::{self, PromptText, SYSTEM, placed};
use crate::platform::domain::{DomainError, Result};
use crate::wire::answer_schema::{AnswerSchema, SCHEMA_MOST};
use crate::wire::prompt_parts::{PromptParts, SYSTEM_MOST, VARIABLE_NAME_MOST, VARIABLE_VALUE_MOST, VARIABLES_MOST, Variable, variable_problems};

/// Bytes of a prompt's user text.
pub const CONTENT_MOST: usize = 200_000;

/// A text with the line ends that this program writes: what was written on another system is the same text, line by line.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

/// The same of all parts.
#[must_use]
pub fn plain_parts(parts: &PromptParts) -> PromptParts {
    let variables = parts.variables.iter().map(|own| Variable { name: own.name.clone(), value: plain_lines(&own.value) });
    PromptParts { system: plain_lines(&parts.system), schema: plain_lines(&parts.schema), variables: variables.collect(), ..*parts }
}

fn refuse<T>(code: &'static str, message: String) -> Result<T> {
    Err(DomainError::Invalid { code, message })
}

/// Refuses a prompt that can be no version, in the order in which a person meets its parts: the user text, the system text, the
/// schema, the parameters, the variables.
pub fn check(prompt: PromptText<'_>) -> Result<()> {
    let PromptText { content, parts } = prompt;
    check_length(content, parts)?;
    check_is_there(content)?;
    if let Some(words) = template::problem(content, parts) {
        return refuse("template", words);
    }
    if let Some(words) = template::problem(&parts.system, parts) {
        return refuse("system_template", placed(SYSTEM, &words));
    }
    if !parts.schema.trim().is_empty()
        && let Err(problems) = AnswerSchema::parse(&parts.schema)
    {
        let words: Vec<String> = problems.iter().map(|problem| placed("Answer, ", &problem.to_string())).collect();
        return refuse("schema", words.join(" · "));
    }
    if let Some((_, words)) = parts.parameters.problems().into_iter().next() {
        return refuse("parameters", words);
    }
    match variable_problems(&parts.variables).into_iter().next() {
        Some(problem) => refuse("variables", problem.message),
        None => Ok(()),
    }
}

/// Refuses a draft that is too long; else it may be anything.
pub(super) fn check_draft(content: &str, parts: &PromptParts) -> Result<()> {
    check_length(content, parts)?;
    let variables = &parts.variables;
    let is_endless = variables.len() > VARIABLES_MOST * 2
        || variables.iter().any(|variable| variable.name.len() > VARIABLE_NAME_MOST * 10 || variable.value.len() > VARIABLE_VALUE_MOST * 2);
    if is_endless {
        return refuse("variables", format!("A prompt has at most {VARIABLES_MOST} variables of at most {VARIABLE_VALUE_MOST} bytes; shorten them"));
    }
    Ok(())
}

fn check_length(content: &str, parts: &PromptParts) -> Result<()> {
    for (what, text, most, code) in [
        ("prompt", content, CONTENT_MOST, "prompt_too_long"),
        ("system text", &parts.system, SYSTEM_MOST, "system_too_long"),
        ("schema", &parts.schema, SCHEMA_MOST, "schema_too_long"),
    ] {
        if text.len() > most {
            return refuse(code, format!("The {what} has {} bytes; at most {most} are kept. Shorten it", text.len()));
        }
    }
    Ok(())
}

fn check_is_there(content: &str) -> Result<()> {
    if content.trim().is_empty() {
        return refuse("empty_prompt", "The prompt is empty; write something first".to_owned());
    }
    Ok(())
}

/// Refuses a user text that can be no version: too long, empty, or no template.
pub fn check_text(content: &str) -> Result<()> {
    check(PromptText { content, parts: &PromptParts::default() })
}

/// Refuses a template that can't be parsed, with its line.
pub fn check_template(content: &str) -> Result<()> {
    template::problem(content, &PromptParts::default()).map_or(Ok(()), |words| refuse("template", words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::prompts::DEFAULT_CONTENT;
    use crate::wire::prompt_parts::Parameters;

    fn refused(parts: &PromptParts) -> (&'static str, String) {
        match check(PromptText { content: "Look", parts }) {
            Err(DomainError::Invalid { code, message }) => (code, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_that_is_no_template_is_refused_with_its_line() {
        let words = check_text("One\nTwo\n{{ file_name").expect_err("refused").to_string();
        assert!(words.starts_with("Line 3: "), "{words}");
        assert!(check_text(" \n").is_err());
        assert!(check_text(&"x".repeat(CONTENT_MOST + 1)).is_err());
        assert!(check_text(DEFAULT_CONTENT).is_ok());
    }

    #[test]
    fn each_part_is_refused_by_its_own_name_and_place() {
        let system = PromptParts { system: "A\n{% if width %}".to_owned(), ..PromptParts::default() };
        let (code, words) = refused(&system);
        assert!(code == "system_template" && words.starts_with("System text, line 2: "), "{words}");
        let (code, words) = refused(&PromptParts { schema: "{\n\"type\": 5}".to_owned(), ..PromptParts::default() });
        assert!(code == "schema" && words.starts_with("Answer, line 2: "), "{words}");
        let hot = Parameters { temperature: Some(3.0), ..Parameters::default() };
        assert_eq!(refused(&PromptParts { parameters: hot, ..PromptParts::default() }).0, "parameters");
        let taken = vec![Variable { name: "width".to_owned(), value: "5".to_owned() }];
        assert_eq!(refused(&PromptParts { variables: taken, ..PromptParts::default() }).0, "variables");
        assert_eq!(refused(&PromptParts { system: "x".repeat(SYSTEM_MOST + 1), ..PromptParts::default() }).0, "system_too_long");
    }
}
