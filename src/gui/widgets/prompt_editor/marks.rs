//! What is marked in the text: pieces that something is to be said about are underlined, told on hover, and found again in the gutter.

use std::ops::Range;

use egui::{Color32, Id, Painter, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::layout::Layout;
use crate::gui::theme::{self, Tokens};

/// Height of the waves below a piece.
const WAVE: f32 = 1.5;
const WAVE_LENGTH: f32 = 4.0;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Hint,
    Warning,
    Error,
}

impl Severity {
    /// Said before the words, so that colour is not all that tells.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hint => "Hint",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }

    #[must_use]
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Hint => tokens.info,
            Self::Warning => tokens.warn,
            Self::Error => tokens.bad,
        }
    }
}

/// A piece of the text that something is to be said about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// In bytes.
    pub range: Range<usize>,
    pub severity: Severity,
    pub words: String,
}

/// Where the text lies, and which part of it can be seen.
#[derive(Debug, Clone)]
pub struct Place {
    /// Top left of the text.
    pub origin: Pos2,
    /// In bytes.
    pub visible: Range<usize>,
    /// The strip beside the text.
    pub gutter: Rect,
}

/// Underlines the marks that can be seen. Of several on the same letters the weightiest is drawn last.
pub fn ui(ui: &Ui, id: Id, marks: &[Mark], layout: &Layout, place: &Place) {
    let tokens = theme::tokens(ui.ctx());
    let is_seen = |mark: &&Mark| mark.range.start <= place.visible.end && mark.range.end >= place.visible.start;
    let mut seen: Vec<(usize, &Mark)> = marks.iter().enumerate().filter(|(_, mark)| is_seen(mark)).collect();
    seen.sort_by_key(|(_, mark)| mark.severity);
    for (at, mark) in seen {
        let colour = mark.severity.colour(tokens);
        let words = format!("{}: {}", mark.severity.word(), mark.words);
        for (row, rect) in layout.rects(&mark.range).into_iter().enumerate() {
            let rect = rect.translate(place.origin.to_vec2());
            wave(ui.painter(), rect, colour);
            let response = ui.interact(rect, id.with(("mark", at, row)), Sense::hover());
            if row == 0 {
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &words));
                let in_gutter = Rect::from_min_size(pos2(place.gutter.left(), rect.top()), vec2(3.0, rect.height()));
                ui.painter().rect_filled(in_gutter, 0, colour);
            }
            response.on_hover_text(&words);
        }
    }
}

fn wave(painter: &Painter, rect: Rect, colour: Color32) {
    let y = rect.bottom() - WAVE - 1.0;
    let steps = (rect.width() / (WAVE_LENGTH / 2.0)).ceil().max(2.0) as usize;
    let point = |step: usize| {
        let x = (rect.left() + step as f32 * WAVE_LENGTH / 2.0).min(rect.right());
        pos2(x, if step.is_multiple_of(2) { y + WAVE } else { y - WAVE })
    };
    painter.line((0..=steps).map(point).collect(), Stroke::new(1.0, colour));
}
