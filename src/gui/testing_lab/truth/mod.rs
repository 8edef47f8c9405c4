//! Ground truth by hand: one photo after the other, its tags typed with completion, each change kept at once.

mod files;
mod order;
mod panel;
mod words;

use std::collections::{HashMap, VecDeque};

use files::TruthFiles;
use order::Order;
use words::Words;

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::widgets::photo_view::PhotoViewport;
use crate::wire::config::{ConfigChange, TRUTH_FIELD};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::tag::normal_name;
use crate::wire::truth::{PhotoTruth, SetTruth, TruthChanged};

/// What is known of all photos, and the one that is being labelled.
#[derive(Default)]
pub struct GroundTruth {
    known: HashMap<PhotoId, Vec<String>>,
    page: Remote<Page<PhotoTruth>>,
    cursor: Option<String>,
    is_complete: bool,
    /// Counts what was learnt, so that what is made of it is made anew.
    revision: u64,
    order: Order,
    photo: Option<PhotoId>,
    viewport: PhotoViewport,
    typed: String,
    /// Which of the offered words the arrows stand on.
    offered: Option<usize>,
    words: Words,
    /// What is still to be kept, the newest of each photo; the first is under way.
    unsaved: VecDeque<(PhotoId, Option<Vec<String>>)>,
    saving: Remote<TruthChanged>,
    /// Why the last change was not kept.
    trouble: Option<String>,
    /// The field is to take the keyboard, or has it.
    wants_focus: bool,
    has_focus: bool,
    /// A button asks for the photo before, or the next one.
    wanted_step: Option<isize>,
    files: TruthFiles,
}

impl GroundTruth {
    /// Asks again for everything; what is known stays until it is known better.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        (self.cursor, self.is_complete) = (None, false);
    }

    /// Takes in what a change says of photos.
    pub fn on_change(&mut self, change: &ConfigChange) {
        for (field, value) in change.after.as_object().into_iter().flatten() {
            let Some(photo) = field.strip_prefix(TRUTH_FIELD).and_then(|id| id.parse().ok()) else { continue };
            let tags = value.get("tags").cloned().and_then(|tags| serde_json::from_value::<Vec<String>>(tags).ok());
            // What is typed here and not kept yet is newer.
            if !self.unsaved.iter().any(|(waiting, _)| *waiting == photo) {
                self.learn(photo, tags);
            }
        }
    }

    fn learn(&mut self, photo: PhotoId, tags: Option<Vec<String>>) {
        self.revision += 1;
        match tags {
            Some(tags) => drop(self.known.insert(photo, tags)),
            None => drop(self.known.remove(&photo)),
        }
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.page.poll()
            && let Some(page) = self.page.take()
        {
            (self.is_complete, self.cursor) = (page.next_cursor.is_none(), page.next_cursor);
            for truth in page.items {
                if !self.unsaved.iter().any(|(waiting, _)| *waiting == truth.photo_id) {
                    self.learn(truth.photo_id, Some(truth.tags));
                }
            }
        }
        if !self.is_complete && !self.page.is_pending() && self.page.failure().is_none() {
            let cursor = self.cursor.clone();
            ctx.ask(&mut self.page, |client| async move { client.ground_truth(cursor.as_deref()).await });
        }
        self.save_logic(ctx);
        self.files.logic(ctx);
    }

    /// One change after the other, in the order in which they were made.
    fn save_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.saving.poll() {
            match self.saving.take_failure() {
                Some(failure) => self.trouble = Some(failure.to_string()),
                None => drop(self.unsaved.pop_front()),
            }
        }
        if let (Some((photo, tags)), None, false) = (self.unsaved.front().cloned(), &self.trouble, self.saving.is_pending()) {
            ctx.ask(&mut self.saving, |client| async move { client.set_ground_truth(photo, &SetTruth { tags }).await });
        }
    }

    /// Says what a photo has; `None`: nothing is said any more.
    pub fn set(&mut self, photo: PhotoId, tags: Option<Vec<String>>) {
        self.learn(photo, tags.clone());
        // The one under way has been sent; a later one of the same photo takes the place of one that waits.
        let is_waiting =
            |(at, (waiting, _)): &(usize, &mut (PhotoId, Option<Vec<String>>))| (*at > 0 || !self.saving.is_pending()) && *waiting == photo;
        match self.unsaved.iter_mut().enumerate().find(is_waiting) {
            Some((_, waiting)) => waiting.1 = tags,
            None => self.unsaved.push_back((photo, tags)),
        }
    }

    #[must_use]
    pub fn tags(&self, photo: PhotoId) -> Option<&[String]> {
        self.known.get(&photo).map(Vec::as_slice)
    }

    /// Goes to a photo.
    pub fn open(&mut self, photo: Option<PhotoId>) {
        if photo.is_some() {
            self.photo = photo;
        }
        self.viewport = PhotoViewport::default();
        (self.typed, self.offered, self.wants_focus) = (String::new(), None, true);
    }

    /// Adds what is typed to the tags of the photo; words apart by commas are several.
    fn add(&mut self, photo: PhotoId, typed: &str) {
        let mut tags = self.tags(photo).unwrap_or_default().to_vec();
        let added: Vec<String> = typed.split(',').map(normal_name).filter(|tag| !tag.is_empty() && !tags.contains(tag)).collect();
        if !added.is_empty() {
            tags.extend(added);
            tags.sort();
            tags.dedup();
            self.set(photo, Some(tags));
        }
        (self.typed, self.offered, self.wants_focus) = (String::new(), None, true);
    }

    fn remove(&mut self, photo: PhotoId, tag: &str) {
        let mut tags = self.tags(photo).unwrap_or_default().to_vec();
        tags.retain(|known| known != tag);
        self.set(photo, Some(tags));
        self.wants_focus = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(number: u128) -> PhotoId {
        PhotoId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn tags_are_added_in_one_spelling_and_the_newest_of_a_photo_is_kept() {
        let mut truth = GroundTruth::default();
        truth.add(photo(1), " Cat, golden-Retriever ,, cat");
        truth.add(photo(1), "sofa");
        truth.add(photo(2), "dog");
        truth.remove(photo(1), "cat");
        assert_eq!(truth.tags(photo(1)), Some(&["golden retriever".to_owned(), "sofa".to_owned()][..]));
        let waiting: Vec<_> = truth.unsaved.iter().map(|(id, tags)| (*id, tags.clone().unwrap_or_default().len())).collect();
        assert_eq!(waiting, [(photo(1), 2), (photo(2), 1)], "one write a photo, with its last state");
        truth.add(photo(2), "dog");
        assert_eq!(truth.unsaved.len(), 2, "what is there already changes nothing");
    }
}
