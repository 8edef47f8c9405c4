//! Which photos of a run the matrix shows, and in which order: all, those with a failed answer, those whose answers differ,
//! those that are worse or better than with the baseline; as they were chosen, or those first whose answers differ most.

use std::collections::{BTreeSet, HashMap, HashSet};

use egui::{Id, Key, Modifiers, RichText, TextEdit, Ui, WidgetInfo};

use super::baseline::Baseline;
use super::library::Library;
use super::open_run::OpenRun;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::run::{CellState, Run};
use crate::wire::tag::normal_name;

/// Rows looked at in one frame, so that none takes long however many cells have changed.
const ROWS_A_FRAME: usize = 400;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    All,
    Failed,
    Different,
    /// Worse than with the baseline in some column, the worst first.
    Regressions,
    Improvements,
}

impl Show {
    const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Failed => "Failed",
            Self::Different => "Different",
            Self::Regressions => "Regressions",
            Self::Improvements => "Improvements",
        }
    }

    const fn tooltip(self) -> &'static str {
        match self {
            Self::All => "Every photo of the run",
            Self::Failed => "Photos with an answer that failed",
            Self::Different => "Photos whose answers do not have the same tags",
            Self::Regressions => {
                "Photos that a column does worse than the baseline, the worst first: its tags fit the labels worse, or it has no answer"
            }
            Self::Improvements => {
                "Photos that a column does better than the baseline, the best first: its tags fit the labels better, or it alone answers"
            }
        }
    }
}

/// What is wanted of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted {
    show: Show,
    by_disagreement: bool,
    search: String,
}

/// What the answers of a photo say, taken together.
#[derive(Debug, Clone, Default, PartialEq)]
struct Facts {
    has_failed: bool,
    /// 0 … 1; `None` with fewer than two answers.
    disagreement: Option<f64>,
    /// Every tag, for the search: in lower case, between line ends.
    tags: String,
}

/// The rows that are shown.
#[derive(Default)]
pub struct MatrixRows {
    wanted: Wanted,
    repeat: u32,
    /// By row of the run.
    facts: Vec<Facts>,
    /// Rows of the run whose facts are behind.
    behind: BTreeSet<usize>,
    /// Rows of the run, as they are shown.
    shown: Vec<usize>,
    is_stale: bool,
    /// Photos with a failed answer, and with different ones.
    counts: (usize, usize),
    /// By row of the run: the columns that are better or worse than the baseline, and by how much.
    changes: HashMap<usize, Vec<(usize, f64)>>,
    /// Photos that are worse somewhere, and better somewhere.
    changed: (usize, usize),
    /// The answer of the platform that they were taken from.
    changes_revision: u64,
    focus_search: bool,
}

impl MatrixRows {
    /// Rows of the run in the order in which they are shown.
    #[must_use]
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// How much the answers about a photo differ.
    #[must_use]
    pub fn disagreement(&self, row: usize) -> Option<f64> {
        self.facts.get(row)?.disagreement
    }

    /// How much better (or worse: negative) a column is than the baseline on a photo.
    #[must_use]
    pub fn change(&self, row: usize, column: usize) -> Option<f64> {
        self.changes.get(&row)?.iter().find(|(at, _)| *at == column).map(|(_, change)| *change)
    }

    /// The column of a row that differs most from the baseline, in the direction that is asked for.
    #[must_use]
    pub fn foremost(&self, row: usize) -> Option<usize> {
        let changes = self.changes.get(&row)?.iter();
        let foremost = match self.wanted.show {
            Show::Improvements => changes.max_by(|one, other| one.1.total_cmp(&other.1)),
            _ => changes.min_by(|one, other| one.1.total_cmp(&other.1)),
        };
        foremost.map(|(column, _)| *column)
    }

    /// Takes in what the platform has found.
    pub fn follow_baseline(&mut self, open: &OpenRun, baseline: &Baseline) {
        if self.changes_revision == baseline.revision() {
            return;
        }
        self.changes_revision = baseline.revision();
        if open.run().is_some_and(|run| run.baseline.is_none()) && matches!(self.wanted.show, Show::Regressions | Show::Improvements) {
            self.wanted.show = Show::All;
        }
        self.changes.clear();
        for change in baseline.comparison().iter().flat_map(|comparison| &comparison.changes) {
            if let Some(row) = open.row(change.photo_id) {
                self.changes.entry(row).or_default().push((change.column as usize, change.change));
            }
        }
        let rows = |is: fn(f64) -> bool| self.changes.values().filter(|columns| columns.iter().any(|(_, change)| is(*change))).count();
        self.changed = (rows(|change| change < 0.0), rows(|change| change > 0.0));
        self.is_stale = true;
    }

