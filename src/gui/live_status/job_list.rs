//! The loaded part of the job list: pages as one scrolls, events patched in place, new rows announced.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::gui::ctx::ApiError;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::ids::JobId;
use crate::wire::job::{Job, JobQuery, JobSort, JobState, JobsMatching};
use crate::wire::job_filter::{FilterProblem, JobFilter, What};
use crate::wire::page::Page;

/// Rows of the first page, and of those after it.
const FIRST_PAGE: u32 = 200;
const NEXT_PAGE: u32 = 500;
/// Of what is read again under a reader: the most that the platform gives at once.
const READ_AGAIN: u32 = 1_000;
/// Beyond what was loaded no more is read again, however many jobs changed.
const NEW_MOST: u64 = 5_000;
/// The first page is asked for again at most this often.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// While another moment is looked for.
const DRAGGING_EVERY: Duration = Duration::from_millis(100);
/// The file name is searched for when typing has paused this long.
const SEARCH_AFTER: Duration = Duration::from_millis(200);

/// What is shown of all jobs, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<JobState>,
    /// As it was typed, see [`crate::wire::job_filter`].
    pub search: String,
    pub sort: JobSort,
    pub ascending: bool,
}

impl Filter {
    /// The same jobs, for an action on all of them.
    #[must_use]
    pub fn matching(&self) -> JobsMatching {
        JobsMatching { state: self.state, q: Some(self.search.trim().to_owned()).filter(|search| !search.is_empty()) }
    }

    /// What decides which jobs are shown, whatever their order.
    fn choice(&self) -> (Option<JobState>, String) {
        (self.state, self.search.trim().to_owned())
    }

    /// The typed terms that no job in the chosen state can fulfil: the state itself is typed, and another one is chosen.
    #[must_use]
    pub fn contradicts_itself(&self) -> bool {
        let (Some(state), Ok(terms)) = (self.state, JobFilter::parse(&self.search)) else { return false };
        terms.terms.iter().any(|term| matches!(&term.what, What::State(states) if states.contains(&state) == term.negated))
    }

    fn query(&self, at: Option<DateTime<Utc>>, limit: u32, cursor: Option<String>, count: bool) -> JobQuery {
        let search = self.search.trim();
        JobQuery {
            at,
            state: self.state,
            q: (!search.is_empty()).then(|| search.to_owned()),
            sort: self.sort,
            ascending: self.ascending,
            limit: Some(limit),
            cursor,
            count: Some(count),
        }
    }
}

/// The rows that are loaded, in the platform's order.
pub struct JobList {
    rows: Vec<Job>,
    index: HashMap<JobId, usize>,
    total: Option<u64>,
    next_cursor: Option<String>,
    /// What is shown, or asked for.
    filter: Filter,
    /// What was asked for last, and what the rows are of.
    asked: Option<(Option<JobState>, String)>,
    shown: Option<(Option<JobState>, String)>,
    /// When; `None`: now.
    at: Option<DateTime<Utc>>,
    /// Its words, read; or what is wrong with them, and then the rows are those from before.
    terms: Result<JobFilter, FilterProblem>,
    /// When the filter was changed by typing, until it is asked for.
    typed_at: Option<Instant>,
    first: Remote<Page<Job>>,
    next: Remote<Page<Job>>,
    /// The number of all that match: with terms it takes longer than a page, so that it is asked for by itself.
    counting: Remote<Page<Job>>,
    is_count_wanted: bool,
    /// The first page no longer shows what the platform has.
    is_behind: bool,
    /// Many rows may be others than they were: what is loaded is read again where it is, with so many jobs that may have come.
    is_stale: Option<u64>,
    asked_at: Option<Instant>,
    /// How many there are in all, and of which moment that was counted.
    all: Option<(Option<DateTime<Utc>>, u64)>,
    /// The moment that was asked for last, and that the rows are of; `None`: the present.
    asked_moment: Option<DateTime<Utc>>,
    moment: Option<DateTime<Utc>>,
    /// Another moment is to be shown: that is asked for even where somebody reads further down.
    is_other_moment: bool,
    /// What was heard of jobs while a page was on its way: the page may have been read before it happened.
    heard_meanwhile: HashMap<JobId, Job>,
    /// Jobs that came since the first page was read, while someone reads further down.
    new_jobs: HashSet<JobId>,
}

