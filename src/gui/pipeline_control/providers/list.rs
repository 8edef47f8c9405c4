//! The list of providers: each with its state as a mark and a word.

use std::collections::HashMap;

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};
use egui_material_icons::MaterialIcon;

use super::super::Wish;
use super::{Page, page};
use crate::gui::ctx::Remote;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::badge::Tone;
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{error_state, list_row, section, skeleton};
use crate::wire::health::{HealthState, ProviderHealth};
use crate::wire::model::KeyState;
use crate::wire::provider::{KeyWish, ProviderInfo, ProviderList};

/// How a provider stands: a mark and one or two words. `check`: its newest test.
#[must_use]
pub fn state(provider: &ProviderInfo, check: Option<&ProviderHealth>) -> (Tone, MaterialIcon, &'static str) {
    let is_missing = matches!(provider.key, KeyState::Missing { .. });
    let check = check.map(|check| check.status);
    match (&provider.stopped, check) {
        (Some(_), _) => (Tone::Bad, icons::ICON_PAUSE_CIRCLE, "Held back"),
        (None, _) if !provider.is_remote => (Tone::Good, icons::ICON_CHECK_CIRCLE, "Ready"),
        (None, _) if is_missing && provider.key_wish == KeyWish::Required => (Tone::Neutral, icons::ICON_KEY, "No key"),
        (None, Some(HealthState::Down)) => (Tone::Bad, icons::ICON_ERROR, "Failed"),
        (None, Some(HealthState::Degraded)) => (Tone::Warn, icons::ICON_WARNING, "Strained"),
        (None, Some(HealthState::Healthy)) => (Tone::Good, icons::ICON_CHECK_CIRCLE, "Ready"),
        (None, None) if provider.key_worked_at.is_some() => (Tone::Good, icons::ICON_CHECK_CIRCLE, "Ready"),
        (None, None) => (Tone::Info, icons::ICON_PENDING, "Not tested"),
    }
}

/// Below this room for names the longest ones are shortened.
const NARROW: f32 = 110.0;

/// Draws the list.
pub fn ui(ui: &mut Ui, list: &Remote<ProviderList>, pages: &HashMap<String, Page>, open: Option<&str>, wishes: &mut Vec<Wish>) {
    section::ui(ui, "Providers", |ui| {
        if Tool::new(icons::ICON_ADD, "Add a compatible server…").icon_only().ui(ui).clicked() {
            wishes.push(Wish::AddProvider);
        }
    });
    ui.add_space(theme::GAP_4);
    let Some(list) = list.value() else {
        match list.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The providers could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    ScrollArea::vertical().id_salt("providers").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for provider in &list.items {
            let check = page::last_check(pages.get(&provider.name), provider);
            row_ui(ui, provider, check, open == Some(&provider.name), wishes);
        }
    });
}

fn row_ui(ui: &mut Ui, provider: &ProviderInfo, check: Option<&ProviderHealth>, is_open: bool, wishes: &mut Vec<Wish>) {
    let (tone, icon, word) = state(provider, check);
    let colour = tone.colour(ui.ctx());
    let name = format!("{}, {}", provider.label, word.to_lowercase());
    let response = list_row::ui(ui, &name, is_open, theme::ROW_HEIGHT + 4.0, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            // The word gives way to the name where there is no room for both; hovering says it.
            if ui.available_width() > 150.0 {
                ui.label(RichText::new(word).size(theme::TEXT_SMALL).color(colour));
            }
            ui.label(RichText::new(icon.codepoint).size(14.0).color(colour));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                // In a narrow list the two of Google are told apart by what is behind it.
                let short = provider.label.strip_prefix("Google ").filter(|_| ui.available_width() < NARROW);
                ui.add(Label::new(short.unwrap_or(&provider.label)).truncate().show_tooltip_when_elided(false));
            });
        });
    });
    if response.clicked() {
        wishes.push(Wish::OpenProvider { name: provider.name.clone(), then_activate: None });
    }
    response.on_hover_text(format!("{}: {}", provider.label, word.to_lowercase()));
}
