//! The name of a set: asked before one is made, and to call one otherwise.

use egui::{Button, Id, Key, Modal, RichText, TextEdit, Ui};

use crate::gui::ctx::modal;
use crate::gui::theme;
use crate::wire::ids::PhotoSetId;
use crate::wire::photo_set::NAME_MOST;

/// The open dialog.
pub struct NameDialog {
    /// `None`: a new set.
    renames: Option<PhotoSetId>,
    /// A set of what was brought here last, not of what is selected.
    pub is_of_brought: bool,
    title: String,
    name: String,
    /// Why the platform did not take the name.
    pub trouble: Option<String>,
    has_focus: bool,
}

/// What was decided.
pub enum Naming {
    Close,
    Create(String),
    Rename(PhotoSetId, String),
}

impl NameDialog {
    #[must_use]
    pub fn new_set(photos: usize, is_of_brought: bool) -> Self {
        let photos = if photos == 1 { "1 photo".to_owned() } else { format!("{photos} photos") };
        Self { renames: None, is_of_brought, title: format!("New set of {photos}"), name: String::new(), trouble: None, has_focus: false }
    }

    #[must_use]
    pub fn rename(id: PhotoSetId, name: &str) -> Self {
        Self { renames: Some(id), is_of_brought: false, title: format!("Rename {name}"), name: name.to_owned(), trouble: None, has_focus: false }
    }

    /// Draws it; returns what was decided.
    pub fn ui(&mut self, ui: &Ui, is_busy: bool) -> Option<Naming> {
        let tokens = theme::tokens(ui.ctx());
        let mut answer = None;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("name of a set")), |ui| {
            ui.set_width(380.0);
            ui.label(RichText::new(&self.title).font(theme::semibold(theme::TEXT_STRONG)));
            ui.add_space(theme::GAP_8);
            let label = ui.label("Name of the set");
            let edit = TextEdit::singleline(&mut self.name).hint_text("Such as Pets").char_limit(NAME_MOST).desired_width(f32::INFINITY);
            let field = ui.add(edit).labelled_by(label.id);
            if !std::mem::replace(&mut self.has_focus, true) {
                field.request_focus();
            }
            if field.changed() {
                self.trouble = None;
            }
            if let Some(trouble) = &self.trouble {
                ui.label(RichText::new(trouble).color(tokens.bad));
            }
            ui.add_space(theme::GAP_12);
            let name = self.name.trim();
            let can = !is_busy && !name.is_empty();
            let entered = can && field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            ui.horizontal(|ui| {
                let verb = if self.renames.is_some() { "Rename" } else { "Make the set" };
                let ink = if can { tokens.on_accent } else { tokens.muted };
                let mut button = Button::new(RichText::new(verb).color(ink));
                if can {
                    button = button.fill(tokens.accent);
                }
                if ui.add_enabled(can, button).clicked() || entered {
                    answer = Some(self.renames.map_or_else(|| Naming::Create(name.to_owned()), |id| Naming::Rename(id, name.to_owned())));
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        if answer.is_none() && shown.closes && !is_busy {
            answer = Some(Naming::Close);
        }
        answer
    }
}
