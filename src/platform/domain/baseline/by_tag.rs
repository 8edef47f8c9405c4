//! Precision, recall and F1 of each tag of the labels by itself, and their means over the tags (macro).
//!
//! A tag that a column never answers has precision 0 here, as in scikit-learn, so that the mean does not rise by leaving tags
//! out. Tags that no label of the sample at hand names take no part in the means.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Labels};
use super::measures::{figure, verdict};
use crate::platform::domain::statistics::{Resamples, Units};
use crate::wire::comparison::{Figure, Measure, MeasureComparison, TagComparison};
use crate::wire::ids::PhotoId;

/// Tags that are listed by themselves; the means are over all.
const TAGS_MOST: usize = 100;
const MEANS: [Measure; 3] = [Measure::MacroPrecision, Measure::MacroRecall, Measure::MacroF1];

/// Right, too many, missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Hits {
    right: f64,
    extra: f64,
    missing: f64,
}

impl Hits {
    fn add(&mut self, other: Self, times: f64) {
        self.right += times * other.right;
        self.extra += times * other.extra;
        self.missing += times * other.missing;
    }

    fn is_labelled(self) -> bool {
        self.right + self.missing > 0.0
    }

    fn precision(self) -> f64 {
        share(self.right, self.right + self.extra).unwrap_or(0.0)
    }

    fn recall(self) -> f64 {
        share(self.right, self.right + self.missing).unwrap_or(0.0)
    }

