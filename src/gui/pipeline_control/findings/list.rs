//! The findings themselves, the gravest first, each with what to do about it.

use egui::{Align, Frame, Label, Layout, Margin, RichText, Sense, Ui, WidgetInfo};

use super::super::Wish;
use super::{Analysis, Asked, counted, look};
use crate::gui::theme::{self, icons};
use crate::wire::prompt_analysis::{Finding, PromptAnalysis, PromptPart, Severity};

/// Draws them, or says that there are none.
pub fn ui(ui: &mut Ui, value: &PromptAnalysis, analysis: &Analysis, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let shown =
        |severity: Severity| value.findings.iter().enumerate().filter(move |(_, finding)| finding.severity == severity && !finding.is_ignored);
    let mut is_empty = true;
    for severity in Severity::ALL {
        let count = value.count(severity);
        if count == 0 {
            continue;
        }
        is_empty = false;
        let (icon, colour) = look(severity, ui);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
            let words = counted(severity, count);
            ui.label(RichText::new(words).font(theme::semibold(theme::TEXT_BODY)).color(colour));
        });
        for (at, finding) in shown(severity) {
            finding_ui(ui, at, finding, value, analysis.chosen.as_deref() == Some(finding.key.as_str()), wishes);
        }
        ui.add_space(theme::GAP_8);
    }
    if is_empty {
        ui.horizontal(|ui| {
            ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(theme::TEXT_STRONG).color(tokens.good));
            ui.label(RichText::new("Nothing to say about this prompt").color(tokens.muted));
        });
    }
    ignored_ui(ui, value, analysis.shows_ignored, wishes);
}

/// Where it is, as people say it.
pub fn place(part: PromptPart, line: Option<u32>) -> Option<String> {
    let part = match part {
        PromptPart::User => None,
        PromptPart::System => Some("System"),
        PromptPart::Schema => Some("Answer"),
        PromptPart::Settings => Some("Settings"),
    };
    match (part, line) {
        (None, None) => None,
        (None, Some(line)) => Some(format!("Line {line}")),
        (Some(part), None) => Some(part.to_owned()),
        (Some(part), Some(line)) => Some(format!("{part}, line {line}")),
    }
}

/// A finding with its place before it, in one line.
#[must_use]
pub fn placed(part: PromptPart, line: Option<u32>, what: &str) -> String {
    place(part, line).map_or_else(|| what.to_owned(), |place| format!("{place}: {what}"))
}

/// Whether there is something to show: a stretch of a text, or a part of its own. What is missing in the prompt has no place.
#[must_use]
pub fn can_show(finding: &Finding) -> bool {
    finding.span.is_some() || finding.part != PromptPart::User
}

fn finding_ui(ui: &mut Ui, at: usize, finding: &Finding, value: &PromptAnalysis, is_chosen: bool, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let (fill, border) = if is_chosen { (tokens.selection, tokens.focus) } else { (tokens.surface, tokens.border) };
    let frame = Frame::new().fill(fill).stroke((1.0, border)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            ignore_ui(ui, finding, wishes);
            ui.with_layout(Layout::top_down(Align::Min), |ui| words_ui(ui, at, finding, wishes));
        });
        if finding.fix.is_some() {
            ui.horizontal_wrapped(|ui| fixes_ui(ui, at, finding, value, wishes));
        }
    });
}

/// What and why, as one button that leads to the place.
fn words_ui(ui: &mut Ui, at: usize, finding: &Finding, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    ui.spacing_mut().item_spacing.y = 3.0;
    let why = place(finding.part, finding.line).map_or_else(|| finding.why.clone(), |place| format!("{place} · {}", finding.why));
    let words = ui
        .scope(|ui| {
            ui.style_mut().interaction.selectable_labels = false;
            ui.add(Label::new(RichText::new(&finding.what)).wrap());
            ui.add(Label::new(RichText::new(why).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        })
        .response;
    let can_show = can_show(finding);
    let response = ui.interact(words.rect, ui.scope_id().with(("finding", at)), if can_show { Sense::click() } else { Sense::hover() });
    let said = placed(finding.part, finding.line, &finding.what);
    let role = if can_show { egui::Role::Button } else { egui::Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, &said));
    if response.has_focus() {
        ui.painter().rect_stroke(words.rect.expand(2.0), theme::RADIUS_4, (2.0, tokens.focus), egui::StrokeKind::Outside);
    }
    if can_show {
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text("Show it where it stands (F8 goes on to the next)");
        if response.clicked() {
            wishes.push(Wish::Finding(Asked::Show(at)));
        }
    }
}

fn ignore_ui(ui: &mut Ui, finding: &Finding, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let icon = RichText::new(icons::ICON_VISIBILITY_OFF.codepoint).size(14.0).color(tokens.muted);
    let ignore = ui.add(egui::Button::new(icon).frame_when_inactive(false).min_size(egui::vec2(24.0, 24.0)));
    ignore.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Ignore: {}", finding.what)));
    if ignore.on_hover_text("Say no more of this in this prompt; it can be shown again").clicked() {
        wishes.push(Wish::Finding(Asked::Ignore { key: finding.key.clone(), ignored: true }));
    }
}

fn fixes_ui(ui: &mut Ui, at: usize, finding: &Finding, value: &PromptAnalysis, wishes: &mut Vec<Wish>) {
    let Some(fix) = &finding.fix else { return };
    let button = ui.add(egui::Button::new(short(&fix.words)));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Fix: {}", fix.words)));
    if button.on_hover_text(format!("{} (Ctrl-Z takes it back)", fix.words)).clicked() {
        wishes.push(Wish::Finding(Asked::Fix(at)));
    }
    let is_same = |other: &Finding| finding.is_mended_like(other) && !other.is_ignored;
    let same = value.findings.iter().filter(|other| is_same(other)).count();
    let is_first = value.findings.iter().position(is_same) == Some(at);
    if same > 1 && is_first {
        let all = ui.add(egui::Button::new(format!("Fix all {same}")));
        all.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Fix all {same} of this kind")));
        if all.on_hover_text(format!("Mend all {same} findings of this kind in one step")).clicked() {
            wishes.push(Wish::Finding(Asked::FixAll(at)));
        }
    }
}

/// A button's words are not longer than the panel is wide.
fn short(words: &str) -> String {
    const MOST: usize = 26;
    if words.chars().count() <= MOST {
        return words.to_owned();
    }
    let start: String = words.chars().take(MOST).collect();
    format!("{}…", start.trim_end())
}

fn ignored_ui(ui: &mut Ui, value: &PromptAnalysis, is_open: bool, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let ignored: Vec<&Finding> = value.findings.iter().filter(|finding| finding.is_ignored).collect();
    if ignored.is_empty() {
        return;
    }
    ui.add_space(theme::GAP_4);
    let words = if is_open { "Hide what is ignored".to_owned() } else { format!("Show {} ignored", ignored.len()) };
    if ui.button(words).clicked() {
        wishes.push(Wish::Finding(Asked::ShowIgnored(!is_open)));
    }
    if !is_open {
        return;
    }
    for finding in ignored {
        ui.horizontal(|ui| {
            let button = ui.button("Show again");
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Show again: {}", finding.what)));
            if button.clicked() {
                wishes.push(Wish::Finding(Asked::Ignore { key: finding.key.clone(), ignored: false }));
            }
            ui.add(Label::new(RichText::new(&finding.what).size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(&finding.what);
        });
    }
}
