//! The `?` sheet: the keys of the area that is shown, and those that work everywhere.

use egui::{Context, Grid, RichText, Ui};

use super::dialog;
use crate::gui::ctx::{AreaId, Command};
use crate::gui::theme;
use crate::gui::widgets::keycap;

#[derive(Default)]
pub struct Shortcuts {
    pub is_open: bool,
}

impl Shortcuts {
    pub fn ui(&mut self, ctx: &Context, area: AreaId, of_area: &[(&'static str, &'static str)]) {
        if !self.is_open {
            return;
        }
        let of_area: Vec<_> = of_area.iter().map(|(keys, does)| ((*keys).to_owned(), (*does).to_owned())).collect();
        let everywhere = Command::palette().into_iter().chain([Command::OpenPalette]);
        let everywhere = everywhere.filter_map(|command| Some((keycap::words(ctx, &command.shortcut()?), command.label())));
        let everywhere: Vec<_> = everywhere.chain([("?".to_owned(), Command::ShowShortcuts.label())]).collect();
        let ((), close) = dialog::show(ctx, "Keyboard shortcuts", 760.0, |ui| {
            dialog::scrolled(ui, |ui| {
                if of_area.is_empty() {
                    table(ui, "Everywhere", &everywhere);
                    return;
                }
                ui.columns(2, |columns| {
                    table(&mut columns[0], area.label(), &of_area);
                    table(&mut columns[1], "Everywhere", &everywhere);
                });
            });
        });
        if close {
            self.is_open = false;
        }
    }
}

fn table(ui: &mut Ui, title: &str, rows: &[(String, String)]) {
    let tokens = theme::tokens(ui.ctx());
    ui.label(RichText::new(title).font(theme::semibold(theme::TEXT_BODY)).color(tokens.muted));
    ui.add_space(theme::GAP_4);
    Grid::new(title).num_columns(2).spacing([theme::GAP_16, theme::GAP_4]).min_row_height(24.0).show(ui, |ui| {
        for (keys, does) in rows {
            keycap::ui(ui, keys);
            ui.add(egui::Label::new(does.trim_end_matches('…')).wrap());
            ui.end_row();
        }
    });
}