impl Default for JobList {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            index: HashMap::new(),
            total: None,
            next_cursor: None,
            filter: Filter::default(),
            asked: None,
            shown: None,
            at: None,
            terms: Ok(JobFilter::default()),
            typed_at: None,
            first: Remote::default(),
            next: Remote::default(),
            counting: Remote::default(),
            is_count_wanted: false,
            is_behind: false,
            is_stale: None,
            asked_at: None,
            all: None,
            asked_moment: None,
            moment: None,
            is_other_moment: false,
            heard_meanwhile: HashMap::new(),
            new_jobs: HashSet::new(),
        }
    }
}

impl JobList {
    #[must_use]
    pub fn rows(&self) -> &[Job] {
        &self.rows
    }

    #[must_use]
    pub fn get(&self, id: JobId) -> Option<&Job> {
        self.index.get(&id).and_then(|at| self.rows.get(*at))
    }

    #[must_use]
    pub fn position(&self, id: JobId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    /// Jobs that match the filter, loaded or not, where the platform counted them.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.filter(|_| !self.is_other())
    }

    /// The rows are still those of the filter or the moment before.
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| *shown != self.filter.choice()) || self.at != self.moment
    }

    /// How many jobs there are, whatever the filter, where that was counted at the moment that is meant.
    #[must_use]
    pub fn total_of_all(&self) -> Option<u64> {
        self.all.filter(|(moment, _)| *moment == self.at).map(|(_, total)| total)
    }

    /// The moment that the rows are of, which ages are counted from; `None`: the present.
    #[must_use]
    pub fn moment(&self) -> Option<DateTime<Utc>> {
        self.moment
    }

    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    #[must_use]
    pub fn new_jobs(&self) -> usize {
        self.new_jobs.len()
    }

    /// Nothing has come yet and nothing has failed.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.first.value().is_none() && self.first.failure().is_none()
    }

    #[must_use]
    pub fn failure(&self) -> Option<&ApiError> {
        self.first.failure().or(self.next.failure())
    }

    /// What is wrong with the words that were typed.
    #[must_use]
    pub fn problem(&self) -> Option<&FilterProblem> {
        self.terms.as_ref().err()
    }

    #[must_use]
    pub fn has_more(&self) -> bool {
        self.next_cursor.is_some()
    }

    /// The ids between two rows, both included, in the order of the list.
    #[must_use]
    pub fn between(&self, one: JobId, other: JobId) -> Vec<JobId> {
        let (Some(one_at), Some(other_at)) = (self.position(one), self.position(other)) else { return vec![other] };
        self.rows[one_at.min(other_at)..=one_at.max(other_at)].iter().map(|job| job.id).collect()
    }

    /// Shows something else, from its beginning.
    pub fn show(&mut self, filter: Filter) {
        if filter == self.filter {
            return;
        }
        let only_search = Filter { search: String::new(), ..filter.clone() } == Filter { search: String::new(), ..self.filter.clone() };
        self.terms = JobFilter::parse(&filter.search);
        self.filter = filter;
        self.next = Remote::default();
        self.counting = Remote::default();
        self.is_count_wanted = false;
        self.new_jobs.clear();
        if only_search {
            self.typed_at = Some(Instant::now());
        } else {
            self.asked_at = None;
            self.is_behind = true;
        }
        self.is_stale = None;
    }

    /// Shows the jobs as they were at a moment, or as they are. Returns whether it is another moment than before.
    pub fn show_moment(&mut self, at: Option<DateTime<Utc>>) -> bool {
        if at == self.at {
            return false;
        }
        self.at = at;
        self.next = Remote::default();
        self.counting = Remote::default();
        self.is_count_wanted = false;
        self.new_jobs.clear();
        self.heard_meanwhile.clear();
        self.is_behind = true;
        self.is_other_moment = true;
        true
    }

    /// Many rows changed, and so many may have come. Whoever reads further down or works on a selection keeps the place: as much as is
    /// loaded is read again.
    pub fn refresh(&mut self, changed: u64) {
        self.is_behind = true;
        self.is_stale = Some(self.is_stale.unwrap_or(0).saturating_add(changed).min(NEW_MOST));
    }

    /// Asks anew, from the beginning.
    pub fn reload(&mut self) {
        self.is_behind = true;
        self.asked_at = None;
    }

    /// A job changed or came.
    pub fn on_job(&mut self, job: &Job) {
        if self.at.is_some() {
            return;
        }
        if self.first.is_pending() || self.next.is_pending() {
            self.heard_meanwhile.insert(job.id, job.clone());
        }
        self.patch(job);
    }

    fn patch(&mut self, job: &Job) {
        let sort = self.filter.sort;
        if let Some(row) = self.position(job.id).and_then(|at| self.rows.get_mut(at)) {
            let has_moved = order(sort, row, job) != Ordering::Equal;
            row.clone_from(job);
            // A row that left the filter or its place goes when the list is at rest at its top, not under the reader.
            self.is_behind |= has_moved || !self.matches(job);
        } else if self.matches(job) && self.belongs_to_loaded(job) {
            self.new_jobs.insert(job.id);
            self.is_behind = true;
        }
    }

    fn matches(&self, job: &Job) -> bool {
        self.filter.state.is_none_or(|state| state == job.state) && self.terms.as_ref().is_ok_and(|terms| terms.matches(job, Utc::now()))
    }

    /// Whether a job that is not loaded stands among those that are, and not on a later page.
    fn belongs_to_loaded(&self, job: &Job) -> bool {
        let Some(last) = self.rows.last() else { return true };
        let order = order(self.filter.sort, job, last).then(job.id.cmp(&last.id));
        let comes_after = if self.filter.ascending { order.is_gt() } else { order.is_lt() };
        !comes_after || !self.has_more()
    }

    /// Takes in answers. Returns whether the rows are others than before.
    pub fn poll(&mut self) -> bool {
        let mut changed = false;
        if self.first.poll()
            && self.first.failure().is_none()
            && let Some(page) = self.first.take()
        {
            // Where more than one was read, a job may have moved from one to the next meanwhile.
            let mut seen = HashSet::with_capacity(page.items.len());
            self.rows = page.items;
            self.moment = self.asked_moment;
            self.rows.retain(|job| seen.insert(job.id));
            self.shown.clone_from(&self.asked);
            self.next_cursor = page.next_cursor;
            self.total = page.total.or_else(|| (!self.has_more()).then_some(self.rows.len() as u64));
            self.is_count_wanted = self.total.is_none();
            if self.shown.as_ref().is_some_and(|(state, search)| state.is_none() && search.is_empty()) {
                self.all = self.total.map(|total| (self.moment, total));
            }
            self.next = Remote::default();
            self.new_jobs.clear();
            self.index = self.rows.iter().enumerate().map(|(at, job)| (job.id, at)).collect();
            // The value has moved into the rows; what stays says that there was one.
            self.first.set(Page { items: Vec::new(), next_cursor: None, total: page.total });
            changed = true;
        }
        if self.counting.poll()
            && let Some(page) = self.counting.take()
            && self.has_more()
        {
            self.total = page.total;
        }
        if self.next.poll()
            && let Some(page) = self.next.take()
        {
            self.next_cursor = page.next_cursor;
            for job in page.items {
                // A job may have been read before it moved to this page.
                if !self.index.contains_key(&job.id) {
                    self.index.insert(job.id, self.rows.len());
                    self.rows.push(job);
                }
            }
            changed = true;
        }
        if !self.first.is_pending() && !self.next.is_pending() && !self.heard_meanwhile.is_empty() {
            // Where the page was newer than what was heard, the newer event is still to come.
            for job in std::mem::take(&mut self.heard_meanwhile).into_values() {
                self.patch(&job);
            }
        }
        changed
    }

    /// Whether something else is to be shown than the rows that are there, wherever somebody reads.
    fn is_wanted(&self) -> bool {
        // While one drags along the past, each moment is shown before the next one is asked for.
        let is_dragging = self.at.is_some() && self.first.is_pending();
        self.first.is_untouched() || self.is_behind && (self.asked_at.is_none() || self.is_other_moment) && !is_dragging
    }

    /// Asks for what is missing. `at_rest`: nobody reads further down or works on a selection, so that rows may move.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, at_rest: bool) {
        if let Some(typed_at) = self.typed_at {
            let since = typed_at.elapsed();
            if since < SEARCH_AFTER {
                return ctx.egui.request_repaint_after(SEARCH_AFTER.saturating_sub(since));
            }
            self.typed_at = None;
            self.reload();
        }
        // What can't be read is said at the field, and not asked.
        if self.terms.is_err() {
            return;
        }
        if self.is_count_wanted && !self.counting.is_pending() && !self.first.is_pending() {
            self.is_count_wanted = false;
            let query = self.filter.query(self.at, 1, None, true);
            ctx.ask(&mut self.counting, |client| async move { client.jobs(&query).await });
        }
        if !(self.is_wanted() || self.is_behind && (at_rest || self.is_stale.is_some()) && !self.first.is_pending()) {
            return;
        }
        let read_again = self.is_stale.filter(|_| !at_rest && !self.is_wanted()).map(|changed| changed + self.rows.len() as u64);
        let pause = if self.at.is_some() { DRAGGING_EVERY } else { REFRESH_EVERY };
        if let Some(since) = self.asked_at.map(|at| at.elapsed()).filter(|since| *since < pause) {
            return ctx.egui.request_repaint_after(pause.saturating_sub(since));
        }
        self.is_behind = false;
        self.is_stale = None;
        self.is_other_moment = false;
        self.asked_at = Some(Instant::now());
        self.asked = Some(self.filter.choice());
        self.asked_moment = self.at;
        let counts_at_once = self.terms.as_ref().is_ok_and(JobFilter::is_empty);
        let query = self.filter.query(self.at, read_again.map_or(FIRST_PAGE, |_| READ_AGAIN), None, counts_at_once);
        ctx.ask(&mut self.first, move |client| async move {
            let mut page = client.jobs(&query).await?;
            while let Some(cursor) = page.next_cursor.clone().filter(|_| read_again.is_some_and(|rows| (page.items.len() as u64) < rows)) {
                let next = client.jobs(&JobQuery { cursor: Some(cursor), count: Some(false), ..query.clone() }).await?;
                page.items.extend(next.items);
                page.next_cursor = next.next_cursor;
            }
            Ok(page)
        });
    }

    /// The reader comes near the end.
    pub fn ask_more(&mut self, ctx: &AreaCtx<'_>) {
        if self.has_more() && !self.next.is_pending() && self.next.failure().is_none() && !self.first.is_pending() {
            let query = self.filter.query(self.at, NEXT_PAGE, self.next_cursor.clone(), false);
            ctx.ask(&mut self.next, |client| async move { client.jobs(&query).await });
        }
    }
}

