//! What each environment used: who changed it, when, to what, how it was checked, and the way back.

use egui::{Align, Label, Layout, RichText, Ui, WidgetInfo};

use super::super::Wish;
use super::{Asked, checks};
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::relative_time;
use crate::wire::deployment::{CheckState, DeployedVersion, Deployment};

/// Draws one entry.
pub fn ui(ui: &mut Ui, entry: &Deployment, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let tokens = ctx.tokens();
    let is_back = entry.rolled_back_by.is_some();
    let ink = if is_back { tokens.muted } else { tokens.text };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        let (icon, colour) =
            if entry.rolls_back.is_some() { (icons::ICON_UNDO, tokens.muted) } else { checks::look_of_all(entry.validation, tokens) };
        let mark = ui.label(RichText::new(icon.codepoint).size(14.0).color(colour));
        mark.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, entry.validation.label()));
        mark.on_hover_ui(|ui| checks_ui(ui, entry, tokens));
        let words = format!("{}: {}", entry.environment.label(), label(entry.to.as_ref()));
        ui.add(Label::new(RichText::new(words).color(ink)).truncate());
    });
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    let kind = if entry.rolls_back.is_some() { "Back from" } else { "Instead of" };
    ui.add(Label::new(small(format!("{kind} {}", label(entry.from.as_ref())))).truncate());
    if !entry.note.is_empty() {
        ui.add(Label::new(small(format!("“{}”", entry.note))).wrap());
    }
    if let Some(reason) = &entry.override_reason {
        let words = format!("{}, deployed all the same: {reason}", entry.validation.label());
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
    }
    if let Some(measured) = measured(entry) {
        ui.add(Label::new(small(measured.to_owned())).wrap());
    }
    if let Some(by) = &entry.rolled_back_by {
        let when = entry.rolled_back_at.map(|at| format!(", {}", relative_time::words(at, ctx.now))).unwrap_or_default();
        ui.label(small(format!("Rolled back by {by}{when}")));
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        ui.label(small(format!("{} ·", entry.actor)));
        ui.scope(|ui| {
            ui.visuals_mut().override_text_color = Some(tokens.muted);
            ui.style_mut().override_font_id = Some(egui::FontId::proportional(theme::TEXT_SMALL));
            relative_time::ui(ui, entry.at, ctx.now);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| way_ui(ui, entry, is_busy, wishes));
    });
}

/// How many photos change, as it was measured before the deployment; `None`: it was not.
fn measured(entry: &Deployment) -> Option<&str> {
    entry.report_id?;
    let check = entry.checks.iter().find(|check| check.code == "blast_radius")?;
    (check.state != CheckState::Missing).then_some(check.why.as_str())
}

/// The newest goes back; an older one can be deployed once more.
fn way_ui(ui: &mut Ui, entry: &Deployment, is_busy: bool, wishes: &mut Vec<Wish>) {
    if entry.is_newest && entry.rolled_back_by.is_none() {
        let (word, verb) = if entry.rolls_back.is_some() { ("Undo", "Undo the roll back: bring") } else { ("Roll back", "Roll back") };
        let button = ui.add_enabled(!is_busy, egui::Button::new(word));
        let said = format!("{verb} {} to {}", entry.environment.word(), label(entry.from.as_ref()));
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !is_busy, &said));
        if button.on_hover_text(said).clicked() {
            wishes.push(Wish::Deploy(Asked::RollBack(entry.id)));
        }
    } else if let Some(to) = entry.to.as_ref().filter(|_| !entry.is_newest) {
        let button = ui.add_enabled(!is_busy, egui::Button::new("Deploy again…"));
        let said = format!("Deploy {} to {} again", to.label, entry.environment.word());
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !is_busy, &said));
        if button.on_hover_text(said).clicked() {
            wishes.push(Wish::Deploy(Asked::Review(to.id, entry.environment)));
        }
    }
}

/// What a version is called; an environment may be empty.
pub fn label(version: Option<&DeployedVersion>) -> &str {
    version.map_or("nothing", |version| &version.label)
}

fn checks_ui(ui: &mut Ui, entry: &Deployment, tokens: &Tokens) {
    ui.set_max_width(360.0);
    ui.label(RichText::new(entry.validation.label()).font(theme::semibold(theme::TEXT_BODY)));
    // On a hover nothing can be clicked.
    checks::ui(ui, &entry.checks, tokens);
}
