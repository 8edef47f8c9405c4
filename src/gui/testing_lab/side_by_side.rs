//! One photo in one to six panes, each with another answer; zoom, pan and turn move all of them. Blinking, one pane has all
//! the room and its answer changes in place.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use egui::{Align, ComboBox, Key, Layout, Modifiers, Panel, Rect, RichText, Ui, UiBuilder, Vec2, pos2, vec2};

use super::blind::{self, Said};
use super::caption_diff;
use super::cell_now::{Doing, paint_end};
use super::diff_panel;
use super::matrix::{MatrixView, photo_name};
use super::matrix_cell::{cost_words, kind_words, sentence_case};
use super::tag_diff::{self, TagDiff};
use super::votes::Votes;
use crate::gui::ctx::{PhotoTexture, PhotoTextures};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::photo_view::{OverlayBox, PhotoView, PhotoViewport};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, elided, number};
use crate::wire::ids::{CellId, PhotoId};
use crate::wire::result::{Answer, Note, Tag};
use crate::wire::run::{Cell, CellState, Run, RunColumn};

pub const MOST_PANES: usize = 6;
/// Panes stand in two rows where one row would make them narrower than this.
const PANE_WIDTH_LEAST: f32 = 250.0;
/// How long blinking shows an answer.
const BLINK: Duration = Duration::from_millis(900);
/// Longer edge of the picture that stands in until the large one is there.
const STAND_IN_PX: u32 = super::photo_grid::THUMB_PX;
const HEAD_HEIGHT: f32 = 58.0;
const CAPTION_HEIGHT: f32 = 48.0;
const NOTE_HEIGHT: f32 = 18.0;
/// Notes of an answer that have a line of their own; hovering the last one tells the rest.
const NOTES_MOST: usize = 3;
/// What the panes are called.
pub const LETTERS: [&str; MOST_PANES] = ["A", "B", "C", "D", "E", "F"];

/// Which answer a pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pane {
    pub column: usize,
    pub repeat: u32,
}

/// What the view keeps between frames.
pub struct SideBySide {
    pub row: usize,
    pub panes: Vec<Pane>,
    viewport: PhotoViewport,
    shows_boxes: bool,
    pane_size: Vec2,
    blink: Option<Blink>,
}

/// The pane that blinking shows, and since when; `None`: until a person goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Blink {
    pane: usize,
    since: Option<f64>,
}

/// What a person wants that the view can't do itself.
#[derive(Debug, Clone, PartialEq)]
pub enum SideAnswer {
    Back,
    /// The details of this photo.
    Details(PhotoId),
    /// What happened to the answer of a pane, step by step.
    Trace(CellId),
    /// Of the vote on this photo.
    Vote(PhotoId, Said),
}

/// What the panes show.
struct Shown<'c> {
    /// In the order in which they stand.
    panes: Vec<Pane>,
    cells: Vec<Option<&'c Cell>>,
    /// The names may be told all the same.
    is_blind: bool,
    /// Nothing is told that says of which column an answer is.
    is_hidden: bool,
}

impl SideBySide {
    /// Beside the chosen column stands the baseline, else the next one; a run with one column shows its repeats. `foremost`: the
    /// column that differs most from the baseline there, shown beside the baseline when that was chosen.
    #[must_use]
    pub fn new(run: &Run, row: usize, column: usize, repeat: u32, foremost: Option<usize>) -> Self {
        let columns = run.columns.len();
        let at = |column: usize, repeat: u32| Pane { column, repeat };
        let panes = match (columns, run.repeats) {
            (0 | 1, 1) => vec![at(0, 0)],
            (0 | 1, _) => vec![at(0, 0), at(0, 1)],
            (2.., _) if run.baseline.is_some_and(|baseline| (baseline as usize) < columns) => {
                let baseline = run.baseline.unwrap_or_default() as usize;
                let next = foremost.unwrap_or((baseline + 1) % columns);
                vec![at(baseline, repeat), at(if column == baseline { next } else { column }, repeat)]
            }
            (2.., _) if column == 0 || columns == 2 => vec![at(0, repeat), at(1, repeat)],
            _ => vec![at(0, repeat), at(column, repeat)],
        };
        Self { row, panes, viewport: PhotoViewport::default(), shows_boxes: true, pane_size: vec2(400.0, 300.0), blink: None }
    }

