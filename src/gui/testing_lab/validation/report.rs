//! The report above the matrix: what each gate asked and found.

use egui::{Frame, Label, Margin, RichText, ScrollArea, Ui, WidgetInfo};
use egui_material_icons::MaterialIcon;

use super::{Told, Validating};
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::badge::{self, Tone};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{error_state, skeleton};
use crate::wire::run::{Run, RunKind, RunState};
use crate::wire::validation::{GateResult, GateState, ValidationReport, Verdict};

/// Of the room that is left, so that the matrix keeps some.
const SHARE_MOST: f32 = 0.5;

impl Validating {
    /// Draws it for a run that is a validation; nothing for another.
    pub fn report_ui(&mut self, ui: &mut Ui, run: &Run, ctx: &AreaCtx<'_>) {
        if run.kind != RunKind::Validation {
            return;
        }
        if let Some(failure) = self.report.failure().map(ToString::to_string)
            && error_state::ui(ui, "The report could not be read", &failure)
        {
            self.asked = None;
        }
        // A verdict of before the run was resumed is none of it now.
        let Some(report) = self.report.value().filter(|report| report.run_id == run.id && Told::of(run).is_told_by(report)) else {
            if self.report.failure().is_none() {
                skeleton::lines(ui, 2);
            }
            return;
        };
        let tokens = ctx.tokens();
        let most = ui.available_height() * SHARE_MOST;
        let earlier = self.list.found().unwrap_or_default();
        let (is_folded, beside) = (&mut self.is_folded, &mut self.beside);
        Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_8).inner_margin(Margin::same(theme::GAP_12 as i8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            verdict_ui(ui, report, run.state, is_folded, tokens);
            if *is_folded {
                return;
            }
            ScrollArea::vertical().id_salt("report").max_height(most).show(ui, |ui| {
                for gate in &report.gates {
                    gate_ui(ui, gate, report.verdict, tokens);
                }
                ui.add_space(theme::GAP_4);
                beside.ui(ui, report, earlier, ctx);
                ui.add(Label::new(RichText::new(&report.method).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
            });
        });
        ui.add_space(theme::GAP_8);
    }
}

/// A verdict as tone, icon and word. `state`: of its run.
#[must_use]
pub fn look(verdict: Verdict, state: RunState) -> (Tone, MaterialIcon, &'static str) {
    match (verdict, state) {
        (Verdict::Passed, _) => (Tone::Good, icons::ICON_CHECK_CIRCLE, "Passed"),
        (Verdict::Failed, _) => (Tone::Bad, icons::ICON_ERROR, "Failed"),
        (Verdict::NotMeasured, _) => (Tone::Warn, icons::ICON_HELP, "Not measured"),
        (Verdict::Open, RunState::Running) => (Tone::Info, icons::ICON_SYNC, "Being validated"),
        (Verdict::Open, RunState::Completed) => (Tone::Info, icons::ICON_SYNC, "Being judged"),
        (Verdict::Open, _) => (Tone::Warn, icons::ICON_WARNING, "Not at its end"),
    }
}

fn verdict_ui(ui: &mut Ui, report: &ValidationReport, state: RunState, is_folded: &mut bool, tokens: &Tokens) {
    ui.horizontal(|ui| {
        let (icon, words) = if *is_folded { (icons::ICON_CHEVRON_RIGHT, "Show the gates") } else { (icons::ICON_EXPAND_MORE, "Hide the gates") };
        if Tool::new(icon, words).icon_only().ui(ui).clicked() {
            *is_folded = !*is_folded;
        }
        let (tone, icon, word) = look(report.verdict, state);
        badge::ui(ui, tone, icon, word);
        let against = report.against.as_ref().map(|against| format!(", beside {} in production", against.label)).unwrap_or_default();
        let words = format!("{} on {}, {}{against}", report.version.label, report.model, report.photo_set.label());
        ui.label(RichText::new(words).font(theme::semibold(theme::TEXT_BODY)));
        let labelled = format!("{} photos, {} with ground truth", report.photos, report.labelled_photos);
        ui.add(Label::new(RichText::new(labelled).color(tokens.muted)).truncate());
    });
}

fn gate_ui(ui: &mut Ui, gate: &GateResult, verdict: Verdict, tokens: &Tokens) {
    let (icon, colour) = match gate.state {
        GateState::Passed => (icons::ICON_CHECK_CIRCLE, tokens.good),
        GateState::Failed => (icons::ICON_ERROR, tokens.bad),
        GateState::NotMeasured => (icons::ICON_HELP, tokens.warn),
    };
    let said = format!("{}{}", gate.state.label(), if verdict == Verdict::Open { " so far" } else { "" });
    ui.horizontal(|ui| {
        let mark = ui.label(RichText::new(icon.codepoint).size(16.0).color(colour));
        mark.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{said}: {}", gate.gate.label())));
        mark.on_hover_text(said);
        ui.scope(|ui| {
            ui.set_min_width(150.0);
            ui.label(gate.gate.label()).on_hover_text(gate.gate.about());
        });
        ui.add(Label::new(RichText::new(&gate.why).color(tokens.muted)).truncate());
    });
}
