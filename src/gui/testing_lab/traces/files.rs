//! A trace written to a file.

use std::path::PathBuf;

use uuid::Uuid;

use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::{ApiError, AreaCtx, Remote, ToastKind};
use crate::wire::trace::{TraceFormat, TraceSummary};

/// One file after the other.
#[derive(Default)]
pub struct TraceFile {
    choosing: FileChoosing,
    wanted: Option<(Uuid, TraceFormat)>,
    writing: Remote<Result<PathBuf, String>>,
}

impl TraceFile {
    /// Asks for a place, then writes.
    pub fn begin(&mut self, trace: &TraceSummary, format: TraceFormat, ctx: &AreaCtx<'_>) {
        if self.writing.is_pending() {
            return;
        }
        self.wanted = Some((trace.id.0, format));
        let stem: String = trace.file_name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).take(60).collect();
        let name = match format {
            TraceFormat::Json => format!("{stem}.trace.json"),
            TraceFormat::Otlp => format!("{stem}.otlp.json"),
        };
        self.choosing.choose("Export the trace", Purpose::Write(name), ("JSON", &["json"]), ctx);
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.logic() {
            self.write(path, ctx);
        }
        if !self.writing.poll() {
            return;
        }
        match (self.writing.take(), self.writing.take_failure()) {
            (Some(Ok(path)), _) => ctx.commands.toast(ToastKind::Good, format!("Written: {}", path.display())),
            (Some(Err(why)), _) => ctx.commands.toast(ToastKind::Bad, why),
            (None, Some(failure)) => ctx.commands.toast(ToastKind::Bad, format!("The trace was not exported: {failure}")),
            (None, None) => {}
        }
    }

    fn write(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        let Some((id, format)) = self.wanted.take() else { return };
        ctx.ask(&mut self.writing, |client| async move {
            let text = client.export_trace(id, format).await?;
            let written = tokio::fs::write(&path, text).await;
            Ok::<_, ApiError>(
                written.map(|()| path.clone()).map_err(|error| format!("{} was not written: {error}. Choose another place", path.display())),
            )
        });
    }

    /// Draws the dialog for a typed path.
    pub fn ui(&mut self, ui: &egui::Ui, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.write(path, ctx);
        }
    }
}