    /// Where the photo stands among those that the matrix shows.
    fn place(&self, view: &MatrixView<'_>) -> usize {
        let rows = view.rows.shown();
        // In the order of the run it need not be looked for.
        if rows.get(self.row) == Some(&self.row) { self.row } else { rows.iter().position(|row| *row == self.row).unwrap_or(0) }
    }

    fn step(&mut self, view: &MatrixView<'_>, by: isize) {
        let rows = view.rows.shown();
        let Some(&row) = rows.get(self.place(view).saturating_add_signed(by).min(rows.len().saturating_sub(1))) else { return };
        if row != self.row {
            self.row = row;
            self.viewport = PhotoViewport::default();
        }
    }

    /// What the panes show of the photo of this row.
    fn shown<'c>(&self, view: &MatrixView<'c>, votes: &Votes) -> Option<Shown<'c>> {
        let id = view.run.photo_ids.get(self.row).copied()?;
        let panes = if votes.is_blind { blind::order(view.run.id, id, &self.panes) } else { self.panes.clone() };
        let cells = panes.iter().map(|pane| view.open.cell(self.row, pane.column, pane.repeat)).collect();
        Some(Shown { panes, cells, is_blind: votes.is_blind, is_hidden: votes.is_blind && !votes.shows_names })
    }

    pub fn ui(&mut self, ui: &mut Ui, view: &MatrixView<'_>, votes: &mut Votes, textures: &mut PhotoTextures) -> Option<SideAnswer> {
        let tokens = theme::tokens(ui.ctx());
        let row = self.row;
        let mut said = self.vote_by_key(ui, view, votes);
        let mut answer = self.keys(ui, view, votes);
        let id = view.run.photo_ids.get(self.row).copied()?;
        let shown = self.shown(view, votes)?;
        let cells = &shown.cells;
        let answers: Vec<Option<&Answer>> = cells.iter().map(|cell| cell.and_then(|cell| cell.answer.as_ref())).collect();
        let tags: Vec<Option<&[Tag]>> = answers.iter().map(|answer| answer.map(|answer| answer.tags.as_slice())).collect();
        let diff = tag_diff::compare(&tags);
        let colour = |pane: &Pane| if shown.is_hidden { tokens.accent } else { view.colours.get(&view.run.columns[pane.column].model, tokens) };
        let bars: Vec<_> = shown.panes.iter().map(colour).collect();
        let has_boxes = tags.iter().flatten().any(|tags| tags.iter().any(|tag| tag.bounds.is_some()));
        answer = answer.or(self.toolbar_ui(ui, view, (id, has_boxes), votes));
        if shown.is_blind {
            ui.add_space(theme::GAP_4);
            said = said.or(blind::bar_ui(ui, votes, view.run, id, &shown.panes, tokens).map(|said| (id, said)));
        }
        ui.add_space(theme::GAP_8);
        let frame = egui::Frame::new().inner_margin(egui::Margin { top: 8, ..egui::Margin::ZERO });
        let room = ui.available_height();
        Panel::bottom("tag differences")
            .resizable(true)
            .default_size((room * 0.38).clamp(150.0, 360.0))
            .size_range(96.0..=room * 0.7)
            .frame(frame)
            .show(ui, |ui| diff_panel::ui(ui, &diff, cells, &bars));
        if shown.is_blind {
            blind::ranking_ui(ui, votes, view.run, tokens);
        }
        egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| self.panes_ui(ui, view, id, &shown, &diff, textures, tokens));
        self.prefetch(ui, view, textures);
        if let Some((_, Said::Cast(_))) = &said {
            self.step(view, 1);
        }
        if self.row != row {
            votes.shows_names = false;
        }
        answer.or(said.map(|(photo, said)| SideAnswer::Vote(photo, said)))
    }

    fn toolbar_ui(&mut self, ui: &mut Ui, view: &MatrixView<'_>, (id, has_boxes): (PhotoId, bool), votes: &mut Votes) -> Option<SideAnswer> {
        let tokens = theme::tokens(ui.ctx());
        let mut answer = None;
        let (place, count) = (self.place(view), view.rows.shown().len());
        ui.horizontal(|ui| {
            if Tool::new(icons::ICON_ARROW_BACK, "Back to the matrix").tooltip("Back to the matrix (Esc)").icon_only().ui(ui).clicked() {
                answer = Some(SideAnswer::Back);
            }
            let previous = Tool::new(icons::ICON_CHEVRON_LEFT, "Previous photo").tooltip("Previous photo (K)").icon_only();
            if previous.enabled(place > 0).ui(ui).clicked() {
                self.step(view, -1);
            }
            ui.label(RichText::new(format!("{} of {count}", place + 1)).color(tokens.muted));
            let next = Tool::new(icons::ICON_CHEVRON_RIGHT, "Next photo").tooltip("Next photo (J)").icon_only();
            if next.enabled(place + 1 < count).ui(ui).clicked() {
                self.step(view, 1);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if self.panes.len() < MOST_PANES.min(view.run.columns.len() * view.run.repeats as usize) {
                    let tool = Tool::new(icons::ICON_ADD_COLUMN_RIGHT, "Add a pane").tooltip("Show one more answer beside these");
                    if tool.ui(ui).clicked() {
                        self.add_pane(view.run);
                    }
                }
                if self.panes.len() > 1 {
                    let tool = Tool::new(icons::ICON_VISIBILITY_OFF, "Blind").tooltip("Hide which column an answer is of, and vote (V)");
                    if tool.selected(votes.is_blind).ui(ui).clicked() {
                        votes.is_blind = !votes.is_blind;
                    }
                    let tool =
                        Tool::new(icons::ICON_FLIP_TO_FRONT, "Blink").tooltip("One answer in the place of the other (X); Space shows the next");
                    if tool.selected(self.blink.is_some()).ui(ui).clicked() {
                        self.turn_blink(ui);
                    }
                }
                if !votes.is_blind {
                    answer = answer.take().or(self.trace_ui(ui, view));
                }
                self.zoom_ui(ui, view, id);
                if has_boxes {
                    let tool = Tool::new(icons::ICON_SELECT_ALL, "Boxes").tooltip("Show where the tags are, where the model says so (B)");
                    if tool.selected(self.shows_boxes).ui(ui).clicked() {
                        self.shows_boxes = !self.shows_boxes;
                    }
                }
                let details = Tool::new(icons::ICON_INFO, "Details of the photo").tooltip("Size, colours, and what the camera wrote (I)").icon_only();
                if details.ui(ui).clicked() {
                    answer = Some(SideAnswer::Details(id));
                }
                // What the tools leave.
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = RichText::new(photo_name(view, id)).font(theme::semibold(theme::TEXT_STRONG));
                    ui.add(egui::Label::new(name).truncate());
                });
            });
        });
        answer
    }

    /// The way to what was sent and answered for each pane.
    fn trace_ui(&self, ui: &mut Ui, view: &MatrixView<'_>) -> Option<SideAnswer> {
        let mut answer = None;
        let icon = RichText::new(icons::ICON_TIMELINE.codepoint).size(16.0);
        let button = egui::Button::new(icon).frame_when_inactive(false).min_size(vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT));
        let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
            for (at, pane) in self.panes.iter().enumerate() {
                let trace = self.trace_of(view, at);
                let words = format!("{}  {}", LETTERS[at], view.run.columns[pane.column].label());
                if ui.add_enabled(trace.is_some(), egui::Button::new(words)).clicked() {
                    answer = trace;
                }
            }
        });
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Trace of an answer"));
        response.on_hover_text("What was sent and answered, step by step (T: of A)");
        answer
    }

    /// Of a pane whose answer is there, or has failed.
    fn trace_of(&self, view: &MatrixView<'_>, at: usize) -> Option<SideAnswer> {
        let pane = self.panes.get(at)?;
        let cell = view.open.cell(self.row, pane.column, pane.repeat)?;
        matches!(cell.state, CellState::Completed | CellState::Failed).then_some(SideAnswer::Trace(cell.id))
    }

    fn zoom_ui(&mut self, ui: &mut Ui, view: &MatrixView<'_>, id: PhotoId) {
        let size_px = photo_size(view, id);
        let pane = Rect::from_min_size(pos2(0.0, 0.0), self.pane_size);
        let zoom = Tool::new(icons::ICON_ZOOM_IN, "Zoom in").tooltip("Zoom in (+, or the wheel at the pointer)").icon_only();
        if zoom.ui(ui).clicked() {
            self.viewport.zoom_around(1.25, pane.center(), pane, size_px);
        }
        let zoom = Tool::new(icons::ICON_ZOOM_OUT, "Zoom out").tooltip("Zoom out (−)").icon_only();
        if zoom.enabled(!self.viewport.is_fit()).ui(ui).clicked() {
            self.viewport.zoom_around(0.8, pane.center(), pane, size_px);
        }
        let full = Tool::new(icons::ICON_CROP_FREE, "1:1").tooltip("A pixel of the photo is a pixel of the screen (1)");
        if full.ui(ui).clicked() {
            let factor = self.viewport.true_zoom(pane, size_px, ui.ctx().pixels_per_point()) / self.viewport.zoom;
            self.viewport.zoom_around(factor, pane.center(), pane, size_px);
        }
        let fit = Tool::new(icons::ICON_FIT_SCREEN, "Fit").tooltip("Show the whole photo (0)").selected(self.viewport.is_fit());
        if fit.ui(ui).clicked() {
            self.viewport = self.viewport.fitted();
        }
        let turn = Tool::new(icons::ICON_ROTATE_RIGHT, "Turn right").tooltip("Turn the photo to the right (R; Shift R to the left)").icon_only();
        if turn.ui(ui).clicked() {
            self.viewport.turn(1);
        }
    }

    fn turn_blink(&mut self, ui: &Ui) {
        self.blink = match self.blink {
            Some(_) => None,
            None => Some(Blink { pane: 0, since: Some(ui.input(|input| input.time)) }),
        };
    }

    /// The panes that are drawn: all, or the one whose turn it is.
    fn drawn(&mut self, ui: &Ui, count: usize) -> Range<usize> {
        let Some(blink) = self.blink.as_mut().filter(|_| count > 1) else {
            self.blink = None;
            return 0..count;
        };
        if let Some(since) = blink.since {
            let now = ui.input(|input| input.time);
            let left = BLINK.as_secs_f64() - (now - since);
            if left <= 0.0 {
                *blink = Blink { pane: blink.pane + 1, since: Some(now) };
            }
            ui.ctx().request_repaint_after(if left > 0.0 { Duration::from_secs_f64(left) } else { BLINK });
        }
        blink.pane %= count;
        blink.pane..blink.pane + 1
    }

    /// The first answer that no pane shows yet.
    fn add_pane(&mut self, run: &Run) {
        let all = (0..run.repeats).flat_map(|repeat| (0..run.columns.len()).map(move |column| Pane { column, repeat }));
        if let Some(pane) = all.into_iter().find(|pane| !self.panes.contains(pane)) {
            self.panes.push(pane);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what the panes are drawn from, once a frame")]
    fn panes_ui(
        &mut self,
        ui: &mut Ui,
        view: &MatrixView<'_>,
        id: PhotoId,
        shown: &Shown<'_>,
        diff: &TagDiff,
        textures: &mut PhotoTextures,
        tokens: &Tokens,
    ) {
        let cells = shown.cells.as_slice();
        // A pane that was just added has no cell before the next frame.
        let drawn = self.drawn(ui, cells.len());
        let places = places(ui.available_rect_before_wrap(), drawn.len());
        let has_words = |cell: &&Cell| {
            let caption = cell.answer.as_ref().and_then(|answer| answer.caption.as_ref());
            caption.is_some() || view.doing(Some(cell)).and_then(Doing::text).is_some()
        };
        let captions = if cells.iter().flatten().any(has_words) { CAPTION_HEIGHT } else { 0.0 };
        // A note may tell the model.
        let notes = cells.iter().filter(|_| !shown.is_hidden).map(|cell| notes_of(*cell).len().min(NOTES_MOST)).max().unwrap_or(0);
        let heights = Heights { captions, notes: if notes > 0 { notes as f32 * NOTE_HEIGHT + 4.0 } else { 0.0 } };
        let whole = places.first().map_or(Vec2::ZERO, Rect::size);
        self.pane_size = vec2(whole.x, (whole.y - HEAD_HEIGHT - heights.captions - heights.notes).max(40.0));
        let colours = box_colours(diff, tokens);
        let mut removed = None;
        for (at, rect) in drawn.zip(places) {
            ui.scope_builder(UiBuilder::new().id_salt(("pane", at)).max_rect(rect).layout(Layout::top_down(Align::Min)), |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.scope_builder(UiBuilder::new().max_rect(Rect::from_min_size(rect.min, vec2(rect.width(), HEAD_HEIGHT))), |ui| {
                    if shown.is_blind {
                        blind_head_ui(ui, at, shown, view, tokens);
                    } else if self.head_ui(ui, at, cells[at], view, tokens) {
                        removed = Some(at);
                    }
                });
                let photo = Rect::from_min_size(rect.min + vec2(0.0, HEAD_HEIGHT), self.pane_size);
                ui.scope_builder(UiBuilder::new().max_rect(photo), |ui| self.photo_ui(ui, at, id, cells[at], &colours, view, textures));
                let below = Rect::from_min_max(photo.left_bottom() + vec2(0.0, 4.0), rect.max);
                below_ui(ui, below, (at, cells), heights, view, tokens);
            });
        }
        if let Some(at) = removed {
            self.panes.remove(at);
        }
    }

    /// What the pane shows and what the answer took; returns whether the pane is to go.
    fn head_ui(&mut self, ui: &mut Ui, at: usize, cell: Option<&Cell>, view: &MatrixView<'_>, tokens: &Tokens) -> bool {
        let mut remove = false;
        let count = self.panes.len();
        let pane = &mut self.panes[at];
        ui.horizontal(|ui| {
            letter_ui(ui, at, tokens);
            let column = &view.run.columns[pane.column];
            let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), egui::Sense::hover());
            ui.painter().circle_filled(dot.center(), 4.0, view.colours.get(&column.model, tokens));
            let beside = if count > 1 { 48.0 } else { 0.0 } + if view.run.repeats > 1 { 92.0 } else { 0.0 };
            let name = format!("{} · {}", column.prompt_name, column.model);
            let room = vec2((ui.available_width() - beside).max(60.0), theme::CONTROL_HEIGHT);
            // The text is cut to the list's room; the list would stretch to the text.
            let padding = 2.0 * ui.spacing().button_padding.x + ui.spacing().icon_width + ui.spacing().icon_spacing;
            let shown = elided::text(ui, &name, egui::FontId::proportional(theme::TEXT_BODY), room.x - padding - 4.0, tokens.text);
            let combo = ComboBox::from_id_salt(("column", at)).width(room.x).selected_text(shown);
            let columns = view.run.columns.iter().map(RunColumn::label).enumerate();
            let response = choice::ui(ui, combo, &mut pane.column, columns);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Pane {}: {name}", LETTERS[at])));
            response.on_hover_text(name);
            if view.run.repeats > 1 {
                let list = ComboBox::from_id_salt(("repeat", at)).width(60.0).selected_text(format!("Repeat {}", pane.repeat + 1));
                let repeats = (0..view.run.repeats).map(|repeat| (repeat, format!("Repeat {}", repeat + 1)));
                choice::ui(ui, list, &mut pane.repeat, repeats);
            }
            if count > 1 && Tool::new(icons::ICON_CLOSE, "Close the pane").icon_only().ui(ui).clicked() {
                remove = true;
            }
        });
        if let Some(doing) = view.doing(cell) {
            doing.keep_counting(ui);
        }
        let (words, colour) = figures_in_words(cell, view.doing(cell), view.unasked(cell), tokens);
        ui.add(egui::Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(words);
        remove
    }

    #[expect(clippy::too_many_arguments, reason = "what a pane is drawn from, once a frame")]
    fn photo_ui(
        &mut self,
        ui: &mut Ui,
        at: usize,
        id: PhotoId,
        cell: Option<&Cell>,
        colours: &HashMap<String, egui::Color32>,
        view: &MatrixView<'_>,
        textures: &mut PhotoTextures,
    ) {
        let size_px = photo_size(view, id);
        let px = self.best_px(ui, id, size_px, textures);
        let texture = textures.get(id, px).picture();
        let tags = cell.and_then(|cell| cell.answer.as_ref()).map_or(&[][..], |answer| &answer.tags);
        let boxes: Vec<OverlayBox<'_>> = tags.iter().filter(|_| self.shows_boxes).filter_map(|tag| overlay(tag, colours, ui)).collect();
        let name = format!("Pane {}: {}", LETTERS[at], photo_name(view, id));
        // One pane hears the keys for all while nothing has the focus, so that nobody has to click first.
        let hears_keys = at == 0 && ui.memory(|memory| memory.focused().is_none());
        PhotoView::new(&name, size_px, texture).boxes(&boxes).hears_keys(hears_keys).ui(ui, self.pane_size, &mut self.viewport);
    }

    /// The size that is wanted, or the best that is there until it has come.
    fn best_px(&self, ui: &Ui, id: PhotoId, size_px: Vec2, textures: &mut PhotoTextures) -> u32 {
        let wanted = self.viewport.wanted_px(self.pane_size, size_px, ui.ctx().pixels_per_point());
        let is_ready = |textures: &mut PhotoTextures, px: u32| matches!(textures.get(id, px), PhotoTexture::Ready(_));
        if is_ready(textures, wanted) {
            return wanted;
        }
        let smaller = [4096, 2048, 1024].into_iter().filter(|px| *px < wanted).find(|px| is_ready(textures, *px));
        smaller.unwrap_or_else(|| if is_ready(textures, STAND_IN_PX) { STAND_IN_PX } else { wanted })
    }

    /// The photos before and after this one are there when they are asked for.
    fn prefetch(&self, ui: &Ui, view: &MatrixView<'_>, textures: &mut PhotoTextures) {
        let (rows, place) = (view.rows.shown(), self.place(view));
        for row in [place + 1, place.wrapping_sub(1)] {
            if let Some(id) = rows.get(row).and_then(|row| view.run.photo_ids.get(*row)) {
                let px = PhotoViewport::default().wanted_px(self.pane_size, photo_size(view, *id), ui.ctx().pixels_per_point());
                textures.prefetch(*id, px);
            }
        }
    }

    /// What a key says of the photo that is shown; before any key shows another one.
    fn vote_by_key(&self, ui: &Ui, view: &MatrixView<'_>, votes: &mut Votes) -> Option<(PhotoId, Said)> {
        if !votes.is_blind || ui.ctx().text_edit_focused() || ui.ctx().any_popup_open() {
            return None;
        }
        let id = view.run.photo_ids.get(self.row).copied()?;
        let panes = blind::order(view.run.id, id, &self.panes);
        blind::keys(ui, votes, &panes).map(|said| (id, said))
    }

    /// J and K walk the photos, B turns the boxes, X blinks, V hides the names, T shows the trace of the first pane, Esc goes back; zoom, pan and turn
    /// are the panes' own.
    fn keys(&mut self, ui: &Ui, view: &MatrixView<'_>, votes: &mut Votes) -> Option<SideAnswer> {
        if ui.ctx().text_edit_focused() || ui.ctx().any_popup_open() {
            return None;
        }
        let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::NONE, Key::J) || pressed(Modifiers::ALT, Key::ArrowRight) {
            self.step(view, 1);
        }
        if pressed(Modifiers::NONE, Key::K) || pressed(Modifiers::ALT, Key::ArrowLeft) {
            self.step(view, -1);
        }
        if pressed(Modifiers::NONE, Key::B) {
            self.shows_boxes = !self.shows_boxes;
        }
        if pressed(Modifiers::NONE, Key::X) {
            self.turn_blink(ui);
        }
        if pressed(Modifiers::NONE, Key::V) && self.panes.len() > 1 {
            votes.is_blind = !votes.is_blind;
        }
        let goes_on = self.blink.is_some() && ui.memory(|memory| memory.focused().is_none()) && pressed(Modifiers::NONE, Key::Space);
        if let Some(blink) = self.blink.as_mut().filter(|_| goes_on) {
            *blink = Blink { pane: blink.pane + 1, since: None };
        }
        if pressed(Modifiers::NONE, Key::I) {
            return view.run.photo_ids.get(self.row).copied().map(SideAnswer::Details);
        }
        // A trace tells the model.
        let trace = (!votes.is_blind && pressed(Modifiers::NONE, Key::T)).then(|| self.trace_of(view, 0)).flatten();
        trace.or_else(|| pressed(Modifiers::NONE, Key::Escape).then_some(SideAnswer::Back))
    }
}

