//! Labels from files and to files: what a file would change is shown before it is done.

use std::path::PathBuf;

use egui::{Label, RichText, Ui};

use super::super::sets::PhotoSets;
use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::{ApiError, AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::truth::{ImportTruth, TruthFormat, TruthImport, TruthQuery};

/// The largest file that is read.
const BYTES_MOST: u64 = 3 * 1024 * 1024;

#[derive(Default)]
pub struct TruthFiles {
    choosing: FileChoosing,
    /// The chosen path is written to.
    writes: bool,
    reading: Remote<ImportTruth>,
    /// What was read, and what it would change.
    file: Option<ImportTruth>,
    preview: Remote<TruthImport>,
    importing: Remote<TruthImport>,
    writing: Remote<PathBuf>,
    /// The set that is shown when a path is chosen.
    query: TruthQuery,
}

impl TruthFiles {
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.logic() {
            self.on_path(path, ctx);
        }
        if self.reading.poll() {
            if let Some(file) = self.reading.take() {
                let asked = ImportTruth { dry_run: true, ..file.clone() };
                self.file = Some(file);
                ctx.ask(&mut self.preview, |client| async move { client.import_ground_truth(&asked).await });
            }
            self.tell(ctx, |files| files.reading.take_failure());
        }
        if self.preview.poll() && self.preview.failure().is_some() {
            self.file = None;
            self.tell(ctx, |files| files.preview.take_failure());
        }
        if self.importing.poll() {
            if let Some(done) = self.importing.take() {
                self.file = None;
                let photos = if done.changed == 1 { "1 photo has".to_owned() } else { format!("{} photos have", number::count(done.changed)) };
                let toast = Toast::new(ToastKind::Good, format!("{photos} other labels now"));
                let undo = done.change.map(|change| Command::UndoThisConfigChange(change.id));
                ctx.send(Command::ShowToast(match undo {
                    Some(undo) => toast.with_action("Undo", undo),
                    None => toast,
                }));
            }
            self.tell(ctx, |files| files.importing.take_failure());
        }
        if self.writing.poll() {
            if let Some(path) = self.writing.take() {
                ctx.commands.toast(ToastKind::Good, format!("The labels are in {}", path.display()));
            }
            self.tell(ctx, |files| files.writing.take_failure());
        }
    }

    fn tell(&mut self, ctx: &AreaCtx<'_>, failure: impl FnOnce(&mut Self) -> Option<ApiError>) {
        if let Some(failure) = failure(self) {
            ctx.commands.toast(ToastKind::Bad, failure.to_string());
        }
    }

    fn on_path(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        let query = self.query.clone();
        if !self.writes {
            ctx.ask(&mut self.reading, |_| async move {
                let read = tokio::task::spawn_blocking(move || read(&path, &query)).await;
                read.map_err(|error| error.to_string()).and_then(|read| read).map_err(ApiError::BadAnswer)
            });
            return;
        }
        let query = TruthQuery { format: Some(TruthFormat::of_name(&path.to_string_lossy())), ..query };
        ctx.ask(&mut self.writing, |client| async move {
            let text = client.export_ground_truth(&query).await?;
            let unwritable = |error: std::io::Error| ApiError::BadAnswer(format!("{} can't be written: {error}", path.display()));
            tokio::fs::write(&path, text).await.map_err(unwritable)?;
            Ok(path)
        });
    }

    /// The buttons.
    pub fn tools_ui(&mut self, ui: &mut Ui, sets: &PhotoSets, ctx: &AreaCtx<'_>) {
        let kinds: (&str, &[&str]) = ("Labels", &["csv", "json"]);
        let mut choose = None;
        let export = Tool::new(icons::ICON_UPLOAD_FILE, "Export labels…").tooltip("Write the labels to a CSV or JSON file");
        if export.ui(ui).clicked() {
            choose = Some(true);
        }
        let import = Tool::new(icons::ICON_FILE_OPEN, "Import labels…");
        if import.tooltip("Read labels of a CSV file (photo,tag) or a JSON file; shown before anything is changed").ui(ui).clicked() {
            choose = Some(false);
        }
        let Some(writes) = choose else { return };
        self.writes = writes;
        self.query = TruthQuery { photo_set: sets.set().map(|set| set.id), format: None };
        let (title, purpose) =
            if writes { ("Export labels", Purpose::Write("ground-truth.csv".to_owned())) } else { ("Import labels", Purpose::Read) };
        self.choosing.choose(title, purpose, kinds, ctx);
    }

    /// The dialog of a typed path, and what a file that was read would change.
    pub fn ui(&mut self, ui: &mut Ui, sets: &PhotoSets, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.on_path(path, ctx);
        }
        let Some(file) = &self.file else { return };
        let tokens = ctx.tokens();
        let mut answer = None;
        egui::Frame::new().fill(tokens.raised).corner_radius(theme::RADIUS_4).inner_margin(egui::Margin::symmetric(12, 6)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let Some(preview) = self.preview.value() else {
                ui.label(format!("Reading {}…", file.file_name));
                return;
            };
            let of = sets.set().map_or_else(|| "the library".to_owned(), crate::wire::photo_set::PhotoSet::label);
            let words = format!(
                "{} labels {} of {of} with {}; {} other labels now",
                file.file_name,
                plural(preview.photos, "photo"),
                plural(preview.tags, "tag"),
                if preview.changed == 1 { "1 has".to_owned() } else { format!("{} have", number::count(preview.changed)) },
            );
            ui.add(Label::new(words).wrap());
            let unknown = preview.unknown_words().map(|words| format!("{words}: {} left out", plural(preview.unknown, "name")));
            for words in unknown.into_iter().chain(preview.shared_words()).chain(preview.again_words()) {
                ui.add(Label::new(RichText::new(words).color(tokens.warn)).wrap());
            }
            ui.horizontal(|ui| {
                let can = preview.changed > 0 && !self.importing.is_pending();
                if ui.add_enabled(can, egui::Button::new("Take these labels")).on_disabled_hover_text("Nothing would change").clicked() {
                    answer = Some(true);
                }
                if ui.button("Cancel").clicked() {
                    answer = Some(false);
                }
            });
        });
        ui.add_space(theme::GAP_8);
        match answer {
            Some(true) => {
                let asked = file.clone();
                ctx.ask(&mut self.importing, |client| async move { client.import_ground_truth(&asked).await });
            }
            Some(false) => self.file = None,
            None => {}
        }
    }
}

fn plural(count: u64, word: &str) -> String {
    format!("{} {word}{}", number::count(count), if count == 1 { "" } else { "s" })
}

fn read(path: &std::path::Path, query: &TruthQuery) -> Result<ImportTruth, String> {
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}", path.display());
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > BYTES_MOST {
        return Err(format!(
            "{} has {} MB; labels of at most {} MB are read at once. Make several files of it",
            path.display(),
            bytes >> 20,
            BYTES_MOST >> 20
        ));
    }
    let content = std::fs::read_to_string(path).map_err(unreadable)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(ImportTruth { file_name, content, photo_set: query.photo_set, dry_run: false })
}
