//! Searching the versions of all prompts: by words and by label.

use chrono::{DateTime, Utc};
use egui::containers::menu::MenuButton;
use egui::text::LayoutJob;
use egui::{Align, Button, FontId, Key, Label, Layout, Modifiers, RichText, ScrollArea, TextEdit, TextFormat, Ui, WidgetInfo};

use super::Asked;
use super::list::{age_ui, labelled};
use crate::gui::ctx::{AreaCtx, Paged, Remote};
use crate::gui::pipeline_control::Wish;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{empty_state, error_state, list_row, number, skeleton};
use crate::wire::page::Page;
use crate::wire::prompt_label::LabelCount;
use crate::wire::prompt_search::{VersionFound, VersionQuery};

const PAGE: u32 = 100;
const ROW_HEIGHT: f32 = 66.0;

/// What is searched for, and what was found.
#[derive(Default)]
pub struct Search {
    text: String,
    label: Option<String>,
    found: Paged<VersionQuery, VersionFound>,
    labels: Remote<Page<LabelCount>>,
    labels_behind: bool,
}

impl Search {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.text.trim().is_empty() || self.label.is_some()
    }

    /// What was found may be otherwise now.
    pub fn mark_behind(&mut self) {
        self.found.mark_behind();
        self.labels_behind = true;
    }

    fn wanted(&self) -> VersionQuery {
        let q = Some(self.text.trim().to_owned()).filter(|text| !text.is_empty());
        VersionQuery { q, label: self.label.clone(), limit: Some(PAGE), ..VersionQuery::default() }
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.labels.poll();
        if self.labels.is_untouched() || std::mem::take(&mut self.labels_behind) {
            ctx.ask(&mut self.labels, |client| async move { client.prompt_labels().await });
        }
        self.found.poll();
        if !self.is_on() {
            self.found.clear();
            return;
        }
        let wanted = self.wanted();
        let query = wanted.clone();
        self.found.follow(wanted, ctx, |client, cursor| async move { client.find_prompt_versions(&VersionQuery { cursor, ..query }).await });
    }

    /// Draws the field and the choice of labels, from the right end leftwards.
    pub fn field_ui(&mut self, ui: &mut Ui) {
        let labels = self.labels.value().map_or(&[][..], |page| &page.items);
        let tokens = theme::tokens(ui.ctx());
        let colour = if self.label.is_some() { tokens.accent } else { tokens.text };
        let icon = RichText::new(icons::ICON_LABEL.codepoint).size(16.0).color(colour);
        let mut chosen = None;
        ui.add_enabled_ui(!labels.is_empty(), |ui| {
            let button = Button::new(icon).frame_when_inactive(false).min_size(egui::vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT));
            let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
                if self.label.is_some() && ui.button("All labels").clicked() {
                    chosen = Some(None);
                }
                ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
                    for known in labels {
                        let words = format!("{} ({})", known.label, number::count(known.versions));
                        if ui.selectable_label(self.label.as_ref() == Some(&known.label), words).clicked() {
                            chosen = Some(Some(known.label.clone()));
                        }
                    }
                });
            });
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !labels.is_empty(), "Filter by label"));
            response.on_hover_text("Only versions with a label").on_disabled_hover_text("No version has a label yet");
        });
        if let Some(label) = chosen {
            self.label = label;
            self.found.on_chosen();
        }
        let width = (ui.available_width() - 2.0).max(60.0);
        let edit =
            TextEdit::singleline(&mut self.text).id_salt("search versions").hint_text("Search all versions").desired_width(width).char_limit(200);
        let field = ui.add(edit.min_size(egui::vec2(width, theme::CONTROL_HEIGHT)).align(egui::Align2::LEFT_CENTER));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::SearchInput, true, "Search all versions"));
        if field.changed() {
            self.found.on_typed();
        }
        if field.has_focus() && !self.text.is_empty() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.text.clear();
        }
        field.on_hover_text("Words of text, notes, authors and labels, in all prompts; \"several words\" as they follow one another");
    }

    /// Draws the label that is filtered by.
    pub fn filter_ui(&mut self, ui: &mut Ui) {
        let Some(label) = self.label.clone() else { return };
        ui.add_space(theme::GAP_4);
        let words = (RichText::new(format!("Label: {label}")), RichText::new(icons::ICON_CLOSE.codepoint).size(14.0));
        let response = ui.add(Button::new(words));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("No longer filter by {label}")));
        if response.on_hover_text("Show versions without this label too").clicked() {
            self.label = None;
        }
    }

    /// Draws what was found; only the rows that can be seen.
    pub fn results_ui(&mut self, ui: &mut Ui, now: DateTime<Utc>, wishes: &mut Vec<Wish>) {
        let tokens = theme::tokens(ui.ctx());
        if let Some(failure) = self.found.failure().map(ToString::to_string) {
            if error_state::ui(ui, "The versions could not be searched", &failure) {
                self.found.try_again();
            }
            return;
        }
        let Some(found) = self.found.found() else {
            skeleton::lines(ui, 6);
            return;
        };
        if found.is_empty() {
            if empty_state::ui(ui, "No version has these words", Some("Show all versions")) {
                (self.text, self.label) = (String::new(), None);
            }
            return;
        }
        let total = self.found.total();
        let words = if total == 1 { "1 version".to_owned() } else { format!("{} versions", number::count(total)) };
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut last = 0;
        ScrollArea::vertical().id_salt("found versions").auto_shrink(false).show_rows(ui, ROW_HEIGHT, found.len(), |ui, visible| {
            last = visible.end;
            for version in found.get(visible).unwrap_or_default() {
                if found_ui(ui, version, now, tokens) {
                    wishes.push(Wish::Versions(Asked::Show(version.prompt_id, version.id)));
                }
            }
        });
        self.found.on_seen(last, ui.ctx());
    }
}

