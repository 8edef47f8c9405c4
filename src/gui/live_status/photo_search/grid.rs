//! The photos that were found, as a grid: only what is on screen is drawn and fetched.

use egui::{FontId, Id, Key, Modifiers, Rect, Response, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::found::Found;
use super::marked;
use crate::gui::ctx::PhotoTextures;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{elided, thumbnail};
use crate::wire::ids::PhotoId;
use crate::wire::photo::{Photo, ProcessingStatus};
use crate::wire::photo_search::{Field, PhotoSearch};

/// Edge of a thumbnail at least, in points; they grow to fill the row.
const EDGE: f32 = 128.0;
const THUMB_PX: u32 = 256;
const GAP: f32 = theme::GAP_12;
/// Two lines beneath a thumbnail: the name, and why it was found.
const WORDS_HEIGHT: f32 = 38.0;
const ROWS_AHEAD: usize = 2;

/// What the grid keeps between frames.
#[derive(Default)]
pub struct Grid {
    chosen: Option<PhotoId>,
    scroll_to: Option<usize>,
    columns: usize,
    page_rows: usize,
    wants_focus: bool,
}

/// What a person did in the grid.
#[derive(Debug, Default)]
pub struct GridAnswer {
    pub open: Option<PhotoId>,
    /// The last rows are near.
    pub wants_more: bool,
    /// Up from the first row: back to the field.
    pub leaves: bool,
}

impl Grid {
    /// Other photos are shown.
    pub fn begin_anew(&mut self) {
        self.chosen = None;
        self.scroll_to = Some(0);
    }

    /// The arrows walk the photos from now on.
    pub fn focus(&mut self) {
        self.wants_focus = true;
    }

    pub fn ui(&mut self, ui: &mut Ui, found: &Found, textures: &mut PhotoTextures) -> GridAnswer {
        let mut answer = GridAnswer::default();
        let area = ui.available_rect_before_wrap();
        let grid = ui.interact(area, Id::unique("found photos"), Sense::FOCUSABLE);
        grid.widget_info(|| WidgetInfo::labeled(egui::Role::Group, true, "Found photos"));
        if std::mem::take(&mut self.wants_focus) {
            grid.request_focus();
            self.chosen = self.chosen.or_else(|| found.photos().first().map(|photo| photo.id));
        }
        let width = ui.available_width() - ui.spacing().scroll.bar_width - ui.spacing().scroll.bar_inner_margin - 4.0;
        self.columns = (((width + GAP) / (EDGE + GAP)).floor() as usize).max(1);
        let edge = ((width - GAP * (self.columns - 1) as f32) / self.columns as f32).floor();
        let row_height = edge + WORDS_HEIGHT;
        self.page_rows = ((area.height() / (row_height + GAP)).floor() as usize).max(1);
        self.keys(ui, &grid, found, &mut answer);
        let rows = found.photos().len().div_ceil(self.columns);
        let mut scroll = ScrollArea::vertical().id_salt("found photos").auto_shrink(false);
        if let Some(place) = self.scroll_to.take() {
            let top = (place / self.columns) as f32 * (row_height + GAP);
            scroll = scroll.vertical_scroll_offset((top - (area.height() - row_height) / 2.0).max(0.0));
        }
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        let has_focus = grid.has_focus();
        scroll.show_rows(ui, row_height, rows, |ui, range| {
            answer.wants_more = range.end + ROWS_AHEAD >= rows;
            let ahead = range.end * self.columns..(range.end + ROWS_AHEAD) * self.columns;
            for row in range {
                let (rect, _) = ui.allocate_exact_size(vec2(width, row_height), Sense::hover());
                for column in 0..self.columns {
                    let Some(photo) = found.photos().get(row * self.columns + column) else { break };
                    let cell = Rect::from_min_size(pos2(rect.left() + column as f32 * (edge + GAP), rect.top()), vec2(edge, row_height));
                    if cell_ui(ui, cell, photo, found.search(), self.chosen == Some(photo.id), has_focus, textures).clicked() {
                        self.chosen = Some(photo.id);
                        answer.open = Some(photo.id);
                        grid.request_focus();
                    }
                }
            }
            for photo in ahead.filter_map(|place| found.photos().get(place)) {
                textures.prefetch(photo.id, THUMB_PX);
            }
        });
        answer
    }

    /// Arrows, Page Up and Down, Home and End walk; Enter opens.
    fn keys(&mut self, ui: &Ui, grid: &Response, found: &Found, answer: &mut GridAnswer) {
        if !grid.has_focus() || found.photos().is_empty() {
            return;
        }
        let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(grid.id, filter));
        let take = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let at = self.chosen.and_then(|id| found.place(id));
        let (columns, last) = (self.columns as isize, found.photos().len() as isize - 1);
        let page = columns * self.page_rows as isize;
        let steps = [
            (Key::ArrowRight, 1),
            (Key::ArrowLeft, -1),
            (Key::ArrowDown, columns),
            (Key::ArrowUp, -columns),
            (Key::PageDown, page),
            (Key::PageUp, -page),
            (Key::Home, -last),
            (Key::End, last),
        ];
        for (key, step) in steps.into_iter().filter(|(key, _)| take(*key)) {
            if key == Key::ArrowUp && at.is_none_or(|at| (at as isize) < columns) {
                answer.leaves = true;
                return;
            }
            let place = at.map_or(0, |at| (at as isize + step).clamp(0, last)) as usize;
            self.chosen = Some(found.photos()[place].id);
            self.scroll_to = Some(place);
        }
        if take(Key::Enter) {
            answer.open = self.chosen;
        }
    }
}

