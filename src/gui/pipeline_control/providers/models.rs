//! The models of a provider: those that it offers, joined with those that the program knows.

use egui::{Align, Label, Layout, RichText, TextEdit, Ui};

use super::Page;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{error_state, relative_time, section, skeleton};
use crate::wire::provider::{ProviderInfo, ProviderModel, per_thousand_photos};

/// More than so many are searched rather than scrolled through.
const FILTER_FROM: usize = 12;
const ROWS_MOST: usize = 200;

/// Draws the models' part of the page.
pub fn ui(ui: &mut Ui, page: &mut Page, provider: &ProviderInfo, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    if page.models.is_untouched() {
        page.ask_models(&provider.name, false, ctx);
    }
    section::ui(ui, "Models on offer", |ui| {
        // Until it is known that there is no list, it may be asked for.
        if !provider.is_remote || page.models.value().is_some_and(|models| !models.has_list) {
            return;
        }
        let refresh = Tool::new(icons::ICON_SYNC, "Refresh").tooltip("Ask the provider for its list of models").enabled(!page.models.is_pending());
        if refresh.ui(ui).clicked() {
            page.ask_models(&provider.name, true, ctx);
        }
        if page.models.is_pending() {
            ui.spinner();
        }
    });
    let Some(models) = page.models.value() else {
        match page.models.failure().map(ToString::to_string) {
            Some(why) => {
                if error_state::ui(ui, "The models could not be read", &why) {
                    page.ask_models(&provider.name, false, ctx);
                }
            }
            None => skeleton::lines(ui, 3),
        }
        return;
    };
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    if let Some(fault) = &models.fault {
        ui.add(Label::new(RichText::new(format!("The list could not be had: {}", fault.message)).color(tokens.bad)).wrap());
    } else if let Some(at) = models.asked_at {
        ui.label(small(format!("As the provider listed them {}", relative_time::words(at, ctx.now)))).on_hover_text(relative_time::absolute(at));
    } else if provider.is_remote && !models.has_list {
        ui.label(small("As this program knows them: the provider has no list to ask for".to_owned()));
    } else if provider.is_remote {
        ui.label(small("As this program knows them. Refresh asks the provider".to_owned()));
    }
    ui.add_space(theme::GAP_4);
    if models.items.is_empty() {
        ui.label(RichText::new("No models are known yet. Refresh asks the server").color(tokens.muted));
        return;
    }
    if models.items.len() > FILTER_FROM {
        let edit = TextEdit::singleline(&mut page.filter).hint_text("Search the models").desired_width(240.0);
        ui.add(edit).widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search the models"));
        ui.add_space(theme::GAP_4);
    }
    let wanted = page.filter.trim().to_lowercase();
    let mut found = models
        .items
        .iter()
        .filter(|model| wanted.is_empty() || model.name.to_lowercase().contains(&wanted) || model.display_name.to_lowercase().contains(&wanted));
    let mut any = false;
    for model in found.by_ref().take(ROWS_MOST) {
        any = true;
        row_ui(ui, model, provider, tokens);
    }
    let more = found.count();
    if more > 0 {
        ui.label(RichText::new(format!("{more} more; search to find them")).color(tokens.muted));
    }
    if !any {
        ui.label(RichText::new("No model is named like that").color(tokens.muted));
    }
}

fn row_ui(ui: &mut Ui, model: &ProviderModel, provider: &ProviderInfo, tokens: &Tokens) {
    ui.separator();
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(price(model, provider)).size(theme::TEXT_SMALL).color(tokens.muted));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(is_offered) = model.is_offered {
                    let (icon, colour, words) = if is_offered {
                        (icons::ICON_CHECK, tokens.good, "The provider lists it")
                    } else {
                        (icons::ICON_CLOSE, tokens.bad, "The provider does not list it for this key")
                    };
                    ui.label(RichText::new(icon.codepoint).size(14.0).color(colour)).on_hover_text(words);
                }
                ui.add(Label::new(&model.display_name).truncate()).on_hover_text(&model.name);
            });
        });
    });
    // The full name is what the command line and files want: it can be selected here.
    let said: Vec<String> = std::iter::once(model.name.clone()).chain(facts(model, provider.is_remote)).collect();
    ui.add(Label::new(RichText::new(said.join(" · ")).size(theme::TEXT_SMALL).color(tokens.muted)).selectable(true).wrap());
}

fn facts(model: &ProviderModel, is_remote: bool) -> Vec<String> {
    let mut said = Vec::new();
    if model.is_offered == Some(false) {
        said.push("Not in the provider's list".to_owned());
    }
    if !model.is_known {
        said.push("Not in the catalogue".to_owned());
    }
    match model.takes_photos {
        Some(true) => {}
        Some(false) => said.push("Takes no photos".to_owned()),
        None => said.push("Whether it takes photos is not said".to_owned()),
    }
    if !model.follows_prompt {
        said.push(if is_remote { "Follows no prompt" } else { "Takes only a tag list from the prompt" }.to_owned());
    }
    if let Some(day) = model.retires {
        said.push(format!("Retires on {}", day.format("%-d %B %Y")));
    }
    said.extend(model.notes.iter().cloned());
    said
}

fn price(model: &ProviderModel, provider: &ProviderInfo) -> String {
    let prices = (model.input_usd_per_million, model.output_usd_per_million);
    match prices {
        _ if !provider.is_remote => "Free".to_owned(),
        (Some(0.0), Some(0.0)) => "Free".to_owned(),
        (None, None) => model.usd_per_thousand_photos.map_or_else(|| "Price unknown".to_owned(), per_thousand_photos),
        (input, output) => super::super::models::per_million(input, output),
    }
}
