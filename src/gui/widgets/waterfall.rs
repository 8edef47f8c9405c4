//! Steps of some work as bars on one axis of time: what took how long, what waited, what was tried again.
//!
//! `waterfall::ui(ui, &bars)`; where there is room, each bar's detail stands beside it, else it is told on hover.

use egui::{Align2, FontId, Rect, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{elided, number};
use crate::gui::theme::{self, Tokens};

const ROW: f32 = 20.0;
const AXIS: f32 = 18.0;
const NAME_WIDTH: f32 = 70.0;
const FIGURE_WIDTH: f32 = 64.0;
/// From this width on the details have a column.
const WIDE: f32 = 620.0;
/// The least that can be seen of a bar.
const BAR_LEAST: f32 = 2.0;

/// What a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Step,
    /// A part of the step above it.
    Part,
    /// Nothing was done.
    Wait,
}

/// One bar.
#[derive(Debug, Clone, Copy)]
pub struct Bar<'a> {
    pub name: &'a str,
    pub start_ms: f64,
    pub duration_ms: f64,
    pub detail: &'a str,
    pub tone: Tone,
}

/// Draws the bars, each in a row, and the axis below them; nothing where nothing took time.
pub fn ui(ui: &mut Ui, bars: &[Bar<'_>]) {
    let tokens = theme::tokens(ui.ctx());
    let whole = bars.iter().map(|bar| bar.start_ms + bar.duration_ms).fold(0.0_f64, f64::max);
    if whole <= 0.0 {
        return;
    }
    let width = ui.available_width();
    let detail_width = if width >= WIDE { (width * 0.42).min(420.0) } else { 0.0 };
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut lane = Rect::NOTHING;
    for bar in bars {
        lane = row_ui(ui, bar, whole, detail_width, tokens);
    }
    axis_ui(ui, lane, whole, tokens);
}

/// Draws a row; returns where its bar may lie.
fn row_ui(ui: &mut Ui, bar: &Bar<'_>, whole: f64, detail_width: f32, tokens: &Tokens) -> Rect {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let duration = number::duration_ms(bar.duration_ms);
    let said = format!("{}: {duration}{}{}", bar.name, if bar.detail.is_empty() { "" } else { ", " }, bar.detail);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &said));
    let lane = Rect::from_min_max(rect.min + vec2(NAME_WIDTH, 5.0), rect.max - vec2(FIGURE_WIDTH + detail_width, 5.0));
    if ui.is_rect_visible(rect) {
        let font = FontId::proportional(theme::TEXT_SMALL);
        let painter = ui.painter();
        let indent = if bar.tone == Tone::Step { 0.0 } else { 10.0 };
        let name = elided::text(ui, bar.name, font.clone(), NAME_WIDTH - indent - 4.0, tokens.muted);
        painter.galley(pos2(rect.left() + indent, rect.center().y - name.size().y / 2.0), name, tokens.muted);
        painter.text(pos2(lane.right() + FIGURE_WIDTH, rect.center().y), Align2::RIGHT_CENTER, &duration, font.clone(), tokens.text);
        painter.rect_filled(lane, 2, tokens.raised);
        let x = |ms: f64| lane.left() + lane.width() * (ms / whole) as f32;
        let right = x(bar.start_ms + bar.duration_ms).max(x(bar.start_ms) + BAR_LEAST).min(lane.right());
        let shown = Rect::from_x_y_ranges(x(bar.start_ms).min(right - BAR_LEAST)..=right, lane.y_range());
        let part = shown.shrink2(vec2(0.0, 1.0));
        // A wait is hollow, so that the colour is not alone in telling it.
        let _ = match bar.tone {
            Tone::Step => painter.rect_filled(shown, 2, tokens.accent),
            Tone::Part => painter.rect_filled(part, 2, tokens.info),
            Tone::Wait => painter.rect_stroke(shown, 2, (1.0, tokens.warn), StrokeKind::Inside),
        };
        if detail_width > 0.0 && !bar.detail.is_empty() {
            let detail = elided::text(ui, bar.detail, font, detail_width - 16.0, tokens.muted);
            painter.galley(pos2(rect.right() - detail_width + 16.0, rect.center().y - detail.size().y / 2.0), detail, tokens.muted);
        }
    }
    if !bar.detail.is_empty() {
        response.on_hover_text(bar.detail);
    }
    lane
}

fn axis_ui(ui: &mut Ui, lane: Rect, whole: f64, tokens: &Tokens) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), AXIS), Sense::hover());
    let painter = ui.painter();
    let y = rect.top() + 2.0;
    painter.line_segment([pos2(lane.left(), y), pos2(lane.right(), y)], (1.0, tokens.border));
    let font = FontId::proportional(theme::TEXT_SMALL);
    let marks: &[(f32, Align2)] = if lane.width() > 180.0 {
        &[(0.0, Align2::LEFT_TOP), (0.5, Align2::CENTER_TOP), (1.0, Align2::RIGHT_TOP)]
    } else {
        &[(0.0, Align2::LEFT_TOP), (1.0, Align2::RIGHT_TOP)]
    };
    for (share, align) in marks {
        let x = lane.left() + lane.width() * share;
        painter.line_segment([pos2(x, y), pos2(x, y + 3.0)], (1.0, tokens.border));
        let words = if *share == 0.0 { "0".to_owned() } else { number::duration_ms(whole * f64::from(*share)) };
        painter.text(pos2(x, y + 3.0), *align, words, font.clone(), tokens.muted);
    }
}
