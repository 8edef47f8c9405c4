//! The models that photos can be sent to: which stand in for the live one, and all of them as a list of what they cost and have
//! shown; one click makes one live.

mod chain;
mod details;
mod other;
mod parameters;
mod table;
mod words;

use egui::{Align, AtomExt as _, Frame, Label, Layout, Margin, RichText, ScrollArea, TextEdit, Ui, WidgetInfo};

use super::Wish;
use super::data::Data;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{badge, error_state, section, skeleton};
use crate::wire::health::HealthState;
use crate::wire::model::{KeyState, ModelInfo};
use chain::{Around, ChainEditor};
use details::Changes;
use other::OtherModel;
pub use other::PRICE_UNKNOWN;
use parameters::ParametersForm;
use table::Sort;
pub use words::{called_by_name, per_million, provider_name};

/// Inside of a model's frame, left and right.
const INSET: f32 = 10.0;

/// The tab's memory.
#[derive(Default)]
pub struct ModelsPanel {
    search: String,
    sort: Sort,
    /// The model whose details are shown.
    open: Option<String>,
    chain: ChainEditor,
    parameters: ParametersForm,
    other: OtherModel,
}

impl ModelsPanel {
    /// The platform did not make it live. Returns whether it is said where the name is typed.
    pub fn refuse(&mut self, name: &str, code: &str, why: &str) -> bool {
        self.other.refuse(name, code, why)
    }

    /// Draws the tab. `is_busy`: a change of configuration is under way.
    pub fn ui(&mut self, ui: &mut Ui, data: &Data, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        let tokens = theme::tokens(ui.ctx());
        let Some(page) = data.models.value() else {
            match data.models.failure() {
                Some(failure) => {
                    if error_state::ui(ui, "The models could not be read", &failure.to_string()) {
                        wishes.push(Wish::Reload);
                    }
                }
                None => skeleton::lines(ui, 6),
            }
            return;
        };
        let config = data.config.value();
        if let Some(config) = config {
            self.chain.follow(config);
            self.parameters.follow(|model| config.model_parameters.get(model).copied().unwrap_or_default());
        }
        let edit = TextEdit::singleline(&mut self.search).hint_text(RichText::new("Search the models").color(tokens.muted));
        let field = ui.add(edit.char_limit(120).desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search the models"));
        ui.add_space(theme::GAP_4);
        ScrollArea::vertical().id_salt("models").auto_shrink(false).show(ui, |ui| {
            let today = ctx.now.date_naive();
            if let Some(config) = config.filter(|_| self.search.trim().is_empty() || self.chain.is_edited()) {
                let around = Around { config, models: &page.items, today, is_busy, tokens };
                chain::ui(ui, &mut self.chain, &around, wishes);
                ui.add_space(theme::GAP_12);
            }
            if let Some(failure) = data.models.failure() {
                let words = format!("These are the figures of before: {failure}");
                ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
            }
            table::heads_ui(ui, &mut self.sort, INSET, tokens);
            let found: Vec<&ModelInfo> = page.items.iter().filter(|model| is_meant(model, &self.search)).collect();
            if found.is_empty() {
                ui.label(RichText::new("No model is called so").color(tokens.muted));
            }
            let around = RowAround { all: &page.items, is_busy, today, tokens };
            self.list_ui(ui, found, data, &around, wishes);
            self.other.ui(ui, &page.items, is_busy, wishes);
        });
    }

    fn list_ui(&mut self, ui: &mut Ui, mut models: Vec<&ModelInfo>, data: &Data, around: &RowAround<'_>, wishes: &mut Vec<Wish>) {
        self.sort.sort(&mut models);
        let is_grouped = self.sort.is_by_provider();
        for group in models.chunk_by(|one, next| !is_grouped || one.provider == next.provider) {
            if let Some(first) = group.first().filter(|_| is_grouped) {
                provider_ui(ui, first, around.tokens, wishes);
            }
            for model in group {
                ui.push_id(&model.name, |ui| self.model_ui(ui, model, !is_grouped, data, around, wishes));
            }
            ui.add_space(theme::GAP_12);
        }
    }

    fn model_ui(&mut self, ui: &mut Ui, model: &ModelInfo, names_provider: bool, data: &Data, around: &RowAround<'_>, wishes: &mut Vec<Wish>) {
        let RowAround { all, is_busy, today, tokens } = *around;
        let called = words::called(model, all);
        let border = if model.is_live { tokens.good } else { tokens.border };
        let margin = Margin::symmetric(INSET as i8, 6);
        let frame = Frame::new().fill(tokens.surface).stroke((1.0, border)).corner_radius(theme::RADIUS_4).inner_margin(margin);
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 3.0;
            let is_open = self.open.as_deref() == Some(&model.name);
            ui.horizontal(|ui| {
                ui.set_min_height(theme::CONTROL_HEIGHT);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    live_or_button(ui, model, &called, is_busy, wishes);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let icon = if is_open { icons::ICON_EXPAND_MORE } else { icons::ICON_CHEVRON_RIGHT };
                        let name = RichText::new(&model.display_name).font(theme::semibold(theme::TEXT_BODY)).atom_shrink(true);
                        let button = egui::Button::new((RichText::new(icon.codepoint).size(16.0).color(tokens.muted), name)).frame(false).gap(2.0);
                        let button = ui.add(button.truncate());
                        let said = format!("Details of {called}");
                        button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_open, &said));
                        if button.on_hover_text(&model.name).clicked() {
                            self.open = (!is_open).then(|| model.name.clone());
                        }
                    });
                });
            });
            table::figures_ui(ui, model, tokens);
            if names_provider {
                let provider = RichText::new(provider_name(&model.provider)).size(theme::TEXT_SMALL).color(tokens.muted);
                ui.add(Label::new(provider).truncate());
            }
            warnings_ui(ui, model, today, tokens);
            if is_open {
                let config = data.config.value();
                let mut changes = Changes { chain: &mut self.chain, parameters: &mut self.parameters, config, is_busy };
                details::ui(ui, (model, &called), &mut changes, tokens, wishes);
            }
        });
    }
}

