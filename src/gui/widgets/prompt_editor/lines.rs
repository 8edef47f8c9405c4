//! Whole lines at once: a line twice, lines up and down, lines into a comment and out of it.

use std::ops::Range;

use super::history::Selection;
use super::typed::{byte_of, letter_of};

/// What changes: pieces in bytes with what comes in their place, and what is selected then.
pub type Change = (Vec<(Range<usize>, String)>, Selection);

/// The bytes of the lines that a selection touches, without the last line break. A selection that ends at the start of a line does not
/// touch that line.
fn touched(text: &str, selection: Selection) -> Range<usize> {
    let range = selection.sorted();
    let (start, mut end) = (byte_of(text, range.start), byte_of(text, range.end));
    if end > start && text[..end].ends_with('\n') {
        end -= 1;
    }
    let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let last = text[end..].find('\n').map_or(text.len(), |length| end + length);
    first..last
}

fn moved(selection: Selection, letters: isize) -> Selection {
    Selection { anchor: selection.anchor.saturating_add_signed(letters), head: selection.head.saturating_add_signed(letters) }
}

/// The same lines once more below; the lower ones are selected then.
#[must_use]
pub fn duplicate(text: &str, selection: Selection) -> Change {
    let lines = touched(text, selection);
    let copy = format!("\n{}", &text[lines.clone()]);
    let letters = copy.chars().count() as isize;
    (vec![(lines.end..lines.end, copy)], moved(selection, letters))
}

/// The lines change places with the one above; `None` at the top.
#[must_use]
pub fn up(text: &str, selection: Selection) -> Option<Change> {
    let lines = touched(text, selection);
    let above_end = lines.start.checked_sub(1)?;
    let above = text[..above_end].rfind('\n').map_or(0, |newline| newline + 1)..above_end;
    let new = format!("{}\n{}", &text[lines.clone()], &text[above.clone()]);
    let letters = text[above.clone()].chars().count() as isize + 1;
    Some((vec![(above.start..lines.end, new)], moved(selection, -letters)))
}

/// The lines change places with the one below; `None` at the bottom.
#[must_use]
pub fn down(text: &str, selection: Selection) -> Option<Change> {
    let lines = touched(text, selection);
    let below_start = lines.end + 1;
    let rest = text.get(below_start..)?;
    let below = below_start..rest.find('\n').map_or(text.len(), |length| below_start + length);
    let new = format!("{}\n{}", &text[below.clone()], &text[lines.clone()]);
    let letters = text[below.clone()].chars().count() as isize + 1;
    Some((vec![(lines.start..below.end, new)], moved(selection, letters)))
}

const OPEN: &str = "{# ";
const CLOSE: &str = " #}";

/// Makes every touched line a template comment, or takes the comments away where all of them are one. Blank lines stay as they are.
#[must_use]
pub fn toggle_comment(text: &str, selection: Selection) -> Change {
    let lines = touched(text, selection);
    let mut pieces = Vec::new();
    let mut at = lines.start;
    let mut bodies = Vec::new();
    for line in text[lines].split('\n') {
        let lean = line.trim();
        if !lean.is_empty() {
            let start = at + (line.len() - line.trim_start().len());
            bodies.push((start..start + lean.len(), lean));
        }
        at += line.len() + 1;
    }
    let is_commented = !bodies.is_empty() && bodies.iter().all(|(_, lean)| inside(lean).is_some());
    for (range, lean) in bodies {
        if let Some(inner) = inside(lean).filter(|_| is_commented) {
            let start = range.start + (lean.len() - inner.1.len());
            pieces.push((range.start..start, String::new()));
            pieces.push((start + inner.0.len()..range.end, String::new()));
        } else if !is_commented && !lean.contains("#}") && !lean.contains("{#") {
            // A comment ends at the first mark, so what holds one already stays.
            pieces.push((range.start..range.start, OPEN.to_owned()));
            pieces.push((range.end..range.end, CLOSE.to_owned()));
        }
    }
    let through = |letter: usize| shifted(text, &pieces, letter);
    let selection = Selection { anchor: through(selection.anchor), head: through(selection.head) };
    (pieces, selection)
}

