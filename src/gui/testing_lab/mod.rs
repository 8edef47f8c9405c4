//! Testing lab: is this prompt or model better, on these photos? Choose, run, read the matrix, compare side by side.

mod baseline;
mod blind;
mod bundled_wait;
mod caption_diff;
mod cell_now;
mod choose;
mod column_head;
mod column_summary;
mod correcting;
mod deleting;
mod diff_panel;
mod estimate;
mod estimate_panel;
mod export;
mod figures_panel;
mod held_back;
mod kept_choice;
mod library;
mod look_alikes;
mod matrix;
mod matrix_cell;
mod matrix_rows;
mod open_run;
mod pace;
mod photo_details;
mod photo_grid;
mod pinning;
mod results;
mod run_cost;
mod run_header;
mod running;
mod runs_list;
mod sets;
mod setup;
mod setup_panel;
mod short_labels;
mod shortcuts;
mod side_by_side;
mod side_pane;
mod spend_limit;
mod spread;
mod step_bar;
mod steps;
mod sweep_panel;
mod sweep_setup;
mod tag_chip;
mod tag_counts;
mod tag_diff;
mod tag_kin;
mod traces;
mod truth;
mod undo;
mod validation;
mod votes;
mod watching;

use std::path::PathBuf;

use egui::{CentralPanel, Frame, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, KeptNowhere, PhotoAdding, Remote, Route, Toast, ToastKind};
use crate::gui::theme;
use crate::gui::widgets::selection::Selection;
use crate::wire::config::{PHOTO_SET_FIELD, TRUTH_FIELD};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{PhotoId, PhotoSetId, RunId};
use crate::wire::job::JobState;
use crate::wire::photo::PhotoSource;
use crate::wire::run::{Run, RunState};
use baseline::Baseline;
use bundled_wait::BundledWait;
use deleting::Deleting;
use estimate::LiveEstimate;
use export::Export;
use library::Library;
use look_alikes::AlikePhotos;
use matrix::Matrix;
use matrix_rows::MatrixRows;
use open_run::OpenRun;
use photo_details::PhotoDetails;
use photo_grid::PhotoGrid;
use pinning::Pinning;
use runs_list::RunsList;
use sets::PhotoSets;
use setup::Setup;
use side_by_side::SideBySide;
use spend_limit::RaisedLimit;
use sweep_panel::SweepView;
use traces::Traces;
use truth::GroundTruth;
use undo::LabUndo;
use validation::Validating;
use votes::Votes;
use watching::Watching;

/// How many photos a newcomer's first run has at most.
const FIRST_RUN_PHOTOS: usize = 24;

/// What the area shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Step {
    #[default]
    Choose,
    Results,
    SideBySide,
    PastRuns,
    GroundTruth,
    Traces,
    Validations,
}

/// The state of the area.
pub struct TestingLab {
    step: Step,
    library: Library,
    bundled_wait: BundledWait,
    alike: AlikePhotos,
    sets: PhotoSets,
    truth: GroundTruth,
    validating: Validating,
    selection: Selection<PhotoId>,
    /// The state of the library by which the selection holds nothing that is gone.
    selected_of: Option<u64>,
    /// The state of the library that was chosen from by itself last.
    chosen_of: u64,
    /// The person has chosen; until then the bundled photos are chosen as they come.
    has_chosen: bool,
    grid: PhotoGrid,
    adding: PhotoAdding,
    watching: Watching,
    deleting: Deleting,
    details: PhotoDetails,
    setup: Setup,
    estimate: LiveEstimate,
    /// The frame that it was drawn in last.
    drawn: u64,
    runs: RunsList,
    starting: Remote<Run>,
    /// Cancel and resume of the open run.
    acting: Remote<Run>,
    open: Option<OpenRun>,
    matrix: Matrix,
    rows: MatrixRows,
    baseline: Baseline,
    pinning: Pinning,
    sweep: SweepView,
    raised_limit: RaisedLimit,
    /// The figures stand in place of the matrix.
    shows_figures: bool,
    export: Export,
    side: Option<SideBySide>,
    traces: Traces,
    votes: Votes,
    undo: LabUndo,
}