/// How two jobs stand to each other in a column, as the platform sorts by it.
fn order(sort: JobSort, one: &Job, other: &Job) -> Ordering {
    let between = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| from.zip(to).map(|(from, to)| to - from);
    match sort {
        JobSort::Queued => one.enqueued_at.cmp(&other.enqueued_at),
        JobSort::Photo => one.file_name.to_ascii_lowercase().cmp(&other.file_name.to_ascii_lowercase()),
        JobSort::State => one.state.as_str().cmp(other.state.as_str()),
        JobSort::Wait => between(Some(one.ready_at), one.started_at).cmp(&between(Some(other.ready_at), other.started_at)),
        JobSort::Took => between(one.started_at, one.finished_at).cmp(&between(other.started_at, other.finished_at)),
        JobSort::Confidence => one.confidence.unwrap_or(-1.0).total_cmp(&other.confidence.unwrap_or(-1.0)),
        JobSort::Priority => one.priority.cmp(&other.priority),
        JobSort::Attempts => one.attempts.cmp(&other.attempts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::PhotoId;

    fn job(n: u128, state: JobState) -> Job {
        Job {
            id: JobId(uuid::Uuid::from_u128(n)),
            photo_id: PhotoId(uuid::Uuid::from_u128(n)),
            file_name: format!("photo_{n}.jpg"),
            state,
            priority: 0,
            attempts: 0,
            model: None,
            prompt: None,
            enqueued_at: chrono::DateTime::UNIX_EPOCH,
            ready_at: chrono::DateTime::UNIX_EPOCH,
            started_at: None,
            finished_at: None,
            not_before: None,
            confidence: None,
            fault: None,
        }
    }

    fn list(jobs: Vec<Job>) -> JobList {
        let index = jobs.iter().enumerate().map(|(at, job)| (job.id, at)).collect();
        JobList { rows: jobs, index, ..JobList::default() }
    }

    #[test]
    fn an_event_changes_its_row_where_it_stands() {
        let mut list = list(vec![job(2, JobState::Pending), job(1, JobState::Pending)]);
        list.on_job(&job(1, JobState::Completed));
        let states: Vec<_> = list.rows().iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Pending, JobState::Completed]);
        assert_eq!(list.new_jobs(), 0);
        assert!(!list.is_behind, "no row has to come or go");
    }

    /// A list whose first page is on its way, and who sends it.
    fn waiting(jobs: Vec<Job>) -> (JobList, tokio::sync::oneshot::Sender<Page<Job>>, tokio::runtime::Runtime) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (send, receive) = tokio::sync::oneshot::channel();
        let mut list = list(jobs);
        list.first.ask(runtime.handle(), &egui::Context::default(), async move { Ok(receive.await.expect("a page")) });
        (list, send, runtime)
    }

    #[test]
    fn what_happened_while_a_page_was_on_its_way_is_not_overwritten_by_it() {
        let (mut list, send, runtime) = waiting(vec![]);
        // The platform has read the page; then two things happen, and their events come first.
        list.on_job(&job(1, JobState::Completed));
        list.on_job(&job(3, JobState::Pending));
        let page = Page { items: vec![job(2, JobState::Pending), job(1, JobState::Processing)], next_cursor: None, total: Some(2) };
        assert!(send.send(page).is_ok());
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
        assert!(list.poll());
        assert_eq!(list.get(job(1, JobState::Completed).id).map(|job| job.state), Some(JobState::Completed));
        assert_eq!(list.new_jobs(), 1, "the page does not know the third");
        assert!(list.is_behind, "so it is asked for again");
    }

    #[test]
    fn another_moment_is_asked_for_wherever_one_reads() {
        let mut list = list(vec![job(1, JobState::Pending)]);
        list.asked_at = Some(Instant::now());
        assert!(list.show_moment(Some(chrono::DateTime::UNIX_EPOCH)));
        assert!(list.is_behind && list.is_other_moment);
        assert!(!list.show_moment(Some(chrono::DateTime::UNIX_EPOCH)));
        // What is is not what was then, nor the other way round.
        assert!(list.is_other() && list.moment().is_none());
        list.moment = Some(chrono::DateTime::UNIX_EPOCH);
        assert!(!list.is_other());
        assert!(list.show_moment(None) && list.is_other());
        assert!(list.show_moment(Some(chrono::DateTime::UNIX_EPOCH)));
    }

    #[test]
    fn while_one_drags_the_moment_that_was_asked_for_is_shown_before_the_next_one_is_asked_for() {
        let (mut list, send, runtime) = waiting(vec![]);
        let moment = |seconds| DateTime::from_timestamp(seconds, 0);
        for seconds in 1..5 {
            assert!(list.show_moment(moment(seconds)));
            assert!(!list.is_wanted(), "the answer is on its way");
        }
        assert!(send.send(Page { items: vec![job(1, JobState::Pending)], next_cursor: None, total: Some(1) }).is_ok());
        while !list.poll() {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
        }
        assert_eq!(list.rows().len(), 1);
        assert!(list.is_wanted(), "and then where one is by now");
        let (mut list, _send, _runtime) = waiting(vec![]);
        list.show_moment(moment(1));
        list.show_moment(None);
        assert!(list.is_wanted(), "the present is not waited for");
    }

    #[test]
    fn new_jobs_are_counted_and_not_pushed_under_the_reader() {
        let mut list = list(vec![job(1, JobState::Pending)]);
        list.on_job(&job(2, JobState::Pending));
        list.on_job(&job(3, JobState::Pending));
        list.on_job(&job(3, JobState::Processing));
        assert_eq!((list.rows().len(), list.new_jobs()), (1, 2));
        assert!(list.is_behind);
    }

    #[test]
    fn in_every_order_only_jobs_that_stand_among_the_loaded_are_announced() {
        let by_priority = |n, priority| Job { priority, ..job(n, JobState::Pending) };
        let mut list = list(vec![by_priority(1, 50), by_priority(2, 0)]);
        list.filter.sort = JobSort::Priority;
        list.next_cursor = Some("more".to_owned());
        list.on_job(&by_priority(3, -50));
        assert!(list.new_jobs() == 0 && !list.is_behind, "it stands on a later page");
        list.on_job(&Job { state: JobState::Processing, ..by_priority(2, 0) });
        assert!(!list.is_behind, "its place is the same");
        list.on_job(&by_priority(1, 70));
        assert!(list.is_behind && list.new_jobs() == 0, "the order is another");
        list.on_job(&by_priority(4, 60));
        assert_eq!(list.new_jobs(), 1);
    }

    #[test]
    fn only_jobs_that_match_the_filter_are_announced() {
        let mut list = list(vec![]);
        list.show(Filter { state: Some(JobState::Failed), search: "PHOTO_7 attempts<1".to_owned(), ..Filter::default() });
        list.on_job(&job(7, JobState::Pending));
        list.on_job(&job(8, JobState::Failed));
        assert_eq!(list.new_jobs(), 0);
        list.on_job(&job(7, JobState::Failed));
        assert_eq!(list.new_jobs(), 1);
    }

    #[test]
    fn figures_of_the_filter_before_are_not_shown_for_the_next_one() {
        let (mut list, send, runtime) = waiting(vec![]);
        list.asked = Some(list.filter.choice());
        assert!(send.send(Page { items: vec![job(1, JobState::Completed)], next_cursor: None, total: Some(197_854) }).is_ok());
        while !list.poll() {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
        }
        assert_eq!((list.total(), list.is_other()), (Some(197_854), false));
        list.show(Filter { sort: JobSort::Took, ..Filter::default() });
        assert_eq!(list.total(), Some(197_854), "another order, the same jobs");
        list.show(Filter { state: Some(JobState::Pending), ..Filter::default() });
        assert_eq!((list.total(), list.is_other()), (None, true));
        list.show(Filter::default());
        assert!(!list.is_other());
    }

    #[test]
    fn a_state_that_is_typed_and_another_that_is_chosen_contradict() {
        let contradicts = |state, search: &str| Filter { state, search: search.to_owned(), ..Filter::default() }.contradicts_itself();
        let processing = Some(JobState::Processing);
        assert!(contradicts(processing, "beach state:failed") && contradicts(processing, "-state:processing,failed"));
        assert!(!contradicts(processing, "state:processing,failed") && !contradicts(processing, "-state:failed"));
        assert!(!contradicts(None, "state:failed") && !contradicts(processing, "beach"));
    }
}
