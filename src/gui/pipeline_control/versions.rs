//! The versions of the open prompt: what was saved, by whom, when, and which one is live.

use chrono::{DateTime, Utc};
use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::Wish;
use super::data::Data;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{error_state, list_row, relative_time, skeleton};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt::PromptVersion;

const ROW_HEIGHT: f32 = 48.0;
/// Lines of a version that hovering shows.
const PREVIEW_LINES: usize = 10;

/// Draws the list. `viewing`: the version that is shown read-only; `has_draft`: the editor's text is no version yet.
pub fn ui(ui: &mut Ui, data: &Data, prompt: PromptId, viewing: Option<PromptVersionId>, has_draft: bool, now: DateTime<Utc>, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let remote = data.versions(prompt);
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
    let live = data.live_version();
    ScrollArea::vertical().id_salt("versions").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if has_draft || page.items.is_empty() {
            draft_ui(ui, viewing.is_none(), page.items.is_empty(), tokens, wishes);
        }
        for version in &page.items {
            let is_shown = viewing == Some(version.id) || (viewing.is_none() && !has_draft && page.items.first() == Some(version));
            let response = row_ui(ui, version, is_shown, live == Some(version.id), now, tokens);
            if response.clicked() {
                let is_newest = page.items.first() == Some(version);
                // Without a draft the editor holds the newest version: that is shown where it can be typed into.
                wishes.push(Wish::View((has_draft || !is_newest).then_some(version.id)));
            }
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

fn row_ui(ui: &mut Ui, version: &PromptVersion, is_shown: bool, is_live: bool, now: DateTime<Utc>, tokens: &Tokens) -> egui::Response {
    let name = format!("Version {}{}", version.version, if is_live { ", live" } else { "" });
    list_row::ui(ui, &name, is_shown, ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("v{}", version.version)).font(theme::semibold(theme::TEXT_BODY)));
            if is_live {
                ui.spacing_mut().item_spacing.x = theme::GAP_4;
                ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good));
                ui.label(RichText::new("Live").size(theme::TEXT_SMALL).color(tokens.good));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let age = relative_time::words(version.created_at, now);
                ui.label(RichText::new(age).size(theme::TEXT_SMALL).color(tokens.muted));
            });
        });
        let words = match (version.note.trim(), version.author.trim()) {
            ("", "") => "No note".to_owned(),
            ("", author) => author.to_owned(),
            (note, "") => note.to_owned(),
            (note, author) => format!("{note} · {author}"),
        };
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate().show_tooltip_when_elided(false));
    })
}

/// The start of a version's text, and what the row has no room for.
fn preview_ui(ui: &mut Ui, version: &PromptVersion, tokens: &Tokens) {
    ui.set_max_width(420.0);
    ui.label(RichText::new(version.label()).font(theme::semibold(theme::TEXT_BODY)));
    ui.label(RichText::new(relative_time::absolute(version.created_at)).size(theme::TEXT_SMALL).color(tokens.muted));
    for words in [&version.note, &version.author] {
        if !words.trim().is_empty() {
            ui.label(RichText::new(words.trim()).color(tokens.muted));
        }
    }
    ui.separator();
    for line in version.content.lines().take(PREVIEW_LINES) {
        ui.add(Label::new(RichText::new(if line.is_empty() { " " } else { line }).monospace().size(theme::TEXT_SMALL)).truncate());
    }
    if version.content.lines().count() > PREVIEW_LINES {
        ui.label(RichText::new("…").color(tokens.muted));
    }
}
