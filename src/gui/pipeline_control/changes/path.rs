//! Where a file lies: typed, or chosen in the system's own dialog where it has one.

use std::path::PathBuf;

use egui::{RichText, TextEdit, Ui};
use poll_promise::Promise;

use crate::gui::ctx::AreaCtx;

/// A path that is typed or chosen.
#[derive(Default)]
pub struct PathField {
    pub typed: String,
    choosing: Option<Promise<Chosen>>,
    /// Why there was nothing to choose from.
    pub trouble: Option<String>,
    has_focus: bool,
}

enum Chosen {
    Path(PathBuf),
    Nothing,
    NoDialog,
}

impl PathField {
    pub fn new(typed: String) -> Self {
        Self { typed, ..Self::default() }
    }

    /// Takes in what was chosen; returns whether a path was.
    pub fn logic(&mut self) -> bool {
        let Some(choosing) = self.choosing.take() else { return false };
        match choosing.try_take() {
            Ok(Chosen::Path(path)) => {
                self.typed = path.display().to_string();
                self.trouble = None;
                return true;
            }
            Ok(Chosen::Nothing) => {}
            Ok(Chosen::NoDialog) => self.trouble = Some("This system shows no file dialog. Type the path".to_owned()),
            Err(choosing) => self.choosing = Some(choosing),
        }
        false
    }

    /// The path, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        let typed = self.typed.trim();
        match (typed.strip_prefix("~/"), directories::BaseDirs::new()) {
            _ if typed.is_empty() => None,
            (Some(rest), Some(dirs)) => Some(dirs.home_dir().join(rest)),
            _ => Some(PathBuf::from(typed.strip_prefix("file://").unwrap_or(typed))),
        }
    }

    fn wait_for(&mut self, ctx: &AreaCtx<'_>, dialog: impl Future<Output = Chosen> + Send + 'static) {
        if self.choosing.is_some() {
            return;
        }
        let (sender, promise) = Promise::new();
        let egui = ctx.egui.clone();
        ctx.runtime.spawn(async move {
            sender.send(dialog.await);
            egui.request_repaint();
        });
        self.choosing = Some(promise);
    }

    fn choose(&mut self, saves: bool, ctx: &AreaCtx<'_>) {
        let dialog = rfd::AsyncFileDialog::new().add_filter("Configuration of Minerva", &["json"]);
        if saves {
            let name = self.path().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())).unwrap_or_default();
            let file = dialog.set_title("Export the configuration").set_file_name(name).save_file();
            // A dialog that was cancelled and none at all answer alike here: the path can be typed either way.
            self.wait_for(ctx, async move { file.await.map_or(Chosen::Nothing, |file| Chosen::Path(file.path().to_owned())) });
        } else {
            let files = dialog.set_title("Import a configuration").pick_files();
            self.wait_for(ctx, async move {
                match files.await {
                    Some(files) => files.first().map_or(Chosen::Nothing, |file| Chosen::Path(file.path().to_owned())),
                    // On Linux a cancelled dialog answers with an empty list; nothing at all means that there was no dialog.
                    None if cfg!(target_os = "linux") => Chosen::NoDialog,
                    None => Chosen::Nothing,
                }
            });
        }
    }

    /// Draws the field; returns whether Enter was pressed in it, and whether it was changed.
    pub fn ui(&mut self, ui: &mut Ui, saves: bool, ctx: &AreaCtx<'_>) -> (bool, bool) {
        let label = ui.label("File");
        let mut answer = (false, false);
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 84.0).max(80.0);
            let edit = TextEdit::singleline(&mut self.typed).hint_text("/home/me/minerva.json").desired_width(width);
            let field = ui.add(edit).labelled_by(label.id);
            if !std::mem::replace(&mut self.has_focus, true) {
                field.request_focus();
            }
            answer = (field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)), field.changed());
            if answer.0 {
                // The path may be wrong: what is typed next mends it.
                field.request_focus();
            }
            if ui.add_enabled(self.choosing.is_none(), egui::Button::new("Browse…")).clicked() {
                self.choose(saves, ctx);
            }
        });
        if answer.1 {
            self.trouble = None;
        }
        if let Some(trouble) = &self.trouble {
            ui.add(egui::Label::new(RichText::new(trouble).color(ctx.tokens().bad)).wrap());
        }
        answer
    }
}
