//! How much the repeats of one cell differ: the ranges of their figures, how many have each tag, and how far their tags agree.

use std::collections::{HashMap, HashSet};

use super::matrix_rows::disagreement;
use crate::gui::widgets::number;
use crate::wire::result::{Answer, Tag};
use crate::wire::run::Cell;
use crate::wire::tag::normal_name;

/// Of the repeats that have an answer, two at least.
pub struct Spread<'c> {
    /// In their order.
    answers: Vec<(&'c Cell, &'c Answer)>,
    /// How many of the answers have a tag, by its normal name.
    found: HashMap<String, usize>,
    /// Mean Jaccard index over all pairs of answers.
    agreement: f64,
}

impl<'c> Spread<'c> {
    /// Of the cells of one photo and column; `None` where fewer than two are answered.
    #[must_use]
    pub fn of(repeats: &'c [Option<Cell>]) -> Option<Self> {
        if repeats.len() < 2 {
            return None;
        }
        let answers: Vec<_> = repeats.iter().flatten().filter_map(|cell| Some((cell, cell.answer.as_ref()?))).collect();
        let sets: Vec<HashSet<String>> = answers.iter().map(|(_, answer)| answer.tags.iter().map(|tag| normal_name(&tag.name)).collect()).collect();
        let agreement = 1.0 - disagreement(&sets)?;
        let mut found = HashMap::new();
        for name in sets.into_iter().flatten() {
            *found.entry(name).or_insert(0) += 1;
        }
        Some(Self { answers, found, agreement })
    }

    /// `2/3` of a tag that not all answers have.
    #[must_use]
    pub fn found_words(&self, tag: &Tag) -> Option<String> {
        let (found, all) = (self.found.get(&normal_name(&tag.name)).copied()?, self.answers.len());
        (found < all).then(|| format!("{found}/{all}"))
    }

    /// `repeats agree 71 %`.
    #[must_use]
    pub fn agreement_words(&self) -> String {
        format!("repeats agree {}", number::percent(self.agreement))
    }

    /// `1.10 s (0.90–1.30)`.
    #[must_use]
    pub fn latency_words(&self, shown_ms: u64) -> String {
        let range = range(self.answers.iter().filter_map(|(cell, _)| cell.latency_ms).map(|ms| ms as f64));
        with_range(shown_ms as f64, range, number::duration_ms)
    }

    /// `mean 62 % (58–66)`.
    #[must_use]
    pub fn confidence_words(&self, shown: f32) -> String {
        let range = range(self.answers.iter().filter_map(|(_, answer)| answer.mean_confidence()).map(f64::from));
        format!("mean {}", with_range(f64::from(shown), range, number::percent))
    }

    /// A line each: `Repeat 2: 1.10 s, mean 62 %, $0.0012: cat 90 %, sofa 41 %`.
    #[must_use]
    pub fn each_in_words(&self) -> Vec<String> {
        let line = |(cell, answer): &(&Cell, &Answer)| {
            let latency = cell.latency_ms.map(|ms| number::duration_ms(ms as f64));
            let mean = answer.mean_confidence().map(|mean| format!("mean {}", number::percent(f64::from(mean))));
            let figures: Vec<String> = latency.into_iter().chain(mean).chain(answer.cost_usd.map(|cost| cost.to_string())).collect();
            let tags: Vec<String> = answer.tags.iter().map(|tag| format!("{} {}", tag.name, number::confidence(tag.confidence))).collect();
            let tags = if tags.is_empty() { "no tags".to_owned() } else { tags.join(", ") };
            format!("Repeat {}: {}: {tags}", cell.repeat + 1, figures.join(", "))
        };
        self.answers.iter().map(line).collect()
    }

    /// How many have each tag, the most first: `cat 3/3, sofa 2/3`.
    #[must_use]
    pub fn tags_in_words(&self) -> String {
        let mut found: Vec<(&String, &usize)> = self.found.iter().collect();
        found.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
        found.into_iter().map(|(name, count)| format!("{name} {count}/{}", self.answers.len())).collect::<Vec<_>>().join(", ")
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range: Option<(f64, f64)>, value| Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value)))))
}

