//! The open report beside an earlier one, photo by photo.

use egui::{ComboBox, Grid, Label, RichText, Ui};

use super::super::figures_panel;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{choice, relative_time};
use crate::wire::comparison::Verdict;
use crate::wire::ids::RunId;
use crate::wire::validation::{self, ValidationComparison, ValidationReport};

/// Which earlier one, and what came of it.
#[derive(Default)]
pub struct Beside {
    chosen: Option<RunId>,
    /// The two that were asked about.
    asked: Option<(RunId, RunId)>,
    found: Remote<ValidationComparison>,
}

impl Beside {
    pub fn logic(&mut self) {
        self.found.poll();
    }

    /// Draws the choice among `all`, and the differences to the one that is chosen.
    pub fn ui(&mut self, ui: &mut Ui, report: &ValidationReport, all: &[ValidationReport], ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let earlier: Vec<&ValidationReport> = all.iter().filter(|other| other.run_id != report.run_id && is_at_its_end(other)).collect();
        if earlier.is_empty() || !is_at_its_end(report) {
            return;
        }
        let words = |other: &ValidationReport| {
            let age = relative_time::words(other.started_at, ctx.now);
            format!("{}, {}, {}, {age}", other.version.label, other.photo_set.label(), other.verdict.label().to_lowercase())
        };
        ui.horizontal(|ui| {
            let label = ui.label("Beside");
            let chosen = earlier.iter().find(|other| Some(other.run_id) == self.chosen);
            let list = ComboBox::from_id_salt("earlier validation").width(360.0).truncate();
            let list = list.selected_text(chosen.map_or_else(|| "No other validation".to_owned(), |other| words(other)));
            let none = (None, "No other validation".to_owned());
            let choices = std::iter::once(none).chain(earlier.iter().map(|other| (Some(other.run_id), words(other))));
            choice::ui(ui, list, &mut self.chosen, choices).labelled_by(label.id);
            if self.found.is_pending() {
                ui.spinner();
            }
        });
        let Some(before) = self.chosen else { return };
        let pair = (report.run_id, before);
        if self.asked != Some(pair) && !self.found.is_pending() {
            self.asked = Some(pair);
            self.found = Remote::default();
            ctx.ask(&mut self.found, |client| async move { client.compare_validations(pair.0, pair.1).await });
        }
        if let Some(failure) = self.found.failure().map(ToString::to_string) {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(failure).color(tokens.bad));
                if ui.button("Try again").clicked() {
                    self.asked = None;
                }
            });
        }
        if let Some(found) = self.found.value().filter(|found| (found.now.run_id, found.before.run_id) == pair) {
            found_ui(ui, found, tokens);
        }
    }
}

fn is_at_its_end(report: &ValidationReport) -> bool {
    report.verdict != validation::Verdict::Open
}

fn found_ui(ui: &mut Ui, found: &ValidationComparison, tokens: &Tokens) {
    ui.horizontal_wrapped(|ui| {
        if let Some(icon) = figures_panel::verdict_icon(found.verdict) {
            ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(figures_panel::verdict_colour(found.verdict, tokens)));
        }
        let ink = if found.verdict == Verdict::None { tokens.muted } else { figures_panel::verdict_colour(found.verdict, tokens) };
        ui.label(RichText::new(&found.words).color(ink));
        let photos = if found.shared_photos == 1 { "1 photo".to_owned() } else { format!("{} photos", found.shared_photos) };
        ui.label(RichText::new(format!("over the {photos} that both are about, against the ground truth of today")).color(tokens.muted));
    });
    if !found.differences.is_empty() {
        let words = format!("Not the same in both: {}", found.differences.join("; "));
        ui.add(Label::new(RichText::new(words).color(tokens.warn)).wrap());
    }
    let heads = ["Measure", "Now", "Then", figures_panel::DIFFERENCE, "Verdict"];
    let fitting = figures_panel::Fitting::of_measures(ui, heads, &found.measures);
    Grid::new("beside").num_columns(5).striped(true).spacing([fitting.gap, theme::GAP_4]).show(ui, |ui| {
        figures_panel::head_ui(ui, heads, tokens);
        for one in &found.measures {
            figures_panel::measure_ui(ui, one, Some(fitting), tokens);
        }
    });
    ui.add(Label::new(RichText::new(&found.method).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
}
