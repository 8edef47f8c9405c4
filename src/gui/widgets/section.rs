//! The heading of a part of a panel, with room for controls at its right end.
//!
//! `section::ui(ui, "Jobs", |ui| { ui.button("Retry"); })`; `section::heading(ui, "Jobs")` without controls.

use egui::{Align, Label, Layout, Response, RichText, Ui};

use crate::gui::theme;

/// Draws the heading alone.
pub fn heading(ui: &mut Ui, title: &str) -> Response {
    ui.add(Label::new(RichText::new(title).font(theme::semibold(theme::TEXT_STRONG))).truncate())
}

/// Draws the heading; `controls` are laid out from the right end leftwards.
pub fn ui<R>(ui: &mut Ui, title: &str, controls: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        heading(ui, title);
        ui.with_layout(Layout::right_to_left(Align::Center), controls).inner
    })
    .inner
}
