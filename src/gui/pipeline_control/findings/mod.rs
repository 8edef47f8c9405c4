//! The Findings tab: what the analysis of the open prompt has found, and what a photo will take with each model.

mod deeds;
mod figures;
mod list;
mod shift;
mod state;

use egui::{RichText, ScrollArea, Ui};

use super::Wish;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{error_state, skeleton};
use crate::wire::prompt_analysis::{PromptAnalysis, Severity};
pub use list::placed;
pub use state::Analysis;

/// What the panel asks for.
pub enum Asked {
    /// Selects a finding's place in the editor.
    Show(usize),
    Fix(usize),
    /// Fixes every finding of this one's kind.
    FixAll(usize),
    Ignore {
        key: String,
        ignored: bool,
    },
    Retry,
    ShowIgnored(bool),
    ShowAllModels(bool),
}

/// How a severity is told: by icon, word and colour.
fn look(severity: Severity, ui: &Ui) -> (egui_material_icons::MaterialIcon, egui::Color32) {
    let tokens = theme::tokens(ui.ctx());
    match severity {
        Severity::Error => (icons::ICON_ERROR, tokens.bad),
        Severity::Warning => (icons::ICON_WARNING, tokens.warn),
        Severity::Hint => (icons::ICON_LIGHTBULB, tokens.info),
    }
}

/// `1 error`, `2 warnings`.
fn counted(severity: Severity, count: usize) -> String {
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    };
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// All that is found, in words: `1 error, 2 hints`; empty for nothing.
#[must_use]
pub fn summary(analysis: Option<&PromptAnalysis>) -> String {
    let count = |severity| analysis.map_or(0, |analysis| analysis.count(severity));
    let said: Vec<String> =
        Severity::ALL.into_iter().filter(|severity| count(*severity) > 0).map(|severity| counted(severity, count(severity))).collect();
    said.join(", ")
}

/// How many findings there are that are not ignored.
#[must_use]
pub fn count(analysis: &PromptAnalysis) -> usize {
    Severity::ALL.into_iter().map(|severity| analysis.count(severity)).sum()
}

/// What the tab says: its name, and how many findings there are.
#[must_use]
pub fn tab_words(analysis: Option<&PromptAnalysis>) -> String {
    let count = analysis.map_or(0, count);
    if count == 0 { "Findings".to_owned() } else { format!("Findings {count}") }
}

/// Draws the panel.
pub fn ui(ui: &mut Ui, analysis: &Analysis, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let Some(value) = analysis.value() else {
        match analysis.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The prompt could not be analysed", &failure.to_string()) {
                    wishes.push(Wish::Finding(Asked::Retry));
                }
            }
            None => skeleton::lines(ui, 6),
        }
        return;
    };
    ScrollArea::vertical().id_salt("findings").auto_shrink(false).show(ui, |ui| {
        if let Some(failure) = analysis.failure() {
            if error_state::ui(ui, "The text as it is now could not be analysed", &failure.to_string()) {
                wishes.push(Wish::Finding(Asked::Retry));
            }
            ui.add_space(theme::GAP_8);
        } else {
            // Its line is kept, so that nothing jumps while someone types.
            let (words, colour) =
                if analysis.is_stale() { ("Of an older text, looking again…", tokens.warn) } else { ("Of the text as it is now", tokens.muted) };
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(colour));
        }
        ui.add_space(theme::GAP_4);
        list::ui(ui, value, analysis, wishes);
        ui.add_space(theme::GAP_16);
        figures::ui(ui, value, analysis.shows_all_models, wishes);
    });
}
