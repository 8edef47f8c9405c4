//! A list that is searched: asked for when what is typed stands, again when it may have changed, and page after page as its
//! end is seen.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::client::{self, ApiError, Client};
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::page::Page;

/// It is asked this long after the last keystroke.
const PAUSE: Duration = Duration::from_millis(200);

/// What was found for a query.
pub struct Paged<Q, T: Send + 'static> {
    answer: Remote<Page<T>>,
    /// What is asked or answered.
    asked: Option<Q>,
    /// Whether the page that is on its way comes after those that are there.
    goes_on: bool,
    found: Option<Vec<T>>,
    next: Option<String>,
    total: u64,
    typed_at: Option<Instant>,
    is_behind: bool,
    wants_more: bool,
}

impl<Q, T: Send + 'static> Default for Paged<Q, T> {
    fn default() -> Self {
        Self {
            answer: Remote::default(),
            asked: None,
            goes_on: false,
            found: None,
            next: None,
            total: 0,
            typed_at: None,
            is_behind: false,
            wants_more: false,
        }
    }
}

impl<Q: PartialEq, T: Send + 'static> Paged<Q, T> {
    /// A key was typed: more of them are waited for.
    pub fn on_typed(&mut self) {
        self.typed_at = Some(Instant::now());
    }

    /// Something else was chosen: it is asked for at once.
    pub fn on_chosen(&mut self) {
        self.typed_at = None;
    }

    /// What was found may be otherwise now.
    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    /// Nothing is searched for any more.
    pub fn clear(&mut self) {
        (self.asked, self.found, self.next) = (None, None, None);
    }

    pub fn try_again(&mut self) {
        self.asked = None;
        self.answer.take_failure();
    }

    #[must_use]
    pub fn failure(&self) -> Option<&ApiError> {
        self.answer.failure()
    }

    /// Everything that has come.
    #[must_use]
    pub fn found(&self) -> Option<&[T]> {
        self.found.as_deref()
    }

    pub fn found_mut(&mut self) -> Option<&mut Vec<T>> {
        self.found.as_mut()
    }

    /// Whether there are more than have come.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.next.is_some() || (self.goes_on && self.answer.is_pending())
    }

    /// How many there are, those that have not come included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// So many rows were drawn: the next page is asked for when the last one was seen.
    pub fn on_seen(&mut self, end: usize, egui: &egui::Context) {
        if self.found.as_ref().is_some_and(|found| end >= found.len()) && self.next.is_some() && !self.answer.is_pending() {
            self.wants_more = true;
            egui.request_repaint();
        }
    }

    /// Takes in what has come; returns whether something did.
    pub fn poll(&mut self) -> bool {
        if !self.answer.poll() {
            return false;
        }
        let Some(page) = self.answer.take() else { return false };
        (self.next, self.total) = (page.next_cursor, page.total.unwrap_or_default());
        match &mut self.found {
            Some(found) if self.goes_on => found.extend(page.items),
            found => *found = Some(page.items),
        }
        true
    }

    /// Asks for what is wanted, if that is not what is there.
    pub fn follow<F>(&mut self, wanted: Q, ctx: &AreaCtx<'_>, ask: impl FnOnce(Client, Option<String>) -> F)
    where
        F: Future<Output = client::Result<Page<T>>> + Send + 'static,
    {
        let wait = self.typed_at.map_or(Duration::ZERO, |at| PAUSE.saturating_sub(at.elapsed()));
        if !wait.is_zero() {
            ctx.egui.request_repaint_after(wait);
            return;
        }
        let is_other = self.asked.as_ref() != Some(&wanted);
        let cursor = if is_other || (self.is_behind && !self.answer.is_pending()) {
            self.is_behind = false;
            None
        } else if std::mem::take(&mut self.wants_more)
            && let Some(cursor) = self.next.take()
        {
            Some(cursor)
        } else {
            return;
        };
        self.goes_on = cursor.is_some();
        self.asked = Some(wanted);
        ctx.ask(&mut self.answer, |client| ask(client, cursor));
    }
}
