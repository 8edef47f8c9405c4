//! Prompts: the default one, and a template's way to text.

use minijinja::{Environment, ErrorKind, UndefinedBehavior, context};

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::event::Happened;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};
use crate::wire::result::{Fault, FaultKind};

pub(super) const DEFAULT_NAME: &str = "Photo tags";
pub(super) const DEFAULT_CONTENT: &str = "\
You describe photos for a search index.

Look at the photo and answer with JSON only:

{\"caption\": \"one plain sentence\", \"tags\": [{\"name\": \"tag\", \"confidence\": 0.0}]}

- Give up to 15 tags: the main subject first, then other things, the place, the light and the mood.
- Tags are lower-case English nouns or short noun phrases in the singular: \"dog\", \"sandy beach\".
- Confidence is a number from 0 to 1: how sure you are that a careful person would agree.
- Name only what can be seen. Don't guess names of people.
";

/// Characters of a prompt's name.
const NAME_MOST: usize = 200;
/// Bytes of a prompt's text.
const CONTENT_MOST: usize = 200_000;

/// What a template may use.
#[derive(Debug, Clone)]
pub struct PhotoVariables {
    pub file_name: String,
    /// Pixels, after orientation.
    pub width: u32,
    pub height: u32,
}

/// Gives a fresh database its first prompt.
pub async fn ensure_default(core: &Core) -> Result<()> {
    if store::prompts::first_version(&core.db, core.org).await?.is_some() {
        return Ok(());
    }
    let now = core.now();
    let version = PromptVersion {
        id: PromptVersionId::fresh(),
        prompt_id: PromptId::fresh(),
        prompt_name: DEFAULT_NAME.to_owned(),
        version: 1,
        content: DEFAULT_CONTENT.to_owned(),
        note: "Shipped with the program".to_owned(),
        author: "Minerva".to_owned(),
        created_at: now,
        is_live: true,
    };
    let mut change = core.change().await?;
    store::prompts::insert(&mut change.tx, core.org, version.prompt_id, DEFAULT_NAME, now).await?;
    store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
    change.commit().await
}

pub async fn list(core: &Core) -> Result<Page<Prompt>> {
    let items = store::prompts::list(&core.db, core.org).await?;
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

pub async fn get(core: &Core, id: PromptId) -> Result<Prompt> {
    store::prompts::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "prompt" })
}

/// Makes a prompt; with text it begins with a version 1.
pub async fn create(core: &Core, asked: &CreatePrompt) -> Result<Prompt> {
    let name = check_name(&asked.name)?;
    if let Some(content) = &asked.content {
        check_text(content)?;
    }
    let mut change = core.change().await?;
    check_name_is_free(core, None, name).await?;
    let now = core.now();
    let mut prompt =
        Prompt { id: PromptId::fresh(), name: name.to_owned(), draft: None, latest_version: 0, live_version: None, revision: 1, updated_at: now };
    store::prompts::insert(&mut change.tx, core.org, prompt.id, name, now).await?;
    if let Some(content) = &asked.content {
        let version = version_of(&prompt, 1, content, "", "", now);
        store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
        prompt.latest_version = 1;
        change.tell(&Happened::PromptVersionSaved(version)).await?;
    }
    change.tell(&Happened::PromptChanged(prompt.clone())).await?;
    change.commit().await?;
    Ok(prompt)
}

