//! The trace that is open: asked for, tried again, copied and written to files.

use std::collections::HashMap;

use uuid::Uuid;

use super::files::TraceFile;
use super::replay::{Draft, Replaying};
use crate::gui::ctx::{AreaCtx, Remote, ToastKind};
use crate::wire::trace::{CurlCommand, Trace, TraceFormat};

/// One trace.
pub struct OpenTrace {
    id: Uuid,
    pub trace: Remote<Trace>,
    pub replaying: Replaying,
    curl: Remote<CurlCommand>,
    pub file: TraceFile,
    is_behind: bool,
}

impl OpenTrace {
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self { id, trace: Remote::default(), replaying: Replaying::default(), curl: Remote::default(), file: TraceFile::default(), is_behind: true }
    }

    /// As it was asked for: of a trace, a result or a cell.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Of the trace itself, once it is known.
    #[must_use]
    pub fn shown(&self) -> Option<Uuid> {
        self.trace.value().map(|trace| trace.summary.id.0)
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
    }

    pub fn logic(&mut self, drafts: &mut HashMap<Uuid, Draft>, ctx: &AreaCtx<'_>) {
        self.trace.poll();
        if std::mem::take(&mut self.is_behind) {
            let id = self.id;
            ctx.ask(&mut self.trace, |client| async move { client.trace(id).await });
        }
        if let Some(trace) = self.trace.value() {
            let draft = drafts.entry(trace.summary.id.0).or_insert_with(|| Draft::of(trace));
            // A replay is one more of those below the trace.
            self.is_behind |= self.replaying.logic(trace.summary.id.0, draft, ctx);
        }
        if self.curl.poll() {
            if let Some(curl) = self.curl.take() {
                ctx.egui.copy_text(curl.command);
                ctx.commands.toast(ToastKind::Good, "Copied as a command. It takes the key from a variable, and the photo from photo.jpg beside it");
            }
            if let Some(failure) = self.curl.take_failure() {
                ctx.commands.toast(ToastKind::Bad, failure.to_string());
            }
        }
        self.file.logic(ctx);
    }

    /// `at`: which try.
    pub fn copy_as_curl(&mut self, at: usize, ctx: &AreaCtx<'_>) {
        let id = self.id;
        ctx.ask(&mut self.curl, |client| async move { client.trace_as_curl(id, Some(at)).await });
    }

    pub fn export(&mut self, format: TraceFormat, ctx: &AreaCtx<'_>) {
        if let Some(trace) = self.trace.value() {
            self.file.begin(&trace.summary, format, ctx);
        }
    }
}