/// The letter alone, or beside it what is told when the names are shown.
fn blind_head_ui(ui: &mut Ui, at: usize, shown: &Shown<'_>, view: &MatrixView<'_>, tokens: &Tokens) {
    let (Some(pane), cell) = (shown.panes.get(at), shown.cells.get(at).copied().flatten()) else { return };
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        letter_ui(ui, at, tokens);
        let name = if shown.is_hidden { format!("Answer {}", LETTERS[at]) } else { view.run.columns[pane.column].label() };
        ui.add(egui::Label::new(RichText::new(name).font(theme::semibold(theme::TEXT_BODY))).truncate());
    });
    let (words, colour) = match cell.map(|cell| cell.state) {
        // What it took and why it failed may tell the model.
        Some(CellState::Completed) if shown.is_hidden => ("Answered".to_owned(), tokens.muted),
        Some(CellState::Failed) if shown.is_hidden => ("No answer".to_owned(), tokens.bad),
        _ => figures_in_words(cell, view.doing(cell), view.unasked(cell), tokens),
    };
    ui.add(egui::Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(words);
}

/// How much room the words below the photos take.
#[derive(Clone, Copy)]
struct Heights {
    captions: f32,
    notes: f32,
}

/// Where so many panes stand: beside each other, or in two rows.
fn places(area: Rect, count: usize) -> Vec<Rect> {
    let gap = theme::GAP_8;
    let width_of = |columns: usize| (area.width() - gap * (columns - 1) as f32) / columns as f32;
    let rows = if count > 3 && width_of(count) < PANE_WIDTH_LEAST { 2 } else { 1 };
    let columns = count.div_ceil(rows).max(1);
    let size = vec2(width_of(columns), (area.height() - gap * (rows - 1) as f32) / rows as f32);
    let at = |at: usize| area.min + vec2((at % columns) as f32 * (size.x + gap), (at / columns) as f32 * (size.y + gap));
    (0..count).map(|pane| Rect::from_min_size(at(pane), size)).collect()
}

