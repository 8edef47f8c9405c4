//! A row of the job table. Its words are painted straight into the row instead of being a widget each: a full
//! table has two hundred of them, and they cost most of the frame otherwise.

use chrono::{DateTime, Utc};
use egui::{Align, Align2, Color32, FontId, Id, Pos2, Rect, Response, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::job_columns::JobColumn;
use super::job_state;
use crate::gui::ctx::PhotoTextures;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{number, relative_time, thumbnail};
use crate::wire::job::Job;

/// Edge of the thumbnail in a row, and of the texture that it is drawn from.
pub const THUMB_POINTS: f32 = 24.0;
const THUMB_PX: u32 = 256;

/// What a row needs to be drawn.
pub struct RowInk<'a> {
    pub tokens: &'a Tokens,
    pub now: DateTime<Utc>,
    pub font: FontId,
    pub text: Color32,
    /// The columns with their left and right edges.
    pub columns: Vec<(JobColumn, f32, f32)>,
}

impl<'a> RowInk<'a> {
    /// For columns of these widths, the first of which begins at `left`.
    pub fn new(ui: &Ui, tokens: &'a Tokens, now: DateTime<Utc>, columns: &[JobColumn], widths: &[f32], left: f32) -> Self {
        let spacing = ui.spacing().item_spacing.x;
        let mut x = left;
        let edges = columns.iter().zip(widths).map(|(column, width)| {
            let edges = (*column, x, x + width);
            x += width + spacing;
            edges
        });
        Self { tokens, now, font: TextStyle::Body.resolve(ui.style()), text: tokens.text, columns: edges.collect() }
    }
}

/// Draws the row of `job` and answers to the pointer.
pub fn ui(ui: &Ui, id: Id, rect: Rect, job: &Job, is_selected: bool, ink: &RowInk<'_>, textures: &mut PhotoTextures) -> Response {
    let response = ui.interact(rect, id, Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Row, true, is_selected, format!("{}, {}", job.file_name, job.state.label())));
    ui.ctx().accesskit_node_builder(id, |node| node.set_description(description(job, ink.now)));
    let fill = match (is_selected, response.hovered()) {
        (true, _) => Some(ui.visuals().selection.bg_fill),
        (false, true) => Some(ui.visuals().widgets.hovered.bg_fill),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    let pointer = if response.hovered() { response.hover_pos() } else { None };
    let mut hover = None;
    for (column, left, right) in &ink.columns {
        let cell = Rect::from_x_y_ranges(*left..=*right, rect.y_range());
        if *column == JobColumn::Thumbnail {
            photo_ui(ui, cell, job, textures);
            continue;
        }
        let more = cell_text(ui, cell, job, *column, ink);
        if pointer.is_some_and(|at| cell.contains(at)) {
            hover = more;
        }
    }
    match hover {
        Some(words) => response.on_hover_text_at_pointer(words),
        None => response,
    }
}

/// What the row says besides its photo and state, for those who hear it.
fn description(job: &Job, now: DateTime<Utc>) -> String {
    let mut said = vec![format!("queued {}", relative_time::words(job.enqueued_at, now))];
    said.extend(job.model.clone());
    said.extend(job.prompt.clone());
    said.extend(job.fault.as_ref().map(|fault| format!("{}: {}", fault.label(), fault.message)));
    said.join(", ")
}

/// Paints the words of a cell. Returns what is to be shown on hover: what did not fit, or more exactly.
fn cell_text(ui: &Ui, cell: Rect, job: &Job, column: JobColumn, ink: &RowInk<'_>) -> Option<String> {
    let words = words(job, column, ink.now);
    if words.is_empty() {
        return None;
    }
    let mut cell = cell;
    if column == JobColumn::State {
        let (icon, colour) = job_state::mark(job.state, ink.tokens);
        let icon = ui.painter().text(cell.left_center(), Align2::LEFT_CENTER, icon.codepoint, FontId::new(ink.font.size, icon.font_family()), colour);
        cell.min.x = icon.right() + 6.0;
    }
    let colour = if column == JobColumn::Trouble { ink.tokens.bad } else { ink.text };
    let align = if column.is_number() { Align::RIGHT } else { Align::LEFT };
    let is_whole = one_line(ui, cell, &words, colour, align, ink);
    match column {
        JobColumn::Added => Some(relative_time::absolute(job.enqueued_at)),
        _ if is_whole => None,
        _ => Some(words),
    }
}

/// One line of text, cut with `…` where it does not fit. Returns whether it fits.
fn one_line(ui: &Ui, cell: Rect, words: &str, colour: Color32, align: Align, ink: &RowInk<'_>) -> bool {
    let mut line = egui::text::LayoutJob::simple_singleline(words.to_owned(), ink.font.clone(), colour);
    line.wrap = egui::text::TextWrapping::truncate_at_width(cell.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(line));
    let size = galley.size();
    let x = if align == Align::RIGHT { cell.right() - size.x } else { cell.left() };
    let is_whole = !galley.elided;
    ui.painter().galley(Pos2::new(x, cell.center().y - size.y / 2.0), galley, colour);
    is_whole
}

fn words(job: &Job, column: JobColumn, now: DateTime<Utc>) -> String {
    match column {
        JobColumn::Thumbnail => String::new(),
        JobColumn::File => job.file_name.clone(),
        JobColumn::State => job.state.label().to_owned(),
        JobColumn::Model => job.model.clone().unwrap_or_default(),
        JobColumn::Prompt => job.prompt.clone().unwrap_or_default(),
        JobColumn::Priority => job.priority.to_string().replace('-', "−"),
        JobColumn::Attempts => job.attempts.to_string(),
        JobColumn::Wait => span_words(Some(job.ready_at), job.started_at),
        JobColumn::Took => span_words(job.started_at, job.finished_at),
        JobColumn::Confidence => job.confidence.map(|confidence| number::percent(f64::from(confidence))).unwrap_or_default(),
        JobColumn::Added => relative_time::words(job.enqueued_at, now),
        JobColumn::Trouble => job.fault.as_ref().map(|fault| format!("{}: {}", fault.label(), fault.message)).unwrap_or_default(),
    }
}

/// The time between two moments, in words; empty while one of them is to come.
fn span_words(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => number::duration_ms((to - from).num_milliseconds().max(0) as f64),
        _ => String::new(),
    }
}

/// The photo, cropped to a square.
fn photo_ui(ui: &Ui, cell: Rect, job: &Job, textures: &mut PhotoTextures) {
    let rect = Rect::from_min_size(pos2(cell.left(), cell.center().y - THUMB_POINTS / 2.0), vec2(THUMB_POINTS, THUMB_POINTS));
    thumbnail::ui(ui, rect, textures.get(job.photo_id, THUMB_PX).picture());
}
