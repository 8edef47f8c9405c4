//! How the tags of several answers about one photo differ: in all, in some, only in one, and what the latter are kin to.

use std::collections::HashMap;

use super::tag_kin::{Kin, Known};
use crate::wire::result::Tag;
use crate::wire::tag::normal_name;

/// Tags that only one answer has, of which it is looked up what they are kin to; an answer with more is no list of tags.
const KIN_LOOKED_UP: usize = 100;

/// Whether an answer has a tag.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Held {
    /// Not in the answer, or there is no answer.
    #[default]
    No,
    /// With its confidence, 0–1, where the model gave one.
    Yes(Option<f32>),
}

impl Held {
    fn confidence(self) -> Option<f32> {
        match self {
            Self::Yes(confidence) => confidence,
            Self::No => None,
        }
    }
}

/// One tag and how each answer holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRow {
    /// As the most confident answer writes it.
    pub name: String,
    /// One a pane.
    pub held: Vec<Held>,
    /// Of a tag that only one answer has: how it stands to a tag of another one.
    pub kin: Option<Related>,
}

/// How a tag stands to one of another answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    pub kin: Kin,
    pub pane: usize,
    pub name: String,
}

impl TagRow {
    /// The highest confidence that any answer gives it; 0 where none gives one.
    #[must_use]
    pub fn best(&self) -> f32 {
        self.held.iter().filter_map(|held| held.confidence()).fold(0.0, f32::max)
    }

    /// Of the second of two answers against the first, in −1 … 1, where both give the tag a confidence.
    #[must_use]
    pub fn difference(&self) -> Option<f32> {
        match self.held.as_slice() {
            [Held::Yes(Some(first)), Held::Yes(Some(second))] => Some(second - first),
            _ => None,
        }
    }

    /// The panes that have the tag, with its confidence there.
    pub fn holders(&self) -> impl Iterator<Item = (usize, Option<f32>)> + '_ {
        self.held.iter().enumerate().filter_map(|(pane, held)| match held {
            Held::Yes(confidence) => Some((pane, *confidence)),
            Held::No => None,
        })
    }
}

/// The tags in groups, each sorted by confidence, highest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TagDiff {
    /// In every answer (of at least two).
    pub in_all: Vec<TagRow>,
    /// In more than one, not in all; empty with two answers.
    pub in_some: Vec<TagRow>,
    /// Only in one: a list a pane.
    pub only: Vec<Vec<TagRow>>,
    /// Panes that have an answer. With fewer than two there is nothing to compare with.
    pub answered: usize,
}

/// Groups the tags of the panes; `None` stands for a pane without an answer, which takes no part.
#[must_use]
pub fn compare(panes: &[Option<&[Tag]>]) -> TagDiff {
    let answered = panes.iter().flatten().count();
    let mut diff = TagDiff { only: vec![Vec::new(); panes.len()], answered, ..TagDiff::default() };
    for row in rows(panes) {
        let holders: Vec<usize> = row.holders().map(|(pane, _)| pane).collect();
        match holders.as_slice() {
            [pane] => diff.only[*pane].push(row),
            several if several.len() == answered => diff.in_all.push(row),
            _ => diff.in_some.push(row),
        }
    }
    for group in [&mut diff.in_all, &mut diff.in_some].into_iter().chain(diff.only.iter_mut()) {
        group.sort_by(|a, b| b.best().total_cmp(&a.best()).then_with(|| a.name.cmp(&b.name)));
    }
    for (pane, at, related) in related(&diff) {
        diff.only[pane][at].kin = Some(related);
    }
    diff
}

/// Of each tag that only one answer has (its pane and place) whether another answer says the same in other words, or something
/// wider or narrower; the same comes first, then what is most confident.
fn related(diff: &TagDiff) -> Vec<(usize, usize, Related)> {
    let rows = diff.only.iter().flat_map(|rows| rows.iter().take(KIN_LOOKED_UP));
    let all: Vec<(&TagRow, Known)> =
        rows.chain(diff.in_all.iter().chain(&diff.in_some).take(KIN_LOOKED_UP)).map(|row| (row, Known::of(&row.name))).collect();
    let own = diff.only.iter().enumerate().flat_map(|(pane, rows)| (0..rows.len().min(KIN_LOOKED_UP)).map(move |at| (pane, at)));
    // In the order of `all`, which begins with these.
    own.zip(&all)
        .filter_map(|((pane, at), (_, tag))| {
            let kin = all.iter().filter_map(|(row, known)| {
                let other = row.holders().map(|(other, _)| other).find(|other| *other != pane)?;
                Some((tag.to(known)?, other, row))
            });
            let (kin, other, row) = kin.min_by_key(|(kin, ..)| *kin != Kin::Same)?;
            Some((pane, at, Related { kin, pane: other, name: row.name.clone() }))
        })
        .collect()
}

