//! The editor of prompts: Markdown and template highlighting, line numbers that follow wrapped lines, word wrap, and a history of its
//! own ([`typed::TypedText`]), so that undo goes back over restarts. Selection and clipboard are egui's. Escape leaves the editor.

mod brackets;
pub mod completion;
mod completion_popup;
mod find;
mod find_bar;
mod ground;
mod gutter;
pub mod highlight;
pub mod history;
mod indent;
mod keys;
mod layout;
mod lines;
pub mod marks;
pub mod typed;

use std::ops::Range;

use egui::text_edit::TextEditOutput;
use egui::{
    EventFilter, FontId, Frame, Id, Key, Modifiers, Rect, RichText, ScrollArea, Shape, StrokeKind, TextBuffer, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::gui::theme;
use completion::{Offer, Variable};
use completion_popup::Popup;
use find_bar::{Act, FindBar};
use ground::Ground;
use history::Selection;
use layout::Layout;
use marks::{Mark, Place};
use typed::{TypedText, byte_of, letter_of};

/// Points between the frame and what is in it.
const PADDING: f32 = 8.0;
const FONT_SIZE: f32 = theme::TEXT_BODY;
const LINE_HEIGHT: f32 = 20.0;

/// How the editor is shown this time.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// What assistive technology calls it.
    pub name: &'a str,
    pub hint: &'a str,
    /// Names of variables that nothing gives a value.
    pub unknown: &'a [String],
    /// A line with a fault, from 1, and what is wrong there.
    pub trouble: Option<(u32, &'a str)>,
    /// Pieces that something is to be said about.
    pub marks: &'a [Mark],
    /// What is offered after `{{`.
    pub variables: &'a [Variable],
    /// Puts the cursor into this line, from 1, and shows it.
    pub go_to_line: Option<u32>,
    /// Takes the keyboard.
    pub focus: bool,
}

/// What happened in the editor.
pub struct Edit {
    pub changed: bool,
    pub has_focus: bool,
    pub lost_focus: bool,
    /// Escape was pressed: the keyboard should go to what stands beside the editor.
    pub left: bool,
    /// Line and column of the cursor, from 1.
    pub cursor: Option<(u32, u32)>,
    /// What is selected, while the editor has the keyboard.
    pub selection: Option<Selection>,
}

/// What is kept from frame to frame, so that nothing is laid out again while nothing changes.
#[derive(Default)]
pub struct PromptEditor {
    layout: Layout,
    find: FindBar,
    popup: Popup,
    ground: Ground,
    /// What is selected in a text that can't be changed.
    viewed: Selection,
    /// What the search asks for there, done in the next frame.
    wanted: Option<Act>,
}

/// How one frame is drawn.
struct Drawn<'a> {
    id: Id,
    options: &'a Options<'a>,
    /// What is selected, in bytes.
    selected: Range<usize>,
    /// The cursor was put somewhere: it is shown.
    shows_cursor: bool,
}

