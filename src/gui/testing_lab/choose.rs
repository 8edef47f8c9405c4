//! The first step: photos in the middle, prompts and models beside them.

use egui::{Align, CentralPanel, Frame, Key, Layout, Margin, Modifiers, Panel, RichText, Slider, TextEdit, Ui, vec2};

use super::photo_grid::EDGE_RANGE;
use super::sets::SetAnswer;
use super::setup_panel::Starting;
use super::{TestingLab, setup_panel};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, error_state, number, skeleton};

impl TestingLab {
    pub(super) fn choose_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let width = ui.available_width();
        let side = Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_8).inner_margin(Margin::same(theme::GAP_12 as i8));
        let failure = self.starting.failure().map(ToString::to_string);
        Panel::right("run setup")
            .resizable(true)
            .default_size((width * 0.34).clamp(280.0, 340.0))
            .size_range(250.0..=460.0)
            .show_separator_line(false)
            .frame(side)
            .show(ui, |ui| {
                let (photos, is_loading) = (self.selection.len(), self.library.is_loading() && self.selection.is_empty());
                let starting = Starting { photos, is_loading, is_pending: self.starting.is_pending(), failure: failure.as_deref() };
                setup_panel::ui(ui, &mut self.setup, &self.estimate, starting, ctx);
            });
        let frame = Frame::new().inner_margin(Margin { right: theme::GAP_12 as i8, ..Margin::ZERO });
        CentralPanel::default().frame(frame).show(ui, |ui| {
            self.adding.take_pasted(ui, ctx);
            self.tools_ui(ui, ctx);
            if let Some(SetAnswer::Show(id)) = self.sets.bar_ui(ui, &self.library, &self.selection, ctx) {
                self.show_set(id);
            }
            ui.add_space(theme::GAP_4);
            self.adding.ui(ui, ctx);
            self.photos_ui(ui, ctx);
        });
    }

    fn tools_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal(|ui| {
            let add = Tool::new(icons::ICON_ADD_PHOTO_ALTERNATE, "Add photos…")
                .tooltip("Choose photo or zip files; you can also drop them on the window, or paste files or an image");
            if add.shortcut(Command::AddPhotos.shortcut()).ui(ui).clicked() {
                self.adding.choose_files(ctx);
            }
            let folder = Tool::new(icons::ICON_CREATE_NEW_FOLDER, "Add a folder…").tooltip("Choose a folder and add every photo in it").icon_only();
            if folder.shortcut(Command::AddPhotoFolder.shortcut()).ui(ui).clicked() {
                self.adding.choose_folder(ctx);
            }
            self.watching.ui(ui, ctx);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().slider_width = 70.0;
                let slider = ui.add(Slider::new(&mut self.grid.edge, EDGE_RANGE).show_value(false));
                slider.widget_info(|| egui::WidgetInfo::slider(true, f64::from(self.grid.edge), "Size of the thumbnails"));
                slider.on_hover_text("Size of the thumbnails");
                let mut search = self.library.search().to_owned();
                let width = (ui.available_width() - 4.0).clamp(60.0, 260.0);
                let field = ui.add_sized(
                    vec2(width, theme::CONTROL_HEIGHT),
                    TextEdit::singleline(&mut search).hint_text("Search names and tags").align(egui::Align2::LEFT_CENTER),
                );
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SearchInput, true, "Search photos"));
                if field.changed() {
                    self.library.set_search(search);
                }
                let wants_search = !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Slash));
                if wants_search {
                    field.request_focus();
                }
            });
        });
        if self.library.is_loading() {
            skeleton::lines(ui, 1);
            return;
        }
        ui.horizontal_wrapped(|ui| {
            let (chosen, known) = (self.selection.len(), self.library.offered_len());
            ui.label(format!("{} of {} selected", number::count(chosen as u64), number::count(known as u64)));
            if self.library.shown_len() < known {
                ui.label(RichText::new(format!("{} match", number::count(self.library.shown_len() as u64))).color(tokens.muted));
            }
            let beyond = self.alike.beyond(&self.selection);
            if beyond > 0 {
                let words = match beyond {
                    1 => "1 looks like another and counts with it".to_owned(),
                    many => format!("{} look like another and count with it", number::count(many as u64)),
                };
                let told = ui.label(RichText::new(words).color(tokens.muted));
                told.on_hover_text("Copies and bursts. Each is asked about; in figures with an interval those that look alike count together as one");
            }
            if ui.add_enabled(self.library.shown_len() > 0, egui::Button::new("Select all").small()).clicked() {
                self.selection.select_all(self.library.shown_ids());
                self.has_chosen = true;
            }
            if chosen > 0 {
                if ui.small_button("Select none").clicked() {
                    self.selection.clear();
                    self.has_chosen = true;
                }
                if ui.small_button("Delete…").clicked() {
                    self.deleting.want(&self.library, &self.selection);
                }
            }
        });
    }

    fn photos_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        if let Some(failure) = self.library.failure()
            && error_state::ui(ui, "The photos could not be read", &failure)
        {
            self.library.reload();
        }
        let is_empty = !self.library.is_loading() && self.library.all().is_empty();
        if !is_empty {
            self.bundled_wait.line_ui(ui);
        }
        if self.library.is_loading() {
            skeleton_ui(ui, self.grid.edge);
        } else if is_empty {
            let words = self.bundled_wait.why().unwrap_or("The library has no photos yet");
            if self.library.failure().is_none() && empty_state::ui(ui, words, Some("Add photos…")) {
                self.adding.choose_files(ctx);
            }
        } else if self.library.offered_len() == 0 {
            if empty_state::ui(ui, "The set has no photos yet. Drop some here", Some("Add photos…")) {
                self.adding.choose_files(ctx);
            }
        } else if self.library.shown_len() == 0 {
            if empty_state::ui(ui, "No photo has this in its name or tags", Some("Show all photos")) {
                self.library.set_search(String::new());
            }
        } else {
            let answer = self.grid.ui(ui, &self.library, &self.alike, &mut self.selection, ctx.textures);
            self.has_chosen |= answer.selection_changed;
            if answer.delete {
                self.deleting.want(&self.library, &self.selection);
            }
            if let Some(id) = answer.details {
                self.details.open(id, ctx);
            }
        }
    }
}

/// Grey squares where thumbnails will be.
fn skeleton_ui(ui: &mut Ui, edge: f32) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        for _ in 0..12 {
            let (rect, _) = ui.allocate_exact_size(vec2(edge, edge), egui::Sense::hover());
            ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.raised);
        }
    });
}
