//! A version written to a Markdown file.

use std::path::PathBuf;

use egui::Ui;
use poll_promise::Promise;

use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::{AreaCtx, ToastKind};
use crate::wire::ids::PromptId;
use crate::wire::prompt::PromptVersion;

/// Which version is written, and where to.
#[derive(Default)]
pub struct Export {
    choosing: FileChoosing,
    version: Option<(PromptId, u32)>,
    /// Ends with the path, or why it was not written.
    writing: Option<Promise<Result<PathBuf, String>>>,
}

impl Export {
    /// Asks where to.
    pub fn begin(&mut self, version: &PromptVersion, ctx: &AreaCtx<'_>) {
        self.version = Some((version.prompt_id, version.version));
        let purpose = Purpose::Write(version.file_name());
        self.choosing.choose(&format!("Export {}", version.label()), purpose, ("Markdown", &["md"]), ctx);
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.choosing.is_open()
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.logic() {
            self.write(path, ctx);
        }
        let Some(writing) = self.writing.take() else { return };
        match writing.try_take() {
            Ok(Ok(path)) => ctx.commands.toast(ToastKind::Good, format!("Exported to {}", path.display())),
            Ok(Err(why)) => ctx.commands.toast(ToastKind::Bad, format!("The version was not exported. {why}")),
            Err(writing) => self.writing = Some(writing),
        }
    }

    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.write(path, ctx);
        }
    }

    fn write(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        let Some((prompt, version)) = self.version else { return };
        let (sender, promise) = Promise::new();
        let (client, egui) = (ctx.client.clone(), ctx.egui.clone());
        ctx.runtime.spawn(async move {
            let written = match client.export_prompt_version(prompt, version).await {
                Ok(bytes) => {
                    let target = path.clone();
                    let written = tokio::task::spawn_blocking(move || std::fs::write(target, bytes)).await;
                    match written {
                        Ok(Ok(())) => Ok(path),
                        Ok(Err(error)) => Err(format!("{} could not be written: {error}", path.display())),
                        Err(_) => Err("The work was interrupted; try again".to_owned()),
                    }
                }
                Err(failure) => Err(failure.to_string()),
            };
            sender.send(written);
            egui.request_repaint();
        });
        self.writing = Some(promise);
    }
}
