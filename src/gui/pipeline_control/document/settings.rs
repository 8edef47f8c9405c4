//! The model's parameters and the author's variables. Both are kept as one text of JSON, so that they are journalled and undone
//! like everything else that is typed.

use std::collections::HashMap;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Align, ComboBox, DragValue, Id, Label, Layout, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};
use serde::{Deserialize, Serialize};

use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::prompt_editor::typed::TypedText;
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, section};
use crate::wire::model::{KeyState, ModelInfo};
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_analysis::Setting;
use crate::wire::prompt_parts::{
    Effort, OUTPUT_TOKENS, Parameters, SEED_MOST, TEMPERATURE, TOP_P, Takes, VARIABLES_MOST, Variable, variable_problems,
};

/// Width of the names before the controls.
const NAME_WIDTH: f32 = 118.0;
const CONTROL_WIDTH: f32 = 112.0;
/// Room that the whole sentence of who takes a parameter needs.
const TAKEN_WIDTH: f32 = 180.0;

/// What the tab edits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    #[serde(default)]
    pub parameters: Parameters,
    #[serde(default)]
    pub variables: Vec<Variable>,
}

impl Settings {
    /// The text is the form's own, so that it can always be read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    #[must_use]
    pub fn write(&self) -> String {
        if *self == Self::default() { String::new() } else { serde_json::to_string_pretty(self).unwrap_or_default() }
    }
}

/// What surrounds the form.
pub struct Around<'a> {
    /// Models whose key is there.
    pub models: Vec<&'a ModelInfo>,
    /// Names that each text uses: `Prompt`, `System`.
    pub used: [(&'static str, &'a [String]); 2],
    /// A version that can't be changed.
    pub is_fixed: bool,
    /// What is to be brought into sight, in this frame.
    pub shown: Option<&'a Setting>,
}

/// The models that can be asked now.
pub fn ready(models: &[ModelInfo]) -> Vec<&ModelInfo> {
    models.iter().filter(|model| !matches!(model.key, KeyState::Missing { .. })).collect()
}

/// Draws undo and redo; returns whether one was done.
pub fn history_ui(ui: &mut Ui, text: &mut TypedText) -> bool {
    let before = text.version();
    let nobody_types = !ui.ctx().egui_wants_keyboard_input();
    let presses = |ui: &mut Ui, modifiers| nobody_types && ui.input_mut(|input| input.consume_key(modifiers, egui::Key::Z));
    let redo_key = presses(ui, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT);
    let undo_key = presses(ui, egui::Modifiers::COMMAND);
    let (can_undo, can_redo) = (text.history().can_undo(), text.history().can_redo());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        if Tool::new(icons::ICON_UNDO, "Undo").tooltip("Undo in the settings").icon_only().enabled(can_undo).ui(ui).clicked() || undo_key {
            text.undo();
        }
        if Tool::new(icons::ICON_REDO, "Redo").tooltip("Redo in the settings").icon_only().enabled(can_redo).ui(ui).clicked() || redo_key {
            text.redo();
        }
    });
    text.version() != before
}

/// The field that is typed into or dragged just now: what is done with it belongs together.
pub fn field_in_use(ui: &Ui) -> Option<u64> {
    let typed_into = || ui.memory(egui::Memory::focused).filter(|id| TextEdit::load_state(ui.ctx(), *id).is_some());
    ui.dragged_id().or_else(typed_into).map(|id| id.value())
}

/// Draws both forms. `preview`: values that stand for variables in the preview alone. Returns the settings where they were changed.
pub fn ui(ui: &mut Ui, settings: &Settings, preview: &mut HashMap<String, String>, around: &Around<'_>) -> Option<Settings> {
    let mut edited = settings.clone();
    ScrollArea::vertical().id_salt("prompt settings").auto_shrink(false).show(ui, |ui| {
        ui.add_enabled_ui(!around.is_fixed, |ui| {
            section::heading(ui, "Parameters");
            parameters_ui(ui, &mut edited.parameters, around);
            ui.add_space(theme::GAP_16);
            variables_ui(ui, &mut edited.variables, preview, around);
        });
    });
    (edited != *settings).then_some(edited)
}