fn cell_ui(ui: &Ui, cell: Rect, photo: &Photo, search: &PhotoSearch, is_chosen: bool, has_focus: bool, textures: &mut PhotoTextures) -> Response {
    let tokens = theme::tokens(ui.ctx());
    // The grid is one stop of the Tab key; its arrows walk the photos.
    let response = ui.interact(cell, Id::unique(("found", photo.id)), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, &photo.file_name));
    let picture = Rect::from_min_size(cell.min, vec2(cell.width(), cell.width()));
    thumbnail::ui(ui, picture, textures.get(photo.id, THUMB_PX).picture());
    if is_chosen {
        let colour = if has_focus { tokens.focus } else { tokens.accent };
        ui.painter().rect_stroke(picture, theme::RADIUS_4, (3.0, colour), StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_stroke(picture, theme::RADIUS_4, (2.0, tokens.muted), StrokeKind::Inside);
    }
    let name = marked::text(search, Field::Name, &photo.file_name, theme::TEXT_SMALL, tokens.text, tokens);
    let name = elided::job(ui, name, cell.width());
    ui.painter().galley(pos2(cell.left(), picture.bottom() + 4.0), name, tokens.text);
    let reason = reason(ui, photo, search, cell.width(), tokens);
    ui.painter().galley(pos2(cell.left(), picture.bottom() + 21.0), reason, tokens.muted);
    response
}

/// Why it was found, or why nothing is known of it yet.
fn reason(ui: &Ui, photo: &Photo, search: &PhotoSearch, width: f32, tokens: &Tokens) -> std::sync::Arc<egui::Galley> {
    if photo.tags.is_empty() && photo.caption.is_none() {
        return elided::text(ui, status_words(photo.ai_processing_status), FontId::proportional(theme::TEXT_SMALL), width, tokens.muted);
    }
    elided::job(ui, marked::reason(search, photo, tokens), width)
}

/// Where the pipeline stands with a photo.
#[must_use]
pub fn status_words(status: ProcessingStatus) -> &'static str {
    match status {
        ProcessingStatus::None => "Not given to the pipeline",
        ProcessingStatus::Pending => "Waits for the pipeline",
        ProcessingStatus::Processing => "Is worked on",
        ProcessingStatus::Completed => "No tags were found",
        ProcessingStatus::Failed => "Failed",
    }
}
