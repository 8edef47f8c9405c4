//! The photos as a grid of square thumbnails: only what is on screen is drawn and decoded.

use egui::{Align2, FontId, Id, Key, Modifiers, Rect, Response, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::library::Library;
use super::look_alikes::AlikePhotos;
use crate::gui::ctx::PhotoTextures;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::selection::{Choose, Selection};
use crate::gui::widgets::{elided, number, thumbnail};
use crate::wire::ids::PhotoId;
use crate::wire::photo::Photo;

/// Edges of a thumbnail, in points.
pub const EDGE_RANGE: std::ops::RangeInclusive<f32> = 72.0..=240.0;
/// Longer edge of the texture that a thumbnail is drawn from.
pub const THUMB_PX: u32 = 256;
const GAP: f32 = theme::GAP_8;
/// Room for the file name below a thumbnail.
const NAME_HEIGHT: f32 = 20.0;
/// Rows above and below the screen whose photos are fetched ahead.
const ROWS_AHEAD: usize = 2;

/// What the grid keeps between frames.
pub struct PhotoGrid {
    /// Edge of a thumbnail, in points.
    pub edge: f32,
    scroll_to: Option<PhotoId>,
    /// Photos a row and rows a page, as drawn last.
    columns: usize,
    page_rows: usize,
}

impl Default for PhotoGrid {
    fn default() -> Self {
        Self { edge: 120.0, scroll_to: None, columns: 1, page_rows: 1 }
    }
}

/// What a person did in the grid.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GridAnswer {
    pub selection_changed: bool,
    pub delete: bool,
    /// The photo whose details are wanted.
    pub details: Option<PhotoId>,
}

impl PhotoGrid {
    /// Brings a photo into view.
    pub fn scroll_to(&mut self, id: PhotoId) {
        self.scroll_to = Some(id);
    }

    pub fn ui(
        &mut self,
        ui: &mut Ui,
        library: &Library,
        alike: &AlikePhotos,
        selection: &mut Selection<PhotoId>,
        textures: &mut PhotoTextures,
    ) -> GridAnswer {
        let mut answer = GridAnswer::default();
        let tokens = theme::tokens(ui.ctx());
        let area = ui.available_rect_before_wrap();
        let grid = ui.interact(area, Id::unique("photo grid"), Sense::click());
        grid.widget_info(|| WidgetInfo::labeled(egui::Role::Group, true, "Photos"));
        if grid.clicked() {
            grid.request_focus();
        }
        let width = ui.available_width() - ui.spacing().scroll.bar_width - ui.spacing().scroll.bar_inner_margin - 4.0;
        self.columns = (((width + GAP) / (self.edge + GAP)).floor() as usize).max(1);
        self.keys(ui, &grid, library, selection, &mut answer);
        // The thumbnails share what is left over, so that the grid fills its room at every size.
        let edge = ((width - GAP * (self.columns - 1) as f32) / self.columns as f32).min(*EDGE_RANGE.end() * 1.5).floor();
        let row_height = edge + NAME_HEIGHT;
        let rows = library.shown_len().div_ceil(self.columns);
        self.page_rows = ((area.height() / (row_height + GAP)).floor() as usize).max(1);
        let mut scroll = ScrollArea::vertical().id_salt("photo grid").auto_shrink(false);
        if let Some(place) = self.scroll_to.take().and_then(|id| library.place(id)) {
            let top = (place / self.columns) as f32 * (row_height + GAP);
            scroll = scroll.vertical_scroll_offset((top - (area.height() - row_height) / 2.0).max(0.0));
        }
        let mut chosen = None;
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        scroll.show_rows(ui, row_height, rows, |ui, range| {
            let ahead = range.end * self.columns..(range.end + ROWS_AHEAD) * self.columns;
            for row in range {
                let (rect, _) = ui.allocate_exact_size(vec2(width, row_height), Sense::hover());
                for column in 0..self.columns {
                    let Some(photo) = library.shown(row * self.columns + column) else { break };
                    let cell = Rect::from_min_size(pos2(rect.left() + column as f32 * (edge + GAP), rect.top()), vec2(edge, row_height));
                    let response = cell_ui(ui, cell, photo, selection, grid.has_focus(), textures, tokens);
                    if let Some(count) = alike.of(photo.id) {
                        alike_ui(ui, cell, count, tokens);
                    }
                    if response.clicked() || response.secondary_clicked() {
                        chosen = Some((photo.id, response.secondary_clicked()));
                    }
                    response.context_menu(|ui| {
                        if ui.button("Details").clicked() {
                            answer.details = Some(photo.id);
                        }
                        answer.delete |= ui.button("Delete…").clicked();
                    });
                }
            }
            for photo in ahead.filter_map(|place| library.shown(place)) {
                textures.prefetch(photo.id, THUMB_PX);
            }
        });
        if let Some((id, is_secondary)) = chosen
            && !(is_secondary && selection.contains(id))
        {
            let modifiers = ui.input(|input| input.modifiers);
            // Photos are collected, not opened: a plain click adds or takes away, as a check box would.
            let how = if modifiers.shift { Choose::Range } else { Choose::Toggle };
            selection.choose(id, how, |anchor| library.between(anchor, id));
            answer.selection_changed = true;
            grid.request_focus();
        }
        answer
    }

