//! What a pane of side by side says of its answer: head, caption, notes and the boxes of its tags.

use std::collections::HashMap;

use egui::{Rect, RichText, Ui, UiBuilder, Vec2, pos2, vec2};

use super::caption_diff;
use super::cell_now::{ASKING_AGAIN, Doing, paint_end};
use super::matrix::MatrixView;
use super::matrix_cell::{asked_again, cost_words, failure_words, kind_words, tokens_words};
use super::side_by_side::{MOST_PANES, Pane};
use super::tag_diff::TagDiff;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::photo_view::OverlayBox;
use crate::wire::result::{Note, Tag};
use crate::wire::run::{Cell, CellState};

/// Panes stand in more rows where one would make them narrower than this.
const PANE_WIDTH_LEAST: f32 = 190.0;
const CAPTION_HEIGHT: f32 = 48.0;
const NOTE_HEIGHT: f32 = 18.0;
/// Notes of an answer that have a line of their own; hovering the last one tells the rest.
const NOTES_MOST: usize = 3;
/// What the panes are called.
pub const LETTERS: [&str; MOST_PANES] = ["A", "B", "C", "D", "E", "F"];

/// What the panes show.
pub struct Shown<'c> {
    /// In the order in which they stand.
    pub panes: Vec<Pane>,
    pub cells: Vec<Option<&'c Cell>>,
    /// The names may be told all the same.
    pub is_blind: bool,
    /// Nothing is told that says of which column an answer is.
    pub is_hidden: bool,
}

/// The letter alone, or beside it what is told when the names are shown.
pub fn blind_head_ui(ui: &mut Ui, at: usize, shown: &Shown<'_>, view: &MatrixView<'_>, tokens: &Tokens) {
    let (Some(pane), cell) = (shown.panes.get(at), shown.cells.get(at).copied().flatten()) else { return };
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        letter_ui(ui, at, tokens);
        let name = if shown.is_hidden { format!("Answer {}", LETTERS[at]) } else { view.run.columns[pane.column].label() };
        ui.add(egui::Label::new(RichText::new(name).font(theme::semibold(theme::TEXT_BODY))).truncate());
    });
    let (words, colour) = if shown.is_hidden {
        let (words, colour) = hidden_words(cell, tokens);
        (words.to_owned(), colour)
    } else {
        figures_in_words(cell, view.doing(cell), view.unasked(cell), tokens)
    };
    ui.add(egui::Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(colour)).truncate()).on_hover_text(words);
}

/// How a cell stands, without what it took, what it waits for and why it failed: that may tell the model.
fn hidden_words(cell: Option<&Cell>, tokens: &Tokens) -> (&'static str, egui::Color32) {
    let Some(cell) = cell else { return ("Not read yet", tokens.muted) };
    match cell.state {
        CellState::Completed => ("Answered", tokens.muted),
        CellState::Failed => ("No answer", tokens.bad),
        CellState::Running => ("Asking…", tokens.info),
        CellState::Waiting => ("No answer yet", tokens.muted),
    }
}

/// How much room the words below the photos take.
#[derive(Clone, Copy)]
pub struct Heights {
    pub captions: f32,
    pub notes: f32,
}

impl Heights {
    pub const NONE: Self = Self { captions: 0.0, notes: 0.0 };

    /// What the fullest pane needs, so that the photos of all are of one size.
    #[must_use]
    pub fn of(shown: &Shown<'_>, view: &MatrixView<'_>) -> Self {
        let has_words = |cell: &&Cell| {
            let caption = cell.answer.as_ref().and_then(|answer| answer.caption.as_ref());
            caption.is_some() || view.doing(Some(cell)).and_then(Doing::text).is_some()
        };
        let captions = if shown.cells.iter().flatten().any(has_words) { CAPTION_HEIGHT } else { 0.0 };
        // A note may tell the model.
        let notes = shown.cells.iter().filter(|_| !shown.is_hidden).map(|cell| notes_of(*cell).len().min(NOTES_MOST)).max().unwrap_or(0);
        Self { captions, notes: if notes > 0 { notes as f32 * NOTE_HEIGHT + 4.0 } else { 0.0 } }
    }
}

/// Where so many panes stand, in as many rows as give the photo the most room, and how large it is there. `beside`: of a pane's
/// height, what is not the photo's.
pub fn places(area: Rect, count: usize, size_px: Vec2, beside: f32) -> (Vec<Rect>, Vec2) {
    let gap = theme::GAP_8;
    let in_rows = |rows: usize| {
        let columns = count.div_ceil(rows).max(1);
        let size = vec2((area.width() - gap * (columns - 1) as f32) / columns as f32, (area.height() - gap * (rows - 1) as f32) / rows as f32);
        let room = vec2(size.x, (size.y - beside).max(0.0));
        let scale = (room / size_px.max(Vec2::splat(1.0))).min_elem();
        // A head that can't be read is worth less than a larger photo.
        let is_legible = size.x >= PANE_WIDTH_LEAST;
        (columns, size, size_px * scale, is_legible)
    };
    let better = |one: &(usize, Vec2, Vec2, bool), other: &(usize, Vec2, Vec2, bool)| (other.3, other.2.x) > (one.3, one.2.x + 1.0);
    let all = (1..=count.clamp(1, 3)).map(in_rows);
    let (columns, size, photo, _) =
        all.reduce(|one, other| if better(&one, &other) { other } else { one }).unwrap_or((1, area.size(), Vec2::ZERO, true));
    let at = |at: usize| area.min + vec2((at % columns) as f32 * (size.x + gap), (at / columns) as f32 * (size.y + gap));
    ((0..count).map(|pane| Rect::from_min_size(at(pane), size)).collect(), photo)
}