fn parameters_ui(ui: &mut Ui, parameters: &mut Parameters, around: &Around<'_>) {
    let tokens = theme::tokens(ui.ctx());
    let row = |ui: &mut Ui, name: (&str, &str), what: &str, takes: fn(&Takes) -> bool, is_set: bool, control: &mut dyn FnMut(&mut Ui, egui::Id)| {
        row_ui(ui, (name, what), around, (takes, is_set), tokens, control)
    };
    let what = "How freely words are chosen: 0 the likeliest ones, 2 very freely. Unset: as the provider does; Ollama 0";
    let is_set = parameters.temperature.is_some();
    if row(ui, ("temperature", "Temperature"), what, |takes| takes.temperature, is_set, &mut |ui, label| {
        float_ui(ui, &mut parameters.temperature, TEMPERATURE, 0.7, label);
    }) {
        parameters.temperature = None;
    }
    let what = "The share of likely words that is chosen from, 0.01 to 1. Unset: as the provider does";
    let is_set = parameters.top_p.is_some();
    if row(ui, ("top_p", "Top p"), what, |takes| takes.top_p, is_set, &mut |ui, label| float_ui(ui, &mut parameters.top_p, TOP_P, 0.9, label)) {
        parameters.top_p = None;
    }
    let what = "Tokens of the answer, thinking included, 16 to 65,536. Unset: 4,096; Ollama 2,048";
    let is_set = parameters.max_output_tokens.is_some();
    let range = OUTPUT_TOKENS;
    if row(ui, ("max_output_tokens", "Longest answer"), what, |takes| takes.max_output_tokens, is_set, &mut |ui, label| {
        whole_ui(ui, &mut parameters.max_output_tokens, range, 4_096, " tokens", label);
    }) {
        parameters.max_output_tokens = None;
    }
    let what = "The same number gives the same answer where the provider can, 0 to 2,147,483,647. Unset: another one each time";
    let is_set = parameters.seed.is_some();
    if row(ui, ("seed", "Seed"), what, |takes| takes.seed, is_set, &mut |ui, label| whole_ui(ui, &mut parameters.seed, (0, SEED_MOST), 1, "", label))
    {
        parameters.seed = None;
    }
    let what = "How much the model thinks before it answers; what it thinks is charged as output. Unset: as little as the model can";
    let is_set = parameters.effort.is_some();
    if row(ui, ("effort", "Thinking"), what, |takes| !takes.efforts.is_empty(), is_set, &mut |ui, _| effort_ui(ui, &mut parameters.effort)) {
        parameters.effort = None;
    }
    let note = "What a model does not take is left out of the request; the trace and the result's notes say so";
    ui.add(Label::new(RichText::new(note).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
}

/// One parameter; returns whether it was reset.
fn row_ui(
    ui: &mut Ui,
    ((field, name), what): ((&str, &str), &str),
    around: &Around<'_>,
    (takes, is_set): (fn(&Takes) -> bool, bool),
    tokens: &Tokens,
    control: &mut dyn FnMut(&mut Ui, egui::Id),
) -> bool {
    let mut resets = false;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let label = ui
            .allocate_ui_with_layout(vec2(NAME_WIDTH, theme::CONTROL_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.label(RichText::new(name).color(if is_set { tokens.text } else { tokens.muted })).on_hover_text(what)
            })
            .inner;
        ui.allocate_ui_with_layout(vec2(CONTROL_WIDTH, theme::CONTROL_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(CONTROL_WIDTH);
            control(ui, label.id);
        })
        .response
        .on_hover_text(what);
        let reset = Tool::new(icons::ICON_UNDO, "Reset").tooltip("Back to unset").icon_only().enabled(is_set).ui(ui);
        reset.widget_info(|| WidgetInfo::labeled(egui::Role::Button, is_set, format!("Reset {}", name.to_lowercase())));
        if around.shown.is_some_and(|shown| matches!(shown, Setting::Parameter(parameter) if parameter == field)) {
            reset.scroll_to_me(Some(Align::Center));
            reset.request_focus();
        }
        resets = reset.clicked();
        let (words, hover, is_bad) = taken_by(&around.models, takes, ui.available_width() < TAKEN_WIDTH);
        let colour = if is_bad && is_set { tokens.warn } else { tokens.muted };
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(hover);
    });
    resets
}

