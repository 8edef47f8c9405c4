//! The history of one rule: who set it when, from what to what, and the way back.

use egui::{Popup, PopupCloseBehavior, RichText, ScrollArea, Ui, WidgetInfo};
use serde_json::Value;

use super::super::field_words;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{relative_time, skeleton};
use crate::wire::config::{ConfigChange, ConfigChangesQuery};
use crate::wire::page::Page;

/// Entries that are shown.
const ENTRIES: u32 = 12;

/// The history that is looked at.
#[derive(Default)]
pub struct History {
    of: Option<String>,
    entries: Remote<Page<ConfigChange>>,
}

impl History {
    pub fn poll(&mut self) {
        self.entries.poll();
    }

    /// Something was changed: what is looked at next is asked for anew.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Draws the button of a field and, when it is open, its history; returns an earlier value that is to be put back.
    pub fn button_ui(&mut self, ui: &mut Ui, field: &str, ctx: &AreaCtx<'_>) -> Option<Value> {
        let name = format!("History of {}", field_words::label(field).to_lowercase());
        let icon = RichText::from(icons::ICON_HISTORY).size(theme::TEXT_STRONG).color(ctx.tokens().muted);
        let button = ui.add(egui::Button::new(icon).frame(false).min_size(egui::vec2(20.0, theme::CONTROL_HEIGHT)));
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        let button = button.on_hover_text(format!("{name}: who changed it, when and from what"));
        let popup = Popup::menu(&button).id(button.id.with("history")).close_behavior(PopupCloseBehavior::CloseOnClickOutside).width(280.0);
        let shown = popup.show(|ui| {
            ui.set_max_width(300.0);
            self.list_ui(ui, field, ctx)
        });
        shown.and_then(|shown| shown.inner)
    }

    fn list_ui(&mut self, ui: &mut Ui, field: &str, ctx: &AreaCtx<'_>) -> Option<Value> {
        let tokens = ctx.tokens();
        // Asked for while it is looked at: also when something was changed meanwhile.
        if self.of.as_deref() != Some(field) {
            self.of = Some(field.to_owned());
            self.entries = Remote::default();
            let query = ConfigChangesQuery { field: Some(field.to_owned()), limit: Some(ENTRIES), ..ConfigChangesQuery::default() };
            ctx.ask(&mut self.entries, |client| async move { client.find_config_changes(&query).await });
        }
        ui.label(RichText::new(field_words::label(field)).font(theme::semibold(theme::TEXT_BODY)));
        let Some(page) = self.entries.value().filter(|_| self.of.as_deref() == Some(field)) else {
            match self.entries.failure() {
                Some(failure) => drop(ui.label(RichText::new(format!("The history could not be read. {failure}")).color(tokens.bad))),
                None => skeleton::lines(ui, 3),
            }
            return None;
        };
        if page.items.is_empty() {
            ui.label(RichText::new("It was never changed").color(tokens.muted));
            return None;
        }
        let mut put_back = None;
        ScrollArea::vertical().max_height(260.0).min_scrolled_height(220.0).show(ui, |ui| {
            for change in &page.items {
                let at = |values: &Value| values.get(field).cloned().unwrap_or(Value::Null);
                let (was, is) = (at(&change.before), at(&change.after));
                ui.add_space(theme::GAP_4);
                let (from, to) = (field_words::value(field, &was), field_words::value(field, &is));
                ui.add(egui::Label::new(format!("{from} → {to}")).wrap());
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_4;
                    ui.label(RichText::new(format!("{} ·", change.actor)).size(theme::TEXT_SMALL).color(tokens.muted));
                    ui.style_mut().override_font_id = Some(egui::FontId::proportional(theme::TEXT_SMALL));
                    ui.visuals_mut().override_text_color = Some(tokens.muted);
                    relative_time::ui(ui, change.at, ctx.now);
                    ui.visuals_mut().override_text_color = None;
                    let button = ui.small_button("Put back").on_hover_text(format!("Sets it to {from} here; apply it to make it hold"));
                    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Put back {from}")));
                    if button.clicked() {
                        put_back = Some(was.clone());
                        ui.close();
                    }
                });
            }
        });
        put_back
    }
}
