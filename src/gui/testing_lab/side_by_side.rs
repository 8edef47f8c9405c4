//! One photo in one to six panes, each with another answer; zoom, pan and turn move all of them. Blinking, one pane has all
//! the room and its answer changes in place.

mod toolbar;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use egui::{Align, ComboBox, Id, Key, Layout, Modifiers, Rect, RichText, Ui, UiBuilder, Vec2, vec2};

use super::blind::{self, Said};
use super::correcting::{self, Correcting};
use super::diff_panel::{self, Look};
use super::matrix::{MatrixView, photo_name};
use super::short_labels;
use super::side_pane::{Heights, LETTERS, Shown, below_ui, blind_head_ui, box_colours, figures_in_words, letter_ui, overlay, places};
use super::tag_diff::{self, TagDiff};
use super::votes::Votes;
use crate::gui::ctx::{PhotoTexture, PhotoTextures};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::photo_view::{OverlayBox, PhotoView, PhotoViewport};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, elided, splitter};
use crate::wire::ids::{CellId, PhotoId};
use crate::wire::result::{Answer, Tag};
use crate::wire::run::{Cell, Run, RunColumn};

pub const MOST_PANES: usize = 6;
/// Of the list of repeats.
const REPEAT_WIDTH: f32 = 72.0;
/// How long blinking shows an answer.
const BLINK: Duration = Duration::from_millis(900);
/// Longer edge of the picture that stands in until the large one is there.
const STAND_IN_PX: u32 = super::photo_grid::THUMB_PX;
const HEAD_HEIGHT: f32 = 58.0;
/// The shorter edge of a photo for which captions and notes give way.
const PHOTO_LEAST: f32 = 130.0;
/// Of the room, what the tags take until a person says otherwise: the photos are what is compared.
const TAGS_SHARE: f32 = 0.3;
const TAGS_SHARE_OF_MANY: f32 = 0.2;
const TAGS_LEAST: f32 = 72.0;
/// Heads and captions included.
const PHOTOS_LEAST: f32 = 150.0;

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
    correcting: Correcting,
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
    /// Votes on these photos, in the order in which they were given.
    Votes(Vec<(PhotoId, Said)>),
    /// The ground truth of this photo, as a person has corrected it.
    Correct(PhotoId, Vec<String>),
    /// Labels are to be read, or kept, once more.
    TryTruthAgain,
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
        Self {
            row,
            panes,
            viewport: PhotoViewport::default(),
            shows_boxes: true,
            pane_size: vec2(400.0, 300.0),
            blink: None,
            correcting: Correcting::default(),
        }
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
        let mut said = self.votes_by_key(ui, view, votes);
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
            if let Some(clicked) = blind::bar_ui(ui, votes, view.run, id, &shown.panes, tokens) {
                if matches!(clicked, Said::Cast(_)) {
                    self.step(view, 1);
                }
                said.push((id, clicked));
            }
        }
        ui.add_space(theme::GAP_8);
        let mut corrected = None;
        let (photos, below) = splitter::ui(
            ui,
            "Room of the photos and of the tags",
            Id::unique("photos and tags"),
            ui.available_rect_before_wrap(),
            split_of(ui.available_height(), cells.len()),
        );
        ui.scope_builder(UiBuilder::new().id_salt("tag differences").max_rect(below), |ui| {
            let (known, unread) = (view.truth.tags(id), view.truth.unread_words(id));
            if view.truth.trouble_ui(ui, tokens) {
                answer = answer.take().or(Some(SideAnswer::TryTruthAgain));
            }
            if self.correcting.is_on {
                corrected = self.correcting.ui(ui, (known, unread), &tags, tokens);
                ui.add_space(theme::GAP_8);
            }
            let look = Look { colours: &bars, labels: self.correcting.is_on.then(|| known.unwrap_or_default()), can_correct: unread.is_none() };
            let clicked = diff_panel::ui(ui, &diff, cells, look);
            corrected = corrected.take().or(clicked.map(|name| correcting::turned(known, &name)));
        });
        ui.scope_builder(UiBuilder::new().id_salt("photos").max_rect(photos), |ui| {
            if shown.is_blind {
                blind::ranking_ui(ui, votes, view.run, tokens);
            }
            egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| self.panes_ui(ui, view, id, &shown, &diff, textures, tokens));
        });
        self.prefetch(ui, view, textures);
        if self.row != row {
            votes.shows_names = false;
        }
        // A vote is lost when it is not passed on; where to go can be said again.
        let votes = (!said.is_empty()).then_some(SideAnswer::Votes(said));
        votes.or(answer).or(corrected.map(|labels| SideAnswer::Correct(id, labels)))
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
        let (area, size_px) = (ui.available_rect_before_wrap(), photo_size(view, id));
        let (heights, places) = laid_out(area, drawn.len(), size_px, Heights::of(shown, view));
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
            let beside = if count > 1 { 42.0 } else { 0.0 } + if view.run.repeats > 1 { REPEAT_WIDTH + theme::GAP_12 } else { 0.0 };
            let room = vec2((ui.available_width() - beside).max(60.0), theme::CONTROL_HEIGHT);
            // The text is cut to the list's room; the list would stretch to the text.
            let padding = 2.0 * ui.spacing().button_padding.x + ui.spacing().icon_width + ui.spacing().icon_spacing;
            let (name, font) = (column.label(), egui::FontId::proportional(theme::TEXT_BODY));
            let whole = ui.painter().layout_no_wrap(name.clone(), font.clone(), tokens.text).size().x;
            let short = short_labels::of(&view.run.columns).swap_remove(pane.column);
            let words = if whole > room.x - padding - 4.0 { &short } else { &name };
            let shown = elided::text(ui, words, font, room.x - padding - 4.0, tokens.text);
            let combo = ComboBox::from_id_salt(("column", at)).width(room.x).selected_text(shown);
            let columns = view.run.columns.iter().map(RunColumn::label).enumerate();
            let response = choice::ui(ui, combo, &mut pane.column, columns);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Pane {}: {name}", LETTERS[at])));
            response.on_hover_text(name);
            if view.run.repeats > 1 {
                let words = format!("{} of {}", pane.repeat + 1, view.run.repeats);
                let list = ComboBox::from_id_salt(("repeat", at)).width(REPEAT_WIDTH).selected_text(words);
                let repeats = (0..view.run.repeats).map(|repeat| (repeat, format!("Repeat {}", repeat + 1)));
                let repeat = pane.repeat + 1;
                let list = choice::ui(ui, list, &mut pane.repeat, repeats);
                list.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Pane {}: repeat {repeat}", LETTERS[at])));
                list.on_hover_text("Which of the repeated answers is shown");
            }
            if count > 1 && Tool::new(icons::ICON_CLOSE, "Close the pane").icon_only().ui(ui).clicked() {
                remove = true;
            }
        });
        if let Some(doing) = view.doing(cell) {
            doing.keep_counting(ui);
        }
        let (words, colour) = figures_in_words(cell, view.doing(cell), view.unasked(cell), tokens);
        let caption = cell.and_then(|cell| cell.answer.as_ref()?.caption.as_ref()).map(|caption| format!("\n\n{caption}")).unwrap_or_default();
        let hover = format!("{words}{caption}");
        ui.add(egui::Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(hover);
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

    /// What keys say of the photo that is shown, and of those after it where several came at once; before any key shows another one.
    fn votes_by_key(&mut self, ui: &Ui, view: &MatrixView<'_>, votes: &mut Votes) -> Vec<(PhotoId, Said)> {
        if !votes.is_blind || ui.ctx().text_edit_focused() || ui.ctx().any_popup_open() {
            return Vec::new();
        }
        let mut all = Vec::new();
        for key in blind::pressed(ui) {
            let Some(id) = view.run.photo_ids.get(self.row).copied() else { break };
            let Some(said) = blind::said(key, votes, &blind::order(view.run.id, id, &self.panes)) else { continue };
            if matches!(said, Said::Cast(_)) {
                self.step(view, 1);
            }
            all.push((id, said));
        }
        all
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
        self.correcting.key(ui);
        if pressed(Modifiers::NONE, Key::I) {
            return view.run.photo_ids.get(self.row).copied().map(SideAnswer::Details);
        }
        // A trace tells the model.
        let trace = (!votes.is_blind && pressed(Modifiers::NONE, Key::T)).then(|| self.trace_of(view, 0)).flatten();
        trace.or_else(|| pressed(Modifiers::NONE, Key::Escape).then_some(SideAnswer::Back))
    }
}

