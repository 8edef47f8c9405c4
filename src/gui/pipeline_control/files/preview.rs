//! What a file would make, before anything is saved: each prompt with what becomes of it, what is left out, and its text.

use egui::{Align, Button, Frame, Id, Label, Layout, Margin, Modal, RichText, ScrollArea, TextEdit, Ui, WidgetInfo};

use super::import::Open;
use crate::gui::ctx::modal;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::badge::{self, Tone};
use crate::wire::prompt_file::{ImportItem, ImportOutcome};

/// Lines of a text that are shown.
const LINES: usize = 14;

/// What the person makes of one prompt of the file.
pub struct Item {
    pub is_taken: bool,
    /// The prompt that it becomes a version of, or a new one.
    pub name: String,
    shows_text: bool,
}

impl Item {
    #[must_use]
    pub fn new(found: &ImportItem) -> Self {
        // What can't be imported stands there with why, and does not keep the others back.
        Self { is_taken: found.outcome.makes(), name: found.name.trim().to_owned(), shows_text: false }
    }
}

/// What was decided.
pub enum Decision {
    /// A choice changed: the outcome is to be looked at again.
    Changed,
    Import,
    Close,
}

/// Draws the dialog.
pub fn ui(ui: &Ui, open: &mut Open) -> Option<Decision> {
    let tokens = theme::tokens(ui.ctx());
    let screen = ui.ctx().content_rect().size();
    let mut decision = None;
    let shown = modal::show(ui.ctx(), Modal::new(Id::unique("import prompts")), |ui| {
        ui.set_width((screen.x - 96.0).clamp(320.0, 620.0));
        ui.label(RichText::new(format!("Import {}", open.file.file_name)).font(theme::semibold(theme::TEXT_STRONG)));
        ui.label(RichText::new(format!("{}. Nothing is saved until you import it", open.found.format.label())).color(tokens.muted));
        for warning in &open.found.warnings {
            warning_ui(ui, warning, tokens);
        }
        ui.add_space(theme::GAP_8);
        let is_busy = open.is_busy();
        ScrollArea::vertical().max_height((screen.y - 260.0).max(160.0)).show(ui, |ui| {
            for (at, (item, found)) in open.items.iter_mut().zip(&open.found.items).enumerate() {
                ui.push_id(at, |ui| {
                    if item_ui(ui, item, found, is_busy, tokens) {
                        decision = Some(Decision::Changed);
                    }
                });
                ui.add_space(theme::GAP_8);
            }
        });
        if let Some(trouble) = &open.trouble {
            ui.add(Label::new(RichText::new(trouble).color(tokens.bad)).wrap());
        }
        ui.add_space(theme::GAP_8);
        ui.horizontal(|ui| {
            let makes = open.makes();
            let can = !is_busy && makes > 0 && !open.is_unsettled();
            let verb = if makes == 1 { "Import 1 version".to_owned() } else { format!("Import {makes} versions") };
            let words = RichText::new(verb).color(if can { tokens.on_accent } else { tokens.muted });
            let button = if can { Button::new(words).fill(tokens.accent) } else { Button::new(words) };
            let why = if makes == 0 { "Nothing that is chosen is new" } else { "Something that is chosen can't be imported" };
            if ui.add_enabled(can, button).on_disabled_hover_text(why).clicked() {
                decision = Some(Decision::Import);
            }
            if ui.add_enabled(!is_busy, Button::new("Cancel")).clicked() {
                decision = Some(Decision::Close);
            }
            if is_busy {
                ui.spinner();
            }
        });
    });
    if shown.closes && !open.is_busy() {
        return Some(Decision::Close);
    }
    decision
}

