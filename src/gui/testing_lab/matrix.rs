//! The matrix of a run: a row a photo, a column a prompt on a model. Header and photo column stay in place;
//! only the cells on screen are drawn.

use std::ops::Range;

use chrono::{DateTime, Utc};
use egui::{Align2, Event as InputEvent, FontId, Id, Key, Rect, Response, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::baseline::Baseline;
use super::cell_now::{self, Doing};
use super::column_head;
use super::library::Library;
use super::matrix_cell;
use super::matrix_rows::MatrixRows;
use super::open_run::OpenRun;
use super::spread::Spread;
use super::truth::GroundTruth;
use crate::gui::ctx::PhotoTextures;
use crate::gui::theme::model_colours::ModelColours;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{elided, number, thumbnail};
use crate::wire::ids::PhotoId;
use crate::wire::run::{Cell, Run};

/// Points.
const ROW_HEIGHT: f32 = 108.0;
const PHOTO_WIDTH: f32 = 132.0;
const LEAST_COLUMN_WIDTH: f32 = 230.0;
const MOST_COLUMN_WIDTH: f32 = 640.0;

/// What the matrix keeps between frames.
#[derive(Default)]
pub struct Matrix {
    /// Row and column that the keyboard stands on.
    pub cursor: (usize, usize),
    /// Which of the repeated answers is shown.
    pub repeat: u32,
    scroll_to_cursor: bool,
    page_rows: usize,
    /// Where it was drawn.
    area: Option<Rect>,
}

/// What a person wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixAnswer {
    /// To see the answers of the row that is shown there side by side.
    Open { row: usize, column: usize },
    /// This column as the baseline; `None`: none any more.
    Pin(Option<u32>),
}

/// What it is drawn from.
pub struct MatrixView<'a> {
    pub open: &'a OpenRun,
    pub run: &'a Run,
    pub rows: &'a MatrixRows,
    pub baseline: &'a Baseline,
    pub library: &'a Library,
    pub truth: &'a GroundTruth,
    pub colours: &'a ModelColours,
    /// The time that this frame shows.
    pub now: DateTime<Utc>,
}

impl<'a> MatrixView<'a> {
    /// What a cell that is being asked is doing.
    #[must_use]
    pub fn doing(&self, cell: Option<&Cell>) -> Option<Doing<'a>> {
        self.open.heard(cell?).map(|heard| Doing { heard, now: self.now })
    }

    /// Why a cell that waits was not asked.
    #[must_use]
    pub fn unasked(&self, cell: Option<&Cell>) -> Option<&'a str> {
        self.open.why_unasked(cell?)
    }
}

impl Matrix {
    /// Puts the keyboard's place there and brings it into view.
    pub fn set_cursor(&mut self, row: usize, column: usize) {
        self.cursor = (row, column);
        self.scroll_to_cursor = true;
    }

    /// Whether the pointer is over it: what is read must not move away.
    #[must_use]
    pub fn is_read(&self, egui: &egui::Context) -> bool {
        self.area.zip(egui.pointer_hover_pos()).is_some_and(|(area, pointer)| area.contains(pointer))
    }

