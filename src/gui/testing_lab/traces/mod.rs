//! Traces: what happened to each photo that was processed or tested, looked for at the left, looked into and tried again at the right.

mod exchanges;
mod files;
mod open;
mod page;
mod replay;
mod search;

use std::collections::HashMap;

use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, Ui};
use uuid::Uuid;

use open::OpenTrace;
use replay::Draft;
use search::Search;

use crate::gui::ctx::AreaCtx;
use crate::gui::theme;
use crate::gui::widgets::empty_state;
use crate::wire::model::ModelInfo;

/// What the step keeps.
#[derive(Default)]
pub struct Traces {
    search: Search,
    open: Option<OpenTrace>,
    /// What was typed for replays, by trace: looking at another one loses nothing.
    drafts: HashMap<Uuid, Draft>,
    is_shown: bool,
}

impl Traces {
    /// Shows a trace, or the newest of a result or a cell, by its id.
    pub fn open(&mut self, id: Uuid) {
        if self.open.as_ref().is_none_or(|open| open.id() != id) {
            self.open = Some(OpenTrace::new(id));
        }
    }

    /// Asks again for everything; what is known stays until then.
    pub fn reload(&mut self) {
        self.search.reload();
        if let Some(open) = &mut self.open {
            open.reload();
        }
    }

    /// `is_shown`: whether the step is looked at; nothing is asked before.
    pub fn logic(&mut self, is_shown: bool, ctx: &AreaCtx<'_>) {
        if is_shown && !std::mem::replace(&mut self.is_shown, is_shown) {
            // Others may have come meanwhile.
            self.search.reload();
        }
        self.is_shown = is_shown;
        if !is_shown {
            return;
        }
        self.search.logic(ctx);
        if let Some(open) = &mut self.open {
            open.logic(&mut self.drafts, ctx);
        }
    }

    /// Draws both; returns whether a person wants to leave.
    pub fn ui(&mut self, ui: &mut Ui, models: &[ModelInfo], ctx: &mut AreaCtx<'_>) -> bool {
        let tokens = ctx.tokens();
        let width = ui.available_width();
        let side = Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_8).inner_margin(Margin::same(theme::GAP_12 as i8));
        let shown = self.open.as_ref().and_then(OpenTrace::shown);
        Panel::left("traces")
            .resizable(true)
            .default_size((width * 0.3).clamp(280.0, 380.0))
            .size_range(240.0..=480.0)
            .show_separator_line(false)
            .frame(side)
            .show(ui, |ui| {
                if let Some(id) = self.search.ui(ui, shown, models, ctx) {
                    self.open(id);
                }
            });
        let frame = Frame::new().inner_margin(Margin { left: theme::GAP_12 as i8, ..Margin::ZERO });
        CentralPanel::default().frame(frame).show(ui, |ui| match &mut self.open {
            Some(open) => page::ui(ui, open, &mut self.drafts, models, ctx),
            None => {
                let words = "Choose a trace to see what was sent and answered, step by step";
                empty_state::ui(ui, words, None);
            }
        });
        let is_free = !ui.ctx().text_edit_focused() && !ui.ctx().any_popup_open();
        is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    }
}
