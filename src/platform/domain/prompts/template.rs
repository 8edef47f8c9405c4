//! A template's way to text, with a photo's own values and the author's variables; what stops it is told with its line.

use std::collections::BTreeMap;

use minijinja::{Environment, ErrorKind, Template, UndefinedBehavior, Value};

use crate::platform::domain::{DomainError, Result};
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_parts::PromptParts;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::template_depth::too_deep;
use crate::wire::unclosed::unclosed;

/// Steps that a template may take: a loop without end stops here. Every 64 bytes of a text that is put together on the way count as
/// a step as well, and are counted before they are there: a text that doubles itself again and again ends at 6.4 MB.
const FUEL: u64 = 100_000;
/// Bytes of a filled-in text: a loop that only writes is stopped by these.
const RENDERED_MOST: usize = 1_000_000;

/// What a template may use of a photo.
#[derive(Debug, Clone)]
pub struct PhotoVariables {
    pub file_name: String,
    /// Pixels, after orientation.
    pub width: u32,
    pub height: u32,
}

impl PhotoVariables {
    /// Those of a photo like any other.
    pub(super) fn usual() -> Self {
        Self { file_name: "photo.jpg".to_owned(), width: 4_000, height: 3_000 }
    }
}

/// A prompt's texts, wherever they are kept: in a version, in a run's column, in an editor.
#[derive(Debug, Clone, Copy)]
pub struct PromptText<'a> {
    pub content: &'a str,
    pub parts: &'a PromptParts,
}

impl<'a> From<&'a PromptVersion> for PromptText<'a> {
    fn from(version: &'a PromptVersion) -> Self {
        Self { content: &version.content, parts: &version.parts }
    }
}

/// The texts of a prompt, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Empty: none.
    pub system: String,
    pub user: String,
}

/// The texts that a prompt gives for one photo.
pub fn render(prompt: PromptText<'_>, variables: &PhotoVariables) -> std::result::Result<Rendered, Fault> {
    let user = fill(prompt.content, prompt.parts, variables).map_err(|error| fault(&error, prompt.content, prompt.parts, ""))?;
    let system = &prompt.parts.system;
    let system = fill(system, prompt.parts, variables).map_err(|error| fault(&error, system, prompt.parts, SYSTEM))?;
    Ok(Rendered { system, user })
}

/// Begins what is said of the system text.
pub(super) const SYSTEM: &str = "System text, ";

/// Refuses a prompt that gives no text for a photo like any other, such as one with a variable that nothing fills.
pub fn check_renders(prompt: PromptText<'_>) -> Result<()> {
    render(prompt, &PhotoVariables::usual()).map(drop).map_err(|fault| {
        let code = if fault.message.starts_with(SYSTEM) { "system_template" } else { "template" };
        DomainError::Invalid { code, message: fault.message }
    })
}

/// Why a template can't be kept: it can't be parsed, or can't be filled in. A variable that nothing fills yet is no reason.
pub(super) fn problem(template: &str, parts: &PromptParts) -> Option<String> {
    if let Err(error) = read_template(&Environment::empty(), template) {
        return Some(explain(&error, template, parts));
    }
    match fill(template, parts, &PhotoVariables::usual()) {
        Err(error) if error.kind() != ErrorKind::UndefinedError => Some(explain(&error, template, parts)),
        _ => None,
    }
}

/// Reads a template, unless it would take the program into the deep.
pub fn read_template<'e, 't>(environment: &'e Environment<'t>, template: &'t str) -> std::result::Result<Template<'e, 't>, minijinja::Error> {
    match too_deep(template) {
        Some((_, why)) => Err(minijinja::Error::new(ErrorKind::SyntaxError, why)),
        None => environment.template_from_str(template),
    }
}

fn fill(template: &str, parts: &PromptParts, photo: &PhotoVariables) -> std::result::Result<String, minijinja::Error> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let mut values: BTreeMap<&str, Value> = parts.variables.iter().map(|own| (own.name.as_str(), Value::from(own.value.as_str()))).collect();
    values.insert("file_name", photo.file_name.as_str().into());
    values.insert("width", photo.width.into());
    values.insert("height", photo.height.into());
    let mut text = Bounded(Vec::new());
    read_template(&environment, template)?.render_captured_to(Value::from_pairs(values), &mut text)?;
    Ok(String::from_utf8_lossy(&text.0).into_owned())
}

/// Takes no more than a text may have: what writes without end fills no memory.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > RENDERED_MOST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn fault(error: &minijinja::Error, template: &str, parts: &PromptParts, place: &str) -> Fault {
    Fault::new(FaultKind::Prompt, placed(place, &explain(error, template, parts)))
}

