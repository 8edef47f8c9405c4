//! Named sets of photos: made, changed, deleted, and what a run takes of one. Every change is a version that never changes and an
//! entry of the journal, which undo puts back.

use std::collections::HashSet;

use super::lab_journal::Deeds;
use super::{Change, Core, DomainError, Result};
use crate::platform::store;
use crate::wire::ids::{PhotoId, PhotoSetId};
use crate::wire::page::Page;
use crate::wire::photo_set::{
    ChangePhotoSet, CreatePhotoSet, NAME_MOST, PHOTOS_MOST, PhotoSet, PhotoSetChanged, PhotoSetOutline, PhotoSetVersion, PhotosChange, SetUsed,
};
use crate::wire::run::StartRun;

/// The sets that stand, by name.
pub async fn list(core: &Core) -> Result<Page<PhotoSet>> {
    let items = store::photo_sets::list(&core.db, core.org).await?;
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

pub async fn get(core: &Core, id: PhotoSetId) -> Result<PhotoSet> {
    store::photo_sets::standing(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "photo set" })
}

/// The versions of a set, newest first.
pub async fn versions(core: &Core, id: PhotoSetId) -> Result<Page<PhotoSetOutline>> {
    let items = store::photo_sets::versions(&core.db, core.org, id).await?;
    if items.is_empty() {
        return Err(DomainError::NotFound { what: "photo set" });
    }
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

pub async fn version(core: &Core, id: PhotoSetId, version: u32) -> Result<PhotoSetVersion> {
    store::photo_sets::version(&core.db, core.org, id, version).await?.ok_or(DomainError::NotFound { what: "version of a photo set" })
}

pub async fn create(core: &Core, asked: &CreatePhotoSet) -> Result<PhotoSetChanged> {
    let name = clean_name(&asked.name)?;
    let mut change = core.change().await?;
    check_name_is_free(core, None, &name).await?;
    let photo_ids = known(core, &mut change, &asked.photo_ids).await?;
    let now = core.now();
    let set = PhotoSet { id: PhotoSetId::fresh(), name, version: 1, photos: photo_ids.len() as u64, created_at: now, updated_at: now };
    let note = format!("Made with {}", photos_in_words(photo_ids.len()));
    store::photo_sets::insert(&mut change.tx, core.org, &set).await?;
    let first = PhotoSetVersion { set_id: set.id, version: 1, note, photo_ids, created_at: now };
    store::photo_sets::insert_version(&mut change.tx, core.org, &first).await?;
    let mut deeds = Deeds::default();
    deeds.set(set.id, None, Some(&set));
    let words = format!("Photo set {} made with {}", set.name, photos_in_words(set.photos as usize));
    let entry = deeds.write(core, &mut change, words).await?;
    change.commit().await?;
    Ok(PhotoSetChanged { set, change: entry })
}

/// Renames a set, or makes another version of its list, or both at once.
pub async fn change(core: &Core, id: PhotoSetId, asked: &ChangePhotoSet) -> Result<PhotoSetChanged> {
    let mut change = core.change().await?;
    let before = standing(core, &mut change, id).await?;
    if asked.version.is_some_and(|version| version != before.version) {
        let message = format!("{} has been changed since: version {} counts now. Look at it, and decide again", before.name, before.version);
        return Err(DomainError::Stale { message });
    }
    let mut after = before.clone();
    let mut said = Vec::new();
    if let Some(name) = &asked.name {
        after.name = clean_name(name)?;
        check_name_is_free(core, Some(id), &after.name).await?;
        if after.name != before.name {
            said.push(format!("renamed to {}", after.name));
        }
    }
    if let Some(photos) = &asked.photos
        && let Some(next) = next_version(core, &mut change, &before, photos).await?
    {
        (after.version, after.photos) = (next.version, next.photo_ids.len() as u64);
        said.push(lower_first(&next.note));
        store::photo_sets::insert_version(&mut change.tx, core.org, &next).await?;
    }
    if said.is_empty() {
        return Ok(PhotoSetChanged { set: before, change: None });
    }
    after.updated_at = core.now();
    store::photo_sets::update(&mut change.tx, core.org, &after, None).await?;
    let mut deeds = Deeds::default();
    deeds.set(id, Some(&before), Some(&after));
    let entry = deeds.write(core, &mut change, format!("Photo set {}: {}", before.name, said.join(", "))).await?;
    change.commit().await?;
    Ok(PhotoSetChanged { set: after, change: entry })
}

/// Deletes a set; its photos stay, and past runs still name it.
pub async fn delete(core: &Core, id: PhotoSetId) -> Result<PhotoSetChanged> {
    let mut change = core.change().await?;
    let set = standing(core, &mut change, id).await?;
    store::photo_sets::update(&mut change.tx, core.org, &set, Some(core.now())).await?;
    let mut deeds = Deeds::default();
    deeds.set(id, Some(&set), None);
    let entry = deeds.write(core, &mut change, format!("Photo set {} deleted", set.name)).await?;
    change.commit().await?;
    Ok(PhotoSetChanged { set, change: entry })
}

/// Puts the photos of the set that a run names in the place of its own. Says which set it was.
pub async fn fill_in(core: &Core, asked: &mut StartRun) -> Result<Option<SetUsed>> {
    let Some(choice) = asked.photo_set else { return Ok(None) };
    if !asked.photo_ids.is_empty() {
        let message = "A run has the photos of a set, or a list of its own: leave one of both out".to_owned();
        return Err(DomainError::Invalid { code: "set_and_photos", message });
    }
    let set = get(core, choice.id).await?;
    let version = version(core, choice.id, choice.version).await?;
    let present = store::photos::present(&core.db, core.org, &version.photo_ids).await?;
    asked.photo_ids = version.photo_ids.into_iter().filter(|id| present.contains(id)).collect();
    if asked.photo_ids.is_empty() {
        let message = format!("{} v{} has no photos that are in the library; add some to it first", set.name, choice.version);
        return Err(DomainError::Invalid { code: "no_photos", message });
    }
    Ok(Some(SetUsed { id: choice.id, version: choice.version, name: set.name }))
}

async fn standing(core: &Core, change: &mut Change<'_>, id: PhotoSetId) -> Result<PhotoSet> {
    match store::photo_sets::get(&mut change.tx, core.org, id).await? {
        Some((set, true)) => Ok(set),
        Some((_, false)) | None => Err(DomainError::NotFound { what: "photo set" }),
    }
}

/// The version that a change makes; `None` where the list stays as it is.
async fn next_version(core: &Core, change: &mut Change<'_>, set: &PhotoSet, asked: &PhotosChange) -> Result<Option<PhotoSetVersion>> {
    let before = version(core, set.id, set.version).await?.photo_ids;
    let (photo_ids, note) = match asked {
        PhotosChange::Add { photo_ids } => {
            let held: HashSet<PhotoId> = before.iter().copied().collect();
            let mut added = known(core, change, photo_ids).await?;
            added.retain(|id| !held.contains(id));
            let note = format!("{} added", photos_in_words(added.len()));
            (before.iter().copied().chain(added).collect(), note)
        }
        PhotosChange::Remove { photo_ids } => {
            let removed: HashSet<PhotoId> = photo_ids.iter().copied().collect();
            let left: Vec<PhotoId> = before.iter().copied().filter(|id| !removed.contains(id)).collect();
            let note = format!("{} taken out", photos_in_words(before.len() - left.len()));
            (left, note)
        }
        PhotosChange::Replace { photo_ids } => {
            let photo_ids = known(core, change, photo_ids).await?;
            let note = format!("Replaced by {}", photos_in_words(photo_ids.len()));
            (photo_ids, note)
        }
        PhotosChange::GoBack { version: earlier } => (earlier_version(core, set, *earlier).await?, format!("As in version {earlier}")),
    };
    if photo_ids == before {
        return Ok(None);
    }
    check_size(photo_ids.len())?;
    let number = store::photo_sets::last_version(&mut change.tx, core.org, set.id).await? + 1;
    Ok(Some(PhotoSetVersion { set_id: set.id, version: number, note, photo_ids, created_at: core.now() }))
}

async fn earlier_version(core: &Core, set: &PhotoSet, number: u32) -> Result<Vec<PhotoId>> {
    if let Some(version) = store::photo_sets::version(&core.db, core.org, set.id, number).await? {
        return Ok(version.photo_ids);
    }
    let all = store::photo_sets::versions(&core.db, core.org, set.id).await?;
    let last = all.iter().map(|version| version.version).max().unwrap_or(set.version);
    let message = format!("{} has no version {number}: its versions are 1 to {last}. It stays as it is", set.name);
    Err(DomainError::Invalid { code: "unknown_version", message })
}

/// The photos, each once; all of them must be in the library.
async fn known(core: &Core, change: &mut Change<'_>, photo_ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
    check_size(photo_ids.len())?;
    let present = store::photos::existing(&mut change.tx, core.org, photo_ids).await?;
    if let Some(missing) = photo_ids.iter().find(|id| !present.contains(id)) {
        let message = format!("There is no photo {missing}; nothing was changed. Reload the list of photos");
        return Err(DomainError::Invalid { code: "unknown_photo", message });
    }
    let mut seen = HashSet::new();
    Ok(photo_ids.iter().copied().filter(|id| seen.insert(*id)).collect())
}

fn check_size(photos: usize) -> Result<()> {
    if photos > PHOTOS_MOST {
        let message = format!("A set has at most {PHOTOS_MOST} photos, and this would have {photos}; make two of it");
        return Err(DomainError::Invalid { code: "too_many_photos", message });
    }
    Ok(())
}

fn clean_name(name: &str) -> Result<String> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "set_name", message });
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return refuse("The set needs a name, such as Pets".to_owned());
    }
    if name.chars().count() > NAME_MOST || name.chars().any(char::is_control) {
        return refuse(format!("A set's name has at most {NAME_MOST} letters and no control characters; shorten it"));
    }
    Ok(name)
}

pub(super) async fn check_name_is_free(core: &Core, id: Option<PhotoSetId>, name: &str) -> Result<()> {
    let sets = store::photo_sets::list(&core.db, core.org).await?;
    if sets.iter().any(|set| Some(set.id) != id && set.name.to_lowercase() == name.to_lowercase()) {
        let message = format!("There is a photo set {name} already; choose another name");
        return Err(DomainError::Conflict { code: "name_taken", message });
    }
    Ok(())
}

fn photos_in_words(count: usize) -> String {
    if count == 1 { "1 photo".to_owned() } else { format!("{count} photos") }
}

fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
