//! What a search found, as far as it was read.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::photo::Photo;
use crate::wire::photo_search::PhotoSearch;

const PAGE: u32 = 200;
/// While someone types, the platform is asked when this long nothing was typed.
const TYPING_PAUSE: Duration = Duration::from_millis(120);
/// What changed is read again this long after the last reading.
const REFRESH: Duration = Duration::from_secs(2);

/// The photos that a search found; those before stay until others have come.
#[derive(Default)]
pub struct Found {
    typed: String,
    typed_at: Option<Instant>,
    /// What the photos were found by.
    search: PhotoSearch,
    photos: Vec<Photo>,
    total: Option<u64>,
    next: Option<String>,
    is_read: bool,
    is_behind: bool,
    read_at: Option<Instant>,
    page: Remote<Page<Photo>>,
    /// The page that is under way goes on after those that are there.
    is_more: bool,
}

impl Found {
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    pub fn type_in(&mut self, typed: String) {
        self.typed = typed;
        self.typed_at = Some(Instant::now());
    }

    #[must_use]
    pub fn search(&self) -> &PhotoSearch {
        &self.search
    }

    #[must_use]
    pub fn photos(&self) -> &[Photo] {
        &self.photos
    }

    /// In all, `None` where they are too many to be counted.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    #[must_use]
    pub fn place(&self, id: PhotoId) -> Option<usize> {
        self.photos.iter().position(|photo| photo.id == id)
    }

    #[must_use]
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    #[must_use]
    pub fn is_searching(&self) -> bool {
        self.typed_at.is_some() || (self.page.is_pending() && !self.is_more)
    }

    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.page.failure().map(ToString::to_string)
    }

    /// Photos or their tags changed.
    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    pub fn on_deleted(&mut self, id: PhotoId) {
        let before = self.photos.len();
        self.photos.retain(|photo| photo.id != id);
        self.is_behind |= self.photos.len() < before;
    }

    /// Asks again from the start.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        self.read_at = None;
        self.is_behind = true;
    }

    /// Takes in what came and asks for what is wanted; returns whether other photos are shown from the first on.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>, egui: &egui::Context) -> bool {
        let is_other = self.take_in();
        if let Some(at) = self.typed_at {
            let left = TYPING_PAUSE.saturating_sub(at.elapsed());
            if self.is_read && !left.is_zero() {
                egui.request_repaint_after(left);
                return is_other;
            }
            self.typed_at = None;
            self.ask(ctx, None);
        } else if !self.is_read && !self.page.is_pending() && self.page.failure().is_none() {
            self.ask(ctx, None);
        } else if self.is_behind && !self.page.is_pending() && self.page.failure().is_none() && self.photos.len() <= PAGE as usize {
            // Beyond the first page nothing moves under a reader.
            let left = self.read_at.map_or(Duration::ZERO, |at| REFRESH.saturating_sub(at.elapsed()));
            if left.is_zero() {
                self.ask(ctx, None);
            } else {
                egui.request_repaint_after(left);
            }
        }
        is_other
    }

    /// Asks for the next page, if there is one.
    pub fn ask_more(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(next) = self.next.clone().filter(|_| !self.page.is_pending() && self.typed_at.is_none() && self.page.failure().is_none()) {
            self.ask(ctx, Some(next));
        }
    }

    fn ask(&mut self, ctx: &AreaCtx<'_>, after: Option<String>) {
        self.is_more = after.is_some();
        if !self.is_more {
            self.is_behind = false;
        }
        let typed = self.typed.clone();
        ctx.ask(&mut self.page, move |client| async move { client.search_photos(&typed, after.as_deref(), PAGE).await });
    }

    /// By rank a page begins after so many photos, not after a photo: one that moved down meanwhile comes again.
    fn append(&mut self, photos: Vec<Photo>) {
        let known: HashSet<PhotoId> = self.photos.iter().map(|photo| photo.id).collect();
        self.photos.extend(photos.into_iter().filter(|photo| !known.contains(&photo.id)));
    }

    fn take_in(&mut self) -> bool {
        if !self.page.poll() {
            return false;
        }
        let Some(page) = self.page.take() else { return false };
        self.next = page.next_cursor;
        if self.is_more {
            self.append(page.items);
            return false;
        }
        let search = PhotoSearch::parse(&self.typed);
        let is_other = search != self.search;
        (self.search, self.photos, self.total) = (search, page.items, page.total);
        (self.is_read, self.read_at) = (true, Some(Instant::now()));
        is_other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::photo::{PhotoSource, ProcessingStatus};

    #[test]
    fn a_photo_that_moved_to_the_next_page_is_not_there_twice() {
        let photo = |n: u128| Photo {
            id: PhotoId(uuid::Uuid::from_u128(n)),
            file_name: format!("{n}.jpg"),
            other_names: Vec::new(),
            source: PhotoSource::Added,
            content_hash: String::new(),
            size_bytes: 1,
            width_px: 1,
            height_px: 1,
            format: "jpeg".to_owned(),
            ai_processing_status: ProcessingStatus::None,
            caption: None,
            tags: Vec::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
        };
        let mut found = Found { photos: vec![photo(1), photo(2)], ..Found::default() };
        found.append(vec![photo(2), photo(3)]);
        assert_eq!(found.photos(), [photo(1), photo(2), photo(3)]);
    }
}
