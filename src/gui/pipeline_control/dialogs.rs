//! What is asked before something new is made: a prompt's name, a version's note.

use egui::{Button, Id, Label, Modal, RichText, TextEdit, Ui};

use super::prompt_list;
use super::template_check::Facts;
use crate::gui::ctx::modal;
use crate::gui::theme::{self, Tokens};
use crate::wire::ids::PromptId;
use crate::wire::prompt::Prompt;

/// A dialog is open; it asks once and then gives what was answered.
pub enum Dialog {
    NewPrompt(NewPrompt),
    SaveVersion(SaveVersion),
}

/// A prompt that is about to be made.
pub struct NewPrompt {
    name: String,
    /// The open prompt's name; its text can be taken over.
    pub like: Option<String>,
    copies: bool,
    has_focus: bool,
    /// A name that the platform did not take, and why.
    trouble: Option<(String, String)>,
}

impl NewPrompt {
    #[must_use]
    pub fn new(like: Option<String>) -> Self {
        Self { name: String::new(), like, copies: false, has_focus: false, trouble: None }
    }

    /// The platform did not make it: said at the field, where it can be mended.
    pub fn refused(&mut self, why: String) {
        self.trouble = Some((self.name.clone(), why));
        self.has_focus = false;
    }
}

/// A version that is about to be saved.
pub struct SaveVersion {
    pub prompt: PromptId,
    /// Such as `Photo tags v4`.
    pub label: String,
    note: String,
    pub makes_live: bool,
    /// Why the platform did not take it.
    pub trouble: Option<String>,
    has_focus: bool,
}

impl SaveVersion {
    #[must_use]
    pub fn new(prompt: PromptId, label: String, makes_live: bool) -> Self {
        Self { prompt, label, note: String::new(), makes_live, trouble: None, has_focus: false }
    }
}

/// What was decided.
pub enum Answer {
    Close,
    Create { name: String, copies: bool },
    Save { note: String, makes_live: bool },
    GoToLine(u32),
}

impl Dialog {
    /// Draws the dialog; returns what was decided. `prompts`: whose names are taken; `facts`: of the text in the editor; `others`: the other
    /// parts in which something is wrong;
    /// `is_busy`: the platform is working on the last answer.
    pub fn ui(&mut self, ui: &Ui, prompts: &[Prompt], (facts, others): (Option<&Facts>, &[&str]), is_busy: bool) -> Option<Answer> {
        let tokens = theme::tokens(ui.ctx());
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("prompt dialog")), |ui| {
            ui.set_width(420.0);
            match self {
                Self::NewPrompt(new) => new_prompt_ui(ui, new, prompts, is_busy, tokens),
                Self::SaveVersion(save) => save_version_ui(ui, save, (facts, others), is_busy, tokens),
            }
        });
        let closes = shown.closes && !is_busy;
        shown.inner.or_else(|| closes.then_some(Answer::Close))
    }
}

fn new_prompt_ui(ui: &mut Ui, new: &mut NewPrompt, prompts: &[Prompt], is_busy: bool, tokens: &Tokens) -> Option<Answer> {
    ui.label(RichText::new("New prompt").font(theme::semibold(theme::TEXT_STRONG)));
    ui.add_space(theme::GAP_8);
    let label = ui.label("Name");
    let edit = TextEdit::singleline(&mut new.name).hint_text("Such as Street scenes").char_limit(80);
    let field = ui.add(edit.desired_width(f32::INFINITY)).labelled_by(label.id);
    take_focus(&field, &mut new.has_focus);
    let refused = new.trouble.as_ref().filter(|(name, _)| *name == new.name).map(|(_, why)| why.clone());
    let trouble = prompt_list::taken(&new.name, prompts.iter()).or(refused);
    if let Some(why) = &trouble {
        ui.add(Label::new(RichText::new(why).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
    }
    let is_taken = trouble.is_some();
    if is_taken && field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        field.request_focus();
    }
    if let Some(like) = &new.like {
        ui.checkbox(&mut new.copies, format!("Start with the text of {like}"));
    }
    ui.add_space(theme::GAP_12);
    let can = !is_busy && !is_taken && !new.name.trim().is_empty();
    decide_ui(ui, "Create", can, is_busy, &field, tokens)
        .map(|yes| if yes { Answer::Create { name: new.name.trim().to_owned(), copies: new.copies } } else { Answer::Close })
}

fn save_version_ui(
    ui: &mut Ui,
    save: &mut SaveVersion,
    (facts, others): (Option<&Facts>, &[&str]),
    is_busy: bool,
    tokens: &Tokens,
) -> Option<Answer> {
    ui.label(RichText::new(format!("Save as {}", save.label)).font(theme::semibold(theme::TEXT_STRONG)));
    ui.label(RichText::new("A version never changes, so that results stay comparable").color(tokens.muted));
    ui.add_space(theme::GAP_8);
    let fault = facts.and_then(|facts| facts.trouble.as_ref());
    let mut answer = None;
    if let Some((line, why)) = fault {
        ui.label(RichText::new(format!("Line {line}: {why}")).color(tokens.bad));
        if ui.button(format!("Go to line {line}")).clicked() {
            answer = Some(Answer::GoToLine(*line));
        }
        ui.add_space(theme::GAP_8);
    }
    if !others.is_empty() {
        let also = if fault.is_some() { "There is something wrong too" } else { "There is something wrong" };
        ui.add(Label::new(RichText::new(format!("{also} in: {}", others.join(", "))).color(tokens.bad)).wrap());
        ui.add_space(theme::GAP_8);
    }
    let label = ui.label("Note (optional)");
    let edit = TextEdit::singleline(&mut save.note).hint_text("What is different, and why").char_limit(200);
    let field = ui.add(edit.desired_width(f32::INFINITY)).labelled_by(label.id);
    take_focus(&field, &mut save.has_focus);
    ui.checkbox(&mut save.makes_live, "Make it live").on_hover_text("Use it for every photo from now on; can be undone");
    if let Some(trouble) = &save.trouble {
        ui.label(RichText::new(trouble).color(tokens.bad));
    }
    ui.add_space(theme::GAP_12);
    let can = !is_busy && fault.is_none();
    let verb = if save.makes_live { "Save and make live" } else { "Save version" };
    let decided = decide_ui(ui, verb, can, is_busy, &field, tokens);
    let decided =
        decided.map(|yes| if yes { Answer::Save { note: save.note.trim().to_owned(), makes_live: save.makes_live } } else { Answer::Close });
    answer.or(decided)
}

/// The field takes the keyboard when the dialog opens.
fn take_focus(field: &egui::Response, has_focus: &mut bool) {
    if !std::mem::replace(has_focus, true) {
        field.request_focus();
    }
}

/// The buttons; Enter in the field is the first of them.
fn decide_ui(ui: &mut Ui, verb: &str, can: bool, is_busy: bool, field: &egui::Response, tokens: &Tokens) -> Option<bool> {
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let mut decided = (can && entered).then_some(true);
    ui.horizontal(|ui| {
        let words = RichText::new(verb).color(if can { tokens.on_accent } else { tokens.muted });
        let button = if can { Button::new(words).fill(tokens.accent) } else { Button::new(words) };
        if ui.add_enabled(can, button).clicked() {
            decided = Some(true);
        }
        if ui.add_enabled(!is_busy, Button::new("Cancel")).clicked() {
            decided = Some(false);
        }
        if is_busy {
            ui.spinner();
        }
    });
    decided
}
