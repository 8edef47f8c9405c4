//! A diff as rows of one height: lines are wrapped here, once for a width, so that only the rows that can be seen are drawn.

use std::collections::HashSet;
use std::ops::Range;

use crate::wire::prompt_diff::{DiffRow, PartDiff, PromptDiff};

/// Lines that are shown around what changed.
const CONTEXT: usize = 3;
/// Fewer lines than this are not worth folding.
const FOLD_LEAST: usize = 4;

/// How the two texts are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    #[default]
    SideBySide,
    Inline,
}

/// Which of the two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Left,
    Right,
}

/// What became of a line or a piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Same,
    Removed,
    Added,
    /// It stands at this line of the other text.
    Moved(u32),
    /// Some words of it changed.
    Changed,
}

/// Letters of one of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub of: Of,
    /// Bytes.
    pub range: Range<usize>,
    pub fate: Fate,
}

/// A stretch of a line that fits into the width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The line's numbers, where it begins: on the left, on the right.
    pub numbers: [Option<u32>; 2],
    pub fate: Fate,
    pub pieces: Vec<Piece>,
    /// Where the line begins: all of it, for who listens.
    pub line: Option<(Of, Range<usize>)>,
}

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The heading of a part.
    Part,
    /// Lines that are the same and folded away; the first of them on the left.
    Fold {
        first: u32,
        lines: u32,
    },
    /// One cell for both texts, or one for each; `None`: nothing stands beside the other.
    Inline(Cell),
    Sides(Option<Cell>, Option<Cell>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Place of the part.
    pub part: usize,
    /// The change that it belongs to, counted over all parts.
    pub change: Option<usize>,
    pub content: Content,
}

/// The rows, and where each change begins.
#[derive(Debug, Default)]
pub struct Laid {
    pub rows: Vec<Row>,
    pub changes: Vec<usize>,
}

/// What rows are made by.
pub struct Room<'r> {
    pub mode: Mode,
    /// Points that a cell's text has.
    pub width: f32,
    /// Folds that were opened: place of the part, first line on the left.
    pub opened: &'r HashSet<(usize, u32)>,
    pub shows_all: bool,
}

/// Lays out a diff. `measure`: how wide a letter is.
pub fn lay_out(diff: &PromptDiff, room: &Room<'_>, measure: &mut dyn FnMut(char) -> f32) -> Laid {
    let mut laid = Laid::default();
    for (place, part) in diff.parts.iter().enumerate() {
        let has_heading = diff.parts.len() > 1;
        if has_heading {
            laid.rows.push(Row { part: place, change: None, content: Content::Part });
        }
        Pen { part, place, room, measure, laid: &mut laid, starts: [starts(&part.left), starts(&part.right)] }.part();
    }
    laid
}

/// The first byte of each line, and one behind the end; an empty text has no line.
fn starts(text: &str) -> Vec<usize> {
    if text.is_empty() {
        return vec![0];
    }
    let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).chain([text.len() + 1]).collect()
}

/// Writes the rows of one part.
struct Pen<'p, 'r> {
    part: &'p PartDiff,
    place: usize,
    room: &'p Room<'r>,
    measure: &'p mut dyn FnMut(char) -> f32,
    laid: &'p mut Laid,
    starts: [Vec<usize>; 2],
}

impl Pen<'_, '_> {
    fn part(&mut self) {
        let part = self.part;
        let last = self.starts[0].len() - 1;
        let (mut left, mut right) = (1, 1);
        for (at, hunk) in part.hunks.iter().enumerate() {
            self.same(left..hunk.left.first as usize, right, at > 0, true);
            let change = self.laid.changes.len();
            self.laid.changes.push(self.laid.rows.len());
            for row in &hunk.rows {
                self.line(row, Some(change));
            }
            left = (hunk.left.first + hunk.left.lines) as usize;
            right = (hunk.right.first + hunk.right.lines) as usize;
        }
        self.same(left..last + 1, right, !part.hunks.is_empty(), false);
    }