/// Which of the models take a parameter: in short, at length, and whether the live one does not. `is_narrow`: as short as can be.
fn taken_by(models: &[&ModelInfo], takes: fn(&Takes) -> bool, is_narrow: bool) -> (String, String, bool) {
    let (with, without): (Vec<&ModelInfo>, Vec<&ModelInfo>) = models.iter().partition(|model| takes(&model.takes));
    let names = |list: &[&ModelInfo]| list.iter().map(|model| model.display_name.as_str()).collect::<Vec<_>>().join(", ");
    let live_is_without = without.iter().any(|model| model.is_live);
    let (some, all) = (with.len(), models.len());
    let whole = match some {
        _ if all == 0 => String::new(),
        0 => "No model that is ready takes it".to_owned(),
        some if some == all => "All models take it".to_owned(),
        some if live_is_without => format!("{some} of {all} models, not the live one"),
        some => format!("{some} of {all} models take it"),
    };
    let words = match some {
        _ if !is_narrow || all == 0 => whole.clone(),
        0 => "No model".to_owned(),
        some => format!("{some} of {all} models"),
    };
    let mut hover = vec![whole];
    if !with.is_empty() {
        hover.push(format!("Taken by {}", names(&with)));
    }
    if !without.is_empty() {
        hover.push(format!("Not by {}", names(&without)));
    }
    (words, hover.join("\n"), live_is_without || with.is_empty())
}

/// A number that may be unset: a click sets it to what is usual.
fn float_ui(ui: &mut Ui, value: &mut Option<f64>, (least, most): (f64, f64), usual: f64, label: egui::Id) {
    match value {
        Some(number) => drop(ui.add(DragValue::new(number).range(least..=most).speed(0.01).fixed_decimals(2)).labelled_by(label)),
        None if unset_ui(ui, label) => *value = Some(usual),
        None => {}
    }
}

fn whole_ui(ui: &mut Ui, value: &mut Option<u32>, (least, most): (u32, u32), usual: u32, suffix: &str, label: egui::Id) {
    match value {
        Some(number) => drop(ui.add(DragValue::new(number).range(least..=most).speed(1.0).suffix(suffix)).labelled_by(label)),
        None if unset_ui(ui, label) => *value = Some(usual),
        None => {}
    }
}

fn unset_ui(ui: &mut Ui, label: egui::Id) -> bool {
    ui.add(egui::Button::new("Unset").min_size(vec2(72.0, 0.0))).labelled_by(label).on_hover_text("Click to set it").clicked()
}

fn effort_ui(ui: &mut Ui, effort: &mut Option<Effort>) {
    let words = |effort: Option<Effort>| effort.map_or("Unset", Effort::label);
    let list = ComboBox::from_id_salt("effort").width(CONTROL_WIDTH - 12.0).selected_text(words(*effort));
    let efforts = std::iter::once(None).chain(Effort::ALL.map(Some)).map(|effort| (effort, words(effort)));
    choice::ui(ui, list, effort, efforts).widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Thinking: {}", words(*effort))));
}

fn variables_ui(ui: &mut Ui, variables: &mut Vec<Variable>, preview: &mut HashMap<String, String>, around: &Around<'_>) {
    let tokens = theme::tokens(ui.ctx());
    let adds = section::ui(ui, "Variables", |ui| {
        let can = variables.len() < VARIABLES_MOST;
        Tool::new(icons::ICON_ADD, "Add a variable").enabled(can).ui(ui).clicked()
    });
    let problems = variable_problems(variables);
    let mut removed = None;
    if variables.is_empty() {
        let words = "A variable stands for a text that you change in one place: {{ subject }}. Photo variables are there by themselves";
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    } else {
        heads_ui(ui, tokens);
    }
    for (index, variable) in variables.iter_mut().enumerate() {
        ui.push_id(("variable", index), |ui| {
            if variable_ui(ui, index, variable, preview, around, tokens) {
                removed = Some(index);
            }
        });
        for problem in problems.iter().filter(|problem| problem.index == index) {
            ui.add(Label::new(RichText::new(&problem.message).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
        }
    }
    ui.add_space(theme::GAP_8);
    for name in TEMPLATE_VARIABLES {
        ui.horizontal(|ui| {
            let widths = Widths::of(ui);
            cell_ui(ui, widths.name, |ui| drop(ui.label(RichText::new(name).monospace().color(tokens.muted))));
            let words = RichText::new("from the photo").size(theme::TEXT_SMALL).color(tokens.muted);
            cell_ui(ui, widths.value * 2.0 + 8.0, |ui| drop(ui.label(words)));
            used_ui(ui, name, around, tokens);
        });
    }
    if let Some(index) = removed {
        variables.remove(index);
    }
    if adds {
        let names = std::iter::once("subject".to_owned()).chain((2..).map(|number| format!("subject{number}")));
        let name = names.into_iter().find(|name| variables.iter().all(|variable| variable.name != *name)).unwrap_or_default();
        ui.data_mut(|data| data.insert_temp(new_variable(), variables.len()));
        variables.push(Variable { name, value: String::new() });
    }
}

/// Where the row of a variable that was just added is noted: its name is what is typed next.
fn new_variable() -> Id {
    Id::unique("new variable")
}

fn select_all(ui: &Ui, field: Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), field).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()))));
    state.store(ui.ctx(), field);
}

