//! Prompts in the journal: that one was made or renamed, that a version was saved or imported, and what labels it has, is put back
//! and done again like any change of configuration. A version never changes and is never lost: undone, it is shown no more.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::config::{current, unreadable};
use super::{Change, Core, DomainError, Result, author, prompts};
use crate::platform::store;
use crate::wire::config::{ChangeKind, ConfigChange, ConfigChanged, PipelineConfig};
use crate::wire::event::Happened;
use crate::wire::ids::{ConfigChangeId, PromptId, PromptVersionId};
use crate::wire::prompt::{Prompt, PromptVersion};

/// Before the ids of prompts in the journal.
const PROMPT: &str = "prompt:";
/// Before the ids of versions in the journal.
const VERSION: &str = "version:";

/// Whether an entry of the journal is about prompts; such an entry is about nothing else.
#[must_use]
pub fn is_of_prompts(entry: &ConfigChange) -> bool {
    let fields = entry.after.as_object().into_iter().flat_map(Map::keys);
    fields.into_iter().any(|field| field.starts_with(PROMPT) || field.starts_with(VERSION))
}

/// What was done to prompts, as it was and as it became. Null: it was not there.
#[derive(Debug, Default)]
pub struct Deeds {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Deeds {
    fn note(&mut self, field: String, before: Value, after: Value) {
        self.before.insert(field.clone(), before);
        self.after.insert(field, after);
    }

    pub fn prompt_made(&mut self, prompt: &Prompt) {
        self.note(format!("{PROMPT}{}", prompt.id), Value::Null, named(&prompt.name));
    }

    pub fn prompt_renamed(&mut self, id: PromptId, before: &str, after: &str) {
        self.note(format!("{PROMPT}{id}"), named(before), named(after));
    }

    pub fn version_saved(&mut self, version: &PromptVersion) {
        self.note(format!("{VERSION}{}", version.id), Value::Null, labelled(&version.labels));
    }

    pub fn labels_changed(&mut self, id: PromptVersionId, before: &[String], after: &[String]) {
        self.note(format!("{VERSION}{id}"), labelled(before), labelled(after));
    }

    /// Writes them as one entry, with what they were done in. `summary`: what was done, in words.
    pub async fn write(self, core: &Core, change: &mut Change<'_>, summary: String) -> Result<()> {
        if self.after.is_empty() {
            return Ok(());
        }
        let entry = ConfigChange {
            id: ConfigChangeId::fresh(),
            at: core.now(),
            actor: author::current(),
            summary,
            before: Value::Object(self.before),
            after: Value::Object(self.after),
            undone: false,
            kind: ChangeKind::Change,
        };
        Ok(store::config::insert_change(&mut change.tx, core.org, &entry).await?)
    }
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}

fn labelled(labels: &[String]) -> Value {
    let mut labels = labels.to_vec();
    labels.sort();
    json!({ "labels": labels })
}

/// What a field of such an entry is about.
enum Thing {
    Prompt(PromptId),
    Version(PromptVersionId),
}

fn thing(field: &str) -> Result<Thing> {
    let id = |text: &str| text.parse::<uuid::Uuid>().map_err(|_| unreadable());
    match (field.strip_prefix(PROMPT), field.strip_prefix(VERSION)) {
        (Some(prompt), _) => Ok(Thing::Prompt(PromptId(id(prompt)?))),
        (_, Some(version)) => Ok(Thing::Version(PromptVersionId(id(version)?))),
        (None, None) => Err(unreadable()),
    }
}

/// Puts back what an entry about prompts replaced. Refused where that has been changed again since, or is in use.
pub async fn undo(core: &Core, entry: &ConfigChange) -> Result<ConfigChanged> {
    let (Value::Object(before), Value::Object(after)) = (&entry.before, &entry.after) else { return Err(unreadable()) };
    let mut change = core.change().await?;
    let config = current(core).await?;
    let mut way = Way { core, config: &config, before, prompts: HashMap::new() };
    for (field, expected) in after {
        way.check_unchanged(field, expected).await?;
    }
    for (field, value) in before {
        way.put_back(&mut change, field, value).await?;
    }
    for prompt in way.prompts.values_mut() {
        (prompt.revision, prompt.updated_at) = (prompt.revision + 1, core.now());
        store::prompts::update(&mut change.tx, core.org, prompt).await?;
    }
    let kind = if entry.kind == ChangeKind::Undo { ChangeKind::Redo } else { ChangeKind::Undo };
    let words = entry.summary.trim_start_matches("Undo: ").trim_start_matches("Redo: ");
    let written = ConfigChange {
        id: ConfigChangeId::fresh(),
        at: core.now(),
        actor: author::current(),
        summary: format!("{}: {words}", if kind == ChangeKind::Undo { "Undo" } else { "Redo" }),
        before: entry.after.clone(),
        after: entry.before.clone(),
        undone: false,
        kind,
    };
    store::config::mark_undone(&mut change.tx, core.org, entry.id).await?;
    store::config::insert_change(&mut change.tx, core.org, &written).await?;
    change.tell(&Happened::ConfigChanged { config: config.clone(), change: Some(written.clone()) }).await?;
    change.commit().await?;
    Ok(ConfigChanged { config, change: Some(written) })
}

fn conflict(code: &'static str, message: String) -> DomainError {
    DomainError::Conflict { code, message }
}

/// The way back through one entry.
struct Way<'w> {
    core: &'w Core,
    config: &'w PipelineConfig,
    /// As all of it is to be.
    before: &'w Map<String, Value>,
    /// Prompts that are written at the end, each once.
    prompts: HashMap<PromptId, Prompt>,
}