fn item_ui(ui: &mut Ui, item: &mut Item, found: &ImportItem, is_busy: bool, tokens: &Tokens) -> bool {
    let mut changed = false;
    Frame::new().fill(tokens.surface).stroke((1.0, tokens.border)).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let version = found.version.map(|version| format!(" (v{version} there)")).unwrap_or_default();
            let name = format!("{}{version}", found.name);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                outcome_ui(ui, item.is_taken, &found.outcome);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.set_max_width(ui.available_width());
                    ui.spacing_mut().item_spacing.x = theme::GAP_4;
                    let check = ui.add_enabled(!is_busy, egui::Checkbox::without_text(&mut item.is_taken));
                    check.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, !is_busy, item.is_taken, format!("Import {name}")));
                    changed |= check.changed();
                    ui.add(Label::new(RichText::new(&name).font(theme::semibold(theme::TEXT_BODY))).truncate());
                });
            });
        });
        let facts = facts(found);
        if !facts.is_empty() {
            ui.add(Label::new(RichText::new(facts).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        }
        if item.is_taken {
            ui.horizontal(|ui| {
                let label = ui.label("Into the prompt");
                let field = ui.add_enabled(!is_busy, TextEdit::singleline(&mut item.name).char_limit(200).desired_width(260.0)).labelled_by(label.id);
                changed |= field.changed();
                field.on_hover_text("The name of a prompt makes it that prompt's next version; any other name makes a new prompt");
            });
        }
        if let ImportOutcome::Refused { why } = &found.outcome {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(icons::ICON_ERROR.codepoint).color(tokens.bad));
                ui.label(RichText::new(why).color(tokens.bad));
            });
        }
        for warning in &found.warnings {
            warning_ui(ui, warning, tokens);
        }
        let words = if item.shows_text { "Hide the text" } else { "Show the text" };
        let button = ui.add(Button::new(RichText::new(words).size(theme::TEXT_SMALL)).small());
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{words} of {}", found.name)));
        if button.clicked() {
            item.shows_text = !item.shows_text;
        }
        if item.shows_text {
            let mut lines = found.content.lines();
            let mut text: Vec<&str> = lines.by_ref().take(LINES).collect();
            text.extend(lines.next().map(|_| "…"));
            ui.add(Label::new(RichText::new(text.join("\n")).monospace().size(theme::TEXT_SMALL)).wrap());
        }
    });
    changed
}

fn outcome_ui(ui: &mut Ui, is_taken: bool, outcome: &ImportOutcome) {
    let (tone, icon, words) = match outcome {
        ImportOutcome::Refused { .. } => (Tone::Bad, icons::ICON_ERROR, "Can't be imported".to_owned()),
        ImportOutcome::Same { version, .. } => (Tone::Neutral, icons::ICON_CHECK, format!("Same as v{version}")),
        _ if !is_taken => (Tone::Neutral, icons::ICON_REMOVE, "Left out".to_owned()),
        ImportOutcome::Skipped => (Tone::Neutral, icons::ICON_REMOVE, "Left out".to_owned()),
        ImportOutcome::NewPrompt { .. } => (Tone::Good, icons::ICON_ADD, "New prompt".to_owned()),
        ImportOutcome::NewVersion { version, .. } => (Tone::Info, icons::ICON_HISTORY, format!("Becomes v{version}")),
    };
    badge::ui(ui, tone, icon, &words);
}

/// Note, labels, and what there is beside the text.
fn facts(found: &ImportItem) -> String {
    let mut facts = Vec::new();
    if !found.note.is_empty() {
        facts.push(found.note.clone());
    }
    if !found.labels.is_empty() {
        facts.push(format!("labels {}", found.labels.join(", ")));
    }
    if !found.parts.is_empty() {
        let parts: Vec<String> = found.parts.iter().map(|part| part.label().to_lowercase()).collect();
        facts.push(format!("with {}", parts.join(", ")));
    }
    let words = found.content.split_whitespace().count();
    facts.push(format!("{words} {}", if words == 1 { "word" } else { "words" }));
    facts.join(" · ")
}

fn warning_ui(ui: &mut Ui, warning: &str, tokens: &Tokens) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        ui.label(RichText::new(icons::ICON_WARNING.codepoint).size(14.0).color(tokens.warn));
        ui.add(Label::new(RichText::new(warning).size(theme::TEXT_SMALL)).wrap());
    });
}
