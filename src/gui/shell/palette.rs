//! The command palette: every command by its name, from anywhere.

use egui::{Context, Id, Key, Modal, RichText, ScrollArea, TextEdit, vec2};

use crate::gui::ctx::Command;
use crate::gui::theme;

#[derive(Default)]
pub struct Palette {
    is_open: bool,
    query: String,
    chosen: usize,
}

impl Palette {
    pub fn open(&mut self) {
        *self = Self { is_open: true, ..Self::default() };
    }

    /// Draws it; returns the command that was chosen.
    pub fn ui(&mut self, ctx: &Context) -> Option<Command> {
        if !self.is_open {
            return None;
        }
        let found = find(&self.query);
        self.chosen = self.chosen.min(found.len().saturating_sub(1));
        let (up, down, enter) = ctx.input_mut(|input| {
            let mut pressed = |key| input.consume_key(egui::Modifiers::NONE, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter))
        });
        if down && !found.is_empty() {
            self.chosen = (self.chosen + 1) % found.len();
        }
        if up && !found.is_empty() {
            self.chosen = (self.chosen + found.len() - 1) % found.len();
        }
        let mut run = if enter { found.get(self.chosen).cloned() } else { None };
        let modal = Modal::new(Id::unique("palette")).show(ctx, |ui| {
            ui.set_width(520.0);
            let search =
                TextEdit::singleline(&mut self.query).hint_text("Type what you want to do").desired_width(f32::INFINITY).margin(vec2(8.0, 6.0));
            let search = ui.add(search);
            search.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a command"));
            if search.changed() {
                self.chosen = 0;
            }
            search.request_focus();
            ui.add_space(theme::GAP_4);
            if found.is_empty() {
                ui.label(RichText::new("No command has these words").color(theme::tokens(ui.ctx()).muted));
            }
            ScrollArea::vertical().max_height(380.0).auto_shrink([false, true]).show(ui, |ui| {
                for (at, command) in found.iter().enumerate() {
                    let row = row_ui(ui, command, at == self.chosen);
                    if at == self.chosen && (up || down) {
                        row.scroll_to_me(None);
                    }
                    if row.clicked() {
                        run = Some(command.clone());
                    }
                }
            });
        });
        if run.is_some() || modal.should_close() {
            self.is_open = false;
        }
        run
    }
}

fn row_ui(ui: &mut egui::Ui, command: &Command, chosen: bool) -> egui::Response {
    let keys = command.shortcut().map(|shortcut| ui.ctx().format_shortcut(&shortcut)).unwrap_or_default();
    let label = command.label();
    let row = egui::Button::selectable(chosen, &label).right_text(RichText::new(keys).color(theme::tokens(ui.ctx()).muted));
    ui.add(row.min_size(vec2(ui.available_width(), theme::ROW_HEIGHT))).on_hover_text(command.tooltip())
}

/// Commands whose words contain every word of the query.
fn find(query: &str) -> Vec<Command> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let matches = |command: &Command| {
        let said = format!("{} {}", command.label(), command.tooltip()).to_lowercase();
        words.iter().all(|word| said.contains(word))
    };
    let mut found: Vec<Command> = Command::palette().into_iter().filter(matches).collect();
    // Commands that say it in their label come before those that only explain it.
    found.sort_by_key(|command| {
        let label = command.label().to_lowercase();
        words.iter().filter(|word| !label.contains(**word)).count()
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_order_find_a_command() {
        let first = |query| find(query).first().map(Command::label);
        assert_eq!(first("live model"), Some("Choose the live model".to_owned()));
        assert_eq!(first("dark"), Some("Dark theme".to_owned()));
        assert_eq!(first("nothing like that"), None);
        assert_eq!(find("").len(), Command::palette().len());
    }

    #[test]
    fn no_two_commands_share_a_shortcut_or_a_label() {
        let all = Command::palette();
        for (at, command) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(command.label(), other.label());
                assert!(command.shortcut().is_none() || command.shortcut() != other.shortcut(), "{command:?} {other:?}");
            }
        }
    }
}
