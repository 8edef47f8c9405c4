//! The past of a part as a strip: a bar an hour or a day, its height and colour by the worst that it was. A thin line is "no
//! data". Hovering a bar, or walking there with the arrow keys, tells of it.

use egui::{Key, Modifiers, Rect, Response, Sense, StrokeKind, Tooltip, Ui, pos2, vec2};

use super::{Period, look};
use crate::gui::theme;
use crate::gui::widgets::number;
use crate::wire::health::{Component, HealthSpan, HealthState};

/// Draws it.
pub fn ui(ui: &mut Ui, rect: Rect, component: &Component, period: Period) {
    let spans = if period == Period::Day { &component.hours } else { &component.days };
    let response = ui.interact(rect, ui.scope_id().with(("past", &component.name)), Sense::click());
    let said = format!("{}, {}: {}", component.label, period.label(), in_words(spans));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &said));
    if spans.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui.ctx());
    let step = rect.width() / spans.len() as f32;
    let told = told(ui, &response, rect, step, spans.len());
    for (at, span) in spans.iter().enumerate() {
        let lane = Rect::from_min_size(pos2(rect.left() + step * at as f32, rect.top()), vec2((step - 1.5).max(1.0), rect.height()));
        let (share, colour) = match span.worst() {
            Some(HealthState::Healthy) => (1.0, tokens.good),
            Some(HealthState::Degraded) => (0.68, tokens.warn),
            Some(HealthState::Down) => (0.36, tokens.bad),
            None => (0.06, tokens.border),
        };
        let bar = Rect::from_min_max(pos2(lane.left(), lane.bottom() - lane.height() * share), lane.max);
        ui.painter().rect_filled(bar, 1.0, colour);
        if told == Some(at) {
            ui.painter().rect_stroke(lane.expand(1.0), 2.0, (1.0, tokens.text), StrokeKind::Outside);
        }
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(3.0), theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Outside);
    }
    if let Some(span) = told.and_then(|at| spans.get(at)) {
        Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), response.id, &response).gap(6.0).show(|ui| span_ui(ui, span, period));
    }
}

/// The bar that is told of: the one under the pointer, or where the keyboard stands.
fn told(ui: &Ui, response: &Response, rect: Rect, step: f32, count: usize) -> Option<usize> {
    let pointed = response.hover_pos().map(|at| (((at.x - rect.left()) / step) as usize).min(count - 1));
    if pointed.is_some() || !response.has_focus() {
        return pointed;
    }
    let mut at = ui.data(|data| data.get_temp::<usize>(response.id)).unwrap_or(count - 1).min(count - 1);
    // Left and right walk along the strip instead of leaving it.
    let filter = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowLeft) {
            at = at.saturating_sub(1);
        }
        if input.consume_key(Modifiers::NONE, Key::ArrowRight) {
            at = (at + 1).min(count - 1);
        }
    });
    ui.data_mut(|data| data.insert_temp(response.id, at));
    Some(at)
}

fn span_ui(ui: &mut Ui, span: &HealthSpan, period: Period) {
    let tokens = theme::tokens(ui.ctx());
    ui.set_max_width(320.0);
    ui.label(when(span, period));
    let (tone, icon) = look(span.worst());
    let word = span.worst().map_or("No data", HealthState::label);
    ui.horizontal(|ui| crate::gui::widgets::badge::ui(ui, tone, icon, word));
    if span.known_ms() > 0 {
        let parts = [("healthy", span.healthy_ms), ("degraded", span.degraded_ms), ("down", span.down_ms)];
        let parts: Vec<String> =
            parts.iter().filter(|(_, ms)| *ms > 0).map(|(word, ms)| format!("{word} {}", number::duration_ms(*ms as f64))).collect();
        ui.label(parts.join(", "));
    }
    if span.checks > 0 {
        let response = span.response_time_ms.map_or_else(String::new, |ms| format!(", mean response {}", number::duration_ms(ms)));
        let checks = if span.checks == 1 { "1 check".to_owned() } else { format!("{} checks", number::count(u64::from(span.checks))) };
        ui.label(egui::RichText::new(format!("{checks}{response}")).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    if let Some(trouble) = &span.trouble {
        ui.label(egui::RichText::new(trouble).size(theme::TEXT_SMALL));
    }
}

fn when(span: &HealthSpan, period: Period) -> String {
    match period {
        // Hours as people here have them; days are the platform's, in UTC.
        Period::Day => span.at.with_timezone(&chrono::Local).format("%A, %H:00 to %H:59").to_string(),
        Period::Month => span.at.format("%A, %-d %B %Y").to_string(),
    }
}

fn in_words(spans: &[HealthSpan]) -> String {
    let count = |state: Option<HealthState>| spans.iter().filter(|span| span.worst() == state).count();
    format!(
        "{} healthy, {} degraded, {} down, {} without data",
        count(Some(HealthState::Healthy)),
        count(Some(HealthState::Degraded)),
        count(Some(HealthState::Down)),
        count(None)
    )
}
