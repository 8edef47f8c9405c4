//! Live status: what the pipeline is doing right now, and whether it is healthy.

mod actions;
mod alerts;
mod assistant;
mod cards;
mod details;
mod feed;
mod figures;
mod filter_completion;
mod health;
mod job_cells;
mod job_columns;
mod job_filter;
mod job_list;
mod job_state;
mod job_table;
mod log;
mod photo_pane;
mod photo_search;
mod plots;
mod saved_filters;
mod scrubber;
mod selection;
mod tabs;
mod toolbar;
mod workers;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use egui::{Key, Modifiers, Panel, RichText, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, LiveView, PhotoAdding, Route};
use crate::gui::theme;
use crate::gui::widgets::{empty_state, error_state, number, relative_time, skeleton};
use crate::wire::config::PipelineState;
use crate::wire::event::{Event, Happened};
use crate::wire::job::{Job, JobAction, JobSort, JobState, JobsMatching};
use actions::{Actions, Applicable, jobs_in_words};
use alerts::AlertsView;
use assistant::AssistantView;
use details::{Details, DetailsAnswer};
use feed::Feed;
use figures::Figures;
use job_filter::SelectionAnswer;
use job_list::{Filter, JobList};
use job_table::JobTable;
use log::LogView;
use photo_search::{PanelAnswer, PhotoSearchView};
use plots::Plots;
use saved_filters::SavedFilters;
use scrubber::Scrubber;
use selection::Selection;
use workers::WorkersView;

/// Results below this mean confidence are asked about once more by the quick action.
const LOW_CONFIDENCE: f32 = 0.6;

/// The state of the area.
pub struct LiveStatus {
    view: LiveView,
    scrubber: Scrubber,
    figures: Figures,
    health: health::Health,
    list: JobList,
    saved_filters: SavedFilters,
    table: JobTable,
    photos: PhotoSearchView,
    plots: Plots,
    workers: WorkersView,
    selection: Selection,
    /// What applies to the selection; `None`: to be counted.
    applicable: Option<Applicable>,
    /// Everything that matches was selected; pages that come later are selected too.
    selects_all: bool,
    details: Details,
    actions: Actions,
    feed: Feed,
    alerts: AlertsView,
    log: LogView,
    assistant: AssistantView,
    adding: PhotoAdding,
}

impl Default for LiveStatus {
    fn default() -> Self {
        Self {
            view: LiveView::default(),
            scrubber: Scrubber::default(),
            figures: Figures::default(),
            health: health::Health::default(),
            list: JobList::default(),
            saved_filters: SavedFilters::default(),
            table: JobTable::default(),
            photos: PhotoSearchView::default(),
            plots: Plots::default(),
            workers: WorkersView::default(),
            selection: Selection::default(),
            applicable: None,
            selects_all: false,
            details: Details::default(),
            actions: Actions::default(),
            feed: Feed::default(),
            alerts: AlertsView::default(),
            log: LogView::default(),
            assistant: AssistantView::default(),
            adding: PhotoAdding::new(true),
        }
    }
}

impl Area for LiveStatus {
    fn id(&self) -> AreaId {
        AreaId::LiveStatus
    }

    fn on_event(&mut self, event: &Event, _ctx: &mut AreaCtx<'_>) {
        self.feed.on_event(event);
        self.alerts.on_event(event);
        match &event.what {
            Happened::JobChanged(job) => {
                let was = self.list.get(job.id).map(|job| job.state);
                self.list.on_job(job);
                let is = self.list.get(job.id).map(|job| job.state);
                if let Some(applicable) = self.applicable.as_mut().filter(|_| was != is && self.selection.contains(job.id)) {
                    applicable.changed(was, is);
                }
                self.details.on_job(job);
                self.figures.mark_behind();
                self.plots.mark_behind();
                self.workers.mark_behind();
                if job.state == JobState::Completed {
                    self.photos.mark_behind();
                }
            }
            Happened::JobsChanged { changed, .. } => self.reload(*changed),
            Happened::Resync => self.reload(0),
            Happened::ConfigChanged { .. } => {
                self.assistant.reload();
                self.figures.mark_behind();
                self.workers.mark_behind();
            }
            Happened::HealthChanged { .. } => self.health.mark_behind(),
            Happened::PhotoAdded(_) => self.photos.mark_behind(),
            // A run spends.
            Happened::BundledWait { .. } | Happened::RunChanged(_) => self.figures.mark_behind(),
            Happened::PhotoDeleted { id } => {
                self.photos.on_deleted(*id);
                self.list.refresh(0);
            }
            _ => {}
        }
    }