/// Changes name or draft. `revision`: the one the caller has read. A draft equal to the newest version is no draft.
pub async fn update(core: &Core, id: PromptId, revision: u64, asked: &UpdatePrompt) -> Result<Prompt> {
    let mut change = core.change().await?;
    let mut prompt = get(core, id).await?;
    if prompt.revision != revision {
        return Err(DomainError::Stale { message: "The prompt has been changed since you read it; look at the new text and decide".to_owned() });
    }
    if let Some(name) = &asked.name {
        let name = check_name(name)?;
        check_name_is_free(core, Some(id), name).await?;
        name.clone_into(&mut prompt.name);
    }
    if let Some(draft) = &asked.draft {
        check_content(draft)?;
        let newest = store::prompts::newest_version(&core.db, core.org, id).await?;
        prompt.draft = (newest.as_ref().map(|version| &version.content) != Some(draft)).then(|| draft.clone());
    }
    prompt.revision += 1;
    prompt.updated_at = core.now();
    store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    change.tell(&Happened::PromptChanged(prompt.clone())).await?;
    change.commit().await?;
    Ok(prompt)
}

pub async fn versions(core: &Core, id: PromptId) -> Result<Page<PromptVersion>> {
    get(core, id).await?;
    let items = store::prompts::versions(&core.db, core.org, id).await?;
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

/// Saves an immutable version and clears the draft. The newest version's own text gives that version again.
pub async fn save_version(core: &Core, id: PromptId, asked: &SavePromptVersion) -> Result<PromptVersion> {
    check_text(&asked.content)?;
    let mut change = core.change().await?;
    let mut prompt = get(core, id).await?;
    let newest = store::prompts::newest_version(&core.db, core.org, id).await?;
    let version = match newest.filter(|newest| newest.content == asked.content) {
        Some(same) => same,
        None => {
            let version = version_of(&prompt, prompt.latest_version + 1, &asked.content, &asked.note, &asked.author, core.now());
            store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
            change.tell(&Happened::PromptVersionSaved(version.clone())).await?;
            version
        }
    };
    prompt.latest_version = version.version;
    prompt.draft = None;
    prompt.revision += 1;
    prompt.updated_at = core.now();
    store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    change.tell(&Happened::PromptChanged(prompt)).await?;
    change.commit().await?;
    Ok(version)
}

fn version_of(prompt: &Prompt, version: u32, content: &str, note: &str, author: &str, at: chrono::DateTime<chrono::Utc>) -> PromptVersion {
    PromptVersion {
        id: PromptVersionId::fresh(),
        prompt_id: prompt.id,
        prompt_name: prompt.name.clone(),
        version,
        content: content.to_owned(),
        note: note.trim().to_owned(),
        author: if author.trim().is_empty() { "you".to_owned() } else { author.trim().to_owned() },
        created_at: at,
        is_live: false,
    }
}

fn check_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MOST {
        return Err(DomainError::Invalid { code: "prompt_name", message: format!("A prompt's name has 1 to {NAME_MOST} characters") });
    }
    Ok(name)
}

async fn check_name_is_free(core: &Core, but: Option<PromptId>, name: &str) -> Result<()> {
    let taken = store::prompts::list(&core.db, core.org)
        .await?
        .into_iter()
        .any(|prompt| Some(prompt.id) != but && prompt.name.to_lowercase() == name.to_lowercase());
    if taken {
        return Err(DomainError::Conflict { code: "name_taken", message: format!("There is a prompt named '{name}' already; choose another name") });
    }
    Ok(())
}

fn check_content(content: &str) -> Result<()> {
    if content.len() > CONTENT_MOST {
        let message = format!("The prompt has {} bytes; at most {CONTENT_MOST} are kept. Shorten it", content.len());
        return Err(DomainError::Invalid { code: "prompt_too_long", message });
    }
    Ok(())
}

/// Refuses a text that can be no version: too long, empty, or no template.
pub fn check_text(content: &str) -> Result<()> {
    check_content(content)?;
    if content.trim().is_empty() {
        return Err(DomainError::Invalid { code: "empty_prompt", message: "The prompt is empty; write something first".to_owned() });
    }
    check_template(content)
}

/// Refuses a template that can't be parsed, with its line.
pub fn check_template(content: &str) -> Result<()> {
    Environment::empty().add_template("prompt", content).map_err(|error| invalid(explain(&error, content)))
}

