//! Corrections in side by side: a person says at the tags of the answers which are right, and that is the photo's ground truth.

use egui::{Button, Key, Label, Modifiers, RichText, TextEdit, Ui, WidgetInfo};

use super::side_pane::LETTERS;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::chip::Chip;
use crate::wire::result::Tag;
use crate::wire::tag::normal_name;

const FIELD_WIDTH: f32 = 164.0;

/// What is kept between frames.
#[derive(Debug, Default)]
pub struct Correcting {
    pub is_on: bool,
    typed: String,
}

impl Correcting {
    /// Draws the line above the tags: what no answer has, and what takes all of an answer. `known`: the labels as they are, and
    /// what is said until they are read: nothing is changed as long. Returns the labels as they shall be.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        (known, unread): (Option<&[String]>, Option<&str>),
        answers: &[Option<&[Tag]>],
        tokens: &Tokens,
    ) -> Option<Vec<String>> {
        let mut wanted = None;
        let (labels, is_read) = (known.unwrap_or_default(), unread.is_none());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(theme::GAP_4, theme::GAP_4);
            ui.label(RichText::new(icons::ICON_FACT_CHECK.codepoint).color(tokens.accent));
            ui.add(Label::new(RichText::new(unread.map_or_else(|| standing(known), str::to_owned)).color(tokens.muted)));
            for (at, tags) in answers.iter().enumerate() {
                let Some(tags) = tags.filter(|tags| tags.iter().any(|tag| !is_right(labels, &tag.name))) else { continue };
                let about = format!("All tags of {} are right; then take the wrong ones off", LETTERS[at]);
                if ui.add_enabled(is_read, Button::new(format!("All of {}", LETTERS[at]))).on_hover_text(about).clicked() {
                    wanted = Some(with(labels, tags.iter().map(|tag| tag.name.as_str())));
                }
            }
            let found: Vec<String> = answers.iter().flatten().flat_map(|tags| tags.iter()).map(|tag| normal_name(&tag.name)).collect();
            for missed in labels.iter().filter(|label| !found.contains(label)) {
                let chip = Chip::new(missed).icon(icons::ICON_CLOSE).colour(tokens.bad);
                let chip = if is_read { chip.clickable() } else { chip }.ui(ui);
                chip.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Take off {missed}")));
                if chip.on_hover_text("No answer has it. Take it off").clicked() {
                    wanted = Some(without(labels, missed));
                }
            }
            let field = ui.add(TextEdit::singleline(&mut self.typed).hint_text("Add what is missing").desired_width(FIELD_WIDTH));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Tags that no answer has"));
            if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) && !self.typed.trim().is_empty() && is_read {
                wanted = Some(with(labels, std::mem::take(&mut self.typed).split(',')));
                field.request_focus();
            }
        });
        wanted
    }

    /// L turns it on and off.
    pub fn key(&mut self, ui: &Ui) {
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::L)) {
            self.is_on = !self.is_on;
        }
    }
}

/// Whether the labels have a tag, in whatever spelling.
#[must_use]
pub fn is_right(labels: &[String], name: &str) -> bool {
    labels.contains(&normal_name(name))
}

/// The labels once a tag was clicked: with it, or without it if they had it.
#[must_use]
pub fn turned(known: Option<&[String]>, name: &str) -> Vec<String> {
    let labels = known.unwrap_or_default();
    if is_right(labels, name) { without(labels, &normal_name(name)) } else { with(labels, std::iter::once(name)) }
}

fn with<'n>(labels: &[String], names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut all: Vec<String> = labels.iter().cloned().chain(names.map(normal_name).filter(|name| !name.is_empty())).collect();
    all.sort();
    all.dedup();
    all
}

fn without(labels: &[String], name: &str) -> Vec<String> {
    labels.iter().filter(|label| *label != name).cloned().collect()
}

fn standing(known: Option<&[String]>) -> String {
    match known {
        None => "Nobody has said yet what is in this photo: click the tags that are right".to_owned(),
        Some([]) => "There is nothing to name in this photo".to_owned(),
        Some([_]) => "1 tag is right".to_owned(),
        Some(tags) => format!("{} tags are right", tags.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_says_that_a_tag_is_right_and_takes_it_back() {
        let once = turned(None, "Golden-Retriever");
        assert_eq!(once, ["golden retriever"]);
        assert!(is_right(&once, "golden retriever") && is_right(&once, "Golden-Retriever"));
        let twice = turned(Some(&once), "Ball");
        assert_eq!(twice, ["ball", "golden retriever"]);
        assert_eq!(turned(Some(&twice), "golden retriever"), ["ball"]);
        assert_eq!(turned(Some(&["ball".to_owned()]), "ball"), Vec::<String>::new(), "a person looked, and nothing is to be named");
    }

    #[test]
    fn what_is_known_is_told_in_words() {
        assert_eq!(standing(Some(&[])), "There is nothing to name in this photo");
        assert_eq!(standing(Some(&["dog".to_owned(), "ball".to_owned()])), "2 tags are right");
    }
}
