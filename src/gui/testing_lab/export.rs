//! Writing the open run to a file, or copying it as a table: chosen in a menu, written beside its place and moved there when it is
//! whole, with what is written so far on view and a way to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use egui::{RichText, Ui, WidgetInfo};
use poll_promise::Promise;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::{AreaCtx, Client, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::ids::RunId;
use crate::wire::run::{ExportFormat, Run};

/// A file on its way.
struct Writing {
    path: PathBuf,
    bytes: Arc<AtomicU64>,
    cancel: CancellationToken,
    /// Whether it was written: it is not when a person stopped it.
    done: Promise<Result<bool, String>>,
}

/// One file or table after the other.
#[derive(Default)]
pub struct Export {
    choosing: FileChoosing,
    wanted: Option<(RunId, ExportFormat)>,
    writing: Option<Writing>,
    copying: Option<Promise<Result<String, String>>>,
}

impl Export {
    /// Asks for a place, then writes; the table goes to the clipboard.
    pub fn begin(&mut self, run: &Run, format: ExportFormat, ctx: &AreaCtx<'_>) {
        if self.writing.is_some() || self.copying.is_some() {
            return;
        }
        if format == ExportFormat::Tsv {
            self.copy(run.id, ctx);
            return;
        }
        self.wanted = Some((run.id, format));
        let purpose = Purpose::Write(file_name(&run.name, format));
        self.choosing.choose("Export the run", purpose, (format.label(), &[format.name()]), ctx);
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.logic() {
            self.write(path, ctx);
        }
        if let Some(copying) = self.copying.take() {
            match copying.try_take() {
                Ok(Ok(table)) => {
                    ctx.egui.copy_text(table);
                    ctx.commands.toast(ToastKind::Good, "Copied as a table: a row for each photo, a column for each variant");
                }
                Ok(Err(why)) => ctx.commands.toast(ToastKind::Bad, format!("Nothing was copied: {why}")),
                Err(copying) => self.copying = Some(copying),
            }
        }
        let Some(Writing { path, bytes, cancel, done }) = self.writing.take() else { return };
        match done.try_take() {
            Ok(Ok(true)) => {
                let size = number::bytes(bytes.load(Ordering::Relaxed));
                ctx.commands.toast(ToastKind::Good, format!("Written: {} ({size})", path.display()));
            }
            Ok(Ok(false)) => ctx.commands.toast(ToastKind::Info, "The export was stopped; no file was left behind"),
            Ok(Err(why)) => ctx.commands.toast(ToastKind::Bad, why),
            Err(done) => self.writing = Some(Writing { path, bytes, cancel, done }),
        }
    }

    fn copy(&mut self, id: RunId, ctx: &AreaCtx<'_>) {
        let (client, egui) = (ctx.client.clone(), ctx.egui.clone());
        let (sender, promise) = Promise::new();
        ctx.runtime.spawn(async move {
            let read = async {
                let mut file = client.export_run(id, ExportFormat::Tsv).await.map_err(|error| error.to_string())?;
                let mut text = Vec::new();
                while let Some(piece) = file.piece().await.map_err(|error| error.to_string())? {
                    text.extend_from_slice(&piece);
                }
                String::from_utf8(text).map_err(|error| error.to_string())
            };
            sender.send(read.await);
            egui.request_repaint();
        });
        self.copying = Some(promise);
    }

    fn write(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        let Some((id, format)) = self.wanted.take() else { return };
        let (bytes, cancel) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
        let (sender, done) = Promise::new();
        let (client, egui) = (ctx.client.clone(), ctx.egui.clone());
        let (to, counted, stop) = (path.clone(), Arc::clone(&bytes), cancel.clone());
        ctx.runtime.spawn(async move {
            let written = tokio::select! {
                written = write_file(&client, id, format, &to, &counted, &egui) => written.map(|()| true),
                () = stop.cancelled() => Ok(false),
            };
            sender.send(written);
            egui.request_repaint();
        });
        self.writing = Some(Writing { path, bytes, cancel, done });
    }

    /// Draws the dialog for a typed path, and what is being written.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.write(path, ctx);
        }
        let Some(writing) = &self.writing else { return };
        ui.horizontal(|ui| {
            ui.spinner();
            let name = writing.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let words = format!("Writing {name}: {} so far", number::bytes(writing.bytes.load(Ordering::Relaxed)));
            let label = ui.label(RichText::new(&words).color(ctx.tokens().muted));
            label.widget_info(|| WidgetInfo::labeled(egui::Role::Status, true, &words));
            if Tool::new(icons::ICON_STOP_CIRCLE, "Stop the export").tooltip("Leaves no file behind").ui(ui).clicked() {
                writing.cancel.cancel();
            }
        });
    }
}

