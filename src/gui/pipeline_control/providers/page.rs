//! One provider's page.

use egui::{Align, Frame, Key, Label, Layout, Margin, Modifiers, RichText, ScrollArea, Ui, vec2};

use super::super::Wish;
use super::{Asked, Page, key, list, models, settings};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{badge, relative_time, section};
use crate::wire::health::{HealthState, ProviderHealth};
use crate::wire::model::{KEYS_PLACE, KeyState};
use crate::wire::provider::{KeyWish, ProviderInfo};
use crate::wire::result::Fault;

/// Lines longer than this are hard to read.
const WIDTH_MOST: f32 = 640.0;

/// Draws it.
pub fn ui(ui: &mut Ui, page: &mut Page, provider: &ProviderInfo, (is_busy, who): (bool, Option<&str>), ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    header_ui(ui, page, provider, is_busy, wishes);
    ui.add_space(theme::GAP_8);
    ScrollArea::vertical().id_salt(("provider", &provider.name)).auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(WIDTH_MOST));
        if let Some(fault) = &provider.stopped {
            stopped_ui(ui, page, provider, fault, ctx);
        }
        for note in &provider.notes {
            note_ui(ui, icons::ICON_INFO, note, ctx.tokens().muted);
        }
        for warning in &provider.warnings {
            note_ui(ui, icons::ICON_WARNING, warning, ctx.tokens().warn);
        }
        ui.add_space(theme::GAP_12);
        if provider.key_wish != KeyWish::None {
            let is_tested = last_check(Some(page), provider).is_some();
            key::ui(ui, &mut page.key, provider, is_tested, ctx);
        }
        if provider.is_remote {
            check_ui(ui, page, provider, ctx);
            ui.add_space(theme::GAP_16);
            settings::ui(ui, &mut page.settings, provider, (is_busy, who), wishes);
            ui.add_space(theme::GAP_16);
        }
        models::ui(ui, page, provider, ctx);
        ui.add_space(theme::GAP_16);
    });
    // Inside a field Ctrl Z is the field's.
    let is_typing = ui.memory(|memory| memory.focused().is_some()) && ui.egui_wants_keyboard_input();
    if !is_typing && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z)) {
        ctx.send(Command::UndoConfigChange);
    }
}

fn header_ui(ui: &mut Ui, page: &Page, provider: &ProviderInfo, is_busy: bool, wishes: &mut Vec<Wish>) {
    /// Points that are kept for the word beside the name.
    const STATE_WIDTH: f32 = 104.0;
    /// Below this the button has room for its picture alone.
    const NARROW: f32 = 420.0;
    let is_narrow = ui.available_width() < NARROW;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        // The right end first: the name takes what is left, and is cut before it runs under the buttons.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = Tool::new(icons::ICON_CLOSE, "Back to the prompt").tooltip("Back to the prompt").icon_only();
            if close.ui(ui).clicked() {
                wishes.push(Wish::CloseProvider);
            }
            let remove =
                Tool::new(icons::ICON_DELETE, "Remove the server").tooltip("Remove the server: forget its address and limits; can be undone");
            if provider.is_added && remove.icon_only_if(is_narrow).enabled(!is_busy).ui(ui).clicked() {
                wishes.push(Wish::Provider(Asked::Remove { name: provider.name.clone(), label: provider.label.clone() }));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() - STATE_WIDTH).max(40.0));
                    ui.add(Label::new(RichText::new(&provider.label).font(theme::semibold(theme::TEXT_HEADING))).truncate());
                });
                let (tone, icon, word) = list::state(provider, last_check(Some(page), provider));
                badge::ui(ui, tone, icon, word);
            });
        });
    });
}

