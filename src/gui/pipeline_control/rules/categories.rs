//! Categories: groups of tags with thresholds of their own, listed, added, edited and removed.

use egui::{Align, Frame, Label, Layout, Margin, RichText, TextEdit, Ui, WidgetInfo, vec2};

use super::fields::{percent_ui, threshold_troubles};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::wire::config::ProcessingRules;
use crate::wire::replay::Replay;
use crate::wire::rules::Category;

/// A category that is being added or edited.
#[derive(Default)]
pub struct CategoryEditor {
    open: Option<Open>,
}

struct Open {
    /// As it is called so far; `None`: it is new.
    of: Option<String>,
    name: String,
    tags: String,
    accept_threshold: f32,
    reject_threshold: f32,
    has_focus: bool,
}

impl Open {
    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags.split([',', '\n']).map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    /// What is wrong with the name, and with the tags.
    fn troubles(&self, rules: &ProcessingRules) -> (Option<String>, Option<String>) {
        let name = self.name.trim();
        let others = || rules.categories.iter().filter(|(other, _)| Some(*other) != self.of.as_ref());
        let name_trouble = match () {
            () if name.is_empty() => Some("Give it a name".to_owned()),
            () if others().any(|(other, _)| other.to_lowercase() == name.to_lowercase()) => Some(format!("There is a category {name} already")),
            () => None,
        };
        let tags = self.tags();
        let taken = tags.iter().find_map(|tag| others().find(|(_, other)| other.tags.contains(tag)).map(|(other, _)| (tag, other)));
        let tag_trouble = match taken {
            _ if tags.is_empty() => Some("Name at least one tag".to_owned()),
            Some((tag, other)) => Some(format!("'{tag}' is in {other} already")),
            None => None,
        };
        (name_trouble, tag_trouble)
    }
}

impl CategoryEditor {
    /// Draws the categories; `replay` tells what would move in each.
    pub fn ui(&mut self, ui: &mut Ui, rules: &mut ProcessingRules, replay: Option<&Replay>, tokens: &Tokens) {
        let mut remove = None;
        for (name, category) in &rules.categories {
            if self.open.as_ref().is_some_and(|open| open.of.as_ref() == Some(name)) {
                continue;
            }
            let height = 2.0 * theme::TEXT_BODY + theme::GAP_12;
            ui.allocate_ui_with_layout(vec2(ui.available_width(), height), Layout::right_to_left(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if Tool::new(icons::ICON_DELETE, &format!("Remove category {name}")).icon_only().ui(ui).clicked() {
                    remove = Some(name.clone());
                }
                if Tool::new(icons::ICON_EDIT, &format!("Edit category {name}")).icon_only().ui(ui).clicked() {
                    self.open = Some(Open {
                        of: Some(name.clone()),
                        name: name.clone(),
                        tags: category.tags.join(", "),
                        accept_threshold: category.accept_threshold,
                        reject_threshold: category.reject_threshold,
                        has_focus: false,
                    });
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    ui.add(Label::new(RichText::new(name).font(theme::semibold(theme::TEXT_BODY))).truncate());
                    let words = super::super::field_words::category_words(category);
                    ui.add(Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(&words);
                    let moved = replay.and_then(|replay| replay.categories.iter().find(|part| part.name == *name));
                    if let Some(part) = moved.filter(|part| part.moved > 0) {
                        let words = format!("{} of {} photos would move", part.moved, part.photos);
                        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn));
                    }
                });
            });
            ui.add_space(theme::GAP_4);
        }
        if let Some(name) = remove {
            rules.categories.remove(&name);
        }
        if self.open.is_some() {
            self.editor_ui(ui, rules, tokens);
        } else {
            let button = ui.button((RichText::from(icons::ICON_ADD), "Add category…"));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Add category…"));
            let says = "Tags with thresholds of their own: a photo belongs to the category that names its most confident tag";
            if button.on_hover_text(says).clicked() {
                let (accept_threshold, reject_threshold) = (rules.accept_threshold, rules.reject_threshold);
                self.open = Some(Open { of: None, name: String::new(), tags: String::new(), accept_threshold, reject_threshold, has_focus: false });
            }
        }
    }

    fn editor_ui(&mut self, ui: &mut Ui, rules: &mut ProcessingRules, tokens: &Tokens) {
        let Some(open) = &mut self.open else { return };
        let mut is_done = false;
        Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let (name_trouble, tag_trouble) = open.troubles(rules);
            let label = ui.label(RichText::new("Name of the category").size(theme::TEXT_SMALL));
            let edit =
                TextEdit::singleline(&mut open.name).id_salt("category name").hint_text("Such as Pets").char_limit(60).desired_width(f32::INFINITY);
            let field = ui.add(edit).labelled_by(label.id);
            if !std::mem::replace(&mut open.has_focus, true) {
                field.request_focus();
            }
            if let Some(trouble) = name_trouble.as_ref().filter(|_| !open.name.is_empty()) {
                ui.label(RichText::new(trouble).size(theme::TEXT_SMALL).color(tokens.bad));
            }
            let label = ui.label(RichText::new("Its tags, apart by commas").size(theme::TEXT_SMALL));
            let edit =
                TextEdit::multiline(&mut open.tags).id_salt("category tags").hint_text("dog, cat").desired_rows(2).desired_width(f32::INFINITY);
            ui.add(edit).labelled_by(label.id);
            if let Some(trouble) = tag_trouble.as_ref().filter(|_| !open.tags.trim().is_empty()) {
                ui.label(RichText::new(trouble).size(theme::TEXT_SMALL).color(tokens.bad));
            }
            let (accept, reject) = (open.accept_threshold, open.reject_threshold);
            let [below, above] = threshold_troubles(accept, reject);
            percent_ui(ui, "Category accepts from", "Accept from", &mut open.accept_threshold, reject..=1.0, below.as_deref());
            percent_ui(ui, "Category rejects below", "Reject below", &mut open.reject_threshold, 0.0..=accept, above.as_deref());
            ui.add_space(theme::GAP_4);
            ui.horizontal(|ui| {
                let trouble = name_trouble.or(tag_trouble).or(below).or(above);
                let (can, why) = (trouble.is_none(), trouble.unwrap_or_default());
                let verb = if open.of.is_some() { "Set category" } else { "Add category" };
                if ui.add_enabled(can, egui::Button::new(verb)).on_disabled_hover_text(why).clicked() {
                    if let Some(of) = &open.of {
                        rules.categories.remove(of);
                    }
                    let (accept_threshold, reject_threshold) = (open.accept_threshold, open.reject_threshold);
                    let category = Category { tags: open.tags(), accept_threshold, reject_threshold };
                    rules.categories.insert(open.name.trim().to_owned(), category);
                    is_done = true;
                }
                is_done |= ui.button("Cancel").clicked();
            });
        });
        if is_done {
            self.open = None;
        }
    }
}
