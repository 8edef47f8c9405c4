//! The strip above the matrix: how the run stands, what it has cost, and what can be done to it.

use egui::{Align, Layout, ProgressBar, Rect, RichText, TextWrapMode, Ui, UiBuilder, WidgetInfo, vec2};

use super::open_run::OpenRun;
use super::runs_list::{can_resume, state_ui};
use super::{export, run_cost, spend_limit};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{elided, number, relative_time};
use crate::wire::run::{Run, RunCounts, RunState};

/// Points below which what is not said of the run itself is an icon; a run that goes on has more to say.
const NARROW: f32 = 1_000.0;
const NARROW_RUNNING: f32 = 1_150.0;
/// Below this the commands of the run are icons, too.
const NARROWEST: f32 = 640.0;
/// Of the name of a photo set.
const SET_NAME_MOST: f32 = 260.0;

/// Draws the strip. `repeat`: which of the repeated answers the matrix shows; `shows_figures`: they stand in the matrix's place.
///
/// The tools stand on the right and come first; what is told of the run has the room that they leave, in as many lines as it needs.
pub fn ui(ui: &mut Ui, open: &OpenRun, run: &Run, repeat: &mut u32, shows_figures: bool, is_busy: bool, ctx: &AreaCtx<'_>) {
    ui.horizontal_top(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            tools_ui(ui, open, run, repeat, shows_figures, is_busy, ctx);
            // One line high: what a line holds stands in its middle, and further lines follow below it.
            let left = Rect::from_min_size(ui.available_rect_before_wrap().min, vec2(ui.available_width(), theme::CONTROL_HEIGHT));
            let lines = Layout::left_to_right(Align::Center).with_main_wrap(true);
            ui.scope_builder(UiBuilder::new().max_rect(left).layout(lines), |ui| {
                // A piece that does not fit goes to the next line as a whole.
                ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
                told_ui(ui, open, run, ctx);
            });
        });
    });
}

/// From the right to the left.
fn tools_ui(ui: &mut Ui, open: &OpenRun, run: &Run, repeat: &mut u32, shows_figures: bool, is_busy: bool, ctx: &AreaCtx<'_>) {
    let width = ui.available_width();
    let is_narrow = width < if run.state == RunState::Running { NARROW_RUNNING } else { NARROW };
    let command = |icon, label, command: Command| {
        let tooltip = command.tooltip();
        (icon, label, command, tooltip)
    };
    let mut commands = Vec::new();
    if matches!(run.state, RunState::Running | RunState::Paused) {
        commands.push(command(icons::ICON_STOP_CIRCLE, "Cancel", Command::CancelRun));
    }
    if run.state == RunState::Running {
        commands.push(command(icons::ICON_PAUSE, "Pause", Command::PauseRun));
    } else if can_resume(run) && !spend_limit::is_reached(run, open) {
        commands.push(command(icons::ICON_REPLAY, "Resume", Command::ResumeRun));
    }
    for (icon, label, command, tooltip) in commands {
        if Tool::new(icon, label).tooltip(&tooltip).enabled(!is_busy).icon_only_if(width < NARROWEST).ui(ui).clicked() {
            ctx.send(command);
        }
    }
    if let Some(format) = export::menu_ui(ui, is_narrow) {
        ctx.send(Command::ExportRun(format));
    }
    let about = format!("{} (F)", Command::ShowRunFigures.tooltip());
    let figures = Tool::new(icons::ICON_ANALYTICS, "Figures").tooltip(&about).selected(shows_figures);
    if figures.icon_only_if(is_narrow).ui(ui).clicked() {
        ctx.send(Command::ShowRunFigures);
    }
    if run.repeats > 1 {
        repeat_ui(ui, run.repeats, repeat);
        ui.add_space(theme::GAP_8);
    }
}

