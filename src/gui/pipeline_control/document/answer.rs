//! The schema of the answer: as a form and as JSON, both over one text.

use egui::{Align, Checkbox, ComboBox, Frame, Key, Label, Layout, Margin, RichText, ScrollArea, TextEdit, Ui, WidgetInfo};
use serde_json::Value;

use super::schema_form::{self, Change, Field, Kind};
use super::settings;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::choice;
use crate::gui::widgets::prompt_editor::marks::Mark;
use crate::gui::widgets::prompt_editor::typed::TypedText;
use crate::gui::widgets::prompt_editor::{Options, PromptEditor};
use crate::gui::widgets::toolbar::Tool;
use crate::wire::answer_schema::{AnswerSchema, SchemaProblem, shipped};

/// How the schema is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Form,
    Json,
}

/// The tab's memory.
#[derive(Default)]
pub struct AnswerTab {
    mode: Mode,
    editor: PromptEditor,
    read: Option<(u64, Read)>,
    go_to_line: Option<u32>,
    /// Where a change was refused, and why.
    refused: Option<(String, String)>,
}

/// What a text is.
struct Read {
    /// `None`: not JSON, or no object.
    value: Option<Value>,
    checked: Result<AnswerSchema, Vec<SchemaProblem>>,
}

/// A change that the form asks for: where, in which field, what.
struct Asked {
    at: String,
    name: String,
    change: Change,
}

impl AnswerTab {
    /// What is wrong with a schema; looked at again only when the text is another. An empty one is the shipped one.
    pub fn problems(&mut self, text: &str) -> &[SchemaProblem] {
        if text.trim().is_empty() {
            return &[];
        }
        match &self.read(text).checked {
            Ok(_) => &[],
            Err(problems) => problems,
        }
    }

    fn read(&mut self, text: &str) -> &Read {
        let key = egui::util::hash(text);
        if self.read.as_ref().is_some_and(|(made, _)| *made != key) {
            self.read = None;
        }
        let made = || Read { value: serde_json::from_str(text).ok().filter(Value::is_object), checked: AnswerSchema::parse(text) };
        &self.read.get_or_insert_with(|| (key, made())).1
    }

    pub fn show_line(&mut self, line: u32) {
        self.mode = Mode::Json;
        self.go_to_line = Some(line);
    }

    pub fn show_json(&mut self) {
        self.mode = Mode::Json;
    }

    /// The line that a version's schema is to show; it is seen as JSON only.
    pub fn look_at(&mut self, line: Option<u32>) {
        self.go_to_line = line;
    }

    /// Draws the schema of a draft. Returns whether it was changed.
    pub fn ui(&mut self, ui: &mut Ui, id: egui::Id, text: &mut TypedText, marks: &[Mark], focus: bool) -> bool {
        let before = text.version();
        let tokens = theme::tokens(ui.ctx());
        self.bar_ui(ui, text);
        let is_empty = text.as_str().trim().is_empty();
        self.state_ui(ui, text.as_str(), tokens);
        match self.mode {
            Mode::Form if is_empty => empty_ui(ui, tokens, Some(text)),
            // What is typed and not taken in yet belongs to this text, not to another prompt's field in its place.
            Mode::Form => drop(ui.push_id(id, |ui| self.form_ui(ui, text, tokens))),
            Mode::Json => {
                let trouble = self.problems(text.as_str()).first().map(|problem| (problem.line, problem.message.clone()));
                let options = Options {
                    name: "Schema of the answer",
                    hint: "A JSON Schema. Empty: a caption, and tags with their confidence",
                    trouble: trouble.as_ref().map(|(line, why)| (*line, why.as_str())),
                    go_to_line: self.go_to_line.take(),
                    marks,
                    focus,
                    ..Options::default()
                };
                self.editor.ui(ui, id, text, &options);
            }
        }
        text.version() != before
    }

    /// Draws the schema of a version, which can't be changed.
    pub fn view_ui(&mut self, ui: &mut Ui, id: egui::Id, text: &str) {
        let tokens = theme::tokens(ui.ctx());
        if text.trim().is_empty() {
            return empty_ui(ui, tokens, None);
        }
        self.state_ui(ui, text, tokens);
        let options = Options { name: "Schema of this version", go_to_line: self.go_to_line.take(), ..Options::default() };
        self.editor.view_ui(ui, id, text, &options);
    }