/// Refuses a template that gives no text for a photo like any other, such as one with a variable that nothing fills.
pub fn check_renders(content: &str) -> Result<()> {
    let usual = PhotoVariables { file_name: "photo.jpg".to_owned(), width: 4_000, height: 3_000 };
    render(content, &usual).map(drop).map_err(|fault| invalid(fault.message))
}

fn invalid(message: String) -> DomainError {
    DomainError::Invalid { code: "template", message }
}

/// Steps that a template may take: a loop without end stops here.
const FUEL: u64 = 100_000;
/// Names that a template may use.
const VARIABLES: [&str; 3] = ["file_name", "width", "height"];

/// The text that a template gives for one photo.
pub fn render(template: &str, variables: &PhotoVariables) -> std::result::Result<String, Fault> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let PhotoVariables { file_name, width, height } = variables;
    let rendered = environment.render_str(template, context! { file_name, width, height });
    rendered.map_err(|error| Fault::new(FaultKind::Prompt, explain(&error, template)))
}

/// What is wrong with a template, where, and what to do.
fn explain(error: &minijinja::Error, template: &str) -> String {
    let line = error.line().map_or_else(String::new, |line| format!("Line {line}: "));
    let expression = error.range().and_then(|range| template.get(range)).map(str::trim).unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError => {
            let name = unknown_variable(expression, template);
            let known = VARIABLES.join(", ");
            format!(
                "{line}{name} has no value. A prompt may use {known}; braces that are meant as such are written {{% raw %}}{{{{ … }}}}{{% endraw %}}"
            )
        }
        ErrorKind::OutOfFuel => format!("{line}The prompt takes too many steps to fill in. Take a loop out, or let it run less often"),
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest | ErrorKind::UnknownMethod => {
            format!("{line}{expression}: there are no filters and functions in a prompt. Use {{{{ file_name }}}} as it is")
        }
        kind => {
            let why = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
            format!("{line}{why}. Braces that are meant as such are written {{% raw %}}{{{{ … }}}}{{% endraw %}}")
        }
    }
}

/// The variable that an error is about, in quotes. Where the error names only part of an expression, the
/// template says which names nothing fills.
fn unknown_variable(expression: &str, template: &str) -> String {
    let is_name = !expression.is_empty() && expression.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'));
    if is_name && !VARIABLES.contains(&expression) {
        return format!("'{expression}'");
    }
    let environment = Environment::empty();
    let mut unknown: Vec<String> =
        environment.template_from_str(template).map(|template| template.undeclared_variables(true)).unwrap_or_default().into_iter().collect();
    unknown.retain(|name| !VARIABLES.contains(&name.as_str()));
    unknown.sort();
    if unknown.is_empty() { format!("'{expression}'") } else { format!("'{}'", unknown.join("' or '")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(template: &str) -> std::result::Result<String, String> {
        let variables = PhotoVariables { file_name: "<cat> & {dog}.jpg".to_owned(), width: 400, height: 300 };
        render(template, &variables).map_err(|fault| fault.message)
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
    }

    #[test]
    fn a_template_cannot_reach_out_or_run_for_ever() {
        assert!(text("{% include 'secret' %}").is_err());
        let endless = "{% for a in file_name %}{% for b in file_name %}{% for c in file_name %}{% for d in file_name %}{% for e in file_name %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
        let words = text(endless).expect_err("stopped");
        assert!(words.contains("too many steps") || words.contains("Line"), "{words}");
    }

    #[test]
    fn a_text_that_is_no_template_is_refused_with_its_line() {
        let words = check_text("One\nTwo\n{{ file_name").expect_err("refused").to_string();
        assert!(words.starts_with("Line 3: "), "{words}");
        assert!(check_text(" \n").is_err());
        assert!(check_text(&"x".repeat(CONTENT_MOST + 1)).is_err());
        assert!(check_text(DEFAULT_CONTENT).is_ok());
    }
}