impl Way<'_> {
    async fn version(&self, id: PromptVersionId) -> Result<(PromptVersion, bool)> {
        store::prompts::standing::version(&self.core.db, self.core.org, id).await?.ok_or(DomainError::NotFound { what: "version" })
    }

    /// The prompt as it will be written.
    async fn prompt(&mut self, id: PromptId) -> Result<&mut Prompt> {
        if !self.prompts.contains_key(&id) {
            let found = store::prompts::standing::prompt(&self.core.db, self.core.org, id).await?;
            let (prompt, _) = found.ok_or(DomainError::NotFound { what: "prompt" })?;
            self.prompts.insert(id, prompt);
        }
        self.prompts.get_mut(&id).ok_or(DomainError::NotFound { what: "prompt" })
    }

    async fn check_unchanged(&self, field: &str, expected: &Value) -> Result<()> {
        let (now, what) = match thing(field)? {
            Thing::Prompt(id) => {
                let found = store::prompts::standing::prompt(&self.core.db, self.core.org, id).await?;
                let (prompt, stands) = found.ok_or(DomainError::NotFound { what: "prompt" })?;
                (if stands { named(&prompt.name) } else { Value::Null }, format!("The prompt {}", prompt.name))
            }
            Thing::Version(id) => {
                let (version, stands) = self.version(id).await?;
                (if stands { labelled(&version.labels) } else { Value::Null }, version.label())
            }
        };
        if now == *expected {
            return Ok(());
        }
        Err(conflict("changed_since", format!("{what} has been changed again since; undo the later change first")))
    }

    async fn put_back(&mut self, change: &mut Change<'_>, field: &str, value: &Value) -> Result<()> {
        match (thing(field)?, value) {
            (Thing::Prompt(id), Value::Null) => self.withdraw_prompt(change, id).await,
            (Thing::Prompt(id), value) => {
                let name = value.get("name").and_then(Value::as_str).ok_or_else(unreadable)?;
                prompts::check_name_is_free(self.core, Some(id), name).await?;
                name.clone_into(&mut self.prompt(id).await?.name);
                Ok(store::prompts::standing::set_prompt(&mut change.tx, self.core.org, id, None).await?)
            }
            (Thing::Version(id), Value::Null) => self.withdraw_version(change, id).await,
            (Thing::Version(id), value) => self.bring_version(change, id, value).await,
        }
    }

    async fn withdraw_prompt(&mut self, change: &mut Change<'_>, id: PromptId) -> Result<()> {
        let standing = store::prompts::standing::ids(&self.core.db, self.core.org, id).await?;
        if standing.iter().any(|version| !self.before.contains_key(&format!("{VERSION}{version}"))) {
            let name = self.prompt(id).await?.name.clone();
            return Err(conflict("changed_since", format!("{name} has got other versions since; undo their saving first")));
        }
        // Read, so that its revision tells that something happened.
        self.prompt(id).await?;
        Ok(store::prompts::standing::set_prompt(&mut change.tx, self.core.org, id, Some(self.core.now())).await?)
    }

    /// A version that goes leaves its text in the editor, where nothing else stands there.
    async fn withdraw_version(&mut self, change: &mut Change<'_>, id: PromptVersionId) -> Result<()> {
        let (version, _) = self.version(id).await?;
        for (used, place) in [(Some(self.config.live_prompt_version_id), "production"), (self.config.staged_prompt_version_id, "staging")] {
            if used == Some(id) {
                let message = format!("{} is in {place}. Deploy another version there first, or roll back", version.label());
                return Err(conflict("in_use", message));
            }
        }
        let prompt = self.prompt(version.prompt_id).await?;
        if prompt.draft.is_none() && prompt.draft_parts.is_none() {
            (prompt.draft, prompt.draft_parts) = (Some(version.content), Some(version.parts));
        }
        Ok(store::prompts::standing::set_version(&mut change.tx, self.core.org, id, Some(self.core.now())).await?)
    }

    async fn bring_version(&mut self, change: &mut Change<'_>, id: PromptVersionId, value: &Value) -> Result<()> {
        let (version, stands) = self.version(id).await?;
        let wanted = value.get("labels").cloned().ok_or_else(unreadable)?;
        let wanted: Vec<String> = serde_json::from_value(wanted).map_err(|_| unreadable())?;
        for label in version.labels.iter().filter(|label| !wanted.contains(label)) {
            store::prompts::labels::remove(&mut change.tx, self.core.org, id, label).await?;
        }
        for label in wanted.iter().filter(|label| !version.labels.contains(label)) {
            store::prompts::labels::add(&mut change.tx, self.core.org, id, label, self.core.now()).await?;
        }
        let prompt = self.prompt(version.prompt_id).await?;
        // A draft that says what the version says is none.
        if !stands && prompt.draft.as_ref() == Some(&version.content) && prompt.draft_parts.as_ref().is_none_or(|parts| *parts == version.parts) {
            (prompt.draft, prompt.draft_parts) = (None, None);
        }
        Ok(store::prompts::standing::set_version(&mut change.tx, self.core.org, id, None).await?)
    }
}