    fn bar_ui(&mut self, ui: &mut Ui, text: &mut TypedText) {
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            for (mode, name, icon) in [(Mode::Form, "Form", icons::ICON_LIST_ALT), (Mode::Json, "JSON", icons::ICON_DATA_OBJECT)] {
                if Tool::new(icon, name).selected(self.mode == mode).ui(ui).clicked() {
                    self.mode = mode;
                    self.refused = None;
                }
            }
            ui.add_space(theme::GAP_8);
            let nobody_types = !ui.ctx().egui_wants_keyboard_input();
            let presses = |ui: &mut Ui, modifiers, key| nobody_types && ui.input_mut(|input| input.consume_key(modifiers, key));
            let redo_key = presses(ui, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::Z);
            let undo_key = presses(ui, egui::Modifiers::COMMAND, Key::Z);
            let (can_undo, can_redo) = (text.history().can_undo(), text.history().can_redo());
            if Tool::new(icons::ICON_UNDO, "Undo").tooltip("Undo in the schema").icon_only().enabled(can_undo).ui(ui).clicked() || undo_key {
                text.undo();
            }
            if Tool::new(icons::ICON_REDO, "Redo").tooltip("Redo in the schema").icon_only().enabled(can_redo).ui(ui).clicked() || redo_key {
                text.redo();
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let can = !text.as_str().trim().is_empty();
                let tool = Tool::new(icons::ICON_DELETE, "No schema of its own").icon_only().enabled(can);
                if tool.tooltip("Back to the shipped schema: caption and tags; can be undone").ui(ui).clicked() {
                    text.replace("");
                }
            });
        });
        ui.add_space(theme::GAP_4);
    }

    /// What is wrong with the schema, or where tags and caption are found in it.
    fn state_ui(&mut self, ui: &mut Ui, text: &str, tokens: &Tokens) {
        if text.trim().is_empty() {
            return;
        }
        let mut wanted = None;
        match &self.read(text).checked {
            Ok(schema) => {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_4;
                    ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good));
                    let words = schema.places.in_words();
                    let label = Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate();
                    ui.add(label).on_hover_text(format!("{words}. Everything else in the answer is checked against the schema"));
                });
            }
            Err(problems) => {
                for problem in problems {
                    let words = problem.to_string();
                    let shown = RichText::new(format!("{} {words}", icons::ICON_ERROR.codepoint)).size(theme::TEXT_SMALL).color(tokens.bad);
                    let link = ui.add(egui::Button::new(shown).frame(false).truncate());
                    link.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &words));
                    if link.on_hover_text(format!("{words}. Click to go there")).clicked() {
                        wanted = Some(problem.line);
                    }
                }
            }
        }
        if let Some(line) = wanted {
            self.show_line(line);
        }
        ui.add_space(theme::GAP_4);
    }

    fn form_ui(&mut self, ui: &mut Ui, text: &mut TypedText, tokens: &Tokens) {
        let Some(schema) = self.read(text.as_str()).value.clone() else {
            ui.label(RichText::new("The JSON can't be read, so there is no form of it yet").color(tokens.muted));
            if ui.button("Show the JSON").clicked() {
                self.mode = Mode::Json;
            }
            return;
        };
        let mut asked = None;
        ScrollArea::vertical().id_salt("schema form").auto_shrink(false).show(ui, |ui| {
            self.fields_ui(ui, &schema, "", 0, tokens, &mut asked);
        });
        if let Some(Asked { at, name, change }) = asked {
            let mut changed = schema;
            match schema_form::apply(&mut changed, &at, &name, &change) {
                Ok(()) => {
                    self.refused = None;
                    text.replace_in(&format!("{changed:#}"), settings::field_in_use(ui), ui.input(|input| input.time));
                }
                Err(why) => self.refused = Some((format!("{at}/{name}"), why)),
            }
        }
    }

    fn fields_ui(&self, ui: &mut Ui, schema: &Value, at: &str, depth: usize, tokens: &Tokens, asked: &mut Option<Asked>) {
        let fields = schema_form::fields(schema, at);
        for (index, field) in fields.iter().enumerate() {
            let frame = Frame::new().fill(tokens.raised.gamma_multiply(0.5)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(8, 6));
            ui.push_id((at, index), |ui| {
                frame.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    let change = field_ui(ui, field, depth, tokens);
                    if let Some((_, why)) = self.refused.as_ref().filter(|(place, _)| *place == format!("{at}/{}", field.name)) {
                        ui.add(Label::new(RichText::new(why).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
                    }
                    if let Some(change) = change {
                        *asked = Some(Asked { at: at.to_owned(), name: field.name.clone(), change });
                    }
                    if let Some(inner) = field.fields_at.as_ref().filter(|_| depth == 0) {
                        ui.add_space(theme::GAP_4);
                        ui.indent("fields", |ui| self.fields_ui(ui, schema, inner, depth + 1, tokens, asked));
                    }
                });
            });
            ui.add_space(theme::GAP_4);
        }
        let words = if depth == 0 { "Add a field" } else { "Add a field inside" };
        if Tool::new(icons::ICON_ADD, words).ui(ui).clicked() {
            *asked = Some(Asked { at: at.to_owned(), name: String::new(), change: Change::Add });
        }
    }
}

fn empty_ui(ui: &mut Ui, tokens: &Tokens, text: Option<&mut TypedText>) {
    ui.add_space(theme::GAP_8);
    ui.add(Label::new("This prompt asks for the shipped answer: a caption, and tags with their confidence").wrap());
    let words = "A schema of its own may ask for more. It must have the list 'tags' (or 'labels', 'keywords') of texts, or of objects with \
                 'name' (or 'tag', 'label') and 'confidence' (or 'score'); 'caption' (or 'description', 'summary') is the caption";
    ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    ui.add_space(theme::GAP_8);
    if let Some(text) = text
        && Tool::new(icons::ICON_ADD, "Write a schema from the shipped one").ui(ui).clicked()
    {
        text.replace(&format!("{:#}", shipped()));
    }
}

