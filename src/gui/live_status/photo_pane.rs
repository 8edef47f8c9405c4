//! A photo in a panel: whole, on neutral grey.

use egui::{Align, Label, Layout, RichText, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::gui::ctx::{AreaCtx, PhotoTexture};
use crate::gui::theme;
use crate::wire::ids::PhotoId;

/// Longer edge of the photo's texture.
const PHOTO_PX: u32 = 1024;
const HEIGHT: f32 = 200.0;

pub fn ui(ui: &mut Ui, id: PhotoId, name: &str, ctx: &mut AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.photo_backdrop);
    let picture = ctx.textures.get(id, PHOTO_PX);
    let is_ready = matches!(picture, PhotoTexture::Ready(_));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, is_ready, name));
    match picture {
        PhotoTexture::Ready(texture) => {
            let size = texture.size_vec2();
            let scale = (rect.width() / size.x).min(rect.height() / size.y);
            let inner = egui::Rect::from_center_size(rect.center(), size * scale);
            egui::Image::from_texture(texture).paint_at(ui, inner);
        }
        PhotoTexture::Failed(why) => {
            let why = why.to_owned();
            // `Ui::put` would draw its lines apart to the full width.
            let room = UiBuilder::new().max_rect(rect.shrink(theme::GAP_12)).layout(Layout::top_down(Align::Center));
            ui.scope_builder(room, |ui| {
                ui.add_space(rect.height() * 0.25);
                ui.add(Label::new(RichText::new(why).color(tokens.muted)).wrap());
            });
        }
        PhotoTexture::Loading => {}
    }
}
