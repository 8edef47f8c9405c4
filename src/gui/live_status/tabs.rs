//! The row that chooses what is shown beneath the cards.

use egui::{Button, Ui};

use crate::gui::ctx::LiveView;
use crate::gui::theme;

/// Draws the tabs, where there is more than one thing to see.
pub fn ui(ui: &mut Ui, chosen: &mut LiveView) {
    if LiveView::ALL.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for view in LiveView::ALL {
            let is_chosen = *chosen == view;
            let response = ui.add(Button::selectable(is_chosen, view.label()));
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, is_chosen, view.label()));
            if response.clicked() {
                *chosen = view;
            }
        }
    });
    ui.add_space(theme::GAP_8);
}