/// The notes and the caption of a pane, or the end of what has come of its answer.
pub fn below_ui(ui: &mut Ui, below: Rect, (at, cells): (usize, &[Option<&Cell>]), heights: Heights, view: &MatrixView<'_>, tokens: &Tokens) {
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

/// `146 ms · 1,204 in, 96 out tokens · $0.000194 · model score`, or how the cell stands.
pub fn figures_in_words(cell: Option<&Cell>, doing: Option<Doing<'_>>, unasked: Option<&str>, tokens: &Tokens) -> (String, egui::Color32) {
    let Some(cell) = cell else { return ("Not read yet".to_owned(), tokens.muted) };
    if let (CellState::Failed, Some(fault)) = (cell.state, &cell.fault) {
        return (failure_words(fault), tokens.bad);
    }
    if let Some(fault) = asked_again(Some(cell)) {
        let now = doing.map_or_else(|| ASKING_AGAIN.to_owned(), Doing::words_again);
        return (format!("{now} Before: {}", failure_words(fault)), tokens.bad);
    }
    if let Some(doing) = doing {
        return (doing.words(), doing.colour(tokens));
    }
    let Some(answer) = &cell.answer else {
        let words = if cell.state == CellState::Running { "Asking…" } else { unasked.unwrap_or("Waiting") };
        return (words.to_owned(), tokens.muted);
    };
    let known = cell.reused.as_ref().map(|_| "known already".to_owned());
    let latency = cell.latency_ms.map(|ms| number::duration_ms(ms as f64));
    let mut parts: Vec<String> = known.into_iter().chain(latency).collect();
    parts.extend(tokens_words(cell, answer));
    parts.extend(Some(cost_words(cell, answer)).filter(|words| !words.is_empty()));
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
pub fn box_colours(diff: &TagDiff, tokens: &Tokens) -> HashMap<String, egui::Color32> {
    let only = diff.only.iter().flatten().map(|row| (row.name.clone(), tokens.warn));
    let shared = diff.in_all.iter().chain(&diff.in_some).map(|row| (row.name.clone(), tokens.good));
    if diff.answered < 2 { HashMap::new() } else { only.chain(shared).collect() }
}

pub fn overlay<'t>(tag: &'t Tag, colours: &HashMap<String, egui::Color32>, ui: &Ui) -> Option<OverlayBox<'t>> {
    let [left, top, right, bottom] = tag.bounds?;
    let colour = colours.get(&tag.name).copied().unwrap_or(theme::tokens(ui.ctx()).accent);
    Some(OverlayBox { rect: Rect::from_min_max(pos2(left, top), pos2(right, bottom)), label: &tag.name, colour })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};
    use crate::wire::result::{Fault, FaultKind};

    #[test]
    fn a_hidden_pane_tells_neither_whose_calls_are_held_back_nor_why_a_call_is_made_again() {
        let tokens = theme::tokens(&egui::Context::default());
        let told = |state: CellState| {
            let cell = Cell {
                id: CellId::fresh(),
                run_id: RunId::fresh(),
                photo_id: PhotoId::fresh(),
                column: 0,
                repeat: 0,
                state,
                answer: None,
                // That of its last try; it is asked again.
                fault: Some(Fault::new(FaultKind::Overloaded, "Gemini is overloaded")),
                latency_ms: None,
                trace: Vec::new(),
                reused: None,
            };
            hidden_words(Some(&cell), tokens).0
        };
        let all = [CellState::Waiting, CellState::Running, CellState::Completed, CellState::Failed].map(told);
        assert_eq!(all, ["No answer yet", "Asking…", "Answered", "No answer"]);
    }

    #[test]
    fn panes_stand_where_the_photo_is_largest_and_never_on_each_other() {
        let (area, beside) = (Rect::from_min_size(pos2(20.0, 10.0), vec2(1_000.0, 500.0)), 62.0);
        for (count, size_px, rows) in [
            (1, vec2(3_000.0, 2_000.0), 1),
            (2, vec2(3_000.0, 2_000.0), 1),
            (3, vec2(3_000.0, 2_000.0), 1),
            (6, vec2(3_000.0, 2_000.0), 2),
            // Upright photos beside each other are higher than in two rows, but for the heads of six.
            (4, vec2(2_000.0, 3_000.0), 1),
            (6, vec2(2_000.0, 3_000.0), 2),
        ] {
            let (places, photo) = places(area, count, size_px, beside);
            let tops: std::collections::BTreeSet<_> = places.iter().map(|place| place.top() as i32).collect();
            assert_eq!((places.len(), tops.len()), (count, rows), "{count} of {size_px:?}");
            assert!(photo.x <= places[0].width() + 0.1 && photo.y <= places[0].height() - beside + 0.1, "{photo:?}");
            for (at, place) in places.iter().enumerate() {
                assert!(area.expand(0.1).contains_rect(*place), "{count}: {place:?}");
                assert!(places[at + 1..].iter().all(|other| !place.shrink(1.0).intersects(*other)), "{count}: {places:?}");
            }
        }
    }
}
