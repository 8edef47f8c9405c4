//! Past runs, newest first, earlier ones as the end of the list is seen: open one, resume one that was interrupted.

use chrono::{DateTime, TimeDelta, Utc};
use egui::{Align, Button, Label, Layout, RichText, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use crate::gui::ctx::{AreaCtx, Paged};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{empty_state, error_state, number, relative_time, skeleton};
use crate::wire::ids::RunId;
use crate::wire::run::{Run, RunColumn, RunKind, RunState};

/// The runs as last heard.
#[derive(Default)]
pub struct RunsList {
    runs: Paged<(), Run>,
    /// Whether the runs were seen once.
    was_seen: bool,
}

impl RunsList {
    pub fn reload(&mut self) {
        self.runs.mark_behind();
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.runs.poll();
        self.runs.follow((), ctx, |client, cursor| async move { client.runs_after(cursor.as_deref()).await });
    }

    /// Once, when the runs are seen first: a comparison of the last day that was cut off and goes on only when told.
    pub fn cut_off(&mut self, now: DateTime<Utc>) -> Option<Run> {
        let newest = self.runs.found().filter(|_| !self.was_seen)?.first();
        self.was_seen = true;
        let is_cut_off = |run: &&Run| run.state == RunState::Interrupted && run.kind == RunKind::Comparison;
        newest.filter(is_cut_off).filter(|run| now - run.started_at < TimeDelta::days(1)).cloned()
    }

    /// A run that has begun or changed.
    pub fn on_run(&mut self, run: &Run) {
        let has_more = self.runs.has_more();
        let Some(runs) = self.runs.found_mut() else { return };
        // One from before those that are listed comes with its page.
        let is_earlier = has_more && runs.last().is_some_and(|last| run.started_at < last.started_at);
        match runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => known.clone_from(run),
            None if is_earlier => {}
            None => runs.insert(0, run.clone()),
        }
    }

    /// How many there are: `12`, or `200+` while those before them are not read; empty where there is none.
    #[must_use]
    pub fn count_words(&self) -> String {
        match self.runs.found().map_or(0, <[Run]>::len) {
            0 => String::new(),
            count => format!("{}{}", number::count(count as u64), if self.runs.has_more() { "+" } else { "" }),
        }
    }
}

/// What a person wants of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsAnswer {
    Open(RunId),
    Resume(RunId),
    NewRun,
}

/// Draws the list.
pub fn ui(ui: &mut Ui, list: &mut RunsList, ctx: &AreaCtx<'_>) -> Option<RunsAnswer> {
    if let Some(failure) = list.runs.failure().map(ToString::to_string)
        && error_state::ui(ui, "The runs could not be read", &failure)
    {
        list.runs.try_again();
    }
    let Some(runs) = list.runs.found() else {
        if list.runs.failure().is_none() {
            skeleton::lines(ui, 6);
        }
        return None;
    };
    if runs.is_empty() {
        return empty_state::ui(ui, "Nothing has been compared yet", Some("Choose photos")).then_some(RunsAnswer::NewRun);
    }
    let tokens = ctx.tokens();
    let (mut answer, mut seen) = (None, 0);
    let ui_width = ui.available_width();
    let resume_width = if runs.iter().any(can_resume) { 92.0 } else { 1.0 };
    TableBuilder::new(ui)
        .id_salt("runs")
        .sense(Sense::CLICK)
        .auto_shrink(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::initial(ui_width * 0.22).at_least(120.0).resizable(true).clip(true))
        .column(Column::remainder().at_least(60.0).clip(true))
        .column(Column::exact(134.0))
        .column(Column::exact(100.0))
        .column(Column::exact(84.0))
        .column(Column::exact(88.0))
        .column(Column::exact(resume_width))
        .header(theme::ROW_HEIGHT, |mut header| {
            for (words, is_number) in
                [("Run", false), ("Compares", false), ("State", false), ("Answered", true), ("Cost, $", true), ("Started", false), ("", false)]
            {
                header.col(|ui| {
                    let label = Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).selectable(false);
                    if is_number {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label)).inner
                    } else {
                        ui.add(label)
                    };
                });
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 6.0, runs.len(), |mut row| {
                let Some(run) = runs.get(row.index()) else { return };
                seen = seen.max(row.index() + 1);
                row.col(|ui| plain(ui, RichText::new(&run.name)));
                row.col(|ui| plain(ui, RichText::new(variants(run)).color(tokens.muted)));
                row.col(|ui| state_ui(ui, run, tokens));
                row.col(|ui| right(ui, format!("{} of {}", number::count(run.counts.completed), number::count(run.counts.total()))));
                row.col(|ui| right(ui, cost_words(run)));
                row.col(|ui| {
                    relative_time::ui(ui, run.started_at, ctx.now);
                });
                row.col(|ui| {
                    if can_resume(run) {
                        let button = ui.add(Button::new((icons::ICON_REPLAY.codepoint, "Resume")));
                        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Resume {}", run.name)));
                        if button.clicked() {
                            answer = Some(RunsAnswer::Resume(run.id));
                        }
                    }
                });
                let response = row.response().on_hover_cursor(egui::CursorIcon::PointingHand);
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Open {}", run.name)));
                if response.clicked() && answer.is_none() {
                    answer = Some(RunsAnswer::Open(run.id));
                }
            });
        });
    list.runs.on_seen(seen, ctx.egui);
    answer
}

fn plain(ui: &mut Ui, words: RichText) {
    ui.add(Label::new(words).truncate().selectable(false));
}

fn right(ui: &mut Ui, words: String) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| plain(ui, RichText::new(words)));
}

/// What stands beside each other in it.
fn variants(run: &Run) -> String {
    run.columns.iter().map(RunColumn::label).collect::<Vec<_>>().join(", ")
}

/// Whether there is something to ask again.
#[must_use]
pub fn can_resume(run: &Run) -> bool {
    run.state != RunState::Running && run.counts.completed < run.counts.total()
}

/// The known costs; unknown ones are named, not shown as nothing.
#[must_use]
pub fn cost_words(run: &Run) -> String {
    match (run.cost_usd.0, run.cost_unknown_cells) {
        (0, unknown) if unknown > 0 => "unknown".to_owned(),
        (_, 0) => run.cost_usd.to_string(),
        _ => format!("{} + unknown", run.cost_usd),
    }
}

/// The run's state as icon and word.
pub fn state_ui(ui: &mut Ui, run: &Run, tokens: &Tokens) {
    let (icon, colour, word) = match run.state {
        RunState::Running => (icons::ICON_PLAY_CIRCLE, tokens.info, "Running"),
        RunState::Completed if run.counts.failed > 0 => (icons::ICON_ERROR, tokens.warn, "Done, some failed"),
        RunState::Completed => (icons::ICON_CHECK_CIRCLE, tokens.good, "Done"),
        RunState::Cancelled => (icons::ICON_CANCEL, tokens.muted, "Cancelled"),
        RunState::Paused => (icons::ICON_PAUSE_CIRCLE, tokens.muted, "Paused"),
        RunState::Interrupted => (icons::ICON_WARNING, tokens.warn, "Interrupted"),
    };
    ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
    plain(ui, RichText::new(word));
}