    /// Draws it; returns what a person wants of it.
    pub fn ui(&mut self, ui: &mut Ui, view: &MatrixView<'_>, textures: &mut PhotoTextures) -> Option<MatrixAnswer> {
        let tokens = theme::tokens(ui.ctx());
        let (rows, columns) = (view.rows.shown().len(), view.run.columns.len());
        let area = ui.available_rect_before_wrap();
        self.area = Some(area);
        self.cursor.0 = self.cursor.0.min(rows.saturating_sub(1));
        let focus = ui.interact(area, Id::unique("matrix"), Sense::click());
        focus.widget_info(|| WidgetInfo::labeled(egui::Role::Grid, true, "Answers"));
        let mut opened = self.keys(ui, &focus, rows, columns);
        let body = Rect::from_min_max(area.min + vec2(PHOTO_WIDTH, column_head::height(view)), area.max);
        let room = body.width() - ui.spacing().scroll.bar_width - 2.0;
        let column_width = (room / columns.max(1) as f32).clamp(LEAST_COLUMN_WIDTH, MOST_COLUMN_WIDTH);
        let cell_size = vec2(column_width, ROW_HEIGHT);
        self.page_rows = (body.height() / ROW_HEIGHT).floor().max(1.0) as usize;
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(body));
        let mut scroll = ScrollArea::both().id_salt(("matrix", view.run.id)).auto_shrink(false);
        if std::mem::take(&mut self.scroll_to_cursor) {
            scroll = scroll.scroll_offset(self.offset_of_cursor(&ui, view, body, cell_size));
        }
        // Where the cells of this frame are drawn: what is scrolled in it moves them in the next one, and head and photos go with them.
        let mut offset = egui::Vec2::ZERO;
        scroll.show_viewport(&mut ui, |ui, visible| {
            offset = visible.min.to_vec2();
            ui.set_min_size(vec2(column_width * columns as f32, ROW_HEIGHT * rows as f32));
            let origin = ui.max_rect().min;
            let shown_rows = shown(visible.top(), visible.bottom(), ROW_HEIGHT, rows);
            let shown_columns = shown(visible.left(), visible.right(), column_width, columns);
            for row in shown_rows {
                for column in shown_columns.clone() {
                    let rect = Rect::from_min_size(origin + vec2(column as f32 * cell_size.x, row as f32 * cell_size.y), cell_size);
                    let response = self.cell_ui(ui, rect, (row, column), view, focus.has_focus(), tokens);
                    if response.clicked() {
                        self.cursor = (row, column);
                        opened = Some((row, column));
                    }
                }
            }
        });
        let header = Rect::from_min_max(pos2(body.left(), area.top()), pos2(body.right(), body.top()));
        let pinned = column_head::ui(&mut ui, header, offset.x, column_width, view, tokens);
        let photos = Rect::from_min_max(pos2(area.left(), body.top()), body.left_bottom());
        photos_ui(&mut ui, photos, offset.y, view, textures, tokens);
        let line = |a, b| {
            ui.painter().with_clip_rect(area).line_segment([a, b], (1.0, tokens.border));
        };
        line(header.left_bottom() - vec2(PHOTO_WIDTH, 0.0), header.right_bottom());
        opened.map(|(row, column)| MatrixAnswer::Open { row, column }).or(pinned)
    }

    fn offset_of_cursor(&self, ui: &Ui, view: &MatrixView<'_>, body: Rect, cell: egui::Vec2) -> egui::Vec2 {
        let id = ui.make_persistent_id(egui::IdSalt::new(("matrix", view.run.id)));
        let now = egui::scroll_area::State::load(ui.ctx(), id).map_or(egui::Vec2::ZERO, |state| state.clamped_offset());
        let nearest = |now: f32, start: f32, length: f32, room: f32| now.min(start).max((start + length - room).min(start));
        let start = vec2(self.cursor.1 as f32 * cell.x, self.cursor.0 as f32 * cell.y);
        vec2(nearest(now.x, start.x, cell.x, body.width() - 12.0), nearest(now.y, start.y, cell.y, body.height() - 12.0))
    }

    fn cell_ui(&self, ui: &Ui, rect: Rect, (row, column): (usize, usize), view: &MatrixView<'_>, has_focus: bool, tokens: &Tokens) -> Response {
        let of_run = view.rows.shown()[row];
        let cell = view.open.cell(of_run, column, self.repeat);
        let (doing, unasked) = (view.doing(cell), view.unasked(cell));
        let spread = Spread::of(view.open.repeats(of_run, column));
        let response = ui.interact(rect, Id::unique(("cell", view.run.id, row, column)), Sense::CLICK);
        let photo = photo_name(view, view.run.photo_ids[of_run]);
        response.widget_info(|| {
            let change = view.rows.change(of_run, column).map(|change| format!("; {}", change_words(change))).unwrap_or_default();
            let words =
                format!("{photo}, {}: {}{change}", view.run.columns[column].label(), matrix_cell::in_words(cell, doing, unasked, spread.as_ref()));
            WidgetInfo::labeled(egui::Role::Button, true, words)
        });
        let is_cursor = self.cursor == (row, column);
        if response.hovered() {
            ui.painter().rect_filled(rect.shrink(1.0), theme::RADIUS_4, tokens.surface);
        }
        ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], (1.0, tokens.border));
        let room = rect.shrink2(vec2(10.0, 8.0));
        match (matrix_cell::asked_again(cell), doing) {
            (Some(fault), doing) => cell_now::paint_again(ui, room, doing, fault, tokens),
            (None, Some(doing)) => doing.paint(ui, room, tokens),
            (None, None) => {
                let colour = view.colours.get(&view.run.columns[column].model, tokens);
                matrix_cell::paint(ui, room, cell, unasked, spread.as_ref(), colour, tokens);
            }
        }
        if let Some(change) = view.rows.change(of_run, column) {
            paint_change(ui, room, change, tokens);
        }
        if is_cursor {
            let (width, colour) = if has_focus { (2.0, tokens.focus) } else { (1.0, tokens.border) };
            ui.painter().rect_stroke(rect.shrink(2.0), theme::RADIUS_4, (width, colour), StrokeKind::Inside);
        }
        response
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .on_hover_ui(|ui| matrix_cell::about_ui(ui, cell, doing, unasked, spread.as_ref(), tokens))
    }

    /// Arrows walk the cells, Enter opens one; heard while the matrix or nothing has the keyboard.
    fn keys(&mut self, ui: &Ui, focus: &Response, rows: usize, columns: usize) -> Option<(usize, usize)> {
        if focus.clicked() {
            focus.request_focus();
        }
        let nobody = ui.memory(|memory| memory.focused().is_none()) && !ui.ctx().any_popup_open();
        if !(focus.has_focus() || nobody) || rows == 0 || columns == 0 {
            return None;
        }
        if focus.has_focus() {
            let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(focus.id, filter));
        }
        let mut opened = None;
        let (mut row, mut column) = (self.cursor.0.min(rows - 1), self.cursor.1.min(columns - 1));
        let page = self.page_rows.max(1);
        ui.input_mut(|input| {
            input.events.retain(|event| {
                let InputEvent::Key { key, pressed: true, modifiers, .. } = event else { return true };
                if !modifiers.is_none() {
                    return true;
                }
                match key {
                    Key::ArrowDown => row = (row + 1).min(rows - 1),
                    Key::ArrowUp => row = row.saturating_sub(1),
                    Key::ArrowRight => column = (column + 1).min(columns - 1),
                    Key::ArrowLeft => column = column.saturating_sub(1),
                    Key::PageDown => row = (row + page).min(rows - 1),
                    Key::PageUp => row = row.saturating_sub(page),
                    Key::Home => row = 0,
                    Key::End => row = rows - 1,
                    Key::Enter => opened = Some((row, column)),
                    _ => return true,
                }
                false
            });
        });
        if (row, column) != self.cursor {
            self.set_cursor(row, column);
            focus.request_focus();
        }
        opened
    }
}

