//! Which photos look alike, for the grid: asked again when photos have come or gone.

use std::collections::HashMap;

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::widgets::selection::Selection;
use crate::wire::ids::PhotoId;
use crate::wire::photo::LookAlikes;

/// The groups as last heard.
#[derive(Default)]
pub struct AlikePhotos {
    answer: Remote<LookAlikes>,
    /// Which photos the library had when it was asked.
    asked_for: Option<u64>,
    /// The group of each photo that has one, and how many are in it.
    groups: HashMap<PhotoId, (usize, usize)>,
    revision: u64,
    /// Selected photos that count with another one, and of what that was said.
    beyond: (Option<(u64, u64)>, usize),
}

impl AlikePhotos {
    /// `photos`: the state of the library by [`Library::members`](super::library::Library::members), once all are known.
    pub fn logic(&mut self, photos: Option<u64>, ctx: &AreaCtx<'_>) {
        if self.answer.poll()
            && let Some(answer) = self.answer.take()
        {
            let of_group = |(at, group): (usize, &Vec<PhotoId>)| group.iter().map(|id| (*id, (at, group.len()))).collect::<Vec<_>>();
            self.groups = answer.groups.iter().enumerate().flat_map(of_group).collect();
            self.revision += 1;
        }
        if photos.is_some() && photos != self.asked_for && !self.answer.is_pending() {
            self.asked_for = photos;
            ctx.ask(&mut self.answer, |client| async move { client.look_alikes().await });
        }
    }

    /// How many photos look like this one, itself included; `None`: no other does.
    #[must_use]
    pub fn of(&self, photo: PhotoId) -> Option<usize> {
        self.groups.get(&photo).map(|(_, count)| *count)
    }

    /// How many of the selected photos count together with another one of them.
    pub fn beyond(&mut self, selection: &Selection<PhotoId>) -> usize {
        let of = Some((selection.revision(), self.revision));
        if self.beyond.0 != of {
            let mut seen = std::collections::HashSet::new();
            let count = selection.iter().filter_map(|id| self.groups.get(&id)).filter(|(group, _)| !seen.insert(*group)).count();
            self.beyond = (of, count);
        }
        self.beyond.1
    }
}
