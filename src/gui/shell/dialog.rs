//! The frame that the shell's dialogs share: a title, a way out, and the rest of the window dimmed.

use egui::{Align, Align2, Context, Frame, Id, Layout, Margin, Modal, RichText, Ui, vec2};

use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;

/// Draws a dialog; returns what its content returned, and whether it is to be closed (×, Escape, a click beside it).
pub fn show<R>(ctx: &Context, title: &str, width: f32, content: impl FnOnce(&mut Ui) -> R) -> (R, bool) {
    let id = Id::unique(title.to_owned());
    let frame = Frame::popup(&ctx.global_style()).inner_margin(Margin::same(16));
    let modal = Modal::new(id).frame(frame).show(ctx, |ui| {
        ui.set_width(width.min(ui.ctx().content_rect().width() - 64.0));
        ui.horizontal(|ui| {
            ui.label(RichText::new(title).font(theme::semibold(theme::TEXT_HEADING)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Tool::new(icons::ICON_CLOSE, "Close").icon_only().ui(ui).clicked() {
                    ui.close();
                }
            });
        });
        ui.add_space(theme::GAP_8);
        content(ui)
    });
    let close = modal.should_close();
    (modal.inner, close)
}

/// The part of a dialog that scrolls where the window is too low for it.
pub fn scrolled(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let height = ui.ctx().content_rect().height() - 160.0;
    // A dialog begins small and would stay so: the area says how high it may become.
    egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(ui, content);
}

/// A modal that hangs from the window's upper part and does not move as its list grows and shrinks.
pub fn hanging(title: &'static str, ctx: &Context) -> Modal {
    let id = Id::unique(title);
    let top = (ctx.content_rect().height() * 0.14).round();
    Modal::new(id)
        .area(Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, top)))
        .frame(Frame::popup(&ctx.global_style()).inner_margin(Margin::same(8)))
}
