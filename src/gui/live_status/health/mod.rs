//! Health: every part of the platform and every provider, how it is, how it was, and where it is mended.

mod columns;
mod row;
mod strip;

use std::time::Duration;

use chrono::{DateTime, Utc};
use egui::{RichText, ScrollArea, Ui};

use crate::gui::ctx::{AreaCtx, Command, Pace, Refresh, Remote, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{badge, error_state, relative_time, skeleton};
use crate::wire::health::{HealthReport, HealthState};
use columns::Columns;

/// The platform tells of changes; figures and ages move on by themselves.
const PACE: Pace = Pace { changed: Duration::ZERO, anyway: Duration::from_secs(30) };

/// How much of the past the strips show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Period {
    #[default]
    Day,
    Month,
}

impl Period {
    fn label(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Month => "30 days",
        }
    }
}

/// The panel's memory.
#[derive(Default)]
pub struct Health {
    report: Remote<HealthReport>,
    checking: Remote<HealthReport>,
    refresh: Refresh,
    /// The moment that was asked for, and that of the report; `None`: the present.
    asked: Option<DateTime<Utc>>,
    of: Option<DateTime<Utc>>,
    period: Period,
}

impl Health {
    /// Something changed that the report tells of.
    pub fn mark_behind(&mut self) {
        self.refresh.mark_behind();
    }

    /// Looks at everything now.
    pub fn check(&mut self, ctx: &AreaCtx<'_>) {
        if !self.checking.is_pending() {
            ctx.ask(&mut self.checking, |client| async move { client.check_health().await });
        }
    }

    /// Takes in answers. `at`: the moment that is looked at.
    pub fn logic(&mut self, at: Option<DateTime<Utc>>, ctx: &AreaCtx<'_>) {
        if self.report.poll() && self.report.failure().is_none() {
            self.of = self.asked;
        }
        if !self.checking.poll() {
            return;
        }
        if let Some(failure) = self.checking.take_failure() {
            ctx.commands.toast(ToastKind::Bad, format!("Health could not be checked. {failure}"));
        } else if let Some(report) = self.checking.take() {
            ctx.commands.toast(tone_of_toast(report.status), told(&report));
            // What is now is not shown as what was then.
            if at.is_none() {
                self.report.set(report);
                self.of = None;
                self.refresh.answered();
            }
        }
    }

    /// Asks when it is time; called while the panel is on screen.
    fn ask(&mut self, ctx: &AreaCtx<'_>, at: Option<DateTime<Utc>>) {
        if !self.report.is_pending() && self.refresh.is_due(ctx.egui, at, PACE) {
            self.asked = at;
            ctx.ask(&mut self.report, move |client| async move {
                match at {
                    None => client.health_report().await,
                    Some(at) => client.health_report_at(at).await,
                }
            });
        }
    }

    /// Health now, or at a moment in the past.
    pub fn ui(&mut self, ui: &mut Ui, at: Option<DateTime<Utc>>, ctx: &AreaCtx<'_>) {
        self.ask(ctx, at);
        if let Some(failure) = self.report.failure() {
            if error_state::ui(ui, "Health could not be read", &failure.to_string()) {
                self.refresh.reload();
            }
            if at.is_some() {
                // What was read before is of another moment.
                return;
            }
        }
        self.header_ui(ui, at.is_some(), ctx);
        ui.add_space(theme::GAP_4);
        let Some(report) = self.report.value() else {
            if self.report.failure().is_none() {
                skeleton::lines(ui, 8);
            }
            return;
        };
        let columns = Columns::of(ui.available_width());
        columns.heads_ui(ui, self.period);
        // Health of another moment is greyed until that of this one is there.
        if self.of != at {
            ui.multiply_opacity(0.4);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for component in &report.components {
                if let Some(command) = row::ui(ui, component, &columns, self.period, self.of, ctx) {
                    ctx.send(command);
                }
            }
            ui.add_space(theme::GAP_8);
            let words = "Uptime: for how much of the time a part worked, be it with trouble. Time in which nobody looked does not count; where \
                         that is most of a period, the time that was looked at stands below. Days are UTC days";
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted));
        });
    }

    /// How the whole is, what the strips show, and the button.
    fn header_ui(&mut self, ui: &mut Ui, is_past: bool, ctx: &AreaCtx<'_>) {
        ui.horizontal_wrapped(|ui| {
            if let Some(report) = self.report.value() {
                let (tone, icon) = look(Some(report.status));
                badge::ui(ui, tone, icon, report.status.label());
            }
            if !is_past {
                self.check_ui(ui, ctx);
            }
            for period in [Period::Day, Period::Month] {
                let is_chosen = self.period == period;
                let response = ui.add(egui::Button::selectable(is_chosen, period.label()));
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, period.label()));
                if response.clicked() {
                    self.period = period;
                }
            }
            if let Some(next) = self.report.value().and_then(|report| report.next_check).filter(|_| !is_past) {
                relative_time::follow(ui.ctx(), next, ctx.now);
                let words = next_words(next, ctx.now);
                ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted)).on_hover_text(relative_time::absolute(next));
            }
        });
    }

    fn check_ui(&self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let is_checking = self.checking.is_pending();
        let label = if is_checking { "Checking…" } else { "Check now" };
        let button = ui.add_enabled(!is_checking, egui::Button::new((RichText::from(icons::ICON_MONITOR_HEART), label)));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, !is_checking, label));
        if button.on_hover_text(Command::CheckHealth.tooltip()).clicked() {
            ctx.send(Command::CheckHealth);
        }
    }
}

/// When the platform looks by itself again.
fn next_words(next: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (next - now).num_seconds() {
        left if left > 60 => format!("Next check {}", relative_time::words(next, now)),
        1.. => "Next check within a minute".to_owned(),
        _ => "Next check is due".to_owned(),
    }
}

/// Icon and tone of a state, so that its colour is never alone.
fn look(state: Option<HealthState>) -> (badge::Tone, egui_material_icons::MaterialIcon) {
    match state {
        Some(HealthState::Healthy) => (badge::Tone::Good, icons::ICON_CHECK_CIRCLE),
        Some(HealthState::Degraded) => (badge::Tone::Warn, icons::ICON_WARNING),
        Some(HealthState::Down) => (badge::Tone::Bad, icons::ICON_ERROR),
        None => (badge::Tone::Neutral, icons::ICON_RADIO_BUTTON_UNCHECKED),
    }
}

fn tone_of_toast(state: HealthState) -> ToastKind {
    match state {
        HealthState::Healthy => ToastKind::Good,
        HealthState::Degraded => ToastKind::Warn,
        HealthState::Down => ToastKind::Bad,
    }
}

/// What a check found, in one line.
fn told(report: &HealthReport) -> String {
    let ill: Vec<&str> = report
        .components
        .iter()
        .filter(|component| component.name != "platform" && component.status.is_some_and(|status| status != HealthState::Healthy))
        .map(|component| component.label.as_str())
        .collect();
    if ill.is_empty() { "Checked: everything is well".to_owned() } else { format!("Checked: not well: {}", ill.join(", ")) }
}
