//! Where one is: choose, results, side by side; and the way to past runs.

use egui::{Align, Button, Layout, RichText, Ui, WidgetInfo};

use super::Step;
use super::open_run::OpenRun;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;

/// `past_runs`: how many there are, empty where there is none. Draws the steps; those that have nothing to show yet are greyed.
/// Returns whether the results were asked for where they are shown already: as they are at first, then.
pub fn ui(ui: &mut Ui, step: &mut Step, open: Option<&OpenRun>, has_side: bool, past_runs: &str, ctx: &AreaCtx<'_>) -> bool {
    let tokens = ctx.tokens();
    let mut is_again = false;
    ui.horizontal(|ui| {
        let steps = [
            (Step::Choose, "1  Choose", true, "Photos, prompts and models"),
            (Step::Results, "2  Results", open.is_some(), "Every answer as it comes in"),
            (Step::SideBySide, "3  Side by side", has_side, "One photo, the answers beside each other"),
        ];
        for (at, (target, words, enabled, hint)) in steps.into_iter().enumerate() {
            if at > 0 {
                ui.label(RichText::new(icons::ICON_CHEVRON_RIGHT.codepoint).color(tokens.muted));
            }
            let is_here = *step == target;
            let font = if is_here { theme::semibold(theme::TEXT_STRONG) } else { egui::FontId::proportional(theme::TEXT_STRONG) };
            let response = ui.add_enabled(enabled, Button::selectable(is_here, RichText::new(words).font(font)));
            response.widget_info(|| WidgetInfo::selected(egui::Role::Tab, enabled, is_here, words.trim_start_matches(|c: char| !c.is_alphabetic())));
            if response.on_hover_text(hint).on_disabled_hover_text("Comes after a run").clicked() {
                is_again = is_here && target == Step::Results;
                *step = target;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let label = if past_runs.is_empty() { "Past runs".to_owned() } else { format!("Past runs ({past_runs})") };
            let tool = Tool::new(icons::ICON_HISTORY, &label).tooltip("Open or resume a run from before");
            let truth = Tool::new(icons::ICON_FACT_CHECK, "Ground truth").tooltip("Say what is in the photos, to measure answers against");
            let traces = Tool::new(icons::ICON_TIMELINE, "Traces").tooltip("What was sent and answered for each photo, step by step");
            let is_past = matches!(step, Step::PastRuns | Step::Validations);
            let clicked = tool.selected(is_past).ui(ui).clicked();
            if truth.selected(*step == Step::GroundTruth).ui(ui).clicked() {
                *step = if *step == Step::GroundTruth { Step::Choose } else { Step::GroundTruth };
            }
            if traces.selected(*step == Step::Traces).ui(ui).clicked() {
                *step = if *step == Step::Traces { Step::Choose } else { Step::Traces };
            }
            if clicked {
                *step = if is_past { Step::Choose } else { Step::PastRuns };
            }
        });
    });
    is_again
}

/// What of the past is listed: all runs, or those that were held against gates.
pub fn past_ui(ui: &mut Ui, step: &mut Step) {
    ui.horizontal(|ui| {
        for (target, icon, words, about) in [
            (Step::PastRuns, icons::ICON_HISTORY, "All runs", "Every run, newest first"),
            (Step::Validations, icons::ICON_VERIFIED, "Validations", "Versions that were held against gates on a photo set"),
        ] {
            if Tool::new(icon, words).tooltip(about).selected(*step == target).ui(ui).clicked() {
                *step = target;
            }
        }
    });
    ui.add_space(theme::GAP_8);
}