    /// Arrows move, Space chooses, Ctrl-A all, Esc none; heard while the grid or nothing has the keyboard.
    fn keys(&mut self, ui: &Ui, grid: &Response, library: &Library, selection: &mut Selection<PhotoId>, answer: &mut GridAnswer) {
        let nobody = ui.memory(|memory| memory.focused().is_none()) && !ui.ctx().any_popup_open();
        if !(grid.has_focus() || nobody) || library.shown_len() == 0 {
            return;
        }
        if grid.has_focus() {
            // Else the arrows would move the focus away.
            let filter = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(grid.id, filter));
        }
        let take = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if take(Modifiers::COMMAND, Key::A) {
            selection.select_all(library.shown_ids());
            answer.selection_changed = true;
        }
        if take(Modifiers::NONE, Key::Escape) && !selection.is_empty() {
            selection.clear();
            answer.selection_changed = true;
        }
        answer.delete |= !selection.is_empty() && take(Modifiers::NONE, Key::Delete);
        let at = selection.cursor().and_then(|id| library.place(id));
        let (columns, last) = (self.columns as isize, library.shown_len() as isize - 1);
        let steps = [
            (Key::ArrowRight, 1),
            (Key::ArrowLeft, -1),
            (Key::ArrowDown, columns),
            (Key::ArrowUp, -columns),
            (Key::PageDown, columns * self.page_rows as isize),
            (Key::PageUp, -columns * self.page_rows as isize),
            (Key::Home, -last),
            (Key::End, last),
        ];
        for (key, step) in steps {
            let with_shift = take(Modifiers::SHIFT, key);
            if !with_shift && !take(Modifiers::NONE, key) {
                continue;
            }
            let place = at.map_or(0, |at| (at as isize + step).clamp(0, last)) as usize;
            let Some(id) = library.shown(place).map(|photo| photo.id) else { continue };
            if with_shift {
                selection.choose(id, Choose::Range, |anchor| library.between(anchor, id));
                answer.selection_changed = true;
            } else {
                selection.set_cursor(id);
            }
            self.scroll_to = Some(id);
        }
        if let Some(id) = selection.cursor().filter(|_| take(Modifiers::NONE, Key::I)) {
            answer.details = Some(id);
        }
        if let Some(id) = selection.cursor().filter(|_| take(Modifiers::NONE, Key::Space)) {
            selection.choose(id, Choose::Toggle, |_| vec![id]);
            answer.selection_changed = true;
        }
    }
}

