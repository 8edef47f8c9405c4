//! The prompts: which there are, which one is live, which have text that is not saved as a version.

use egui::{Align, Key, Label, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::Wish;
use super::data::Data;
use crate::gui::ctx::Command;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, error_state, list_row, section, skeleton};
use crate::wire::ids::PromptId;
use crate::wire::prompt::Prompt;

/// A name that is being typed.
#[derive(Default)]
pub struct Renaming {
    pub of: Option<PromptId>,
    name: String,
    has_focus: bool,
    /// A name that the platform did not take, and why.
    trouble: Option<(String, String)>,
}

impl Renaming {
    pub fn start(&mut self, prompt: &Prompt) {
        *self = Self { of: Some(prompt.id), name: prompt.name.clone(), ..Self::default() };
    }

    /// Whether no other prompt is just given a name.
    pub fn is_free_for(&self, id: PromptId) -> bool {
        self.of.is_none_or(|of| of == id)
    }

    /// The platform did not take the name: it stands in the field again, and why beside it.
    pub fn refused(&mut self, prompt: &Prompt, name: String, why: String) {
        let trouble = Some((name.clone(), why));
        *self = Self { of: Some(prompt.id), name, trouble, has_focus: false };
    }

    /// Why the name that is typed can't be had.
    fn trouble(&self, others: &[Prompt]) -> Option<String> {
        let taken = taken(&self.name, others.iter().filter(|other| Some(other.id) != self.of));
        let refused = self.trouble.as_ref().filter(|(name, _)| *name == self.name).map(|(_, why)| why.clone());
        taken.or(refused)
    }
}

/// Draws the list. `edited`: prompts whose text here is newer than any version.
pub fn ui(ui: &mut Ui, data: &Data, open: Option<PromptId>, edited: &[PromptId], renaming: &mut Renaming, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    section::ui(ui, "Prompts", |ui| {
        let new = Command::NewPrompt;
        if Tool::new(icons::ICON_ADD, "New prompt…").shortcut(new.shortcut()).icon_only().ui(ui).clicked() {
            wishes.push(Wish::NewPrompt);
        }
        // Where the list is narrow, the palette and a dropped file are the ways.
        let has_room = ui.available_width() > 36.0;
        let import = Command::ImportPrompts;
        if has_room && Tool::new(icons::ICON_UPLOAD_FILE, "Import prompts…").tooltip(&import.tooltip()).icon_only().ui(ui).clicked() {
            wishes.push(Wish::Import);
        }
    });
    ui.add_space(theme::GAP_4);
    let Some(page) = data.prompts.value() else {
        match data.prompts.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The prompts could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    if page.items.is_empty() {
        if empty_state::ui(ui, "No prompt yet", Some("New prompt…")) {
            wishes.push(Wish::NewPrompt);
        }
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for prompt in &page.items {
            if renaming.of == Some(prompt.id) {
                rename_ui(ui, prompt, &page.items, renaming, wishes);
                continue;
            }
            let is_edited = edited.contains(&prompt.id);
            row_ui(ui, prompt, open == Some(prompt.id), is_edited, tokens, wishes);
        }
    });
}

fn row_ui(ui: &mut Ui, prompt: &Prompt, is_open: bool, is_edited: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let mut marks = Vec::new();
    if let Some(live) = prompt.live_version {
        marks.push(format!("v{live} is live"));
    }
    if is_edited {
        marks.push("has a draft".to_owned());
    }
    let name = if marks.is_empty() { prompt.name.clone() } else { format!("{}, {}", prompt.name, marks.join(", ")) };
    let response = list_row::ui(ui, &name, is_open, theme::ROW_HEIGHT + 4.0, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            if let Some(live) = prompt.live_version {
                let has_room = ui.available_width() > 120.0;
                if has_room {
                    ui.label(RichText::new(format!("v{live}")).size(theme::TEXT_SMALL).color(tokens.good));
                }
                ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good));
            }
            if is_edited {
                ui.label(RichText::new(icons::ICON_EDIT.codepoint).size(14.0).color(tokens.warn));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(&prompt.name)).truncate().show_tooltip_when_elided(false));
            });
        });
    });
    if response.clicked() {
        wishes.push(Wish::Open(prompt.id));
    }
    let renames = response.double_clicked() || (response.has_focus() && ui.input(|input| input.key_pressed(Key::F2)));
    if renames {
        wishes.push(Wish::StartRename(prompt.id));
    }
    response.context_menu(|ui| {
        if ui.button("Rename…").clicked() {
            wishes.push(Wish::StartRename(prompt.id));
        }
    });
    response.on_hover_ui(|ui| {
        ui.label(theme_name(&prompt.name));
        for mark in &marks {
            ui.label(RichText::new(mark).color(tokens.muted));
        }
        ui.label(RichText::new("F2 to rename").size(theme::TEXT_SMALL).color(tokens.muted));
    });
}

fn theme_name(name: &str) -> RichText {
    RichText::new(name).font(theme::semibold(theme::TEXT_BODY))
}

/// What is said of a name that a prompt has already.
pub fn taken<'p>(name: &str, mut prompts: impl Iterator<Item = &'p Prompt>) -> Option<String> {
    let wanted = name.trim().to_lowercase();
    let other = prompts.find(|prompt| prompt.name.to_lowercase() == wanted)?;
    Some(format!("There is a prompt named '{}' already; choose another name", other.name))
}

fn rename_ui(ui: &mut Ui, prompt: &Prompt, prompts: &[Prompt], renaming: &mut Renaming, wishes: &mut Vec<Wish>) {
    let field = ui.add(TextEdit::singleline(&mut renaming.name).char_limit(80).desired_width(f32::INFINITY));
    field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Name of the prompt"));
    let trouble = renaming.trouble(prompts);
    if let Some(why) = &trouble {
        ui.add(Label::new(RichText::new(why).size(theme::TEXT_SMALL).color(theme::tokens(ui.ctx()).bad)).wrap());
    }
    if !std::mem::replace(&mut renaming.has_focus, true) {
        field.request_focus();
        return;
    }
    if !field.lost_focus() {
        return;
    }
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    if trouble.is_some() && !is_given_up {
        // What was typed stays, to be mended.
        if ui.input(|input| input.key_pressed(Key::Enter)) {
            field.request_focus();
        }
        return;
    }
    renaming.of = None;
    let name = renaming.name.trim();
    if !is_given_up && !name.is_empty() && name != prompt.name {
        wishes.push(Wish::Rename(prompt.id, name.to_owned()));
    }
}
