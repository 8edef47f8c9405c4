//! The photos of the library, as far as they are known: every page is asked for, one after the other,
//! and events keep them current.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::tag_counts::TagCounts;
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
    /// Those that pages and events have told of since the first page was asked for: what is not among them at the end is gone.
    heard: HashSet<PhotoId>,
    /// Those that were deleted since then: a page that was made before may name them.
    deleted: HashSet<PhotoId>,
    /// What came and what went since the last [`Library::settle`].
    incoming: Vec<Photo>,
    outgoing: HashSet<PhotoId>,
    /// Those with results newer than what is known.
    processed: BTreeSet<PhotoId>,
    renewed: Remote<Vec<Photo>>,
    renewal: Refresh,
    /// Counts what was learnt, so that what is made of it is made anew.
    revision: u64,
    /// The same for which photos there are.
    members: u64,
    /// The names of the tags that models have found.
    found: TagCounts,
    search: String,
    /// What the search looks through, in small letters; made where it was searched once.
    searched: HashMap<PhotoId, Box<str>>,
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
            self.take_page(page);
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
            self.learn_again(photos);
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

    /// Changes whenever photos have come or gone.
    #[must_use]
    pub fn members(&self) -> u64 {
        self.members
    }

    /// The names of the tags that models have found in the photos.
    #[must_use]
    pub fn found(&self) -> &TagCounts {
        &self.found
    }

    /// Asks again for everything; what is known stays until it is known better.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        self.cursor = None;
        self.complete = false;
        self.heard.clear();
        self.deleted.clear();
    }

    /// A photo that was added, here or elsewhere; it is in its place after the next [`Library::settle`].
    pub fn on_added(&mut self, photo: Photo) {
        if !self.complete {
            self.heard.insert(photo.id);
        }
        self.deleted.remove(&photo.id);
        self.outgoing.remove(&photo.id);
        self.incoming.push(photo);
    }

    /// A photo that was deleted; it is gone after the next [`Library::settle`].
    pub fn on_deleted(&mut self, id: PhotoId) {
        if !self.complete {
            self.deleted.insert(id);
        }
        self.incoming.retain(|photo| photo.id != id);
        self.outgoing.insert(id);
    }

    /// Puts what was added in front and takes out what was deleted, all at once: a thousand photos may come or go between two frames.
    pub fn settle(&mut self) {
        if self.incoming.is_empty() && self.outgoing.is_empty() {
            return;
        }
        let gone = std::mem::take(&mut self.outgoing);
        self.take_out(&gone);
        let mut newer = Vec::new();
        for photo in std::mem::take(&mut self.incoming) {
            match self.places.get(&photo.id) {
                Some(at) => self.replace(*at, photo),
                None => newer.push(photo),
            }
        }
        newer.sort_by_key(|photo| std::cmp::Reverse(photo.id));
        newer.dedup_by_key(|photo| photo.id);
        if !newer.is_empty() {
            self.found.add(newer.iter().flat_map(tag_names));
            self.photos.splice(0..0, newer);
            self.members += 1;
            self.index();
        }
        self.revision += 1;
        self.sift();
    }

    fn take_out(&mut self, gone: &HashSet<PhotoId>) {
        if !gone.iter().any(|id| self.places.contains_key(id)) {
            return;
        }
        for photo in self.photos.iter().filter(|photo| gone.contains(&photo.id)) {
            self.found.take_off(tag_names(photo));
            self.searched.remove(&photo.id);
        }
        self.photos.retain(|photo| !gone.contains(&photo.id));
        self.members += 1;
        self.index();
    }

    fn replace(&mut self, at: usize, photo: Photo) {
        self.searched.remove(&photo.id);
        self.found.add(tag_names(&photo));
        let before = std::mem::replace(&mut self.photos[at], photo);
        self.found.take_off(tag_names(&before));
    }

    /// The next page of a reading of the whole library; with the last one goes what no page told of.
    fn take_page(&mut self, page: Page<Photo>) {
        (self.complete, self.cursor) = (page.next_cursor.is_none(), page.next_cursor);
        for photo in page.items {
            if self.deleted.contains(&photo.id) {
                continue;
            }
            self.heard.insert(photo.id);
            if let Some(at) = self.places.get(&photo.id) {
                self.replace(*at, photo);
            } else {
                self.found.add(tag_names(&photo));
                self.places.insert(photo.id, self.photos.len());
                self.photos.push(photo);
                self.members += 1;
            }
        }
        if self.complete {
            self.deleted.clear();
            let heard = std::mem::take(&mut self.heard);
            let gone = self.photos.iter().map(|photo| photo.id).filter(|id| !heard.contains(id)).collect();
            self.take_out(&gone);
            // What was added unheard came behind those that were known.
            let newest_first = |photo: &Photo| std::cmp::Reverse((photo.created_at, photo.id));
            if !self.photos.is_sorted_by_key(newest_first) {
                self.photos.sort_by_key(newest_first);
                self.index();
            }
        }
        self.revision += 1;
        self.sift();
    }

    /// Photos that were read once more; one that was deleted meanwhile stays so.
    fn learn_again(&mut self, photos: Vec<Photo>) {
        for photo in photos {
            if let Some(at) = self.places.get(&photo.id) {
                self.replace(*at, photo);
            }
        }
        self.revision += 1;
        self.sift();
    }

    fn index(&mut self) {
        self.places = self.photos.iter().enumerate().map(|(at, photo)| (photo.id, at)).collect();
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
        let wanted = self.search.trim().to_lowercase();
        self.offered = match &self.only {
            Some(only) => only.iter().filter(|id| self.places.contains_key(id)).count(),
            None => self.photos.len(),
        };
        let (only, searched) = (self.only.as_ref(), &mut self.searched);
        let mut lets_through = |photo: &Photo| {
            only.is_none_or(|only| only.contains(&photo.id))
                && (wanted.is_empty() || searched.entry(photo.id).or_insert_with(|| searched_text(photo)).contains(&wanted))
        };
        self.shown = self.photos.iter().enumerate().filter(|(_, photo)| lets_through(photo)).map(|(at, _)| at).collect();
    }
}

fn tag_names(photo: &Photo) -> impl Iterator<Item = &str> {
    photo.tags.iter().map(|tag| tag.name.as_str())
}

/// Names and tags in small letters, a line each, so that nothing is found across two of them.
fn searched_text(photo: &Photo) -> Box<str> {
    let names = std::iter::once(photo.file_name.as_str()).chain(photo.other_names.iter().map(String::as_str));
    let lines: Vec<String> = names.chain(tag_names(photo)).map(str::to_lowercase).collect();
    lines.join("\n").into_boxed_str()
}

#[cfg(test)]
mod tests;
