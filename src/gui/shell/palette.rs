//! The command palette: every command by its name, from anywhere.

use egui::{Context, Key, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::dialog;
use crate::gui::ctx::Command;
use crate::gui::theme;
use crate::gui::widgets::keycap;

#[derive(Default)]
pub struct Palette {
    is_open: bool,
    query: String,
    chosen: usize,
    /// The commands that fit the query, best first; found again only when the query changes.
    found: Vec<Command>,
}

impl Palette {
    pub fn open(&mut self) {
        *self = Self { is_open: true, found: find(""), ..Self::default() };
    }

    pub fn close(&mut self) {
        self.is_open = false;
    }

    /// Draws it; returns the command that was chosen.
    pub fn ui(&mut self, ctx: &Context) -> Option<Command> {
        if !self.is_open {
            return None;
        }
        let (moved, enter) = self.keys(ctx);
        let mut run = if enter { self.found.get(self.chosen).cloned() } else { None };
        let modal = dialog::hanging("palette", ctx).show(ctx, |ui| {
            ui.set_width(560.0);
            self.search_ui(ui);
            ui.add_space(theme::GAP_4);
            let is_search = |command: &Command| matches!(command, Command::SearchPhotos(words) if !words.is_empty());
            if self.found.first().is_none_or(is_search) {
                ui.label(RichText::new("No command has these words").color(theme::tokens(ui.ctx()).muted));
            }
            ui.spacing_mut().item_spacing.y = 2.0;
            ScrollArea::vertical().max_height(390.0).auto_shrink([false, true]).show(ui, |ui| {
                for (at, command) in self.found.iter().enumerate() {
                    let row = row_ui(ui, command, at == self.chosen);
                    if at == self.chosen && moved {
                        row.scroll_to_me(None);
                    }
                    if row.clicked() {
                        run = Some(command.clone());
                    }
                }
            });
            if let Some(chosen) = self.found.get(self.chosen) {
                ui.separator();
                ui.label(RichText::new(chosen.tooltip()).size(theme::TEXT_SMALL).color(theme::tokens(ui.ctx()).muted));
            }
        });
        if run.is_some() || modal.should_close() {
            self.is_open = false;
        }
        run
    }

    /// Returns whether another command was chosen, and whether it is to be run.
    fn keys(&mut self, ctx: &Context) -> (bool, bool) {
        let (up, down, enter) = ctx.input_mut(|input| {
            let mut pressed = |key| input.consume_key(egui::Modifiers::NONE, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter))
        });
        let count = self.found.len();
        if down && count > 0 {
            self.chosen = (self.chosen + 1) % count;
        }
        if up && count > 0 {
            self.chosen = (self.chosen + count - 1) % count;
        }
        (up || down, enter)
    }

    fn search_ui(&mut self, ui: &mut Ui) {
        let search = TextEdit::singleline(&mut self.query).hint_text("Type what you want to do").desired_width(f32::INFINITY).margin(vec2(8.0, 6.0));
        let search = ui.add(search);
        search.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a command"));
        if search.changed() {
            self.found = find(&self.query);
            self.chosen = 0;
        }
        search.request_focus();
    }
}

fn row_ui(ui: &mut Ui, command: &Command, chosen: bool) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    let keys = command.shortcut().map(|shortcut| keycap::words(ui.ctx(), &shortcut)).unwrap_or_default();
    let label = command.label();
    let row = egui::Button::selectable(chosen, RichText::new(&label).color(tokens.text))
        .right_text(RichText::new(keys).size(theme::TEXT_SMALL).color(tokens.muted));
    let response = ui.add(row.min_size(vec2(ui.available_width(), theme::ROW_HEIGHT)));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, &label));
    response
}

/// The commands that fit the query, best first: those that say it, those that explain it, those that have its letters.
fn find(query: &str) -> Vec<Command> {
    let typed = query.trim();
    let query = query.to_lowercase();
    let mut found: Vec<(usize, Command)> = Command::palette().into_iter().filter_map(|command| Some((rank(&command, &query)?, command))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    let mut found: Vec<Command> = found.into_iter().map(|(_, command)| command).collect();
    // What is no command may be something in a photo.
    if typed.chars().any(char::is_alphanumeric) {
        found.push(Command::SearchPhotos(typed.to_owned()));
    }
    found
}

/// How well a command fits, 0 best; `None`: not at all.
fn rank(command: &Command, query: &str) -> Option<usize> {
    let (label, tooltip) = (command.label().to_lowercase(), command.tooltip().to_lowercase());
    let words: Vec<&str> = query.split_whitespace().collect();
    let begins = |text: &str, word: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|part| part.starts_with(word));
    if words.iter().all(|word| begins(&label, word)) {
        return Some(0);
    }
    if words.iter().all(|word| label.contains(word)) {
        return Some(1);
    }
    if words.iter().all(|word| label.contains(word) || tooltip.contains(word)) {
        return Some(2);
    }
    // "rtcmp" for "Run the comparison": its letters in their order.
    let mut letters = label.chars();
    let has_letters = query.chars().filter(|letter| !letter.is_whitespace()).all(|wanted| letters.any(|letter| letter == wanted));
    has_letters.then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_order_and_slips_of_letters_find_a_command() {
        let first = |query| find(query).first().map(Command::label);
        assert_eq!(first("live model"), Some("Show models: choose the live one".to_owned()));
        assert_eq!(first("model live"), Some("Show models: choose the live one".to_owned()));
        assert_eq!(first("dark"), Some("Dark theme".to_owned()));
        assert_eq!(first("rtcmp"), Some("Run the comparison".to_owned()));
        assert_eq!(first("nothing like that"), Some("Search photos for “nothing like that”".to_owned()));
        assert_eq!(first("?!"), None);
        assert_eq!(find("").len(), Command::palette().len());
    }

    #[test]
    fn every_tab_and_page_of_pipeline_control_is_found_by_its_name() {
        use crate::gui::ctx::{AreaId, PipelineView, Route};
        for (name, route) in [
            ("rules", Route::Rules),
            ("models", Route::Models),
            ("deployments", Route::Deployments),
            ("providers", Route::Providers),
            ("prompts", Route::Pipeline(PipelineView::Prompts)),
            ("system", Route::Pipeline(PipelineView::SystemText)),
            ("answer", Route::Pipeline(PipelineView::Answer)),
            ("schema", Route::Pipeline(PipelineView::Answer)),
            ("prompt settings", Route::Pipeline(PipelineView::PromptSettings)),
            ("variables", Route::Pipeline(PipelineView::PromptSettings)),
            ("preview", Route::Pipeline(PipelineView::Preview)),
            ("findings", Route::Pipeline(PipelineView::Findings)),
            ("versions", Route::Pipeline(PipelineView::Versions)),
            ("changes", Route::Pipeline(PipelineView::Changes)),
        ] {
            assert_eq!(route.area(), AreaId::PipelineControl);
            assert_eq!(find(name).first(), Some(&Command::GoTo(route)), "{name}");
        }
        assert!(find("deploy").iter().take(3).any(|command| *command == Command::GoTo(Route::Deployments)));
    }

    #[test]
    fn every_provider_is_found_by_its_name_and_by_that_of_its_models() {
        for name in crate::wire::provider::BUILT_IN_REMOTE {
            let page = Command::GoTo(crate::gui::ctx::Route::Provider(name.to_owned()));
            assert!(find(name).iter().take(3).any(|command| *command == page), "{name}: {:?}", find(name));
        }
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