impl Default for TestingLab {
    fn default() -> Self {
        Self {
            step: Step::default(),
            library: Library::default(),
            bundled_wait: BundledWait::default(),
            alike: AlikePhotos::default(),
            sets: PhotoSets::default(),
            truth: GroundTruth::default(),
            validating: Validating::default(),
            selection: Selection::default(),
            selected_of: None,
            chosen_of: 0,
            has_chosen: false,
            grid: PhotoGrid::default(),
            adding: PhotoAdding::new(false),
            watching: Watching::default(),
            deleting: Deleting::default(),
            details: PhotoDetails::default(),
            setup: Setup::default(),
            estimate: LiveEstimate::default(),
            drawn: 0,
            runs: RunsList::default(),
            starting: Remote::default(),
            acting: Remote::default(),
            open: None,
            matrix: Matrix::default(),
            rows: MatrixRows::default(),
            baseline: Baseline::default(),
            pinning: Pinning::default(),
            sweep: SweepView::default(),
            raised_limit: RaisedLimit::default(),
            shows_figures: false,
            export: Export::default(),
            side: None,
            traces: Traces::default(),
            votes: Votes::default(),
            undo: LabUndo::default(),
        }
    }
}

impl Area for TestingLab {
    fn id(&self) -> AreaId {
        AreaId::TestingLab
    }

    fn on_event(&mut self, event: &Event, ctx: &mut AreaCtx<'_>) {
        if let Happened::ConfigChanged { change: Some(change), .. } = &event.what
            && (change.touches(PHOTO_SET_FIELD) || change.touches(TRUTH_FIELD))
        {
            self.undo.on_change(change, ctx.client.is_me(&change.actor));
        }
        match &event.what {
            Happened::PhotoAdded(photo) => self.library.on_added(photo.clone()),
            Happened::BundledWait { why } => self.bundled_wait.on_told(why.as_deref()),
            Happened::JobChanged(job) if job.state == JobState::Completed => self.library.on_processed(job.photo_id),
            Happened::PhotoDeleted { id } => {
                self.library.on_deleted(*id);
                self.selection.remove(*id);
            }
            Happened::PromptChanged(_) | Happened::PromptVersionSaved(_) => self.setup.reload_prompts(),
            Happened::ConfigChanged { change: Some(change), .. } if change.touches(PHOTO_SET_FIELD) => self.sets.reload(),
            Happened::ConfigChanged { change: Some(change), .. } if change.touches(TRUTH_FIELD) => {
                self.truth.on_change(change);
                // Answers are measured against it.
                self.baseline.reload();
                self.sweep.reload();
            }
            Happened::ConfigChanged { .. } => {
                self.setup.reload_prompts();
                self.setup.reload_models();
                self.estimate.forget();
            }
            Happened::RunChanged(run) => {
                if run.state != RunState::Running {
                    // It measured its models.
                    self.estimate.forget();
                }
                if let Some(open) = &mut self.open {
                    open.on_told(run.id);
                }
                self.on_run(run, ctx.now);
            }
            Happened::CellChanged(cell) => {
                if let Some(open) = &mut self.open {
                    open.on_cell(cell, ctx.now);
                }
            }
            Happened::CellNews { run_id, cell_id, news } => {
                if let Some(open) = &mut self.open {
                    open.on_news(*run_id, *cell_id, news, ctx.now);
                }
            }
            Happened::Resync => self.reload(),
            // It warns of providers that hold calls back.
            Happened::HealthChanged { .. } => self.estimate.forget(),
            Happened::PromptLabelsChanged(_) | Happened::JobChanged(_) | Happened::JobsChanged { .. } | Happened::AlertChanged(_) => {}
        }
    }

