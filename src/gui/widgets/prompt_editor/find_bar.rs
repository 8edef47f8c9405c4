//! The strip above the text in which it is searched and words are exchanged.

use std::ops::Range;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Align, FocusDirection, Id, Key, Layout, Margin, Modifiers, RichText, TextEdit, Ui, WidgetInfo, vec2};

use super::find::{self, Query};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::toolbar::Tool;

/// Width that the count beside the field keeps.
const COUNT_WIDTH: f32 = 64.0;

/// What is to be done about the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Select a piece and show it.
    Show(Range<usize>),
    /// Exchange pieces, as one step, and then go on to what is found behind them.
    Exchange(Vec<(Range<usize>, String)>),
    /// The keyboard goes back to the text.
    Close,
}

/// Its state, kept while it is closed: F3 goes on with the same words.
#[derive(Default)]
pub struct FindBar {
    pub is_open: bool,
    shows_replacing: bool,
    query: Query,
    replacement: String,
    found: Vec<Range<usize>>,
    /// What the matches were looked for in, and how.
    made_for: Option<u64>,
    /// Where looking began, in bytes.
    anchor: usize,
    takes_focus: bool,
    /// The words were just changed: the first match from the anchor is shown.
    is_new: bool,
    /// What an exchange has done, until something else is.
    done: Option<Done>,
    /// The text that is searched.
    of: Option<Id>,
    had_focus: bool,
}

/// What an exchange has done.
struct Done {
    words: String,
    /// The text and the words as they are since; `None` while the exchange is under way.
    since: Option<u64>,
}

impl FindBar {
    /// Every match, for marking; none while it is closed.
    #[must_use]
    pub fn found(&self) -> &[Range<usize>] {
        if self.is_open { &self.found } else { &[] }
    }

    /// Whether the keyboard was here in the last frame.
    #[must_use]
    pub fn has_focus(&self) -> bool {
        self.is_open && self.had_focus
    }

    /// Opens it. What is selected is looked for, when it is a piece of a line.
    pub fn open(&mut self, selected: &str, at: usize, shows_replacing: bool) {
        if !selected.is_empty() && !selected.contains('\n') {
            selected.clone_into(&mut self.query.words);
        }
        self.is_open = true;
        self.shows_replacing = shows_replacing;
        self.anchor = at;
        self.takes_focus = true;
        self.is_new = true;
        self.done = None;
    }

    /// The keys that count in the text as well as in the strip. `selection`: what is selected in the text.
    pub fn take_keys(&mut self, ui: &Ui, id: Id, text: &str, selection: &Range<usize>, has_focus: bool) -> Option<Act> {
        let key = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if !has_focus && !self.had_focus {
            return None;
        }
        if self.is_open && key(Modifiers::NONE, Key::Escape) {
            self.is_open = false;
            self.had_focus = false;
            return Some(Act::Close);
        }
        let steps = [(Modifiers::SHIFT, Key::F3, false), (Modifiers::NONE, Key::F3, true)];
        let mut step = steps.into_iter().find(|(modifiers, which, _)| key(*modifiers, *which)).map(|(.., forward)| forward);
        if step.is_none() && self.had_focus {
            let steps = [(Modifiers::SHIFT, false), (Modifiers::NONE, true)];
            step = steps.into_iter().find(|(modifiers, _)| !is_in(ui, replacement_id(id)) && key(*modifiers, Key::Enter)).map(|(_, forward)| forward);
        }
        let forward = step?;
        self.look(id, text);
        self.step(forward, selection)
    }

    fn step(&mut self, forward: bool, selection: &Range<usize>) -> Option<Act> {
        self.done = None;
        let from = if forward { selection.end } else { selection.start };
        let at = if forward { find::next(&self.found, from) } else { find::previous(&self.found, from) };
        at.and_then(|at| self.found.get(at)).cloned().map(Act::Show)
    }

    /// Finds everything anew where the text or the words are others. What was exchanged is told until then.
    fn look(&mut self, id: Id, text: &str) {
        let key = egui::util::hash((text, &self.query));
        let is_other_text = self.of.replace(id) != Some(id);
        if self.made_for.replace(key) != Some(key) {
            self.found = find::matches(text, &self.query);
            if let Some(done) = &mut self.done {
                let is_as_exchanged = !is_other_text && done.since.is_none();
                done.since = Some(key);
                self.done = self.done.take().filter(|_| is_as_exchanged);
            }
        }
        if is_other_text {
            self.done = None;
        }
    }