    /// Lines that are the same. `after`, `before`: whether a change stands before them, after them.
    fn same(&mut self, left: Range<usize>, right: usize, after: bool, before: bool) {
        let count = left.len();
        let (head, tail) = (if after { CONTEXT } else { 0 }, if before { CONTEXT } else { 0 });
        let hidden = count.saturating_sub(head + tail);
        let first = left.start + head;
        let is_folded = hidden >= FOLD_LEAST && !self.room.shows_all && !self.room.opened.contains(&(self.place, first as u32));
        for at in 0..count {
            let line = left.start + at;
            if is_folded && (head..head + hidden).contains(&at) {
                if at == head {
                    let content = Content::Fold { first: first as u32, lines: hidden as u32 };
                    self.laid.rows.push(Row { part: self.place, change: None, content });
                }
                continue;
            }
            let row = DiffRow { left: Some(line as u32), right: Some((right + at) as u32), ..DiffRow::default() };
            self.line(&row, None);
        }
    }

    /// Bytes of a line.
    fn range(&self, of: Of, line: u32) -> Range<usize> {
        let starts = &self.starts[of as usize];
        let at = (line as usize).clamp(1, starts.len() - 1);
        starts[at - 1]..starts[at] - 1
    }

    fn text(&self, of: Of) -> &str {
        match of {
            Of::Left => &self.part.left,
            Of::Right => &self.part.right,
        }
    }

    fn line(&mut self, row: &DiffRow, change: Option<usize>) {
        let fate = match (row.left, row.right, row.moved) {
            (.., Some(there)) => Fate::Moved(there),
            (Some(_), None, _) => Fate::Removed,
            (None, ..) => Fate::Added,
            _ if row.removed.is_empty() && row.added.is_empty() => Fate::Same,
            _ => Fate::Changed,
        };
        let pieces = |of, line: Option<u32>, marks: &[[u32; 2]], marked| line.map(|line| pieces(of, self.range(of, line), marks, marked));
        let whole = |marked| if matches!(fate, Fate::Moved(_)) { fate } else { marked };
        let left = pieces(Of::Left, row.left, &row.removed, whole(Fate::Removed));
        let right = pieces(Of::Right, row.right, &row.added, whole(Fate::Added));
        match self.room.mode {
            Mode::Inline => {
                let merged = match (left, right) {
                    (Some(left), Some(right)) => Self::merge(left, right),
                    (one, other) => one.or(other).unwrap_or_default(),
                };
                for cell in self.cells(merged, [row.left, row.right], fate) {
                    self.laid.rows.push(Row { part: self.place, change, content: Content::Inline(cell) });
                }
            }
            Mode::SideBySide => {
                let left = left.map(|pieces| self.cells(pieces, [row.left, None], fate)).unwrap_or_default();
                let right = right.map(|pieces| self.cells(pieces, [None, row.right], fate)).unwrap_or_default();
                let rows = left.len().max(right.len());
                let (mut left, mut right) = (left.into_iter(), right.into_iter());
                for _ in 0..rows {
                    self.laid.rows.push(Row { part: self.place, change, content: Content::Sides(left.next(), right.next()) });
                }
            }
        }
    }

    /// One line of both: what is the same once, before it what was removed and what was added.
    fn merge(left: Vec<Piece>, right: Vec<Piece>) -> Vec<Piece> {
        let mut merged = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        loop {
            while let Some(removed) = left.next_if(|piece| piece.fate != Fate::Same) {
                merged.push(removed);
            }
            while let Some(added) = right.next_if(|piece| piece.fate != Fate::Same) {
                merged.push(added);
            }
            // The same letters stand on both sides, parted by what changed in different places.
            let (Some(one), Some(other)) = (left.peek_mut(), right.peek_mut()) else { break };
            let same = one.range.len().min(other.range.len());
            merged.push(Piece { of: Of::Left, range: one.range.start..one.range.start + same, fate: Fate::Same });
            one.range.start += same;
            other.range.start += same;
            left.next_if(|piece| piece.range.is_empty());
            right.next_if(|piece| piece.range.is_empty());
        }
        merged.extend(left);
        merged
    }

