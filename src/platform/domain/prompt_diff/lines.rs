//! Lines: which are the same on both sides, and of those that are not, which became which.

use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::words;
use crate::wire::prompt_diff::{DiffRow, Hunk, LineSpan};

/// So many pairs of lines of a hunk are held against each other; in a larger hunk, lines are paired by their place.
const PAIRS_MOST: usize = 20_000;
/// Lines that share less than this part of their words are two lines, not one that changed.
const ALIKE: f32 = 0.4;

/// A line with its place in the text.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    /// Its first byte.
    start: usize,
}

/// An empty text has no line: a part that one side has not is nothing, not an empty line.
fn lines(text: &str) -> Vec<Line<'_>> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut start = 0;
    let line = |text| {
        let line = Line { text, start };
        start += line.text.len() + 1;
        line
    };
    text.split('\n').map(line).collect()
}

/// The stretches that differ.
pub fn hunks(left: &str, right: &str, until: Instant) -> Vec<Hunk> {
    let (left, right) = (lines(left), lines(right));
    let (one, other): (Vec<&str>, Vec<&str>) = (left.iter().map(|line| line.text).collect(), right.iter().map(|line| line.text).collect());
    let changed = capture_diff_slices_deadline(Algorithm::Histogram, &one, &other, Some(until));
    let mut hunks: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> = Vec::new();
    for op in changed.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        match hunks.last_mut() {
            Some((before, beside)) if before.end == op.old_range().start && beside.end == op.new_range().start => {
                (before.end, beside.end) = (op.old_range().end, op.new_range().end);
            }
            _ => hunks.push((op.old_range(), op.new_range())),
        }
    }
    let span = |range: &std::ops::Range<usize>| LineSpan { first: range.start as u32 + 1, lines: range.len() as u32 };
    hunks
        .into_iter()
        .map(|(old, new)| Hunk {
            left: span(&old),
            right: span(&new),
            rows: rows(&left[old.clone()], &right[new.clone()], old.start, new.start, until),
        })
        .collect()
}

/// The lines of a hunk side by side. `from` and `beside`: lines before them.
fn rows(left: &[Line<'_>], right: &[Line<'_>], from: usize, beside: usize, until: Instant) -> Vec<DiffRow> {
    let mut rows = Vec::with_capacity(left.len().max(right.len()));
    let (mut at, mut to) = (0, 0);
    let whole = |line: &Line<'_>| if line.text.is_empty() { Vec::new() } else { vec![[line.start as u32, (line.start + line.text.len()) as u32]] };
    let only_left = |at: usize| DiffRow { left: Some((from + at) as u32 + 1), removed: whole(&left[at]), ..DiffRow::default() };
    let only_right = |at: usize| DiffRow { right: Some((beside + at) as u32 + 1), added: whole(&right[at]), ..DiffRow::default() };
    for (one, other) in pairs(left, right) {
        rows.extend((at..one).map(only_left));
        rows.extend((to..other).map(only_right));
        let (removed, added) = words::changed(left[one].text, right[other].text, left[one].start, right[other].start, until);
        rows.push(DiffRow { left: Some((from + one) as u32 + 1), right: Some((beside + other) as u32 + 1), removed, added, moved: None });
        (at, to) = (one + 1, other + 1);
    }
    rows.extend((at..left.len()).map(only_left));
    rows.extend((to..right.len()).map(only_right));
    rows
}

/// Which lines became which, in order: the pairs that have the most in common (longest common subsequence, weighted by it).
fn pairs(left: &[Line<'_>], right: &[Line<'_>]) -> Vec<(usize, usize)> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let (one, other): (Vec<_>, Vec<_>) =
        (left.iter().map(|line| words::bag(line.text)).collect(), right.iter().map(|line| words::bag(line.text)).collect());
    let (rows, columns) = (left.len(), right.len());
    if rows * columns > PAIRS_MOST {
        return (0..rows.min(columns)).filter(|at| words::likeness(&one[*at], &other[*at]) >= ALIKE).map(|at| (at, at)).collect();
    }
    // best[row][column]: what the lines from there on have in common at most.
    let width = columns + 1;
    let mut best = vec![0.0_f32; (rows + 1) * width];
    let mut likeness = vec![0.0_f32; rows * columns];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let alike = words::likeness(&one[row], &other[column]);
            likeness[row * columns + column] = alike;
            let skipped = best[(row + 1) * width + column].max(best[row * width + column + 1]);
            let paired = if alike >= ALIKE { alike + best[(row + 1) * width + column + 1] } else { 0.0 };
            best[row * width + column] = skipped.max(paired);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < rows && column < columns {
        let alike = likeness[row * columns + column];
        let here = best[row * width + column];
        if alike >= ALIKE && (alike + best[(row + 1) * width + column + 1]).to_bits() == here.to_bits() {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if best[(row + 1) * width + column].to_bits() == here.to_bits() {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}