    /// Draws it. A text that can't be changed has nothing to replace.
    pub fn ui(&mut self, ui: &mut Ui, id: Id, text: &str, selection: &Range<usize>, is_mutable: bool) -> Option<Act> {
        self.look(id, text);
        let mut act = None;
        let frame = egui::Frame::new().fill(theme::tokens(ui.ctx()).raised).inner_margin(Margin::symmetric(8, 4));
        let shown = frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP_4, theme::GAP_4);
            ui.set_width(ui.available_width());
            act = self.search_ui(ui, id, text, selection, is_mutable);
            if self.shows_replacing && is_mutable {
                act = act.take().or(self.replace_ui(ui, id, selection));
                tab_between(ui, search_id(id), replacement_id(id));
            }
        });
        let line = shown.response.rect;
        ui.painter().hline(line.x_range(), line.bottom(), (1.0, theme::tokens(ui.ctx()).border));
        if act.is_none() && std::mem::take(&mut self.is_new) && !self.query.words.is_empty() {
            act = find::next(&self.found, self.anchor).and_then(|at| self.found.get(at)).cloned().map(Act::Show);
        }
        act
    }

    fn search_ui(&mut self, ui: &mut Ui, id: Id, text: &str, selection: &Range<usize>, is_mutable: bool) -> Option<Act> {
        let mut act = None;
        let found = !self.found.is_empty();
        ui.horizontal(|ui| {
            // Narrow enough for all of it beside a field in a small window.
            ui.spacing_mut().button_padding.x = theme::GAP_4;
            let buttons = 5.0 + if is_mutable { 1.0 } else { 0.0 };
            let count_width = self.count_width(ui);
            let rest = buttons * (theme::CONTROL_HEIGHT + theme::GAP_4) + count_width + theme::GAP_4;
            let before = self.query.clone();
            let edit = field(search_id(id), &mut self.query.words, "Find").lock_focus(self.shows_replacing && is_mutable);
            let response = placed(ui, edit, "Find", ui.available_width() - rest);
            if std::mem::take(&mut self.takes_focus) {
                response.request_focus();
                select_all(ui, search_id(id), &self.query.words);
            }
            self.had_focus = response.has_focus();
            self.count_ui(ui, count_width, selection);
            let tool = |icon, label, is_selected| Tool::new(icon, label).icon_only().selected(is_selected);
            if tool(icons::ICON_MATCH_CASE, "Match case", self.query.is_case_sensitive).ui(ui).clicked() {
                self.query.is_case_sensitive = !self.query.is_case_sensitive;
            }
            if tool(icons::ICON_MATCH_WORD, "Whole words only", self.query.is_whole_word).ui(ui).clicked() {
                self.query.is_whole_word = !self.query.is_whole_word;
            }
            let enabled = |tool: Tool<'static>| tool.enabled(found);
            if enabled(tool(icons::ICON_KEYBOARD_ARROW_UP, "Previous match", false).tooltip("Previous match (Shift Enter, Shift F3)"))
                .ui(ui)
                .clicked()
            {
                act = self.step(false, selection);
            }
            if enabled(tool(icons::ICON_KEYBOARD_ARROW_DOWN, "Next match", false).tooltip("Next match (Enter, F3)")).ui(ui).clicked() {
                act = self.step(true, selection);
            }
            let replace = tool(icons::ICON_FIND_REPLACE, "Replace…", self.shows_replacing);
            if is_mutable && replace.tooltip("Show or hide what the words are replaced by (Ctrl H)").ui(ui).clicked() {
                self.shows_replacing = !self.shows_replacing;
            }
            if tool(icons::ICON_CLOSE, "Close the search", false).tooltip("Close the search (Esc)").ui(ui).clicked() {
                self.is_open = false;
                act = Some(Act::Close);
            }
            if before != self.query {
                self.done = None;
                self.is_new = true;
                self.look(id, text);
            }
        });
        act
    }

    /// What an exchange has done is never cut.
    fn count_width(&self, ui: &Ui) -> f32 {
        let Some(done) = &self.done else { return COUNT_WIDTH };
        let words = ui.painter().layout_no_wrap(done.words.clone(), egui::FontId::proportional(theme::TEXT_SMALL), egui::Color32::PLACEHOLDER);
        COUNT_WIDTH.max(words.size().x.ceil() + 1.0)
    }

    /// Which match of how many.
    fn count_ui(&self, ui: &mut Ui, width: f32, selection: &Range<usize>) {
        let tokens = theme::tokens(ui.ctx());
        let total = number::count(self.found.len() as u64);
        let at = self.found.binary_search_by_key(&selection.start, |range| range.start).ok().filter(|at| self.found[*at] == *selection);
        let (words, colour) = match (&self.done, self.query.words.is_empty(), self.found.is_empty(), at) {
            (Some(done), ..) => (done.words.clone(), tokens.good),
            (None, true, ..) => (String::new(), tokens.muted),
            (None, false, true, _) => ("None".to_owned(), tokens.warn),
            (None, false, false, Some(at)) => (format!("{} of {total}", number::count(at as u64 + 1)), tokens.text),
            (None, false, false, None) => (total, tokens.muted),
        };
        let size = vec2(width, theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_size(size);
            let label = ui.add(egui::Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(colour)).truncate());
            label.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("Matches: {words}")));
        });
    }

    fn replace_ui(&mut self, ui: &mut Ui, id: Id, selection: &Range<usize>) -> Option<Act> {
        let mut act = None;
        ui.horizontal(|ui| {
            let rest = 170.0_f32.min(ui.available_width() * 0.55);
            let is_in = is_in(ui, replacement_id(id));
            // The longer one first: Enter alone would take it too.
            let all_by_key = is_in && ui.input_mut(|input| input.consume_key(Modifiers::ALT, Key::Enter));
            let once_by_key = is_in && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
            let edit = field(replacement_id(id), &mut self.replacement, "Replace by").lock_focus(true);
            let response = placed(ui, edit, "Replace by", ui.available_width() - rest);
            self.had_focus |= response.has_focus();
            let found = !self.found.is_empty();
            let once = ui.add_enabled(found, egui::Button::new("Replace")).on_hover_text("Replace this match and go on to the next (Enter)");
            if once.clicked() || (once_by_key && found) {
                act = self.exchange_one(selection);
            }
            let all =
                ui.add_enabled(found, egui::Button::new("Replace all")).on_hover_text("Replace every match; one undo takes it back (Alt Enter)");
            if all.clicked() || (all_by_key && found) {
                let pieces = self.found.iter().map(|range| (range.clone(), self.replacement.clone())).collect();
                self.done = Some(Done { words: format!("{} replaced", number::count(self.found.len() as u64)), since: None });
                act = Some(Act::Exchange(pieces));
            }
        });
        act
    }

    /// The match that is selected is replaced; where none is, the next one is shown first.
    fn exchange_one(&mut self, selection: &Range<usize>) -> Option<Act> {
        self.done = None;
        if self.found.contains(selection) {
            self.anchor = selection.start + self.replacement.len();
            self.is_new = true;
            return Some(Act::Exchange(vec![(selection.clone(), self.replacement.clone())]));
        }
        self.step(true, &(selection.start..selection.start))
    }
}

