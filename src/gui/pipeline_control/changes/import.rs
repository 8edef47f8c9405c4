//! Reading a configuration from a file: what it would change is shown first, and applied as one change or not at all.

use egui::{Id, Label, Modal, RichText, ScrollArea, Ui};
use poll_promise::Promise;

use super::super::field_words;
use super::entry::difference_ui;
use super::path::PathField;
use crate::gui::ctx::{ApiError, AreaCtx, Remote, modal};
use crate::gui::theme::{self, Tokens, icons};
use crate::wire::config::{ConfigChanged, ConfigImport};

/// A file of configuration is small; what is larger is something else.
const BYTES_MOST: u64 = 2 * 1024 * 1024;

/// The dialog while it is open.
#[derive(Default)]
pub struct ImportDialog {
    path: PathField,
    reading: Option<Promise<Result<String, String>>>,
    text: Option<String>,
    preview: Remote<ConfigImport>,
    applied: Remote<ConfigImport>,
    is_confirmed: bool,
    /// Why it was not applied.
    trouble: Option<String>,
}

impl ImportDialog {
    /// Takes in what came of it; returns what the file has changed.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<ConfigChanged> {
        if self.path.logic() {
            self.read(ctx);
        }
        if let Some(reading) = self.reading.take() {
            match reading.try_take() {
                Ok(Ok(text)) => {
                    self.text = Some(text);
                    self.ask_preview(ctx);
                }
                Ok(Err(why)) => self.path.trouble = Some(why),
                Err(reading) => self.reading = Some(reading),
            }
        }
        if self.preview.poll()
            && let Some(failure) = self.preview.take_failure()
        {
            self.path.trouble = Some(said(&failure));
        }
        if self.applied.poll() {
            if let Some(failure) = self.applied.take_failure() {
                let is_stale = failure.code() == Some("stale");
                let words = "The configuration was changed elsewhere meanwhile. Look again at what the file changes, then apply it";
                self.trouble = Some(if is_stale { words.to_owned() } else { said(&failure) });
                if is_stale {
                    self.ask_preview(ctx);
                }
            }
            return self.applied.take().and_then(|import| import.applied);
        }
        None
    }

    fn read(&mut self, ctx: &AreaCtx<'_>) {
        let Some(path) = self.path.path() else {
            self.path.trouble = Some("Name the file".to_owned());
            return;
        };
        self.forget();
        let egui = ctx.egui.clone();
        let (sender, promise) = Promise::new();
        ctx.runtime.spawn(async move {
            let read = async {
                let failed = |error: std::io::Error| format!("{} could not be read: {error}", path.display());
                let bytes = tokio::fs::metadata(&path).await.map_err(failed)?.len();
                if bytes > BYTES_MOST {
                    return Err(format!("The file has {} kB; a configuration has far less. Choose another file", bytes / 1_000));
                }
                let bytes = tokio::fs::read(&path).await.map_err(failed)?;
                String::from_utf8(bytes).map_err(|_| "The file is no text, so no configuration. Choose another file".to_owned())
            };
            sender.send(read.await);
            egui.request_repaint();
        });
        self.reading = Some(promise);
    }

    fn forget(&mut self) {
        self.text = None;
        self.preview = Remote::default();
        self.trouble = None;
        self.path.trouble = None;
        self.is_confirmed = false;
    }

    fn ask_preview(&mut self, ctx: &AreaCtx<'_>) {
        let Some(text) = self.text.clone() else { return };
        ctx.ask(&mut self.preview, |client| async move { client.preview_config_import(text).await });
    }

    /// Draws it; returns whether it is to be closed.
    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) -> bool {
        let tokens = ctx.tokens();
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("import a configuration")), |ui| {
            ui.set_width(460.0);
            ui.label(RichText::new("Import a configuration").font(theme::semibold(theme::TEXT_STRONG)));
            ui.label(RichText::new("What the file changes is shown before anything is saved").color(tokens.muted));
            ui.add_space(theme::GAP_8);
            let (entered, changed) = self.path.ui(ui, false, ctx);
            if changed {
                self.text = None;
                self.preview = Remote::default();
                self.trouble = None;
            }
            if let Some(import) = self.preview.value() {
                preview_ui(ui, import, &mut self.is_confirmed, tokens);
            }
            if let Some(trouble) = &self.trouble {
                ui.add(Label::new(RichText::new(trouble).color(tokens.bad)).wrap());
            }
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| self.buttons_ui(ui, entered, ctx));
        });
        shown.closes && !self.applied.is_pending()
    }

    fn buttons_ui(&mut self, ui: &mut Ui, entered: bool, ctx: &AreaCtx<'_>) {
        let is_busy = self.reading.is_some() || self.preview.is_pending() || self.applied.is_pending();
        match self.preview.value() {
            None => {
                if ui.add_enabled(!is_busy, egui::Button::new("Show what it changes")).clicked() || entered && !is_busy {
                    self.read(ctx);
                }
            }
            Some(import) => {
                let can = !is_busy && import.refused.is_empty() && !import.changes.is_empty() && (import.warnings.is_empty() || self.is_confirmed);
                let verb = if import.changes.len() == 1 { "Apply 1 change".to_owned() } else { format!("Apply {} changes", import.changes.len()) };
                if ui.add_enabled(can, egui::Button::new(verb)).clicked()
                    && let Some(text) = self.text.clone()
                {
                    self.trouble = None;
                    let (revision, confirm) = (import.revision, self.is_confirmed);
                    ctx.ask(&mut self.applied, |client| async move { client.import_config(revision, text, confirm).await });
                }
            }
        }
        if ui.button("Cancel").clicked() {
            ui.close();
        }
        if is_busy {
            ui.spinner();
        }
    }
}

/// The platform's reason without its title.
fn said(failure: &ApiError) -> String {
    match failure {
        ApiError::Problem(problem) => problem.detail.clone(),
        other => other.to_string(),
    }
}

/// What the file changes, what of it is refused and why, and what has to be confirmed.
fn preview_ui(ui: &mut Ui, import: &ConfigImport, is_confirmed: &mut bool, tokens: &Tokens) {
    ui.add_space(theme::GAP_8);
    if !import.refused.is_empty() {
        let words = "Nothing of the file can be applied while these fields are refused:";
        ui.add(Label::new(RichText::new(words).color(tokens.bad)).wrap());
    } else if import.changes.is_empty() {
        ui.label("The file changes nothing: all is as it says already");
    }
    ScrollArea::vertical().id_salt("what a file changes").max_height(260.0).auto_shrink([false, true]).show(ui, |ui| {
        for refused in &import.refused {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::from(icons::ICON_ERROR).color(tokens.bad));
                ui.label(RichText::new(field_words::label(&refused.field)).font(theme::semibold(theme::TEXT_BODY)));
                ui.label(RichText::new(&refused.why));
            });
        }
        let is_refused = |field: &str| import.refused.iter().any(|refused| refused.field == field);
        for change in import.changes.iter().filter(|change| !is_refused(&change.field)) {
            difference_ui(ui, &change.field, &change.before, &change.after, tokens);
        }
    });
    if import.unchanged > 0 && !import.changes.is_empty() {
        let fields = if import.unchanged == 1 { "1 field is".to_owned() } else { format!("{} fields are", import.unchanged) };
        ui.label(RichText::new(format!("{fields} as the file says already")).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    for warning in &import.warnings {
        ui.add(Label::new(RichText::new(warning).color(tokens.warn)).wrap());
    }
    if !import.warnings.is_empty() {
        ui.checkbox(is_confirmed, "Apply it all the same");
    }
}