/// One field; returns what is changed of it.
fn field_ui(ui: &mut Ui, field: &Field, depth: usize, tokens: &Tokens) -> Option<Change> {
    let mut change = None;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let width = (ui.available_width() - kind_width(depth) - 150.0).clamp(64.0, 220.0);
        if let Some(name) = committed_ui(ui, "name", &field.name, &format!("Name of {}", field.name), "", width) {
            change = Some(Change::Rename(name));
        }
        change = kind_ui(ui, field, depth).map(Change::SetKind).or(change.take());
        let mut is_required = field.is_required;
        let response = ui.add(Checkbox::new(&mut is_required, "Required"));
        response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, is_required, format!("{} is required", field.name)));
        if response.on_hover_text("Whether every answer must have it").changed() {
            change = Some(Change::Require(is_required));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Take out {}", field.name);
            if Tool::new(icons::ICON_DELETE, &name).icon_only().ui(ui).clicked() {
                change = Some(Change::Remove);
            }
            if field.has_more {
                ui.label(RichText::new("…").color(tokens.muted)).on_hover_text("Its JSON says more than this form shows");
            }
        });
    });
    ui.horizontal(|ui| {
        let room = ui.available_width();
        let bounds = field.kind.bounds();
        let width = if bounds.is_some() { (room - 168.0).max(80.0) } else { room - 8.0 };
        let name = format!("Description of {}", field.name);
        // Taken in letter by letter, so that a crash loses none of it.
        let mut words = field.description.clone();
        let edit = TextEdit::singleline(&mut words).id_salt("description").hint_text("Description: what the model should write here");
        let response = ui.add(edit.char_limit(2_000).desired_width(width));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, &name));
        if response.on_hover_text(&name).changed() {
            change = Some(Change::Describe(words));
        }
        if let Some((.., counted)) = bounds {
            change = bounds_ui(ui, field, counted, tokens).or(change.take());
        }
    });
    if field.kind == Kind::Choice {
        let width = ui.available_width() - 8.0;
        let name = format!("Choices of {}", field.name);
        if let Some(words) = committed_ui(ui, "choices", &field.choices.join(", "), &name, "Choices, with commas between", width) {
            let choices: Vec<String> = words.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
            change = Some(Change::Choose(choices));
        }
    }
    change
}

/// Fields inside of a field have no lists of objects, whose name is the longest.
fn kind_width(depth: usize) -> f32 {
    if depth == 0 { 112.0 } else { 96.0 }
}

fn kind_ui(ui: &mut Ui, field: &Field, depth: usize) -> Option<Kind> {
    let mut kind = field.kind;
    let list = ComboBox::from_id_salt("kind").width(kind_width(depth)).selected_text(kind.label());
    let kinds = Kind::ALL.into_iter().filter(|kind| depth == 0 || !kind.has_fields()).map(|kind| (kind, kind.label()));
    choice::ui(ui, list, &mut kind, kinds)
        .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Type of {}: {}", field.name, field.kind.label())));
    (kind != field.kind).then_some(kind)
}

fn bounds_ui(ui: &mut Ui, field: &Field, counted: &str, tokens: &Tokens) -> Option<Change> {
    let mut change = None;
    ui.spacing_mut().item_spacing.x = theme::GAP_4;
    for (is_least, value, hint, what) in [(true, field.least, "least", "Least"), (false, field.most, "most", "Most")] {
        if !is_least {
            ui.label(RichText::new("to").size(theme::TEXT_SMALL).color(tokens.muted));
        }
        let words = value.map(|value| value.to_string()).unwrap_or_default();
        let of = if counted.is_empty() { String::new() } else { format!(" {counted}") };
        if let Some(typed) = committed_ui(ui, hint, &words, &format!("{what}{of} of {}", field.name), hint, 52.0) {
            let number = typed.trim().replace(',', ".");
            let value = if number.is_empty() { Some(None) } else { number.parse().ok().filter(|value: &f64| value.is_finite()).map(Some) };
            // What is no number leaves what was there.
            if let Some(value) = value {
                change = Some(if is_least { Change::Least(value) } else { Change::Most(value) });
            }
        }
    }
    change
}

/// A line of text that counts when the keyboard leaves it; Escape leaves what was there.
fn committed_ui(ui: &mut Ui, salt: &str, value: &str, name: &str, hint: &str, width: f32) -> Option<String> {
    let id = ui.make_persistent_id(salt);
    let kept: Option<String> = ui.data(|data| data.get_temp(id));
    let mut typed = kept.clone().unwrap_or_else(|| value.to_owned());
    let response = ui.add(TextEdit::singleline(&mut typed).id(id).hint_text(hint).char_limit(2_000).desired_width(width));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, name));
    response.clone().on_hover_text(name);
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, typed));
        return None;
    }
    let typed = kept?;
    ui.data_mut(|data| data.remove_temp::<String>(id));
    let is_given_up = ui.input(|input| input.key_pressed(Key::Escape));
    (!is_given_up && typed != value).then_some(typed)
}
