//! The strip itself: bars of what was completed and what failed, marks, and the handle.

use chrono::{DateTime, Utc};
use egui::{FontId, Id, Key, Modifiers, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::marks::{Mark, Marks};
use super::{moment_words, moved};
use crate::gui::ctx::AreaCtx;
use crate::gui::live_status::plots::FlowRange;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{number, time_axis};
use crate::wire::metric::{MetricType, Metrics};

const BARS_HEIGHT: f32 = 34.0;
const AXIS_HEIGHT: f32 = 16.0;
/// A mark is meant from this near, in points.
const NEAR: f32 = 5.0;
/// Steps of an arrow key with Shift.
const LEAP: i32 = 10;

/// How many tries ended in each step.
#[derive(Debug, PartialEq, Eq)]
pub struct Bars {
    from_ms: i64,
    step_ms: i64,
    /// Completed and failed.
    steps: Vec<(u64, u64)>,
    most: u64,
}

impl Bars {
    pub fn new(metrics: &Metrics) -> Self {
        let step_ms = metrics.step_ms.max(1) as i64;
        let from_ms = metrics.from.timestamp_millis();
        // The platform gives at most 2,000 steps; an answer that says otherwise is cut.
        let count = usize::try_from((metrics.to.timestamp_millis() - from_ms + step_ms - 1) / step_ms).unwrap_or_default().min(2_000);
        let mut steps = vec![(0, 0); count];
        for metric in &metrics.metrics {
            let at = (metric.timestamp.timestamp_millis() - from_ms).div_euclid(step_ms);
            let Some(step) = usize::try_from(at).ok().and_then(|at| steps.get_mut(at)) else { continue };
            match metric.metric_type {
                MetricType::Completed => step.0 = metric.metric_value as u64,
                MetricType::Failed => step.1 = metric.metric_value as u64,
                _ => {}
            }
        }
        let most = steps.iter().map(|(completed, failed)| completed + failed).max().unwrap_or_default();
        Self { from_ms, step_ms, steps, most }
    }

    fn to_ms(&self) -> i64 {
        self.from_ms + self.step_ms * self.steps.len() as i64
    }

    fn x(&self, at_ms: i64, rect: Rect) -> f32 {
        let share = (at_ms - self.from_ms) as f64 / (self.to_ms() - self.from_ms).max(1) as f64;
        rect.left() + rect.width() * share as f32
    }

    fn time(&self, x: f32, rect: Rect) -> i64 {
        let share = f64::from(((x - rect.left()) / rect.width()).clamp(0.0, 1.0));
        self.from_ms + ((self.to_ms() - self.from_ms) as f64 * share) as i64
    }
}

pub fn id() -> Id {
    Id::unique("time strip")
}

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    Live,
    Past(DateTime<Utc>),
}

impl From<Option<DateTime<Utc>>> for Chosen {
    fn from(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Live, Self::Past)
    }
}

/// Draws it; returns what was chosen. `at`: the moment that is looked at. `first`: the first one that there is a record of.
pub fn ui(
    ui: &mut Ui,
    bars: Option<&Bars>,
    marks: &Marks,
    range: FlowRange,
    (at, first): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    focus: bool,
    ctx: &AreaCtx<'_>,
) -> Option<Chosen> {
    let tokens = ctx.tokens();
    let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), BARS_HEIGHT + AXIS_HEIGHT), Sense::hover());
    let rect = room.with_max_y(room.top() + BARS_HEIGHT);
    let response = ui.interact(rect, id(), Sense::click_and_drag() | Sense::FOCUSABLE);
    let said = at.map_or_else(|| "Time strip: live".to_owned(), |at| format!("Time strip: {}", moment_words(at)));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Slider, true, &said));
    if focus {
        response.request_focus();
    }
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.field);
    let by_key = keys(ui, &response, range, at, ctx);
    let Some(bars) = bars else { return by_key };
    if let Some(first) = first.map(|first| first.timestamp_millis()).filter(|first| *first > bars.from_ms) {
        // Of what was before there is no record.
        ui.painter().rect_filled(rect.with_max_x(bars.x(first, rect).min(rect.right())), 0, tokens.border.gamma_multiply(0.5));
    }
    bars_ui(ui, bars, rect, tokens);
    axis_ui(ui, bars, room, range, tokens);
    let now_ms = ctx.now.timestamp_millis();
    // What is yet to come.
    let come = rect.with_min_x(bars.x(now_ms, rect));
    ui.painter().rect_filled(come, 0, tokens.surface);
    for mark in marks.all() {
        mark_ui(ui, mark, bars, rect, tokens);
    }
    handle_ui(ui, bars.x(at.map_or(now_ms, |at| at.timestamp_millis()), rect), rect, at.is_some(), &response, tokens);
    let chosen = pointer(ui, &response, bars, marks, rect, ctx).or(by_key);
    let on = response.hover_pos().filter(|_| !response.dragged());
    if let Some(pointer) = on {
        response.on_hover_ui_at_pointer(|ui| hover_ui(ui, bars, marks, rect, pointer.x, tokens));
    }
    chosen
}

