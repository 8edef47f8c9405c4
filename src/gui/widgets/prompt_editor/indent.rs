//! The Tab key: two spaces more or less at the start of lines, or up to the next even column.

use std::ops::Range;

/// Spaces of one step.
const STEP: usize = 2;

/// A text and what is selected in it, in letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    pub text: String,
    pub selection: Range<usize>,
}

/// Tab: moves every selected line in; without a selection of several lines it fills up to the next step.
#[must_use]
pub fn more(text: &str, selection: Range<usize>) -> Edited {
    let letters: Vec<char> = text.chars().collect();
    let (start, end) = (selection.start.min(letters.len()), selection.end.min(letters.len()));
    if letters[start..end].contains(&'\n') {
        return lines(&letters, start..end, |_| Some(STEP));
    }
    let column = start - line_start(&letters, start);
    let spaces = STEP - column % STEP;
    let mut edited: String = letters[..start].iter().collect();
    edited.extend(std::iter::repeat_n(' ', spaces));
    edited.extend(&letters[end..]);
    Edited { text: edited, selection: start + spaces..start + spaces }
}

/// Shift-Tab: moves every selected line, or the line of the cursor, out.
#[must_use]
pub fn less(text: &str, selection: Range<usize>) -> Edited {
    let letters: Vec<char> = text.chars().collect();
    let selection = selection.start.min(letters.len())..selection.end.min(letters.len());
    lines(&letters, selection, |_| None)
}

/// Adds so many spaces at the start of each selected line, or (`None`) takes up to a step away.
fn lines(letters: &[char], selection: Range<usize>, added: impl Fn(usize) -> Option<usize>) -> Edited {
    let first = line_start(letters, selection.start);
    let mut text: String = letters[..first].iter().collect();
    let (mut start, mut end) = (selection.start as isize, selection.end as isize);
    let mut at = first;
    while at < letters.len() {
        let length = letters[at..].iter().position(|letter| *letter == '\n').map_or(letters.len() - at, |newline| newline + 1);
        let is_selected = at == first || at < selection.end;
        let mut from = at;
        if is_selected {
            let change = match added(at) {
                Some(spaces) => {
                    text.extend(std::iter::repeat_n(' ', spaces));
                    spaces as isize
                }
                None => {
                    let spaces = letters[at..].iter().take(STEP).take_while(|letter| **letter == ' ').count();
                    from += spaces;
                    -(spaces as isize)
                }
            };
            if at == first {
                start = (start + change).max(first as isize);
            }
            end += change;
        }
        text.extend(&letters[from..at + length]);
        at += length;
    }
    let start = start.max(0) as usize;
    Edited { text, selection: start..(end.max(0) as usize).max(start) }
}

fn line_start(letters: &[char], at: usize) -> usize {
    letters[..at].iter().rposition(|letter| *letter == '\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, selection: Range<usize>) -> Edited {
        Edited { text: text.to_owned(), selection }
    }

    #[test]
    fn tab_fills_up_to_the_next_step() {
        assert_eq!(more("- a", 0..0), edited("  - a", 2..2));
        assert_eq!(more("- a", 3..3), edited("- a ", 4..4));
        assert_eq!(more("é\nab", 2..3), edited("é\n  b", 4..4));
    }

    #[test]
    fn several_lines_move_together_and_back() {
        let moved = more("a\nb\nc", 0..3);
        assert_eq!(moved, edited("  a\n  b\nc", 2..7));
        assert_eq!(less(&moved.text, moved.selection), edited("a\nb\nc", 0..3));
    }

    #[test]
    fn moving_out_stops_at_the_margin() {
        assert_eq!(less("a\n b", 3..3), edited("a\nb", 2..2));
        assert_eq!(less("", 0..0), edited("", 0..0));
    }
}
