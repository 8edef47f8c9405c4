//! Line numbers: one per line of the text, beside the first of the rows that it is wrapped into.

use egui::epaint::text::PlacedRow;

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