fn bars_ui(ui: &Ui, bars: &Bars, rect: Rect, tokens: &Tokens) {
    let width = rect.width() / bars.steps.len().max(1) as f32;
    let gap = if width > 4.0 { 1.0 } else { 0.0 };
    let scale = (rect.height() - 4.0) / bars.most.max(1) as f32;
    for (n, (completed, failed)) in bars.steps.iter().enumerate().filter(|(_, (completed, failed))| completed + failed > 0) {
        let left = rect.left() + width * n as f32;
        // The least is still seen.
        let of = |count: u64| if count == 0 { 0.0 } else { (count as f32 * scale).max(1.5) };
        let (good, bad) = (of(*completed), of(*failed));
        let bar = |from: f32, to: f32| Rect::from_min_max(pos2(left, rect.bottom() - to), pos2(left + width - gap, rect.bottom() - from));
        ui.painter().rect_filled(bar(0.0, good), 0, tokens.accent.gamma_multiply(0.55));
        ui.painter().rect_filled(bar(good, good + bad), 0, tokens.bad);
    }
}

fn axis_ui(ui: &Ui, bars: &Bars, room: Rect, range: FlowRange, tokens: &Tokens) {
    let (from, to) = (bars.from_ms as f64 / 1e3, bars.to_ms() as f64 / 1e3);
    for mark in time_axis::marks(from, to, room.width(), range.least_mark()) {
        let x = bars.x((mark * 1e3) as i64, room);
        let words = range.tick(mark);
        let galley = ui.painter().layout_no_wrap(words, FontId::proportional(theme::TEXT_SMALL), tokens.muted);
        let left = x - galley.size().x / 2.0;
        if left >= room.left() && left + galley.size().x <= room.right() {
            ui.painter().vline(x, room.top() + BARS_HEIGHT..=room.top() + BARS_HEIGHT + 3.0, (1.0, tokens.border));
            ui.painter().galley(pos2(left, room.top() + BARS_HEIGHT + 2.0), galley, tokens.muted);
        }
    }
}

/// An alert hangs from above, a change of configuration stands below.
fn mark_ui(ui: &Ui, mark: &Mark, bars: &Bars, rect: Rect, tokens: &Tokens) {
    let x = bars.x(mark.at.timestamp_millis(), rect);
    if x < rect.left() {
        return;
    }
    let painter = ui.painter();
    if mark.is_alert {
        let points = vec![pos2(x - 4.0, rect.top()), pos2(x + 4.0, rect.top()), pos2(x, rect.top() + 7.0)];
        painter.add(egui::Shape::convex_polygon(points, tokens.warn, (1.0, tokens.surface)));
    } else {
        painter.circle(pos2(x, rect.bottom() - 4.0), 3.0, tokens.text, (1.0, tokens.surface));
    }
}