    fn logic(&mut self, ctx: &mut AreaCtx<'_>) {
        self.figures.poll();
        self.plots.poll();
        self.workers.logic(ctx);
        if self.list.poll() {
            self.applicable = None;
            if self.selects_all {
                self.select_all();
            }
        }
        self.details.logic(ctx);
        self.health.logic(self.scrubber.at(), ctx);
        let has_spent = self.assistant.logic(ctx);
        if self.adding.logic(ctx).is_some() || self.actions.logic(ctx) || has_spent {
            self.figures.mark_behind();
        }
        if let Some(is_confirmed) = self.actions.take_answer() {
            self.assistant.take_second_answer(is_confirmed);
        }
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let at = self.scrubber.at();
        if self.list.show_moment(at) {
            self.select_nothing();
            self.table.scroll_to_top();
        }
        self.figures.ask(ctx, at);
        self.list.ask(ctx, self.table.is_at_top() && self.selection.is_empty());
        if self.view == LiveView::Photos {
            match self.photos.panel_ui(ui, ctx) {
                Some(PanelAnswer::ShowJobs(name)) => self.show_jobs_of(&name),
                Some(PanelAnswer::Close) | None => {}
            }
        } else {
            self.keys(ui, ctx);
            if self.details.shown().is_some() {
                self.details_ui(ui, ctx);
            }
        }
        let frame = egui::Frame::new().inner_margin(theme::GAP_16).fill(ctx.tokens().background);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            self.middle_ui(ui, at, ctx);
        });
        // One dialog at a time: what was counted meanwhile asks when the other is closed.
        if !self.adding.asks() {
            self.actions.ui(ui, ctx);
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut AreaCtx<'_>) -> bool {
        match command {
            Command::PausePipeline => self.actions.set_pipeline(PipelineState::Paused, ctx),
            Command::DrainPipeline => self.actions.set_pipeline(PipelineState::Draining, ctx),
            Command::ResumePipeline => self.actions.set_pipeline(PipelineState::Running, ctx),
            Command::AddPhotos => self.adding.choose_files(ctx),
            Command::AddPhotoFolder => self.adding.choose_folder(ctx),
            Command::RetryFailedJobs => self.actions.retry_all_failed(ctx),
            Command::SearchPhotos(words) => {
                self.view = LiveView::Photos;
                self.photos.begin(words);
            }
            Command::LookBack => self.scrubber.toggle(),
            Command::CheckHealth => {
                self.view = LiveView::Health;
                self.health.check(ctx);
            }
            Command::ReprocessLowConfidence => {
                let low = format!("confidence<{LOW_CONFIDENCE}");
                self.actions.want_all(JobAction::Reprocess, JobsMatching { state: None, q: Some(low) }, ctx);
            }
            Command::UndoJobsAction(change) => self.actions.undo(*change, ctx),
            Command::UndoLastJobsAction => self.actions.undo_last(ctx),
            Command::Reload => {
                self.reload(0);
                self.scrubber.reload();
                self.feed.reload();
                self.alerts.reload();
                self.log.reload();
                self.assistant.reload();
                // Every area reloads.
                return false;
            }
            _ => return false,
        }
        true
    }

    fn go_to(&mut self, route: &Route, _ctx: &mut AreaCtx<'_>) {
        match route {
            Route::Live(view) => {
                self.view = *view;
                if *view == LiveView::Assistant {
                    self.assistant.begin();
                }
            }
            Route::Jobs(state) => {
                self.view = LiveView::Jobs;
                self.show(Filter { state: *state, ..Filter::default() });
            }
            Route::JobsFound(words) => {
                self.view = LiveView::Jobs;
                self.show(Filter { search: (*words).to_owned(), ..Filter::default() });
            }
            Route::Job(id) => {
                self.view = LiveView::Jobs;
                self.details.open(*id);
            }
            _ => {}
        }
    }

    fn is_at(&self, route: &Route) -> bool {
        matches!(route, Route::Live(view) if *view == self.view)
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        if self.view == LiveView::Photos {
            return vec![
                ("/", "Type what to search: words of tags, captions and file names"),
                ("Down, Enter", "From the field to the photos"),
                ("← ↑ ↓ →", "Walk the photos"),
                ("Enter", "Open the photo"),
                ("Esc", "Close the photo; in the field: empty it"),
            ];
        }
        vec![
            ("/", "Find jobs: words of the file name, and terms such as state:failed or age>1h"),
            ("Up, Down", "Choose the job above or below"),
            ("Shift Up, Down", "Choose more jobs"),
            ("Space", "Choose this job too, or no more"),
            ("Ctrl A", "Choose all jobs that match, loaded or not"),
            ("Ctrl Z", "Undo what was last done to jobs"),
            ("Enter", "Show the job's details"),
            ("Esc", "Close the details, then choose nothing, then back to live"),
            ("← →", "On the time strip: a step back or on; with Shift ten"),
        ]
    }

    fn is_held_back(&self) -> Option<bool> {
        let now = self.figures.value().filter(|status| self.scrubber.at().is_none() && status.unknown.is_empty());
        now.map(|status| status.held_back.is_some())
    }

    fn on_files_dropped(&mut self, paths: Vec<PathBuf>, ctx: &mut AreaCtx<'_>) -> bool {
        self.adding.add(paths, ctx);
        true
    }
}

