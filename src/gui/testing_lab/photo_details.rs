//! What there is to know of one photo: size, format, colours, and what its camera wrote into it.

use egui::{Grid, Id, Key, Modal, Modifiers, RichText, ScrollArea, Ui};

use super::library::Library;
use crate::gui::ctx::modal;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{error_state, number, skeleton};
use crate::wire::ids::PhotoId;
use crate::wire::photo::{Photo, PhotoMetadata};

const WIDTH: f32 = 440.0;
const HEIGHT_MOST: f32 = 360.0;

/// The dialog, where one is open.
#[derive(Default)]
pub struct PhotoDetails {
    shown: Option<PhotoId>,
    metadata: Remote<PhotoMetadata>,
}

impl PhotoDetails {
    pub fn open(&mut self, id: PhotoId, ctx: &AreaCtx<'_>) {
        self.shown = Some(id);
        self.metadata = Remote::default();
        self.ask(id, ctx);
    }

    fn ask(&mut self, id: PhotoId, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.metadata, move |client| async move { client.photo_metadata(id).await });
    }

    pub fn logic(&mut self) {
        self.metadata.poll();
    }

    /// Draws it where it is open; Esc, `I` and a click beside it close it.
    pub fn ui(&mut self, ui: &Ui, library: &Library, ctx: &AreaCtx<'_>) {
        let Some(id) = self.shown else { return };
        let tokens = ctx.tokens();
        let mut asks_again = false;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("photo details")), |ui| {
            ui.set_width(WIDTH);
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::I)) {
                ui.close();
            }
            let photo = library.photo(id);
            let name = photo.map_or("Deleted photo", |photo| &photo.file_name);
            ui.add(egui::Label::new(RichText::new(name).font(theme::semibold(theme::TEXT_STRONG))).truncate());
            ui.add_space(theme::GAP_8);
            ScrollArea::vertical().max_height(HEIGHT_MOST).show(ui, |ui| asks_again = self.facts_ui(ui, photo, tokens));
            ui.add_space(theme::GAP_12);
            if ui.button("Close").clicked() {
                ui.close();
            }
        });
        if asks_again {
            self.ask(id, ctx);
        }
        if shown.closes {
            self.shown = None;
        }
    }

    /// Returns whether the file is to be read once more.
    fn facts_ui(&self, ui: &mut Ui, photo: Option<&Photo>, tokens: &Tokens) -> bool {
        let metadata = self.metadata.value();
        Grid::new("photo details").num_columns(2).spacing([theme::GAP_16, theme::GAP_4]).show(ui, |ui| {
            let mut fact = |name: &str, value: &str| {
                ui.label(RichText::new(name).color(tokens.muted));
                ui.add(egui::Label::new(value).wrap());
                ui.end_row();
            };
            if let Some(photo) = photo {
                if !photo.other_names.is_empty() {
                    fact("Also called", &photo.other_names.join(", "));
                }
                fact("Size", &format!("{} × {} px, {}", photo.width_px, photo.height_px, number::bytes(photo.size_bytes)));
                fact("Format", &photo.format.to_uppercase());
            }
            let Some(metadata) = metadata else { return };
            let colours = metadata.colour_profile.as_deref().unwrap_or("No profile: taken for sRGB");
            fact("Colours", colours);
            for field in &metadata.exif {
                fact(&field.name, &field.value);
            }
            let place = if metadata.has_location { "In the file; left out of everything that is sent or exported" } else { "Not in the file" };
            fact("Location", place);
        });
        if metadata.is_some_and(|metadata| metadata.exif.is_empty()) {
            ui.label(RichText::new("No camera wrote anything into this file").color(tokens.muted));
        }
        match (metadata, self.metadata.failure()) {
            (_, Some(failure)) => error_state::ui(ui, "The file could not be read", &failure.to_string()),
            (None, None) => {
                skeleton::lines(ui, 4);
                false
            }
            (Some(_), None) => false,
        }
    }
}