/// What stands in a comment, and the same with all that follows it; `None` where the line is no single comment.
fn inside(lean: &str) -> Option<(&str, &str)> {
    let behind = lean.strip_prefix("{#")?;
    let inner = behind.strip_suffix("#}")?;
    if inner.contains("#}") {
        return None;
    }
    let from = behind.len() - behind.strip_prefix(' ').unwrap_or(behind).len();
    let inner = inner.get(from..).unwrap_or("");
    Some((inner.strip_suffix(' ').unwrap_or(inner), &behind[from.min(behind.len())..]))
}

/// Where a letter is after the pieces are exchanged.
fn shifted(text: &str, pieces: &[(Range<usize>, String)], letter: usize) -> usize {
    let byte = byte_of(text, letter);
    let mut at = letter as isize;
    for (range, new) in pieces {
        if range.end <= byte && !(range.is_empty() && range.start == byte && new == CLOSE) {
            at += new.chars().count() as isize - text[range.clone()].chars().count() as isize;
        } else if range.start < byte {
            at -= letter_of(text, byte) as isize - letter_of(text, range.start) as isize;
        }
    }
    at.max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::widgets::prompt_editor::typed::TypedText;

    /// A text with its selection between `[` and `]`, or `|` where nothing is selected.
    fn parse(marked: &str) -> (String, Selection) {
        let text: String = marked.chars().filter(|letter| !"[]|".contains(*letter)).collect();
        let before = |sign: char| marked.chars().take_while(|letter| *letter != sign).filter(|letter| !"[]|".contains(*letter)).count();
        let selection = if marked.contains('|') { Selection::at(before('|')) } else { Selection { anchor: before('['), head: before(']') } };
        (text, selection)
    }

    #[track_caller]
    fn assert_becomes(before: &str, change: impl Fn(&str, Selection) -> Change, after: &str) {
        let (text, selection) = parse(before);
        let (pieces, selected) = change(&text, selection);
        let mut typed = TypedText::new(&text);
        typed.change(pieces, Some(selected));
        let (expected, expected_selection) = parse(after);
        assert_eq!((typed.as_str(), typed.cursor()), (expected.as_str(), expected_selection), "{before:?}");
        assert!(typed.as_str() == text || typed.undo());
        assert_eq!(typed.as_str(), text, "one step");
    }

    #[test]
    fn a_line_is_there_twice_and_the_cursor_in_the_lower_one() {
        assert_becomes("é|a\nb", duplicate, "éa\né|a\nb");
        assert_becomes("[a\nb]\nc", duplicate, "a\nb\n[a\nb]\nc");
        assert_becomes("|", duplicate, "\n|");
    }

    #[test]
    fn lines_move_and_stop_at_the_ends() {
        let go_up = |text: &str, selection| up(text, selection).expect("a line above");
        let go_down = |text: &str, selection| down(text, selection).expect("a line below");
        assert_becomes("é\nb|", go_up, "b|\né");
        assert_becomes("é|\nb", go_down, "b\né|");
        assert_becomes("a\n[b\nc]\nd", go_up, "[b\nc]\na\nd");
        assert_becomes("a\n[b\n]c\n", go_down, "a\nc\n[b\n]");
        assert!(up("a\nb", Selection::at(0)).is_none() && down("a\nb", Selection::at(3)).is_none());
    }

    #[test]
    fn lines_become_comments_and_text_again() {
        assert_becomes("a|b", toggle_comment, "{# a|b #}");
        assert_becomes("{# a|b #}", toggle_comment, "a|b");
        assert_becomes("  [a\n\nb]", toggle_comment, "  {# [a #}\n\n{# b] #}");
        assert_becomes("{#[a#}\n{# b] #}", toggle_comment, "[a\nb]");
        // One of them is no comment yet: that one becomes one.
        assert_becomes("[{# a #}\nb]", toggle_comment, "[{# a #}\n{# b] #}");
        assert_becomes("|", toggle_comment, "|");
    }
}
