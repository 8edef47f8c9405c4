//! The editor of prompts: Markdown and template highlighting, line numbers that follow wrapped lines, word wrap.
//! Undo, selection and clipboard are egui's. Tab indents; Escape leaves the editor.

pub mod gutter;
pub mod highlight;
mod indent;

use std::sync::Arc;

use egui::text::{ByteIndex, CCursor, CCursorRange, LayoutJob, LayoutSection, TextFormat, TextWrapping};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{
    Align2, Color32, EventFilter, FontId, Frame, Galley, Id, Key, Modifiers, Rect, RichText, ScrollArea, Sense, Shape, Stroke, StrokeKind,
    TextBuffer, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::gui::theme::{self, Tokens};
use highlight::Kind;

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
}

/// What is kept from frame to frame, so that nothing is laid out again while nothing changes.
#[derive(Default)]
pub struct PromptEditor {
    sections: Option<(u64, Vec<LayoutSection>)>,
    numbers: Option<(u64, Vec<Option<u32>>)>,
}

impl PromptEditor {
    /// Draws the editor into all the room that is left. A text that can't be changed (`&str`) is shown read-only.
    pub fn ui(&mut self, ui: &mut Ui, id: Id, text: &mut dyn TextBuffer, options: &Options<'_>) -> Edit {
        let tokens = theme::tokens(ui.ctx());
        let outer = ui.available_rect_before_wrap();
        let fill = if text.is_mutable() { ui.visuals().extreme_bg_color } else { tokens.surface };
        ui.painter().rect_filled(outer, theme::RADIUS_4, fill);
        let mut changed = text.is_mutable() && take_tab(ui, id, text);
        if options.focus {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let inner = ui.scope_builder(egui::UiBuilder::new().max_rect(outer.shrink(1.0)), |ui| {
            ScrollArea::vertical().id_salt(id).auto_shrink(false).show(ui, |ui| self.text_ui(ui, id, text, options, tokens)).inner
        });
        let (output, line) = inner.inner;
        ui.advance_cursor_after_rect(outer);
        let has_focus = output.response.has_focus();
        let (width, colour) = if has_focus { (2.0, tokens.focus) } else { (1.0, tokens.border) };
        ui.painter().rect_stroke(outer, theme::RADIUS_4, (width, colour), StrokeKind::Inside);
        changed |= output.response.changed();
        Edit {
            changed,
            has_focus,
            lost_focus: output.response.lost_focus(),
            left: output.response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)),
            cursor: output.cursor_range.and_then(|range| line.map(|line| (line, column(text.as_str(), range.primary)))),
        }
    }

    /// Gutter and text, inside the scroll area. Returns the line of the cursor too.
    fn text_ui(&mut self, ui: &mut Ui, id: Id, text: &mut dyn TextBuffer, options: &Options<'_>, tokens: &Tokens) -> (TextEditOutput, Option<u32>) {
        let font = FontId::monospace(FONT_SIZE);
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let lines = text.as_str().bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
        let gutter_width = digit * gutter::digits(lines).max(2) as f32 + PADDING * 2.0;
        let height = ui.available_height();
        let band = ui.painter().add(Shape::Noop);
        let rect = ui.available_rect_before_wrap();
        let text_rect = Rect::from_min_max(pos2(rect.left() + gutter_width, rect.top() + PADDING), rect.right_bottom() - vec2(PADDING, 0.0));
        let sections = &mut self.sections;
        let mut key = 0;
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, wrap_width: f32| {
            let (made, galley) = lay_out(ui, sections, text.as_str(), wrap_width, options.unknown);
            key = made;
            galley
        };
        let builder = egui::UiBuilder::new().max_rect(text_rect);
        let output = ui
            .scope_builder(builder, |ui| {
                let edit = TextEdit::multiline(text).id(id).font(font.clone()).frame(Frame::NONE).hint_text(RichText::new(options.hint).monospace());
                // Arrows and Tab belong to the text; Escape gives the keyboard back.
                let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, tab: true, escape: false };
                edit.desired_width(f32::INFINITY).min_size(vec2(0.0, height - PADDING * 2.0)).event_filter(filter).layouter(&mut layouter).show(ui)
            })
            .inner;
        let role = egui::Role::MultilineTextInput;
        output.response.widget_info(|| WidgetInfo::labeled(role, true, options.name));
        ui.advance_cursor_after_rect(Rect::from_min_max(rect.min, pos2(rect.right(), output.response.rect.bottom() + PADDING)));
        let numbers = self.row_numbers(key, &output.galley);
        if let Some(wanted) = options.go_to_line {
            go_to_line(ui, id, text.as_str(), wanted, &output, numbers);
        }
        let cursor_row = output.cursor_range.map(|range| output.galley.layout_from_cursor(range.primary).row);
        let line = cursor_row.and_then(|row| numbers.get(..=row)?.iter().rev().flatten().next().copied());
        paint_gutter(ui, rect, gutter_width, &output, numbers, options, (band, line), tokens);
        (output, line)
    }

    fn row_numbers(&mut self, key: u64, galley: &Galley) -> &[Option<u32>] {
        let is_current = self.numbers.as_ref().is_some_and(|(made, numbers)| *made == key && numbers.len() == galley.rows.len());
        if !is_current {
            self.numbers = None;
        }
        let (_, numbers) = self.numbers.get_or_insert_with(|| (key, gutter::numbers(galley.rows.iter().map(|row| row.ends_with_newline))));
        numbers
    }
}

