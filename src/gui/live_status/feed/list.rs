//! The events that are loaded: newest last, as many as memory is meant for. An event that comes costs the same
//! however many there are.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use super::words::{self, Told};
use crate::wire::event::{Event, EventTopic, EventsPage};

/// Rows kept; a row is some 200 bytes.
pub const ROWS_MOST: usize = 10_000;
/// Rows that may come while the feed is held; then it is read anew when it goes on.
const HELD_MOST: usize = ROWS_MOST / 2;

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub told: Told,
}

/// Rows of one topic, or of all, and which of them the search finds.
#[derive(Debug, Default)]
pub struct FeedList {
    topic: Option<EventTopic>,
    /// Lower case.
    search: String,
    /// By id, rising.
    rows: VecDeque<Row>,
    /// Ids of the rows that the search finds, rising.
    found: VecDeque<i64>,
    /// Where older ones are asked for; `None` before the first page.
    older_from: Option<i64>,
    has_older: bool,
    /// Nothing newer is shown: the feed is paused, or someone reads further down.
    held_at: Option<i64>,
    /// Came while held and is not kept.
    missed: usize,
}

impl FeedList {
    #[must_use]
    pub fn topic(&self) -> Option<EventTopic> {
        self.topic
    }

    /// Shows another topic; everything is asked for anew.
    pub fn show(&mut self, topic: Option<EventTopic>) {
        *self = Self { topic, search: std::mem::take(&mut self.search), ..Self::default() };
    }

    pub fn forget(&mut self) {
        self.show(self.topic);
    }

    pub fn search(&mut self, words: &str) {
        let words = words.trim().to_lowercase();
        if words != self.search {
            self.search = words;
            self.found = self.rows.iter().filter(|row| finds(&self.search, row)).map(|row| row.id).collect();
        }
    }

    /// An event that has just happened.
    pub fn push(&mut self, event: &Event) {
        let is_wanted = event.what.is_kept() && self.topic.is_none_or(|topic| topic == event.what.topic());
        if !is_wanted || self.rows.back().is_some_and(|newest| newest.id >= event.id) {
            return;
        }
        let Some(told) = words::of(&event.what) else { return };
        let row = Row { id: event.id, at: event.at, told };
        let is_found = finds(&self.search, &row);
        if self.held_at.is_some() && self.waiting() >= HELD_MOST {
            self.missed += usize::from(is_found);
            return;
        }
        if is_found {
            self.found.push_back(row.id);
        }
        self.rows.push_back(row);
        if self.rows.len() > ROWS_MOST
            && let Some(oldest) = self.rows.pop_front()
        {
            self.has_older = true;
            self.older_from = self.rows.front().map(|row| row.id);
            if self.found.front() == Some(&oldest.id) {
                self.found.pop_front();
            }
        }
    }

    /// A page of older events has come, newest first.
    pub fn take_older(&mut self, page: EventsPage) {
        let is_first = self.older_from.is_none();
        if is_first && self.held_at.is_some() {
            // Held before anything was there: the page is what was meant.
            self.held_at = Some(page.items.iter().map(|event| event.id).max().unwrap_or(i64::MIN));
        }
        let oldest = self.rows.front().map_or(i64::MAX, |row| row.id);
        self.has_older = page.has_more;
        self.older_from = Some(page.next);
        for event in page.items.into_iter().filter(|event| event.id < oldest) {
            let Some(told) = words::of(&event.what) else { continue };
            let row = Row { id: event.id, at: event.at, told };
            if finds(&self.search, &row) {
                self.found.push_front(row.id);
            }
            self.rows.push_front(row);
        }
    }

