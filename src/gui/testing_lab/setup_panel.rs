//! The panel beside the grid: which prompts, which models, how often, and the button that runs them.

use egui::{Align, Button, Checkbox, DragValue, Frame, Id, Layout, Margin, RichText, ScrollArea, Ui, WidgetInfo};

use super::estimate::LiveEstimate;
use super::setup::{PromptChoice, PromptOffer, Setup, has_draft, is_usable};
use super::{estimate_panel, sweep_setup};
use crate::gui::ctx::kept_free::keep_free;
use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{empty_state, error_state, number, skeleton};
use crate::wire::model::{KeyState, ModelInfo};
use crate::wire::money;
use crate::wire::provider::{per_thousand_photos, provider_label};

/// Versions of a prompt that are listed before "Show all".
const VERSIONS_SHOWN: usize = 3;

/// Of the panel, what the estimate with its notes and columns may take; the choice above it is worth more.
const SPENDING_SHARE_MOST: f32 = 0.5;
const SPENDING_LEAST: f32 = 96.0;

/// What is about to be started.
#[derive(Debug, Clone, Copy)]
pub struct Starting<'a> {
    /// How many are chosen.
    pub photos: usize,
    /// The photos are being read: none is missing yet.
    pub is_loading: bool,
    pub is_pending: bool,
    pub failure: Option<&'a str>,
}

/// Draws the panel.
pub fn ui(ui: &mut Ui, setup: &mut Setup, estimate: &LiveEstimate, starting: Starting<'_>, ctx: &AreaCtx<'_>) {
    // The limit and the button first: whatever the estimate says, they stay where they are.
    let foot = egui::Panel::bottom("run").frame(Frame::new().inner_margin(Margin { top: 4, ..Margin::ZERO })).show_separator_line(false);
    let foot = foot.show(ui, |ui| {
        limit_ui(ui, setup, estimate, starting, ctx.tokens());
        run_ui(ui, setup, estimate, starting, ctx);
    });
    keep_free(ui.ctx(), foot.response.rect);
    let most = (ui.available_height() * SPENDING_SHARE_MOST).max(SPENDING_LEAST);
    let spending = egui::Panel::bottom("spending").frame(Frame::new().inner_margin(Margin { top: 8, ..Margin::ZERO }));
    let spending = spending.show(ui, |ui| {
        ScrollArea::vertical()
            .id_salt("spending")
            .max_height(most)
            .min_scrolled_height(most)
            .show(ui, |ui| spending_ui(ui, setup, estimate, starting, ctx));
    });
    keep_free(ui.ctx(), spending.response.rect);
    ScrollArea::vertical().id_salt("setup").auto_shrink(false).show(ui, |ui| {
        heading(ui, icons::ICON_EDIT_NOTE.codepoint, "Prompts", setup.chosen_prompts.len());
        prompts_ui(ui, setup, ctx);
        ui.add_space(theme::GAP_16);
        heading(ui, icons::ICON_NEUROLOGY.codepoint, "Models", setup.chosen_models.len());
        models_ui(ui, setup, ctx);
        ui.add_space(theme::GAP_16);
        numbers_ui(ui, setup);
        ui.add_space(theme::GAP_12);
        sweep_setup::ui(ui, setup);
    });
}

fn heading(ui: &mut Ui, icon: &str, words: &str, chosen: usize) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal(|ui| {
        ui.label(RichText::new(icon).size(theme::TEXT_STRONG).color(tokens.muted));
        ui.label(RichText::new(words).font(theme::semibold(theme::TEXT_STRONG)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(format!("{chosen} chosen")).size(theme::TEXT_SMALL).color(tokens.muted));
        });
    });
    ui.add_space(theme::GAP_4);
}

