//! Deleting photos from the library: asked first, done off the frame.

use egui::{Id, Modal, RichText, Ui};

use super::library::Library;
use crate::gui::ctx::modal;
use crate::gui::ctx::{AreaCtx, Remote, ToastKind};
use crate::gui::theme;
use crate::gui::widgets::selection::Selection;
use crate::wire::ids::PhotoId;

/// Photos that a person may want to delete, and the request under way.
#[derive(Default)]
pub struct Deleting {
    wanted: Vec<PhotoId>,
    request: Remote<usize>,
}

impl Deleting {
    /// Asks whether the selected photos are to go.
    pub fn want(&mut self, library: &Library, selection: &Selection<PhotoId>) {
        self.wanted = selection.iter().filter(|id| library.photo(*id).is_some()).collect();
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if !self.request.poll() {
            return;
        }
        if let Some(deleted) = self.request.take() {
            ctx.commands.toast(ToastKind::Good, format!("{} deleted", photos_in_words(deleted)));
        }
        if let Some(failure) = self.request.take_failure() {
            ctx.commands.toast(ToastKind::Bad, format!("Not all photos were deleted. {failure}"));
        }
    }

    pub fn ui(&mut self, ui: &Ui, library: &Library, ctx: &AreaCtx<'_>) {
        if self.wanted.is_empty() {
            return;
        }
        let mut go = false;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("delete photos")), |ui| {
            ui.set_width(380.0);
            let what = match self.wanted.as_slice() {
                [one] => library.photo(*one).map_or_else(|| "this photo".to_owned(), |photo| photo.file_name.clone()),
                several => photos_in_words(several.len()),
            };
            ui.label(RichText::new(format!("Delete {what}?")).font(theme::semibold(theme::TEXT_STRONG)));
            ui.label("The photos leave the library. Answers about them stay in past runs; your own files are not touched");
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                let delete = egui::Button::new(RichText::new("Delete").color(ctx.tokens().bad));
                go = ui.add(delete).clicked();
                if ui.button("Keep").clicked() {
                    ui.close();
                }
            });
        });
        if go {
            let ids = std::mem::take(&mut self.wanted);
            ctx.ask(&mut self.request, |client| async move {
                for id in &ids {
                    match client.delete_photo(*id).await {
                        // Gone already, which is what was wanted.
                        Err(error) if error.code() == Some("not_found") => {}
                        answer => answer?,
                    }
                }
                Ok(ids.len())
            });
        } else if shown.closes {
            self.wanted.clear();
        }
    }
}

fn photos_in_words(count: usize) -> String {
    if count == 1 { "1 photo".to_owned() } else { format!("{count} photos") }
}
