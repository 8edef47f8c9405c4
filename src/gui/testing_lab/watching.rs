//! The watched folders, as a person sees them: one button, and the list behind it.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Align, Button, FontId, Layout, PopupCloseBehavior, RichText, Ui, WidgetInfo};

use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::watched_folders::Standing;
use crate::gui::ctx::{AreaCtx, Command, WatchedFolders};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::elided;

const WIDTH: f32 = 360.0;

#[derive(Default)]
pub struct Watching {
    folders: WatchedFolders,
    choosing: FileChoosing,
}

impl Watching {
    /// Asks which folder is to be watched.
    pub fn choose(&mut self, ctx: &AreaCtx<'_>) {
        self.choosing.choose("Watch a folder of photos", Purpose::Folder, ("Folders", &[]), ctx);
    }

    pub fn watch(&mut self, path: std::path::PathBuf, ctx: &AreaCtx<'_>) {
        self.folders.watch(path, ctx);
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.logic() {
            self.folders.watch(path, ctx);
        }
        self.folders.logic(ctx);
    }

    /// The dialog that takes a typed path, where the system has none.
    pub fn dialog_ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.folders.watch(path, ctx);
        }
    }

    /// Draws the button.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let (count, has_trouble) = self.folders.list().fold((0, false), |(count, bad), one| (count + 1, bad || one.trouble.is_some()));
        let colour = if has_trouble { tokens.warn } else { tokens.text };
        let words = if count == 0 { String::new() } else { count.to_string() };
        let button =
            MenuButton::from_button(Button::new((RichText::from(icons::ICON_FOLDER_EYE).size(18.0).color(colour), words)).frame_when_inactive(false))
                .config(MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside));
        let (response, _) = button.ui(ui, |ui| self.list_ui(ui, ctx));
        let name = if count == 0 { "Watched folders".to_owned() } else { format!("Watched folders: {count}") };
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        response.on_hover_text("Folders whose photos come into the library by themselves");
    }

    fn list_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.set_width(WIDTH);
        let mut stopped = None;
        for folder in self.folders.list() {
            if folder_ui(ui, &folder, tokens) {
                stopped = Some(folder.path.to_owned());
            }
        }
        if self.folders.list().next().is_none() {
            let words =
                "Photos that come into a watched folder come into the library by themselves, while this window is open and when it is opened again";
            // A menu stretches what is in it, the spaces between words as well.
            ui.with_layout(Layout::top_down(Align::Min), |ui| ui.label(RichText::new(words).color(tokens.muted)));
        }
        ui.separator();
        if ui.button("Watch a folder…").clicked() {
            ui.close();
            ctx.send(Command::WatchPhotoFolder);
        }
        if let Some(path) = stopped {
            self.folders.stop(&path, ctx);
        }
    }
}

/// Returns whether it is to be watched no more.
fn folder_ui(ui: &mut Ui, folder: &Standing<'_>, tokens: &Tokens) -> bool {
    let path = folder.path.display().to_string();
    let mut stop = false;
    ui.horizontal(|ui| {
        let name = elided::text(ui, &path, FontId::proportional(theme::TEXT_BODY), WIDTH - 72.0, tokens.text);
        ui.label(name).on_hover_text(&path);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = ui.add(Button::new(RichText::from(icons::ICON_CLOSE).size(16.0)).frame_when_inactive(false));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Watch {path} no more")));
            stop = button.on_hover_text("Watch it no more; its photos stay in the library").clicked();
            if folder.is_busy {
                ui.spinner();
            }
        });
    });
    if let Some(trouble) = folder.trouble {
        ui.label(RichText::new(trouble).size(theme::TEXT_SMALL).color(tokens.warn));
    }
    stop
}