/// The mark of a photo that looks like others, in the lower right corner of its picture.
fn alike_ui(ui: &Ui, cell: Rect, count: usize, tokens: &Tokens) {
    let words = format!("{} {count}", icons::ICON_FILTER_NONE.codepoint);
    let galley = ui.painter().layout_no_wrap(words, FontId::proportional(theme::TEXT_SMALL), theme::ON_PHOTO_VEIL);
    let corner = cell.min + vec2(cell.width() - 4.0, cell.width() - 4.0);
    let badge = Rect::from_min_max(corner - galley.size() - vec2(10.0, 4.0), corner);
    ui.painter().rect_filled(badge, theme::RADIUS_4, theme::PHOTO_VEIL);
    ui.painter().galley(badge.min + vec2(5.0, 2.0), galley, tokens.text);
    let mark = ui.interact(badge, Id::unique(("alike", cell.min.x.to_bits(), cell.min.y.to_bits())), Sense::hover());
    mark.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{count} look alike")));
    mark.on_hover_text(format!("{count} photos look alike; in figures with an interval they count together as one"));
}

fn cell_ui(
    ui: &Ui,
    cell: Rect,
    photo: &Photo,
    selection: &Selection<PhotoId>,
    has_focus: bool,
    textures: &mut PhotoTextures,
    tokens: &Tokens,
) -> Response {
    let is_selected = selection.contains(photo.id);
    // The grid is one stop of the Tab key; its arrows walk the photos.
    let sense = Sense::CLICK;
    let response = ui.interact(cell, Id::unique(("photo", photo.id)), sense);
    response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, is_selected, &photo.file_name));
    let picture = Rect::from_min_size(cell.min, vec2(cell.width(), cell.width()));
    thumbnail::ui(ui, picture, textures.get(photo.id, THUMB_PX).picture());
    let painter = ui.painter();
    let is_cursor = has_focus && selection.cursor() == Some(photo.id);
    if is_selected {
        painter.rect_stroke(picture, theme::RADIUS_4, (3.0, tokens.accent), StrokeKind::Inside);
        let badge = picture.left_top() + vec2(14.0, 14.0);
        painter.circle_filled(badge, 9.0, tokens.accent);
        painter.text(badge, Align2::CENTER_CENTER, icons::ICON_CHECK.codepoint, FontId::proportional(theme::TEXT_BODY), tokens.on_accent);
    } else if response.hovered() {
        painter.rect_stroke(picture, theme::RADIUS_4, (2.0, tokens.muted), StrokeKind::Inside);
        let badge = picture.left_top() + vec2(14.0, 14.0);
        painter.circle(badge, 9.0, theme::PHOTO_VEIL, (1.5, theme::ON_PHOTO_VEIL));
    }
    if is_cursor {
        painter.rect_stroke(picture.expand(2.0), theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Outside);
    }
    let colour = if is_selected { tokens.text } else { tokens.muted };
    let name = elided::text(ui, &photo.file_name, FontId::proportional(theme::TEXT_SMALL), cell.width() - 4.0, colour);
    painter.galley(pos2(cell.center().x - name.size().x / 2.0, picture.bottom() + 3.0), name, colour);
    response.on_hover_ui(|ui| about_ui(ui, photo, tokens))
}

/// What hovering a photo tells: name, size, and what the pipeline found in it.
fn about_ui(ui: &mut Ui, photo: &Photo, tokens: &Tokens) {
    ui.set_max_width(280.0);
    ui.strong(&photo.file_name);
    let size = number::bytes(photo.size_bytes);
    let muted = |words: String| egui::RichText::new(words).color(tokens.muted).size(theme::TEXT_SMALL);
    ui.label(muted(format!("{} × {} px, {size}, {}", photo.width_px, photo.height_px, photo.format.to_uppercase())));
    if let Some(caption) = &photo.caption {
        ui.label(caption);
    }
    let tags: Vec<String> = photo.tags.iter().take(8).map(|tag| format!("{} {}", tag.name, number::confidence(tag.confidence))).collect();
    if !tags.is_empty() {
        ui.label(muted(format!("In the pipeline: {}", tags.join(", "))));
    }
}
