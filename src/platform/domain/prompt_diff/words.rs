//! Words: what they are, which of a line changed, and how much two lines have in common.

use std::collections::HashMap;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use crate::wire::prompt_diff::{DiffCounts, Hunk};

/// What letters belong together: words, blanks, and each other sign by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Blank,
    Sign,
}

fn kind(letter: char) -> Kind {
    match letter {
        _ if letter.is_alphanumeric() || letter == '_' => Kind::Word,
        _ if letter.is_whitespace() => Kind::Blank,
        _ => Kind::Sign,
    }
}

/// The pieces of a text, which put together are the text again.
pub fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut before) = (0, None);
    for (at, letter) in text.char_indices() {
        let kind = kind(letter);
        if before.is_some_and(|before| before != kind || kind == Kind::Sign) {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(kind);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

fn is_word(piece: &str) -> bool {
    piece.chars().next().is_some_and(|letter| kind(letter) == Kind::Word)
}

/// How many words a text has.
fn count(text: &str) -> u32 {
    pieces(text).into_iter().filter(|piece| is_word(piece)).count() as u32
}

/// The bytes of two lines that the other line has not. `from`, `beside`: where the lines begin in their texts.
pub fn changed(left: &str, right: &str, from: usize, beside: usize, until: Instant) -> (Vec<[u32; 2]>, Vec<[u32; 2]>) {
    let (one, other) = (pieces(left), pieces(right));
    let mut ops = capture_diff_slices_deadline(Algorithm::Myers, &one, &other, Some(until));
    join_over_blanks(&mut ops, &one);
    let ends = |pieces: &[&str], from: usize| {
        let mut end = from;
        let ends = pieces.iter().map(|piece| {
            end += piece.len();
            end as u32
        });
        std::iter::once(from as u32).chain(ends).collect::<Vec<u32>>()
    };
    let (one, other) = (ends(&one, from), ends(&other, beside));
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        push(&mut removed, [one[op.old_range().start], one[op.old_range().end]]);
        push(&mut added, [other[op.new_range().start], other[op.new_range().end]]);
    }
    (removed, added)
}

/// Adds a range, to the last one where they touch.
fn push(ranges: &mut Vec<[u32; 2]>, range: [u32; 2]) {
    match ranges.last_mut() {
        _ if range[0] == range[1] => {}
        Some(last) if last[1] == range[0] => last[1] = range[1],
        _ => ranges.push(range),
    }
}

/// A single blank between two stretches that changed on both sides changed with them: `two words` for `one thing`, not word by word.
fn join_over_blanks(ops: &mut Vec<DiffOp>, left: &[&str]) {
    let is_changed =
        |op: Option<&DiffOp>| op.is_some_and(|op| !op.old_range().is_empty() && !op.new_range().is_empty() && !matches!(op, DiffOp::Equal { .. }));
    let mut at = 1;
    while at + 1 < ops.len() {
        let joins = matches!(ops[at], DiffOp::Equal { old_index, len: 1, .. } if left[old_index].trim().is_empty())
            && is_changed(ops.get(at - 1))
            && is_changed(ops.get(at + 1));
        if joins {
            let (old, new) = (ops[at - 1].old_range().start..ops[at + 1].old_range().end, ops[at - 1].new_range().start..ops[at + 1].new_range().end);
            let joined = DiffOp::Replace { old_index: old.start, old_len: old.len(), new_index: new.start, new_len: new.len() };
            ops.splice(at - 1..=at + 1, [joined]);
        } else {
            at += 1;
        }
    }
}

/// How often each word of a line stands in it; signs count where there are no words.
pub struct Bag<'t> {
    pieces: HashMap<&'t str, u32>,
    len: u32,
}

pub fn bag(line: &str) -> Bag<'_> {
    let all = pieces(line);
    let has_words = all.iter().any(|piece| is_word(piece));
    let counted = |piece: &&str| if has_words { is_word(piece) } else { !piece.trim().is_empty() };
    let mut pieces = HashMap::new();
    let mut len = 0;
    for piece in all.into_iter().filter(counted) {
        *pieces.entry(piece).or_insert(0) += 1;
        len += 1;
    }
    Bag { pieces, len }
}

/// What part of the words of two lines they share, 0–1 (Dice's coefficient of the two multisets).
pub fn likeness(one: &Bag<'_>, other: &Bag<'_>) -> f32 {
    if one.len + other.len == 0 {
        return 1.0;
    }
    let shared: u32 = one.pieces.iter().map(|(piece, count)| other.pieces.get(piece).map_or(0, |beside| *count.min(beside))).sum();
    2.0 * shared as f32 / (one.len + other.len) as f32
}

/// The words that came and went; of what only moved, none.
pub fn counts(hunks: &[Hunk], left: &str, right: &str) -> DiffCounts {
    let words =
        |text: &str, ranges: &[[u32; 2]]| ranges.iter().filter_map(|[from, to]| text.get(*from as usize..*to as usize)).map(count).sum::<u32>();
    let mut counts = DiffCounts::default();
    for row in hunks.iter().flat_map(|hunk| &hunk.rows).filter(|row| row.moved.is_none()) {
        counts.removed += words(left, &row.removed);
        counts.added += words(right, &row.added);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_words_blanks_and_signs() {
        assert_eq!(pieces("{{ file_name }}: naïve 1.5"), ["{", "{", " ", "file_name", " ", "}", "}", ":", " ", "naïve", " ", "1", ".", "5"]);
        assert_eq!(pieces(""), Vec::<&str>::new());
    }

    #[test]
    fn words_that_changed_together_are_one_stretch() {
        let (left, right) = ("a quick brown fox", "a slow red fox");
        let (removed, added) = changed(left, right, 0, 0, Instant::now() + std::time::Duration::from_secs(1));
        assert_eq!((removed, added), (vec![[2, 13]], vec![[2, 10]]));
    }

    #[test]
    fn lines_are_alike_by_what_they_share() {
        assert!((likeness(&bag("one two three"), &bag("one two four")) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(likeness(&bag("```"), &bag("```")), 1.0);
        assert_eq!(likeness(&bag(""), &bag("  ")), 1.0);
        assert_eq!(likeness(&bag(""), &bag("x")), 0.0);
    }
}
