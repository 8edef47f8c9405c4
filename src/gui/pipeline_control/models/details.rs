//! What is known of one model, at length.

use egui::{Button, Label, RichText, Ui, WidgetInfo};

use super::chain::ChainEditor;
use super::parameters::ParametersForm;
use super::words;
use crate::gui::pipeline_control::Wish;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::number;
use crate::wire::config::PipelineConfig;
use crate::wire::health::HealthState;
use crate::wire::model::ModelInfo;

/// What a model's details may change.
pub struct Changes<'a> {
    pub chain: &'a mut ChainEditor,
    pub parameters: &'a mut ParametersForm,
    pub config: Option<&'a PipelineConfig>,
    pub is_busy: bool,
}

/// Draws them.
pub fn ui(ui: &mut Ui, (model, called): (&ModelInfo, &str), changes: &mut Changes<'_>, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    ui.add_space(theme::GAP_4);
    ui.add(Label::new(RichText::new(&model.description).color(tokens.muted)).wrap());
    let (can, can_not) = words::capabilities(model);
    fact_ui(ui, "Has", &can, tokens);
    if !can_not.is_empty() {
        fact_ui(ui, "Lacks", &can_not, tokens);
    }
    if !model.follows_prompt && model.provider == "on-device" {
        fact_ui(ui, "Prompt", "Takes only a tag list from the prompt", tokens);
    }
    let mut price = words::price(model);
    if let Some(next) = model.next_price {
        let then = words::per_million(Some(next.input_usd_per_million), Some(next.output_usd_per_million));
        price = format!("{price}. From {}: {then}", words::day(next.from));
    }
    fact_ui(ui, "Price", &price, tokens);
    fact_ui(ui, "Cost", &words::thousand_at_length(model.cost_per_photo), tokens);
    if let Some(last) = model.retires {
        fact_ui(ui, "Last day", &words::day(last), tokens);
    }
    fact_ui(ui, "Health", &health(model), tokens);
    let seen = model.measured.map_or_else(|| "No results in the last 30 days".to_owned(), words::measured);
    fact_ui(ui, "Measured", &seen, tokens);
    fact_ui(ui, "Accuracy", &accuracy(model), tokens);
    if let Some(expected) = &model.expected {
        part_ui(ui, "If it went live now");
        for line in words::expected(expected) {
            ui.add(Label::new(RichText::new(line).size(theme::TEXT_SMALL)).wrap());
        }
    }
    let Some(config) = changes.config else { return };
    part_ui(ui, "Parameters");
    let applied = config.model_parameters.get(&model.name).copied().unwrap_or_default();
    changes.parameters.ui(ui, model, applied, changes.is_busy, tokens, wishes);
    if model.is_live {
        return;
    }
    ui.add_space(theme::GAP_4);
    if let Some(place) = changes.chain.place_of(&model.name, config) {
        in_chain_ui(ui, place, called, changes, tokens, wishes);
        return;
    }
    let can = changes.chain.can_add(config);
    let button = ui.add_enabled(can, Button::new("Add to the fallback chain"));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, can, format!("Add {called} to the fallback chain")));
    if button.on_hover_text("It is asked when the live model fails; apply the chain above to make it hold").clicked() {
        changes.chain.add(&model.name, config);
    }
}

/// Which place in the chain it has; where that is not applied yet, that too, and the way to apply it: the chain itself may be
/// far above.
fn in_chain_ui(ui: &mut Ui, place: usize, called: &str, changes: &Changes<'_>, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL);
    if !changes.chain.is_edited() {
        ui.label(small(format!("Number {} of the fallback chain", place + 1)).color(tokens.muted));
        return;
    }
    let words = small(format!("Number {} of the fallback chain, which is not applied yet", place + 1)).color(tokens.warn);
    ui.add(Label::new(words).wrap());
    let Some(chain) = changes.chain.to_apply() else { return };
    let button = ui.add_enabled(!changes.is_busy, Button::new("Apply it"));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !changes.is_busy, format!("Apply the chain with {called}")));
    if button.on_hover_text("From the next photo on; it can be undone").clicked() {
        wishes.push(Wish::SetFallbacks(chain.to_vec()));
    }
}

fn part_ui(ui: &mut Ui, name: &str) {
    ui.add_space(theme::GAP_4);
    ui.label(RichText::new(name).font(theme::semibold(theme::TEXT_SMALL)));
}

/// A name and what it is, wrapped as one text.
fn fact_ui(ui: &mut Ui, name: &str, what: &str, tokens: &Tokens) {
    let font = egui::FontId::proportional(theme::TEXT_SMALL);
    let mut job = egui::text::LayoutJob::default();
    job.append(&format!("{name}  "), 0.0, egui::TextFormat::simple(font.clone(), tokens.muted));
    job.append(what, 0.0, egui::TextFormat::simple(font, tokens.text));
    ui.add(Label::new(job).wrap());
}

fn health(model: &ModelInfo) -> String {
    let Some(health) = &model.health else { return "Its provider was not asked yet".to_owned() };
    let state = match health.status {
        HealthState::Healthy => "Its provider answers",
        HealthState::Degraded => "Its provider has trouble",
        HealthState::Down => "Its provider is down",
    };
    if health.detail.is_empty() { state.to_owned() } else { format!("{state}: {}", health.detail) }
}

fn accuracy(model: &ModelInfo) -> String {
    let Some(share) = model.accuracy else { return "No ground truth yet: none of its photos has known labels".to_owned() };
    let (low, high) = (number::percent(share.low), number::percent(share.high));
    let photos = if share.of == 1 { "1 answer".to_owned() } else { format!("{} answers", number::count(share.of)) };
    let right = number::percent(share.share);
    format!("{right} ({low}–{high}, 95 % interval by Wilson's method) of {photos} about labelled photos name a label first")
}