/// `Line 3: …` said of a part: `System text, line 3: …`.
pub(super) fn placed(place: &str, words: &str) -> String {
    match words.strip_prefix('L').filter(|_| !place.is_empty() && words.starts_with("Line ")) {
        Some(rest) => format!("{place}l{rest}"),
        None => format!("{place}{words}"),
    }
}

/// What is wrong with a template, where, and what to do.
pub(super) fn explain(error: &minijinja::Error, template: &str, parts: &PromptParts) -> String {
    if let Some((line, why)) = too_deep(template) {
        return format!("Line {line}: {why}");
    }
    if error.kind() == ErrorKind::SyntaxError
        && let Some((line, braces)) = unclosed(template, error.line())
    {
        return format!("Line {line}: “{braces}” is never closed. Braces that are meant as such are written {{% raw %}}{{{{ … }}}}{{% endraw %}}");
    }
    let line = error.line().map_or_else(String::new, |line| format!("Line {line}: "));
    let expression = error.range().and_then(|range| template.get(range)).map(str::trim).unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError => {
            let name = unknown_variable(expression, template, parts);
            let known: Vec<&str> = parts.names().collect();
            format!(
                "{line}{name} has no value. A prompt may use {}; braces that are meant as such are written {{% raw %}}{{{{ … }}}}{{% endraw %}}",
                known.join(", ")
            )
        }
        ErrorKind::OutOfFuel => format!("{line}{}", out_of_fuel(template)),
        ErrorKind::WriteFailure => {
            format!("{line}The filled-in prompt has more than {RENDERED_MOST} bytes. Take a loop out, or let it run less often")
        }
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest | ErrorKind::UnknownMethod => {
            format!("{line}{expression}: there are no filters and functions in a prompt. Use {{{{ file_name }}}} as it is")
        }
        kind => {
            let why = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
            format!("{line}{why}. Braces that are meant as such are written {{% raw %}}{{{{ … }}}}{{% endraw %}}")
        }
    }
}

/// Where there is no loop, it is a text that has grown.
fn out_of_fuel(template: &str) -> &'static str {
    let can_loop = ["for", "macro", "recursive"].iter().any(|word| template.contains(word));
    if can_loop {
        "The prompt takes too many steps to fill in. Take a loop out, or let it run less often"
    } else {
        "A text that the prompt puts together grows beyond 6 MB. Join fewer texts with ~, + or *"
    }
}