    /// Before which event older ones are to be asked for, when there are any and there is room.
    #[must_use]
    pub fn wants_before(&self) -> Option<i64> {
        match self.older_from {
            None => Some(i64::MAX),
            Some(from) => (self.has_older && !self.is_full()).then_some(from),
        }
    }

    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.older_from.is_some()
    }

    #[must_use]
    pub fn has_older(&self) -> bool {
        self.has_older
    }

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MOST
    }

    /// Shows nothing newer than what is shown now.
    pub fn hold(&mut self) {
        if self.held_at.is_none() {
            self.held_at = Some(self.found.back().copied().unwrap_or(i64::MIN));
        }
    }

    /// Goes on with what came meanwhile. What could not be kept is asked for.
    pub fn release(&mut self) {
        if self.missed > 0 {
            self.forget();
        }
        self.held_at = None;
    }

    /// Events that came since it is held.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.found.len() - self.shown() + self.missed
    }

    /// Rows that are shown.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.held_at.map_or(self.found.len(), |held| self.found.partition_point(|id| *id <= held))
    }

    /// The `n`th row from the top.
    #[must_use]
    pub fn row(&self, n: usize) -> Option<&Row> {
        let id = *self.found.get(self.shown().checked_sub(n + 1)?)?;
        let at = self.rows.partition_point(|row| row.id < id);
        self.rows.get(at).filter(|row| row.id == id)
    }
}

fn finds(search: &str, row: &Row) -> bool {
    search.is_empty()
        || search.split_whitespace().all(|word| row.told.words.to_lowercase().contains(word) || row.told.more.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::event::Happened;

    fn event(id: i64) -> Event {
        Event { id, at: DateTime::UNIX_EPOCH, what: Happened::JobsChanged { changed: id as u64 + 1, is_undo: false } }
    }

    fn page(ids: impl DoubleEndedIterator<Item = i64>, has_more: bool) -> EventsPage {
        let items: Vec<Event> = ids.rev().map(event).collect();
        EventsPage { next: items.last().map_or(0, |event| event.id), items, has_more, resync: false }
    }

    fn shown(list: &FeedList) -> Vec<i64> {
        (0..list.shown()).filter_map(|n| list.row(n)).map(|row| row.id).collect()
    }

    #[test]
    fn the_newest_is_on_top_and_nothing_comes_twice() {
        let mut list = FeedList::default();
        assert_eq!(list.wants_before(), Some(i64::MAX));
        list.take_older(page(5..=7, true));
        list.push(&event(7));
        list.push(&event(8));
        assert_eq!(list.wants_before(), Some(5));
        list.take_older(page(3..=5, false));
        assert_eq!((shown(&list), list.wants_before()), (vec![8, 7, 6, 5, 4, 3], None));
    }

    #[test]
    fn what_happens_while_the_first_page_is_on_its_way_is_not_lost() {
        let mut list = FeedList::default();
        list.hold();
        list.push(&event(7));
        list.push(&event(8));
        assert!(!list.is_loaded());
        list.take_older(page(5..=7, false));
        assert_eq!((shown(&list), list.waiting()), (vec![7, 6, 5], 1), "held before it was there");
        list.release();
        assert_eq!(shown(&list), vec![8, 7, 6, 5]);
    }

    #[test]
    fn what_comes_while_it_is_held_waits_and_is_counted() {
        let mut list = FeedList::default();
        list.take_older(page(1..=3, false));
        list.hold();
        for id in 4..=6 {
            list.push(&event(id));
        }
        assert_eq!((shown(&list), list.waiting()), (vec![3, 2, 1], 3));
        list.search("6 jobs");
        assert_eq!((shown(&list).len(), list.waiting()), (0, 1), "only what the search finds counts");
        list.release();
        assert_eq!((shown(&list), list.waiting()), (vec![5], 0));
    }

    #[test]
    fn memory_is_bounded_in_the_run_and_while_held() {
        let mut list = FeedList::default();
        list.take_older(page(0..=0, false));
        for id in 1..=30_000 {
            list.push(&event(id));
        }
        assert_eq!((list.rows.len(), list.found.len()), (ROWS_MOST, ROWS_MOST));
        assert!(list.has_older() && list.wants_before().is_none(), "what was dropped can be had only in place of something");
        list.hold();
        for id in 30_001..=50_000 {
            list.push(&event(id));
        }
        assert_eq!((list.rows.len(), list.waiting()), (ROWS_MOST, 20_000));
        assert_eq!(list.row(0).map(|row| row.id), Some(30_000), "what is read stays");
        list.release();
        assert!(!list.is_loaded(), "read anew");
    }
}