impl LiveStatus {
    /// Figures above, what was chosen below.
    fn middle_ui(&mut self, ui: &mut Ui, at: Option<DateTime<Utc>>, ctx: &mut AreaCtx<'_>) {
        if at.is_none() {
            toolbar::ui(ui, self.figures.value(), self.actions.is_busy(), self.scrubber.is_open(), ctx);
            ui.add_space(theme::GAP_8);
        }
        let problem = self.figures.remote().failure().map(ToString::to_string);
        let then = scrubber::Then {
            state: self.figures.at(at).map(|status| status.pipeline_state),
            problem: problem.as_deref(),
            first: self.figures.value().and_then(|status| status.record_from),
        };
        self.scrubber.ui(ui, &then, ctx);
        self.adding.ui(ui, ctx);
        if cards::ui(ui, self.figures.remote(), self.figures.is_other(at), ctx) {
            self.figures.reload();
        }
        ui.add_space(theme::GAP_12);
        tabs::ui(ui, &mut self.view);
        if at.is_some() && !self.view.has_past() {
            ui.label(RichText::new("As it is now: the past of this is not recorded").color(ctx.tokens().warn));
            ui.add_space(theme::GAP_8);
        }
        match self.view {
            LiveView::Jobs => self.jobs_ui(ui, ctx),
            LiveView::Photos => self.photos.ui(ui, ctx),
            LiveView::Plots => self.plots.ui(ui, at, ctx),
            LiveView::Workers => self.workers.ui(ui, ctx),
            LiveView::Health => self.health.ui(ui, at, ctx),
            LiveView::Events => self.feed.ui(ui, ctx),
            LiveView::Alerts => self.alerts.ui(ui, ctx),
            LiveView::Log => self.log.ui(ui, ctx),
            LiveView::Assistant => self.assistant.ui(ui, self.figures.value(), ctx),
        }
    }

    /// `changed`: jobs that may have come.
    fn reload(&mut self, changed: u64) {
        self.figures.reload();
        self.plots.reload();
        self.workers.reload();
        self.health.mark_behind();
        self.list.refresh(changed);
        self.photos.reload();
        self.details.reload();
    }

    fn show_jobs_of(&mut self, file_name: &str) {
        self.view = LiveView::Jobs;
        self.show(Filter { search: format!("photo:\"{}\"", file_name.replace('"', "")), ..Filter::default() });
    }

    fn show(&mut self, filter: Filter) {
        self.list.show(filter);
        self.select_nothing();
        self.table.scroll_to_top();
    }