/// The text with its colours, wrapped. The colours are worked out again only when the text, the theme or the unknown names change;
/// rows are then egui's to keep, which lays out only the paragraphs that changed.
fn lay_out(ui: &Ui, sections: &mut Option<(u64, Vec<LayoutSection>)>, text: &str, wrap_width: f32, unknown: &[String]) -> (u64, Arc<Galley>) {
    let key = egui::util::hash((text, unknown, ui.theme(), wrap_width.to_bits()));
    if sections.as_ref().is_none_or(|(made, _)| *made != key) {
        *sections = None;
    }
    let (_, sections) = sections.get_or_insert_with(|| (key, self::sections(text, unknown, theme::tokens(ui.ctx()))));
    let job = LayoutJob {
        text: text.to_owned(),
        sections: sections.clone(),
        wrap: TextWrapping { max_width: wrap_width, ..TextWrapping::default() },
        keep_trailing_whitespace: true,
        ..LayoutJob::default()
    };
    (key, ui.fonts_mut(|fonts| fonts.layout_job(job)))
}

fn sections(text: &str, unknown: &[String], tokens: &Tokens) -> Vec<LayoutSection> {
    let mut spans = highlight::spans(text, unknown);
    if spans.is_empty() {
        // An empty text has a row of the same height.
        spans.push(highlight::Span { range: 0..0, kind: Kind::Text });
    }
    let section = |span: highlight::Span| LayoutSection {
        leading_space: 0.0,
        byte_range: ByteIndex(span.range.start)..ByteIndex(span.range.end),
        format: format_of(span.kind, tokens),
    };
    spans.into_iter().map(section).collect()
}

/// How a piece looks: by colour, and by slant, ground or underline wherever it says something.
fn format_of(kind: Kind, tokens: &Tokens) -> TextFormat {
    let plain = TextFormat { font_id: FontId::monospace(FONT_SIZE), color: tokens.text, line_height: Some(LINE_HEIGHT), ..TextFormat::default() };
    let coloured = |color: Color32| TextFormat { color, ..plain.clone() };
    match kind {
        Kind::Text => plain,
        Kind::Heading => coloured(tokens.series[0]),
        Kind::Bold => coloured(tokens.series[1]),
        Kind::Italic => TextFormat { italics: true, ..plain },
        Kind::Code => coloured(tokens.series[2]),
        Kind::Mark => coloured(tokens.accent),
        Kind::Quote => TextFormat { italics: true, ..coloured(tokens.muted) },
        Kind::Variable => TextFormat { background: tokens.raised, ..coloured(tokens.accent) },
        Kind::UnknownVariable => TextFormat { underline: Stroke::new(1.5, tokens.warn), ..coloured(tokens.warn) },
        Kind::Statement => coloured(tokens.series[3]),
        Kind::Comment => TextFormat { italics: true, ..coloured(tokens.muted) },
        Kind::Broken => TextFormat { underline: Stroke::new(1.5, tokens.bad), ..coloured(tokens.bad) },
    }
}

