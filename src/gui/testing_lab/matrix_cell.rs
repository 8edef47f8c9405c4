//! One cell of the matrix: the most confident tags, and what the answer took.

use egui::{Align2, FontId, Rect, RichText, Ui, pos2, vec2};

use super::cell_now::{ASKING_AGAIN, Doing};
use super::matrix::paint_message;
use super::spread::Spread;
use super::tag_chip;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{elided, number, skeleton};
use crate::wire::result::{Answer, ConfidenceKind, Fault};
use crate::wire::run::{Cell, CellState};

/// A line with latency, cost and mean confidence.
const FOOT_LINE: f32 = 15.0;
/// Lines that these have at most: in a narrow column the ranges over repeats need a second one.
const FOOT_LINES: usize = 2;

/// Paints the cell into its room; the bars of its tags have the model's colour. `unasked`: why it was not asked; `spread`: of its
/// repeats.
pub fn paint(ui: &Ui, room: Rect, cell: Option<&Cell>, unasked: Option<&str>, spread: Option<&Spread<'_>>, colour: egui::Color32, tokens: &Tokens) {
    let Some(cell) = cell else {
        // Known to exist, not read yet.
        let bar = Rect::from_min_size(room.min + vec2(0.0, 4.0), vec2(room.width() * 0.6, 12.0));
        skeleton::bar(ui, bar);
        return;
    };
    match (cell.state, &cell.answer, &cell.fault) {
        (CellState::Completed, Some(answer), _) => paint_answer(ui, room, (cell, answer), spread, colour, tokens),
        (CellState::Failed, _, Some(fault)) => {
            paint_message(ui, room, icons::ICON_ERROR.codepoint, &failure_words(fault), tokens.bad);
        }
        (CellState::Running, ..) => paint_message(ui, room, icons::ICON_PENDING.codepoint, "Asking…", tokens.info),
        _ => match unasked {
            Some(words) => paint_message(ui, room, icons::ICON_PAUSE_CIRCLE.codepoint, words, tokens.muted),
            None => paint_message(ui, room, icons::ICON_SCHEDULE.codepoint, "Waiting", tokens.muted),
        },
    }
}

fn paint_answer(ui: &Ui, room: Rect, (cell, answer): (&Cell, &Answer), spread: Option<&Spread<'_>>, colour: egui::Color32, tokens: &Tokens) {
    let small = FontId::proportional(theme::TEXT_SMALL);
    let beside = if answer.is_mended() { 18.0 } else { 0.0 };
    let width = |words: &str| ui.painter().layout_no_wrap(words.to_owned(), small.clone(), tokens.muted).size().x;
    let lines = in_lines(&figures(cell, answer, spread), |words| width(words) <= room.width() - beside);
    let foot_top = room.bottom() - lines.len() as f32 * FOOT_LINE;
    let chips = Rect::from_min_max(room.min, pos2(room.right(), foot_top - 3.0));
    if answer.tags.is_empty() {
        ui.painter().text(room.left_top(), Align2::LEFT_TOP, "No tags", FontId::proportional(theme::TEXT_BODY), tokens.muted);
    }
    tag_chip::paint_chips(ui, chips, &answer.tags, |tag| spread?.found_words(tag), colour, tokens);
    if beside > 0.0 {
        // What was mended is told in words where the cell is hovered or opened.
        let sign = FontId::proportional(theme::TEXT_BODY);
        ui.painter().text(pos2(room.left(), foot_top + FOOT_LINE / 2.0), Align2::LEFT_CENTER, icons::ICON_WARNING.codepoint, sign, tokens.warn);
    }
    for (at, line) in lines.iter().enumerate() {
        let line = elided::text(ui, line, small.clone(), room.width() - beside, tokens.muted);
        ui.painter().galley(pos2(room.left() + beside, foot_top + at as f32 * FOOT_LINE), line, tokens.muted);
    }
}