fn told_ui(ui: &mut Ui, open: &OpenRun, run: &Run, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let (answered, total) = (run.counts.completed, run.counts.total());
    state_ui(ui, run, tokens);
    if run.state == RunState::Running {
        let share = if total == 0 { 1.0 } else { answered as f32 / total as f32 };
        let width = (ui.max_rect().width() * 0.25).clamp(90.0, 260.0);
        let bar = ui.add_sized(vec2(width, 10.0), ProgressBar::new(share).desired_height(8.0).fill(tokens.accent));
        bar.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, format!("{answered} of {total} answered")));
        ui.label(progress_words(run.counts, open.asked_again()));
        if let Some(left) = open.time_left(ctx.now) {
            let words = format!("{} left", number::duration_ms(left.as_secs_f64().max(1.0).round() * 1e3));
            ui.label(RichText::new(words).color(tokens.muted));
            ctx.egui.request_repaint_after(std::time::Duration::from_secs(1));
        }
    } else {
        ui.label(counts_words(run));
    }
    if run.reused > 0 {
        let words = format!("{} known already", number::count(run.reused));
        ui.label(RichText::new(words).color(tokens.muted))
            .on_hover_text("Answered in an earlier run with the same photo, prompt, model and parameters; not asked again");
    }
    if let Some(set) = &run.photo_set {
        let photos = number::count(run.photo_ids.len() as u64);
        let name = elided::text(ui, &set.label(), egui::FontId::proportional(theme::TEXT_BODY), SET_NAME_MOST, tokens.muted);
        ui.label(name).on_hover_text(format!("{}: the photo set and its version, {photos} photos", set.label()));
    }
    run_cost::ui(ui, run, tokens);
    // Not cut to what is left of a line, but on the next one where it does not fit.
    let age = RichText::new(relative_time::words(run.started_at, ctx.now)).color(tokens.muted);
    ui.label(age).on_hover_ui(|ui| drop(ui.label(relative_time::absolute(run.started_at))));
}

/// `24 of 48`; `24 answered, 4 asked again of 48` where some have failed, now or before.
fn progress_words(counts: RunCounts, asked_again: u64) -> String {
    let asked_again = asked_again.min(counts.running);
    let parts = [(counts.completed, "answered"), (asked_again, "asked again"), (counts.failed, "failed")];
    if asked_again + counts.failed == 0 {
        return format!("{} of {}", number::count(counts.completed), number::count(counts.total()));
    }
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{} {word}", number::count(count))).collect();
    format!("{} of {}", parts.join(", "), number::count(counts.total()))
}

fn counts_words(run: &Run) -> String {
    let counts = run.counts;
    let mut parts = vec![format!("{} of {} answered", number::count(counts.completed), number::count(counts.total()))];
    if counts.failed > 0 {
        parts.push(format!("{} failed", number::count(counts.failed)));
    }
    let left = counts.waiting + counts.running;
    if left > 0 {
        parts.push(format!("{} not asked", number::count(left)));
    }
    parts.join(", ")
}

/// Chooses among repeated answers; drawn from the right to the left.
fn repeat_ui(ui: &mut Ui, repeats: u32, repeat: &mut u32) {
    if Tool::new(icons::ICON_CHEVRON_RIGHT, "Next repeat").icon_only().enabled(*repeat + 1 < repeats).ui(ui).clicked() {
        *repeat += 1;
    }
    // As high as the buttons beside it.
    ui.scope(|ui| {
        ui.set_height(theme::CONTROL_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(format!("Repeat {} of {repeats}", *repeat + 1)));
    });
    if Tool::new(icons::ICON_CHEVRON_LEFT, "Repeat before").icon_only().enabled(*repeat > 0).ui(ui).clicked() {
        *repeat -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_answer_is_no_answer_and_one_that_is_asked_again_is_told_so() {
        let counts = |running, completed, failed| RunCounts { waiting: 0, running, completed, failed };
        assert_eq!(progress_words(counts(4, 24, 0), 0), "24 of 28");
        assert_eq!(progress_words(counts(4, 24, 0), 4), "24 answered, 4 asked again of 28");
        assert_eq!(progress_words(counts(4, 24, 4), 1), "24 answered, 1 asked again, 4 failed of 32");
    }
}