    /// Whether a choice can be made: one photo needs none.
    #[must_use]
    pub fn is_useful(run: &Run) -> bool {
        run.photo_ids.len() > 1
    }

    /// Takes in what has changed. `is_read`: the pointer is over the rows, which must not move away under it.
    pub fn follow(&mut self, open: &mut OpenRun, repeat: u32, library: &Library, is_read: bool, ctx: &AreaCtx<'_>) {
        let changed = open.take_changed_rows();
        let Some(run) = open.run() else { return };
        if self.facts.len() != run.photo_ids.len() || self.repeat != repeat {
            self.repeat = repeat;
            self.facts.resize(run.photo_ids.len(), Facts::default());
            self.behind = (0..self.facts.len()).collect();
            self.is_stale = true;
        }
        self.behind.extend(changed);
        for _ in 0..ROWS_A_FRAME {
            let Some(row) = self.behind.pop_first() else { break };
            let now = facts(open, run, row, repeat);
            if let Some(known) = self.facts.get_mut(row).filter(|known| **known != now) {
                *known = now;
                self.is_stale = true;
            }
        }
        if !self.behind.is_empty() {
            ctx.egui.request_repaint();
        }
        // All in the order of the run never moves.
        let moves = self.wanted != Wanted::default();
        if self.is_stale && !(is_read && moves && !self.shown.is_empty()) {
            self.build(run, library);
        }
    }

    fn build(&mut self, run: &Run, library: &Library) {
        self.is_stale = false;
        let is_different = |facts: &Facts| facts.disagreement.is_some_and(|disagreement| disagreement > 0.0);
        self.counts = (self.facts.iter().filter(|facts| facts.has_failed).count(), self.facts.iter().filter(|facts| is_different(facts)).count());
        let words = self.wanted.search.trim().to_lowercase();
        let is_found = |row: usize, facts: &Facts| {
            let name = || library.photo(run.photo_ids[row]).is_some_and(|photo| photo.file_name.to_lowercase().contains(&words));
            words.is_empty() || facts.tags.contains(&words) || name()
        };
        let is_shown = |(row, facts): &(usize, &Facts)| {
            let passes = match self.wanted.show {
                Show::All => true,
                Show::Failed => facts.has_failed,
                Show::Different => is_different(facts),
                Show::Regressions => self.most(*row, |change| -change) > 0.0,
                Show::Improvements => self.most(*row, |change| change) > 0.0,
            };
            passes && is_found(*row, facts)
        };
        self.shown = self.facts.iter().enumerate().filter(is_shown).map(|(row, _)| row).collect();
        let of = |row: usize| match self.wanted.show {
            Show::Regressions => self.most(row, |change| -change),
            Show::Improvements => self.most(row, |change| change),
            _ if self.wanted.by_disagreement => self.facts[row].disagreement.unwrap_or(-1.0),
            _ => 0.0,
        };
        let mut shown: Vec<(f64, usize)> = self.shown.iter().map(|row| (of(*row), *row)).collect();
        shown.sort_by(|one, other| other.0.total_cmp(&one.0));
        self.shown = shown.into_iter().map(|(_, row)| row).collect();
    }

    /// The most that a column of the row has of something; 0 where no column has any.
    fn most(&self, row: usize, of: fn(f64) -> f64) -> f64 {
        self.changes.get(&row).map_or(0.0, |changes| changes.iter().map(|(_, change)| of(*change)).fold(0.0, f64::max))
    }

    fn want(&mut self, change: impl FnOnce(&mut Wanted), run: &Run, library: &Library) {
        let before = self.wanted.clone();
        change(&mut self.wanted);
        if self.wanted != before {
            self.build(run, library);
        }
    }

    /// Everything in the order of the run.
    pub fn show_all(&mut self, run: &Run, library: &Library) {
        self.want(|wanted| *wanted = Wanted::default(), run, library);
    }

