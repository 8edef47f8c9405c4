//! The journal of the configuration: read, and gone back and forth in.

use serde_json::Value;

use super::config::{Because, PLATFORM, change_as, current, fields, name_of, set_fields, unreadable};
use super::providers::{self, Brought};
use super::{Core, DomainError, Result, author, lab_journal, page, prompt_journal, prompt_search, rules};
use crate::platform::store;
use crate::platform::store::config::ChangeFilter;
use crate::wire::config::{ChangeKind, ConfigChange, ConfigChanged, ConfigChangesQuery, ConfigSteps};
use crate::wire::ids::{ConfigChangeId, PromptVersionId};
use crate::wire::page::Page;

/// The journal, newest first.
pub async fn list(core: &Core, query: &ConfigChangesQuery) -> Result<Page<ConfigChange>> {
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (field, actor) = (given(&query.field), given(&query.actor));
    let words = prompt_search::words_of(query.q.as_deref());
    let limit = page::limit(query.limit);
    let filter = ChangeFilter {
        fields: field.iter().flat_map(|field| field.split(',')).map(str::trim).filter(|field| !field.is_empty()).collect(),
        actor: actor.as_deref(),
        from: query.from,
        to: query.to,
        words,
        after: query.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, ConfigChangeId(id))),
        limit,
    };
    let items = store::config::changes(&core.db, core.org, &filter).await?;
    let next_cursor = page::next_cursor(&items, limit, |change| (change.at, change.id.0));
    Ok(Page { items, next_cursor, total: None })
}

/// Those whose changes can be asked for.
pub async fn actors(core: &Core) -> Result<Page<String>> {
    const MOST: u32 = 500;
    Ok(Page { items: store::config::actors(&core.db, core.org, MOST).await?, next_cursor: None, total: None })
}

/// What the next undo and redo would put back. What the platform does by itself is no step of a person's.
pub async fn steps(core: &Core) -> Result<ConfigSteps> {
    let undo = store::config::newest_standing(&core.db, core.org, &[ChangeKind::Change, ChangeKind::Redo], PLATFORM).await?;
    let redo = store::config::newest_standing(&core.db, core.org, &[ChangeKind::Undo], PLATFORM).await?;
    let change = store::config::newest(&core.db, core.org, ChangeKind::Change, PLATFORM).await?;
    // A change begins another future.
    let is_last = |undo: &ConfigChange| change.as_ref().is_none_or(|change| (change.at, change.id) < (undo.at, undo.id));
    Ok(ConfigSteps { undo, redo: redo.filter(is_last) })
}

/// Undoes the newest change that stands.
pub async fn undo_last(core: &Core) -> Result<ConfigChanged> {
    step(core, steps(core).await?.undo).await
}

/// Does again what was undone last.
pub async fn redo_last(core: &Core) -> Result<ConfigChanged> {
    step(core, steps(core).await?.redo).await
}

async fn step(core: &Core, entry: Option<ConfigChange>) -> Result<ConfigChanged> {
    match entry {
        Some(entry) => undo(core, entry.id).await,
        None => Ok(ConfigChanged { config: current(core).await?, change: None }),
    }
}

/// Puts back what a change replaced, and only that. Refused when one of those things has been changed again since.
pub async fn undo(core: &Core, id: ConfigChangeId) -> Result<ConfigChanged> {
    let entry = store::config::change(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "change" })?;
    let conflict = |code, message: String| DomainError::Conflict { code, message };
    if entry.undone {
        return Err(conflict("undone", "This change has been undone already".to_owned()));
    }
    if prompt_journal::is_of_prompts(&entry) {
        return prompt_journal::undo(core, &entry).await;
    }
    if lab_journal::is_of_lab(&entry) {
        return lab_journal::undo(core, &entry).await;
    }
    let (Value::Object(before), Value::Object(after)) = (entry.before.clone(), entry.after.clone()) else { return Err(unreadable()) };
    if let Some(model) = before.get("live_model").and_then(Value::as_str) {
        super::models::check_usable(core, model, &Brought::default()).await?;
    }
    for id in ["live_prompt_version_id", "staged_prompt_version_id"].iter().filter_map(|field| before.get(*field)).filter(|id| !id.is_null()) {
        let id: PromptVersionId = serde_json::from_value(id.clone()).map_err(|_| unreadable())?;
        if store::prompts::version(&core.db, core.org, id).await?.is_none() {
            let label = store::prompts::standing::label(&core.db, core.org, id).await?.unwrap_or_else(|| "The version before".to_owned());
            return Err(conflict("changed_since", format!("{label} was taken back since: its saving was undone. Do that again first")));
        }
    }
    change_as(core, &author::current(), None, Because::Reverts(&entry), |config| {
        let now = fields(config)?;
        if let Some((field, _)) = after.iter().find(|(field, value)| now.get(*field).unwrap_or(&Value::Null) != *value) {
            let message = format!("{} been changed again since; undo the later change first", name_of(field));
            return Err(conflict("changed_since", message));
        }
        set_fields(config, before)?;
        let earlier = |error: DomainError| conflict("changed_since", format!("{error}. Undo the later change first"));
        rules::check(&config.rules).map_err(earlier)?;
        providers::check(core, config).map_err(earlier)
    })
    .await
}
