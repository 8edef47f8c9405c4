//! The library: photos come in checked and stored whole, and leave with their files.

use std::sync::PoisonError;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{Core, DomainError, Result, StoreError, analysis, bundled, jobs, page, photo_files};
use crate::photos;
use crate::platform::store;
use crate::platform::store::photos::PhotoFilter;
use crate::platform::store::photos::search::{self, Paging};
use crate::wire::event::Happened;
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::photo::{AddedPhotos, ExifField, Photo, PhotoMetadata, PhotoSource, ProcessingStatus, RefusedPhoto, SameFile};
use crate::wire::photo_search::PhotoSearch;

/// Largest photo file, in bytes.
pub const FILE_BYTES_MOST: usize = 64 * 1024 * 1024;
/// The thumbnail that grids ask for is made while a new photo is decoded anyway.
const GRID_EDGE_PX: u32 = 256;
const FULL_SIZE_QUALITY: u8 = 92;
/// Longer edge that may be asked for, in pixels.
const EDGE_MOST_PX: u32 = 16_384;
const NAME_CHARS_MOST: usize = 255;

/// A file on its way into the library. Made in the order of arrival, so that photos keep it.
#[derive(Debug, Clone)]
pub struct NewFile {
    id: PhotoId,
    at: DateTime<Utc>,
    source: PhotoSource,
    name: String,
    bytes: Bytes,
}

impl NewFile {
    /// `name` may be a path of any system; its last part counts.
    #[must_use]
    pub fn new(core: &Core, source: PhotoSource, name: &str, bytes: Bytes) -> Self {
        Self { id: PhotoId::fresh(), at: core.now(), source, name: clean_name(name), bytes }
    }
}

/// What became of one file.
#[derive(Debug, Clone)]
pub enum Added {
    New(Photo),
    /// The library has its bytes already, and the file is called so.
    Known(Photo, String),
    Refused(RefusedPhoto),
}

/// Sorts what became of many files.
#[must_use]
pub fn sort(files: impl IntoIterator<Item = Added>) -> AddedPhotos {
    let mut sorted = AddedPhotos::default();
    for file in files {
        match file {
            Added::New(photo) => sorted.added.push(photo),
            Added::Known(photo, file_name) => {
                if file_name != photo.file_name {
                    sorted.same.push(SameFile { file_name, same_as: photo.file_name.clone() });
                }
                sorted.known.push(photo);
            }
            Added::Refused(refused) => sorted.refused.push(refused),
        }
    }
    sorted
}

/// The refusal of a file that is too large to be read.
#[must_use]
pub fn too_large(name: &str) -> Added {
    Added::Refused(RefusedPhoto {
        file_name: clean_name(name),
        code: "too_large".to_owned(),
        message: format!("The file is larger than {} MB. Scale it down or save it as JPEG", FILE_BYTES_MOST / 1024 / 1024),
    })
}

/// Checks a file and takes it into the library. `enqueue` also queues it unless it has been analysed.
pub async fn add(core: &Core, file: NewFile, enqueue: bool) -> Result<Added> {
    let _no_removal = core.photo_files.read().await;
    let folder = core.folder.clone();
    let name = file.name.clone();
    let checked = core.on_a_core(move || check_and_save(&folder, file)).await??;
    let (photo, hash) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(Added::Refused(RefusedPhoto { file_name: name, code: error.code.to_owned(), message: error.message })),
    };
    let mut change = core.change().await?;
    let is_new = store::photos::insert(&mut change.tx, core.org, &photo, Some(hash)).await?;
    let stored = store::photos::by_content(&mut change.tx, core.org, &photo.content_hash).await?;
    if let Some(stored) = stored.as_ref().filter(|stored| stored.file_name != name && !stored.other_names.contains(&name)) {
        store::photos::add_alias(&mut change.tx, stored.id, &name).await?;
    }
    let mut photo = stored.map_or(photo, |stored| with_name(stored, &name));
    let queue = enqueue && matches!(photo.ai_processing_status, ProcessingStatus::None | ProcessingStatus::Failed);
    if queue {
        photo.ai_processing_status = ProcessingStatus::Pending;
    }
    if is_new {
        change.tell(&Happened::PhotoAdded(photo.clone())).await?;
    }
    if queue {
        jobs::enqueue_in(&mut change, &[photo.id], 0).await?;
    }
    change.commit().await?;
    if queue {
        core.work.notify_one();
    }
    Ok(if is_new { Added::New(photo) } else { Added::Known(photo, name) })
}

