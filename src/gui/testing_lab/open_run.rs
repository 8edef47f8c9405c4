//! The run that is open: what it is, its cells as they come in, and the figures of its columns.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::cell_now::Heard;
use super::column_summary::ColumnSummary;
use super::held_back::{self, HeldBack};
use super::matrix_cell;
use super::pace::Pace;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::ids::{CellId, PhotoId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::run::{Cell, CellNow, CellState, Run, RunCells, RunState};

/// The figures of the columns follow the cells at most this often.
const SUMMARY_EVERY: Duration = Duration::from_millis(250);

/// A run and its cells.
pub struct OpenRun {
    id: RunId,
    run: Option<Run>,
    asked_run: Remote<Run>,
    page: Remote<RunCells>,
    cursor: Option<String>,
    complete: bool,
    rows: HashMap<PhotoId, usize>,
    /// By row, column and repeat.
    cells: Vec<Option<Cell>>,
    /// Cells that came by event while pages were on their way: newer than what the pages say.
    fresh: HashSet<usize>,
    /// What cells that are being asked are doing, as heard last.
    heard: HashMap<CellId, Heard>,
    summaries: Vec<ColumnSummary>,
    /// The providers that hold its calls back.
    held: Vec<HeldBack>,
    /// Cells that are asked once more after an error.
    asked_again: u64,
    /// Of the calls so far.
    dearest: UsdMicros,
    /// By column: why its cells that wait were not asked.
    unasked: Vec<Option<String>>,
    summarised: Option<Instant>,
    is_behind: bool,
    /// While it is under way.
    pace: Option<Pace>,
    /// Rows with cells that have changed since somebody asked.
    changed_rows: BTreeSet<usize>,
    /// Whether an event told the run while it was asked for.
    told_since_asked: bool,
}

impl OpenRun {
    /// A run that is known only by its id; the rest is asked for.
    #[must_use]
    pub fn new(id: RunId) -> Self {
        Self {
            id,
            run: None,
            asked_run: Remote::default(),
            page: Remote::default(),
            cursor: None,
            complete: false,
            rows: HashMap::new(),
            cells: Vec::new(),
            fresh: HashSet::new(),
            heard: HashMap::new(),
            summaries: Vec::new(),
            held: Vec::new(),
            asked_again: 0,
            dearest: UsdMicros::default(),
            unasked: Vec::new(),
            summarised: None,
            is_behind: true,
            pace: None,
            changed_rows: BTreeSet::new(),
            told_since_asked: false,
        }
    }

    /// Rows with cells that have changed since this was asked last.
    pub fn take_changed_rows(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed_rows)
    }

    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Why the run or its cells could not be read.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.asked_run.failure().or(self.page.failure()).map(ToString::to_string)
    }

    /// Asks again for everything; what is known stays until then.
    pub fn reload(&mut self) {
        self.asked_run = Remote::default();
        self.page = Remote::default();
        self.cursor = None;
        self.complete = false;
        self.fresh.clear();
        // Events may have been missed, and the cells tell it anew.
        self.heard.clear();
    }

    /// Asks for the run itself again, if it is this one.
    pub fn look_again(&mut self, id: RunId) {
        if id == self.id {
            self.asked_run = Remote::default();
        }
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        let id = self.id;
        if self.asked_run.poll()
            && let Some(run) = self.asked_run.value().cloned()
            // An event that came while it was on its way may be newer, and another one follows if it is not.
            && !self.told_since_asked
        {
            self.on_run(run, ctx.now);
        }
        if self.asked_run.is_untouched() {
            self.told_since_asked = false;
            ctx.ask(&mut self.asked_run, |client| async move { client.run(id).await });
        }
        self.cells_logic(ctx);
        self.summarise(ctx);
    }

    fn cells_logic(&mut self, ctx: &AreaCtx<'_>) {
        // Without the run the cells have no place to go to.
        if self.run.is_none() {
            return;
        }
        if self.page.poll()
            && let Some(page) = self.page.take()
        {
            self.complete = page.next_cursor.is_none();
            self.cursor = page.next_cursor;
            for cell in page.items {
                if let Some(at) = self.place(cell.photo_id, cell.column, cell.repeat)
                    && !self.fresh.contains(&at)
                {
                    self.put(at, cell);
                }
            }
            // What was heard meanwhile is newer.
            for (cell, now) in page.now {
                self.heard.entry(cell).or_insert_with(|| Heard::new(&now, ctx.now));
            }
            if self.complete {
                self.fresh.clear();
            }
        }
        if !self.complete && !self.page.is_pending() && self.page.failure().is_none() {
            let (id, cursor) = (self.id, self.cursor.clone());
            ctx.ask(&mut self.page, |client| async move { client.run_cells(id, cursor.as_deref()).await });
        }
    }

    /// An event told the run.
    pub fn on_told(&mut self, id: RunId) {
        self.told_since_asked |= id == self.id && self.run.is_some();
    }

    /// The run as the platform knows it at `now`.
    pub fn on_run(&mut self, run: Run, now: DateTime<Utc>) {
        if run.id != self.id {
            return;
        }
        if self.run.is_none() {
            self.rows = run.photo_ids.iter().enumerate().map(|(row, id)| (*id, row)).collect();
            self.cells = vec![None; run.photo_ids.len() * run.columns.len() * run.repeats as usize];
        }
        // One that is seen first while it runs may have begun long ago.
        let begun = self.run.as_ref().is_some_and(|before| before.state != RunState::Running);
        Pace::follow(&mut self.pace, &run, begun, now);
        if run.state != RunState::Running {
            self.heard.clear();
        }
        self.run = Some(run);
        self.is_behind = true;
    }

    /// A cell that has changed, heard at `now`.
    pub fn on_cell(&mut self, cell: &Cell, now: DateTime<Utc>) {
        if cell.run_id != self.id {
            return;
        }
        if let Some(at) = self.place(cell.photo_id, cell.column, cell.repeat) {
            if !self.complete {
                self.fresh.insert(at);
            }
            if let Some(pace) = &mut self.pace {
                pace.on_cell(self.cells[at].as_ref().map(|before| before.state), cell, now);
            }
            self.put(at, cell.clone());
        }
    }

    /// What a cell is doing, heard at `now`. It may come before the event that the cell is asked.
    pub fn on_news(&mut self, run: RunId, cell: CellId, news: &CellNow, now: DateTime<Utc>) {
        if run == self.id {
            self.heard.insert(cell, Heard::new(news, now));
        }
    }

    /// What a cell that is being asked is doing, as far as it was heard.
    #[must_use]
    pub fn heard(&self, cell: &Cell) -> Option<&Heard> {
        if cell.state == CellState::Running { self.heard.get(&cell.id) } else { None }
    }

    /// Where a photo stands in the run.
    #[must_use]
    pub fn row(&self, photo: PhotoId) -> Option<usize> {
        self.rows.get(&photo).copied()
    }

    fn put(&mut self, at: usize, mut cell: Cell) {
        if cell.state != CellState::Running {
            self.heard.remove(&cell.id);
        }
        // Nothing here shows the steps, and they are the largest part of a cell.
        cell.trace = Vec::new();
        if let Some(run) = &self.run {
            self.changed_rows.insert(at / (run.columns.len() * run.repeats as usize).max(1));
        }
        self.cells[at] = Some(cell);
        self.is_behind = true;
    }

    fn place(&self, photo: PhotoId, column: u32, repeat: u32) -> Option<usize> {
        let run = self.run.as_ref()?;
        let row = *self.rows.get(&photo)?;
        let (column, repeat, repeats) = (column as usize, repeat as usize, run.repeats as usize);
        (column < run.columns.len() && repeat < repeats).then(|| (row * run.columns.len() + column) * repeats + repeat)
    }

    /// The cell of a row, column and repeat, as far as it is known.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize, repeat: u32) -> Option<&Cell> {
        let run = self.run.as_ref()?;
        let at = (row * run.columns.len() + column) * run.repeats as usize + repeat as usize;
        self.cells.get(at).and_then(Option::as_ref)
    }

    /// The cells of a row and column, by repeat.
    #[must_use]
    pub fn repeats(&self, row: usize, column: usize) -> &[Option<Cell>] {
        let Some(run) = self.run.as_ref() else { return &[] };
        let (at, repeats) = (row * run.columns.len() + column, run.repeats as usize);
        self.cells.get(at * repeats..(at + 1) * repeats).unwrap_or_default()
    }

    /// The providers that hold calls of the run back.
    #[must_use]
    pub fn held_back(&self) -> &[HeldBack] {
        &self.held
    }

    /// How many cells are asked once more at this moment: their errors stand until then.
    #[must_use]
    pub fn asked_again(&self) -> u64 {
        self.asked_again
    }

    /// What the dearest call so far has cost.
    #[must_use]
    pub fn dearest(&self) -> UsdMicros {
        self.dearest
    }

    /// Why a cell that waits was not asked; `None`: it waits for its turn, or does not wait.
    #[must_use]
    pub fn why_unasked(&self, cell: &Cell) -> Option<&str> {
        let words = self.unasked.get(cell.column as usize)?.as_deref();
        words.filter(|_| cell.state == CellState::Waiting)
    }

    #[must_use]
    pub fn summaries(&self) -> &[ColumnSummary] {
        &self.summaries
    }

    /// Time left at the pace so far; `None` while there is none.
    #[must_use]
    pub fn time_left(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.pace.as_ref()?.left(self.run.as_ref()?, now)
    }

    /// Counts the columns anew when cells have changed, and not in every frame.
    fn summarise(&mut self, ctx: &AreaCtx<'_>) {
        let Some(run) = self.run.as_ref().filter(|_| self.is_behind) else { return };
        if let Some(wait) = self.summarised.and_then(|at| SUMMARY_EVERY.checked_sub(at.elapsed())) {
            ctx.egui.request_repaint_after(wait);
            return;
        }
        let repeats = run.repeats as usize;
        let columns = run.columns.len();
        self.summaries = (0..columns)
            .map(|column| {
                let of_column = self.cells.chunks(repeats.max(1)).skip(column).step_by(columns.max(1)).flatten();
                ColumnSummary::of(of_column.flatten())
            })
            .collect();
        self.held = HeldBack::of(run, self.cells.iter().flatten());
        self.asked_again = self.cells.iter().flatten().filter(|cell| matrix_cell::asked_again(Some(cell)).is_some()).count() as u64;
        let costs = self.cells.iter().flatten().filter_map(|cell| cell.answer.as_ref()?.cost_usd);
        self.dearest = costs.max().unwrap_or_default();
        self.unasked = held_back::unasked_words(run, &self.held);
        self.summarised = Some(Instant::now());
        self.is_behind = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::CellId;
    use crate::wire::prompt_parts::PromptParts;
    use crate::wire::run::{CellState, RunColumn, RunCounts, RunKind};

    fn column(model: &str) -> RunColumn {
        RunColumn {
            prompt_name: "P v1".to_owned(),
            prompt_content: String::new(),
            parts: PromptParts::default(),
            prompt_version_id: None,
            model: model.to_owned(),
            image: None,
        }
    }

    fn run(photos: &[PhotoId]) -> Run {
        Run {
            id: RunId::fresh(),
            name: String::new(),
            state: RunState::Running,
            photo_ids: photos.to_vec(),
            photo_set: None,
            columns: vec![column("a"), column("b")],
            repeats: 2,
            concurrency: 1,
            counts: RunCounts { waiting: 8, ..RunCounts::default() },
            cost_usd: UsdMicros(0),
            cost_unknown_cells: 0,
            prices: Vec::new(),
            estimate: None,
            kind: RunKind::Comparison,
            limit: None,
            baseline: None,
            reused: 0,
            stopped: Vec::new(),
            stopped_at_limit: false,
            started_at: chrono::DateTime::UNIX_EPOCH,
            finished_at: None,
        }
    }

    fn cell(run: &Run, photo_id: PhotoId, column: u32, repeat: u32) -> Cell {
        Cell {
            id: CellId::fresh(),
            run_id: run.id,
            photo_id,
            column,
            repeat,
            state: CellState::Running,
            answer: None,
            fault: None,
            latency_ms: None,
            trace: Vec::new(),
            reused: None,
        }
    }

    #[test]
    fn cells_lie_by_row_column_and_repeat_and_strangers_are_left_out() {
        let photos = [PhotoId::fresh(), PhotoId::fresh()];
        let run = run(&photos);
        let mut open = OpenRun::new(run.id);
        let now = DateTime::UNIX_EPOCH;
        open.on_run(run.clone(), now);
        let wanted = cell(&run, photos[1], 1, 0);
        open.on_cell(&wanted, now);
        open.on_cell(&cell(&run, photos[0], 2, 0), now);
        open.on_cell(&cell(&run, PhotoId::fresh(), 0, 0), now);
        open.on_cell(&Cell { run_id: RunId::fresh(), ..cell(&run, photos[0], 0, 0) }, now);
        assert_eq!(open.cell(1, 1, 0).map(|cell| cell.id), Some(wanted.id));
        assert_eq!(open.cells.iter().flatten().count(), 1);
    }
}
