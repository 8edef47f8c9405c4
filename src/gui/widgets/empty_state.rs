//! A panel without content: one sentence, one action.

use egui::{RichText, Ui};

use crate::gui::theme;

/// Draws it in the middle of what is left; returns whether the action was chosen.
pub fn ui(ui: &mut Ui, sentence: &str, action: Option<&str>) -> bool {
    let tokens = theme::tokens(ui.ctx());
    let mut chosen = false;
    let space = (ui.available_height() * 0.3).clamp(theme::GAP_16, 120.0);
    ui.vertical_centered(|ui| {
        ui.add_space(space);
        ui.label(RichText::new(sentence).size(theme::TEXT_STRONG).color(tokens.muted));
        if let Some(action) = action {
            ui.add_space(theme::GAP_12);
            chosen = ui.button(action).clicked();
        }
    });
    chosen
}
