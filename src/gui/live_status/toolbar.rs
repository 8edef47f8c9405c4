//! The row above the cards: how the pipeline stands, and what can be done to it.

use egui::{Button, RichText, Ui};
use egui_material_icons::MaterialIcon;

use crate::gui::ctx::{AreaCtx, Command, LinkState, LiveView, Route, pipeline_look};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::wire::config::PipelineState;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::status::LiveStatus;

/// What hovering a button says, with its shortcut.
fn hint(ui: &Ui, command: &Command) -> String {
    match command.shortcut() {
        Some(shortcut) => format!("{} ({})", command.tooltip(), ui.ctx().format_shortcut(&shortcut)),
        None => command.tooltip(),
    }
}

fn command_button(ui: &mut Ui, ctx: &AreaCtx<'_>, icon: MaterialIcon, label: &str, command: Command, enabled: bool) {
    explained_button(ui, ctx, icon, label, command, enabled, None);
}

/// The same with the reason why it can't be pressed.
fn explained_button(ui: &mut Ui, ctx: &AreaCtx<'_>, icon: MaterialIcon, label: &str, command: Command, enabled: bool, why_not: Option<&str>) {
    let mut response = ui.add_enabled(enabled, Button::new((RichText::from(icon), label)));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, label));
    if let Some(why_not) = why_not {
        response = response.on_disabled_hover_text(why_not);
    }
    if response.on_hover_text(hint(ui, &command)).clicked() {
        ctx.send(command);
    }
}

pub fn ui(ui: &mut Ui, status: Option<&LiveStatus>, busy: bool, looks_back: bool, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    ui.horizontal_wrapped(|ui| {
        if let Some(status) = status {
            let is_held_back = status.held_back.is_some();
            let (icon, colour, word) = pipeline_look::look(status.pipeline_state, is_held_back, tokens);
            let left = status.draining_left.filter(|_| status.pipeline_state == PipelineState::Draining && !is_held_back);
            let left = left.map(|left| format!(", {} left", number::count(left))).unwrap_or_default();
            ui.label(RichText::from(icon).size(theme::TEXT_HEADING).color(colour));
            ui.label(RichText::new(format!("{word}{left}")).size(theme::TEXT_STRONG));
            ui.add_space(theme::GAP_8);
            match status.pipeline_state {
                PipelineState::Running => {
                    command_button(ui, ctx, icons::ICON_PAUSE, "Pause", Command::PausePipeline, true);
                    command_button(ui, ctx, icons::ICON_HOURGLASS_BOTTOM, "Drain", Command::DrainPipeline, true);
                }
                PipelineState::Draining => {
                    command_button(ui, ctx, icons::ICON_PLAY_ARROW, "Resume", Command::ResumePipeline, true);
                    command_button(ui, ctx, icons::ICON_PAUSE, "Pause", Command::PausePipeline, true);
                }
                PipelineState::Paused => command_button(ui, ctx, icons::ICON_PLAY_ARROW, "Resume", Command::ResumePipeline, true),
            }
        }
        command_button(ui, ctx, icons::ICON_ADD_PHOTO_ALTERNATE, "Add photos…", Command::AddPhotos, true);
        command_button(ui, ctx, icons::ICON_CREATE_NEW_FOLDER, "Add folder…", Command::AddPhotoFolder, true);
        retry_ui(ui, status, busy, ctx);
        look_back_ui(ui, looks_back, ctx);
    });
    if let Some(fault) = status.and_then(|status| status.held_back.as_ref()) {
        held_back_ui(ui, fault, ctx);
    }
    if let Some(warning) = status.and_then(|status| status.limit_warning.as_ref()) {
        let tokens = ctx.tokens();
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::from(icons::ICON_WARNING).color(tokens.warn));
            ui.label(RichText::new(warning).color(tokens.warn));
            command_button(ui, ctx, icons::ICON_TUNE, "Set limits", Command::GoTo(Route::Rules), true);
        });
    }
    if let Some(waits) = status.and_then(|status| status.bundled_wait.as_ref()) {
        let tokens = ctx.tokens();
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::from(icons::ICON_WARNING).color(tokens.warn));
            ui.label(RichText::new(waits).color(tokens.warn));
        });
    }
    stale_ui(ui, status.is_some(), ctx);
}

/// Stays where it is while the strip is open: a second press closes that.
fn look_back_ui(ui: &mut Ui, looks_back: bool, ctx: &AreaCtx<'_>) {
    let label = "Look back";
    let response = ui.add(Button::new((RichText::from(icons::ICON_HISTORY), label)).selected(looks_back));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, looks_back, label));
    if response.on_hover_text(hint(ui, &Command::LookBack)).clicked() {
        ctx.send(Command::LookBack);
    }
}

/// Offers what a retry would queue: of failed jobs whose photos wait already there is nothing to retry.
fn retry_ui(ui: &mut Ui, status: Option<&LiveStatus>, busy: bool, ctx: &AreaCtx<'_>) {
    let (failed, retriable) = status.map_or((0, 0), |status| (status.failed_total, status.retriable_total.unwrap_or(status.failed_total)));
    let label = if retriable == 0 { "Retry failed".to_owned() } else { format!("Retry {} failed…", number::count(retriable)) };
    let why_not = (failed > 0 && retriable == 0).then(|| match failed {
        1 => "The photo of the failed job is queued already, or deleted".to_owned(),
        failed => format!("The photos of the {} failed jobs are queued already, or deleted", number::count(failed)),
    });
    let is_offered = retriable > 0 && !busy;
    explained_button(ui, ctx, icons::ICON_REPLAY, &label, Command::RetryFailedJobs, is_offered, why_not.as_deref());
}

/// Says once, for all jobs that wait, why their provider is not asked, and leads to where that is mended.
fn held_back_ui(ui: &mut Ui, fault: &Fault, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::from(icons::ICON_ERROR).color(tokens.bad));
        ui.label(RichText::new(format!("No photo is lost: jobs wait. {}", fault.message)).color(tokens.bad));
        // A limit of our own has no provider.
        match fault.provider {
            None if fault.kind == FaultKind::Internal => {
                command_button(ui, ctx, icons::ICON_MONITOR_HEART, "Show the health", Command::GoTo(Route::Live(LiveView::Health)), true);
            }
            None => command_button(ui, ctx, icons::ICON_TUNE, "Change the limits", Command::GoTo(Route::Rules), true),
            Some(_) => command_button(ui, ctx, icons::ICON_KEY, "Set up providers", Command::GoTo(Route::Providers), true),
        }
    });
}

/// Says that what is shown is old, and how old, while the platform is not heard.
fn stale_ui(ui: &mut Ui, has_figures: bool, ctx: &AreaCtx<'_>) {
    let LinkState::Lost { why, is_refused, since, .. } = ctx.link else { return };
    let tokens = ctx.tokens();
    let age = number::duration_ms(since.age().as_secs().max(1) as f64 * 1000.0);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::from(icons::ICON_CLOUD_OFF).color(tokens.warn));
        if *is_refused {
            ui.label(RichText::new(why).color(tokens.warn));
            command_button(ui, ctx, icons::ICON_SETTINGS, "Settings", Command::OpenSettings, true);
            return;
        }
        let words = if has_figures { format!("Stale: the platform has not been heard for {age}") } else { "The platform is not heard".to_owned() };
        ui.label(RichText::new(words).color(tokens.warn)).on_hover_text(why);
    });
    // The age counts on while nothing else happens.
    ctx.egui.request_repaint_after(std::time::Duration::from_secs(1));
}
