//! The measures of a column beside the baseline's, each a ratio of two sums over what counts, with intervals from the same resamples.

use super::facts::Facts;
use crate::platform::domain::statistics::{self, Part, Resamples, Units, Z_95};
use crate::wire::comparison::{Figure, Measure, MeasureComparison, Verdict};

/// Pairs below which even differences all of one sign show nothing at 5 %: the sign test gives 2 · ½⁵ = 0.06 there.
pub const PAIRS_LEAST: u32 = 6;

/// Those that are ratios of sums; the means over tags are counted elsewhere.
const RATIOS: [Measure; 9] = [
    Measure::Answered,
    Measure::Agreement,
    Measure::Repeatability,
    Measure::Precision,
    Measure::Recall,
    Measure::F1,
    Measure::Confidence,
    Measure::Latency,
    Measure::Cost,
];

/// What a photo adds to the two sums of a ratio; nothing is added where it has none.
fn part(measure: Measure, facts: &Facts, baseline: Option<&Facts>) -> Part {
    let one = |value: f64| (value, 1.0);
    let counts = facts.against;
    match measure {
        Measure::Answered => (facts.finished > 0).then(|| (f64::from(facts.answered()), f64::from(facts.finished))),
        Measure::Agreement => baseline.and_then(|baseline| facts.agreement(baseline)).map(one),
        Measure::Repeatability => facts.repeatability().map(one),
        Measure::Precision => counts.map(|counts| (f64::from(counts.hits), f64::from(counts.given))),
        Measure::Recall => counts.map(|counts| (f64::from(counts.hits), f64::from(counts.expected))),
        Measure::F1 => counts.map(|counts| (2.0 * f64::from(counts.hits), f64::from(counts.given + counts.expected))),
        Measure::Confidence => facts.confidence.map(one),
        Measure::Latency => facts.latency_ms.map(one),
        Measure::Cost => facts.cost_usd.map(one),
        Measure::MacroPrecision | Measure::MacroRecall | Measure::MacroF1 => None,
    }
}

/// A measure's parts by unit: the column's and the baseline's. Only photos that both have it for take part.
struct Parts {
    measure: Measure,
    column: Vec<Part>,
    /// Empty where there is no baseline to it.
    baseline: Vec<Part>,
    photos: u32,
    /// Units that these are.
    units: u32,
}

impl Parts {
    fn of(measure: Measure, column: &[Facts], baseline: Option<&[Facts]>, units: &Units) -> Option<Self> {
        let other = |at: usize| baseline.map(|baseline| &baseline[at]);
        let mut parts: Vec<Part> = column.iter().enumerate().map(|(at, facts)| part(measure, facts, other(at))).collect();
        // Agreement is taken of both already.
        let mut others: Vec<Part> = match baseline {
            Some(baseline) if measure != Measure::Agreement => baseline.iter().map(|facts| part(measure, facts, None)).collect(),
            _ => Vec::new(),
        };
        for (one, other) in parts.iter_mut().zip(&mut others) {
            if one.is_none() || other.is_none() {
                (*one, *other) = (None, None);
            }
        }
        let photos = parts.iter().flatten().count() as u32;
        let column = units.parts(&parts);
        let baseline = if others.is_empty() { others } else { units.parts(&others) };
        let units = column.iter().flatten().count() as u32;
        (photos > 0).then_some(Self { measure, column, baseline, photos, units })
    }
}

fn ratio(parts: &[Part], drawn: Option<&[u32]>) -> Option<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for (at, part) in parts.iter().enumerate() {
        let Some((num, den)) = part else { continue };
        let times = drawn.map_or(1.0, |drawn| f64::from(drawn[at]));
        above += times * num;
        below += times * den;
    }
    (below > 0.0).then(|| above / below)
}

/// The measures of one column. Without `baseline` the column stands for itself.
#[must_use]
pub fn compare(column: &[Facts], baseline: Option<&[Facts]>, units: &Units) -> Vec<MeasureComparison> {
    let parts: Vec<Parts> = RATIOS.into_iter().filter_map(|measure| Parts::of(measure, column, baseline, units)).collect();
    let resamples = Resamples::of(units.len());
    let found = resamples.figures(3 * parts.len(), |drawn, row| {
        for (parts, row) in parts.iter().zip(row.chunks_mut(3)) {
            row[0] = ratio(&parts.column, Some(drawn));
            row[1] = ratio(&parts.baseline, Some(drawn));
            row[2] = row[0].zip(row[1]).map(|(one, other)| one - other);
        }
    });
    parts.iter().zip(found.chunks(3)).filter_map(|(parts, found)| compared(parts, found, &resamples)).collect()
}

fn compared(parts: &Parts, found: &[Vec<f64>], resamples: &Resamples) -> Option<MeasureComparison> {
    let (value, other) = (ratio(&parts.column, None)?, ratio(&parts.baseline, None));
    let figure_of = |value: f64, sorted: &[f64]| figure(value, resamples.interval(sorted), parts.units);
    let difference = other.map(|other| figure_of(value - other, &found[2]));
    let figure = if parts.measure == Measure::Answered { rate(&parts.column)? } else { figure_of(value, &found[0]) };
    let baseline = match other {
        Some(_) if parts.measure == Measure::Answered => rate(&parts.baseline),
        other => other.map(|other| figure_of(other, &found[1])),
    };
    let verdict = verdict(parts.measure, difference.as_ref(), parts.units);
    Some(MeasureComparison { measure: parts.measure, photos: parts.photos, units: parts.units, figure, baseline, difference, verdict })
}

/// A share of what was asked, with Wilson's interval; the repeats of a photo say one thing of it, and so do look-alikes.
fn rate(parts: &[Part]) -> Option<Figure> {
    let units = parts.iter().flatten().count();
    let found = statistics::wilson_of(ratio(parts, None)?, units as f64, Z_95);
    Some(Figure { value: found.share, low: Some(found.low), high: Some(found.high) })
}

/// With its interval, where enough counts for one.
#[must_use]
pub fn figure(value: f64, interval: Option<(f64, f64)>, units: u32) -> Figure {
    let (low, high) = interval.filter(|_| units >= PAIRS_LEAST).unzip();
    Figure { value, low, high }
}

/// What the interval of a difference says.
#[must_use]
pub fn verdict(measure: Measure, difference: Option<&Figure>, units: u32) -> Verdict {
    let Some(difference) = difference else { return Verdict::None };
    if units < PAIRS_LEAST {
        return Verdict::TooFewPhotos;
    }
    let Some((low, high)) = difference.interval() else { return Verdict::TooFewPhotos };
    if low <= 0.0 && high >= 0.0 {
        return Verdict::NoDifferenceShown;
    }
    match (measure.more_is_better(), low > 0.0) {
        (None, true) => Verdict::Higher,
        (None, false) => Verdict::Lower,
        (Some(better), more) if better == more => Verdict::Better,
        _ => Verdict::Worse,
    }
}
