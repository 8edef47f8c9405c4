//! Photos found by words of their names, captions and tags, as a grid; one of them opens at the right.

mod found;
mod grid;
mod marked;
mod panel;

use egui::{Id, Key, Label, Modifiers, Panel, RichText, TextEdit, Ui, WidgetInfo};

use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme;
use crate::gui::widgets::{empty_state, error_state, number, skeleton};
use crate::wire::ids::PhotoId;
use crate::wire::photo::Photo;
pub use panel::PanelAnswer;

const HINT: &str = "Search photos: dog, \"old town\", tag:beach, -car";
const HELP: &str = "Words of tags, captions and file names; all of them must be there.\n\
    \"old town\"   words side by side\n\
    -car   not with this word\n\
    tag:beach  caption:sunset  name:IMG   only there";

/// The state of the search.
#[derive(Default)]
pub struct PhotoSearchView {
    found: found::Found,
    grid: grid::Grid,
    /// As it was when it was opened or last found: it stays when the search goes on.
    opened: Option<Photo>,
    wants_focus: bool,
}

impl PhotoSearchView {
    /// Photos or their tags changed.
    pub fn mark_behind(&mut self) {
        self.found.mark_behind();
    }

    pub fn on_deleted(&mut self, id: PhotoId) {
        self.found.on_deleted(id);
        if self.opened.as_ref().is_some_and(|photo| photo.id == id) {
            self.opened = None;
        }
    }

    pub fn reload(&mut self) {
        self.found.reload();
    }

    /// Puts the keyboard into the field, with these words if there are any.
    pub fn begin(&mut self, words: &str) {
        self.wants_focus = true;
        if !words.is_empty() {
            self.found.type_in(words.to_owned());
        }
    }

    /// Takes in what came and asks for what is wanted; called while it is shown.
    fn logic(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if self.found.logic(ctx, ui.ctx()) {
            self.grid.begin_anew();
        }
        let now = self.opened.as_ref().and_then(|photo| self.found.place(photo.id)).map(|place| &self.found.photos()[place]);
        if let Some(now) = now
            && self.opened.as_ref() != Some(now)
        {
            self.opened = Some(now.clone());
        }
    }

    /// The opened photo, in a panel of the area.
    pub fn panel_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) -> Option<PanelAnswer> {
        let photo = self.opened.as_ref()?;
        let frame = egui::Frame::new().inner_margin(theme::GAP_12).fill(ctx.tokens().surface);
        let panel = Panel::right("found photo").resizable(true).default_size(330.0).size_range(260.0..=520.0).frame(frame);
        let mut answer = panel.show(ui, |ui| panel::ui(ui, photo, self.found.search(), ctx)).inner;
        // Escape in the field is the field's.
        let is_in_field = ui.memory(|memory| memory.has_focus(field_id()) || memory.had_focus_last_frame(field_id()));
        if !is_in_field && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            answer = Some(PanelAnswer::Close);
        }
        if answer.is_some() {
            self.opened = None;
            self.grid.focus();
        }
        answer
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.logic(ui, ctx);
        self.field_ui(ui, ctx);
        ui.add_space(theme::GAP_8);
        if let Some(failure) = self.found.failure()
            && error_state::ui(ui, "The photos could not be searched", &failure)
        {
            self.found.reload();
        }
        if !self.found.is_read() {
            if self.found.failure().is_none() {
                skeleton::lines(ui, 6);
            }
        } else if self.found.photos().is_empty() {
            self.empty_ui(ui, ctx);
        } else {
            let answer = self.grid.ui(ui, &self.found, ctx.textures);
            if let Some(id) = answer.open {
                self.opened = self.found.place(id).map(|place| self.found.photos()[place].clone());
            }
            if answer.wants_more {
                self.found.ask_more(ctx);
            }
            self.wants_focus |= answer.leaves;
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal(|ui| {
            let mut typed = self.found.typed().to_owned();
            let has_focus = ui.memory(|memory| memory.has_focus(field_id()));
            let takes = |key| has_focus && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            if takes(Key::ArrowDown) || takes(Key::Enter) {
                self.grid.focus();
            }
            let width = (ui.available_width() - 220.0).clamp(160.0, 460.0);
            let field = ui.add(TextEdit::singleline(&mut typed).id(field_id()).hint_text(HINT).desired_width(width));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search photos"));
            // Escape empties the field first, then gives the keyboard back.
            if field.lost_focus() && !typed.is_empty() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
                typed.clear();
                self.wants_focus = true;
            }
            let slash = !ui.ctx().egui_wants_keyboard_input() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Slash));
            if std::mem::take(&mut self.wants_focus) || slash {
                field.request_focus();
            }
            field.on_hover_text(HELP);
            if typed != self.found.typed() {
                self.found.type_in(typed);
            }
            ui.add(Label::new(RichText::new(self.count_words()).color(tokens.muted)).truncate());
            if self.found.is_searching() && self.found.is_read() {
                ui.add(egui::Spinner::new().size(theme::TEXT_STRONG));
            }
        });
    }

    fn count_words(&self) -> String {
        if !self.found.is_read() {
            return String::new();
        }
        match self.found.total() {
            Some(1) => "1 photo".to_owned(),
            Some(total) => format!("{} photos", number::count(total)),
            None => "More than 10,000 photos, newest first".to_owned(),
        }
    }

    fn empty_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        if self.found.search().is_empty() {
            if empty_state::ui(ui, "There are no photos yet", Some("Add photos…")) {
                ctx.send(Command::AddPhotos);
            }
        } else if empty_state::ui(ui, "No photo has all of these in its tags, caption or name", Some("Show all photos")) {
            self.found.type_in(String::new());
            self.wants_focus = true;
        }
    }
}

fn field_id() -> Id {
    Id::unique("search photos")
}