    /// Draws the choice; `/` leads to its search.
    pub fn ui(&mut self, ui: &mut Ui, run: &Run, library: &Library, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let can_differ = run.columns.len() * run.repeats as usize > 1;
        ui.horizontal_wrapped(|ui| {
            let id = Id::unique("rows of the matrix");
            let mut search = self.wanted.search.clone();
            let field = ui.add(TextEdit::singleline(&mut search).id(id).hint_text("Find a tag or photo").desired_width(150.0));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Find a tag or photo"));
            if std::mem::take(&mut self.focus_search) {
                field.request_focus();
            }
            // The field gives the keyboard back and is emptied; the matrix stays.
            if field.lost_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
                search.clear();
            }
            let is_free = !ui.ctx().text_edit_focused() && !ui.ctx().any_popup_open();
            if is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Slash)) {
                self.focus_search = true;
                ui.ctx().request_repaint();
            }
            let mut show = self.wanted.show;
            let mut by_disagreement = self.wanted.by_disagreement;
            let counts = [
                (Show::All, run.photo_ids.len(), true),
                (Show::Failed, self.counts.0, true),
                (Show::Different, self.counts.1, can_differ),
                (Show::Regressions, self.changed.0, run.baseline.is_some()),
                (Show::Improvements, self.changed.1, run.baseline.is_some()),
            ];
            for (each, count, _) in counts.into_iter().filter(|(.., is_useful)| *is_useful) {
                let words = format!("{} {}", each.label(), number::count(count as u64));
                let chip = ui.selectable_label(show == each, &words).on_hover_text(each.tooltip());
                chip.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, self.wanted.show == each, format!("Photos: {words}")));
                if chip.clicked() {
                    show = each;
                }
            }
            if can_differ && !matches!(show, Show::Regressions | Show::Improvements) {
                let about = "The photos first whose answers differ most: 1 − the Jaccard index of their tags, the mean over all pairs of answers";
                let tool = Tool::new(icons::ICON_SORT, "Most different first").tooltip(about).selected(by_disagreement);
                if tool.ui(ui).clicked() {
                    by_disagreement = !by_disagreement;
                }
            }
            self.want(|wanted| *wanted = Wanted { show, by_disagreement, search }, run, library);
            if self.shown.len() < run.photo_ids.len() {
                let words = format!("{} of {} photos", number::count(self.shown.len() as u64), number::count(run.photo_ids.len() as u64));
                ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
            }
        });
    }
}

/// Looks at the answers about one photo: those of all columns at one repeat, or all repeats where there is one column.
fn facts(open: &OpenRun, run: &Run, row: usize, repeat: u32) -> Facts {
    let places: Vec<(usize, u32)> = match run.columns.len() {
        1 => (0..run.repeats).map(|repeat| (0, repeat)).collect(),
        columns => (0..columns).map(|column| (column, repeat)).collect(),
    };
    let cells: Vec<_> = places.into_iter().filter_map(|(column, repeat)| open.cell(row, column, repeat)).collect();
    let answers = cells.iter().filter_map(|cell| cell.answer.as_ref());
    let sets: Vec<HashSet<String>> = answers.map(|answer| answer.tags.iter().map(|tag| normal_name(&tag.name)).collect()).collect();
    let all: BTreeSet<&str> = sets.iter().flatten().map(String::as_str).collect();
    Facts {
        has_failed: cells.iter().any(|cell| cell.state == CellState::Failed || cell.failure().is_some()),
        disagreement: disagreement(&sets),
        tags: all.into_iter().collect::<Vec<_>>().join("\n"),
    }
}

/// The mean over all pairs of 1 − |A ∩ B| / |A ∪ B| (Jaccard 1901); two empty answers agree.
#[must_use]
pub fn disagreement(sets: &[HashSet<String>]) -> Option<f64> {
    let mut distances = Vec::new();
    for (at, one) in sets.iter().enumerate() {
        for other in &sets[at + 1..] {
            let both = one.intersection(other).count();
            let either = one.len() + other.len() - both;
            distances.push(if either == 0 { 0.0 } else { 1.0 - both as f64 / either as f64 });
        }
    }
    (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[&str]) -> HashSet<String> {
        tags.iter().map(|tag| normal_name(tag)).collect()
    }

    #[test]
    fn disagreement_is_the_mean_jaccard_distance_of_all_pairs() {
        assert_eq!(disagreement(&[]), None);
        assert_eq!(disagreement(&[set(&["cat"])]), None, "one answer has nobody to differ from");
        assert_eq!(disagreement(&[set(&["cat", "Sofa"]), set(&["sofa", "cat"])]), Some(0.0));
        assert_eq!(disagreement(&[set(&[]), set(&[])]), Some(0.0));
        assert_eq!(disagreement(&[set(&["cat"]), set(&[])]), Some(1.0));
        // {a, b} and {b, c}: 1 − 1/3; {a, b} and {a}: 1 − 1/2; {b, c} and {a}: 1.
        let three = disagreement(&[set(&["a", "b"]), set(&["b", "c"]), set(&["a"])]).expect("three pairs");
        assert!((three - (2.0 / 3.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
    }
}