/// The rows or columns that lie between two offsets.
fn shown(from: f32, to: f32, size: f32, count: usize) -> Range<usize> {
    let first = ((from / size).floor().max(0.0) as usize).min(count);
    first..((to / size).ceil().max(0.0) as usize).clamp(first, count)
}

/// The photo's file name, or that there is none any more.
#[must_use]
pub fn photo_name<'a>(view: &MatrixView<'a>, id: PhotoId) -> &'a str {
    match view.library.photo(id) {
        Some(photo) => &photo.file_name,
        None if view.library.is_complete() => "Deleted photo",
        None => "…",
    }
}

/// The photos in their column, beside their rows.
fn photos_ui(ui: &mut Ui, room: Rect, offset: f32, view: &MatrixView<'_>, textures: &mut PhotoTextures, tokens: &Tokens) {
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(room));
    ui.set_clip_rect(room.intersect(ui.clip_rect()));
    for row in shown(offset, offset + room.height(), ROW_HEIGHT, view.rows.shown().len()) {
        let of_run = view.rows.shown()[row];
        let id = view.run.photo_ids[of_run];
        let rect = Rect::from_min_size(pos2(room.left(), room.top() + row as f32 * ROW_HEIGHT - offset), vec2(room.width(), ROW_HEIGHT));
        let edge = ROW_HEIGHT - 34.0;
        let picture = Rect::from_min_size(rect.min + vec2(8.0, 8.0), vec2(room.width() - 16.0, edge));
        thumbnail::ui(&ui, picture, textures.get(id, super::photo_grid::THUMB_PX).picture());
        let words = photo_name(view, id);
        let name = elided::middle(&ui, words, FontId::proportional(theme::TEXT_SMALL), room.width() - 16.0, tokens.muted);
        ui.painter().galley(pos2(rect.left() + 8.0, picture.bottom() + 4.0), name, tokens.muted);
        ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], (1.0, tokens.border));
        let response = ui.interact(rect.intersect(room), Id::unique(("row", view.run.id, row)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::RowHeader, true, words));
        let differ = view.rows.disagreement(of_run).map(|share| format!("\nIts answers differ by {}", number::percent(share)));
        response.on_hover_text(format!("{words}{}", differ.unwrap_or_default()));
    }
}