fn rows(panes: &[Option<&[Tag]>]) -> Vec<TagRow> {
    let mut rows: Vec<TagRow> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (pane, tags) in panes.iter().enumerate() {
        for tag in tags.unwrap_or_default() {
            let at = *places.entry(normal_name(&tag.name)).or_insert_with(|| {
                rows.push(TagRow { name: tag.name.clone(), held: vec![Held::No; panes.len()], kin: None });
                rows.len() - 1
            });
            let row = &mut rows[at];
            if tag.confidence.is_some_and(|confidence| confidence > row.best()) {
                row.name.clone_from(&tag.name);
            }
            // Two spellings of one tag in one answer count once, with the higher confidence.
            let held = &mut row.held[pane];
            *held = Held::Yes(held.confidence().into_iter().chain(tag.confidence).reduce(f32::max));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[(&str, f32)]) -> Vec<Tag> {
        list.iter().map(|(name, confidence)| Tag { name: (*name).to_owned(), confidence: Some(*confidence), bounds: None }).collect()
    }

    fn names(rows: &[TagRow]) -> Vec<&str> {
        rows.iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn two_answers_fall_into_three_groups_by_confidence() {
        let a = tags(&[("cat", 0.9), ("sofa", 0.3), ("pet", 0.6)]);
        let b = tags(&[("pet", 0.8), ("cat", 0.7), ("window", 0.5), ("light", 0.6)]);
        let diff = compare(&[Some(&a), Some(&b)]);
        assert_eq!(names(&diff.in_all), ["cat", "pet"]);
        assert_eq!(names(&diff.only[0]), ["sofa"]);
        assert_eq!(names(&diff.only[1]), ["light", "window"]);
        assert!(diff.in_some.is_empty());
        assert!((diff.in_all[1].difference().expect("in both") - 0.2).abs() < 1e-6, "B against A");
    }

    #[test]
    fn spellings_of_one_tag_are_one_tag() {
        let a = tags(&[("Golden-Retriever", 0.4), ("golden retriever", 0.9)]);
        let b = tags(&[("golden_ retriever", 0.5)]);
        let diff = compare(&[Some(&a), Some(&b)]);
        assert_eq!(diff.in_all.len(), 1);
        assert_eq!(diff.in_all[0].name, "golden retriever");
        assert_eq!(diff.in_all[0].held, [Held::Yes(Some(0.9)), Held::Yes(Some(0.5))]);
    }

    #[test]
    fn a_pane_without_an_answer_takes_no_part() {
        let a = tags(&[("cat", 0.9)]);
        let c = tags(&[("cat", 0.8), ("dog", 0.1)]);
        let diff = compare(&[Some(&a), None, Some(&c)]);
        assert_eq!(names(&diff.in_all), ["cat"], "all that answered");
        assert_eq!(names(&diff.only[2]), ["dog"]);
        assert_eq!(compare(&[Some(&a), None]).answered, 1);
        assert!(compare(&[Some(&a), None]).in_all.is_empty(), "one answer agrees with nobody");
    }

    #[test]
    fn with_three_answers_some_share_a_tag() {
        let (a, b, c) = (tags(&[("x", 0.5), ("y", 0.5)]), tags(&[("y", 0.2), ("x", 0.1)]), tags(&[("x", 0.9), ("z", 0.4)]));
        let diff = compare(&[Some(&a), Some(&b), Some(&c)]);
        assert_eq!((names(&diff.in_all), names(&diff.in_some), names(&diff.only[2])), (vec!["x"], vec!["y"], vec!["z"]));
    }

    #[test]
    fn what_one_answer_says_alone_is_told_beside_what_another_says_in_other_words() {
        let (a, b) = (tags(&[("automobile", 0.9), ("dog", 0.8), ("sky", 0.4)]), tags(&[("cars", 0.7), ("golden retriever", 0.6), ("sofa", 0.5)]));
        let diff = compare(&[Some(&a), Some(&b)]);
        let told = |row: &TagRow| row.kin.as_ref().map(|related| (related.kin, related.pane, related.name.clone()));
        let all: Vec<_> = diff.only.iter().flatten().map(told).collect();
        let some = |kin: Kin, pane: usize, name: &str| Some((kin, pane, name.to_owned()));
        let of_a = [some(Kin::Same, 1, "cars"), some(Kin::Wider, 1, "golden retriever"), None];
        let of_b = [some(Kin::Same, 0, "automobile"), some(Kin::Narrower, 0, "dog"), None];
        assert_eq!(all, [of_a, of_b].concat());
    }

    #[test]
    fn an_empty_answer_is_an_answer() {
        let a = tags(&[("cat", 0.9)]);
        let diff = compare(&[Some(&a), Some(&[])]);
        assert_eq!(diff.answered, 2);
        assert_eq!(names(&diff.only[0]), ["cat"]);
        assert!(diff.in_all.is_empty());
    }
}