fn prompts_ui(ui: &mut Ui, setup: &mut Setup, ctx: &AreaCtx<'_>) {
    if let Some(failure) = setup.prompts.failure().map(ToString::to_string)
        && error_state::ui(ui, "The prompts could not be read", &failure)
    {
        setup.reload_prompts();
    }
    let Some(offers) = setup.prompts.value() else {
        if setup.prompts.failure().is_none() {
            skeleton::lines(ui, 2);
        }
        return;
    };
    if offers.iter().all(|offer| offer.versions.is_empty() && !has_draft(&offer.prompt)) {
        if empty_state::ui(ui, "There is no prompt yet", Some("New prompt…")) {
            ctx.send(Command::NewPrompt);
        }
        return;
    }
    for offer in offers {
        offer_ui(ui, offer, &mut setup.chosen_prompts, ctx.tokens());
    }
}

fn offer_ui(ui: &mut Ui, offer: &PromptOffer, chosen: &mut std::collections::BTreeSet<PromptChoice>, tokens: &Tokens) {
    if has_draft(&offer.prompt) {
        let newest = || offer.versions.iter().max_by_key(|version| version.version).map(|version| version.content.as_str());
        let draft = offer.prompt.draft.as_deref().or_else(newest).unwrap_or_default();
        let name = format!("{} draft", offer.prompt.name);
        choice_ui(ui, chosen, PromptChoice::Draft(offer.prompt.id), &name, Some(("not saved", tokens.warn)), draft);
    }
    let id = ui.make_persistent_id(("all versions", offer.prompt.id));
    let shows_all = ui.data(|data| data.get_temp(id).unwrap_or(false));
    let is_listed = |at: usize, version: &crate::wire::prompt::PromptVersion| {
        shows_all || at < VERSIONS_SHOWN || version.is_live || chosen.contains(&PromptChoice::Version(version.id))
    };
    let listed: Vec<_> = offer.versions.iter().enumerate().filter(|(at, version)| is_listed(*at, version)).map(|(_, version)| version).collect();
    let hidden = offer.versions.len() - listed.len();
    for version in listed {
        let badge = version.is_live.then_some(("live", tokens.good));
        let hover = if version.note.is_empty() { version.content.clone() } else { format!("{}\n\n{}", version.note, version.content) };
        choice_ui(ui, chosen, PromptChoice::Version(version.id), &version.label(), badge, &hover);
    }
    if hidden > 0 && ui.button(format!("Show {hidden} more of {}", offer.prompt.name)).clicked() {
        ui.data_mut(|data| data.insert_temp(id, true));
    }
}

fn choice_ui(
    ui: &mut Ui,
    chosen: &mut std::collections::BTreeSet<PromptChoice>,
    choice: PromptChoice,
    name: &str,
    badge: Option<(&str, egui::Color32)>,
    text: &str,
) {
    let mut is_chosen = chosen.contains(&choice);
    ui.horizontal(|ui| {
        let response = ui.add(Checkbox::new(&mut is_chosen, name));
        if let Some((word, colour)) = badge {
            ui.label(RichText::new(word).size(theme::TEXT_SMALL).color(colour));
        }
        response.clone().on_hover_ui(|ui| {
            ui.set_max_width(420.0);
            let excerpt: String = text.chars().take(800).collect();
            ui.label(RichText::new(excerpt).monospace().size(theme::TEXT_SMALL));
        });
        if response.changed() {
            if is_chosen {
                chosen.insert(choice);
            } else {
                chosen.remove(&choice);
            }
        }
    });
}

fn models_ui(ui: &mut Ui, setup: &mut Setup, ctx: &AreaCtx<'_>) {
    if let Some(failure) = setup.models.failure().map(ToString::to_string)
        && error_state::ui(ui, "The models could not be read", &failure)
    {
        setup.reload_models();
    }
    let Some(page) = setup.models.value() else {
        if setup.models.failure().is_none() {
            skeleton::lines(ui, 3);
        }
        return;
    };
    for model in page.items.iter().filter(|model| is_usable(model)) {
        model_ui(ui, model, &mut setup.chosen_models, ctx.tokens());
    }
    // The reason stands once for all models of a provider, not beside each of them.
    let mut told: Vec<&str> = Vec::new();
    for model in page.items.iter().filter(|model| !is_usable(model)) {
        if !told.contains(&model.provider.as_str()) {
            told.push(&model.provider);
            locked_ui(ui, model, ctx);
        }
        let mut never = false;
        ui.add_enabled(false, Checkbox::new(&mut never, &model.display_name));
    }
}