    /// The pieces wrapped: at blanks where there are any, else anywhere.
    fn cells(&mut self, pieces: Vec<Piece>, numbers: [Option<u32>; 2], fate: Fate) -> Vec<Cell> {
        let mut letters: Vec<(usize, char, usize)> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let text = self.text(piece.of).get(piece.range.clone()).unwrap_or_default();
            letters.extend(text.char_indices().map(|(byte, letter)| (at, letter, piece.range.start + byte)));
        }
        let mut cells = Vec::new();
        let mut begin = 0;
        loop {
            let end = self.fitting(&letters[begin..]) + begin;
            let is_first = cells.is_empty();
            let line = numbers[1].map(|line| (Of::Right, line)).or(numbers[0].map(|line| (Of::Left, line))).filter(|_| is_first);
            let line = line.map(|(of, line)| (of, self.range(of, line)));
            let mut cell = Cell { numbers: if is_first { numbers } else { [None, None] }, fate, pieces: Vec::new(), line };
            for (at, letter, byte) in &letters[begin..end] {
                let piece = &pieces[*at];
                match cell.pieces.last_mut() {
                    Some(last) if last.of == piece.of && last.fate == piece.fate && last.range.end == *byte => last.range.end += letter.len_utf8(),
                    _ => cell.pieces.push(Piece { of: piece.of, range: *byte..*byte + letter.len_utf8(), fate: piece.fate }),
                }
            }
            cells.push(cell);
            begin = end;
            if begin >= letters.len() {
                return cells;
            }
        }
    }

    /// How many letters fit into the width; at least one.
    fn fitting(&mut self, letters: &[(usize, char, usize)]) -> usize {
        let mut width = 0.0;
        let mut blank = None;
        for (at, (_, letter, _)) in letters.iter().enumerate() {
            width += (self.measure)(*letter);
            if width > self.room.width && at > 0 {
                // A blank at the end hangs over: it is not seen.
                return if letter.is_whitespace() { at + 1 } else { blank.unwrap_or(at) };
            }
            if letter.is_whitespace() {
                blank = Some(at + 1);
            }
        }
        letters.len()
    }
}