#[expect(clippy::too_many_arguments, reason = "all of it is one picture: where, what, and what is marked in it")]
fn paint_gutter(
    ui: &Ui,
    rect: Rect,
    width: f32,
    output: &TextEditOutput,
    numbers: &[Option<u32>],
    options: &Options<'_>,
    (band, current): (egui::layers::ShapeIdx, Option<u32>),
    tokens: &Tokens,
) {
    let galley = &output.galley;
    let clip = ui.clip_rect();
    let top = output.galley_pos.y;
    let font = FontId::monospace(theme::TEXT_SMALL);
    let mut line = None;
    let visible = gutter::visible(&galley.rows, clip.top() - top, clip.bottom() - top);
    for row in visible {
        let Some(placed) = galley.rows.get(row) else { break };
        let number = numbers.get(row).copied().flatten();
        line = number.or(line);
        let y = placed.rect().y_range();
        let place = Rect::from_x_y_ranges(rect.left()..=rect.left() + width, top + y.min..=top + y.max);
        let Some(number) = number else { continue };
        let trouble = options.trouble.filter(|(at, _)| *at == number);
        let colour = if trouble.is_some() {
            tokens.bad
        } else if current == Some(number) {
            tokens.text
        } else {
            tokens.muted
        };
        ui.painter().text(place.right_center() - vec2(PADDING, 0.0), Align2::RIGHT_CENTER, number, font.clone(), colour);
        if let Some((_, why)) = trouble {
            let mark = Rect::from_min_size(place.min, vec2(3.0, place.height()));
            ui.painter().rect_filled(mark, 0, tokens.bad);
            let response = ui.interact(place, output.response.id.with("trouble"), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("Line {number}: {why}")));
            response.on_hover_text(why);
        }
    }
    // The line of the cursor lies on a band, so that the eye finds it.
    if let Some(range) = output.cursor_range.filter(egui::text_selection::CCursorRange::is_empty) {
        let at = galley.pos_from_cursor(range.primary).y_range();
        let lane = Rect::from_x_y_ranges(rect.x_range(), top + at.min..=top + at.max);
        ui.painter().set(band, Shape::rect_filled(lane, 0, tokens.raised.gamma_multiply(0.6)));
    }
}

/// Takes the Tab key while the editor has the keyboard; returns whether the text changed.
fn take_tab(ui: &Ui, id: Id, text: &mut dyn TextBuffer) -> bool {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return false;
    }
    let less = ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::Tab));
    let more = !less && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Tab));
    if !less && !more {
        return false;
    }
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let Some(range) = state.cursor.char_range() else { return false };
    let selection = range.as_sorted_char_range();
    let selection = selection.start.0..selection.end.0;
    let edited = if less { indent::less(text.as_str(), selection) } else { indent::more(text.as_str(), selection) };
    let changed = edited.text != text.as_str();
    text.replace_with(&edited.text);
    let cursor = |at: usize| CCursor::new(at);
    state.cursor.set_char_range(Some(CCursorRange::two(cursor(edited.selection.start), cursor(edited.selection.end))));
    state.store(ui.ctx(), id);
    changed
}

fn go_to_line(ui: &Ui, id: Id, text: &str, line: u32, output: &TextEditOutput, numbers: &[Option<u32>]) {
    let letters: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(|line| line.chars().count()).sum();
    let mut state = output.state.clone();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(letters))));
    state.store(ui.ctx(), id);
    ui.memory_mut(|memory| memory.request_focus(id));
    let row = numbers.iter().position(|number| *number == Some(line)).and_then(|row| output.galley.rows.get(row));
    if let Some(row) = row {
        ui.scroll_to_rect(row.rect().translate(output.galley_pos.to_vec2()), Some(egui::Align::Center));
    }
    ui.request_repaint();
}

/// The column of a cursor in its line, from 1.
fn column(text: &str, cursor: CCursor) -> u32 {
    let at = text.char_indices().nth(cursor.index.0).map_or(text.len(), |(byte, _)| byte);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..at].chars().count() as u32 + 1
}

/// Replaces the text as one step that Ctrl-Z takes back.
pub fn replace(ctx: &egui::Context, id: Id, text: &mut String, new: &str) {
    let mut state = TextEditState::load(ctx, id).unwrap_or_default();
    let cursor = state.cursor.char_range().unwrap_or_default();
    let mut undoer = state.undoer();
    undoer.add_undo(&(cursor, text.clone()));
    new.clone_into(text);
    state.set_undoer(undoer);
    state.store(ctx, id);
}