fn found_ui(ui: &mut Ui, version: &VersionFound, now: DateTime<Utc>, tokens: &Tokens) -> bool {
    let name = format!("{} v{}", version.prompt_name, version.version);
    let said = format!("Found {name}{}", if version.is_live { ", live" } else { "" });
    let row = list_row::ui(ui, &said, false, ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                age_ui(ui, version.created_at, now, tokens);
                if version.is_live {
                    ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(&name).font(theme::semibold(theme::TEXT_BODY))).truncate().show_tooltip_when_elided(false));
                });
            });
        });
        let note = if version.note.trim().is_empty() { version.author.trim() } else { version.note.trim() };
        ui.add(Label::new(labelled(&version.labels, note, tokens)).truncate().show_tooltip_when_elided(false));
        ui.add(Label::new(marked(&version.excerpt, &version.marks, tokens)).truncate().show_tooltip_when_elided(false));
    });
    let clicked = row.clicked();
    if !version.excerpt.is_empty() {
        row.on_hover_text(&version.excerpt);
    }
    clicked
}

/// A line with the words that were looked for on a ground.
fn marked(excerpt: &str, marks: &[[u32; 2]], tokens: &Tokens) -> LayoutJob {
    let font = FontId::monospace(theme::TEXT_SMALL);
    let plain = TextFormat::simple(font.clone(), tokens.muted);
    let found = TextFormat { background: tokens.selection, ..TextFormat::simple(font, tokens.text) };
    let mut job = LayoutJob::default();
    let mut at = 0;
    for [from, to] in marks {
        let (from, to) = (*from as usize, *to as usize);
        job.append(excerpt.get(at..from).unwrap_or_default(), 0.0, plain.clone());
        job.append(excerpt.get(from..to).unwrap_or_default(), 0.0, found.clone());
        at = to;
    }
    job.append(excerpt.get(at..).unwrap_or_default(), 0.0, plain);
    job
}