/// Where the panes stand, and what below the photos has room: words give way before a photo becomes too small to be seen.
fn laid_out(area: Rect, count: usize, size_px: Vec2, heights: Heights) -> (Heights, Vec<Rect>) {
    let with = |heights: Heights| {
        let beside = HEAD_HEIGHT + heights.captions + heights.notes + 4.0;
        let (places, photo) = places(area, count, size_px, beside);
        (heights, places, photo)
    };
    let full = with(heights);
    let (heights, places, _) = if full.2.min_elem() < PHOTO_LEAST { with(Heights::NONE) } else { full };
    (heights, places)
}

/// Between the photos and the tags below them.
fn split_of(room: f32, panes: usize) -> splitter::Split {
    let usual = if panes > 3 { (room * TAGS_SHARE_OF_MANY).clamp(TAGS_LEAST, 200.0) } else { (room * TAGS_SHARE).clamp(96.0, 300.0) };
    splitter::Split { usual, least: TAGS_LEAST.min(room * 0.4), most: (room - PHOTOS_LEAST).max(room * 0.4) }
}

/// Pixels, orientation applied; a common shape while the photo is not known.
fn photo_size(view: &MatrixView<'_>, id: PhotoId) -> Vec2 {
    view.library.photo(id).map_or(vec2(1500.0, 1000.0), |photo| vec2(photo.width_px as f32, photo.height_px as f32))
}