fn model_ui(ui: &mut Ui, model: &ModelInfo, chosen: &mut std::collections::BTreeSet<String>, tokens: &Tokens) {
    let mut is_chosen = chosen.contains(&model.name);
    let response = ui.add(Checkbox::new(&mut is_chosen, &model.display_name)).on_hover_text(&model.description);
    if response.changed() {
        if is_chosen {
            chosen.insert(model.name.clone());
        } else {
            chosen.remove(&model.name);
        }
    }
    // The words belong to the line above, so they stand close to it.
    ui.add_space(-theme::GAP_8);
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 16.0;
        let left = ui.spacing().icon_width + ui.spacing().icon_spacing;
        egui::Frame::new().outer_margin(egui::Margin { left: left as i8, ..egui::Margin::ZERO }).show(ui, |ui| {
            ui.add(egui::Label::new(RichText::new(price_words(model)).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        });
    });
}

/// What the person can know about the cost before the run.
fn price_words(model: &ModelInfo) -> String {
    let price = match (model.input_usd_per_million, model.output_usd_per_million) {
        _ if model.provider == "on-device" => "free, on this machine".to_owned(),
        (Some(input), Some(output)) if input == 0.0 && output == 0.0 => "free".to_owned(),
        (None, None) if model.usd_per_thousand_photos.is_some() => model.usd_per_thousand_photos.map(per_thousand_photos).unwrap_or_default(),
        (Some(input), Some(output)) => format!("{} in, {} out per million tokens", money::price_words(input), money::price_words(output)),
        _ => "price unknown".to_owned(),
    };
    let measured = model.measured.and_then(|measured| measured.latency_p50_ms).map(|ms| format!(", about {} a photo", number::duration_ms(ms)));
    let price = price + &measured.unwrap_or_default();
    if model.follows_prompt || model.provider == "on-device" {
        return price;
    }
    // What it finds has the name of a feature, and no prompt changes it.
    format!("{} · {price} · follows no prompt", provider_label(&model.provider))
}

/// Why the models of a provider can't be chosen, and the way to mend it.
fn locked_ui(ui: &mut Ui, model: &ModelInfo, ctx: &AreaCtx<'_>) {
    let KeyState::Missing { why } = &model.key else { return };
    let tokens = ctx.tokens();
    ui.add_space(theme::GAP_8);
    ui.horizontal(|ui| {
        ui.label(RichText::new(icons::ICON_KEY.codepoint).color(tokens.warn));
        let words = format!("No key for {}", provider_label(&model.provider));
        ui.label(RichText::new(words)).on_hover_text(why);
        let button = ui.button("Add key…");
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Add key for {}…", provider_label(&model.provider))));
        if button.clicked() {
            ctx.send(Command::GoTo(Route::Models));
        }
    });
}

fn numbers_ui(ui: &mut Ui, setup: &mut Setup) {
    egui::Grid::new("numbers").num_columns(2).spacing([theme::GAP_12, theme::GAP_8]).show(ui, |ui| {
        let label =
            ui.label("Repeats").on_hover_text("How often each photo is asked with the same prompt and model: shows how steady the answers are");
        ui.add(DragValue::new(&mut setup.repeats).range(1..=20)).labelled_by(label.id);
        ui.end_row();
        let label = ui.label("At the same time").on_hover_text("Calls in flight at once; a provider may limit them");
        ui.add(DragValue::new(&mut setup.concurrency).range(1..=64).suffix(" calls")).labelled_by(label.id);
        ui.end_row();
    });
    let about = "Ask even where the same photo, prompt, model and parameters were answered in an earlier run. \
                 Otherwise such an answer is taken as it is: it costs nothing and says where it is from";
    ui.checkbox(&mut setup.ask_again, "Ask again what is known").on_hover_text(about);
}

