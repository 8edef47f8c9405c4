//! One part: its state, why, its figures, its past, and the way to where it is mended.

use egui::{Align, Button, Label, Layout, Rect, RichText, Sense, Ui, UiBuilder, vec2};

use super::columns::Columns;
use super::{Period, look, strip};
use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{badge, number, relative_time};
use crate::wire::health::{Component, Uptime};
use crate::wire::job::JobState;

const HEIGHT: f32 = 50.0;

/// Draws the row; returns where the person wants to go.
pub fn ui(ui: &mut Ui, component: &Component, columns: &Columns, period: Period, ctx: &AreaCtx<'_>) -> Option<Command> {
    let tokens = ctx.tokens();
    let (rect, _) = ui.allocate_exact_size(vec2(columns.width, HEIGHT), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return None;
    }
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.surface);
    let places = columns.places(rect);
    let (tone, icon) = look(component.status);
    let word = component.status.map_or("Not in use", crate::wire::health::HealthState::label);
    within(ui, places.state, Layout::left_to_right(Align::Center), |ui| badge::ui(ui, tone, icon, word));
    within(ui, places.name.shrink2(vec2(0.0, 6.0)), Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add(Label::new(RichText::new(&component.label).font(theme::semibold(theme::TEXT_BODY))).truncate());
        let detail = RichText::new(&component.detail).size(theme::TEXT_SMALL).color(tokens.muted);
        ui.add(Label::new(detail).truncate().show_tooltip_when_elided(false)).on_hover_text(&component.detail);
    });
    figure(ui, places.response, component.response_time_ms.map(number::duration_ms), "No response time is known");
    let errors = figure(ui, places.errors, component.error_rate.map(number::percent), "No calls in the last 15 minutes");
    if let (Some(_), Some(calls)) = (component.error_rate, component.calls) {
        errors.on_hover_text(format!(
            "Of {} in the last 15 minutes",
            if calls == 1 { "1 call".to_owned() } else { format!("{} calls", number::count(calls)) }
        ));
    }
    within(ui, places.when, Layout::left_to_right(Align::Center), |ui| match component.last_check {
        Some(at) => relative_time::ui(ui, at, ctx.now),
        None => ui.label(RichText::new("never").color(tokens.muted)),
    });
    let uptime = component.uptime;
    let of_period = if period == Period::Day { uptime.day } else { uptime.month };
    let uptimes: &[Option<f64>] = if columns.is_wide { &[uptime.day, uptime.week, uptime.month] } else { &[of_period] };
    for (place, uptime) in places.uptimes.iter().zip(uptimes) {
        let response = figure(ui, *place, uptime.map(share), "No data: nobody has looked in this time");
        if uptime.is_some() {
            response.on_hover_text(in_words(component.uptime));
        }
    }
    strip::ui(ui, places.strip.shrink2(vec2(0.0, 13.0)), component, period);
    go_ui(ui, places.go, component)
}

fn within<R>(ui: &mut Ui, rect: Rect, layout: Layout, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), add).inner
}

/// A number at the right edge of its place, or a dash that says why there is none.
fn figure(ui: &mut Ui, place: Rect, words: Option<String>, why_not: &str) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    within(ui, place, Layout::right_to_left(Align::Center), |ui| match words {
        Some(words) => ui.label(words),
        None => ui.label(RichText::new("–").color(tokens.muted)).on_hover_text(why_not),
    })
}

/// Uptime: two digits behind the point unless all is well, since 99.9 % of a month is three quarters of an hour.
fn share(share: f64) -> String {
    if share >= 1.0 { "100 %".to_owned() } else { format!("{:.2} %", (share * 10_000.0).floor() / 100.0) }
}

/// `Up 100 % of 24 hours, 99.87 % of 7 days, no data of 30 days`.
fn in_words(uptime: Uptime) -> String {
    let of = |share_of: Option<f64>, period: &str| format!("{} of {period}", share_of.map_or_else(|| "no data".to_owned(), share));
    format!("Up {}, {}, {}", of(uptime.day, "24 hours"), of(uptime.week, "7 days"), of(uptime.month, "30 days"))
}

fn go_ui(ui: &mut Ui, place: Rect, component: &Component) -> Option<Command> {
    let (words, command) = way(component)?;
    let button = Button::new(RichText::from(icons::ICON_ARROW_FORWARD)).frame_when_inactive(false);
    let response = within(ui, place, Layout::left_to_right(Align::Center), |ui| ui.add(button));
    let said = format!("{}: {words}", component.label);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &said));
    response.on_hover_text(words).clicked().then_some(command)
}

/// Where a part is mended.
fn way(component: &Component) -> Option<(&'static str, Command)> {
    if let Some(provider) = component.provider() {
        return Some(("Show its page", Command::GoTo(Route::Provider(provider.to_owned()))));
    }
    Some(match component.name.as_str() {
        "queue" | "workers" => ("Show the jobs that wait", Command::GoTo(Route::Jobs(Some(JobState::Pending)))),
        "model" => ("Choose the live model", Command::GoTo(Route::Models)),
        "keyring" => ("Set up providers and keys", Command::GoTo(Route::Providers)),
        "database" | "disk" => ("Show the data folder in the settings", Command::OpenSettings),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_never_rounded_up_to_all_well() {
        assert_eq!([share(1.0), share(0.99999), share(0.9987), share(0.0)], ["100 %", "99.99 %", "99.87 %", "0.00 %"]);
    }
}
