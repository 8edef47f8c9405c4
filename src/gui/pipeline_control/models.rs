//! The models that photos can be sent to, by provider: what they are, cost and have shown; one click makes one live.

use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, TextEdit, Ui};

use super::Wish;
use super::data::Data;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{badge, error_state, number, section, skeleton};
use crate::wire::model::{KeyState, MeasuredModel, ModelInfo};

/// The provider whose models run in this process.
const ON_DEVICE: &str = "on-device";

/// A provider as people call it.
#[must_use]
pub fn provider_name(provider: &str) -> String {
    match provider {
        ON_DEVICE => "On this computer".to_owned(),
        "gemini" => "Google Gemini".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// A model's price as people read it.
#[must_use]
pub fn price(model: &ModelInfo) -> String {
    let is_free = model.provider == ON_DEVICE || (model.input_usd_per_million, model.output_usd_per_million) == (Some(0.0), Some(0.0));
    if is_free {
        return "Free".to_owned();
    }
    match (model.input_usd_per_million, model.output_usd_per_million) {
        (None, None) => "Price unknown".to_owned(),
        (input, output) => per_million(input, output),
    }
}

/// Prices of tokens as people read them.
#[must_use]
pub fn per_million(input: Option<f64>, output: Option<f64>) -> String {
    let usd = |usd: Option<f64>| usd.map_or_else(|| "unknown".to_owned(), dollars);
    format!("{} in · {} out per million tokens", usd(input), usd(output))
}

/// Two digits after the point, more where they matter.
fn dollars(usd: f64) -> String {
    let whole = format!("{usd:.4}");
    let (dollars, cents) = whole.split_once('.').unwrap_or((&whole, "00"));
    let cents = cents.trim_end_matches('0');
    format!("${dollars}.{cents:0<2}")
}

/// What the pipeline has seen of a model.
fn measured(measured: MeasuredModel) -> String {
    let mut said = vec![if measured.results == 1 { "1 result".to_owned() } else { format!("{} results", number::count(measured.results)) }];
    if measured.failed > 0 {
        said.push(format!("{} failed", number::count(measured.failed)));
    }
    if let Some(p50) = measured.latency_p50_ms {
        said.push(format!("typically {}", number::duration_ms(p50)));
    }
    if let Some(confidence) = measured.mean_confidence {
        said.push(format!("{} confident", number::percent(confidence)));
    }
    said.join(" · ")
}

/// Draws the list. `other`: the name typed for a model that is not in it; `is_busy`: a switch is under way.
pub fn ui(ui: &mut Ui, data: &Data, other: &mut String, is_busy: bool, wishes: &mut Vec<Wish>) {
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
    ScrollArea::vertical().id_salt("models").auto_shrink(false).show(ui, |ui| {
        for models in page.items.chunk_by(|one, next| one.provider == next.provider) {
            provider_ui(ui, models, tokens, wishes);
            for model in models {
                model_ui(ui, model, is_busy, tokens, wishes);
            }
            ui.add_space(theme::GAP_12);
        }
        other_ui(ui, other, is_busy, wishes);
    });
}

fn provider_ui(ui: &mut Ui, models: &[ModelInfo], tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let Some(first) = models.first() else { return };
    let name = provider_name(&first.provider);
    section::ui(ui, &name, |ui| {
        let (said, button) = match &first.key {
            KeyState::NotNeeded => return,
            KeyState::Present { tail, from } => (format!("Key ····{tail}, from {}", origin(from)), "Change…"),
            KeyState::Missing { .. } => ("No key".to_owned(), "Add key…"),
        };
        let response = ui.button(button);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{} {name}", button.trim_end_matches('…'))));
        if response.clicked() {
            wishes.push(Wish::OpenProvider { name: first.provider.clone(), then_activate: None });
        }
        let label = ui.add(Label::new(RichText::new(said).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
        if let KeyState::Missing { why } = &first.key {
            label.on_hover_text(why);
        }
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

fn model_ui(ui: &mut Ui, model: &ModelInfo, is_busy: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let border = if model.is_live { tokens.good } else { tokens.border };
    let frame = Frame::new().fill(tokens.surface).stroke((1.0, border)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                live_or_button(ui, model, is_busy, wishes);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(&model.display_name).font(theme::semibold(theme::TEXT_BODY))).truncate())
                        .on_hover_text(&model.name);
                });
            });
        });
        ui.add(Label::new(RichText::new(&model.description).color(tokens.muted)).wrap());
        let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL);
        ui.add(Label::new(small(price(model))).wrap());
        let said = model.measured.map_or_else(|| "No results in the last 30 days".to_owned(), measured);
        let label = ui.add(Label::new(small(said).color(tokens.muted)).wrap());
        if let Some(MeasuredModel { latency_p95_ms: Some(p95), .. }) = model.measured {
            label.on_hover_text(format!("Of the last 30 days; 95 of 100 answers took at most {}", number::duration_ms(p95)));
        }
        if !model.follows_prompt {
            ui.add(Label::new(small("Takes only a tag list from the prompt".to_owned()).color(tokens.muted)).wrap());
        }
    });
}

