//! The list at the cursor from which a name or a statement is chosen, by keyboard or mouse.

use egui::{Area, Frame, Id, Key, Margin, Modifiers, Order, Rect, RichText, ScrollArea, Ui, WidgetInfo, vec2};

use super::completion::{self, Offer, Variable};
use crate::gui::theme;

/// Rows that are seen at once.
const MOST_ROWS: f32 = 8.0;
const ROW_HEIGHT: f32 = 24.0;
const WIDTH: f32 = 330.0;
/// Words behind which something has to follow.
const ASKING: [&str; 6] = ["if", "elif", "in", "and", "or", "not"];

/// The list, while it is open.
#[derive(Default)]
pub struct Popup {
    offers: Vec<Offer>,
    chosen: usize,
    /// The text and the cursor that the offers are for.
    made_for: Option<(u64, usize)>,
    rect: Option<Rect>,
    /// The cursor on the screen, which is unknown for the moment of a click beside the text.
    cursor: Option<Rect>,
    scrolls: bool,
}

impl Popup {
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.offers.is_empty()
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// The keys that are the list's while it is open. Returns what was chosen.
    pub fn take_keys(&mut self, ui: &Ui) -> Option<Offer> {
        if !self.is_open() {
            return None;
        }
        let key = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let last = self.offers.len() - 1;
        if key(Key::ArrowDown) {
            self.chosen = if self.chosen == last { 0 } else { self.chosen + 1 };
            self.scrolls = true;
        }
        if key(Key::ArrowUp) {
            self.chosen = self.chosen.checked_sub(1).unwrap_or(last);
            self.scrolls = true;
        }
        if key(Key::Escape) {
            self.close();
            return None;
        }
        if key(Key::Enter) || key(Key::Tab) {
            let offer = self.offers.get(self.chosen).cloned();
            self.close();
            return offer;
        }
        None
    }

    /// Follows the text and the cursor. `is_typed`: something was just typed, which may open it; `is_asked`: a key asks for it.
    pub fn follow(&mut self, text: &str, version: u64, cursor: usize, variables: &[Variable], is_typed: bool, is_asked: bool) {
        let moved = self.made_for.is_some_and(|(text, at)| text == version && at != cursor);
        if moved && !is_asked {
            self.close();
        }
        let may_open = is_asked || (is_typed && asks(text, cursor));
        if self.made_for == Some((version, cursor)) || !(self.is_open() || may_open) {
            return;
        }
        let chosen = self.offers.get(self.chosen).map(|offer| offer.label.clone());
        let offers = completion::offers(text, cursor, variables);
        // A name that is written out needs no list.
        let is_written = matches!(&offers[..], [only] if only.label == text[only.range.clone()]);
        self.close();
        if !is_written || is_asked {
            self.chosen = offers.iter().position(|offer| Some(&offer.label) == chosen.as_ref()).unwrap_or(0);
            self.offers = offers;
            self.made_for = Some((version, cursor));
            self.scrolls = true;
        }
    }

    /// Whether the pointer is on it: a click there must not close it before it counts.
    #[must_use]
    pub fn is_under_pointer(&self, ui: &Ui) -> bool {
        let Some(rect) = self.rect else { return false };
        ui.input(|input| input.pointer.latest_pos()).is_some_and(|pointer| rect.contains(pointer))
    }

    /// Draws it below the cursor, or above where there is no room. Returns what was clicked.
    pub fn ui(&mut self, ui: &Ui, id: Id, cursor: Option<Rect>) -> Option<Offer> {
        self.cursor = cursor.or(self.cursor);
        let cursor = self.cursor?;
        let tokens = theme::tokens(ui.ctx());
        let height = self.offers.len() as f32 * ROW_HEIGHT;
        let shown_height = height.min(MOST_ROWS * ROW_HEIGHT);
        let room = ui.ctx().content_rect();
        let is_below = cursor.bottom() + shown_height + theme::GAP_16 < room.bottom();
        let top = if is_below { cursor.bottom() + theme::GAP_4 } else { cursor.top() - shown_height - theme::GAP_16 };
        let mut clicked = None;
        let area = Area::new(id.with("completion")).order(Order::Foreground).constrain(true).fade_in(false);
        let shown = area.fixed_pos(egui::pos2(cursor.left() - theme::GAP_8, top)).show(ui.ctx(), |ui| {
            let frame = Frame::popup(ui.style()).fill(tokens.surface).inner_margin(Margin::same(4));
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
                ui.set_width(WIDTH.min(room.width() - 32.0));
                let scroll = ScrollArea::vertical().max_height(MOST_ROWS * ROW_HEIGHT).auto_shrink([false, true]);
                scroll.show(ui, |ui| {
                    for (at, offer) in self.offers.iter().enumerate() {
                        let response = row_ui(ui, offer, at == self.chosen);
                        if at == self.chosen && self.scrolls {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() {
                            clicked = Some(offer.clone());
                        }
                    }
                });
            });
        });
        self.scrolls = false;
        self.rect = Some(shown.response.rect);
        if clicked.is_some() {
            self.close();
        }
        clicked
    }
}

fn row_ui(ui: &mut Ui, offer: &Offer, is_chosen: bool) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    let label = RichText::new(&offer.label).monospace().color(tokens.text);
    let about = RichText::new(&offer.about).size(theme::TEXT_SMALL).color(tokens.muted);
    let button = egui::Button::selectable(is_chosen, (label, egui::Atom::grow(), about)).truncate();
    let response = ui.add_sized(vec2(ui.available_width(), ROW_HEIGHT), button);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("{}: {}", offer.label, offer.about)));
    response.on_hover_text(format!("{}: {}", offer.label, offer.about))
}

/// Whether what stands before the cursor asks to be gone on with: a name that is begun, a mark, or a word like `if`.
fn asks(text: &str, cursor: usize) -> bool {
    let Some(before) = text.get(..cursor) else { return false };
    let is_in_name = before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    let lean = before.trim_end_matches(' ');
    let word = lean.rsplit([' ', '\n']).next().unwrap_or(lean);
    is_in_name || word.ends_with("{{") || word.ends_with("{%") || (lean.len() < before.len() && ASKING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(popup: &Popup) -> Vec<&str> {
        popup.offers.iter().map(|offer| offer.label.as_str()).collect()
    }

    #[test]
    fn it_opens_by_typing_follows_and_closes_where_the_cursor_goes_away() {
        let variables: Vec<Variable> = ["file_name", "width"].map(|name| Variable { name: name.to_owned(), about: String::new() }).to_vec();
        let mut popup = Popup::default();
        let mut version = 0;
        let mut type_in = |popup: &mut Popup, text: &str, is_typed: bool, is_asked: bool| {
            version += 1;
            popup.follow(text, version, text.len(), &variables, is_typed, is_asked);
        };
        type_in(&mut popup, "a", true, false);
        assert!(!popup.is_open());
        type_in(&mut popup, "{{", true, false);
        assert_eq!(labels(&popup), ["file_name", "width"]);
        type_in(&mut popup, "{{ w", true, false);
        assert_eq!(labels(&popup), ["width"]);
        type_in(&mut popup, "{{ width", true, false);
        assert!(!popup.is_open(), "it is written out");
        // Behind a value Enter is a new line, not the first offer.
        type_in(&mut popup, "{{ width ", true, false);
        assert!(!popup.is_open());
        type_in(&mut popup, "{{ width ", false, true);
        assert!(popup.is_open(), "it was asked for");
        popup.follow("{{ width ", version, 3, &variables, false, false);
        assert!(!popup.is_open());
    }
}