/// The notes and the caption of a pane, or the end of what has come of its answer.
fn below_ui(ui: &mut Ui, below: Rect, (at, cells): (usize, &[Option<&Cell>]), heights: Heights, view: &MatrixView<'_>, tokens: &Tokens) {
    let (noted, below) = below.split_top_bottom_at_y(below.top() + heights.notes);
    if heights.notes > 0.0 {
        ui.scope_builder(UiBuilder::new().max_rect(noted), |ui| notes_ui(ui, notes_of(cells[at]), tokens));
    }
    if heights.captions > 0.0 {
        ui.scope_builder(UiBuilder::new().max_rect(below), |ui| match view.doing(cells[at]).and_then(Doing::text) {
            Some(text) => {
                let response = ui.allocate_rect(below, egui::Sense::hover());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
                paint_end(ui, below, text, tokens);
            }
            None => caption_ui(ui, at, cells, tokens),
        });
    }
}

/// The pane's letter on a small ground.
pub fn letter_ui(ui: &mut Ui, at: usize, tokens: &Tokens) {
    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.raised);
    let letter = LETTERS.get(at).copied().unwrap_or_default();
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, letter, theme::semibold(theme::TEXT_SMALL), tokens.text);
}

/// Pixels, orientation applied; a common shape while the photo is not known.
fn photo_size(view: &MatrixView<'_>, id: PhotoId) -> Vec2 {
    view.library.photo(id).map_or(vec2(1500.0, 1000.0), |photo| vec2(photo.width_px as f32, photo.height_px as f32))
}

