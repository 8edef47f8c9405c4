//! Words on one line, cut with an ellipsis where they are too long.
//!
//! `elided::text(ui, "a long name", font, width, colour)`; `elided::job(ui, layout_job, width)` for words of several kinds.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Galley, Ui};

/// Lays out words of one kind.
#[must_use]
pub fn text(ui: &Ui, words: &str, font: FontId, width: f32, colour: Color32) -> Arc<Galley> {
    job(ui, LayoutJob::simple_singleline(words.to_owned(), font, colour), width)
}

/// Lays out words of several kinds.
#[must_use]
pub fn job(ui: &Ui, mut words: LayoutJob, width: f32) -> Arc<Galley> {
    words.break_on_newline = false;
    words.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(words)
}