/// The variable that an error is about, in quotes. Where the error names only part of an expression, the
/// template says which names nothing fills.
fn unknown_variable(expression: &str, template: &str, parts: &PromptParts) -> String {
    let is_known = |name: &str| parts.names().any(|known| known == name);
    let is_name = !expression.is_empty() && expression.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'));
    if is_name && !is_known(expression) {
        return format!("'{expression}'");
    }
    let environment = Environment::empty();
    let mut unknown: Vec<String> =
        environment.template_from_str(template).map(|template| template.undeclared_variables(true)).unwrap_or_default().into_iter().collect();
    unknown.retain(|name| !is_known(name));
    unknown.sort();
    if unknown.is_empty() { format!("'{expression}'") } else { format!("'{}'", unknown.join("' or '")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::prompts::DEFAULT_CONTENT;
    use crate::wire::prompt_parts::Variable;

    /// Ten to the sixth times.
    const ENDLESS: &str = "{% set t = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}{% for a in t %}{% for b in t %}{% for c in t %}{% for d in t %}{% for e in t %}{% for f in t %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";

    fn filled(content: &str, parts: &PromptParts) -> std::result::Result<Rendered, String> {
        let variables = PhotoVariables { file_name: "<cat> & {dog}.jpg".to_owned(), width: 400, height: 300 };
        render(PromptText { content, parts }, &variables).map_err(|fault| fault.message)
    }

    fn text(template: &str) -> std::result::Result<String, String> {
        filled(template, &PromptParts::default()).map(|rendered| rendered.user)
    }

    #[test]
    fn variables_are_filled_in_as_they_are() {
        assert_eq!(text("{{ file_name }}: {{width}} × {{ height }}").as_deref(), Ok("<cat> & {dog}.jpg: 400 × 300"));
        assert_eq!(text("{% if width > height %}wide{% else %}tall{% endif %}").as_deref(), Ok("wide"));
        assert_eq!(text("{\"tags\": [{\"name\": \"\"}]}").as_deref(), Ok("{\"tags\": [{\"name\": \"\"}]}"));
        assert_eq!(text("{% raw %}{{ left }}{% endraw %}").as_deref(), Ok("{{ left }}"));
        assert_eq!(text(DEFAULT_CONTENT).as_deref(), Ok(DEFAULT_CONTENT.trim_end_matches('\n')));
    }

    #[test]
    fn both_texts_use_the_authors_variables_whose_braces_stay_braces() {
        let variables = vec![Variable { name: "subject".to_owned(), value: "{{ width }} birds".to_owned() }];
        let parts = PromptParts { system: "Look for {{ subject }} in {{ file_name }}".to_owned(), variables, ..PromptParts::default() };
        let rendered = filled("Name the {{ subject }}", &parts).expect("filled in");
        assert_eq!(rendered.user, "Name the {{ width }} birds");
        assert_eq!(rendered.system, "Look for {{ width }} birds in <cat> & {dog}.jpg");
    }

    #[test]
    fn a_variable_without_a_value_is_named_with_its_line_and_what_there_is() {
        for (template, line, name) in [
            ("One\nTwo {{ colour }}", "Line 2", "'colour'"),
            ("{{ photo.camera }}", "Line 1", "photo"),
            ("\n\n{% for tag in wanted %}{{ tag }}{% endfor %}", "Line 3", "'wanted'"),
            ("{% if colour == 1 %}x{% endif %}", "Line 1", "'colour'"),
        ] {
            let words = text(template).expect_err("refused");
            assert!(words.contains(line) && words.contains(name) && words.contains("file_name"), "{template}: {words}");
        }
        let parts = PromptParts { system: "A\n{{ colour }}".to_owned(), ..PromptParts::default() };
        let words = filled("Fine", &parts).expect_err("refused");
        assert!(words.starts_with("System text, line 2: 'colour' has no value"), "{words}");
        let refused = check_renders(PromptText { content: "Fine", parts: &parts }).expect_err("refused");
        assert!(matches!(refused, DomainError::Invalid { code: "system_template", .. }), "{refused}");
    }

    #[test]
    fn braces_that_are_never_closed_are_told_where_they_open() {
        let words = text(&format!("{}{{{{broken\nand text\n", "\n".repeat(10))).expect_err("refused");
        assert!(words.starts_with("Line 11: “{{” is never closed"), "{words}");
    }

    /// Each of these took the program with it.
    #[test]
    fn a_template_cannot_go_deeper_than_the_stack() {
        for deep in [
            format!("{{{{ 1{} }}}}", "+1".repeat(60_000)),
            format!("{{{{ {}width }}}}", "not ".repeat(50_000)),
            format!("{{{{ file_name{} }}}}", ".a".repeat(60_000)),
            format!("{{% if width %}}{}{{% endif %}}", "{% elif width %}".repeat(10_000)),
            format!("{{{{ {}1{} }}}}", "(".repeat(60_000), ")".repeat(60_000)),
            "{% if width %}".repeat(10_000),
        ] {
            let words = problem(&deep, &PromptParts::default()).expect("refused");
            assert!(words.starts_with("Line 1: "), "{words}");
            assert!(text(&deep).is_err());
        }
        assert_eq!(text(&format!("{{{{ 1{} }}}}", "+1".repeat(199))).as_deref(), Ok("200"), "what may be is filled in");
        assert!(text(&format!("{{% if width < 1 %}}{}{{% endif %}}", "{% elif width %}".repeat(100))).is_ok());
    }

    #[test]
    fn a_template_cannot_reach_out_or_run_for_ever() {
        assert!(text("{% include 'secret' %}").is_err());
        let words = problem(ENDLESS, &PromptParts::default()).expect("stopped");
        assert!(words.contains("too many steps"), "{words}");
        for growing in [
            format!("{{% set x = file_name %}}{}", "{% set x = x ~ x %}".repeat(60)),
            format!("{{% set x = 'ab' %}}{}", "{% set x = x + x %}".repeat(60)),
            format!("{{% set x = file_name %}}{}", "{% set x = x * 1000 %}".repeat(9)),
            format!("{{% set x = 'ab' %}}{}", "{% set x %}{{ x }}{{ x }}{% endset %}".repeat(60)),
        ] {
            let words = problem(&growing, &PromptParts::default()).expect("stopped");
            assert!(words.starts_with("Line 1: A text that the prompt puts together grows beyond"), "{words}");
        }
        assert_eq!(problem("{% set name = 'Photo ' ~ file_name %}{{ name }}", &PromptParts::default()), None);
        assert_eq!(problem("{{ colour }}", &PromptParts::default()), None, "it may get its value later");
        let long = Variable { name: "x".to_owned(), value: "y".repeat(10_000) };
        let parts = PromptParts { variables: vec![long], ..PromptParts::default() };
        assert_eq!(problem(&"{{ x }}".repeat(20), &parts), None);
        let words = problem(&"{{ x }}".repeat(120), &parts).expect("stopped");
        assert!(words.contains("more than 1000000 bytes"), "{words}");
    }
}