/// `146 ms · 1,204 in, 96 out tokens · $0.000194 · model score`, or how the cell stands.
fn figures_in_words(cell: Option<&Cell>, doing: Option<Doing<'_>>, unasked: Option<&str>, tokens: &Tokens) -> (String, egui::Color32) {
    let Some(cell) = cell else { return ("Not read yet".to_owned(), tokens.muted) };
    if let (CellState::Failed, Some(fault)) = (cell.state, &cell.fault) {
        return (format!("{}: {}", sentence_case(fault.kind.label()), fault.message), tokens.bad);
    }
    if let Some(doing) = doing {
        return (doing.words(), doing.colour(tokens));
    }
    let Some(answer) = &cell.answer else {
        let words = if cell.state == CellState::Running { "Asking…" } else { unasked.unwrap_or("Waiting") };
        return (words.to_owned(), tokens.muted);
    };
    let mut parts: Vec<String> = cell.latency_ms.map(|ms| number::duration_ms(ms as f64)).into_iter().collect();
    if let (Some(input), Some(output)) = (answer.usage.input_tokens, answer.usage.output_tokens) {
        parts.push(format!("{} in, {} out tokens", number::count(input), number::count(output)));
    }
    parts.extend(Some(cost_words(answer)).filter(|words| !words.is_empty()));
    parts.push(kind_words(answer.confidence_kind).to_owned());
    (parts.join(" · "), tokens.muted)
}

