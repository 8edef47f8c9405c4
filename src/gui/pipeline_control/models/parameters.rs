//! How a model answers where the prompt says nothing: a small form, applied as one change.

use egui::{Button, ComboBox, DragValue, Label, Layout, RichText, Ui, WidgetInfo, vec2};

use crate::gui::pipeline_control::Wish;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::choice;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::model::ModelInfo;
use crate::wire::prompt_parts::{Effort, OUTPUT_TOKENS, Parameters, SEED_MOST, TEMPERATURE, TOP_P};

const NAME_WIDTH: f32 = 96.0;

/// A model's parameters as they are being edited.
#[derive(Default)]
pub struct ParametersForm {
    edited: Option<(String, Parameters)>,
}

impl ParametersForm {
    /// They are applied: what is the same is no edit any more.
    pub fn follow(&mut self, applied: impl Fn(&str) -> Parameters) {
        if self.edited.as_ref().is_some_and(|(model, parameters)| *parameters == applied(model)) {
            self.edited = None;
        }
    }

    /// Draws the form of a model. `applied`: its parameters as they are.
    pub fn ui(&mut self, ui: &mut Ui, model: &ModelInfo, applied: Parameters, is_busy: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) {
        let mut edited = self.edited.as_ref().filter(|(of, _)| *of == model.name).map_or(applied, |(_, parameters)| *parameters);
        let before = edited;
        let takes = &model.takes;
        let has_any = takes.temperature || takes.top_p || takes.max_output_tokens || takes.seed || !takes.efforts.is_empty();
        if !has_any && applied.is_unset() {
            let words = "It takes no parameters: it answers as it does by itself";
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
            return;
        }
        let note = "Where the prompt itself says nothing";
        ui.label(RichText::new(note).size(theme::TEXT_SMALL).color(tokens.muted));
        if takes.temperature || edited.temperature.is_some() {
            let what = "How freely words are chosen: 0 the likeliest ones, 2 very freely";
            number_ui(ui, "Temperature", what, &mut edited.temperature, TEMPERATURE, (0.7, 0.01, 2), "");
        }
        if takes.top_p || edited.top_p.is_some() {
            let what = "The share of likely words that is chosen from, 0.01 to 1";
            number_ui(ui, "Top p", what, &mut edited.top_p, TOP_P, (0.9, 0.01, 2), "");
        }
        if takes.max_output_tokens || edited.max_output_tokens.is_some() {
            let what = "Tokens of the answer, thinking included, 16 to 65,536";
            let range = (f64::from(OUTPUT_TOKENS.0), f64::from(OUTPUT_TOKENS.1));
            whole_ui(ui, "Longest answer", what, &mut edited.max_output_tokens, range, 4_096, " tokens");
        }
        if takes.seed || edited.seed.is_some() {
            let what = "The same number gives the same answer where the provider can";
            whole_ui(ui, "Seed", what, &mut edited.seed, (0.0, f64::from(SEED_MOST)), 1, "");
        }
        if !takes.efforts.is_empty() || edited.effort.is_some() {
            effort_ui(ui, &mut edited.effort, &takes.efforts);
        }
        if edited != before {
            self.edited = (edited != applied).then(|| (model.name.clone(), edited));
        }
        if edited == applied {
            return;
        }
        ui.horizontal(|ui| {
            let apply = ui.add_enabled(!is_busy, Button::new("Apply"));
            apply.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !is_busy, "Apply the parameters"));
            if apply.on_hover_text("From the next photo on; it can be undone").clicked() {
                wishes.push(Wish::SetParameters(model.name.clone(), edited));
            }
            let discard = ui.button("Discard");
            discard.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Discard the edited parameters"));
            if discard.on_hover_text("Back to those that are applied").clicked() {
                self.edited = None;
            }
        });
    }
}

/// A name, its control, and the way back to unset.
fn row_ui(ui: &mut Ui, (name, what): (&str, &str), is_set: bool, control: impl FnOnce(&mut Ui, egui::Id)) -> bool {
    let mut resets = false;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let layout = Layout::left_to_right(egui::Align::Center);
        let label = ui.allocate_ui_with_layout(vec2(NAME_WIDTH, theme::CONTROL_HEIGHT), layout, |ui| {
            ui.set_min_width(NAME_WIDTH);
            ui.add(Label::new(name).truncate()).on_hover_text(what)
        });
        control(ui, label.inner.id);
        if is_set {
            let reset = Tool::new(icons::ICON_UNDO, "Unset").tooltip("Back to unset").icon_only().ui(ui);
            reset.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Unset {} of the model", name.to_lowercase())));
            resets = reset.clicked();
        }
    });
    resets
}

fn number_ui(
    ui: &mut Ui,
    name: &str,
    what: &str,
    value: &mut Option<f64>,
    (least, most): (f64, f64),
    (usual, speed, digits): (f64, f64, usize),
    suffix: &str,
) {
    let resets = row_ui(ui, (name, what), value.is_some(), |ui, label| match value {
        Some(number) => {
            let field = DragValue::new(number).range(least..=most).speed(speed).max_decimals(digits).suffix(suffix);
            ui.add(field).labelled_by(label).on_hover_text(what);
        }
        None => {
            if ui.add(Button::new("Unset")).labelled_by(label).on_hover_text("Click to set it").clicked() {
                *value = Some(usual);
            }
        }
    });
    if resets {
        *value = None;
    }
}

fn whole_ui(ui: &mut Ui, name: &str, what: &str, value: &mut Option<u32>, range: (f64, f64), usual: u32, suffix: &str) {
    let mut number = value.map(f64::from);
    number_ui(ui, name, what, &mut number, range, (f64::from(usual), 1.0, 0), suffix);
    *value = number.map(|number| number.round() as u32);
}

fn effort_ui(ui: &mut Ui, effort: &mut Option<Effort>, efforts: &[Effort]) {
    let words = |effort: Option<Effort>| effort.map_or("Unset", Effort::label);
    let what = "How much the model thinks before it answers; what it thinks is charged as output";
    let shown = *effort;
    let resets = row_ui(ui, ("Thinking", what), effort.is_some(), |ui, _| {
        let list = ComboBox::from_id_salt("effort of the model").width(92.0).selected_text(words(*effort));
        let efforts = std::iter::once(None).chain(efforts.iter().copied().map(Some)).map(|effort| (effort, words(effort)));
        choice::ui(ui, list, effort, efforts)
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Thinking of the model: {}", words(shown))));
    });
    if resets {
        *effort = None;
    }
}
