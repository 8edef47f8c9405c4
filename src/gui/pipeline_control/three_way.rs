//! What two people made of one text, put together by lines: each keeps their own changes where they do not touch the other's.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of the base, and what one side made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    of: Range<usize>,
    into: Vec<String>,
}

/// A piece of the text that both made, in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it was, or as the one made it who alone changed it.
    Agreed(Vec<String>),
    /// Both changed it, otherwise.
    Disputed(Dispute),
}

/// What both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Where it stands in one's own text, from 1.
    pub line: usize,
    pub mine: Vec<String>,
    pub theirs: Vec<String>,
}

/// Both sides' changes of `base` in one text; `None` where they touch each other, so that a person has to choose.
#[must_use]
pub fn merged(base: &str, mine: &str, theirs: &str) -> Option<String> {
    let parts = parts(Some(base), mine, theirs);
    let lines: Option<Vec<Vec<String>>> = parts
        .into_iter()
        .map(|part| match part {
            Part::Agreed(lines) => Some(lines),
            Part::Disputed(_) => None,
        })
        .collect();
    Some(lines?.concat().join("\n"))
}

/// The same piece by piece. Where nobody knows what both began with, all that differs is disputed.
#[must_use]
pub fn parts(base: Option<&str>, mine: &str, theirs: &str) -> Vec<Part> {
    let lines_of = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<String>>();
    let (old, mine, theirs) = (lines_of(base.unwrap_or(mine)), lines_of(mine), lines_of(theirs));
    let mut all: Vec<(bool, Change)> = changes(&old, &mine).into_iter().map(|change| (true, change)).collect();
    all.extend(changes(&old, &theirs).into_iter().map(|change| (false, change)));
    all.sort_by_key(|(_, change)| (change.of.start, change.of.end));
    let (mut parts, mut at, mut line) = (Vec::new(), 0, 1);
    let mut rest = all.as_slice();
    while let Some((_, first)) = rest.first() {
        let (start, mut end, mut count) = (first.of.start, first.of.end, 1);
        // Changes of neighbouring lines may well be about the same thing.
        while let Some((_, next)) = rest.get(count).filter(|(_, next)| next.of.start <= end) {
            (end, count) = (end.max(next.of.end), count + 1);
        }
        let (group, others) = rest.split_at(count);
        let made = |by_me: bool| {
            let changes = group.iter().filter(|(is_mine, _)| *is_mine == by_me).map(|(_, change)| change);
            made_of(&old, start..end, changes)
        };
        let (mine, theirs) = (made(true), made(false));
        let by = |by_me: bool| group.iter().any(|(is_mine, _)| *is_mine == by_me);
        parts.push(Part::Agreed(old[at..start].to_vec()));
        line += start - at;
        let height = mine.len();
        parts.push(match (by(true), by(false)) {
            (true, false) => Part::Agreed(mine),
            _ if mine == theirs => Part::Agreed(mine),
            (false, true) if base.is_some() => Part::Agreed(theirs),
            _ => Part::Disputed(Dispute { line, mine, theirs }),
        });
        line += height;
        (at, rest) = (end, others);
    }
    parts.push(Part::Agreed(old[at..].to_vec()));
    parts
}

/// Lines of the base as one side made them.
fn made_of<'c>(base: &[String], range: Range<usize>, changes: impl Iterator<Item = &'c Change>) -> Vec<String> {
    let (mut lines, mut at) = (Vec::new(), range.start);
    for Change { of, into } in changes {
        lines.extend_from_slice(&base[at..of.start]);
        lines.extend_from_slice(into);
        at = of.end;
    }
    lines.extend_from_slice(&base[at..range.end]);
    lines
}

fn changes(base: &[String], other: &[String]) -> Vec<Change> {
    let ops = capture_diff_slices(Algorithm::Histogram, base, other);
    let mut all: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        match all.last_mut() {
            Some((old, new)) if old.end == op.old_range().start && new.end == op.new_range().start => {
                (old.end, new.end) = (op.old_range().end, op.new_range().end);
            }
            _ => all.push((op.old_range(), op.new_range())),
        }
    }
    all.into_iter().map(|(of, into)| Change { of, into: other[into].to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "Look.\n\nName boats.\nName birds.\n\nBe brief.";

    #[test]
    fn changes_apart_from_each_other_are_both_kept() {
        let (mine, theirs) = ("Look twice.\n\nName boats.\nName birds.\n\nBe brief.", "Look.\n\nName boats.\nName birds.\n\nBe brief.\nIn Dutch.");
        let both = "Look twice.\n\nName boats.\nName birds.\n\nBe brief.\nIn Dutch.";
        assert_eq!(merged(BASE, mine, theirs).as_deref(), Some(both));
        assert_eq!(merged(BASE, theirs, mine).as_deref(), Some(both));
        let without = "Look.\n\nName birds.\n\nBe brief.";
        assert_eq!(merged(BASE, without, theirs).as_deref(), Some("Look.\n\nName birds.\n\nBe brief.\nIn Dutch."));
        assert_eq!(merged(BASE, BASE, theirs).as_deref(), Some(theirs));
        assert_eq!(merged(BASE, mine, mine).as_deref(), Some(mine));
    }

    #[test]
    fn changes_of_the_same_or_of_neighbouring_lines_are_left_to_a_person() {
        let mine = BASE.replace("Name boats.", "Name ships.");
        assert_eq!(merged(BASE, &mine, &BASE.replace("Name boats.", "Name rafts.")), None);
        assert_eq!(merged(BASE, &mine, &BASE.replace("Name birds.", "Name gulls.")), None);
        assert_eq!(merged(BASE, &format!("{BASE}\nMine"), &format!("{BASE}\nTheirs")), None);
        let disputes = |base, mine: &str, theirs: &str| {
            let parts = parts(base, mine, theirs).into_iter();
            parts.filter_map(|part| if let Part::Disputed(dispute) = part { Some(dispute) } else { None }).collect::<Vec<_>>()
        };
        let theirs = BASE.replace("Name birds.", "Name gulls.").replace("Be brief.", "Be short.");
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let dispute = Dispute { line: 3, mine: lines("Name ships.\nName birds."), theirs: lines("Name boats.\nName gulls.") };
        assert_eq!(disputes(Some(BASE), &mine, &theirs), [dispute]);
        assert_eq!(disputes(None, &mine, &theirs).iter().map(|dispute| dispute.line).collect::<Vec<_>>(), [3, 6], "all that differs");
        // The same change of both is one; what else they changed is kept.
        let both = merged(BASE, &mine.replace("Look.", "Look twice."), &mine.replace("Be brief.", "Be short."));
        assert_eq!(both.as_deref(), Some("Look twice.\n\nName ships.\nName birds.\n\nBe short."));
    }
}