fn notes_of(cell: Option<&Cell>) -> &[Note] {
    cell.and_then(|cell| cell.answer.as_ref()).map_or(&[][..], |answer| &answer.notes)
}

/// What was mended in the answer and what is so with every such call, a line each.
fn notes_ui(ui: &mut Ui, notes: &[Note], tokens: &Tokens) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.spacing_mut().interact_size.y = NOTE_HEIGHT - 2.0;
    for (at, note) in notes.iter().take(NOTES_MOST).enumerate() {
        let rest = if at + 1 == NOTES_MOST { &notes[at..] } else { std::slice::from_ref(note) };
        let more = if rest.len() > 1 { format!(" · {} more", rest.len() - 1) } else { String::new() };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            let is_mended = rest.iter().any(Note::is_mended);
            let (icon, colour) = if is_mended { (icons::ICON_WARNING, tokens.warn) } else { (icons::ICON_INFO, tokens.muted) };
            ui.label(RichText::new(icon.codepoint).size(theme::TEXT_BODY).color(colour));
            let words = RichText::new(format!("{}{more}", note.text)).size(theme::TEXT_SMALL).color(colour);
            let all: Vec<&str> = rest.iter().map(|note| note.text.as_str()).collect();
            ui.add(egui::Label::new(words).truncate()).on_hover_text(all.join("\n"));
        });
    }
}

