//! The journal of the configuration: who changed what, when; each entry can be undone.

use chrono::{DateTime, Utc};
use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::Wish;
use super::data::Data;
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{empty_state, error_state, relative_time, skeleton};
use crate::wire::config::ConfigChange;

/// Draws the journal, newest first.
pub fn ui(ui: &mut Ui, data: &Data, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let tokens = ctx.tokens();
    let Some(page) = data.changes.value() else {
        match data.changes.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The changes could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    if page.items.is_empty() {
        empty_state::ui(ui, "Nothing was changed yet", None);
        return;
    }
    ScrollArea::vertical().id_salt("changes").auto_shrink(false).show(ui, |ui| {
        for change in &page.items {
            change_ui(ui, change, ctx.now, tokens, ctx);
            ui.separator();
        }
    });
}

fn change_ui(ui: &mut Ui, change: &ConfigChange, now: DateTime<Utc>, tokens: &Tokens, ctx: &AreaCtx<'_>) {
    let colour = if change.undone { tokens.muted } else { tokens.text };
    ui.add(Label::new(RichText::new(&change.summary).color(colour)).wrap());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        let who = change.actor.trim();
        if !who.is_empty() {
            ui.label(RichText::new(format!("{who} ·")).size(theme::TEXT_SMALL).color(tokens.muted));
        }
        ui.scope(|ui| {
            ui.visuals_mut().override_text_color = Some(tokens.muted);
            ui.style_mut().override_font_id = Some(egui::FontId::proportional(theme::TEXT_SMALL));
            relative_time::ui(ui, change.at, now);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if change.undone {
                ui.label(RichText::new("Undone").size(theme::TEXT_SMALL).color(tokens.muted));
                ui.label(RichText::new(icons::ICON_UNDO.codepoint).color(tokens.muted));
                return;
            }
            let button = ui.button("Undo");
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Undo: {}", change.summary)));
            if button.on_hover_text("Put back what was before").clicked() {
                ctx.send(Command::UndoThisConfigChange(change.id));
            }
        });
    });
}
