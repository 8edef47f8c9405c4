//! A confidence, 0–1, as a bar with its percentage beside it.

use egui::{Align2, FontId, Rect, Response, Sense, Ui, WidgetInfo, vec2};

use super::number;
use crate::gui::theme;

const BAR_WIDTH: f32 = 84.0;
const FIGURE_WIDTH: f32 = 40.0;
const HEIGHT: f32 = 16.0;

/// Draws the bar and its figure; an empty bar and a dash where there is no confidence.
pub fn ui(ui: &mut Ui, confidence: Option<f32>) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(BAR_WIDTH + FIGURE_WIDTH, HEIGHT), Sense::hover());
    let words = number::confidence(confidence);
    if ui.is_rect_visible(rect) {
        let lane = Rect::from_min_size(rect.left_center() - vec2(0.0, 3.0), vec2(BAR_WIDTH, 6.0));
        let filled = Rect::from_min_size(lane.min, vec2(BAR_WIDTH * confidence.unwrap_or(0.0).clamp(0.0, 1.0), 6.0));
        ui.painter().rect_filled(lane, 3, tokens.raised);
        ui.painter().rect_filled(filled, 3, tokens.accent);
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &words, FontId::proportional(theme::TEXT_SMALL), tokens.text);
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("Confidence {words}")));
    response
}