/// Draws the menu; returns what was chosen.
pub fn menu_ui(ui: &mut Ui, is_icon_only: bool) -> Option<ExportFormat> {
    let mut chosen = None;
    let icon = RichText::new(icons::ICON_DOWNLOAD.codepoint).size(16.0);
    let button = if is_icon_only { egui::Button::new(icon).frame_when_inactive(false) } else { egui::Button::new((icon, "Export")) };
    let button = button.min_size(egui::vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT));
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        for format in ExportFormat::FILES {
            if ui.button(format!("{}…", format.label())).on_hover_text(about(format)).clicked() {
                chosen = Some(format);
            }
        }
        ui.separator();
        if ui.button("Copy as a table").on_hover_text(about(ExportFormat::Tsv)).clicked() {
            chosen = Some(ExportFormat::Tsv);
        }
    });
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Export the run"));
    response.on_hover_text("Write the run to a file, or copy it as a table");
    chosen
}

fn about(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "A line for each answer, for spreadsheets",
        ExportFormat::Json => "Everything, for programs",
        ExportFormat::Md => "Summary and answers, for a wiki or a pull request",
        ExportFormat::Html => "One page with small pictures that needs nothing else; places and cameras of the photos stay out",
        ExportFormat::Tsv => "A row for each photo and a column for each variant, for the clipboard",
    }
}

/// Whole or not at all: an older file is not lost to a full disk.
async fn write_file(client: &Client, id: RunId, format: ExportFormat, path: &Path, bytes: &AtomicU64, egui: &egui::Context) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| trouble(path, &error);
    let mut export = client.export_run(id, format).await.map_err(|error| format!("The run was not exported: {error}"))?;
    let place = tempfile::Builder::new().prefix(".minerva-").tempfile_in(folder).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(place.reopen().map_err(failed)?);
    while let Some(piece) = export.piece().await.map_err(|error| format!("The export broke off, and no file was left behind: {error}"))? {
        file.write_all(&piece).await.map_err(failed)?;
        bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        egui.request_repaint();
    }
    file.sync_all().await.map_err(failed)?;
    // A temporary file is for its owner only; an export is an ordinary file.
    #[cfg(unix)]
    place.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644)).map_err(failed)?;
    place.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn trouble(path: &Path, error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let place = path.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("The disk is full, so {place} was not written. Free some space or choose another place")
        }
        ErrorKind::PermissionDenied => format!("{place} can't be written to: you may not write there. Choose another place"),
        _ => format!("{place} was not written: {error}. Choose another place"),
    }
}

/// A name that every file system takes.
fn file_name(run: &str, format: ExportFormat) -> String {
    let legal = |letter: char| if letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '.' | ',' | '+' | '×') { letter } else { '_' };
    let name: String = run.chars().map(legal).take(60).collect();
    let name = name.trim().trim_matches('.');
    format!("{}.{}", if name.is_empty() { "run" } else { name }, format.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_name_that_a_file_may_have() {
        let name = "Photo tags v1 × Gemini 3.8 Flash +2, 24 photos";
        assert_eq!(file_name(name, ExportFormat::Csv), format!("{name}.csv"));
        assert_eq!(file_name("a/b: c", ExportFormat::Csv), "a_b_ c.csv");
        assert_eq!(file_name("../..", ExportFormat::Html), "_.html");
        assert_eq!(file_name(" ", ExportFormat::Md), "run.md");
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        let words = trouble(Path::new("/x/run.csv"), &std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(words, "The disk is full, so /x/run.csv was not written. Free some space or choose another place");
    }
}
