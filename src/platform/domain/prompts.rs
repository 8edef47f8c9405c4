//! Prompts: the default one, and a template's way to text.

use minijinja::{Environment, UndefinedBehavior, context};

use super::{Core, Result};
use crate::platform::store;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Fault, FaultKind};

const DEFAULT_NAME: &str = "Photo tags";
const DEFAULT_CONTENT: &str = "\
You describe photos for a search index.

Look at the photo and answer with JSON only:

{\"caption\": \"one plain sentence\", \"tags\": [{\"name\": \"tag\", \"confidence\": 0.0}]}

- Give up to 15 tags: the main subject first, then other things, the place, the light and the mood.
- Tags are lower-case English nouns or short noun phrases in the singular: \"dog\", \"sandy beach\".
- Confidence is a number from 0 to 1: how sure you are that a careful person would agree.
- Name only what can be seen. Don't guess names of people.
";

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

/// Steps that a template may take: a loop without end stops here.
const FUEL: u64 = 100_000;

/// The text that a template gives for one photo.
pub fn render(template: &str, variables: &PhotoVariables) -> std::result::Result<String, Fault> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let PhotoVariables { file_name, width, height } = variables;
    environment.render_str(template, context! { file_name, width, height }).map_err(|error| {
        let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
        Fault::new(FaultKind::Prompt, format!("The prompt could not be filled in{line}: {error}. Mend the prompt and try again"))
    })
}