/// How wide the columns are in the room there is.
struct Widths {
    name: f32,
    value: f32,
}

impl Widths {
    fn of(ui: &Ui) -> Self {
        let room = ui.max_rect().width() - 132.0;
        Self { name: (room * 0.3).clamp(84.0, 180.0), value: (room * 0.31).clamp(70.0, 320.0) }
    }
}

fn cell_ui(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, theme::CONTROL_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        content(ui);
    });
}

fn heads_ui(ui: &mut Ui, tokens: &Tokens) {
    ui.horizontal(|ui| {
        let widths = Widths::of(ui);
        for (words, width) in [("Name", widths.name), ("Value", widths.value), ("Value in the preview", widths.value), ("Used in", 60.0)] {
            ui.allocate_ui_with_layout(vec2(width, 18.0), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
            });
        }
    });
}

/// One variable; returns whether it is taken out.
fn variable_ui(
    ui: &mut Ui,
    index: usize,
    variable: &mut Variable,
    preview: &mut HashMap<String, String>,
    around: &Around<'_>,
    tokens: &Tokens,
) -> bool {
    let mut removes = false;
    ui.horizontal(|ui| {
        let widths = Widths::of(ui);
        let number = index + 1;
        let named = |response: egui::Response, name: String| response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, &name));
        let field =
            TextEdit::singleline(&mut variable.name).id_salt("name").font(egui::TextStyle::Monospace).char_limit(60).desired_width(widths.name);
        let response = ui.add(field);
        if ui.data(|data| data.get_temp::<usize>(new_variable())) == Some(index) {
            ui.data_mut(|data| data.remove::<usize>(new_variable()));
            response.request_focus();
            select_all(ui, response.id, &variable.name);
        }
        let is_shown = around.shown.is_some_and(|shown| matches!(shown, Setting::Variable(name) if *name == variable.name));
        let lacks_value = variable.value.is_empty();
        if is_shown {
            response.scroll_to_me(Some(Align::Center));
        }
        if is_shown && !lacks_value {
            response.request_focus();
        }
        named(response, format!("Name of variable {number}"));
        let field = TextEdit::singleline(&mut variable.value).id_salt("value").hint_text("What stands for it").desired_width(widths.value);
        let value = ui.add(field);
        // What it has not is what is to be typed.
        if is_shown && lacks_value {
            value.request_focus();
        }
        named(value, format!("Value of {}", variable.name));
        let mut own = preview.get(&variable.name).cloned().unwrap_or_default();
        let field = TextEdit::singleline(&mut own).id_salt("preview").hint_text("the same").desired_width(widths.value);
        let response = ui.add(field);
        if response.changed() {
            if own.is_empty() { drop(preview.remove(&variable.name)) } else { drop(preview.insert(variable.name.clone(), own)) }
        }
        named(response, format!("Value of {} in the preview", variable.name));
        used_ui(ui, &variable.name, around, tokens);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Take out {}", variable.name);
            removes = Tool::new(icons::ICON_DELETE, &name).icon_only().ui(ui).clicked();
        });
    });
    removes
}

fn used_ui(ui: &mut Ui, name: &str, around: &Around<'_>, tokens: &Tokens) {
    let places: Vec<&str> = around.used.iter().filter(|(_, names)| names.iter().any(|used| used == name)).map(|(place, _)| *place).collect();
    let is_own = !TEMPLATE_VARIABLES.contains(&name);
    let (words, colour) = match places.as_slice() {
        [] if is_own => ("not used".to_owned(), tokens.warn),
        [] => (String::new(), tokens.muted),
        some => (some.join(", "), tokens.muted),
    };
    let hover =
        if places.is_empty() { format!("Write {{{{ {name} }}}} into the prompt to use it") } else { format!("Used in {}", places.join(" and ")) };
    ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(hover);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_as_text_and_nothing_is_an_empty_one() {
        assert_eq!(Settings::default().write(), "");
        assert_eq!(Settings::read(""), Settings::default());
        let settings = Settings {
            parameters: Parameters { temperature: Some(0.5), effort: Some(Effort::Low), ..Parameters::default() },
            variables: vec![Variable { name: "subject".to_owned(), value: "{{ birds".to_owned() }],
        };
        assert_eq!(Settings::read(&settings.write()), settings);
    }
}
