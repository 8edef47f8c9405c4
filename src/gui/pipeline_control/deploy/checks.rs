//! What was checked before a deployment: a line each, with an icon, what, and why.

use egui::{Color32, Label, RichText, Ui};
use egui_material_icons::MaterialIcon;

use super::super::findings;
use crate::gui::theme::{self, Tokens, icons};
use crate::wire::deployment::{Check, CheckState, CheckedFinding, Validation};
use crate::wire::prompt_analysis::Severity;

/// Draws the list. Returns the finding that a person wants to see in the text.
pub fn ui<'c>(ui: &mut Ui, checks: &'c [Check], tokens: &Tokens) -> Option<&'c CheckedFinding> {
    let mut wanted = None;
    for check in checks {
        let (icon, colour, word) = look(check.state, tokens);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_8;
            let mark = ui.label(RichText::new(icon.codepoint).size(16.0).color(colour));
            mark.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{word}: {}", check.title)));
            mark.on_hover_text(word);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add(Label::new(&check.title).wrap());
                ui.add(Label::new(RichText::new(&check.why).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
                for (at, finding) in check.findings.iter().enumerate() {
                    if ui.push_id(at, |ui| finding_ui(ui, finding, tokens)).inner {
                        wanted = Some(finding);
                    }
                }
            });
        });
        ui.add_space(theme::GAP_4);
    }
    wanted
}

/// A finding as a link to its place; returns whether it is followed.
fn finding_ui(ui: &mut Ui, finding: &CheckedFinding, tokens: &Tokens) -> bool {
    let (icon, colour) = match finding.severity {
        Severity::Error => (icons::ICON_ERROR, tokens.bad),
        Severity::Warning => (icons::ICON_WARNING, tokens.warn),
        Severity::Hint => (icons::ICON_LIGHTBULB, tokens.info),
    };
    let said = findings::placed(finding.part, finding.line, &finding.what);
    let words = RichText::new(&said).size(theme::TEXT_SMALL).color(tokens.text);
    let mark = RichText::new(icon.codepoint).size(13.0).color(colour);
    let link = ui.add(egui::Button::new((mark, words)).frame_when_inactive(false).truncate());
    link.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &said));
    link.on_hover_text(format!("{said}. Click to see it in the text")).clicked()
}

/// A check's state as icon, colour and word.
fn look(state: CheckState, tokens: &Tokens) -> (MaterialIcon, Color32, &'static str) {
    match state {
        CheckState::Pass => (icons::ICON_CHECK_CIRCLE, tokens.good, "Passed"),
        CheckState::Warn => (icons::ICON_WARNING, tokens.warn, "Warning"),
        CheckState::Fail => (icons::ICON_ERROR, tokens.bad, "Failed"),
        CheckState::Missing => (icons::ICON_HELP, tokens.warn, "Not measured"),
    }
}

/// All checks as one icon, with its colour.
pub fn look_of_all(validation: Validation, tokens: &Tokens) -> (MaterialIcon, Color32) {
    match validation {
        Validation::Passed => (icons::ICON_CHECK_CIRCLE, tokens.good),
        Validation::Warned => (icons::ICON_WARNING, tokens.warn),
        Validation::Failed => (icons::ICON_ERROR, tokens.bad),
        Validation::Missing => (icons::ICON_HELP, tokens.warn),
        Validation::NotAsked => (icons::ICON_REMOVE, tokens.muted),
    }
}