/// The caption, and on a ground the words of it that the first pane does not have; there, those that the second does not have.
fn caption_ui(ui: &mut Ui, at: usize, cells: &[Option<&Cell>], tokens: &Tokens) {
    // Whether there is a caption is known with the answer.
    let Some(answer) = cells[at].and_then(|cell| cell.answer.as_ref()) else { return };
    let Some(caption) = answer.caption.as_deref() else {
        ui.label(RichText::new("No caption").color(tokens.muted));
        return;
    };
    let other = cells.get(usize::from(at == 0)).copied().flatten().and_then(|cell| cell.answer.as_ref()).and_then(|answer| answer.caption.as_deref());
    // With more than two panes the first stands for itself: it would differ from each in another way.
    let own = other.filter(|_| at > 0 || cells.len() == 2).map(|other| caption_diff::own_words(caption, other)).unwrap_or_default();
    let font = egui::FontId::proportional(theme::TEXT_BODY);
    let mut job = caption_diff::job(caption, &own, font, tokens.text, tokens.warn.gamma_multiply(0.22), ui.available_width());
    job.wrap.max_rows = 2;
    let said = own.iter().map(|range| &caption[range.clone()]).collect::<Vec<_>>().join(", ");
    let response = ui.label(job);
    let hover = if said.is_empty() { caption.to_owned() } else { format!("{caption}\n\nOnly in {}: {said}", LETTERS[at]) };
    if !said.is_empty() {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(format!("Only here: {said}")));
    }
    response.on_hover_text(hover);
}