    /// Escape closes what was opened last, Ctrl-Z undoes what was last done to jobs.
    fn keys(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let is_elsewhere = ui.ctx().egui_wants_keyboard_input() && !self.table.has_focus();
        if is_elsewhere {
            return;
        }
        if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z)) {
            self.actions.undo_last(ctx);
        }
        if !ui.input(|input| input.key_pressed(Key::Escape)) {
            return;
        }
        if self.details.shown().is_some() {
            ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
            self.details.close();
        } else if !self.selection.is_empty() {
            ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
            self.select_nothing();
        }
    }

    fn select_nothing(&mut self) {
        self.selection.clear();
        self.selects_all = false;
        self.applicable = None;
    }

    fn select_all(&mut self) {
        self.selection.select_all(self.list.rows().iter().map(|job| job.id));
        self.selects_all = true;
        self.applicable = None;
    }

    fn details_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let frame = egui::Frame::new().inner_margin(theme::GAP_12).fill(ctx.tokens().surface);
        let panel = Panel::right("job details").resizable(true).default_size(330.0).size_range(260.0..=520.0).frame(frame);
        let is_past = self.scrubber.at().is_some();
        match panel.show(ui, |ui| self.details.ui(ui, is_past, ctx)).inner {
            Some(DetailsAnswer::Close) => self.details.close(),
            Some(DetailsAnswer::Act(action)) => self.actions.want(action, self.details.job().into_iter(), ctx),
            None => {}
        }
    }

    /// Filter, selection and table, or what stands in for the table.
    fn jobs_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let focus_search = job_filter::wants_search(ui);
        if let Some(filter) = job_filter::ui(ui, &self.list, &mut self.saved_filters, self.figures.at(self.scrubber.at()), focus_search, tokens) {
            self.show(filter);
        }
        // One line that is always there: what is said in it must not move the table under the pointer.
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            if !self.selection.is_empty() && self.scrubber.at().is_none() {
                self.selection_ui(ui, ctx);
            } else if let Some(total) = self.list.total() {
                ui.label(RichText::new(jobs_in_words(total as usize)).color(tokens.muted));
            }
            self.new_jobs_ui(ui);
        });
        ui.add_space(theme::GAP_4);
        // What is said at the strip is not said again.
        let said = self.scrubber.at().and(self.figures.remote().failure()).map(ToString::to_string);
        if let Some(failure) = self.list.failure().filter(|failure| said.as_ref() != Some(&failure.to_string()))
            && error_state::ui(ui, "The jobs could not be read", &failure.to_string())
        {
            self.list.reload();
        }
        if self.list.is_loading() || self.list.is_other() && self.list.rows().is_empty() {
            skeleton::lines(ui, 8);
        } else if self.list.rows().is_empty() && self.list.failure().is_none() {
            self.empty_ui(ui, ctx);
        } else {
            // Rows of the filter or the moment before are greyed until those of this one are there.
            let opacity = if self.list.is_other() { 0.4 } else { 1.0 };
            ui.scope(|ui| {
                ui.multiply_opacity(opacity);
                self.table_ui(ui, ctx);
            });
        }
    }

    /// Rows that wait because somebody reads or works on a selection.
    fn new_jobs_ui(&mut self, ui: &mut Ui) {
        let count = self.list.new_jobs();
        let is_held = !self.table.is_at_top() || !self.selection.is_empty();
        if count == 0 || !is_held || self.scrubber.at().is_some() {
            return;
        }
        let words = if count == 1 { "1 new job".to_owned() } else { format!("{} new jobs", number::count(count as u64)) };
        let button = ui.button((RichText::from(theme::icons::ICON_ARROW_UPWARD), words));
        if button.on_hover_text("The table stands still while you read or select. Show them now").clicked() {
            self.table.scroll_to_top();
            self.list.refresh(count as u64);
        }
    }

    fn selection_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let applicable = *self.applicable.get_or_insert_with(|| Applicable::count(&self.selection, &self.list));
        match job_filter::selection_ui(ui, self.selection.len(), self.selects_all, applicable, &self.list, self.actions.is_busy(), ctx) {
            Some(SelectionAnswer::Act(action)) => self.act_on_selection(action, ctx),
            Some(SelectionAnswer::Clear) => self.select_nothing(),
            None => {}
        }
    }

    fn act_on_selection(&mut self, action: JobAction, ctx: &AreaCtx<'_>) {
        if self.selects_all && self.list.has_more() {
            return self.actions.want_all(action, self.list.filter().matching(), ctx);
        }
        let jobs: Vec<&Job> = self.selection.iter().filter_map(|id| self.list.get(id)).collect();
        self.actions.want(action, jobs.into_iter(), ctx);
    }

    fn empty_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let filter = self.list.filter();
        if filter.state.is_none() && filter.search.is_empty() {
            let waits = self.figures.value().and_then(|status| status.bundled_wait.as_deref());
            if empty_state::ui(ui, waits.unwrap_or("No photos have been given to the pipeline yet"), Some("Add photos…")) {
                ctx.send(Command::AddPhotos);
            }
        } else if let Some(state) = filter.state.filter(|_| filter.contradicts_itself()) {
            let words = format!("The state {} is chosen above, and what is typed asks for another: no job is in both", state.label());
            let filter = Filter { state: None, ..filter.clone() };
            if empty_state::ui(ui, &words, Some("Show all states")) {
                self.show(filter);
            }
        } else if empty_state::ui(ui, "No job matches this filter", Some("Show all jobs")) {
            self.show(Filter::default());
        }
    }

    fn table_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let is_live = self.list.moment().is_none();
        let answer = self.table.ui(ui, &self.list, &mut self.selection, ctx.textures, self.list.moment().unwrap_or(ctx.now));
        if let Some(youngest) = answer.youngest.filter(|_| is_live) {
            relative_time::follow(ui.ctx(), youngest, ctx.now);
        }
        if answer.selected_all {
            self.select_all();
        } else if answer.selection_changed {
            self.selects_all = false;
            self.applicable = None;
        }
        if let Some(sort) = answer.sort {
            let filter = self.list.filter();
            // The other way round on the second click; words from A on, numbers and times from the largest.
            let ascending = if filter.sort == sort { !filter.ascending } else { matches!(sort, JobSort::Photo | JobSort::State) };
            self.show(Filter { sort, ascending, ..filter.clone() });
        }
        // An open panel follows the row that is chosen.
        let chosen = self.selection.cursor().filter(|_| answer.selection_changed && self.selection.len() == 1 && self.details.shown().is_some());
        if let Some(id) = answer.open.or(chosen) {
            self.details.open(id);
        }
        if answer.wants_more {
            self.list.ask_more(ctx);
        }
    }
}
