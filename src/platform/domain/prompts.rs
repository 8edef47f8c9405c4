//! Prompts: the default one, drafts, and versions that never change.

mod parts;
mod preview;
mod template;

pub use parts::{CONTENT_MOST, check, check_template, check_text, plain_lines, plain_parts};
pub use preview::preview;
pub use template::{PhotoVariables, PromptText, Rendered, check_renders, read_template, render};

use super::prompt_journal::Deeds;
use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::event::Happened;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, OUTLINE_LETTERS, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt, VersionsQuery};
use crate::wire::prompt_parts::PromptParts;

pub(super) const DEFAULT_NAME: &str = "Photo tags";
pub(super) const DEFAULT_CONTENT: &str = "\
You describe photos for a search index.

Look at the photo and answer with JSON only:

{\"caption\": \"one plain sentence\", \"tags\": [{\"tag\": \"noun\", \"confidence\": 0.0}]}

- Give up to 15 tags: the main subject first, then other things, the place, the light and the mood.
- Tags are lower-case English nouns or short noun phrases in the singular: \"dog\", \"sandy beach\".
- Confidence is a number from 0 to 1: how sure you are that a careful person would agree.
- Name only what can be seen. Don't guess names of people.
";

/// Characters of a prompt's name.
const NAME_MOST: usize = 200;
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
        parts: PromptParts::default(),
        note: "Shipped with the program".to_owned(),
        author: "Minerva".to_owned(),
        created_at: now,
        is_live: true,
        labels: Vec::new(),
        is_outline: false,
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

/// Makes a prompt; with text it begins with a version 1, and parts without text are its draft.
pub async fn create(core: &Core, asked: &CreatePrompt) -> Result<Prompt> {
    let asked = &CreatePrompt { content: asked.content.as_deref().map(plain_lines), parts: plain_parts(&asked.parts), ..asked.clone() };
    let name = check_name(&asked.name)?;
    match &asked.content {
        Some(content) => check(PromptText { content, parts: &asked.parts })?,
        None => parts::check_draft("", &asked.parts)?,
    }
    let mut change = core.change().await?;
    check_name_is_free(core, None, name).await?;
    let now = core.now();
    let mut prompt = Prompt {
        id: PromptId::fresh(),
        name: name.to_owned(),
        draft: None,
        draft_parts: Some(asked.parts.clone()).filter(|parts| asked.content.is_none() && !parts.is_plain()),
        latest_version: 0,
        live_version: None,
        revision: 1,
        updated_at: now,
        updated_by: super::author::current(),
    };
    store::prompts::insert(&mut change.tx, core.org, prompt.id, name, now).await?;
    let mut deeds = Deeds::default();
    deeds.prompt_made(&prompt);
    if let Some(content) = &asked.content {
        let asked = SavePromptVersion { content: content.clone(), parts: asked.parts.clone(), ..SavePromptVersion::default() };
        let version = version_of(&prompt, 1, &asked, now);
        store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
        prompt.latest_version = 1;
        deeds.version_saved(&version);
        change.tell(&Happened::PromptVersionSaved(version)).await?;
    }
    if prompt.draft_parts.is_some() {
        store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    }
    change.tell(&Happened::PromptChanged(prompt.clone())).await?;
    deeds.write(core, &mut change, format!("Prompt {} made", prompt.name)).await?;
    change.commit().await?;
    Ok(prompt)
}

/// Changes name or draft. `revision`: the one the caller has read. A draft equal to the newest version is no draft.
pub async fn update(core: &Core, id: PromptId, revision: u64, asked: &UpdatePrompt) -> Result<Prompt> {
    let (draft, parts) = (asked.draft.as_deref().map(plain_lines), asked.draft_parts.as_ref().map(plain_parts));
    let mut change = core.change().await?;
    let mut prompt = get(core, id).await?;
    if prompt.revision != revision {
        return Err(DomainError::Stale { message: "The prompt has been changed since you read it; look at the new text and decide".to_owned() });
    }
    if let Some(name) = &asked.name {
        let name = check_name(name)?;
        check_name_is_free(core, Some(id), name).await?;
        if prompt.name != name {
            let mut deeds = Deeds::default();
            deeds.prompt_renamed(id, &prompt.name, name);
            deeds.write(core, &mut change, format!("Prompt renamed: {} → {name}", prompt.name)).await?;
        }
        name.clone_into(&mut prompt.name);
    }
    if draft.is_some() || parts.is_some() {
        let newest = store::prompts::newest_version(&core.db, core.org, id).await?;
        parts::check_draft(draft.as_deref().unwrap_or_default(), parts.as_ref().unwrap_or(&PromptParts::default()))?;
        if let Some(draft) = &draft {
            prompt.draft = (newest.as_ref().map(|version| &version.content) != Some(draft)).then(|| draft.clone());
        }
        if let Some(given) = &parts {
            let saved = newest.map(|version| version.parts).unwrap_or_default();
            prompt.draft_parts = (saved != *given).then(|| given.clone());
        }
    }
    prompt.revision += 1;
    prompt.updated_at = core.now();
    prompt.updated_by = super::author::current();
    store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    change.tell(&Happened::PromptChanged(prompt.clone())).await?;
    change.commit().await?;
    Ok(prompt)
}

pub async fn versions(core: &Core, id: PromptId, query: VersionsQuery) -> Result<Page<PromptVersion>> {
    get(core, id).await?;
    let items = if query.outlines {
        store::prompts::outlines(&core.db, core.org, id, OUTLINE_LETTERS).await?
    } else {
        store::prompts::versions(&core.db, core.org, id).await?
    };
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

/// One version, whole.
pub async fn version(core: &Core, id: PromptId, number: u32) -> Result<PromptVersion> {
    store::prompts::numbered(&core.db, core.org, id, number).await?.ok_or(DomainError::NotFound { what: "version" })
}

/// Saves an immutable version and clears the draft. The newest version's own text and parts give that version again.
pub async fn save_version(core: &Core, id: PromptId, asked: &SavePromptVersion) -> Result<PromptVersion> {
    let asked = &SavePromptVersion { content: plain_lines(&asked.content), parts: plain_parts(&asked.parts), ..asked.clone() };
    check(PromptText { content: &asked.content, parts: &asked.parts })?;
    let mut change = core.change().await?;
    let mut prompt = get(core, id).await?;
    let newest = store::prompts::newest_version(&core.db, core.org, id).await?;
    let version = match newest.filter(|newest| newest.content == asked.content && newest.parts == asked.parts) {
        Some(same) => same,
        None => {
            let number = store::prompts::standing::highest_number(&core.db, core.org, id).await? + 1;
            let version = version_of(&prompt, number, asked, core.now());
            store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
            let mut deeds = Deeds::default();
            deeds.version_saved(&version);
            deeds.write(core, &mut change, format!("{} saved", version.label())).await?;
            change.tell(&Happened::PromptVersionSaved(version.clone())).await?;
            version
        }
    };
    prompt.latest_version = version.version;
    prompt.draft = None;
    prompt.draft_parts = None;
    prompt.revision += 1;
    prompt.updated_at = core.now();
    prompt.updated_by = super::author::current();
    store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    change.tell(&Happened::PromptChanged(prompt)).await?;
    change.commit().await?;
    Ok(version)
}

pub(super) fn version_of(prompt: &Prompt, version: u32, asked: &SavePromptVersion, at: chrono::DateTime<chrono::Utc>) -> PromptVersion {
    let author = asked.author.trim();
    PromptVersion {
        id: PromptVersionId::fresh(),
        prompt_id: prompt.id,
        prompt_name: prompt.name.clone(),
        version,
        content: asked.content.clone(),
        parts: asked.parts.clone(),
        note: asked.note.trim().to_owned(),
        author: if author.is_empty() { super::author::current() } else { author.to_owned() },
        created_at: at,
        is_live: false,
        labels: Vec::new(),
        is_outline: false,
    }
}

pub(super) fn check_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MOST {
        return Err(DomainError::Invalid { code: "prompt_name", message: format!("A prompt's name has 1 to {NAME_MOST} characters") });
    }
    Ok(name)
}

pub(super) async fn check_name_is_free(core: &Core, but: Option<PromptId>, name: &str) -> Result<()> {
    let taken = store::prompts::list(&core.db, core.org)
        .await?
        .into_iter()
        .any(|prompt| Some(prompt.id) != but && prompt.name.to_lowercase() == name.to_lowercase());
    if taken {
        return Err(DomainError::Conflict { code: "name_taken", message: format!("There is a prompt named '{name}' already; choose another name") });
    }
    Ok(())
}