    fn f1(self) -> f64 {
        share(2.0 * self.right, 2.0 * self.right + self.extra + self.missing).unwrap_or(0.0)
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// What one photo says of one tag, in both columns.
struct Entry {
    place: usize,
    hits: [Hits; 2],
    /// Its part in the unit that it counts in.
    weight: f64,
}

/// The tags of the labels with the photos that say something of each, and what came of it.
pub struct ByTag {
    pub means: Vec<MeasureComparison>,
    pub tags: Vec<TagComparison>,
}

/// Of one column; `None` where nothing is labelled. Without `baseline` the column stands for itself.
#[must_use]
pub fn compare(photos: &[PhotoId], column: &[Facts], baseline: Option<&[Facts]>, labels: &Labels, units: &Units) -> Option<ByTag> {
    let paired: Vec<(usize, &BTreeSet<String>)> = photos
        .iter()
        .enumerate()
        .filter(|(at, _)| column[*at].against.is_some() && baseline.is_none_or(|baseline| baseline[*at].against.is_some()))
        .filter_map(|(at, photo)| Some((at, labels.get(photo)?)))
        .collect();
    let known: BTreeSet<&str> = paired.iter().flat_map(|(_, labels)| labels.iter().map(String::as_str)).collect();
    if known.is_empty() {
        return None;
    }
    let mut in_unit = vec![0_u32; units.len()];
    for (at, _) in &paired {
        in_unit[units.at(*at)] += 1;
    }
    let mut entries: BTreeMap<&str, Vec<Entry>> = known.iter().map(|tag| (*tag, Vec::new())).collect();
    for (at, labels) in &paired {
        let columns = [Some(&column[*at]), baseline.map(|baseline| &baseline[*at])];
        let said = columns.iter().flatten().flat_map(|facts| facts.tags.values().flatten()).chain(labels.iter());
        for tag in said.collect::<BTreeSet<_>>() {
            if let Some(entries) = entries.get_mut(tag.as_str()) {
                let hits = columns.map(|facts| facts.map_or_else(Hits::default, |facts| hits(facts, tag, labels.contains(tag))));
                entries.push(Entry { place: *at, hits, weight: 1.0 / f64::from(in_unit[units.at(*at)]) });
            }
        }
    }
    Some(counted(&entries, units, paired.iter().map(|(at, _)| *at).collect(), baseline.is_some()))
}

/// The repeats of a photo count once each.
fn hits(facts: &Facts, tag: &str, is_label: bool) -> Hits {
    let mut hits = Hits::default();
    for tags in facts.tags.values() {
        match (tags.contains(tag), is_label) {
            (true, true) => hits.right += 1.0,
            (true, false) => hits.extra += 1.0,
            (false, true) => hits.missing += 1.0,
            (false, false) => {}
        }
    }
    hits
}

/// The sums of one tag, in both columns.
fn sums(entries: &[Entry], units: &Units, drawn: Option<&[u32]>) -> [Hits; 2] {
    let mut sums = [Hits::default(); 2];
    for entry in entries {
        let times = entry.weight * drawn.map_or(1.0, |drawn| f64::from(drawn[units.at(entry.place)]));
        if times > 0.0 {
            for (sum, hits) in sums.iter_mut().zip(entry.hits) {
                sum.add(hits, times);
            }
        }
    }
    sums
}

/// The three means of both columns: precision, recall, F1.
fn means(all: &[[Hits; 2]]) -> Option<[[f64; 3]; 2]> {
    let labelled: Vec<_> = all.iter().filter(|hits| hits[0].is_labelled() || hits[1].is_labelled()).collect();
    let mean = |of: fn(Hits) -> f64, which: usize| labelled.iter().map(|hits| of(hits[which])).sum::<f64>() / labelled.len() as f64;
    let of = |which| [mean(Hits::precision, which), mean(Hits::recall, which), mean(Hits::f1, which)];
    (!labelled.is_empty()).then(|| [of(0), of(1)])
}

fn counted(entries: &BTreeMap<&str, Vec<Entry>>, units: &Units, paired: Vec<usize>, has_baseline: bool) -> ByTag {
    let (photos, paired_units) = (paired.len() as u32, units.count(paired) as u32);
    let whole: Vec<[Hits; 2]> = entries.values().map(|entries| sums(entries, units, None)).collect();
    let mut listed: Vec<Listed<'_>> = entries.iter().enumerate().map(|(at, (tag, entries))| Listed::of(at, tag, entries, units)).collect();
    listed.sort_by(|one, other| other.photos.cmp(&one.photos).then(one.tag.cmp(other.tag)));
    listed.truncate(TAGS_MOST);
    let resamples = Resamples::of(units.len());
    // First the means: three of the column, three of the baseline, three differences. Then three of each listed tag.
    let found = resamples.figures(9 + 3 * listed.len(), |drawn, row| {
        let all: Vec<[Hits; 2]> = entries.values().map(|entries| sums(entries, units, Some(drawn))).collect();
        if let Some([column, baseline]) = means(&all) {
            for at in 0..3 {
                row[at] = Some(column[at]);
                row[3 + at] = Some(baseline[at]);
                row[6 + at] = Some(column[at] - baseline[at]);
            }
        }
        for (place, one) in listed.iter().enumerate() {
            let hits = all[one.at];
            if hits[0].is_labelled() || hits[1].is_labelled() {
                let (column, baseline) = (hits[0].f1(), hits[1].f1());
                row[9 + 3 * place..12 + 3 * place].copy_from_slice(&[Some(column), Some(baseline), Some(column - baseline)]);
            }
        }
    });
    let figure_of = |value: f64, at: usize, units: u32| figure(value, resamples.interval(&found[at]), units);
    let mut compared = Vec::new();
    if let Some([column, baseline]) = means(&whole) {
        for (at, measure) in MEANS.into_iter().enumerate() {
            let difference = has_baseline.then(|| figure_of(column[at] - baseline[at], 6 + at, paired_units));
            compared.push(MeasureComparison {
                measure,
                photos,
                units: paired_units,
                figure: figure_of(column[at], at, paired_units),
                baseline: has_baseline.then(|| figure_of(baseline[at], 3 + at, paired_units)),
                verdict: verdict(measure, difference.as_ref(), paired_units),
                difference,
            });
        }
    }
    let tag = |(place, one): (usize, &Listed<'_>)| {
        let [column, baseline] = whole[one.at];
        let difference: Option<Figure> = has_baseline.then(|| figure_of(column.f1() - baseline.f1(), 11 + 3 * place, one.units));
        TagComparison {
            tag: one.tag.to_owned(),
            photos: one.photos,
            precision: share(column.right, column.right + column.extra),
            recall: share(column.right, column.right + column.missing),
            f1: figure_of(column.f1(), 9 + 3 * place, one.units),
            baseline_precision: share(baseline.right, baseline.right + baseline.extra),
            baseline_recall: share(baseline.right, baseline.right + baseline.missing),
            baseline_f1: has_baseline.then(|| figure_of(baseline.f1(), 10 + 3 * place, one.units)),
            verdict: verdict(Measure::F1, difference.as_ref(), one.units),
            difference,
        }
    };
    ByTag { means: compared, tags: listed.iter().enumerate().map(tag).collect() }
}

/// A tag that is listed by itself: its place among all, and how many labelled photos have it, and how many units they are.
struct Listed<'t> {
    at: usize,
    tag: &'t str,
    photos: u32,
    units: u32,
}

impl<'t> Listed<'t> {
    fn of(at: usize, tag: &'t str, entries: &[Entry], units: &Units) -> Self {
        let labelled: Vec<usize> = entries.iter().filter(|entry| entry.hits.iter().any(|hits| hits.is_labelled())).map(|entry| entry.place).collect();
        Self { at, tag, photos: labelled.len() as u32, units: units.count(labelled) as u32 }
    }
}