/// Boxes of tags that only one answer has are marked; the others keep to the background.
fn box_colours(diff: &TagDiff, tokens: &Tokens) -> HashMap<String, egui::Color32> {
    let only = diff.only.iter().flatten().map(|row| (row.name.clone(), tokens.warn));
    let shared = diff.in_all.iter().chain(&diff.in_some).map(|row| (row.name.clone(), tokens.good));
    if diff.answered < 2 { HashMap::new() } else { only.chain(shared).collect() }
}

fn overlay<'t>(tag: &'t Tag, colours: &HashMap<String, egui::Color32>, ui: &Ui) -> Option<OverlayBox<'t>> {
    let [left, top, right, bottom] = tag.bounds?;
    let colour = colours.get(&tag.name).copied().unwrap_or(theme::tokens(ui.ctx()).accent);
    Some(OverlayBox { rect: Rect::from_min_max(pos2(left, top), pos2(right, bottom)), label: &tag.name, colour })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_panes_stand_in_two_rows_and_never_on_each_other() {
        let area = Rect::from_min_size(pos2(20.0, 10.0), vec2(1_000.0, 600.0));
        for (count, rows) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)] {
            let places = places(area, count);
            let tops: std::collections::BTreeSet<_> = places.iter().map(|place| place.top() as i32).collect();
            assert_eq!((places.len(), tops.len()), (count, rows));
            for (at, place) in places.iter().enumerate() {
                assert!(area.expand(0.1).contains_rect(*place), "{count}: {place:?}");
                assert!(places[at + 1..].iter().all(|other| !place.shrink(1.0).intersects(*other)), "{count}: {places:?}");
            }
        }
        let wide = Rect::from_min_size(area.min, vec2(1_800.0, 600.0));
        assert!(places(wide, 6).iter().all(|place| place.top() == wide.top()), "where there is room, beside each other");
    }
}