/// How much better or worse a photo is than with the baseline: `27 pt worse`.
#[must_use]
pub fn change_words(change: f64) -> String {
    let points = (change.abs() * 100.0).round().max(1.0);
    format!("{points:.0} pt {}", if change < 0.0 { "worse" } else { "better" })
}

/// At the lower right, where the figures of an answer leave room.
fn paint_change(ui: &Ui, room: Rect, change: f64, tokens: &Tokens) {
    let (icon, colour) = if change < 0.0 { (icons::ICON_ARROW_DOWNWARD, tokens.bad) } else { (icons::ICON_ARROW_UPWARD, tokens.good) };
    let words = ui.painter().layout_no_wrap(change_words(change), FontId::proportional(theme::TEXT_SMALL), colour);
    let left_top = room.right_bottom() - words.size();
    ui.painter().rect_filled(Rect::from_min_size(left_top - vec2(20.0, 1.0), words.size() + vec2(24.0, 2.0)), theme::RADIUS_4, tokens.background);
    let middle = left_top.y + words.size().y / 2.0;
    ui.painter().text(pos2(left_top.x - 18.0, middle), Align2::LEFT_CENTER, icon.codepoint, FontId::proportional(theme::TEXT_STRONG), colour);
    ui.painter().galley(left_top, words, colour);
}

/// Where a message stands in a cell or pane without an answer.
pub fn paint_message(ui: &Ui, room: Rect, icon: &str, words: &str, colour: egui::Color32) {
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), FontId::proportional(theme::TEXT_SMALL), colour, room.width() - 22.0);
    job.wrap.max_rows = ((room.height() / 16.0) as usize).max(1);
    let galley = ui.painter().layout_job(job);
    ui.painter().text(room.left_top(), Align2::LEFT_TOP, icon, FontId::proportional(theme::TEXT_STRONG), colour);
    ui.painter().galley(room.left_top() + vec2(22.0, 0.0), galley, colour);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_on_screen_is_drawn() {
        assert_eq!(shown(0.0, 250.0, 100.0, 10), 0..3);
        assert_eq!(shown(150.0, 300.0, 100.0, 10), 1..3);
        assert_eq!(shown(950.0, 1200.0, 100.0, 10), 9..10);
        assert_eq!(shown(5000.0, 6000.0, 100.0, 10), 10..10);
    }
}
