//! What two people made of one text, put together by lines: each keeps their own changes where they do not touch the other's.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of the base, and what one side made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change<'t> {
    of: Range<usize>,
    into: &'t [&'t str],
}

/// Both sides' changes of `base` in one text; `None` where they touch each other, so that a person has to choose.
#[must_use]
pub fn merged(base: &str, mine: &str, theirs: &str) -> Option<String> {
    if mine == theirs || theirs == base {
        return Some(mine.to_owned());
    }
    if mine == base {
        return Some(theirs.to_owned());
    }
    let [base, mine, theirs] = [base, mine, theirs].map(|text| text.split('\n').collect::<Vec<&str>>());
    let mut all = changes(&base, &mine);
    for change in changes(&base, &theirs) {
        if !all.contains(&change) {
            all.push(change);
        }
    }
    all.sort_by_key(|change| (change.of.start, change.of.end));
    // Changes of neighbouring lines may well be about the same thing.
    if all.windows(2).any(|pair| pair[1].of.start <= pair[0].of.end) {
        return None;
    }
    let (mut lines, mut at): (Vec<&str>, usize) = (Vec::new(), 0);
    for Change { of, into } in all {
        lines.extend(&base[at..of.start]);
        lines.extend(into);
        at = of.end;
    }
    lines.extend(&base[at..]);
    Some(lines.join("\n"))
}

fn changes<'t>(base: &[&'t str], other: &'t [&'t str]) -> Vec<Change<'t>> {
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
    all.into_iter().map(|(of, into)| Change { of, into: &other[into] }).collect()
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
        // The same change of both is one; what else they changed is kept.
        let both = merged(BASE, &mine.replace("Look.", "Look twice."), &mine.replace("Be brief.", "Be short."));
        assert_eq!(both.as_deref(), Some("Look twice.\n\nName ships.\nName birds.\n\nBe short."));
    }
}