fn search_id(editor: Id) -> Id {
    editor.with("search")
}

fn replacement_id(editor: Id) -> Id {
    editor.with("replacement")
}

fn is_in(ui: &Ui, id: Id) -> bool {
    ui.memory(|memory| memory.has_focus(id))
}

/// Tab goes from one field to the other, past the buttons between them; Shift Tab goes back.
fn tab_between(ui: &Ui, first: Id, second: Id) {
    let pressed = |modifiers| ui.input_mut(|input| input.consume_key(modifiers, Key::Tab));
    let focus = |id| ui.memory_mut(|memory| memory.request_focus(id));
    let step = |direction| ui.memory_mut(|memory| memory.move_focus(direction));
    if is_in(ui, first) {
        if pressed(Modifiers::SHIFT) {
            step(FocusDirection::Previous);
        } else if pressed(Modifiers::NONE) {
            focus(second);
        }
    } else if is_in(ui, second) {
        if pressed(Modifiers::SHIFT) {
            focus(first);
        } else if pressed(Modifiers::NONE) {
            step(FocusDirection::Next);
        }
    }
}

fn field<'t>(id: Id, text: &'t mut String, name: &'t str) -> TextEdit<'t> {
    let edit = TextEdit::singleline(text).id(id).hint_text(name);
    edit.font(egui::FontId::monospace(theme::TEXT_BODY)).margin(Margin::symmetric(8, 4)).align(egui::Align2::LEFT_CENTER)
}

fn placed(ui: &mut Ui, edit: TextEdit<'_>, name: &str, width: f32) -> egui::Response {
    let response = ui.add_sized(vec2(width.max(60.0), theme::CONTROL_HEIGHT), edit);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, name));
    response
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let end = text.chars().count();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(end))));
    state.store(ui.ctx(), id);
}
