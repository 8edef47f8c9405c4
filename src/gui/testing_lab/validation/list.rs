//! All validations, newest first: what was held against which gates, on what, and how it ended.

use egui::{Align, Label, Layout, RichText, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::{Validating, report};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, error_state, relative_time, skeleton};
use crate::wire::ids::RunId;
use crate::wire::validation::{GateState, ValidationReport, Verdict};

impl Validating {
    /// Draws the list; returns the run whose report a person wants to see.
    pub fn list_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) -> Option<RunId> {
        if let Some(failure) = self.list.failure().map(ToString::to_string)
            && error_state::ui(ui, "The validations could not be read", &failure)
        {
            self.list.try_again();
        }
        let Some(reports) = self.list.found() else {
            if self.list.failure().is_none() {
                skeleton::lines(ui, 6);
            }
            return None;
        };
        if reports.is_empty() {
            if empty_state::ui(ui, "No version was held against gates yet", Some("Validate a version…")) {
                ctx.send(Command::ValidateVersion(None));
            }
            return None;
        }
        ui.horizontal(|ui| {
            let about = Command::ValidateVersion(None).tooltip();
            if Tool::new(icons::ICON_VERIFIED, "Validate a version…").tooltip(&about).primary().ui(ui).clicked() {
                ctx.send(Command::ValidateVersion(None));
            }
            let words = "A deployment asks for the newest one that fits the live model and the set as it is";
            ui.add(Label::new(RichText::new(words).color(ctx.tokens().muted)).truncate());
        });
        ui.add_space(theme::GAP_8);
        let (open, seen) = table_ui(ui, reports, ctx);
        self.list.on_seen(seen, ctx.egui);
        open
    }
}

/// Returns what was clicked, and up to which place rows were drawn.
fn table_ui(ui: &mut Ui, reports: &[ValidationReport], ctx: &AreaCtx<'_>) -> (Option<RunId>, usize) {
    let tokens = ctx.tokens();
    let (mut open, mut seen) = (None, 0);
    let width = ui.available_width();
    TableBuilder::new(ui)
        .id_salt("validations")
        .sense(Sense::CLICK)
        .auto_shrink(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(136.0))
        .column(Column::initial(width * 0.18).at_least(100.0).clip(true))
        .column(Column::initial(width * 0.14).at_least(80.0).clip(true))
        .column(Column::initial(width * 0.12).at_least(80.0).clip(true))
        .column(Column::remainder().at_least(120.0).clip(true))
        .column(Column::exact(100.0))
        .header(theme::ROW_HEIGHT, |mut header| {
            for words in ["Verdict", "Version", "Model", "Photo set", "Gates", "Started"] {
                header.col(|ui| {
                    ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).selectable(false));
                });
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 6.0, reports.len(), |mut row| {
                let Some(report) = reports.get(row.index()) else { return };
                seen = seen.max(row.index() + 1);
                row.col(|ui| verdict_ui(ui, report));
                row.col(|ui| plain(ui, RichText::new(&report.version.label)));
                row.col(|ui| plain(ui, RichText::new(&report.model).color(tokens.muted)));
                row.col(|ui| plain(ui, RichText::new(report.photo_set.label())));
                row.col(|ui| gates_ui(ui, report, tokens));
                row.col(|ui| {
                    relative_time::ui(ui, report.started_at, ctx.now);
                });
                let response = row.response().on_hover_cursor(egui::CursorIcon::PointingHand);
                let name = format!("Open the validation of {}: {}", report.version.label, report.words());
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
                if response.clicked() {
                    open = Some(report.run_id);
                }
            });
        });
    (open, seen)
}

fn plain(ui: &mut Ui, words: RichText) {
    ui.add(Label::new(words).truncate().selectable(false));
}

fn verdict_ui(ui: &mut Ui, validation: &ValidationReport) {
    let (tone, icon, word) = report::look(validation.verdict, validation.state);
    let colour = tone.colour(ui.ctx());
    ui.add(Label::new(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour)).selectable(false));
    plain(ui, RichText::new(word).color(colour));
}

/// What did not pass, first; the rest as a number.
fn gates_ui(ui: &mut Ui, report: &ValidationReport, tokens: &Tokens) {
    if report.verdict == Verdict::Open {
        plain(ui, RichText::new(format!("{} of {} answered", report.counts.completed, report.counts.total())).color(tokens.muted));
        return;
    }
    let passed = report.gates.iter().filter(|gate| gate.state == GateState::Passed).count();
    let trouble: Vec<&str> = report.gates.iter().filter(|gate| gate.state != GateState::Passed).map(|gate| gate.why.as_str()).collect();
    let words = format!("{passed} of {} passed", report.gates.len());
    let words = if trouble.is_empty() { words } else { format!("{words}. {}", trouble.join("; ")) };
    plain(ui, RichText::new(words).color(tokens.muted));
}