fn stopped_ui(ui: &mut Ui, page: &mut Page, provider: &ProviderInfo, fault: &Fault, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let frame =
        Frame::new().fill(tokens.bad.gamma_multiply(0.12)).stroke((1.0, tokens.bad)).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(12));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            // The button first: the words take what is left.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_idle = !page.resumed.is_pending();
                if ui.add_enabled(is_idle, egui::Button::new("Resume")).on_hover_text("Let calls through again").clicked() {
                    page.resume(&provider.name, ctx);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(RichText::new(icons::ICON_PAUSE_CIRCLE.codepoint).size(theme::TEXT_HEADING).color(tokens.bad));
                    ui.add(Label::new(RichText::new(held_words(fault)).font(theme::semibold(theme::TEXT_BODY))).truncate());
                });
            });
        });
        ui.add(Label::new(here(fault.said())).wrap());
    });
    ui.add_space(theme::GAP_12);
}

/// `Calls are held back until 14:12:05: rate limited`, in the time of this computer.
fn held_words(fault: &Fault) -> String {
    let until = fault.until.map(|until| until.with_timezone(&chrono::Local).format(" until %H:%M:%S").to_string()).unwrap_or_default();
    format!("Calls are held back{until}: {}", fault.kind.label())
}

fn note_ui(ui: &mut Ui, icon: egui_material_icons::MaterialIcon, note: &str, colour: egui::Color32) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new(icon.codepoint).size(14.0).color(colour));
        ui.add(Label::new(RichText::new(note).color(colour)).wrap());
    });
}

/// Words of the platform that send a person to this very page.
pub fn here(words: &str) -> String {
    words.replace(KEYS_PLACE, "here")
}

/// The newest test of a provider: the one that was just made here, or one that the platform made since.
#[must_use]
pub fn last_check<'c>(page: Option<&'c Page>, provider: &'c ProviderInfo) -> Option<&'c ProviderHealth> {
    if matches!(provider.key, KeyState::Missing { .. }) && provider.key_wish == KeyWish::Required {
        // It was another key that worked then.
        return None;
    }
    let made_here = page.and_then(|page| page.check.value());
    [made_here, provider.last_check.as_ref()].into_iter().flatten().max_by_key(|check| check.last_check)
}

/// The test, and how the last one ended.
fn check_ui(ui: &mut Ui, page: &mut Page, provider: &ProviderInfo, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let words = if provider.key_wish == KeyWish::None { "Test connection" } else { "Test key" };
    ui.add_space(theme::GAP_8);
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let is_idle = !page.check.is_pending();
        let button = ui.add_enabled(is_idle, egui::Button::new(words).min_size(vec2(0.0, theme::CONTROL_HEIGHT)));
        if button.on_hover_text("Really asks the provider, at no cost or next to none").clicked() {
            page.ask_check(&provider.name, ctx);
        }
        if page.check.is_pending() {
            ui.spinner();
            ui.label(RichText::new("Asking the provider").color(tokens.muted));
            return;
        }
        let last = last_check(Some(page), provider);
        if let (None, Some(last)) = (&page.check_refused, last) {
            let (tone, icon, word) = match last.status {
                HealthState::Healthy => (badge::Tone::Good, icons::ICON_CHECK_CIRCLE, "Works"),
                HealthState::Degraded => (badge::Tone::Warn, icons::ICON_WARNING, "Strained"),
                HealthState::Down => (badge::Tone::Bad, icons::ICON_ERROR, "Failed"),
            };
            badge::ui(ui, tone, icon, word);
            if let Some(took) = last.response_time_ms {
                ui.label(RichText::new(format!("in {took:.0} ms")).color(tokens.muted));
            }
            if let Some(at) = last.last_check {
                ui.scope(|ui| {
                    ui.visuals_mut().override_text_color = Some(tokens.muted);
                    relative_time::ui(ui, at, ctx.now);
                });
            }
        }
    });
    let failed = last_check(Some(page), provider).and_then(|last| last.error_details.as_ref());
    if let (false, Some(why)) = (page.check.is_pending(), page.check_refused.as_ref().or(failed)) {
        ui.add(Label::new(RichText::new(here(why)).color(tokens.bad)).wrap());
    }
}

/// The heading of a part of the page.
pub fn heading(ui: &mut Ui, title: &str) {
    section::heading(ui, title);
    ui.add_space(theme::GAP_4);
}
