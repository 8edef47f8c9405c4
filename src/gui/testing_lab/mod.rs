//! Testing lab: is this prompt or model better, on these photos? Choose, run, read the matrix, compare side by side.

mod baseline;
mod blind;
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
mod library;
mod look_alikes;
mod matrix;
mod matrix_cell;
mod matrix_rows;
mod open_run;
mod photo_details;
mod photo_grid;
mod results;
mod run_cost;
mod run_header;
mod runs_list;
mod sets;
mod setup;
mod setup_panel;
mod side_by_side;
mod side_pane;
mod step_bar;
mod sweep_panel;
mod sweep_setup;
mod tag_chip;
mod tag_diff;
mod tag_kin;
mod traces;
mod truth;
mod validation;
mod votes;
mod watching;

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui::{CentralPanel, Frame, Key, Modifiers, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, PhotoAdding, Remote, Route, Toast, ToastKind};
use crate::gui::theme;
use crate::gui::widgets::selection::Selection;
use crate::wire::config::{PHOTO_SET_FIELD, TRUTH_FIELD};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{PhotoId, PhotoSetId, RunId};
use crate::wire::job::JobState;
use crate::wire::photo::PhotoSource;
use crate::wire::run::{Run, RunState, StartRun};
use crate::wire::sweep::StartSweep;
use baseline::Baseline;
use blind::Said;
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
use runs_list::{RunsAnswer, RunsList};
use sets::PhotoSets;
use setup::Setup;
use side_by_side::{SideAnswer, SideBySide};
use sweep_panel::SweepView;
use traces::Traces;
use truth::GroundTruth;
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
    alike: AlikePhotos,
    sets: PhotoSets,
    truth: GroundTruth,
    validating: Validating,
    selection: Selection<PhotoId>,
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
    sweep: SweepView,
    /// The figures stand in place of the matrix.
    shows_figures: bool,
    export: Export,
    side: Option<SideBySide>,
    traces: Traces,
    votes: Votes,
}

impl Default for TestingLab {
    fn default() -> Self {
        Self {
            step: Step::default(),
            library: Library::default(),
            alike: AlikePhotos::default(),
            sets: PhotoSets::default(),
            truth: GroundTruth::default(),
            validating: Validating::default(),
            selection: Selection::default(),
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
            sweep: SweepView::default(),
            shows_figures: false,
            export: Export::default(),
            side: None,
            traces: Traces::default(),
            votes: Votes::default(),
        }
    }
}

impl Area for TestingLab {
    fn id(&self) -> AreaId {
        AreaId::TestingLab
    }

