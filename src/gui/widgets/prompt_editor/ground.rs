//! What lies under the text: every match of the search, the pair of brackets at the cursor, every use of the name there.

use std::ops::Range;

use egui::{Shape, Stroke, StrokeKind};

use super::layout::Layout;
use super::marks::Place;
use super::{brackets, highlight};
use crate::gui::theme::Tokens;

/// What belongs to the cursor, found anew when the text or the cursor is another.
#[derive(Default)]
pub struct Ground {
    made_for: Option<(u64, usize)>,
    pair: Option<brackets::Pair>,
    uses: Vec<Range<usize>>,
}

impl Ground {
    /// Follows the cursor. `version`: of the layout.
    pub fn follow(&mut self, text: &str, version: u64, cursor: Option<usize>) {
        let Some(cursor) = cursor else {
            *self = Self::default();
            return;
        };
        if self.made_for.replace((version, cursor)) == Some((version, cursor)) {
            return;
        }
        let constructs = highlight::constructs(text);
        self.pair = brackets::pair(text, &constructs, cursor);
        self.uses = brackets::uses(text, &constructs, cursor);
    }

    /// Everything of it that can be seen: what lies under the text, and the lines around it, which lie over the text because a variable
    /// has a ground of its own. `selected`: the match that the search stands at.
    pub fn shapes(&self, layout: &Layout, place: &Place, found: &[Range<usize>], selected: &Range<usize>, tokens: &Tokens) -> (Shape, Shape) {
        let (mut under, mut over) = (Vec::new(), Vec::new());
        let mut put = |range: &Range<usize>, colour: egui::Color32, fill: f32, line: f32| {
            for rect in layout.rects(range) {
                let rect = rect.translate(place.origin.to_vec2());
                under.push(Shape::rect_filled(rect, 2, colour.gamma_multiply(fill)));
                let line = Stroke::new(1.0, colour.gamma_multiply(line));
                over.push(Shape::Rect(egui::epaint::RectShape::stroke(rect, 2, line, StrokeKind::Inside)));
            }
        };
        for range in seen(&self.uses, place) {
            put(range, tokens.accent, 0.16, 0.6);
        }
        for range in seen(found, place) {
            let (fill, line) = if range == selected { (0.45, 1.0) } else { (0.22, 0.4) };
            put(range, tokens.warn, fill, line);
        }
        if let Some((open, close)) = &self.pair {
            for range in seen(&[open.clone(), close.clone()], place) {
                put(range, tokens.accent, 0.22, 1.0);
            }
        }
        (Shape::Vec(under), Shape::Vec(over))
    }
}

/// Those of some pieces, in order, that can be seen.
fn seen<'r>(ranges: &'r [Range<usize>], place: &Place) -> &'r [Range<usize>] {
    let first = ranges.partition_point(|range| range.end < place.visible.start);
    let behind = ranges.partition_point(|range| range.start <= place.visible.end);
    &ranges[first..behind.max(first)]
}
