//! The photos of the library, as far as they are known: every page is asked for, one after the other,
//! and events keep them current.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::gui::ctx::{AreaCtx, Pace, Refresh, Remote};
use crate::gui::widgets::selection::Selection;
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::photo::Photo;

const PAGE: u32 = 1_000;
/// Photos that the pipeline has looked at are read again this many at a time, and not more often than this: a pipeline that does
/// a hundred a second is followed at its heels.
const RENEWED_AT_ONCE: usize = 100;
const RENEWED_EVERY: Pace = Pace { changed: Duration::from_secs(2), anyway: Duration::from_hours(24) };

/// Newest first.
#[derive(Default)]
pub struct Library {
    photos: Vec<Photo>,
    places: HashMap<PhotoId, usize>,
    page: Remote<Page<Photo>>,
    /// Where the next page begins.
    cursor: Option<String>,
    complete: bool,
    incoming: Vec<Photo>,
    /// Those with results newer than what is known.
    processed: BTreeSet<PhotoId>,
    renewed: Remote<Vec<Photo>>,
    renewal: Refresh,
    /// Counts what was learnt, so that what is made of it is made anew.
    revision: u64,
    search: String,
    /// Those of a set, where one is shown.
    only: Option<HashSet<PhotoId>>,
    /// Photos there are to choose from.
    offered: usize,
    /// Indices of the photos that the search lets through.
    shown: Vec<usize>,
}

