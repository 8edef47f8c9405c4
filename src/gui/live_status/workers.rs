//! The workers: how many there are, what each does at this moment, and one more or one fewer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use egui::{Align, Button, Color32, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;

use crate::gui::ctx::{AreaCtx, Command, Pace, Refresh, Remote, Route, Toast, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{error_state, number, skeleton, thumbnail};
use crate::wire::config::{ConfigChanged, PipelineState, ProcessingRules};
use crate::wire::worker::{Doing, Worker, Workers};

const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// While one works: what it does within a try is told by no event.
const WHILE_BUSY: Duration = Duration::from_secs(1);
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
const WORKERS: std::ops::RangeInclusive<u32> = 1..=64;
const HEIGHT: f32 = 44.0;
const THUMB_POINTS: f32 = 32.0;
const THUMB_PX: u32 = 256;

/// The view's memory.
#[derive(Default)]
pub struct WorkersView {
    workers: Remote<Workers>,
    changing: Remote<ConfigChanged>,
    /// As many as a person wants, until the platform knows.
    wanted: Option<u32>,
    refresh: Refresh,
}

impl WorkersView {
    /// A job or the configuration changed.
    pub fn mark_behind(&mut self) {
        self.refresh.mark_behind();
    }

    pub fn reload(&mut self) {
        self.refresh.reload();
    }

    /// Takes in answers.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.workers.poll();
        if !self.changing.poll() {
            return;
        }
        if let Some(failure) = self.changing.take_failure() {
            self.wanted = None;
            ctx.commands.toast(ToastKind::Bad, format!("The number of workers did not change. {failure}"));
        } else if let Some(changed) = self.changing.take() {
            let count = changed.config.rules.workers;
            if let Some(workers) = self.workers.value_mut() {
                workers.wanted = count;
            }
            if let Some(more) = self.wanted.take_if(|wanted| *wanted != count) {
                // It was pressed again meanwhile: one message for all of it.
                return self.set(more, ctx);
            }
            self.wanted = None;
            let words = workers_in_words(count);
            let toast = changed.change.map_or_else(|| Toast::new(ToastKind::Good, words.clone()), |change| Toast::of_change(words.clone(), &change));
            ctx.send(Command::ShowToast(toast));
        }
        // An answer that is on its way may be older than the change.
        ctx.ask(&mut self.workers, |client| async move { client.workers().await });
        self.refresh.answered();
    }

    fn ask(&mut self, ctx: &AreaCtx<'_>) {
        let is_busy = self.workers.value().is_some_and(|workers| !workers.at_work.is_empty());
        let pace = Pace { changed: AT_MOST_EVERY, anyway: if is_busy { WHILE_BUSY } else { AT_LEAST_EVERY } };
        if !self.workers.is_pending() && self.refresh.is_due(ctx.egui, None, pace) {
            ctx.ask(&mut self.workers, |client| async move { client.workers().await });
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.ask(ctx);
        if let Some(failure) = self.workers.failure()
            && error_state::ui(ui, "The workers could not be read", &failure.to_string())
        {
            self.reload();
        }
        let Some(workers) = self.workers.value() else {
            if self.workers.failure().is_none() {
                skeleton::lines(ui, 4);
            }
            return;
        };
        let change = header_ui(ui, workers, self.wanted.unwrap_or(workers.wanted), ctx);
        ui.add_space(theme::GAP_8);
        // Those with a job, and as many idle ones as are wanted besides.
        let taken: Vec<u32> = workers.at_work.iter().filter_map(|worker| worker.number).collect();
        let here = workers.at_work.iter().filter(|worker| worker.number.is_some()).count() as u32;
        let idle: Vec<u32> = (1..=64).filter(|number| !taken.contains(number)).take(workers.wanted.saturating_sub(here) as usize).collect();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for worker in &workers.at_work {
                busy_ui(ui, worker, workers.wanted, ctx);
            }
            for number in idle.iter().filter(|_| workers.runs) {
                idle_ui(ui, *number, workers, ctx);
            }
        });
        if let Some(wanted) = change {
            self.set(wanted, ctx);
        }
    }

    /// One change after the other: what is wanted while one is on its way is asked for after it.
    fn set(&mut self, workers: u32, ctx: &AreaCtx<'_>) {
        self.wanted = Some(workers);
        if self.changing.is_pending() {
            return;
        }
        ctx.ask(&mut self.changing, move |client| async move {
            let config = client.config().await?;
            client.set_processing_rules(config.revision, &ProcessingRules { workers, ..config.rules }).await
        });
    }
}