/// Room that words about a key need.
const KEY_WORDS: f32 = 48.0;

/// What surrounds every row.
struct RowAround<'a> {
    all: &'a [ModelInfo],
    is_busy: bool,
    today: chrono::NaiveDate,
    tokens: &'a Tokens,
}

/// Whether a model is one that is searched for: each word stands in its name, its provider's, or what it is.
fn is_meant(model: &ModelInfo, search: &str) -> bool {
    let ModelInfo { name, display_name, description, provider, .. } = model;
    let text = format!("{name} {display_name} {} {description}", provider_name(provider)).to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn provider_ui(ui: &mut Ui, first: &ModelInfo, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let name = provider_name(&first.provider);
    section::ui(ui, name, |ui| {
        let (said, button) = match &first.key {
            KeyState::NotNeeded => return,
            KeyState::Present { tail, from } => (format!("Key ····{tail}, from {}", origin(from)), "Change…"),
            KeyState::Missing { .. } => ("No key".to_owned(), "Add key…"),
        };
        let response = ui.button(button);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{} {name}", button.trim_end_matches('…'))));
        if response.clicked() {
            wishes.push(Wish::OpenProvider { name: first.provider.clone(), then_activate: None });
        }
        let why = if let KeyState::Missing { why } = &first.key { why } else { &said };
        // Two letters and dots say nothing: where there is no room, the button says it when it is pointed at.
        if ui.available_width() < KEY_WORDS {
            response.on_hover_text(why);
            return;
        }
        ui.add(Label::new(RichText::new(&said).size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(why);
    });
}

fn origin(from: &str) -> &str {
    match from {
        "keyring" => "the keyring",
        "environment" => "the environment",
        "session" => "this session",
        other => other,
    }
}

/// What speaks against a model: its end is near, or its provider has trouble.
fn warnings_ui(ui: &mut Ui, model: &ModelInfo, today: chrono::NaiveDate, tokens: &Tokens) {
    let line = |ui: &mut Ui, words: &str, is_bad: bool, hover: &str| {
        let colour = if is_bad { tokens.bad } else { tokens.warn };
        let row = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label(RichText::new(icons::ICON_WARNING.codepoint).size(theme::TEXT_BODY).color(colour));
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate());
        });
        if !hover.is_empty() {
            row.response.on_hover_text(hover);
        }
    };
    if let Some((words, is_urgent)) = words::retirement(model.retires, today) {
        line(ui, &words, is_urgent, "Its provider takes it out of service: choose another model before that day");
    }
    match &model.health {
        Some(health) if health.status == HealthState::Down && !matches!(model.key, KeyState::Missing { .. }) => {
            line(ui, "Its provider is down", true, &health.detail);
        }
        Some(health) if health.status == HealthState::Degraded => line(ui, "Its provider has trouble", false, &health.detail),
        _ => {}
    }
}

fn live_or_button(ui: &mut Ui, model: &ModelInfo, called: &str, is_busy: bool, wishes: &mut Vec<Wish>) {
    if model.is_live {
        // The row is laid out from its right end; a badge reads from the left.
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(62.0, theme::CONTROL_HEIGHT), layout, |ui| {
            badge::ui(ui, badge::Tone::Good, icons::ICON_CHECK_CIRCLE, "Live");
        });
        return;
    }
    let is_missing = matches!(model.key, KeyState::Missing { .. });
    let button = ui.add_enabled(!is_busy, egui::Button::new(if is_missing { "Make live…" } else { "Make live" }));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !is_busy, format!("Make {called} live")));
    let what = if is_missing { "Add the provider's key, then send every photo to this model" } else { "Send every photo to this model from now on" };
    let expected = model.expected.as_ref().map(words::expected).unwrap_or_default();
    if button.on_hover_text(format!("{what}. It can be undone\n{}", expected.join("\n"))).clicked() {
        wishes.push(if is_missing {
            Wish::OpenProvider { name: model.provider.clone(), then_activate: Some(model.name.clone()) }
        } else {
            Wish::Activate(model.name.clone())
        });
    }
}

/// What a photo costs, and would cost with a model: the first that somebody wants to know who makes it live.
pub fn expected_cost(model: &ModelInfo) -> Option<String> {
    words::expected(model.expected.as_ref()?).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_search_must_stand_somewhere() {
        let model = ModelInfo { display_name: "Gemini 3.8 Flash".to_owned(), ..words::tests::model("gemini", None, None) };
        for (search, meant) in [("", true), ("flash GEMINI", true), ("google 3.8", true), ("flash pro", false)] {
            assert_eq!(is_meant(&model, search), meant, "{search}");
        }
    }
}