impl Library {
    /// Takes in a page and asks for the next one.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.page.poll()
            && let Some(page) = self.page.take()
        {
            self.complete = page.next_cursor.is_none();
            self.cursor = page.next_cursor;
            self.take_in(page.items);
        }
        self.settle();
        if !self.complete && !self.page.is_pending() && self.page.failure().is_none() {
            let cursor = self.cursor.clone();
            ctx.ask(&mut self.page, |client| async move { client.photos(cursor.as_deref(), PAGE).await });
        }
        self.renew(ctx);
    }

    /// Reads what the pipeline has found meanwhile.
    fn renew(&mut self, ctx: &AreaCtx<'_>) {
        if self.renewed.poll()
            && let Some(photos) = self.renewed.take()
        {
            self.take_in(photos);
        }
        // A photo that is gone, or a platform that is: the next change asks again.
        drop(self.renewed.take_failure());
        if self.processed.is_empty() || !self.complete || self.renewed.is_pending() || !self.renewal.is_due(ctx.egui, None, RENEWED_EVERY) {
            return;
        }
        let mut ids = Vec::new();
        while ids.len() < RENEWED_AT_ONCE
            && let Some(id) = self.processed.pop_last()
        {
            ids.push(id);
        }
        if !self.processed.is_empty() {
            self.renewal.mark_behind();
        }
        ctx.ask(&mut self.renewed, |client| async move {
            let photos = stream::iter(ids).map(|id| {
                let client = client.clone();
                async move {
                    match client.photo(id).await {
                        Err(error) if error.code() == Some("not_found") => Ok(None),
                        answer => answer.map(Some),
                    }
                }
            });
            photos.buffer_unordered(4).try_filter_map(|photo| async move { Ok(photo) }).try_collect().await
        });
    }

    /// The pipeline has a new result for a photo.
    pub fn on_processed(&mut self, id: PhotoId) {
        if self.places.contains_key(&id) {
            self.processed.insert(id);
            self.renewal.mark_behind();
        }
    }

    /// Changes whenever something else is known of the photos.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Asks again for everything; what is known stays until it is known better.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        self.cursor = None;
        self.complete = false;
    }

    /// A photo that was added, here or elsewhere; it is in its place after the next [`Library::settle`].
    pub fn on_added(&mut self, photo: Photo) {
        self.incoming.push(photo);
    }

    /// Puts what was added in front, all at once: a thousand photos may come between two frames.
    pub fn settle(&mut self) {
        if self.incoming.is_empty() {
            return;
        }
        let mut newer = Vec::new();
        for photo in std::mem::take(&mut self.incoming) {
            match self.places.get(&photo.id) {
                Some(at) => self.photos[*at] = photo,
                None => newer.push(photo),
            }
        }
        newer.sort_by_key(|photo| std::cmp::Reverse(photo.id));
        newer.dedup_by_key(|photo| photo.id);
        self.photos.splice(0..0, newer);
        self.index();
    }

    pub fn on_deleted(&mut self, id: PhotoId) {
        if let Some(at) = self.places.get(&id).copied() {
            self.photos.remove(at);
            self.index();
        }
    }

    fn take_in(&mut self, photos: Vec<Photo>) {
        for photo in photos {
            if let Some(at) = self.places.get(&photo.id) {
                self.photos[*at] = photo;
            } else {
                self.places.insert(photo.id, self.photos.len());
                self.photos.push(photo);
            }
        }
        self.sift();
    }

    fn index(&mut self) {
        self.places = self.photos.iter().enumerate().map(|(at, photo)| (photo.id, at)).collect();
        self.sift();
    }

    /// Why the newest question failed.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.page.failure().map(ToString::to_string)
    }

    /// Whether nothing is known yet.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.photos.is_empty() && !self.complete && self.page.failure().is_none()
    }

    /// Whether more pages are to come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    #[must_use]
    pub fn photo(&self, id: PhotoId) -> Option<&Photo> {
        self.places.get(&id).and_then(|at| self.photos.get(*at))
    }

    #[must_use]
    pub fn all(&self) -> &[Photo] {
        &self.photos
    }

    #[must_use]
    pub fn search(&self) -> &str {
        &self.search
    }

    pub fn set_search(&mut self, search: String) {
        self.search = search;
        self.sift();
    }

    /// Shows only these photos, or all.
    pub fn show_only(&mut self, photos: Option<&[PhotoId]>) {
        self.only = photos.map(|photos| photos.iter().copied().collect());
        self.sift();
    }

    /// Whether only some photos are there to choose from.
    #[must_use]
    pub fn shows_part(&self) -> bool {
        self.only.is_some()
    }

    /// How many photos there are to choose from, whatever is searched for.
    #[must_use]
    pub fn offered_len(&self) -> usize {
        self.offered
    }

    /// What is selected, in the order of the grid.
    #[must_use]
    pub fn selected(&self, selection: &Selection<PhotoId>) -> Vec<PhotoId> {
        self.photos.iter().map(|photo| photo.id).filter(|id| selection.contains(*id)).collect()
    }

    /// How many photos the search lets through.
    #[must_use]
    pub fn shown_len(&self) -> usize {
        self.shown.len()
    }

    /// The photo at a place of the grid.
    #[must_use]
    pub fn shown(&self, place: usize) -> Option<&Photo> {
        self.shown.get(place).and_then(|at| self.photos.get(*at))
    }

    pub fn shown_ids(&self) -> impl Iterator<Item = PhotoId> {
        self.shown.iter().filter_map(|at| self.photos.get(*at)).map(|photo| photo.id)
    }

    /// The place of a photo in the grid.
    #[must_use]
    pub fn place(&self, id: PhotoId) -> Option<usize> {
        let at = self.places.get(&id)?;
        // `shown` is in the order of `photos`.
        self.shown.binary_search(at).ok()
    }

    /// The photos between two of the grid, both included.
    #[must_use]
    pub fn between(&self, one: PhotoId, other: PhotoId) -> Vec<PhotoId> {
        match (self.place(one), self.place(other)) {
            (Some(one), Some(other)) => (one.min(other)..=one.max(other)).filter_map(|place| self.shown(place)).map(|photo| photo.id).collect(),
            _ => vec![other],
        }
    }

    fn sift(&mut self) {
        self.revision += 1;
        let wanted = self.search.trim().to_lowercase();
        self.offered = match &self.only {
            Some(only) => only.iter().filter(|id| self.places.contains_key(id)).count(),
            None => self.photos.len(),
        };
        let lets_through = |photo: &Photo| {
            if self.only.as_ref().is_some_and(|only| !only.contains(&photo.id)) {
                return false;
            }
            wanted.is_empty()
                || std::iter::once(&photo.file_name).chain(&photo.other_names).any(|name| name.to_lowercase().contains(&wanted))
                || photo.tags.iter().any(|tag| tag.name.to_lowercase().contains(&wanted))
        };
        self.shown = self.photos.iter().enumerate().filter(|(_, photo)| lets_through(photo)).map(|(at, _)| at).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::photo::{PhotoSource, ProcessingStatus};

    fn photo(number: u128, file_name: &str) -> Photo {
        Photo {
            id: PhotoId(uuid::Uuid::from_u128(number)),
            file_name: file_name.to_owned(),
            other_names: Vec::new(),
            source: PhotoSource::Added,
            content_hash: String::new(),
            size_bytes: 1,
            width_px: 4,
            height_px: 3,
            format: "jpeg".to_owned(),
            ai_processing_status: ProcessingStatus::None,
            caption: None,
            tags: Vec::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn names(library: &Library) -> Vec<&str> {
        (0..library.shown_len()).filter_map(|place| library.shown(place)).map(|photo| photo.file_name.as_str()).collect()
    }

    #[test]
    fn newer_photos_come_first_and_are_held_once() {
        let mut library = Library::default();
        for (number, name) in [(1, "a.jpg"), (2, "b.jpg"), (3, "c.jpg"), (2, "b2.jpg")] {
            library.on_added(photo(number, name));
            if number == 2 {
                library.settle();
            }
        }
        assert_eq!(names(&library), ["c.jpg", "b2.jpg", "a.jpg"]);
        library.on_deleted(PhotoId(uuid::Uuid::from_u128(3)));
        assert_eq!(names(&library), ["b2.jpg", "a.jpg"]);
        assert_eq!(library.place(PhotoId(uuid::Uuid::from_u128(1))), Some(1));
    }

    #[test]
    fn the_search_narrows_what_a_range_takes() {
        let mut library = Library::default();
        for (number, name) in [(1, "cat.jpg"), (2, "dog.jpg"), (3, "Cats.png")] {
            library.on_added(photo(number, name));
        }
        library.settle();
        library.set_search(" CAT".to_owned());
        assert_eq!(names(&library), ["Cats.png", "cat.jpg"]);
        let ids: Vec<_> = library.shown_ids().collect();
        assert_eq!(library.between(ids[1], ids[0]), ids);
        assert_eq!(library.place(PhotoId(uuid::Uuid::from_u128(2))), None, "not let through");
    }
}
