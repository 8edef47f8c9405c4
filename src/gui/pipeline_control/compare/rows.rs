//! One row of a diff: numbers and a sign in the gutter, words with what changed marked by ground and line, never by colour alone.

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};
use egui::{Align2, Color32, FontId, Rect, Response, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::layout::{Cell, Content, Fate, Mode, Of, Row};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::number;
use crate::wire::prompt_diff::PromptDiff;

/// Height of a row.
pub const ROW: f32 = 20.0;
const PAD: f32 = 6.0;

/// The diff, and where things stand in a row.
pub struct Words<'d> {
    diff: &'d PromptDiff,
    mode: Mode,
    /// Of one number in the gutter.
    number_width: f32,
    sign_width: f32,
    /// Of a cell's words.
    pub text_width: f32,
}

impl<'d> Words<'d> {
    /// `digit`: how wide a digit is.
    #[must_use]
    pub fn new(diff: &'d PromptDiff, mode: Mode, width: f32, digit: f32) -> Self {
        let lines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let most = diff.parts.iter().map(|part| lines(&part.left).max(lines(&part.right))).max().unwrap_or(1);
        let digits = most.ilog10() as f32 + 1.0;
        let (number_width, sign_width) = (digit * digits.max(2.0) + PAD, digit + PAD);
        let text_width = match mode {
            Mode::SideBySide => width / 2.0 - number_width - sign_width - PAD,
            Mode::Inline => width - 2.0 * number_width - sign_width - PAD,
        };
        Self { diff, mode, number_width, sign_width, text_width: text_width.floor().max(digit * 4.0) }
    }

    fn text(&self, part: usize, of: Of) -> &str {
        self.diff.parts.get(part).map_or("", |part| match of {
            Of::Left => &part.left,
            Of::Right => &part.right,
        })
    }
}

/// Draws a row; returns whether a fold was clicked.
pub fn ui(ui: &mut Ui, words: &Words<'_>, row: &Row, is_current: bool, tokens: &Tokens) -> bool {
    let sense = if matches!(row.content, Content::Fold { .. }) { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), sense);
    match &row.content {
        Content::Part => part_ui(ui, words, row.part, rect, &response, tokens),
        Content::Fold { lines, .. } => {
            fold_ui(ui, *lines, rect, &response, tokens);
            return response.clicked();
        }
        Content::Inline(cell) => {
            if let Some(said) = said(words, row.part, cell, None) {
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &said));
            }
            cell_ui(ui, words, row.part, cell, rect, tokens);
        }
        Content::Sides(left, right) => {
            let middle = rect.center().x.floor();
            let (one, other) =
                (Rect::from_x_y_ranges(rect.left()..=middle, rect.y_range()), Rect::from_x_y_ranges(middle..=rect.right(), rect.y_range()));
            for (cell, rect, of) in [(left, one, Of::Left), (right, other, Of::Right)] {
                match cell {
                    Some(cell) => {
                        cell_ui(ui, words, row.part, cell, rect, tokens);
                        if let Some(said) = said(words, row.part, cell, Some(of)) {
                            let place = ui.interact(rect, response.id.with(of as u8), Sense::hover());
                            place.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &said));
                        }
                    }
                    None => {
                        ui.painter().rect_filled(rect, 0, tokens.raised.gamma_multiply(0.5));
                    }
                }
            }
            ui.painter().vline(middle, rect.y_range(), Stroke::new(1.0, tokens.border));
        }
    }
    if is_current {
        ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0, tokens.accent);
    }
    false
}

fn part_ui(ui: &Ui, words: &Words<'_>, part: usize, rect: Rect, response: &Response, tokens: &Tokens) {
    let Some(part) = words.diff.parts.get(part) else { return };
    let same = if part.hunks.is_empty() { " · the same" } else { "" };
    let said = format!("{}{same}", part.part.label());
    ui.painter().rect_filled(rect, 0, tokens.raised);
    ui.painter().text(rect.left_center() + vec2(PAD + 4.0, 0.0), Align2::LEFT_CENTER, &said, theme::semibold(theme::TEXT_SMALL), tokens.text);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Heading, true, &said));
}

fn fold_ui(ui: &Ui, lines: u32, rect: Rect, response: &Response, tokens: &Tokens) {
    let said = format!("Show {} lines that are the same", number::count(u64::from(lines)));
    let fill = if response.hovered() { tokens.hovered } else { tokens.raised.gamma_multiply(0.6) };
    ui.painter().rect_filled(rect, 0, fill);
    let shown = format!("⋯  {} lines are the same", number::count(u64::from(lines)));
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, shown, FontId::proportional(theme::TEXT_SMALL), tokens.muted);
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 0, (2.0, tokens.focus), egui::StrokeKind::Inside);
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
    response.clone().on_hover_text(said);
}

