//! The dialog that adds a server which speaks the `OpenAI` chat format.

use egui::{Button, Grid, Id, Key, Label, Modal, RichText, TextEdit, Ui};

use crate::gui::ctx::modal;
use crate::gui::theme;
use crate::wire::provider::{AddProvider, ProviderLimits, ProviderSetting};

/// Servers that people run or use: name on screen, name of the provider, where it usually is.
const PRESETS: [(&str, &str, &str); 6] = [
    ("LM Studio", "lmstudio", "http://localhost:1234/v1"),
    ("llama.cpp", "llamacpp", "http://localhost:8080/v1"),
    ("vLLM", "vllm", "http://localhost:8000/v1"),
    ("LiteLLM", "litellm", "http://localhost:4000/v1"),
    ("OpenRouter", "openrouter", "https://openrouter.ai/api/v1"),
    ("Ollama (v1)", "ollama-v1", "http://localhost:11434/v1"),
];

/// What is typed.
#[derive(Default)]
pub struct AddDialog {
    name: String,
    base_url: String,
    allow_http: bool,
    trouble: Option<(String, String)>,
    has_focus: bool,
}

/// What was decided.
pub enum Answer {
    Close,
    Add(AddProvider),
}

impl AddDialog {
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.trim()
    }

    /// The platform did not take it.
    pub fn refuse(&mut self, code: String, why: String) {
        self.trouble = Some((code, why));
    }

    /// Draws the dialog; `is_busy`: the platform is working on the last answer.
    pub fn ui(&mut self, ui: &Ui, is_busy: bool) -> Option<Answer> {
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("add a server")), |ui| {
            ui.set_width(460.0);
            self.form_ui(ui, is_busy)
        });
        let closes = shown.closes && !is_busy;
        shown.inner.or_else(|| closes.then_some(Answer::Close))
    }

    fn form_ui(&mut self, ui: &mut Ui, is_busy: bool) -> Option<Answer> {
        let tokens = theme::tokens(ui.ctx());
        ui.label(RichText::new("Add a compatible server").font(theme::semibold(theme::TEXT_STRONG)));
        let words = "Any server that speaks OpenAI's chat format. Its key, if it wants one, is entered on its page";
        ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
        ui.add_space(theme::GAP_8);
        ui.horizontal_wrapped(|ui| {
            for (label, name, base_url) in PRESETS {
                let is_chosen = self.name == name && self.base_url == base_url;
                if ui.add(Button::selectable(is_chosen, label)).on_hover_text(base_url).clicked() {
                    (self.name, self.base_url, self.trouble) = (name.to_owned(), base_url.to_owned(), None);
                }
            }
        });
        ui.add_space(theme::GAP_8);
        let before = (self.name.clone(), self.base_url.clone());
        let mut entered = false;
        Grid::new("server").num_columns(2).spacing([theme::GAP_12, theme::GAP_8]).show(ui, |ui| {
            let label = ui.label("Name");
            let name =
                ui.add(TextEdit::singleline(&mut self.name).hint_text("Such as lab: its models are lab/MODEL").char_limit(32).desired_width(350.0));
            let name = name.labelled_by(label.id);
            if !std::mem::replace(&mut self.has_focus, true) {
                name.request_focus();
            }
            ui.end_row();
            let label = ui.label("Address");
            let url = TextEdit::singleline(&mut self.base_url).hint_text("http://localhost:1234/v1").char_limit(500).desired_width(350.0);
            let url = ui.add(url).labelled_by(label.id);
            entered = (name.lost_focus() || url.lost_focus()) && ui.input(|input| input.key_pressed(Key::Enter));
            ui.end_row();
        });
        if before != (self.name.clone(), self.base_url.clone()) {
            (self.trouble, self.allow_http) = (None, false);
        }
        if let Some((code, why)) = &self.trouble {
            let is_question = code == "http_unconfirmed";
            ui.add(Label::new(RichText::new(why).color(if is_question { tokens.warn } else { tokens.bad })).wrap());
            if is_question {
                ui.checkbox(&mut self.allow_http, "Send photos and the key unencrypted all the same");
            }
        }
        ui.add_space(theme::GAP_12);
        self.buttons_ui(ui, entered, is_busy)
    }

    fn buttons_ui(&self, ui: &mut Ui, entered: bool, is_busy: bool) -> Option<Answer> {
        let tokens = theme::tokens(ui.ctx());
        let mut answer = None;
        ui.horizontal(|ui| {
            let can = !is_busy && !self.name.trim().is_empty() && !self.base_url.trim().is_empty();
            let words = RichText::new("Add server").color(if can { tokens.on_accent } else { tokens.muted });
            let button = if can { Button::new(words).fill(tokens.accent) } else { Button::new(words) };
            if ui.add_enabled(can, button).clicked() || (can && entered) {
                let setting = ProviderSetting {
                    base_url: Some(self.base_url.trim().to_owned()),
                    allow_http: self.allow_http,
                    limits: ProviderLimits::default(),
                };
                answer = Some(Answer::Add(AddProvider { name: self.name.trim().to_owned(), setting }));
            }
            if ui.add_enabled(!is_busy, Button::new("Cancel")).clicked() {
                answer = Some(Answer::Close);
            }
            if is_busy {
                ui.spinner();
            }
        });
        answer
    }
}
