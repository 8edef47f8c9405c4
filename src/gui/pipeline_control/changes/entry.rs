//! One entry of the journal: what was done, by whom and when; opened, each field as it was and as it became.

use std::collections::BTreeSet;

use egui::{Align, Frame, Label, Layout, Margin, RichText, Sense, Ui, WidgetInfo};
use serde_json::Value;

use super::super::field_words;
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::relative_time;
use crate::wire::config::ConfigChange;

/// Draws it; returns whether it is to be opened or closed.
pub fn ui(ui: &mut Ui, change: &ConfigChange, is_open: bool, ctx: &AreaCtx<'_>) -> bool {
    let tokens = ctx.tokens();
    let colour = if change.undone { tokens.muted } else { tokens.text };
    let toggle = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let icon = if is_open { icons::ICON_EXPAND_MORE } else { icons::ICON_CHEVRON_RIGHT };
            let arrow = ui.add(Label::new(RichText::from(icon).color(tokens.muted)).sense(Sense::click()).selectable(false));
            let verb = if is_open { "Close" } else { "Open" };
            arrow.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{verb}: {}", change.summary)));
            let words = Label::new(RichText::new(&change.summary).color(colour)).wrap().sense(Sense::click());
            arrow.union(ui.add(words))
        })
        .inner;
    let toggle = toggle.on_hover_text(if is_open { "Hide what it changed" } else { "See what it changed, field by field" });
    if is_open {
        differences_ui(ui, change, tokens);
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        let who = change.actor.trim();
        if !who.is_empty() {
            ui.label(RichText::new(format!("{who} ·")).size(theme::TEXT_SMALL).color(tokens.muted));
        }
        ui.scope(|ui| {
            ui.visuals_mut().override_text_color = Some(tokens.muted);
            ui.style_mut().override_font_id = Some(egui::FontId::proportional(theme::TEXT_SMALL));
            relative_time::ui(ui, change.at, ctx.now);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if change.undone {
                ui.label(RichText::new("Undone").size(theme::TEXT_SMALL).color(tokens.muted));
                ui.label(RichText::new(icons::ICON_UNDO.codepoint).color(tokens.muted));
                return;
            }
            let button = ui.button("Undo");
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Undo: {}", change.summary)));
            if button.on_hover_text("Put back what was before").clicked() {
                ctx.send(Command::UndoThisConfigChange(change.id));
            }
        });
    });
    toggle.clicked()
}

fn differences_ui(ui: &mut Ui, change: &ConfigChange, tokens: &Tokens) {
    let fields: BTreeSet<&String> =
        [&change.before, &change.after].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
    let frame = Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        if fields.is_empty() {
            ui.label(RichText::new("This entry can't be read").color(tokens.muted));
        }
        for field in fields {
            let at = |values: &Value| values.get(field).cloned().unwrap_or(Value::Null);
            difference_ui(ui, field, &at(&change.before), &at(&change.after), tokens);
        }
    });
}

/// A field as it was and as it is: with signs, so that the colour is never alone.
pub fn difference_ui(ui: &mut Ui, field: &str, before: &Value, after: &Value, tokens: &Tokens) {
    ui.spacing_mut().item_spacing.y = 1.0;
    ui.add(Label::new(RichText::new(field_words::label(field)).font(theme::semibold(theme::TEXT_SMALL))).truncate());
    for (sign, value, colour) in [("−", before, tokens.bad), ("+", after, tokens.good)] {
        let words = field_words::value(field, value);
        ui.add(Label::new(RichText::new(format!("{sign} {words}")).size(theme::TEXT_SMALL).color(colour)).wrap());
    }
    ui.add_space(theme::GAP_4);
}
