//! A row of a list that can be chosen: its ground, its focus ring, and room for what it says.
//!
//! `list_row::ui(ui, "Photo tags", is_chosen, 28.0, |ui| { ui.label("Photo tags"); })`

use egui::{Align, Layout, Response, Sense, StrokeKind, Ui, UiBuilder, WidgetInfo, vec2};

use crate::gui::theme;

/// Draws the row as wide as there is room. `name`: what assistive technology calls it.
pub fn ui(ui: &mut Ui, name: &str, is_chosen: bool, height: f32, content: impl FnOnce(&mut Ui)) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let fill = match () {
        () if is_chosen => Some(tokens.selection),
        () if response.hovered() => Some(tokens.raised),
        () => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, theme::RADIUS_4, fill);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
    }
    let inner = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))).layout(Layout::top_down(Align::Min));
    // A child of its own, so that a short content does not make the row shorter.
    let mut inside = ui.new_child(inner);
    // The row is one button: its words are not selected one by one.
    inside.style_mut().interaction.selectable_labels = false;
    inside.spacing_mut().item_spacing.y = 2.0;
    inside.spacing_mut().interact_size.y = 18.0;
    content(&mut inside);
    response
}