    fn logic(&mut self, ctx: &mut AreaCtx<'_>) {
        self.library.logic(ctx);
        self.bundled_wait.logic(ctx);
        self.alike.logic(self.library.is_complete().then(|| self.library.members()), ctx);
        if let Some(photos) = self.sets.logic(ctx) {
            self.has_chosen = true;
            self.library.show_only(Some(&photos));
            self.selection.select_all(photos.into_iter());
            self.selected_of = None;
        } else if self.sets.set().is_none() && self.library.shows_part() && !self.sets.is_awaited() {
            // The set that was shown is gone.
            self.library.show_only(None);
        }
        self.unselect_what_is_gone();
        if let Some(change) = self.truth.logic(&self.library, ctx) {
            self.undo.on_change(&change, true);
        }
        self.traces.logic(self.step == Step::Traces, ctx);
        if let Some(run) = self.validating.logic(self.open.as_ref().and_then(OpenRun::run), ctx) {
            self.open(run);
        }
        self.choose_by_default();
        self.setup.logic(ctx);
        self.runs.logic(ctx);
        if let Some(run) = self.runs.cut_off(ctx.now) {
            let (answered, total) = (run.counts.completed, run.counts.total());
            let toast = Toast::new(
                ToastKind::Info,
                format!("A comparison was cut off: {answered} of {total} answered. Nothing is asked until you resume it"),
            );
            // A day's work hangs on it: it is not missed by who looks away.
            ctx.send(Command::ShowToast(toast.with_action("Show it", Command::GoTo(Route::Run(run.id))).until_closed()));
        }
        if let Some(open) = &mut self.open {
            open.logic(ctx);
            self.baseline.logic(open, ctx);
            if let Some(run) = open.run().filter(|_| self.shows_figures) {
                self.sweep.logic(run, ctx);
            }
        }
        if let Some((run, before)) = self.pinning.logic(self.open.as_ref().map(OpenRun::id), ctx) {
            self.undo.on_pinned(run, before);
        }
        if let Some(photos) = self.adding.logic(ctx) {
            // What a person brought here is what they want to compare.
            self.has_chosen = true;
            self.sets.add_brought(photos.iter().map(|photo| photo.id).collect(), ctx);
            for photo in photos {
                self.selection.insert(photo.id);
                self.grid.scroll_to(photo.id);
                self.library.on_added(photo);
            }
            self.library.settle();
        }
        self.watching.logic(ctx);
        self.votes.logic(self.open.as_ref().map(OpenRun::id), ctx);
        self.deleting.logic(ctx);
        self.details.logic();
        self.export.logic(ctx);
        self.estimate_logic(ctx);
        self.answers_logic(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let now = ui.ctx().cumulative_frame_nr();
        if now > std::mem::replace(&mut self.drawn, now) + 1 {
            // Somebody was elsewhere, perhaps to mend what an estimate warned of.
            self.estimate.forget();
        }
        self.undo.key(ui, ctx);
        let frame = Frame::new().inner_margin(theme::GAP_16).fill(ctx.tokens().background);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            if step_bar::ui(ui, &mut self.step, self.open.as_ref(), self.side.is_some(), &self.runs.count_words(), ctx) {
                self.shows_figures = false;
            }
            ui.add_space(theme::GAP_8);
            match self.step {
                Step::Choose => self.choose_ui(ui, ctx),
                Step::Results => self.results_ui(ui, ctx),
                Step::SideBySide => self.side_by_side_ui(ui, ctx),
                Step::PastRuns => self.past_runs_ui(ui, ctx),
                Step::GroundTruth => self.truth_ui(ui, ctx),
                Step::Traces => self.traces_ui(ui, ctx),
                Step::Validations => {
                    step_bar::past_ui(ui, &mut self.step);
                    if let Some(run) = self.validating.list_ui(ui, ctx) {
                        self.open(run);
                    }
                }
            }
        });
        self.deleting.ui(ui, &self.library, ctx);
        self.details.ui(ui, &self.library, ctx);
        self.watching.dialog_ui(ui, ctx);
        self.sets.dialog_ui(ui, &self.library, &self.selection, ctx);
        self.validating.dialog_ui(ui, self.sets.all(), &self.setup, ctx);
    }

    fn on_command(&mut self, command: &Command, ctx: &mut AreaCtx<'_>) -> bool {
        match command {
            Command::TestVersions(versions) => {
                self.step = Step::Choose;
                self.setup.choose_versions(versions);
            }
            Command::RunComparison => self.run(ctx),
            Command::ValidateVersion(version) => self.validating.open(self.sets.set().map(|set| set.id), *version),
            Command::CancelRun => return self.act_on_run(ctx, RunState::Cancelled),
            Command::PauseRun => return self.act_on_run(ctx, RunState::Paused),
            Command::ResumeRun => return self.act_on_run(ctx, RunState::Running),
            Command::PinBaseline => return self.pin_column_of_cursor(),
            Command::SetBaseline { run, column } => {
                self.undo.on_put_back(*run, *column);
                self.pinning.put_back(*run, *column);
            }
            Command::ExportRun(format) => {
                let Some(run) = self.open.as_ref().and_then(OpenRun::run) else { return false };
                self.export.begin(run, *format, ctx);
            }
            Command::TurnBlindMode => {
                if self.side.is_none() {
                    return false;
                }
                (self.votes.is_blind, self.step) = (!self.votes.is_blind || self.step != Step::SideBySide, Step::SideBySide);
            }
            Command::ShowRunFigures => {
                if self.open.is_none() {
                    return false;
                }
                (self.shows_figures, self.step) = (!self.shows_figures || self.step != Step::Results, Step::Results);
            }
            Command::AddPhotos => {
                self.step = Step::Choose;
                self.adding.choose_files(ctx);
            }
            Command::AddPhotoFolder => {
                self.step = Step::Choose;
                self.adding.choose_folder(ctx);
            }
            Command::WatchPhotoFolder => {
                self.step = Step::Choose;
                self.watching.choose(ctx);
            }
            Command::WatchFolder(path) => self.watching.watch(path.clone(), ctx),
            Command::Reload => {
                self.reload();
                // Every area reloads.
                return false;
            }
            _ => return false,
        }
        true
    }

    fn go_to(&mut self, route: &Route, _ctx: &mut AreaCtx<'_>) {
        match route {
            Route::Photo(id) => {
                self.step = Step::Choose;
                self.show_set(None);
                self.library.set_search(String::new());
                // What was chosen by itself gives way.
                if !std::mem::replace(&mut self.has_chosen, true) {
                    self.selection.clear();
                }
                self.selection.insert(*id);
                self.selection.set_cursor(*id);
                self.grid.scroll_to(*id);
            }
            Route::Run(id) => self.open(*id),
            Route::PastRuns => self.step = Step::PastRuns,
            Route::Traces => self.step = Step::Traces,
            Route::Trace(id) => {
                self.step = Step::Traces;
                self.traces.open(*id);
            }
            _ => {}
        }
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        shortcuts::of(self.step)
    }

    fn on_exit(&mut self, ctx: &mut AreaCtx<'_>) {
        self.truth.on_exit(&self.library, ctx);
    }

    fn kept_nowhere(&self) -> Vec<KeptNowhere> {
        self.truth.kept_nowhere(&self.library).into_iter().collect()
    }

    fn on_files_dropped(&mut self, paths: Vec<PathBuf>, ctx: &mut AreaCtx<'_>) -> bool {
        self.step = Step::Choose;
        self.adding.add(paths, ctx);
        true
    }
}