/// The sign of a line; `of`: the side it stands on, where there are two.
fn sign(cell: &Cell, of: Option<Of>) -> &'static str {
    match (cell.fate, of) {
        (Fate::Same, _) => "",
        (Fate::Removed, _) | (Fate::Changed, Some(Of::Left)) => "−",
        (Fate::Added, _) | (Fate::Changed, Some(Of::Right)) => "+",
        (Fate::Changed, None) => "±",
        (Fate::Moved(_), _) => "↔",
    }
}

fn colour(fate: Fate, tokens: &Tokens) -> Color32 {
    match fate {
        Fate::Same | Fate::Changed => tokens.text,
        Fate::Removed => tokens.bad,
        Fate::Added => tokens.good,
        Fate::Moved(_) => tokens.info,
    }
}

/// What assistive technology reads where a line begins: what became of it, and all of it; `None` where it only goes on.
fn said(words: &Words<'_>, part: usize, cell: &Cell, of: Option<Of>) -> Option<String> {
    let (side, range) = cell.line.clone()?;
    let text = words.text(part, side).get(range)?;
    let what = match (cell.fate, of) {
        (Fate::Same, _) => return Some(text.to_owned()),
        (Fate::Removed, _) => "Removed".to_owned(),
        (Fate::Added, _) => "Added".to_owned(),
        (Fate::Moved(line), _) => format!("Moved, line {line} on the other side"),
        (Fate::Changed, Some(Of::Left)) => "Before".to_owned(),
        (Fate::Changed, Some(Of::Right)) => "After".to_owned(),
        (Fate::Changed, None) => "Changed".to_owned(),
    };
    Some(format!("{what}: {text}"))
}

fn cell_ui(ui: &Ui, words: &Words<'_>, part: usize, cell: &Cell, rect: Rect, tokens: &Tokens) {
    let side = match words.mode {
        Mode::SideBySide => Some(cell.pieces.first().map_or(if cell.numbers[0].is_some() { Of::Left } else { Of::Right }, |piece| piece.of)),
        Mode::Inline => None,
    };
    let ground = match (cell.fate, side) {
        (Fate::Same, _) => None,
        (Fate::Changed, Some(Of::Left)) => Some(tokens.bad),
        (Fate::Changed, Some(Of::Right)) => Some(tokens.good),
        (Fate::Changed, None) => Some(tokens.info),
        (fate, _) => Some(colour(fate, tokens)),
    };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, 0, ground.gamma_multiply(0.09));
    }
    let font = FontId::monospace(theme::TEXT_BODY);
    let small = FontId::monospace(theme::TEXT_SMALL);
    let mut x = rect.left();
    let columns: &[usize] = match side {
        Some(Of::Left) => &[0],
        Some(Of::Right) => &[1],
        None => &[0, 1],
    };
    for column in columns {
        if let Some(line) = cell.numbers[*column] {
            ui.painter().text(pos2(x + words.number_width, rect.center().y), Align2::RIGHT_CENTER, line, small.clone(), tokens.muted);
        }
        x += words.number_width;
    }
    if cell.numbers.iter().any(Option::is_some) {
        let ink = ground.unwrap_or(tokens.muted);
        ui.painter().text(pos2(x + PAD, rect.center().y), Align2::LEFT_CENTER, sign(cell, side), small, ink);
    }
    x += words.sign_width + PAD;
    let galley = ui.painter().layout_job(job(words, part, cell, &font, tokens));
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, tokens.text);
}

/// The words of a cell. What went is struck through where both texts stand in one, what came is underlined.
fn job(words: &Words<'_>, part: usize, cell: &Cell, font: &FontId, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    job.wrap.max_width = f32::INFINITY;
    let is_whole = cell.fate != Fate::Changed;
    for piece in &cell.pieces {
        let Some(text) = words.text(part, piece.of).get(piece.range.clone()) else { continue };
        let ink = colour(piece.fate, tokens);
        let mut format = TextFormat { font_id: font.clone(), color: tokens.text, ..TextFormat::default() };
        if piece.fate != Fate::Same && !is_whole {
            format.background = ink.gamma_multiply(0.28);
            match piece.fate {
                Fate::Removed if words.mode == Mode::Inline => format.strikethrough = Stroke::new(1.0, ink),
                Fate::Added => format.underline = Stroke::new(1.0, ink),
                _ => {}
            }
        } else if piece.fate == Fate::Removed && words.mode == Mode::Inline {
            format.strikethrough = Stroke::new(1.0, ink.gamma_multiply(0.7));
        }
        let start = job.text.len();
        job.text.push_str(text);
        job.sections.push(LayoutSection { leading_space: 0.0, byte_range: ByteIndex(start)..ByteIndex(job.text.len()), format });
    }
    job
}