impl PromptEditor {
    /// Draws a text that can be edited into all the room that is left. [`TypedText::take_keystrokes`] then tells what was done.
    pub fn ui(&mut self, ui: &mut Ui, id: Id, text: &mut TypedText, options: &Options<'_>) -> Edit {
        let before = text.version();
        if options.focus {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let has_focus = ui.memory(|memory| memory.has_focus(id));
        if has_focus && let Some(offer) = self.popup.take_keys(ui) {
            take_offer(text, &offer);
        }
        let act = self.find_keys(ui, id, text, text.cursor(), has_focus);
        Self::act(ui, id, text, act);
        if has_focus {
            keys::take(ui, text);
        }
        let is_asked = has_focus && ui.input_mut(|input| input.consume_key(Modifiers::CTRL, Key::Space));
        let shows_cursor = text.take_moved();
        if shows_cursor {
            keys::put_cursor(ui, id, text.cursor());
        }
        let is_composed = ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Ime(_))));
        let drawn = Drawn { id, options, selected: bytes_of(text, text.cursor()), shows_cursor };
        let before_typing = text.version();
        let mut recorder = text.recorder(ui.input(|input| input.time), is_composed);
        let (mut edit, place, act) = self.frame_ui(ui, &mut recorder, &drawn);
        if let Some(cursor) = edit.selection {
            text.follow_cursor(cursor);
        }
        Self::act(ui, id, text, act);
        let is_typed = text.version() != before_typing && text.cursor().is_empty();
        self.complete(ui, id, text, options, place, edit.has_focus, (is_typed, is_asked));
        edit.changed = text.version() != before;
        edit
    }

    /// Draws a text that can't be changed.
    pub fn view_ui(&mut self, ui: &mut Ui, id: Id, text: &str, options: &Options<'_>) -> Edit {
        let has_focus = ui.memory(|memory| memory.has_focus(id));
        let act = self.find_keys(ui, id, text, self.viewed, has_focus).or(self.wanted.take());
        let mut shows_cursor = false;
        match act {
            Some(Act::Show(range)) => {
                self.viewed = Selection { anchor: letter_of(text, range.start), head: letter_of(text, range.end) };
                keys::put_cursor(ui, id, self.viewed);
                shows_cursor = true;
            }
            Some(Act::Close) => {
                ui.memory_mut(|memory| memory.request_focus(id));
                keys::put_cursor(ui, id, self.viewed);
            }
            Some(Act::Exchange(_)) | None => {}
        }
        let drawn = Drawn { id, options, selected: bytes_of(text, self.viewed), shows_cursor };
        let mut buffer = text;
        let (edit, _, act) = self.frame_ui(ui, &mut buffer, &drawn);
        if let Some(selection) = edit.selection {
            self.viewed = selection;
        }
        if act.is_some() {
            self.wanted = act;
            ui.request_repaint();
        }
        edit
    }

    /// Opens the search, or goes on with it, where its keys are pressed here.
    fn find_keys(&mut self, ui: &Ui, id: Id, text: &str, selection: Selection, has_focus: bool) -> Option<Act> {
        let selected = bytes_of(text, selection);
        let nobody_types = !ui.ctx().text_edit_focused();
        if (has_focus || nobody_types || self.find.has_focus())
            && let Some(shows_replacing) = keys::asks_to_find(ui)
        {
            self.find.open(text.get(selected.clone()).unwrap_or_default(), selected.start, shows_replacing);
            return None;
        }
        self.find.take_keys(ui, id, text, &selected, has_focus)
    }

    /// Does what the search asks for.
    fn act(ui: &Ui, id: Id, text: &mut TypedText, act: Option<Act>) {
        match act {
            Some(Act::Show(range)) => text.select_bytes(&range),
            Some(Act::Exchange(pieces)) => text.change(pieces, None),
            Some(Act::Close) => {
                ui.memory_mut(|memory| memory.request_focus(id));
                // A field without the keyboard forgets what was selected.
                text.select(text.cursor());
            }
            None => return,
        }
        ui.request_repaint();
    }

    /// Keeps the list of names in step with what is typed, and takes what is clicked in it.
    #[expect(clippy::too_many_arguments, reason = "all of it is what the list depends on")]
    fn complete(
        &mut self,
        ui: &Ui,
        id: Id,
        text: &mut TypedText,
        options: &Options<'_>,
        place: Option<Rect>,
        has_focus: bool,
        (is_typed, is_asked): (bool, bool),
    ) {
        if !has_focus && !self.popup.is_under_pointer(ui) {
            self.popup.close();
            return;
        }
        let cursor = byte_of(text, text.cursor().head);
        self.popup.follow(text, text.version(), cursor, options.variables, is_typed, is_asked);
        if !self.popup.is_open() {
            return;
        }
        if let Some(offer) = self.popup.ui(ui, id, place) {
            take_offer(text, &offer);
            ui.memory_mut(|memory| memory.request_focus(id));
            ui.request_repaint();
        }
    }

    /// Frame, search, text. Returns where the cursor is on the screen, and what the search asks for.
    fn frame_ui(&mut self, ui: &mut Ui, text: &mut dyn TextBuffer, drawn: &Drawn<'_>) -> (Edit, Option<Rect>, Option<Act>) {
        let tokens = theme::tokens(ui.ctx());
        let outer = ui.available_rect_before_wrap();
        let fill = if text.is_mutable() { ui.visuals().extreme_bg_color } else { tokens.surface };
        ui.painter().rect_filled(outer, theme::RADIUS_4, fill);
        let mut act = None;
        let inner = ui.scope_builder(egui::UiBuilder::new().max_rect(outer.shrink(1.0)), |ui| {
            if self.find.is_open {
                ui.spacing_mut().item_spacing.y = 0.0;
                act = self.find.ui(ui, drawn.id, text.as_str(), &drawn.selected, text.is_mutable());
            }
            let area = ScrollArea::vertical().id_salt(drawn.id).auto_shrink(false);
            area.show(ui, |ui| self.text_ui(ui, text, drawn)).inner
        });
        let output = inner.inner;
        ui.advance_cursor_after_rect(outer);
        let has_focus = output.response.has_focus();
        let (width, colour) = if has_focus { (2.0, tokens.focus) } else { (1.0, tokens.border) };
        ui.painter().rect_stroke(outer, theme::RADIUS_4, (width, colour), StrokeKind::Inside);
        let selection = output.cursor_range.map(|range| Selection { anchor: range.secondary.index.0, head: range.primary.index.0 });
        let on_screen = |range: egui::text::CCursorRange| output.galley.pos_from_cursor(range.primary).translate(output.galley_pos.to_vec2());
        let edit = Edit {
            changed: false,
            has_focus,
            lost_focus: output.response.lost_focus(),
            left: output.response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)),
            cursor: output.cursor_range.and_then(|range| self.layout.line_and_column(range.primary)),
            selection,
        };
        (edit, output.cursor_range.map(on_screen), act)
    }

    /// Gutter and text, inside the scroll area.
    fn text_ui(&mut self, ui: &mut Ui, text: &mut dyn TextBuffer, drawn: &Drawn<'_>) -> TextEditOutput {
        let Drawn { id, options, .. } = *drawn;
        let tokens = theme::tokens(ui.ctx());
        let font = FontId::monospace(FONT_SIZE);
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let lines = self.layout.count_lines(text.as_str());
        let gutter_width = digit * gutter::digits(lines).max(2) as f32 + PADDING * 2.0;
        let height = ui.available_height();
        let band = ui.painter().add(Shape::Noop);
        let ground = ui.painter().add(Shape::Noop);
        let rect = ui.available_rect_before_wrap();
        let text_rect = Rect::from_min_max(pos2(rect.left() + gutter_width, rect.top() + PADDING), rect.right_bottom() - vec2(PADDING, 0.0));
        let layout = &mut self.layout;
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, wrap_width: f32| layout.lay_out(ui, text.as_str(), wrap_width, options.unknown);
        // Arrows and Tab belong to the text; Escape closes what lies over it, or else gives the keyboard back.
        let escape = self.popup.is_open() || self.find.is_open;
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, tab: true, escape };
        let builder = egui::UiBuilder::new().max_rect(text_rect);
        let mut output = ui
            .scope_builder(builder, |ui| {
                let edit = TextEdit::multiline(text).id(id).font(font.clone()).frame(Frame::NONE).hint_text(RichText::new(options.hint).monospace());
                edit.desired_width(f32::INFINITY).min_size(vec2(0.0, height - PADDING * 2.0)).event_filter(filter).layouter(&mut layouter).show(ui)
            })
            .inner;
        // Undo is the text's own; egui's would keep a hundred copies of it.
        output.state.clear_undoer();
        let role = egui::Role::MultilineTextInput;
        output.response.widget_info(|| WidgetInfo::labeled(role, true, options.name));
        ui.advance_cursor_after_rect(Rect::from_min_max(rect.min, pos2(rect.right(), output.response.rect.bottom() + PADDING)));
        if let Some(wanted) = options.go_to_line {
            self.go_to_line(ui, id, wanted, &output);
        }
        if drawn.shows_cursor
            && let Some(range) = output.state.cursor.range(&output.galley)
        {
            let place = output.galley.pos_from_cursor(range.primary).translate(output.galley_pos.to_vec2());
            ui.scroll_to_rect(place.expand2(vec2(0.0, LINE_HEIGHT * 2.0)), None);
        }
        let strip = Rect::from_x_y_ranges(rect.left()..=rect.left() + gutter_width, rect.y_range());
        gutter::ui(ui, strip, &output, &self.layout, options, band);
        let top = output.galley_pos.y;
        let rows = gutter::visible(&output.galley.rows, ui.clip_rect().top() - top, ui.clip_rect().bottom() - top);
        let place = Place { origin: output.galley_pos, visible: self.layout.bytes_of_rows(rows), gutter: strip };
        let cursor = output.cursor_range.filter(egui::text_selection::CCursorRange::is_empty).map(|range| self.layout.byte(range.primary.index.0));
        self.ground.follow(text.as_str(), self.layout.version(), cursor);
        let (under, over) = self.ground.shapes(&self.layout, &place, self.find.found(), &drawn.selected, tokens);
        ui.painter().set(ground, under);
        ui.painter().add(over);
        marks::ui(ui, id, options.marks, &self.layout, &place);
        output
    }

    fn go_to_line(&self, ui: &Ui, id: Id, line: u32, output: &TextEditOutput) {
        let row = self.layout.numbers().iter().position(|number| *number == Some(line)).and_then(|row| output.galley.rows.get(row));
        let Some(row) = row else { return };
        let place = row.rect().translate(output.galley_pos.to_vec2());
        let cursor = output.galley.cursor_from_pos(row.rect().left_center().to_vec2());
        keys::put_cursor(ui, id, Selection::at(cursor.index.0));
        ui.memory_mut(|memory| memory.request_focus(id));
        ui.scroll_to_rect(place, Some(egui::Align::Center));
        ui.request_repaint();
    }
}

fn bytes_of(text: &str, selection: Selection) -> Range<usize> {
    let range = selection.sorted();
    let start = byte_of(text, range.start);
    let length = text.get(start..).map_or(0, |rest| byte_of(rest, range.end - range.start));
    start..start + length
}

/// Puts in what was chosen from the list, as one step.
fn take_offer(text: &mut TypedText, offer: &Offer) {
    let start = letter_of(text, offer.range.start);
    text.change(vec![(offer.range.clone(), offer.inserted.clone())], Some(Selection::at(start + offer.cursor)));
}
