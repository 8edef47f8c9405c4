//! A photo cropped to a rectangle, on the grey that photos lie on.
//!
//! `thumbnail::ui(ui, rect, textures.get(id, 256).picture())`

use egui::{Align2, FontId, Rect, TextureHandle, Ui, pos2, vec2};

use crate::gui::theme::{self, icons};

/// Draws it; without a picture the grey, with a mark where there is a reason (an empty one: it is on its way).
pub fn ui(ui: &Ui, rect: Rect, picture: Result<&TextureHandle, &str>) {
    let tokens = theme::tokens(ui.ctx());
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.photo_backdrop);
    match picture {
        Ok(texture) => {
            let (photo, room) = (texture.size_vec2(), rect.size());
            let scale = (room / photo).max_elem();
            let crop = (room / (photo * scale)).min(vec2(1.0, 1.0));
            let uv = Rect::from_center_size(pos2(0.5, 0.5), crop);
            egui::Image::from_texture(texture).uv(uv).corner_radius(theme::RADIUS_4).paint_at(ui, rect);
        }
        Err("") => {}
        Err(_) => {
            let size = (rect.width() * 0.3).clamp(12.0, 28.0);
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, icons::ICON_BROKEN_IMAGE.codepoint, FontId::proportional(size), tokens.muted);
        }
    }
}
