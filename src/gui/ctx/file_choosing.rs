//! Choosing one file to read, or a place to write one: the system's dialog, or a typed path where the system has none.

use std::path::{Path, PathBuf};

use egui::{Id, Modal, RichText, TextEdit, Ui};
use poll_promise::Promise;

use super::photo_adding::expand_home;
use super::{AreaCtx, modal};
use crate::gui::theme;

/// What a file is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Folder,
    /// The name that is offered.
    Write(String),
}

/// How the system's dialog ended.
enum Chosen {
    Path(PathBuf),
    Cancelled,
    /// The system has no dialog to show (no desktop portal and no zenity).
    NoDialog,
}

struct Typed {
    path: String,
    trouble: Option<String>,
    has_focus: bool,
}

/// One dialog after the other.
#[derive(Default)]
pub struct FileChoosing {
    /// What the dialog is called, such as `Import prompts`.
    title: String,
    purpose: Option<Purpose>,
    choosing: Option<Promise<Chosen>>,
    typed: Option<Typed>,
}

impl FileChoosing {
    /// Opens the system's dialog. `kinds`: a name for the files that are meant, and their extensions.
    pub fn choose(&mut self, title: &str, purpose: Purpose, kinds: (&str, &[&str]), ctx: &AreaCtx<'_>) {
        if self.choosing.is_some() {
            return;
        }
        let dialog = rfd::AsyncFileDialog::new().set_title(title).add_filter(kinds.0, kinds.1).add_filter("All files", &["*"]);
        let (sender, promise) = Promise::new();
        let (egui, for_dialog) = (ctx.egui.clone(), purpose.clone());
        ctx.runtime.spawn(async move {
            // A dialog that is given up answers as one that is not there: on Linux, where there may be none, a path can then be typed.
            let file = match for_dialog {
                Purpose::Read => dialog.pick_file().await,
                Purpose::Folder => dialog.pick_folder().await,
                Purpose::Write(name) => dialog.set_file_name(name).save_file().await,
            };
            let chosen = match file {
                Some(file) => Chosen::Path(file.path().to_owned()),
                None if cfg!(target_os = "linux") => Chosen::NoDialog,
                None => Chosen::Cancelled,
            };
            sender.send(chosen);
            egui.request_repaint();
        });
        self.choosing = Some(promise);
        (self.title, self.purpose) = (title.to_owned(), Some(purpose));
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.typed.is_some()
    }

    /// Takes in what the system's dialog answered; returns the path that was chosen there.
    pub fn logic(&mut self) -> Option<PathBuf> {
        match self.choosing.take()?.try_take() {
            Ok(Chosen::Path(path)) => Some(path),
            Ok(Chosen::Cancelled) => None,
            Ok(Chosen::NoDialog) => {
                let path = if let Some(Purpose::Write(name)) = &self.purpose { format!("~/{name}") } else { String::new() };
                self.typed = Some(Typed { path, trouble: None, has_focus: false });
                None
            }
            Err(promise) => {
                self.choosing = Some(promise);
                None
            }
        }
    }

    /// Draws the dialog that takes a typed path; returns the path when it is right.
    pub fn ui(&mut self, ui: &Ui) -> Option<PathBuf> {
        let typed = self.typed.as_mut()?;
        let writes = matches!(self.purpose, Some(Purpose::Write(_)));
        let verb = if writes { "Save" } else { "Open" };
        let mut go = false;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("choose a file")), |ui| {
            ui.set_width(460.0);
            ui.label(RichText::new(&self.title).font(theme::semibold(theme::TEXT_STRONG)));
            ui.add_space(theme::GAP_8);
            let what = if self.purpose == Some(Purpose::Folder) { "folder" } else { "file" };
            let label = ui.label(format!("No {what} was chosen in a dialog of this system. Type the path of the {what}"));
            let field = ui.add(TextEdit::singleline(&mut typed.path).desired_width(f32::INFINITY)).labelled_by(label.id);
            if !std::mem::replace(&mut typed.has_focus, true) {
                field.request_focus();
            }
            if field.changed() {
                typed.trouble = None;
            }
            go = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if let Some(trouble) = &typed.trouble {
                ui.label(RichText::new(trouble).color(theme::tokens(ui.ctx()).bad));
            }
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                go |= ui.button(verb).clicked();
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        if !go {
            if shown.closes {
                self.typed = None;
            }
            return None;
        }
        let path = expand_home(typed.path.trim());
        let trouble = match self.purpose {
            Some(Purpose::Write(_)) => trouble_of_writing(&path),
            Some(Purpose::Folder) => (!path.is_dir()).then(|| format!("There is no folder {}", path.display())),
            Some(Purpose::Read) | None => trouble_of_reading(&path),
        };
        if let Some(trouble) = trouble {
            (typed.trouble, typed.has_focus) = (Some(trouble), false);
            return None;
        }
        self.typed = None;
        Some(path)
    }
}

fn trouble_of_reading(path: &Path) -> Option<String> {
    (!path.is_file()).then(|| format!("There is no file {}", path.display()))
}

fn trouble_of_writing(path: &Path) -> Option<String> {
    if path.file_name().is_none() || path.is_dir() {
        return Some("Type the name of the file too".to_owned());
    }
    if path.exists() {
        return Some(format!("There is a file {} already; choose another name", path.display()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    (!folder.is_dir()).then(|| format!("There is no folder {}", folder.display()))
}
