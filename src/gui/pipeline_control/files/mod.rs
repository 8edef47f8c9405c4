//! Prompts as files: a version is written to one, and what is in one is looked at before it becomes prompts and versions.

mod export;
mod import;
mod preview;

use egui::Ui;

use crate::gui::ctx::AreaCtx;
use crate::wire::prompt::PromptVersion;
pub use export::Export;
pub use import::Import;

/// Both directions.
#[derive(Default)]
pub struct Files {
    pub export: Export,
    pub import: Import,
}

impl Files {
    /// Takes in answers; returns the versions that were just imported.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<Vec<PromptVersion>> {
        self.export.logic(ctx);
        self.import.logic(ctx)
    }

    #[must_use]
    pub fn has_dialog(&self) -> bool {
        self.export.is_open() || self.import.is_open()
    }

    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        self.export.ui(ui, ctx);
        self.import.ui(ui, ctx);
    }
}