/// How many calls it is, and what they may cost.
fn spending_ui(ui: &mut Ui, setup: &Setup, estimate: &LiveEstimate, starting: Starting<'_>, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    if let Some(failure) = starting.failure {
        ui.label(RichText::new(format!("{} {failure}", icons::ICON_ERROR.codepoint)).color(tokens.bad));
    }
    if starting.is_loading {
        skeleton::lines(ui, 1);
        return;
    }
    let missing = setup.missing(starting.photos);
    let words = missing.map_or_else(|| sum_words(setup, starting.photos), str::to_owned);
    ui.label(RichText::new(words).color(if missing.is_some() { tokens.warn } else { tokens.text }));
    if missing.is_none() {
        estimate_ui(ui, estimate, tokens);
    }
}

/// The most that may be spent, once there is something to spend it on.
fn limit_ui(ui: &mut Ui, setup: &mut Setup, estimate: &LiveEstimate, starting: Starting<'_>, tokens: &Tokens) {
    if starting.is_loading || setup.missing(starting.photos).is_some() {
        return;
    }
    let problem = setup.spend_most.problem(estimate.of_now());
    setup.spend_most.ui(ui, problem.as_deref(), tokens);
}

/// While it is asked for, the estimate keeps the height that it had: what is above must not move under the pointer.
fn estimate_ui(ui: &mut Ui, estimate: &LiveEstimate, tokens: &Tokens) {
    let id = Id::unique("height of the estimate");
    let settled: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let shown = ui.scope(|ui| {
        if estimate.is_behind() {
            ui.set_min_height(settled);
        }
        estimate_panel::ui(ui, estimate, tokens);
    });
    if !estimate.is_behind() {
        ui.data_mut(|data| data.insert_temp(id, shown.response.rect.height()));
    }
}

fn run_ui(ui: &mut Ui, setup: &Setup, estimate: &LiveEstimate, starting: Starting<'_>, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let is_starting = starting.is_pending;
    let missing = setup.missing(starting.photos).is_some() || setup.spend_most.problem(estimate.of_now()).is_some();
    let is_enabled = !missing && !is_starting;
    let label = if is_starting { "Starting…" } else { "Run the comparison" };
    let fill = if is_enabled { tokens.accent } else { tokens.raised };
    let ink = if is_enabled { tokens.on_accent } else { tokens.muted };
    let shortcut = Command::RunComparison.shortcut().map(|shortcut| ui.ctx().format_shortcut(&shortcut)).unwrap_or_default();
    let text = RichText::new(format!("{} {label}", icons::ICON_PLAY_ARROW.codepoint)).strong().color(ink);
    let button = Button::new(text).shortcut_text(RichText::new(&shortcut).color(ink)).fill(fill).min_size(egui::vec2(ui.available_width(), 34.0));
    let response = ui.add_enabled(is_enabled, button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, is_enabled, label));
    if response.on_hover_text(Command::RunComparison.tooltip()).clicked() {
        ctx.send(Command::RunComparison);
    }
}

/// `24 photos × 2 prompts × 2 models = 96 calls`.
fn sum_words(setup: &Setup, photos: usize) -> String {
    let plural = |count: usize, word: &str| format!("{} {word}{}", number::count(count as u64), if count == 1 { "" } else { "s" });
    let repeats = if setup.repeats > 1 { format!(" × {} repeats", setup.repeats) } else { String::new() };
    let prompts = plural(setup.chosen_prompts.len(), "prompt");
    let models = match (setup.images().is_empty(), setup.parameters().is_empty()) {
        (true, true) => plural(setup.chosen_models.len(), "model"),
        (false, true) => format!("{} models and sizes", number::count(setup.variants())),
        (true, false) => format!("{} models and parameters", number::count(setup.variants())),
        (false, false) => format!("{} models, parameters and sizes", number::count(setup.variants())),
    };
    let calls = setup.calls(photos) as usize;
    format!("{} × {prompts} × {models}{repeats} = {}", plural(photos, "photo"), plural(calls, "call"))
}
