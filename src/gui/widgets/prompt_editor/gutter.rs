//! Line numbers: one per line of the text, beside the first of the rows that it is wrapped into.

use egui::epaint::text::PlacedRow;
use egui::text_edit::TextEditOutput;
use egui::{Align2, FontId, Rect, Sense, Shape, Ui, WidgetInfo, vec2};

use super::layout::Layout;
use super::{Options, PADDING};
use crate::gui::theme;

/// Draws the numbers of the lines that can be seen, marks the line with a fault, and lays a band under the line of the cursor.
pub fn ui(ui: &Ui, strip: Rect, output: &TextEditOutput, layout: &Layout, options: &Options<'_>, band: egui::layers::ShapeIdx) {
    let tokens = theme::tokens(ui.ctx());
    let galley = &output.galley;
    let clip = ui.clip_rect();
    let top = output.galley_pos.y;
    let font = FontId::monospace(theme::TEXT_SMALL);
    let current = output.cursor_range.and_then(|range| layout.line_and_column(range.primary)).map(|(line, _)| line);
    for row in visible(&galley.rows, clip.top() - top, clip.bottom() - top) {
        let Some(placed) = galley.rows.get(row) else { break };
        let Some(number) = layout.numbers().get(row).copied().flatten() else { continue };
        let y = placed.rect().y_range();
        let place = Rect::from_x_y_ranges(strip.x_range(), top + y.min..=top + y.max);
        let trouble = options.trouble.filter(|(at, _)| *at == number);
        let colour = if trouble.is_some() {
            tokens.bad
        } else if current == Some(number) {
            tokens.text
        } else {
            tokens.muted
        };
        ui.painter().text(place.right_center() - vec2(PADDING, 0.0), Align2::RIGHT_CENTER, number, font.clone(), colour);
        if let Some((_, why)) = trouble {
            let mark = Rect::from_min_size(place.min, vec2(3.0, place.height()));
            ui.painter().rect_filled(mark, 0, tokens.bad);
            let response = ui.interact(place, output.response.id.with("trouble"), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("Line {number}: {why}")));
            response.on_hover_text(why);
        }
    }
    // The line of the cursor lies on a band, so that the eye finds it.
    if let Some(range) = output.cursor_range.filter(egui::text_selection::CCursorRange::is_empty) {
        let at = galley.pos_from_cursor(range.primary).y_range();
        let lane = Rect::from_x_y_ranges(strip.left()..=output.response.rect.right() + PADDING, top + at.min..=top + at.max);
        ui.painter().set(band, Shape::rect_filled(lane, 0, tokens.raised.gamma_multiply(0.6)));
    }
}

/// For each row the number of the line that starts there, from 1; `None` where a line goes on.
#[must_use]
pub fn numbers(ends_with_newline: impl IntoIterator<Item = bool>) -> Vec<Option<u32>> {
    let mut line = 0;
    let mut starts = true;
    let number = |ends: bool| {
        let number = starts.then(|| {
            line += 1;
            line
        });
        starts = ends;
        number
    };
    ends_with_newline.into_iter().map(number).collect()
}

/// The rows that can be seen between two heights, measured from the top of the text.
#[must_use]
pub fn visible(rows: &[PlacedRow], top: f32, bottom: f32) -> std::ops::Range<usize> {
    let first = rows.partition_point(|row| row.rect().bottom() < top);
    let behind = rows.partition_point(|row| row.rect().top() <= bottom);
    first..behind.max(first)
}

/// How many digits the highest number has.
#[must_use]
pub fn digits(lines: u32) -> usize {
    lines.max(1).ilog10() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_line_has_one_number() {
        let rows = [true, false, false, true, false];
        assert_eq!(numbers(rows), [Some(1), Some(2), None, None, Some(3)]);
    }

    #[test]
    fn a_text_that_ends_with_a_new_line_has_an_empty_last_line() {
        assert_eq!(numbers([true, false]), [Some(1), Some(2)]);
    }

    #[test]
    fn numbers_get_the_room_of_their_digits() {
        assert_eq!([digits(0), digits(9), digits(10), digits(999), digits(1000)], [1, 1, 2, 3, 4]);
    }
}
