//! A photo in a panel: whole, on neutral grey.

use egui::{Align, Label, Layout, Rect, RichText, Sense, TextureHandle, Ui, UiBuilder, Vec2, WidgetInfo};

use crate::gui::theme;

/// Draws it in a place of this size. `picture`: the texture, or why there is none (an empty reason: it is on its way).
pub fn ui(ui: &mut Ui, size: Vec2, name: &str, picture: Result<&TextureHandle, &str>) {
    let tokens = theme::tokens(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.photo_backdrop);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, picture.is_ok(), name));
    match picture {
        Ok(texture) => {
            let size = texture.size_vec2();
            let scale = (rect.width() / size.x).min(rect.height() / size.y);
            egui::Image::from_texture(texture).paint_at(ui, Rect::from_center_size(rect.center(), size * scale));
        }
        Err(why) if !why.is_empty() => {
            // `Ui::put` would draw its lines apart to the full width.
            let room = UiBuilder::new().max_rect(rect.shrink(theme::GAP_12)).layout(Layout::top_down(Align::Center));
            ui.scope_builder(room, |ui| {
                ui.add_space(rect.height() * 0.25);
                ui.add(Label::new(RichText::new(why).color(tokens.muted)).wrap());
            });
        }
        Err(_) => {}
    }
}