impl TestingLab {
    /// Shows the photos of a set, or all.
    fn show_set(&mut self, id: Option<PhotoSetId>) {
        self.sets.choose(id);
        self.library.show_only(None);
    }

    fn reload(&mut self) {
        self.library.reload();
        self.bundled_wait.reload();
        self.sets.reload();
        self.truth.reload();
        self.traces.reload();
        self.validating.reload();
        self.votes.reload();
        self.setup.reload_prompts();
        self.setup.reload_models();
        self.runs.reload();
        if let Some(open) = &mut self.open {
            open.reload();
            self.baseline.reload();
        }
    }

    fn on_run(&mut self, run: &Run, now: chrono::DateTime<chrono::Utc>) {
        self.runs.on_run(run);
        self.validating.on_run(run);
        if let Some(open) = &mut self.open {
            open.on_run(run.clone(), now);
        }
    }

    /// A set may name photos that were deleted, and photos are deleted unheard: once the whole library is known, only what it has is
    /// selected.
    fn unselect_what_is_gone(&mut self) {
        let members = self.library.is_complete().then(|| self.library.members());
        if members.is_none() || members == self.selected_of {
            return;
        }
        self.selected_of = members;
        let gone: Vec<PhotoId> = self.selection.iter().filter(|id| self.library.photo(*id).is_none()).collect();
        for id in gone {
            self.selection.remove(id);
        }
    }

    /// The bundled photos, or the newest ones, until the person chooses: the first run is one click away.
    fn choose_by_default(&mut self) {
        if self.has_chosen || self.selection.len() >= FIRST_RUN_PHOTOS || self.chosen_of == self.library.revision() {
            return;
        }
        // Choosing anew each frame, the estimate would never come to rest.
        self.chosen_of = self.library.revision();
        let is_bundled = |photo: &&crate::wire::photo::Photo| photo.source == PhotoSource::Bundled;
        let bundled = self.library.all().iter().filter(is_bundled).take(FIRST_RUN_PHOTOS).map(|photo| photo.id);
        self.selection.select_all(bundled);
        if self.selection.is_empty() {
            self.selection.select_all(self.library.all().iter().take(6).map(|photo| photo.id));
        }
    }

    fn open(&mut self, id: RunId) {
        self.step = Step::Results;
        if self.open.as_ref().is_none_or(|open| open.id() != id) {
            self.open = Some(OpenRun::new(id));
            self.matrix = Matrix::default();
            self.rows = MatrixRows::default();
            self.baseline = Baseline::default();
            self.shows_figures = false;
            self.side = None;
        }
    }
}