/// The unit once, where all three have the same; no range where it says nothing.
fn with_range(shown: f64, range: Option<(f64, f64)>, words: fn(f64) -> String) -> String {
    let shown = words(shown);
    let Some((low, high)) = range.map(|(low, high)| (words(low), words(high))).filter(|(low, high)| low != high) else { return shown };
    let unit = |words: &str| words.split_once(' ').map(|(_, unit)| unit.to_owned());
    if unit(&low) == unit(&high) && unit(&shown) == unit(&low) {
        let bare = |words: &str| words.split_once(' ').map_or(words, |(figure, _)| figure).to_owned();
        return format!("{shown} ({}–{})", bare(&low), bare(&high));
    }
    format!("{shown} ({low} – {high})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};
    use crate::wire::money::UsdMicros;
    use crate::wire::result::{ConfidenceKind, Usage};
    use crate::wire::run::CellState;

    fn cell(repeat: u32, latency_ms: u64, tags: &[(&str, f32)]) -> Cell {
        let tags = tags.iter().map(|(name, confidence)| Tag { name: (*name).to_owned(), confidence: Some(*confidence), bounds: None }).collect();
        let answer = Answer {
            caption: None,
            tags,
            confidence_kind: ConfidenceKind::ModelScore,
            usage: Usage::default(),
            cost_usd: Some(UsdMicros(1_200)),
            retries: 0,
            notes: Vec::new(),
        };
        Cell {
            id: CellId::fresh(),
            run_id: RunId::fresh(),
            photo_id: PhotoId::fresh(),
            column: 0,
            repeat,
            state: CellState::Completed,
            answer: Some(answer),
            fault: None,
            latency_ms: Some(latency_ms),
            trace: Vec::new(),
            reused: None,
        }
    }

    #[test]
    fn a_cell_says_how_much_its_repeats_differ() {
        let repeats = [
            Some(cell(0, 1_100, &[("Cat", 0.9), ("sofa", 0.34)])),
            Some(cell(1, 1_300, &[("cat", 0.8), ("sofa", 0.52)])),
            Some(cell(2, 1_020, &[("cat", 0.58), ("dog", 0.58)])),
            None,
        ];
        let spread = Spread::of(&repeats).expect("three answers");
        let shown = repeats[0].as_ref().and_then(|cell| cell.answer.as_ref()).expect("an answer");
        let found: Vec<_> = shown.tags.iter().map(|tag| spread.found_words(tag)).collect();
        assert_eq!(found, [None, Some("2/3".to_owned())], "what all have needs no figure");
        // The pairs: the same tags; one of three in common; one of three.
        assert_eq!(spread.agreement_words(), "repeats agree 56 %");
        assert_eq!(spread.latency_words(1_100), "1.10 s (1.02–1.30)");
        assert_eq!(spread.confidence_words(0.62), "mean 62 % (58–66)");
        assert_eq!(spread.tags_in_words(), "cat 3/3, sofa 2/3, dog 1/3");
        assert_eq!(spread.each_in_words()[2], "Repeat 3: 1.02 s, mean 58 %, $0.001200: cat 58 %, dog 58 %");
    }

    #[test]
    fn one_answer_has_no_spread_and_units_are_told_where_they_differ() {
        assert!(Spread::of(&[Some(cell(0, 1, &[])), None, None]).is_none());
        let repeats = [Some(cell(0, 820, &[])), Some(cell(1, 1_240, &[]))];
        let spread = Spread::of(&repeats).expect("two answers");
        assert_eq!((spread.latency_words(820), spread.agreement_words()), ("820 ms (820 ms – 1.24 s)".to_owned(), "repeats agree 100 %".to_owned()));
        let same = [Some(cell(0, 300, &[])), Some(cell(1, 300, &[]))];
        assert_eq!(Spread::of(&same).expect("two answers").latency_words(300), "300 ms");
    }
}