/// A photo that has come under this name, too.
fn with_name(mut photo: Photo, name: &str) -> Photo {
    if photo.file_name != name && photo.other_names.iter().all(|other| other != name) {
        photo.other_names.push(name.to_owned());
    }
    photo
}

/// As [`add`]; a file that the platform could not store is refused, so that those beside it are told of.
pub async fn add_or_refuse(core: &Core, file: NewFile, enqueue: bool) -> Added {
    let file_name = file.name.clone();
    add(core, file, enqueue).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a photo could not be stored");
        let (code, message) = match error {
            DomainError::Store(StoreError::DiskFull) => ("disk_full", "The disk is full; free some space and add the photo again".to_owned()),
            error => ("not_stored", format!("The photo could not be stored: {error}")),
        };
        Added::Refused(RefusedPhoto { file_name, code: code.to_owned(), message })
    })
}

/// The photo, and what it looks like.
fn check_and_save(folder: &std::path::Path, file: NewFile) -> Result<std::result::Result<(Photo, u64), photos::PhotoError>> {
    let decoded = match photos::decode(&file.bytes) {
        Ok(decoded) => decoded,
        Err(error) => return Ok(Err(error)),
    };
    let content_hash = blake3::hash(&file.bytes).to_hex().to_string();
    photo_files::save_photo(folder, &content_hash, &file.bytes)?;
    let small = photos::fit(&decoded.image, GRID_EDGE_PX);
    if let Err(error) = photo_files::make_thumbnail(folder, &content_hash, &small, GRID_EDGE_PX) {
        tracing::warn!(%error, "a thumbnail could not be made");
    }
    let hash = photos::perceptual_hash::looks(&decoded.image, &small);
    let photo = Photo {
        id: file.id,
        file_name: file.name,
        other_names: Vec::new(),
        source: file.source,
        content_hash,
        size_bytes: file.bytes.len() as u64,
        width_px: decoded.image.width(),
        height_px: decoded.image.height(),
        format: decoded.format.to_owned(),
        ai_processing_status: ProcessingStatus::None,
        caption: None,
        tags: Vec::new(),
        created_at: file.at,
    };
    Ok(Ok((photo, hash)))
}

/// The last part of a path, without control characters.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MOST).collect();
    if clean.trim().is_empty() { "photo".to_owned() } else { clean }
}

/// What a list of photos is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// See [`crate::wire::photo_search`].
    pub search: Option<String>,
    pub only_bundled: bool,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Photos, newest first; those that a search finds, best match first where there are not too many.
pub async fn list(core: &Core, asked: Asked) -> Result<Page<Photo>> {
    let search = PhotoSearch::parse(asked.search.as_deref().unwrap_or_default());
    if !search.is_empty() && !asked.only_bundled {
        return find(core, &search, asked).await;
    }
    let after = asked.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, PhotoId(id)));
    let limit = page::limit(asked.limit);
    let filter = PhotoFilter { only_bundled: asked.only_bundled, after, limit };
    let items = store::photos::list(&core.db, core.org, &filter).await?;
    let total = store::photos::count(&core.db, core.org, filter.only_bundled).await?;
    let next_cursor = page::next_cursor(&items, limit, |photo| (photo.created_at, photo.id.0));
    Ok(Page { items, next_cursor, total: Some(total) })
}

