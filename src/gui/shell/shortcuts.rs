//! The `?` sheet: the keys of the area that is shown, and those that work everywhere.

use egui::{Context, Grid, Id, Modal, RichText, ScrollArea};

use crate::gui::ctx::{AreaId, Command};
use crate::gui::theme;

#[derive(Default)]
pub struct Shortcuts {
    pub is_open: bool,
}

impl Shortcuts {
    pub fn ui(&mut self, ctx: &Context, area: AreaId, of_area: &[(&'static str, &'static str)]) {
        if !self.is_open {
            return;
        }
        let modal = Modal::new(Id::unique("shortcuts")).show(ctx, |ui| {
            ui.set_width(560.0);
            ui.heading("Keyboard shortcuts");
            ScrollArea::vertical().max_height(ui.ctx().content_rect().height() * 0.7).show(ui, |ui| {
                if !of_area.is_empty() {
                    let rows = of_area.iter().map(|(keys, does)| ((*keys).to_owned(), (*does).to_owned()));
                    table(ui, area.label(), rows.collect());
                }
                let everywhere = Command::palette().into_iter().chain([Command::OpenPalette]);
                let rows = everywhere.filter_map(|command| Some((ui.ctx().format_shortcut(&command.shortcut()?), command.label())));
                table(ui, "Everywhere", rows.collect());
            });
            ui.add_space(theme::GAP_8);
            if ui.button("Close").clicked() {
                ui.close();
            }
        });
        if modal.should_close() {
            self.is_open = false;
        }
    }
}

fn table(ui: &mut egui::Ui, title: &str, rows: Vec<(String, String)>) {
    let tokens = theme::tokens(ui.ctx());
    ui.add_space(theme::GAP_8);
    ui.label(RichText::new(title).color(tokens.muted));
    Grid::new(title).num_columns(2).spacing([theme::GAP_24, 4.0]).show(ui, |ui| {
        for (keys, does) in rows {
            ui.label(RichText::new(keys).monospace());
            ui.label(does.trim_end_matches('…'));
            ui.end_row();
        }
    });
}