fn workers_in_words(count: u32) -> String {
    if count == 1 { "1 worker".to_owned() } else { format!("{count} workers") }
}

/// How many are wanted, and how many are at work; returns another number when it was chosen.
fn header_ui(ui: &mut Ui, workers: &Workers, wanted: u32, ctx: &AreaCtx<'_>) -> Option<u32> {
    let tokens = ctx.tokens();
    let mut change = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(workers_in_words(wanted)).font(theme::semibold(theme::TEXT_STRONG)));
        for (icon, said, to) in
            [(icons::ICON_REMOVE, "One worker fewer", wanted.saturating_sub(1)), (icons::ICON_ADD, "One worker more", wanted.saturating_add(1))]
        {
            let enabled = WORKERS.contains(&to) && workers.runs;
            let response = ui.add_enabled(enabled, Button::new(RichText::from(icon)).min_size(vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT)));
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, said));
            if response.on_hover_text(said).clicked() {
                change = Some(to);
            }
        }
        ui.add_space(theme::GAP_8);
        let pending = match workers.pending {
            0 => "nothing waits".to_owned(),
            1 => "1 job waits".to_owned(),
            count => format!("{} jobs wait", number::count(count)),
        };
        let words = format!("{} at work · {pending}", workers.at_work.len());
        ui.label(RichText::new(words).color(tokens.muted));
        if ui.link("Rules").on_hover_text("Workers, tries and limits are rules of the pipeline").clicked() {
            ctx.send(Command::GoTo(Route::Rules));
        }
    });
    if !workers.runs {
        let words = "No worker runs on this platform: restart it to process photos";
        ui.label(RichText::new(words).color(tokens.bad));
    }
    change
}

/// A worker with its job; a click opens the job.
fn busy_ui(ui: &mut Ui, worker: &Worker, wanted: u32, ctx: &mut AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let job = &worker.job;
    let (icon, colour, doing) = doing_words(worker, ctx);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{}: {}, {doing}", name(worker.number), job.file_name)));
    let fill = if response.hovered() || response.has_focus() { tokens.hovered } else { tokens.surface };
    ui.painter().rect_filled(rect, theme::RADIUS_4, fill);
    let places = Places::of(rect);
    let retires = worker.number.is_some_and(|number| number > wanted);
    cell(ui, places.name, RichText::new(name(worker.number)).color(if retires { tokens.muted } else { tokens.text }));
    let thumb = Rect::from_min_size(pos2(places.photo.left(), rect.center().y - THUMB_POINTS / 2.0), vec2(THUMB_POINTS, THUMB_POINTS));
    thumbnail::ui(ui, thumb, ctx.textures.get(job.photo_id, THUMB_PX).picture());
    let file = places.photo.with_min_x(thumb.right() + theme::GAP_8);
    cell(ui, file, RichText::new(&job.file_name).font(theme::semibold(theme::TEXT_BODY)));
    within(ui, places.doing, |ui| {
        ui.label(RichText::from(icon).color(colour));
        let more = if retires { format!("{doing}; it ends after this job") } else { doing.clone() };
        ui.add(Label::new(more).truncate());
    });
    let tries = if job.attempts > 1 { format!("try {}", job.attempts) } else { String::new() };
    cell(ui, places.tries, RichText::new(tries).color(tokens.muted));
    if let Some(started) = job.started_at {
        right(ui, places.since, RichText::new(elapsed(started, ctx.now)));
    }
    let hint =
        worker.model.as_ref().or(job.model.as_ref()).map_or_else(|| "Show the job".to_owned(), |model| format!("{model}\nClick to show the job"));
    if response.on_hover_text(hint).clicked() {
        ctx.send(Command::GoTo(Route::Job(job.id)));
    }
}