/// Photos that a search finds. The total is left out beyond [`search::COUNTED_MOST`].
async fn find(core: &Core, wanted: &PhotoSearch, asked: Asked) -> Result<Page<Photo>> {
    let limit = page::limit(asked.limit);
    let count = search::count(&core.db, wanted).await?;
    let is_ranked = count <= search::RANKED_MOST && wanted.terms.iter().any(|term| !term.negated);
    let paging = match asked.cursor.as_deref().map(read_cursor).transpose()? {
        // A search that found more or fewer meanwhile goes on as it began.
        Some(paging) => paging,
        None if is_ranked => Paging::Ranked { skip: 0 },
        None => Paging::Newest { before: None },
    };
    let found = search::find(&core.db, core.org, wanted, paging, limit).await?;
    let next = match (paging, found.last()) {
        (Paging::Ranked { skip }, Some(_)) => Some(format!("best_{}", skip + found.len() as u32)),
        (Paging::Newest { .. }, Some((number, _))) => Some(format!("before_{number}")),
        (_, None) => None,
    };
    let next_cursor = next.filter(|_| found.len() >= limit as usize);
    let total = (count <= search::COUNTED_MOST).then_some(count);
    Ok(Page { items: found.into_iter().map(|(_, photo)| photo).collect(), next_cursor, total })
}

fn read_cursor(cursor: &str) -> Result<Paging> {
    let best = cursor.strip_prefix("best_").and_then(|skip| skip.parse().ok()).map(|skip| Paging::Ranked { skip });
    let newest = || cursor.strip_prefix("before_").and_then(|number| number.parse().ok()).map(|number| Paging::Newest { before: Some(number) });
    best.or_else(newest).ok_or_else(|| DomainError::Invalid {
        code: "bad_cursor",
        message: "The cursor is not one that this search gave; ask for the first page again".to_owned(),
    })
}

/// One photo.
pub async fn get(core: &Core, id: PhotoId) -> Result<Photo> {
    store::photos::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "photo" })
}

/// Removes a photo and its file. Its jobs that are not finished fail and say why.
pub async fn delete(core: &Core, id: PhotoId) -> Result<()> {
    let _alone = core.photo_files.write().await;
    let now = core.now();
    let mut change = core.change().await?;
    let hash = store::photos::delete(&mut change.tx, core.org, id, now).await?.ok_or(DomainError::NotFound { what: "photo" })?;
    let failed = store::jobs::fail_open(&mut change.tx, id, &analysis::deleted(), now).await?;
    jobs::tell(&mut change, &failed).await?;
    change.tell(&Happened::PhotoDeleted { id }).await?;
    change.commit().await?;
    jobs::end_work(core, &failed);
    core.prepared.forget(&hash);
    let folder = core.folder.clone();
    if let Err(error) = core.on_a_core(move || photo_files::remove(&folder, &hash)).await? {
        tracing::warn!(%error, photo = %id, "the file of a deleted photo could not be removed");
    }
    Ok(())
}

/// A photo as JPEG, orientation applied, the longer edge at most `max_px`.
pub async fn image(core: &Core, photo: &Photo, max_px: Option<u32>) -> Result<Vec<u8>> {
    if let Some(max_px) = max_px.filter(|max_px| !(1..=EDGE_MOST_PX).contains(max_px)) {
        let message = format!("'max' is the longer edge in pixels, from 1 to {EDGE_MOST_PX}; {max_px} is not");
        return Err(DomainError::Invalid { code: "bad_edge", message });
    }
    let hash = photo.content_hash.clone();
    if let Some(edge) = max_px {
        let (folder, hash) = (core.folder.clone(), hash.clone());
        let kept = tokio::task::spawn_blocking(move || photo_files::read_thumbnail(&folder, &hash, edge)).await;
        if let Ok(Some(bytes)) = kept {
            return Ok(bytes);
        }
    }
    let bytes = photo_files::read_for_show(core, &hash).await?;
    let folder = core.folder.clone();
    let made = core.on_a_core(move || {
        let decoded = photos::decode(&bytes)?;
        match max_px {
            Some(edge) => photo_files::make_thumbnail(&folder, &hash, &decoded.image, edge),
            None => photos::encode_jpeg(&decoded.image, FULL_SIZE_QUALITY),
        }
    });
    let unreadable = |error: photos::PhotoError| DomainError::Files {
        message: format!("{} is damaged in the data folder: {}. Delete the photo and add it again", photo.file_name, error.message),
    };
    made.await?.map_err(unreadable)
}

/// What a photo's file says of itself.
pub async fn metadata(core: &Core, id: PhotoId) -> Result<PhotoMetadata> {
    let photo = get(core, id).await?;
    let bytes = photo_files::read_for_show(core, &photo.content_hash).await?;
    let read = core.on_a_core(move || photos::metadata::read(&bytes)).await?;
    let exif = read.fields.into_iter().map(|(name, value)| ExifField { name, value }).collect();
    Ok(PhotoMetadata { exif, has_location: read.has_location, colour_profile: read.colour_profile })
}

