//! The line above the grid: which set is shown, and what can be done with it and with what is selected.

use egui::containers::menu::MenuButton;
use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui, WidgetInfo};

use super::{NameDialog, PhotoSets};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::testing_lab::library::Library;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::selection::Selection;
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{number, relative_time};
use crate::wire::ids::{PhotoId, PhotoSetId};
use crate::wire::photo_set::{ChangePhotoSet, PhotosChange};

/// What a person wants that concerns more than the sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAnswer {
    /// Show this set, or all photos.
    Show(Option<PhotoSetId>),
}

impl PhotoSets {
    /// Draws the line.
    pub fn bar_ui(&mut self, ui: &mut Ui, library: &Library, selection: &Selection<PhotoId>, ctx: &AreaCtx<'_>) -> Option<SetAnswer> {
        let tokens = ctx.tokens();
        let mut answer = None;
        ui.horizontal(|ui| {
            ui.label(RichText::from(icons::ICON_PHOTO_LIBRARY).size(16.0).color(tokens.muted));
            let shown = self.set().map_or_else(|| "All photos".to_owned(), crate::wire::photo_set::PhotoSet::label);
            let button = Button::new((RichText::new(&shown), RichText::from(icons::ICON_ARROW_DROP_DOWN)));
            let (response, _) = MenuButton::from_button(button).ui(ui, |ui| answer = self.choice_ui(ui, ctx));
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Photo set: {shown}")));
            response.on_hover_text("Which photos are shown: all, or those of a named set");
            self.set_ui(ui, ctx);
            ui.add_space(theme::GAP_8);
            self.selected_ui(ui, library, selection, ctx);
            if self.changing.is_pending() {
                ui.spinner();
            }
        });
        if let Some(failure) = self.list.failure().map(ToString::to_string) {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(format!("The photo sets could not be read. {failure}")).color(tokens.bad));
                if ui.button("Try again").clicked() {
                    self.reload();
                }
            });
        }
        answer
    }

    fn choice_ui(&self, ui: &mut Ui, ctx: &AreaCtx<'_>) -> Option<SetAnswer> {
        let tokens = ctx.tokens();
        let mut answer = None;
        ui.set_min_width(240.0);
        if ui.add(Button::selectable(self.chosen.is_none(), "All photos")).clicked() {
            answer = Some(SetAnswer::Show(None));
        }
        ui.separator();
        let sets = self.list.value().map_or(&[][..], |page| &page.items);
        if sets.is_empty() {
            let words = "There are no sets yet. Select photos and make one of them";
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        }
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for set in sets {
                let count = RichText::new(format!("{} · v{}", number::count(set.photos), set.version)).color(tokens.muted);
                let choice = Button::selectable(self.chosen == Some(set.id), &set.name).right_text(count);
                if ui.add(choice).clicked() {
                    answer = Some(SetAnswer::Show(Some(set.id)));
                }
            }
        });
        answer
    }

    /// What can be done with the chosen set.
    fn set_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let Some((id, name)) = self.set().map(|set| (set.id, set.name.clone())) else { return };
        let button = Button::new(RichText::from(icons::ICON_MORE_HORIZ).size(16.0)).frame_when_inactive(false);
        let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
            ui.set_min_width(280.0);
            if ui.button("Rename…").clicked() {
                self.dialog = Some(NameDialog::rename(id, &name));
            }
            if ui.button(format!("Delete {name}")).on_hover_text("The photos stay in the library; can be undone").clicked() {
                self.delete(id, ctx);
            }
            ui.separator();
            self.history_ui(ui, id, ctx);
        });
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("More of {name}")));
        response.on_hover_text("Rename, delete, earlier versions");
        let about = "Hold a prompt version against gates on this set, before it is deployed";
        if Tool::new(icons::ICON_VERIFIED, "Validate…").tooltip(about).ui(ui).clicked() {
            ctx.send(Command::ValidateVersion(None));
        }
    }

    /// The versions, newest first; one of them can count again.
    fn history_ui(&mut self, ui: &mut Ui, id: PhotoSetId, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        self.ask_history(ctx);
        let current = self.set().map_or(0, |set| set.version);
        let mut wanted = None;
        if let Some(failure) = self.history.failure() {
            ui.label(RichText::new(format!("The versions could not be read. {failure}")).color(tokens.bad));
        } else if self.history.value().is_none() {
            ui.label(RichText::new("Reading the versions…").color(tokens.muted));
        }
        ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
            for outline in self.history.value().map_or(&[][..], |page| &page.items) {
                ui.horizontal(|ui| {
                    let words = format!("v{}  {}", outline.version, outline.note);
                    let photos = number::count(outline.photos);
                    ui.label(words).on_hover_text(format!("{photos} photos"));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if outline.version == current {
                            ui.label(RichText::new("counts now").size(theme::TEXT_SMALL).color(tokens.good));
                        } else {
                            let button = ui.small_button("Go back");
                            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Go back to v{}", outline.version)));
                            if button.on_hover_text("Makes a new version with the photos of this one").clicked() {
                                wanted = Some(outline.version);
                            }
                        }
                        ui.scope(|ui| {
                            ui.visuals_mut().override_text_color = Some(tokens.muted);
                            relative_time::ui(ui, outline.created_at, ctx.now);
                        });
                    });
                });
            }
        });
        if let Some(version) = wanted {
            self.change(id, ChangePhotoSet::photos(PhotosChange::GoBack { version }), ctx);
            ui.close();
        }
    }

    /// What can be done with the selected photos.
    fn selected_ui(&mut self, ui: &mut Ui, library: &Library, selection: &Selection<PhotoId>, ctx: &AreaCtx<'_>) {
        let photos = if selection.len() == 1 { "1 photo".to_owned() } else { format!("{} photos", number::count(selection.len() as u64)) };
        if let Some((id, name, count)) = self.set().map(|set| (set.id, set.name.clone(), set.photos)) {
            let is_part = !selection.is_empty() && (selection.len() as u64) < count;
            if is_part && ui.button(format!("Take {photos} out of {name}")).on_hover_text("They stay in the library; can be undone").clicked() {
                self.change(id, ChangePhotoSet::photos(PhotosChange::Remove { photo_ids: library.selected(selection) }), ctx);
            }
            return;
        }
        let brought = self.brought.len();
        if brought > 0 && ui.button(format!("New set of the {} added…", number::count(brought as u64))).clicked() {
            self.dialog = Some(NameDialog::new_set(brought, true));
        }
        if selection.is_empty() {
            return;
        }
        if ui.button("New set…").on_hover_text(format!("Make a named set of the {photos} that are selected")).clicked() {
            self.dialog = Some(NameDialog::new_set(selection.len(), false));
        }
        let sets: Vec<_> = self.list.value().map_or(&[][..], |page| &page.items).iter().map(|set| (set.id, set.name.clone())).collect();
        if sets.is_empty() {
            return;
        }
        ui.menu_button(("Add to set", RichText::from(icons::ICON_ARROW_DROP_DOWN)), |ui| {
            for (id, name) in sets {
                if ui.button(format!("Add {photos} to {name}")).clicked() {
                    self.change(id, ChangePhotoSet::photos(PhotosChange::Add { photo_ids: library.selected(selection) }), ctx);
                }
            }
        });
    }
}