fn idle_ui(ui: &mut Ui, number: u32, workers: &Workers, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.surface);
    let places = Places::of(rect);
    let why = match (workers.state, &workers.held_back, workers.pending) {
        (PipelineState::Paused, ..) => "Idle: the pipeline is paused".to_owned(),
        (_, Some(fault), 1..) => format!("Idle: {}", fault.message),
        (PipelineState::Draining, None, _) => "Idle: the pipeline drains".to_owned(),
        (_, _, 0) => "Idle: nothing waits".to_owned(),
        _ => "Idle".to_owned(),
    };
    cell(ui, places.name, RichText::new(name(Some(number))).color(tokens.muted));
    cell(ui, places.photo.union(places.doing), RichText::new(why).color(tokens.muted));
}

fn name(number: Option<u32>) -> String {
    number.map_or_else(|| "Elsewhere".to_owned(), |number| format!("Worker {number}"))
}

/// Icon, its colour, and what the worker does in words.
fn doing_words(worker: &Worker, ctx: &AreaCtx<'_>) -> (MaterialIcon, Color32, String) {
    let tokens = ctx.tokens();
    let model = worker.model.as_deref().or(worker.job.model.as_deref()).unwrap_or("the model");
    match worker.now.map(|now| now.doing) {
        Some(Doing::Preparing) => (icons::ICON_IMAGE, tokens.muted, "Prepares the photo".to_owned()),
        Some(Doing::WaitingForTurn) => (icons::ICON_HOURGLASS_TOP, tokens.warn, format!("Waits for its turn with {model}: limit of calls")),
        Some(Doing::Asking) => (icons::ICON_PSYCHOLOGY, tokens.accent, format!("Asks {model}")),
        Some(Doing::Retrying { at, kind }) => {
            let left = (at - ctx.now).num_milliseconds();
            let when = if left > 0 { format!("in {}", number::duration_ms(left as f64)) } else { "now".to_owned() };
            (icons::ICON_REPLAY, tokens.warn, format!("Asks {model} again {when}: {}", kind.label().to_lowercase()))
        }
        Some(Doing::NotStored) => (icons::ICON_ERROR, tokens.bad, "The result can't be stored yet; it is kept and tried again".to_owned()),
        Some(Doing::Storing) => (icons::ICON_SAVE, tokens.muted, "Stores the result".to_owned()),
        None => (icons::ICON_LAN, tokens.muted, format!("Works in another process with {model}")),
    }
}

/// Seconds, since this is looked at while it runs.
fn elapsed(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

/// Where the parts of a row stand.
struct Places {
    name: Rect,
    photo: Rect,
    doing: Rect,
    tries: Rect,
    since: Rect,
}

impl Places {
    fn of(row: Rect) -> Self {
        let row = row.shrink2(vec2(theme::GAP_12, 0.0));
        let x = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to.max(from), row.y_range());
        let (name, tries, since) = (80.0, 50.0, 80.0);
        let rest = (row.width() - name - tries - since - 3.0 * theme::GAP_12).max(0.0);
        let photo = row.left() + name;
        let doing = photo + rest * 0.45 + theme::GAP_12;
        let end = row.right() - since - tries - theme::GAP_12;
        Self {
            name: x(row.left(), photo),
            photo: x(photo, doing - theme::GAP_12),
            doing: x(doing, end - theme::GAP_12),
            tries: x(end, end + tries),
            since: x(row.right() - since, row.right()),
        }
    }
}

fn within(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)), add);
}

fn cell(ui: &mut Ui, rect: Rect, text: RichText) {
    within(ui, rect, |ui| {
        ui.add(Label::new(text).truncate().selectable(false));
    });
}

fn right(ui: &mut Ui, rect: Rect, text: RichText) {
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(Layout::right_to_left(Align::Center)), |ui| {
        ui.add(Label::new(text).selectable(false));
    });
}