/// `146 ms`, `mean 62 %`, `$0.000194`; with repeats the ranges over them, and how far they agree.
fn figures(cell: &Cell, answer: &Answer, spread: Option<&Spread<'_>>) -> Vec<String> {
    let latency = cell.latency_ms.map(|ms| spread.map_or_else(|| number::duration_ms(ms as f64), |spread| spread.latency_words(ms)));
    let alone = |mean: f32| format!("mean {}", number::percent(f64::from(mean)));
    let mean = answer.mean_confidence().map(|mean| spread.map_or_else(|| alone(mean), |spread| spread.confidence_words(mean)));
    let known = cell.reused.as_ref().map(|_| "known already".to_owned());
    let parts = [known, spread.map(Spread::agreement_words), latency, mean, Some(cost_words(cell, answer))];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect()
}

/// The parts in one line where they fit, else in as few as they need; what is too much for the last one is cut there.
fn in_lines(parts: &[String], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let longer = lines.last().map(|line| format!("{line} · {part}"));
        match (longer, lines.len()) {
            (Some(longer), count) if count == FOOT_LINES || fits(&longer) => lines[count - 1] = longer,
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// What an answer cost; nothing where it is free. One that was known already: what it cost when it was asked.
#[must_use]
pub fn cost_words(cell: &Cell, answer: &Answer) -> String {
    let (cost, then) = cell.reused.as_ref().map_or((answer.cost_usd, ""), |from| (from.cost_usd, " then"));
    match cost {
        None => format!("cost unknown{then}"),
        Some(cost) if cost.0 == 0 => String::new(),
        Some(cost) => format!("{cost}{then}"),
    }
}

/// What it used, or did when it was asked.
#[must_use]
pub fn tokens_words(cell: &Cell, answer: &Answer) -> Option<String> {
    let (usage, then) = cell.reused.as_ref().map_or((answer.usage, ""), |from| (from.usage, " then"));
    let (input, output) = usage.input_tokens.zip(usage.output_tokens)?;
    Some(format!("{} in, {} out tokens{then}", number::count(input), number::count(output)))
}

/// What kind of number the confidences are, in words.
#[must_use]
pub fn kind_words(kind: ConfidenceKind) -> &'static str {
    match kind {
        ConfidenceKind::ModelScore => "model score",
        ConfidenceKind::SelfReported => "self-reported",
    }
}

/// The cell for someone who can't see it.
#[must_use]
pub fn in_words(cell: Option<&Cell>, doing: Option<Doing<'_>>, unasked: Option<&str>, spread: Option<&Spread<'_>>) -> String {
    if let Some(fault) = asked_again(cell) {
        let now = doing.map_or_else(|| ASKING_AGAIN.to_owned(), Doing::words_again);
        return format!("{now} Failed before, {}", fault.kind.label());
    }
    if let Some(doing) = doing {
        return doing.text().map_or_else(|| doing.words(), |text| format!("answering, {text}"));
    }
    let Some(cell) = cell else { return "not read yet".to_owned() };
    match (cell.state, &cell.answer, &cell.fault) {
        (CellState::Completed, Some(answer), _) => {
            let tags: Vec<String> = answer.tags.iter().take(6).map(|tag| format!("{} {}", tag.name, number::confidence(tag.confidence))).collect();
            let tags = if tags.is_empty() { "no tags".to_owned() } else { tags.join(", ") };
            let agree = spread.map(Spread::agreement_words);
            std::iter::once(tags).chain(agree).chain(answer.notes.iter().map(|note| format!("note: {}", note.text))).collect::<Vec<_>>().join("; ")
        }
        (CellState::Failed, _, Some(fault)) => format!("failed, {}", fault.kind.label()),
        (CellState::Running, ..) => "asking".to_owned(),
        _ => unasked.unwrap_or("waiting").to_owned(),
    }
}

/// What hovering tells: caption and every tag, of every repeat where there are more, or the whole fault.
pub fn about_ui(ui: &mut Ui, cell: Option<&Cell>, doing: Option<Doing<'_>>, unasked: Option<&str>, spread: Option<&Spread<'_>>, tokens: &Tokens) {
    ui.set_max_width(340.0);
    let Some(cell) = cell else {
        ui.label("Not read yet");
        return;
    };
    if let Some(fault) = cell.failure() {
        let is_asked = cell.state == CellState::Running;
        if is_asked {
            ui.label(doing.map_or_else(|| ASKING_AGAIN.to_owned(), Doing::words_again));
        }
        ui.strong(sentence_case(fault.kind.label()));
        ui.label(&fault.message);
        let words = if is_asked { "Stands here until the answer is in" } else { "Resume asks it once more" };
        ui.label(RichText::new(words).color(tokens.muted));
    } else if let Some(answer) = &cell.answer {
        if let Some(caption) = &answer.caption {
            ui.label(caption);
        }
        let tags: Vec<String> = answer.tags.iter().map(|tag| format!("{} {}", tag.name, number::confidence(tag.confidence))).collect();
        ui.label(RichText::new(tags.join(", ")).color(tokens.muted));
        ui.label(RichText::new(format!("Confidence: {}", kind_words(answer.confidence_kind))).size(theme::TEXT_SMALL).color(tokens.muted));
        if let Some(spread) = spread {
            ui.label(sentence_case(&spread.agreement_words()));
            ui.label(RichText::new(format!("Found in: {}", spread.tags_in_words())).size(theme::TEXT_SMALL).color(tokens.muted));
            for line in spread.each_in_words() {
                ui.label(RichText::new(line).size(theme::TEXT_SMALL).color(tokens.muted));
            }
        }
        for note in &answer.notes {
            let colour = if note.is_mended() { tokens.warn } else { tokens.muted };
            ui.label(RichText::new(&note.text).size(theme::TEXT_SMALL).color(colour));
        }
        ui.label(RichText::new("Enter or click: side by side").size(theme::TEXT_SMALL).color(tokens.muted));
    } else if let Some(doing) = doing {
        ui.label(doing.words());
        if let Some(text) = doing.text() {
            ui.label(RichText::new(text).color(tokens.muted));
        }
    } else if let Some(words) = unasked {
        ui.label(words);
        ui.label(RichText::new("Resume asks it").color(tokens.muted));
    } else {
        ui.label(if cell.state == CellState::Running { "The model is being asked" } else { "Waits for its turn" });
    }
}

/// The error of the last try, of a cell that is asked again.
#[must_use]
pub fn asked_again(cell: Option<&Cell>) -> Option<&Fault> {
    cell.filter(|cell| cell.state == CellState::Running)?.failure()
}

/// `Rate limited: The provider…`.
#[must_use]
pub fn failure_words(fault: &Fault) -> String {
    format!("{}: {}", sentence_case(fault.kind.label()), fault.message)
}

/// The first letter large.
#[must_use]
pub fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};

    fn cell(reused: serde_json::Value) -> Cell {
        let cell = serde_json::json!({
            "id": CellId::fresh(), "run_id": RunId::fresh(), "photo_id": PhotoId::fresh(), "column": 0, "repeat": 0, "state": "completed",
            "latency_ms": 1_100, "fault": null, "reused": reused,
            "answer": {"caption": null, "tags": [{"name": "cat", "confidence": 0.62}], "confidence_kind": "model_score",
                       "usage": {"input_tokens": 20, "output_tokens": 3}, "cost_usd": 0.0007, "retries": 0},
        });
        serde_json::from_value(cell).expect("a cell")
    }

    #[test]
    fn what_was_known_already_says_what_it_cost_when_it_was_asked() {
        let words = |cell: &Cell| figures(cell, cell.answer.as_ref().expect("an answer"), None).join(" · ");
        assert_eq!(words(&cell(serde_json::Value::Null)), "1.10 s · mean 62 % · $0.000700");
        let from = serde_json::json!({"run_id": RunId::fresh(), "run_name": "First", "at": "2026-11-23T12:00:00Z", "cost_usd": 0.0012,
                                      "usage": {"input_tokens": 1_090, "output_tokens": 96}});
        let known = cell(from);
        assert_eq!(words(&known), "known already · 1.10 s · mean 62 % · $0.001200 then");
        assert_eq!(known.answer.as_ref().and_then(|answer| tokens_words(&known, answer)).as_deref(), Some("1,090 in, 96 out tokens then"));
    }

    #[test]
    fn figures_that_a_narrow_cell_has_no_room_for_go_to_a_second_line() {
        let parts = ["one", "two", "three", "four"].map(str::to_owned);
        let lines = |most: usize| in_lines(&parts, |words| words.chars().count() <= most);
        assert_eq!(lines(40), ["one · two · three · four"]);
        assert_eq!(lines(10), ["one · two", "three · four"]);
        assert_eq!(lines(4), ["one", "two · three · four"], "no more than two: the rest is cut");
    }
}
