//! The photos that are gone through, made anew only when the set, the library or the labels have changed.

use std::collections::HashMap;

use super::super::library::Library;
use super::super::sets::PhotoSets;
use crate::wire::ids::{PhotoId, PhotoSetId};

/// Those of the chosen set in its order, else all of the library.
#[derive(Default)]
pub struct Order {
    of: Option<(u64, Option<(PhotoSetId, u32)>)>,
    photos: Vec<PhotoId>,
    places: HashMap<PhotoId, usize>,
    /// For which state of the labels `labelled` was counted.
    counted: Option<u64>,
    labelled: usize,
}

impl Order {
    pub fn follow(&mut self, sets: &PhotoSets, library: &Library) {
        let of = Some((library.revision(), sets.shown_version()));
        if self.of == of {
            return;
        }
        self.photos = match sets.shown() {
            Some(ids) => ids.iter().copied().filter(|id| library.photo(*id).is_some()).collect(),
            None => library.all().iter().map(|photo| photo.id).collect(),
        };
        self.places = self.photos.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        (self.of, self.counted) = (of, None);
    }

    /// How many are labelled, given the state of the labels.
    pub fn labelled(&mut self, revision: u64, is_labelled: impl Fn(&PhotoId) -> bool) -> usize {
        if self.counted != Some(revision) {
            (self.counted, self.labelled) = (Some(revision), self.photos.iter().filter(|id| is_labelled(id)).count());
        }
        self.labelled
    }

    #[must_use]
    pub fn photos(&self) -> &[PhotoId] {
        &self.photos
    }

    #[must_use]
    pub fn place(&self, id: PhotoId) -> Option<usize> {
        self.places.get(&id).copied()
    }
}
