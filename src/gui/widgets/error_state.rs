//! A panel whose content could not be had: what happened, why and what to do, and a way to try again.

use egui::{Margin, RichText, Ui};

use crate::gui::theme::{self, icons};

/// Draws it; returns whether a retry is wanted.
pub fn ui(ui: &mut Ui, what: &str, why: &str) -> bool {
    let tokens = theme::tokens(ui.ctx());
    let frame = egui::Frame::new().fill(tokens.surface).stroke((1.0, tokens.bad)).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(12));
    let retry = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::from(icons::ICON_ERROR).size(theme::TEXT_HEADING).color(tokens.bad));
            ui.label(RichText::new(what).size(theme::TEXT_STRONG));
        });
        ui.label(RichText::new(why).color(tokens.muted));
        ui.add_space(theme::GAP_4);
        ui.button("Try again").clicked()
    });
    retry.inner
}
