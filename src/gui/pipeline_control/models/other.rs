//! A model that the list does not have, made live by its full name: what speaks against it is said where it is typed.

use egui::{Button, Label, RichText, TextEdit, Ui, WidgetInfo};

use crate::gui::pipeline_control::Wish;
use crate::gui::theme;
use crate::gui::widgets::section;
use crate::wire::model::ModelInfo;

/// What is said of a model that nobody knows a price of.
pub const PRICE_UNKNOWN: &str = "Its price is unknown";
/// The platform asks first: its provider's list does not have the model.
const NOT_OFFERED: &str = "not_offered";

/// The field's memory.
#[derive(Default)]
pub struct OtherModel {
    typed: String,
    refused: Option<Refused>,
}

/// Why the platform did not make a model live.
struct Refused {
    name: String,
    why: String,
    /// It can be meant all the same.
    may_be_meant: bool,
    /// It is to be brought into sight: the field stands at the end of a long list.
    is_new: bool,
}

impl OtherModel {
    /// The platform did not make it live. Returns whether it is this one.
    pub fn refuse(&mut self, name: &str, code: &str, why: &str) -> bool {
        let is_this = self.typed.trim() == name;
        if is_this {
            let why = why.trim_end_matches(". Confirm to make it live all the same").to_owned();
            self.refused = Some(Refused { name: name.to_owned(), why, may_be_meant: code == NOT_OFFERED, is_new: true });
        }
        is_this
    }

    /// Draws it. `listed`: the models of the list.
    pub fn ui(&mut self, ui: &mut Ui, listed: &[ModelInfo], is_busy: bool, wishes: &mut Vec<Wish>) {
        section::heading(ui, "Another model");
        let mut entered = false;
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 96.0).max(80.0);
            let field = ui.add(TextEdit::singleline(&mut self.typed).hint_text("gemini/MODEL").char_limit(120).desired_width(width));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Full name of another model"));
            entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let can = !is_busy && !self.typed.trim().is_empty();
            let button = ui.add_enabled(can, Button::new("Make live"));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, can, "Make the other model live"));
            if can && (button.clicked() || entered) {
                self.refused = None;
                wishes.push(Wish::Activate(self.typed.trim().to_owned()));
            }
        });
        self.said_ui(ui, listed, is_busy, wishes);
    }

    /// What is known of the name below the field.
    fn said_ui(&mut self, ui: &mut Ui, listed: &[ModelInfo], is_busy: bool, wishes: &mut Vec<Wish>) {
        let tokens = theme::tokens(ui.ctx());
        let name = self.typed.trim();
        let small = |ui: &mut Ui, words: &str, colour| ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).wrap());
        if let Some(refused) = self.refused.as_mut().filter(|refused| refused.name == name) {
            let said = small(ui, &refused.why, if refused.may_be_meant { tokens.warn } else { tokens.bad });
            if std::mem::take(&mut refused.is_new) {
                said.scroll_to_me(None);
            }
        }
        let refused = self.refused.as_ref().filter(|refused| refused.name == name);
        let may_be = refused.is_none_or(|refused| refused.may_be_meant) && is_unlisted(name, listed);
        if may_be {
            small(ui, &format!("It is not in the list above. {PRICE_UNKNOWN}"), tokens.muted);
        }
        if refused.is_some_and(|refused| refused.may_be_meant) && ui.add_enabled(!is_busy, Button::new("Make live all the same")).clicked() {
            wishes.push(Wish::ActivateAllTheSame(name.to_owned()));
        }
    }
}

/// Whether it can be a model of a provider that is known, and is not in the list.
fn is_unlisted(name: &str, listed: &[ModelInfo]) -> bool {
    let of = name.split_once('/').filter(|(_, model)| !model.is_empty()).map(|(provider, _)| provider);
    of.is_some_and(|provider| listed.iter().any(|model| model.provider == provider)) && listed.iter().all(|model| model.name != name)
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::model;
    use super::*;

    #[test]
    fn what_is_refused_is_said_at_the_name_that_is_typed_and_nowhere_else() {
        let mut other = OtherModel { typed: " gemini/none ".to_owned(), refused: None };
        assert!(!other.refuse("gemini/other", NOT_OFFERED, "no"));
        assert!(other.refuse("gemini/none", NOT_OFFERED, "It is not offered. Confirm to make it live all the same"));
        let refused = other.refused.expect("said");
        assert_eq!((refused.why.as_str(), refused.may_be_meant), ("It is not offered", true));
    }

    #[test]
    fn only_a_model_of_a_provider_that_there_is_can_be_one_that_is_not_listed() {
        let listed = [model("gemini", None, None)];
        let unlisted = ["gemini/none", "gemini/m", "gemini/", "foo/bar"].map(|name| is_unlisted(name, &listed));
        assert_eq!(unlisted, [true, false, false, false]);
    }
}
