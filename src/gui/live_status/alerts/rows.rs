//! Alerts as rows: those that fire with what can be done about them, and those that are over.

use egui::{Align, Frame, Label, Layout, Margin, RichText, Ui};
use egui_material_icons::MaterialIcon;

use super::{Wish, source, tomorrow};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::badge::{self, Tone};
use crate::gui::widgets::{list_row, number, relative_time};
use crate::wire::alert::{Alert, AlertMetric, Severity};

/// Icon and tone of a severity.
pub fn mark(severity: Severity) -> (MaterialIcon, Tone) {
    match severity {
        Severity::Warning => (icons::ICON_WARNING, Tone::Warn),
        Severity::Critical => (icons::ICON_ERROR, Tone::Bad),
    }
}

pub fn firing_ui(ui: &mut Ui, alert: &Alert, is_busy: bool, ctx: &AreaCtx<'_>) -> Option<Wish> {
    let tokens = ctx.tokens();
    let mut wish = None;
    let (icon, tone) = mark(alert.severity);
    let edge = if alert.is_loud(ctx.now) { tone.colour(ui.ctx()) } else { tokens.border };
    let frame = Frame::new().fill(tokens.surface).stroke((1.0, edge)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            badge::ui(ui, tone, icon, alert.severity.label());
            ui.label(RichText::new(alert.words()).font(theme::semibold(theme::TEXT_BODY)));
            let since = relative_time::words(alert.fired_at, ctx.now);
            let label = ui.label(RichText::new(format!("fired {since}")).size(theme::TEXT_SMALL).color(tokens.muted));
            label.on_hover_text(relative_time::absolute(alert.fired_at));
        });
        ui.horizontal_wrapped(|ui| {
            if ui.button(lead_words(alert.metric)).clicked() {
                ctx.send(Command::GoTo(source(alert.metric)));
            }
            if alert.acknowledged.is_none() {
                let acknowledge = ui.add_enabled(!is_busy, egui::Button::new((RichText::from(icons::ICON_CHECK), "Acknowledge")));
                acknowledge.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, !is_busy, "Acknowledge"));
                if acknowledge.on_hover_text("You see to it: nobody is told of it any more").clicked() {
                    wish = Some(Wish::Acknowledge(alert.id));
                }
            }
            ui.add_enabled_ui(!is_busy, |ui| wish = snooze_ui(ui, alert, ctx).or(wish));
            ui.label(RichText::new(taken_words(alert, ctx)).size(theme::TEXT_SMALL).color(tokens.muted));
        });
    });
    wish
}

fn snooze_ui(ui: &mut Ui, alert: &Alert, ctx: &AreaCtx<'_>) -> Option<Wish> {
    let mut wish = None;
    let menu = ui.menu_button((RichText::from(icons::ICON_SNOOZE), "Snooze…"), |ui| {
        let choices = [
            ("For 15 minutes", ctx.now + chrono::TimeDelta::minutes(15)),
            ("For an hour", ctx.now + chrono::TimeDelta::hours(1)),
            ("Until tomorrow, 8:00", tomorrow(ctx.now)),
        ];
        for (label, until) in choices {
            if ui.button(label).clicked() {
                wish = Some(Wish::Snooze(alert.id, until));
                ui.close();
            }
        }
    });
    menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Snooze…"));
    menu.response.on_hover_text("Put it off: if it still fires then, it is told again");
    wish
}

/// Who has taken it on, or until when it is put off.
fn taken_words(alert: &Alert, ctx: &AreaCtx<'_>) -> String {
    let by = alert.acknowledged.as_ref().map(|by| format!("acknowledged by {}, {}", by.by, relative_time::words(by.at, ctx.now)));
    let until = alert.snoozed_until.filter(|until| *until > ctx.now);
    let until = until.map(|until| format!("snoozed until {}", until.with_timezone(&chrono::Local).format("%-d %B, %H:%M")));
    by.into_iter().chain(until).collect::<Vec<_>>().join(" · ")
}

fn lead_words(metric: AlertMetric) -> &'static str {
    match metric {
        AlertMetric::QueueDepth | AlertMetric::OldestWaiting => "Show the waiting jobs",
        AlertMetric::ErrorRate => "Show the failed jobs",
        AlertMetric::SpendToday => "Show the cost",
        AlertMetric::Confidence => "Show the confidence",
        AlertMetric::ProviderDown => "Show the providers",
        AlertMetric::ModelRetires => "Show the models",
    }
}

/// One that is over; a click leads to where its number came from.
pub fn past_ui(ui: &mut Ui, alert: &Alert, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let (icon, tone) = mark(alert.severity);
    let lasted = alert.resolved_at.map(|at| number::duration_ms((at - alert.fired_at).num_milliseconds() as f64)).unwrap_or_default();
    let age = relative_time::words(alert.fired_at, ctx.now);
    let by = alert.acknowledged.as_ref().map(|by| format!(", acknowledged by {}", by.by)).unwrap_or_default();
    let more = format!("lasted {lasted}{by}");
    let name = format!("{}, {}, {more}, {age}", alert.words(), alert.severity.label());
    let row = list_row::ui(ui, &name, false, theme::ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::from(icon).size(theme::TEXT_STRONG).color(tone.colour(ui.ctx())));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(&age).size(theme::TEXT_SMALL).color(tokens.muted));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(alert.words()).truncate().show_tooltip_when_elided(false));
                    let more = RichText::new(&more).size(theme::TEXT_SMALL).color(tokens.muted);
                    ui.add(Label::new(more).truncate().show_tooltip_when_elided(false));
                });
            });
        });
    });
    let hover = format!("{}: {}\nFired {}\n{more}", alert.severity.label(), alert.words(), relative_time::absolute(alert.fired_at));
    if row.on_hover_text(hover).clicked() {
        ctx.send(Command::GoTo(source(alert.metric)));
    }
}