/// Adds the bundled photos that the library does not have; those that were deleted come back.
pub async fn add_bundled(core: &Core) -> Result<AddedPhotos> {
    let mut added = Vec::with_capacity(bundled::PHOTOS.len());
    for file in bundled_files(core) {
        added.push(add(core, file, false).await?);
    }
    Ok(sort(added))
}

/// Gives a library its bundled photos, once, and queues them. A start that was cut short goes on
/// where it was; a photo that was deleted does not come back.
pub async fn seed(core: &Core) -> Result<()> {
    if store::organizations::is_seeded(&core.db, core.org).await? {
        return Ok(());
    }
    for file in bundled_files(core) {
        if core.stop.is_cancelled() {
            return Ok(());
        }
        let hash = blake3::hash(&file.bytes).to_hex().to_string();
        if !store::photos::was_known(&core.db, core.org, &hash).await? {
            add(core, file, true).await?;
        }
    }
    let mut change = core.change().await?;
    store::organizations::set_seeded(&mut change.tx, core.org, core.now()).await?;
    change.commit().await
}

/// Says to everybody who looks why bundled photos are missing so far, or that none is any more.
pub async fn say_bundled_wait(core: &Core, error: Option<&DomainError>) -> Result<()> {
    let mut missing = 0;
    if error.is_some() {
        for (_, bytes) in bundled::PHOTOS {
            let hash = blake3::hash(bytes).to_hex().to_string();
            missing += usize::from(!store::photos::was_known(&core.db, core.org, &hash).await?);
        }
    }
    let why = error.filter(|_| missing > 0).map(|error| bundled_wait_words(missing, error));
    let before = std::mem::replace(&mut *core.bundled_wait.lock().unwrap_or_else(PoisonError::into_inner), why.clone());
    if before != why {
        // Nobody listens where the send fails.
        let _ = core.news.send(Happened::BundledWait { why });
    }
    Ok(())
}

fn bundled_wait_words(missing: usize, error: &DomainError) -> String {
    let which = match missing {
        1 => "A bundled photo could".to_owned(),
        all if all == bundled::PHOTOS.len() => "The bundled photos could".to_owned(),
        some => format!("{some} bundled photos could"),
    };
    let why = match error {
        DomainError::Store(StoreError::DiskFull) => "the disk is full. Free some space".to_owned(),
        error => error.to_string().trim_end_matches('.').to_owned(),
    };
    format!("{which} not be added: {why}. They come by themselves as soon as that is possible")
}

fn bundled_files(core: &Core) -> impl Iterator<Item = NewFile> {
    // The list shows the newest first, so the first by name comes last.
    bundled::PHOTOS.iter().rev().map(|(name, bytes)| NewFile::new(core, PhotoSource::Bundled, name, Bytes::from_static(bytes)))
}

#[cfg(test)]
mod tests {
    use super::{DomainError, StoreError, bundled, bundled_wait_words, clean_name};

    #[test]
    fn bundled_photos_that_wait_are_told_with_what_to_do() {
        let full = DomainError::Store(StoreError::DiskFull);
        let all = "The bundled photos could not be added: the disk is full. Free some space. They come by themselves as soon as that is possible";
        assert_eq!(bundled_wait_words(bundled::PHOTOS.len(), &full), all);
        assert!(bundled_wait_words(7, &full).starts_with("7 bundled photos could not be added"));
    }

    #[test]
    fn names_lose_their_folders_and_control_characters() {
        for (given, kept) in [
            ("../../etc/cat.jpg", "cat.jpg"),
            ("C:\\photos\\cat.jpg", "cat.jpg"),
            ("ca\u{0}t\n.jpg", "cat.jpg"),
            ("Füße 猫.jpg", "Füße 猫.jpg"),
            ("folder/", "photo"),
            ("", "photo"),
        ] {
            assert_eq!(clean_name(given), kept);
        }
        assert_eq!(clean_name(&"x".repeat(1000)).len(), 255);
    }
}