fn live_or_button(ui: &mut Ui, model: &ModelInfo, is_busy: bool, wishes: &mut Vec<Wish>) {
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
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, !is_busy, format!("Make {} live", model.display_name)));
    let tooltip =
        if is_missing { "Add the provider's key, then send every photo to this model" } else { "Send every photo to this model from now on" };
    if button.on_hover_text(tooltip).clicked() {
        wishes.push(if is_missing {
            Wish::OpenProvider { name: model.provider.clone(), then_activate: Some(model.name.clone()) }
        } else {
            Wish::Activate(model.name.clone())
        });
    }
}

/// A model that the list does not have, by its full name.
fn other_ui(ui: &mut Ui, other: &mut String, is_busy: bool, wishes: &mut Vec<Wish>) {
    section::heading(ui, "Another model");
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 96.0).max(80.0);
        let field = ui.add(TextEdit::singleline(other).hint_text("gemini/MODEL").char_limit(120).desired_width(width));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Full name of another model"));
        let name = other.trim();
        let can = !is_busy && !name.is_empty();
        let button = ui.add_enabled(can, egui::Button::new("Make live"));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can, "Make the other model live"));
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if can && (button.clicked() || entered) {
            wishes.push(Wish::Activate(name.to_owned()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(provider: &str, input: Option<f64>, output: Option<f64>) -> ModelInfo {
        ModelInfo {
            name: format!("{provider}/m"),
            provider: provider.to_owned(),
            display_name: "M".to_owned(),
            description: String::new(),
            captions: true,
            follows_prompt: true,
            input_usd_per_million: input,
            output_usd_per_million: output,
            key: KeyState::NotNeeded,
            is_live: false,
            measured: None,
        }
    }

    #[test]
    fn an_unknown_price_is_never_zero() {
        assert_eq!(price(&model("gemini", None, None)), "Price unknown");
        assert_eq!(price(&model("gemini", Some(0.075), None)), "$0.075 in · unknown out per million tokens");
        assert_eq!(price(&model("gemini", Some(1.25), Some(10.0))), "$1.25 in · $10.00 out per million tokens");
        assert_eq!(price(&model("on-device", None, None)), "Free");
    }

    #[test]
    fn figures_name_failures_and_leave_out_what_is_not_known() {
        let seen = MeasuredModel { results: 1240, failed: 3, latency_p50_ms: Some(146.0), latency_p95_ms: None, mean_confidence: Some(0.87) };
        assert_eq!(measured(seen), "1,240 results · 3 failed · typically 146 ms · 87 % confident");
        assert_eq!(measured(MeasuredModel { results: 1, failed: 0, latency_p50_ms: None, mean_confidence: None, ..seen }), "1 result");
    }
}
