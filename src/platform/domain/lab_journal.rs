//! What the Testing Lab keeps, in the journal: what was done to photo sets and to ground truth is put back and done again like any
//! change of configuration. Versions of a set never change and are never lost: undone, an earlier one counts.

use serde_json::{Map, Value, json};

use super::config::{current, unreadable};
use super::{Change, Core, DomainError, Result, author, photo_sets};
use crate::platform::store;
use crate::wire::config::{ChangeKind, ConfigChange, ConfigChanged, PHOTO_SET_FIELD, TRUTH_FIELD};
use crate::wire::event::Happened;
use crate::wire::ids::{ConfigChangeId, PhotoId, PhotoSetId};
use crate::wire::photo_set::PhotoSet;
use crate::wire::truth::PhotoTruth;

/// Whether an entry of the journal is about the Testing Lab; such an entry is about nothing else.
#[must_use]
pub fn is_of_lab(entry: &ConfigChange) -> bool {
    entry.touches(PHOTO_SET_FIELD) || entry.touches(TRUTH_FIELD)
}

/// What was done, as it was and as it became. Null: it was not there.
#[derive(Debug, Default)]
pub struct Deeds {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Deeds {
    pub fn set(&mut self, id: PhotoSetId, before: Option<&PhotoSet>, after: Option<&PhotoSet>) {
        let field = format!("{PHOTO_SET_FIELD}{id}");
        self.before.insert(field.clone(), before.map_or(Value::Null, of_set));
        self.after.insert(field, after.map_or(Value::Null, of_set));
    }

    pub fn truth(&mut self, photo: PhotoId, before: Option<&[String]>, after: Option<&[String]>) {
        let field = format!("{TRUTH_FIELD}{photo}");
        self.before.insert(field.clone(), before.map_or(Value::Null, of_truth));
        self.after.insert(field, after.map_or(Value::Null, of_truth));
    }

    /// Writes them as one entry, and tells it, with what they were done in. `summary`: what was done, in words.
    pub async fn write(self, core: &Core, change: &mut Change<'_>, summary: String) -> Result<Option<ConfigChange>> {
        if self.before == self.after {
            return Ok(None);
        }
        let (before, after) = (Value::Object(self.before), Value::Object(self.after));
        enter(core, change, summary, before, after, ChangeKind::Change).await.map(Some)
    }
}

async fn enter(core: &Core, change: &mut Change<'_>, summary: String, before: Value, after: Value, kind: ChangeKind) -> Result<ConfigChange> {
    let (id, at, actor) = (ConfigChangeId::fresh(), core.now(), author::current());
    let entry = ConfigChange { id, at, actor, summary, before, after, undone: false, kind };
    store::config::insert_change(&mut change.tx, core.org, &entry).await?;
    change.tell(&Happened::ConfigChanged { config: current(core).await?, change: Some(entry.clone()) }).await?;
    Ok(entry)
}

fn of_set(set: &PhotoSet) -> Value {
    json!({ "name": set.name, "version": set.version })
}

fn of_truth(tags: &[String]) -> Value {
    json!({ "tags": tags })
}

/// Puts back what an entry about the lab replaced. Refused where that has been changed again since.
pub async fn undo(core: &Core, entry: &ConfigChange) -> Result<ConfigChanged> {
    let (Value::Object(before), Value::Object(after)) = (&entry.before, &entry.after) else { return Err(unreadable()) };
    let mut change = core.change().await?;
    for (field, value) in before {
        let expected = after.get(field).unwrap_or(&Value::Null);
        put_back(core, &mut change, field, expected, value).await?;
    }
    let kind = if entry.kind == ChangeKind::Undo { ChangeKind::Redo } else { ChangeKind::Undo };
    let words = entry.summary.trim_start_matches("Undo: ").trim_start_matches("Redo: ");
    let summary = format!("{}: {words}", if kind == ChangeKind::Undo { "Undo" } else { "Redo" });
    store::config::mark_undone(&mut change.tx, core.org, entry.id).await?;
    let written = enter(core, &mut change, summary, entry.after.clone(), entry.before.clone(), kind).await?;
    change.commit().await?;
    Ok(ConfigChanged { config: current(core).await?, change: Some(written) })
}

async fn put_back(core: &Core, change: &mut Change<'_>, field: &str, expected: &Value, value: &Value) -> Result<()> {
    let id = |begin: &str| field.strip_prefix(begin).and_then(|id| id.parse::<uuid::Uuid>().ok());
    match (id(PHOTO_SET_FIELD), id(TRUTH_FIELD)) {
        (Some(set), _) => put_back_set(core, change, PhotoSetId(set), expected, value).await,
        (None, Some(photo)) => put_back_truth(core, change, PhotoId(photo), expected, value).await,
        (None, None) => Err(unreadable()),
    }
}

async fn put_back_truth(core: &Core, change: &mut Change<'_>, photo: PhotoId, expected: &Value, value: &Value) -> Result<()> {
    let now = store::truth::get(&mut change.tx, core.org, photo).await?;
    if now.map_or(Value::Null, |truth| of_truth(&truth.tags)) != *expected {
        let message = "The ground truth of a photo has been changed again since; undo the later change first".to_owned();
        return Err(DomainError::Conflict { code: "changed_since", message });
    }
    let truth = match value.get("tags") {
        Some(tags) => {
            let tags = serde_json::from_value(tags.clone()).map_err(|_| unreadable())?;
            Some(PhotoTruth { photo_id: photo, tags, updated_at: core.now() })
        }
        None => None,
    };
    Ok(store::truth::set(&mut change.tx, core.org, photo, truth.as_ref()).await?)
}

async fn put_back_set(core: &Core, change: &mut Change<'_>, id: PhotoSetId, expected: &Value, value: &Value) -> Result<()> {
    let found = store::photo_sets::get(&mut change.tx, core.org, id).await?;
    let (mut set, stands) = found.ok_or(DomainError::NotFound { what: "photo set" })?;
    if (if stands { of_set(&set) } else { Value::Null }) != *expected {
        let message = format!("The photo set {} has been changed again since; undo the later change first", set.name);
        return Err(DomainError::Conflict { code: "changed_since", message });
    }
    set.updated_at = core.now();
    if value.is_null() {
        return Ok(store::photo_sets::update(&mut change.tx, core.org, &set, Some(core.now())).await?);
    }
    let name = value.get("name").and_then(Value::as_str).ok_or_else(unreadable)?;
    let version = value.get("version").and_then(Value::as_u64).ok_or_else(unreadable)?;
    photo_sets::check_name_is_free(core, Some(id), name).await?;
    (set.name, set.version) = (name.to_owned(), version as u32);
    Ok(store::photo_sets::update(&mut change.tx, core.org, &set, None).await?)
}
