//! One part: its state, why, its figures, its past, and the way to where it is mended.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use egui::{Align, Button, Galley, Label, Layout, Rect, RichText, Sense, TextStyle, Ui, UiBuilder, WidgetText, vec2};

use super::columns::Columns;
use super::{Period, look, strip};
use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{badge, number, relative_time};
use crate::wire::health::{Component, Uptime};
use crate::wire::job::JobState;

const HEIGHT: f32 = 50.0;
/// Of a reason that is longer the rest is told on hover.
const LINES_MOST: usize = 2;
const HOUR_MS: u64 = 3_600_000;

/// Draws the row; returns where the person wants to go. `of`: the moment that it is of; `None`: the present.
pub fn ui(ui: &mut Ui, component: &Component, columns: &Columns, period: Period, of: Option<DateTime<Utc>>, ctx: &AreaCtx<'_>) -> Option<Command> {
    let tokens = ctx.tokens();
    let detail = detail(ui, component, columns.name_width());
    let (rect, _) = ui.allocate_exact_size(vec2(columns.width, HEIGHT + lines_beyond_first(ui, &detail)), Sense::hover());
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
        ui.add(Label::new(detail).show_tooltip_when_elided(false)).on_hover_text(&component.detail);
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
        Some(checked) => {
            if of.is_none() {
                relative_time::follow(ui.ctx(), checked, ctx.now);
            }
            relative_time::ui(ui, checked, of.unwrap_or(ctx.now))
        }
        None => ui.label(RichText::new("never").color(tokens.muted)),
    });
    let uptime = component.uptime;
    let all = Up::all(&uptime);
    let of_period = if period == Period::Day { 0..1 } else { 2..3 };
    for (place, up) in places.uptimes.iter().zip(if columns.is_wide { &all[..] } else { &all[of_period] }) {
        up.ui(ui, *place, &in_words(&uptime));
    }
    strip::ui(ui, places.strip.shrink2(vec2(0.0, 13.0)), component, period);
    go_ui(ui, places.go, component)
}

/// In a place of the row, which has its own already: whatever stands there does not move where the next row begins.
fn within<R>(ui: &mut Ui, rect: Rect, layout: Layout, add: impl FnOnce(&mut Ui) -> R) -> R {
    add(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)))
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

/// The uptime of a period, and what it is known of.
struct Up {
    share: Option<f64>,
    known_ms: u64,
    hours: u64,
    period: &'static str,
}

impl Up {
    fn all(uptime: &Uptime) -> [Self; 3] {
        let known = uptime.known;
        [
            Self { share: uptime.day, known_ms: known.day_ms, hours: 24, period: "24 hours" },
            Self { share: uptime.week, known_ms: known.week_ms, hours: 168, period: "7 days" },
            Self { share: uptime.month, known_ms: known.month_ms, hours: 720, period: "30 days" },
        ]
    }

    /// Whether less than half of the period is known: its share stands for what is known alone.
    fn is_thin(&self) -> bool {
        self.known_ms > 0 && self.known_ms < self.hours * HOUR_MS / 2
    }

    fn words(&self) -> String {
        match self.share.map(share) {
            None => format!("no data of {}", self.period),
            Some(up) if self.is_thin() => format!("{up} of the {} that are known of {}", span(self.known_ms), self.period),
            Some(up) => format!("{up} of {}", self.period),
        }
    }

    /// The share, and below it what it is of where that is little.
    fn ui(&self, ui: &mut Ui, place: Rect, hover: &str) {
        if !self.is_thin() {
            let response = figure(ui, place, self.share.map(share), "No data: nobody has looked in this time");
            if self.share.is_some() {
                response.on_hover_text(hover);
            }
            return;
        }
        let tokens = theme::tokens(ui.ctx());
        let (upper, lower) = place.split_top_bottom_at_fraction(0.5);
        let line = |ui: &mut Ui, place: Rect, align: Align, words: RichText| {
            within(ui, place, Layout::right_to_left(align), |ui| ui.label(words)).on_hover_text(hover);
        };
        line(ui, upper, Align::Max, RichText::new(self.share.map(share).unwrap_or_default()));
        line(ui, lower, Align::Min, RichText::new(format!("of {}", span(self.known_ms))).size(theme::TEXT_SMALL).color(tokens.muted));
    }
}

/// `13 min`, `5 h`, `3 d`.
fn span(ms: u64) -> String {
    match ms / 60_000 {
        0 => "< 1 min".to_owned(),
        minutes @ 1..=59 => format!("{minutes} min"),
        minutes @ 60..=2_879 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1_440),
    }
}

/// `Up 100 % of 24 hours, 99.87 % of the 3 d that are known of 7 days, no data of 30 days`.
fn in_words(uptime: &Uptime) -> String {
    format!("Up {}", Up::all(uptime).map(|up| up.words()).join(", "))
}

/// The height of what stands below the first line.
fn lines_beyond_first(ui: &Ui, detail: &Galley) -> f32 {
    let line = ui.fonts_mut(|fonts| fonts.row_height(&egui::FontId::proportional(theme::TEXT_SMALL)));
    detail.rows.len().saturating_sub(1) as f32 * line
}

/// Why it is so, in as many lines as it takes.
fn detail(ui: &Ui, component: &Component, width: f32) -> Arc<Galley> {
    let words = RichText::new(component.detail.replace(['\n', '\r'], " ")).size(theme::TEXT_SMALL).color(theme::tokens(ui.ctx()).muted);
    let mut job = Arc::unwrap_or_clone(WidgetText::from(words).into_layout_job(ui.style(), TextStyle::Body.into(), Align::Min));
    job.wrap.max_width = width;
    job.wrap.max_rows = LINES_MOST;
    ui.fonts_mut(|fonts| fonts.layout_job(job))
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

    #[test]
    fn a_reason_of_two_lines_has_room_for_both() {
        let detail = "Live model: 33 of 135 calls failed in the last 15 minutes. The last one: Gemini says: Internal error. Try again\nlater";
        let component = serde_json::json!({"name": "platform", "label": "Platform", "status": "degraded", "detail": detail, "uptime": {}, "hours": [], "days": []});
        let component: Component = serde_json::from_value(component).expect("a component");
        egui::__run_test_ui(|ui| {
            let line = ui.fonts_mut(|fonts| fonts.row_height(&egui::FontId::proportional(theme::TEXT_SMALL)));
            for width in 150..400 {
                let galley = super::detail(ui, &component, width as f32);
                assert_eq!(galley.rows.len(), LINES_MOST, "{width}");
                let drawn = galley.mesh_bounds.max.y;
                assert!(line + lines_beyond_first(ui, &galley) >= drawn, "{width}: {drawn} of {line}, {}", galley.size().y);
            }
        });
    }

    #[test]
    fn an_uptime_of_a_few_minutes_says_that_it_is_of_a_few_minutes() {
        let known = crate::wire::health::Known { day_ms: 13 * 60_000, week_ms: 100 * HOUR_MS, month_ms: 100 * HOUR_MS };
        let uptime = Uptime { day: Some(1.0), week: Some(0.5), month: Some(0.5), known };
        let words = "Up 100 % of the 13 min that are known of 24 hours, 50.00 % of 7 days, 50.00 % of the 4 d that are known of 30 days";
        assert_eq!(in_words(&uptime), words);
        assert_eq!([59_999, 60_000, 47 * HOUR_MS, 48 * HOUR_MS].map(span), ["< 1 min", "1 min", "47 h", "2 d"]);
        assert_eq!(in_words(&Uptime::default()), "Up no data of 24 hours, no data of 7 days, no data of 30 days");
    }
}
