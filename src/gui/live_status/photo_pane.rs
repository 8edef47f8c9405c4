//! A photo in a panel, as wide as that is.

use egui::{Ui, vec2};

use crate::gui::ctx::AreaCtx;
use crate::gui::widgets::photo_frame;
use crate::wire::ids::PhotoId;

/// Longer edge of the photo's texture.
const PHOTO_PX: u32 = 1024;
const HEIGHT: f32 = 200.0;

pub fn ui(ui: &mut Ui, id: PhotoId, name: &str, ctx: &mut AreaCtx<'_>) {
    let size = vec2(ui.available_width(), HEIGHT);
    photo_frame::ui(ui, size, name, ctx.textures.get(id, PHOTO_PX).picture());
}