/// A line in pieces: what is marked, and what lies between.
fn pieces(of: Of, line: Range<usize>, marks: &[[u32; 2]], marked: Fate) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(marks.len() * 2 + 1);
    let mut at = line.start;
    let mut push = |range: Range<usize>, fate| {
        if !range.is_empty() {
            pieces.push(Piece { of, range, fate });
        }
    };
    for [from, to] in marks {
        let (from, to) = ((*from as usize).clamp(at, line.end), (*to as usize).clamp(at, line.end));
        push(at..from, Fate::Same);
        push(from..to, marked);
        at = to;
    }
    push(at..line.end, Fate::Same);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::PromptId;
    use crate::wire::prompt_diff::{DiffCounts, DiffSide, Hunk, LineSpan, PromptPart};

    fn diff(left: &str, right: &str, hunks: Vec<Hunk>) -> PromptDiff {
        let side = DiffSide { prompt_id: PromptId::fresh(), prompt_name: String::new(), version: None, version_id: None, is_live: false };
        let counts = DiffCounts::default();
        let part = PartDiff { part: PromptPart::User, left: left.to_owned(), right: right.to_owned(), hunks, counts, is_rough: false };
        PromptDiff { left: side.clone(), right: side, parts: vec![part] }
    }

    fn laid(diff: &PromptDiff, mode: Mode, letters: usize) -> Laid {
        let room = Room { mode, width: letters as f32, opened: &HashSet::new(), shows_all: false };
        lay_out(diff, &room, &mut |_| 1.0)
    }

    fn words(diff: &PromptDiff, cell: &Cell) -> String {
        let text = |of| if of == Of::Left { &diff.parts[0].left } else { &diff.parts[0].right };
        let piece = |piece: &Piece| {
            let words = &text(piece.of)[piece.range.clone()];
            match piece.fate {
                Fate::Same => words.to_owned(),
                Fate::Removed => format!("[-{words}-]"),
                Fate::Added => format!("[+{words}+]"),
                fate => format!("[{fate:?} {words}]"),
            }
        };
        cell.pieces.iter().map(piece).collect()
    }

    fn hunk(left: [u32; 2], right: [u32; 2], rows: Vec<DiffRow>) -> Hunk {
        let span = |[first, lines]: [u32; 2]| LineSpan { first, lines };
        Hunk { left: span(left), right: span(right), rows }
    }

    #[test]
    fn a_changed_line_is_one_line_inline_and_two_side_by_side() {
        let (left, right) = ("up to 15 tags", "up to 12 short tags");
        let row = DiffRow { left: Some(1), right: Some(1), removed: vec![[6, 8]], added: vec![[6, 14]], moved: None };
        let diff = diff(left, right, vec![hunk([1, 1], [1, 1], vec![row])]);
        let inline = laid(&diff, Mode::Inline, 80);
        let Content::Inline(cell) = &inline.rows[0].content else { panic!() };
        assert_eq!(words(&diff, cell), "up to [-15-][+12 short+] tags");
        assert_eq!(cell.line, Some((Of::Right, 0..19)));
        let sides = laid(&diff, Mode::SideBySide, 80);
        let Content::Sides(Some(one), Some(other)) = &sides.rows[0].content else { panic!() };
        assert_eq!((words(&diff, one).as_str(), words(&diff, other).as_str()), ("up to [-15-] tags", "up to [+12 short+] tags"));
        assert_eq!(sides.changes, [0]);
    }

    #[test]
    fn what_was_added_stands_in_its_place_in_one_text() {
        let (left, right) = ("a search index.", "the search index of a city.");
        let row = DiffRow { left: Some(1), right: Some(1), removed: vec![[0, 1]], added: vec![[0, 3], [16, 26]], moved: None };
        let diff = diff(left, right, vec![hunk([1, 1], [1, 1], vec![row])]);
        let Content::Inline(cell) = &laid(&diff, Mode::Inline, 80).rows[0].content else { panic!() };
        assert_eq!(words(&diff, cell), "[-a-][+the+] search index[+ of a city+].");
    }

    #[test]
    fn a_part_that_one_side_has_not_has_no_line_there() {
        let row = DiffRow { right: Some(1), added: vec![[0, 3]], ..DiffRow::default() };
        let diff = diff("", "new", vec![hunk([1, 0], [1, 1], vec![row])]);
        assert_eq!(laid(&diff, Mode::SideBySide, 80).rows.len(), 1);
    }

    #[test]
    fn lines_wrap_at_blanks_and_the_shorter_side_is_filled_up() {
        let (left, right) = ("one two three", "onetwothree four");
        let row = DiffRow { left: Some(1), right: Some(1), removed: vec![[0, 13]], added: vec![[0, 16]], moved: None };
        let diff = diff(left, right, vec![hunk([1, 1], [1, 1], vec![row])]);
        let sides = laid(&diff, Mode::SideBySide, 8);
        let side = |at: usize| match &sides.rows[at].content {
            Content::Sides(one, other) => (one.as_ref().map(|cell| words(&diff, cell)), other.as_ref().map(|cell| words(&diff, cell))),
            _ => panic!(),
        };
        assert_eq!(side(0), (Some("[-one two -]".to_owned()), Some("[+onetwoth+]".to_owned())));
        assert_eq!(side(1), (Some("[-three-]".to_owned()), Some("[+ree four+]".to_owned())));
        assert_eq!(sides.rows.len(), 2);
    }

    #[test]
    fn what_is_far_from_changes_is_folded_and_can_be_opened() {
        let lines: Vec<String> = (1..=30).map(|line| format!("line {line}\n")).collect();
        let text = lines.concat();
        let left = text.replace("line 15\n", "");
        let row = DiffRow { right: Some(15), added: vec![[0, 7]], ..DiffRow::default() };
        let diff = diff(&left, &text, vec![hunk([15, 0], [15, 1], vec![row])]);
        let folded = laid(&diff, Mode::SideBySide, 80);
        let folds: Vec<_> =
            folded.rows.iter().filter_map(|row| if let Content::Fold { first, lines } = row.content { Some((first, lines)) } else { None }).collect();
        assert_eq!(folds, [(1, 11), (18, 13)]);
        assert_eq!(folded.rows.len(), 2 + 3 + 1 + 3);
        let room = Room { mode: Mode::SideBySide, width: 80.0, opened: &HashSet::from([(0, 1)]), shows_all: false };
        assert_eq!(lay_out(&diff, &room, &mut |_| 1.0).rows.len(), 14 + 1 + 3 + 1);
        let room = Room { shows_all: true, ..room };
        assert_eq!(lay_out(&diff, &room, &mut |_| 1.0).rows.len(), 31);
    }
}
