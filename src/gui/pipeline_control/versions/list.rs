//! The versions of the open prompt: what was saved, by whom, when, with which labels, and which one is live.

use chrono::{DateTime, Utc};
use egui::text::LayoutJob;
use egui::{Align, FontId, Label, Layout, RichText, ScrollArea, TextFormat, Ui};

use super::{Asked, Shown, menu};
use crate::gui::pipeline_control::Wish;
use crate::gui::pipeline_control::compare::End;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{error_state, list_row, relative_time, skeleton};
use crate::wire::ids::PromptVersionId;
use crate::wire::prompt::PromptVersion;

const ROW_HEIGHT: f32 = 48.0;
const GAP: f32 = 2.0;
/// Lines of a version that hovering shows.
const PREVIEW_LINES: usize = 10;

/// Which rows are marked.
pub struct Marks {
    pub picked: Option<PromptVersionId>,
    pub compared: Option<[End; 2]>,
}

impl Marks {
    fn has(&self, id: PromptVersionId) -> bool {
        self.picked == Some(id) || self.compared.is_some_and(|ends| ends.contains(&End::Version(id)))
    }
}

/// Draws the list; only the rows that can be seen.
pub fn ui(ui: &mut Ui, shown: &Shown<'_>, marks: &Marks, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let remote = shown.data.versions(shown.prompt);
    let Some(page) = remote.and_then(|remote| remote.value()) else {
        match remote.and_then(|remote| remote.failure()) {
            Some(failure) => {
                if error_state::ui(ui, "The versions could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    let live = shown.data.live_version();
    let has_draft_row = shown.has_draft || page.items.is_empty();
    let rows = page.items.len() + usize::from(has_draft_row);
    ui.spacing_mut().item_spacing.y = GAP;
    ScrollArea::vertical().id_salt("versions").auto_shrink(false).show_rows(ui, ROW_HEIGHT, rows, |ui, visible| {
        for at in visible {
            let Some(at) = at.checked_sub(usize::from(has_draft_row)) else {
                let is_shown = shown.viewing.is_none() && marks.compared.is_none();
                let is_compared = marks.compared.is_some_and(|ends| ends.contains(&End::Draft));
                draft_ui(ui, is_shown || is_compared, page.items.is_empty(), tokens, wishes);
                continue;
            };
            let Some(version) = page.items.get(at) else { break };
            let is_newest = at == 0;
            let is_viewed = shown.viewing == Some(version.id) || (shown.viewing.is_none() && !shown.has_draft && is_newest);
            let is_marked = if marks.compared.is_some() || marks.picked.is_some() { marks.has(version.id) } else { is_viewed };
            let response = row_ui(ui, shown, version, (is_marked, marks.has(version.id)), live == Some(version.id), tokens, wishes);
            if response.clicked() && ui.input(|input| input.modifiers.command) {
                wishes.push(Wish::Versions(Asked::Pick(version.id)));
            } else if response.clicked() {
                // Without a draft the editor holds the newest version: that is shown where it can be typed into.
                wishes.push(Wish::View((shown.has_draft || !is_newest).then_some(version.id)));
            }
            response.context_menu(|ui| menu::ui(ui, shown, version, wishes));
            response.on_hover_ui(|ui| preview_ui(ui, version, tokens));
        }
    });
}

fn draft_ui(ui: &mut Ui, is_shown: bool, is_first: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let response = list_row::ui(ui, "Draft", is_shown, ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(icons::ICON_EDIT.codepoint).size(14.0).color(tokens.warn));
            ui.label(RichText::new("Draft").font(theme::semibold(theme::TEXT_BODY)));
        });
        let words = if is_first { "Save it as the first version" } else { "Not saved as a version yet" };
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
    });
    if response.clicked() {
        wishes.push(Wish::View(None));
    }
}

fn row_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    version: &PromptVersion,
    (is_shown, is_chosen): (bool, bool),
    is_live: bool,
    tokens: &Tokens,
    wishes: &mut Vec<Wish>,
) -> egui::Response {
    let name = format!("Version {}{}", version.version, if is_live { ", live" } else { "" });
    list_row::ui(ui, &name, is_shown, ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            if is_chosen {
                ui.label(RichText::new(icons::ICON_CHECK.codepoint).size(14.0).color(tokens.accent));
            }
            ui.label(RichText::new(format!("v{}", version.version)).font(theme::semibold(theme::TEXT_BODY)));
            if is_live {
                ui.spacing_mut().item_spacing.x = theme::GAP_4;
                ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good));
                ui.label(RichText::new("Live").size(theme::TEXT_SMALL).color(tokens.good));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                menu::button_ui(ui, shown, version, wishes);
                age_ui(ui, version.created_at, shown.now, tokens);
            });
        });
        ui.add(Label::new(words_of(version, tokens)).truncate().show_tooltip_when_elided(false));
    })
}

pub fn age_ui(ui: &mut Ui, at: DateTime<Utc>, now: DateTime<Utc>, tokens: &Tokens) {
    ui.label(RichText::new(relative_time::words(at, now)).size(theme::TEXT_SMALL).color(tokens.muted));
}

/// Labels, note and author on one line.
fn words_of(version: &PromptVersion, tokens: &Tokens) -> LayoutJob {
    let note = match (version.note.trim(), version.author.trim()) {
        ("", "") if version.labels.is_empty() => "No note".to_owned(),
        ("", author) => author.to_owned(),
        (note, "") => note.to_owned(),
        (note, author) => format!("{note} · {author}"),
    };
    labelled(&version.labels, &note, tokens)
}

/// Labels in their colour, then words.
pub fn labelled(labels: &[String], words: &str, tokens: &Tokens) -> LayoutJob {
    let font = FontId::proportional(theme::TEXT_SMALL);
    let mut job = LayoutJob::default();
    if !labels.is_empty() {
        let labels = format!("{} {}", icons::ICON_LABEL.codepoint, labels.join(", "));
        job.append(&labels, 0.0, TextFormat::simple(font.clone(), tokens.accent));
        if !words.is_empty() {
            job.append(" · ", 0.0, TextFormat::simple(font.clone(), tokens.muted));
        }
    }
    job.append(words, 0.0, TextFormat::simple(font, tokens.muted));
    job
}

/// The start of a version's text, and what the row has no room for.
fn preview_ui(ui: &mut Ui, version: &PromptVersion, tokens: &Tokens) {
    ui.set_max_width(420.0);
    ui.label(RichText::new(version.label()).font(theme::semibold(theme::TEXT_BODY)));
    ui.label(RichText::new(relative_time::absolute(version.created_at)).size(theme::TEXT_SMALL).color(tokens.muted));
    if !version.labels.is_empty() {
        ui.label(labelled(&version.labels, "", tokens));
    }
    for words in [&version.note, &version.author] {
        if !words.trim().is_empty() {
            ui.label(RichText::new(words.trim()).color(tokens.muted));
        }
    }
    ui.separator();
    let mut lines = version.content.lines();
    for line in lines.by_ref().take(PREVIEW_LINES) {
        ui.add(Label::new(RichText::new(if line.is_empty() { " " } else { line }).monospace().size(theme::TEXT_SMALL)).truncate());
    }
    if lines.next().is_some() {
        ui.label(RichText::new("…").color(tokens.muted));
    }
}