    fn on_event(&mut self, event: &Event, ctx: &mut AreaCtx<'_>) {
        match &event.what {
            Happened::PhotoAdded(photo) => self.library.on_added(photo.clone()),
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
                self.on_run(run);
            }
            Happened::CellChanged(cell) => {
                if let Some(open) = &mut self.open {
                    open.on_cell(cell);
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
        self.alike.logic(self.library.is_complete().then(|| self.library.all().len()), ctx);
        if let Some(photos) = self.sets.logic(ctx) {
            self.has_chosen = true;
            self.library.show_only(Some(&photos));
            self.selection.select_all(photos.into_iter());
        } else if self.sets.set().is_none() && self.library.shows_part() && !self.sets.is_awaited() {
            // The set that was shown is gone.
            self.library.show_only(None);
        }
        self.truth.logic(ctx);
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
            ctx.send(Command::ShowToast(toast.with_action("Show it", Command::GoTo(Route::Run(run.id)))));
        }
        if let Some(open) = &mut self.open {
            open.logic(ctx);
            self.baseline.logic(open, ctx);
            if let Some(run) = open.run().filter(|_| self.shows_figures) {
                self.sweep.logic(run, ctx);
            }
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
        let frame = Frame::new().inner_margin(theme::GAP_16).fill(ctx.tokens().background);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            step_bar::ui(ui, &mut self.step, self.open.as_ref(), self.side.is_some(), self.runs.len(), ctx);
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
            Command::PinBaseline => return self.pin_column_of_cursor(ctx),
            Command::SetBaseline { run, column } => {
                let Some(run) = self.open.as_ref().and_then(OpenRun::run).filter(|open| open.id == *run) else { return false };
                self.baseline.pin(run, *column, true, ctx);
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
            Route::Traces => self.step = Step::Traces,
            Route::Trace(id) => {
                self.step = Step::Traces;
                self.traces.open(*id);
            }
            _ => {}
        }
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        match self.step {
            Step::Choose => vec![
                ("/", "Search photos"),
                ("← ↑ ↓ →", "Walk the photos"),
                ("Space", "Choose the photo, or no more"),
                ("Shift + arrows", "Choose a range"),
                ("Ctrl A", "Choose all that are shown"),
                ("Ctrl V", "Add the photos of the clipboard"),
                ("Delete", "Delete what is chosen"),
                ("I", "Details of the photo, with what its camera wrote"),
                ("Esc", "Choose none"),
            ],
            Step::Results => vec![
                ("← ↑ ↓ →", "Walk the answers"),
                ("/", "Find a tag or photo"),
                ("Enter", "Open the answer side by side"),
                ("P", "Pin the column as the baseline, or unpin it"),
                ("F", "Figures of every column, or the matrix"),
                ("Esc", "Back to the photos"),
            ],
            Step::SideBySide => vec![
                ("J  K", "Next and previous photo"),
                ("Wheel  +  −", "Zoom all panes"),
                ("Drag  ← ↑ ↓ →", "Move all panes"),
                ("0  1", "Whole photo, true pixels"),
                ("R  Shift R", "Turn the photo right, left"),
                ("B", "Boxes on or off"),
                ("I", "Details of the photo, with what its camera wrote"),
                ("T", "What was sent and answered, step by step"),
                ("X", "Blink: one answer in the place of the other"),
                ("Space", "Blinking: the next answer"),
                ("L", "Say which tags are right"),
                ("V", "Hide which column an answer is of, and vote"),
                ("1 – 6", "Hidden: this answer is best"),
                ("T  N", "Hidden: all are equally good, none is good"),
                ("Backspace", "Hidden: take the last vote back"),
                ("S  G", "Hidden: show the names, the ranking"),
                ("Esc", "Back to the matrix"),
            ],
            Step::GroundTruth => vec![
                ("Enter", "Keep the tag; in the empty field: next photo"),
                ("Tab  ↑ ↓", "Take or choose an offered tag"),
                ("Backspace", "In the empty field: take the last tag off"),
                ("Page down, up", "Next photo, photo before"),
            ],
            Step::Traces => vec![("/", "Search traces"), ("Esc", "Back to the results, or to the photos")],
            Step::PastRuns | Step::Validations => Vec::new(),
        }
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

    fn on_run(&mut self, run: &Run) {
        self.runs.on_run(run);
        self.validating.on_run(run);
        if let Some(open) = &mut self.open {
            open.on_run(run.clone());
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

    /// Takes in what became of starting, cancelling and resuming.
    fn answers_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.starting.poll()
            && let Some(run) = self.starting.take()
        {
            self.open(run.id);
            self.on_run(&run);
        }
        if self.acting.poll() {
            if let Some(run) = self.acting.take() {
                self.on_run(&run);
            }
            if let Some(failure) = self.acting.take_failure() {
                ctx.commands.toast(ToastKind::Bad, failure.to_string());
            }
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

    fn run(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(missing) = self.setup.missing(self.selection.len()) {
            self.step = Step::Choose;
            ctx.commands.toast(ToastKind::Warn, missing);
            return;
        }
        if self.starting.is_pending() {
            return;
        }
        let body = self.body();
        self.starting.take_failure();
        let providers = providers_of(body.run.models.iter());
        ctx.ask_with_keys(&mut self.starting, providers, |client| async move { client.start_sweep(&body).await });
    }

    /// What would be run now: rows in the order of the grid.
    fn body(&mut self) -> StartSweep {
        let photo_set = self.sets.of_run(&self.selection, &self.library);
        let photos = if photo_set.is_some() { Vec::new() } else { self.library.selected(&self.selection) };
        let run = StartRun { photo_set, ..self.setup.start(photos, String::new()) };
        StartSweep { run, images: self.setup.images() }
    }

    /// Keeps the estimate beside the choice, while the choice is looked at.
    fn estimate_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.step != Step::Choose || self.setup.missing(self.selection.len()).is_some() {
            return;
        }
        let choice = self.setup.fingerprint(self.selection.revision());
        if self.estimate.is_due(choice, ctx) {
            let body = self.body();
            self.estimate.ask(body, ctx);
        }
    }

    /// Cancels, pauses or resumes the open run; returns whether there is one that it applies to.
    fn act_on_run(&mut self, ctx: &AreaCtx<'_>, wanted: RunState) -> bool {
        let Some(run) = self.open.as_ref().and_then(OpenRun::run) else { return false };
        let can = match wanted {
            RunState::Paused => run.state == RunState::Running,
            RunState::Cancelled => matches!(run.state, RunState::Running | RunState::Paused),
            _ => run.state != RunState::Running,
        };
        let id = run.id;
        if self.acting.is_pending() || !can {
            return false;
        }
        self.resume_or_cancel(ctx, id, wanted);
        true
    }

    fn resume_or_cancel(&mut self, ctx: &AreaCtx<'_>, id: RunId, wanted: RunState) {
        let own = ctx.own_keys();
        ctx.ask(&mut self.acting, |client| async move {
            match own {
                _ if wanted == RunState::Cancelled => client.cancel_run(id).await,
                _ if wanted == RunState::Paused => client.pause_run(id).await,
                None => client.resume_run(id).await,
                Some(own) => {
                    let run = client.run(id).await?;
                    let providers = providers_of(run.columns.iter().map(|column| &column.model));
                    own.bring(&client, &providers).await?.resume_run(id).await
                }
            }
        });
    }

    /// Pins the column that the keyboard stands on, or unpins it.
    fn pin_column_of_cursor(&mut self, ctx: &AreaCtx<'_>) -> bool {
        let Some(run) = self.open.as_ref().and_then(OpenRun::run).filter(|run| run.columns.len() > 1) else { return false };
        let column = (self.matrix.cursor.1.min(run.columns.len() - 1)) as u32;
        self.baseline.pin(run, Some(column).filter(|column| run.baseline != Some(*column)), false, ctx);
        true
    }

    fn past_runs_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        step_bar::past_ui(ui, &mut self.step);
        match runs_list::ui(ui, &mut self.runs, ctx) {
            Some(RunsAnswer::Open(id)) => self.open(id),
            Some(RunsAnswer::Resume(id)) => {
                self.open(id);
                self.resume_or_cancel(ctx, id, RunState::Running);
            }
            Some(RunsAnswer::NewRun) => self.step = Step::Choose,
            None => {}
        }
    }

    fn truth_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.truth.ui(ui, &self.sets, &self.library, ctx);
        if !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.step = Step::Choose;
        }
    }

    fn traces_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let models = self.setup.models.value().map(|page| page.items.as_slice()).unwrap_or_default();
        if self.traces.ui(ui, models, ctx) {
            self.step = match (&self.side, &self.open) {
                (Some(_), Some(_)) => Step::SideBySide,
                (None, Some(_)) => Step::Results,
                _ => Step::Choose,
            };
        }
    }

    fn side_by_side_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let (Some(side), Some(open)) = (&mut self.side, &self.open) else {
            self.step = Step::Results;
            return;
        };
        let Some(run) = open.run() else { return };
        let colours = results::colours_of(run);
        let view = matrix::MatrixView {
            open,
            run,
            rows: &self.rows,
            baseline: &self.baseline,
            library: &self.library,
            truth: &self.truth,
            colours: &colours,
            now: ctx.now,
        };
        let answer = side.ui(ui, &view, &mut self.votes, ctx.textures);
        match answer {
            Some(SideAnswer::Trace(cell)) => {
                self.step = Step::Traces;
                self.traces.open(cell.0);
            }
            Some(SideAnswer::Back) => {
                let row = self.rows.shown().iter().position(|row| *row == side.row).unwrap_or(0);
                self.matrix.set_cursor(row, side.panes.last().map_or(0, |pane| pane.column));
                self.step = Step::Results;
            }
            Some(SideAnswer::Details(id)) => self.details.open(id, ctx),
            Some(SideAnswer::Correct(photo, labels)) => self.truth.set(photo, Some(labels)),
            Some(SideAnswer::Vote(photo, Said::Cast(vote))) => self.votes.cast(run.id, photo, vote, ctx),
            Some(SideAnswer::Vote(_, Said::Undo)) => {
                let photo = self.votes.undo(run.id, ctx);
                if let Some(row) = run.photo_ids.iter().position(|id| Some(*id) == photo) {
                    side.row = row;
                }
            }
            None => {}
        }
    }
}

/// The providers of models, each once.
fn providers_of<'m>(models: impl Iterator<Item = &'m String>) -> Vec<String> {
    let providers: BTreeSet<&str> = models.map(|model| model.split_once('/').map_or(model.as_str(), |(provider, _)| provider)).collect();
    providers.into_iter().map(str::to_owned).collect()
}
