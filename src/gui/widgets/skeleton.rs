//! What stands where content will come: grey bars of its size, so that nothing jumps when it does.

use egui::{Sense, Ui, vec2};

use crate::gui::theme;

/// Rows of a list or table.
pub fn lines(ui: &mut Ui, count: usize) {
    let tokens = theme::tokens(ui.ctx());
    for line in 0..count {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_HEIGHT), Sense::hover());
        // Uneven ends read as text to come, not as a broken table.
        let share = [0.92, 0.78, 0.86, 0.7][line % 4];
        let bar = egui::Rect::from_min_size(rect.min + vec2(0.0, 8.0), vec2(rect.width() * share, 12.0));
        ui.painter().rect_filled(bar, theme::RADIUS_4, tokens.raised);
    }
}

/// A block such as a card or a plot.
pub fn block(ui: &mut Ui, size: egui::Vec2) {
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, theme::RADIUS_8, theme::tokens(ui.ctx()).raised);
}

/// A bar painted into a rectangle that is laid out already.
pub fn bar(ui: &Ui, rect: egui::Rect) {
    ui.painter().rect_filled(rect, theme::RADIUS_4, theme::tokens(ui.ctx()).raised);
}
