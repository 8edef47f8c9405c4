//! Saving the configuration as a file.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use egui::{Id, Label, Modal, RichText, Ui};
use poll_promise::Promise;

use super::path::PathField;
use crate::gui::ctx::{AreaCtx, modal};
use crate::gui::theme;

/// The dialog while it is open.
pub struct ExportDialog {
    path: PathField,
    /// A file that is there already, and may be replaced at the next press.
    replaces: Option<PathBuf>,
    writing: Option<Promise<Result<String, Trouble>>>,
}

enum Trouble {
    IsThere(PathBuf),
    Other(String),
}

impl ExportDialog {
    pub fn new(now: DateTime<Utc>) -> Self {
        let folder = directories::UserDirs::new().map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned()).unwrap_or_default();
        let path = folder.join(format!("minerva-{}.json", now.format("%Y-%m-%d")));
        Self { path: PathField::new(path.display().to_string()), replaces: None, writing: None }
    }

    /// Takes in what came of it; returns the path of the file that was written.
    pub fn logic(&mut self, _ctx: &AreaCtx<'_>) -> Option<String> {
        if self.path.logic() {
            // The system's dialog has asked whether it may be replaced.
            self.replaces = self.path.path();
        }
        match self.writing.take()?.try_take() {
            Ok(Ok(path)) => return Some(path),
            Ok(Err(Trouble::IsThere(path))) => {
                self.path.trouble = Some(format!("{} is there already. Save once more to replace it", path.display()));
                self.replaces = Some(path);
            }
            Ok(Err(Trouble::Other(why))) => self.path.trouble = Some(why),
            Err(writing) => self.writing = Some(writing),
        }
        None
    }

    fn write(&mut self, ctx: &AreaCtx<'_>) {
        let Some(path) = self.path.path() else {
            self.path.trouble = Some("Name the file".to_owned());
            return;
        };
        self.path.trouble = None;
        let replaces = self.replaces.as_ref() == Some(&path);
        let (client, egui) = (ctx.client.clone(), ctx.egui.clone());
        let (sender, promise) = Promise::new();
        ctx.runtime.spawn(async move {
            let write = async {
                if !replaces && tokio::fs::try_exists(&path).await.unwrap_or(false) {
                    return Err(Trouble::IsThere(path));
                }
                let file = client.export_config().await.map_err(|failure| Trouble::Other(failure.to_string()))?;
                let text = serde_json::to_string_pretty(&file).map_err(|error| Trouble::Other(error.to_string()))?;
                let failed =
                    |error: std::io::Error| Trouble::Other(format!("{} could not be written: {error}. Choose another place", path.display()));
                tokio::fs::write(&path, text).await.map_err(failed)?;
                Ok(path.display().to_string())
            };
            sender.send(write.await);
            egui.request_repaint();
        });
        self.writing = Some(promise);
    }

    /// Draws it; returns whether it is to be closed.
    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) -> bool {
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("export the configuration")), |ui| {
            ui.set_width(460.0);
            ui.label(RichText::new("Export the configuration").font(theme::semibold(theme::TEXT_STRONG)));
            let says = "Rules, limits, providers' settings, alerts, and which model and prompt are live; never a key";
            ui.add(Label::new(RichText::new(says).color(ctx.tokens().muted)).wrap());
            ui.add_space(theme::GAP_8);
            let (entered, _) = self.path.ui(ui, true, ctx);
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                let is_busy = self.writing.is_some();
                let verb = if self.replaces.is_some() && self.replaces == self.path.path() { "Replace the file" } else { "Save the file" };
                if ui.add_enabled(!is_busy, egui::Button::new(verb)).clicked() || entered && !is_busy {
                    self.write(ctx);
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
                if is_busy {
                    ui.spinner();
                }
            });
        });
        shown.closes
    }
}