fn handle_ui(ui: &Ui, x: f32, rect: Rect, is_past: bool, response: &Response, tokens: &Tokens) {
    let colour = if is_past { tokens.warn } else { tokens.good };
    ui.painter().vline(x, rect.y_range(), (2.0, colour));
    let grip = Rect::from_center_size(pos2(x.clamp(rect.left() + 4.0, rect.right() - 4.0), rect.center().y), vec2(8.0, 16.0));
    ui.painter().rect(grip, theme::RADIUS_4, colour, (1.0, tokens.surface), StrokeKind::Outside);
    if response.has_focus() {
        ui.painter().rect_stroke(rect, theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
    }
}

/// A click or a drag chooses; near a mark its moment, near the end the present.
fn pointer(ui: &Ui, response: &Response, bars: &Bars, marks: &Marks, rect: Rect, ctx: &AreaCtx<'_>) -> Option<Chosen> {
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    let is_meant = response.clicked() || response.dragged();
    let x = response.interact_pointer_pos().filter(|_| is_meant)?.x;
    response.request_focus();
    let near = nearest(bars, marks, rect, x).filter(|_| response.clicked()).map(|mark| mark.at);
    let at = near.or_else(|| DateTime::from_timestamp_millis(bars.time(x, rect)))?;
    let is_live = x >= bars.x(ctx.now.timestamp_millis(), rect) - 3.0 && near.is_none();
    Some(Some(at).filter(|at| !is_live && *at < ctx.now).into())
}

/// Arrows go by a step, with Shift by ten; Home to the beginning, End to the present.
fn keys(ui: &Ui, response: &Response, range: FlowRange, at: Option<DateTime<Utc>>, ctx: &AreaCtx<'_>) -> Option<Chosen> {
    if !response.has_focus() {
        return None;
    }
    let filter = egui::EventFilter { horizontal_arrows: true, escape: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let take = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if take(Modifiers::NONE, Key::Home) {
        return Some(Chosen::Past(ctx.now - range.span()));
    }
    if take(Modifiers::NONE, Key::End) {
        return Some(Chosen::Live);
    }
    for (key, way) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1)] {
        let steps = if take(Modifiers::SHIFT, key) { LEAP } else { i32::from(take(Modifiers::NONE, key)) };
        if steps > 0 {
            return Some(moved(at.unwrap_or(ctx.now), range.step() * steps * way, ctx.now).into());
        }
    }
    None
}

fn nearest<'m>(bars: &Bars, marks: &'m Marks, rect: Rect, x: f32) -> Option<&'m Mark> {
    let distance = |mark: &&Mark| (bars.x(mark.at.timestamp_millis(), rect) - x).abs();
    let near = marks.all().iter().filter(|mark| distance(mark) <= NEAR && mark.at.timestamp_millis() >= bars.from_ms);
    near.min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

/// What happened where the pointer is.
fn hover_ui(ui: &mut Ui, bars: &Bars, marks: &Marks, rect: Rect, x: f32, tokens: &Tokens) {
    let at_ms = bars.time(x, rect);
    let step = ((at_ms - bars.from_ms) / bars.step_ms.max(1)) as usize;
    ui.label(DateTime::from_timestamp_millis(at_ms).map(moment_words).unwrap_or_default());
    if let Some((completed, failed)) = bars.steps.get(step) {
        let span = number::duration_ms(bars.step_ms as f64);
        let words = format!("{} completed, {} failed within {span}", number::count(*completed), number::count(*failed));
        ui.label(egui::RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    if let Some(mark) = nearest(bars, marks, rect, x) {
        ui.label(&mark.words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::metric::{Metric, MetricMetadata};

    #[test]
    fn a_moment_is_where_its_place_says() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).expect("a time");
        let metric = |metric_type, minute, metric_value| Metric {
            metric_type,
            metric_value,
            provider: None,
            timestamp: at(minute),
            metadata: MetricMetadata::default(),
        };
        let all = vec![metric(MetricType::Completed, 11, 4.0), metric(MetricType::Failed, 11, 2.0), metric(MetricType::Failed, 99, 1.0)];
        let bars = Bars::new(&Metrics { from: at(10), to: at(14), step_ms: 60_000, metrics: all });
        assert_eq!((bars.steps.clone(), bars.most), (vec![(0, 0), (4, 2), (0, 0), (0, 0)], 6));
        let rect = Rect::from_min_size(pos2(100.0, 0.0), vec2(400.0, 30.0));
        assert_eq!(bars.x(at(11).timestamp_millis(), rect), 200.0);
        assert_eq!(bars.time(200.0, rect), at(11).timestamp_millis());
        assert_eq!((bars.time(0.0, rect), bars.time(9_000.0, rect)), (at(10).timestamp_millis(), at(14).timestamp_millis()));
    }
}
