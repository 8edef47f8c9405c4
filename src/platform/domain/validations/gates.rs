//! What the gates find in the answers of a run. Pure.
//!
//! A gate is judged by what was measured, and says beside it how far that can be off. What can't be measured is not passed.

use std::collections::{BTreeSet, HashMap};

use crate::platform::domain::baseline::{self, Labels};
use crate::platform::domain::statistics::{Resamples, Units, Z_95, mean, quantile, wilson_of};
use crate::wire::comparison::{Figure, Measure};
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;
use crate::wire::result::FaultKind;
use crate::wire::run::{Cell, CellState, Run};
use crate::wire::validation::{Gate, GateResult, GateState, Gates};

pub const METHOD: &str = "Photos that look alike count together as one: the mean of what is said of them; but of times every answer \
                          counts. A photo that nothing was charged for, since it was not answered, has no cost. Intervals are 95 %: Wilson's of \
                          shares, the percentile bootstrap of all else, look-alikes drawn together (cluster bootstrap; up to 4,000 \
                          resamples, fixed seed; Efron and Tibshirani 1993). With fewer than 6 that count there is none. A gate is \
                          judged by the figure; where the interval reaches across the limit, another sample might be judged otherwise";

/// The answers of one run, and what they are held against.
pub struct Looked<'r> {
    pub run: &'r Run,
    pub cells: &'r [Cell],
    pub labels: &'r Labels,
    /// What counts once of its photos.
    pub units: &'r Units,
    /// The column of the version.
    pub candidate: u32,
    /// The column of production.
    pub against: Option<u32>,
}

/// Holds the answers of a column against the gates.
#[must_use]
pub fn look(gates: &Gates, looked: &Looked<'_>) -> Vec<GateResult> {
    let own: Vec<&Cell> = looked.cells.iter().filter(|cell| cell.column == looked.candidate).collect();
    let ended: Vec<&Cell> = own.iter().copied().filter(|cell| matches!(cell.state, CellState::Completed | CellState::Failed)).collect();
    let counted = |is: &dyn Fn(&Cell) -> bool| {
        let said = by_photo(looked.run, &ended, |cell| Some(f64::from(u8::from(is(cell)))));
        Counted {
            hits: said.iter().flatten().filter(|hit| **hit > 0.0).count(),
            of: said.iter().flatten().count(),
            by_unit: looked.units.means(&said),
        }
    };
    let needs_f1 = gates.f1.is_some() || gates.f1_drop.is_some();
    let comparison = needs_f1.then(|| baseline::of(looked.run, looked.cells, looked.labels, looked.units, looked.against));
    let f1 = comparison.as_ref().and_then(|found| found.columns.get(looked.candidate as usize)?.measure(Measure::F1));
    let mut results = Vec::new();
    if let Some(least) = gates.valid_answers {
        let answered = counted(&|cell| cell.state == CellState::Completed);
        results.push(share_gate(Gate::ValidAnswers, least, &answered));
    }
    if let Some(least) = gates.f1 {
        results.push(f1_gate(least, f1.map(|f1| (f1.figure, f1.photos))));
    }
    if let Some(most) = gates.f1_drop {
        let difference = f1.and_then(|f1| Some((f1.difference?, f1.photos)));
        results.push(drop_gate(most, difference, looked.against.is_some()));
    }
    if let Some(most) = gates.p95_ms {
        let of = |cell: &Cell| cell.answer.as_ref().and(cell.latency_ms).map(|ms| ms as f64);
        let latencies = by_photo(looked.run, &ended, of);
        let of_units = latencies.iter().enumerate().filter_map(|(place, ms)| Some((looked.units.at(place), (*ms)?))).collect();
        results.push(p95_gate(most, of_units));
    }
    if let Some(most) = gates.cost_per_photo_usd {
        results.push(cost_gate(most, looked, &ended));
    }
    if let Some(most) = gates.refusals {
        let refused = counted(&|cell| cell.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Refused));
        results.push(share_gate(Gate::Refusals, most, &refused));
    }
    results
}

/// What a figure must not cross.
#[derive(Clone, Copy)]
enum Bound {
    Least(f64),
    Most(f64),
}

impl Bound {
    /// What the arithmetic leaves behind of a figure that is exactly at the limit.
    const HAIR: f64 = 1e-9;

    fn takes(self, value: f64) -> bool {
        match self {
            Self::Least(least) => value >= least - Self::HAIR,
            Self::Most(most) => value <= most + Self::HAIR,
        }
    }

    /// The whole interval is taken, or none of it.
    fn settles(self, figure: &Figure) -> bool {
        figure.interval().is_some_and(|(low, high)| self.takes(low) == self.takes(high))
    }
}

/// `said`: what was measured, its interval included; `asked`: the limit, in words.
fn judged(gate: Gate, (limit, bound): (f64, Bound), figure: Figure, said: &str, asked: &str) -> GateResult {
    let state = if bound.takes(figure.value) { GateState::Passed } else { GateState::Failed };
    let is_settled = bound.settles(&figure);
    let doubt = match figure.interval() {
        None => "; too few photos for an interval",
        Some(_) if !is_settled => "; the interval reaches across the limit",
        Some(_) => "",
    };
    GateResult { gate, state, why: format!("{said}; {asked}{doubt}"), limit, figure: Some(figure), is_settled }
}

fn unmeasured(gate: Gate, limit: f64, why: &str, asked: &str) -> GateResult {
    GateResult { gate, state: GateState::NotMeasured, why: format!("{why}; {asked}"), limit, figure: None, is_settled: false }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if (percent - percent.round()).abs() < 0.05 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// ` (62–79 ms)`, as `words` tells a value; nothing where there is no interval.
fn interval_words(figure: &Figure, words: impl Fn(f64) -> String) -> String {
    figure.interval().map(|(low, high)| format!(" ({} to {})", words(low), words(high))).unwrap_or_default()
}

/// How many photos are so, and by unit which part of it.
struct Counted {
    hits: usize,
    of: usize,
    by_unit: Vec<Option<f64>>,
}

/// A share of what was asked about, with Wilson's interval.
fn share_gate(gate: Gate, limit: f64, counted: &Counted) -> GateResult {
    let is_least = gate == Gate::ValidAnswers;
    let (what, bound, word) = if is_least { ("answered", Bound::Least(limit), "at least") } else { ("refused", Bound::Most(limit), "at most") };
    let asked = format!("{word} {}", percent(limit));
    let units = counted.by_unit.iter().flatten().count();
    let Some(share) = mean(counted.by_unit.iter().copied().flatten()) else { return unmeasured(gate, limit, "No photo was asked about", &asked) };
    let found = wilson_of(share, units as f64, Z_95);
    let figure = Figure { value: found.share, low: Some(found.low), high: Some(found.high) };
    let alike = if units < counted.of { format!(" of the {units} that do not look alike") } else { String::new() };
    let (hits, of) = (counted.hits, counted.of);
    let said = format!("{hits} of {of} photos {what}, {}{}{alike}", percent(found.share), interval_words(&figure, percent));
    judged(gate, (limit, bound), figure, &said, &asked)
}

const NO_TRUTH: &str = "No photo that was answered has ground truth, so F1 is not known";

fn f1_gate(least: f64, found: Option<(Figure, u32)>) -> GateResult {
    let asked = format!("at least {least:.2}");
    let Some((figure, photos)) = found else { return unmeasured(Gate::F1, least, NO_TRUTH, &asked) };
    let said = format!("F1 {:.2}{} over {photos} photos", figure.value, interval_words(&figure, |value| format!("{value:.2}")));
    judged(Gate::F1, (least, Bound::Least(least)), figure, &said, &asked)
}

fn drop_gate(most: f64, difference: Option<(Figure, u32)>, is_compared: bool) -> GateResult {
    let asked = format!("no more than {most:.2} below it");
    if !is_compared {
        let why = "It is what is in production: there is nothing that it could be worse than".to_owned();
        return GateResult { gate: Gate::F1Drop, state: GateState::Passed, why, limit: most, figure: None, is_settled: true };
    }
    let Some((figure, photos)) = difference else { return unmeasured(Gate::F1Drop, most, NO_TRUTH, &asked) };
    let signed = |value: f64| format!("{}{:.2}", if value < 0.0 { "−" } else { "+" }, value.abs());
    let said = format!("F1 {}{} beside production, over {photos} photos", signed(figure.value), interval_words(&figure, signed));
    judged(Gate::F1Drop, (most, Bound::Least(-most)), figure, &said, &asked)
}

/// What one cell of each photo says, in the order of the run.
fn by_photo(run: &Run, cells: &[&Cell], of: impl Fn(&Cell) -> Option<f64>) -> Vec<Option<f64>> {
    let said: HashMap<PhotoId, f64> = cells.iter().filter_map(|cell| Some((cell.photo_id, of(cell)?))).collect();
    run.photo_ids.iter().map(|photo| said.get(photo).copied()).collect()
}

/// A figure of what is said by unit, with its bootstrap interval; `None` where nothing is said. `figure` gets sorted values.
fn bootstrapped(values: &[Option<f64>], figure: impl Fn(&[f64]) -> Option<f64>) -> Option<Figure> {
    let mut known: Vec<f64> = values.iter().copied().flatten().collect();
    known.sort_by(f64::total_cmp);
    let value = figure(&known)?;
    let resamples = Resamples::of(known.len());
    let mut sample = Vec::with_capacity(known.len());
    let found = resamples.figures(1, |drawn, row| {
        sample.clear();
        // Of sorted values a sample is sorted too.
        sample.extend(known.iter().zip(drawn).flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize)));
        row[0] = figure(&sample);
    });
    Some(baseline::figure(value, resamples.interval(&found[0]), known.len() as u32))
}

/// `latencies`: of each answer, with its unit.
fn p95_gate(most: u64, mut latencies: Vec<(usize, f64)>) -> GateResult {
    let (limit, asked) = (most as f64, format!("at most {most} ms"));
    latencies.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let p95 = |sorted: &[f64]| quantile(sorted, 0.95);
    let Some(value) = p95(&latencies.iter().map(|(_, ms)| *ms).collect::<Vec<f64>>()) else {
        return unmeasured(Gate::P95, limit, "There is no answer whose time could be taken", &asked);
    };
    let units: BTreeSet<usize> = latencies.iter().map(|(unit, _)| *unit).collect();
    let place: HashMap<usize, usize> = units.iter().enumerate().map(|(at, unit)| (*unit, at)).collect();
    let resamples = Resamples::of(units.len());
    let mut sample = Vec::with_capacity(latencies.len());
    let found = resamples.figures(1, |drawn, row| {
        sample.clear();
        // Of sorted values a sample is sorted too.
        sample.extend(latencies.iter().flat_map(|(unit, ms)| std::iter::repeat_n(*ms, drawn[place[unit]] as usize)));
        row[0] = p95(&sample);
    });
    let figure = baseline::figure(value, resamples.interval(&found[0]), units.len() as u32);
    let words = |ms: f64| format!("{ms:.0} ms");
    let said = format!("95 of 100 answers within {}{}", words(figure.value), interval_words(&figure, words));
    judged(Gate::P95, (limit, Bound::Most(limit)), figure, &said, &asked)
}

/// Whether something was charged for a cell, or its answer was free.
fn is_charged(cell: &Cell) -> bool {
    cell.answer.is_some() || cell.fault.as_ref().is_some_and(crate::wire::result::Fault::is_billed)
}

/// What such a cell was charged; `None`: nobody knows how much.
fn charge(cell: &Cell) -> Option<UsdMicros> {
    match (&cell.answer, &cell.fault) {
        (Some(answer), _) => answer.cost_usd,
        (None, fault) => fault.as_ref().and_then(|fault| fault.cost_usd),
    }
}

fn cost_gate(most: UsdMicros, looked: &Looked<'_>, ended: &[&Cell]) -> GateResult {
    let usd = |micros: UsdMicros| micros.0 as f64 / 1e6;
    let (limit, asked) = (usd(most), format!("at most {most}"));
    let charged: Vec<&Cell> = ended.iter().copied().filter(|cell| is_charged(cell)).collect();
    let unknown = charged.iter().filter(|cell| charge(cell).is_none()).count();
    if unknown > 0 {
        let why = format!("What {unknown} of {} photos cost is not known", charged.len());
        return unmeasured(Gate::CostPerPhoto, limit, &why, &asked);
    }
    let costs = looked.units.means(&by_photo(looked.run, &charged, |cell| charge(cell).map(usd)));
    let Some(figure) = bootstrapped(&costs, |costs| mean(costs.iter().copied())) else {
        return unmeasured(Gate::CostPerPhoto, limit, "No photo was answered or charged for", &asked);
    };
    let words = |usd: f64| UsdMicros((usd * 1e6).round() as i64).to_string();
    let said = format!("{} a photo{}", words(figure.value), interval_words(&figure, words));
    judged(Gate::CostPerPhoto, (limit, Bound::Most(limit)), figure, &said, &asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, low: f64, high: f64) -> Figure {
        Figure { value, low: Some(low), high: Some(high) }
    }

    fn share(gate: Gate, limit: f64, hits: usize, of: usize) -> GateResult {
        let by_unit = (0..of).map(|at| Some(f64::from(u8::from(at < hits)))).collect();
        share_gate(gate, limit, &Counted { hits, of, by_unit })
    }

    #[test]
    fn look_alikes_count_once_in_a_share() {
        // A burst of which half is answered, and three photos that are.
        let found = share_gate(Gate::ValidAnswers, 0.8, &Counted { hits: 8, of: 13, by_unit: vec![Some(0.5), Some(1.0), Some(1.0), Some(1.0)] });
        assert_eq!(found.figure.map(|figure| figure.value), Some(0.875));
        assert!(
            found.why.starts_with("8 of 13 photos answered, 87.5 % (") && found.why.contains(") of the 4 that do not look alike;"),
            "{}",
            found.why
        );
    }

    #[test]
    fn a_share_at_its_limit_passes_and_nothing_measured_does_not() {
        let at = share(Gate::ValidAnswers, 0.9, 9, 10);
        assert_eq!((at.state, at.is_settled, at.figure.map(|figure| figure.value)), (GateState::Passed, false, Some(0.9)));
        assert_eq!(at.why, "9 of 10 photos answered, 90 % (59.6 % to 98.2 %); at least 90 %; the interval reaches across the limit");
        assert_eq!(share(Gate::ValidAnswers, 0.91, 9, 10).state, GateState::Failed);
        assert_eq!(share(Gate::Refusals, 0.1, 1, 10).state, GateState::Passed);
        assert_eq!(share(Gate::Refusals, 0.05, 1, 10).state, GateState::Failed);
        let none = share(Gate::Refusals, 0.05, 0, 0);
        assert_eq!((none.state, none.why.as_str()), (GateState::NotMeasured, "No photo was asked about; at most 5 %"));
        let sure = share(Gate::ValidAnswers, 0.5, 100, 100);
        assert!(sure.is_settled && sure.why.ends_with("; at least 50 %"), "{}", sure.why);
    }

    #[test]
    fn a_drop_is_held_against_its_limit_and_production_itself_can_not_drop() {
        let of = |value: f64| drop_gate(0.02, Some((figure(value, value - 0.05, value + 0.05), 40)), true);
        let small = of(-0.02);
        assert_eq!(small.state, GateState::Passed);
        let words = "F1 −0.02 (−0.07 to +0.03) beside production, over 40 photos; no more than 0.02 below it; the interval reaches across the limit";
        assert_eq!(small.why, words);
        assert_eq!((of(-0.03).state, of(0.3).state, of(0.3).is_settled), (GateState::Failed, GateState::Passed, true));
        assert!(of(-0.2).is_settled, "the whole interval fails");
        assert_eq!(drop_gate(0.02, None, true).state, GateState::NotMeasured);
        assert_eq!(drop_gate(0.02, None, false).state, GateState::Passed);
    }

    #[test]
    fn times_are_held_against_their_limit_with_an_interval() {
        // R: quantile(c(100, 200, 300, 400, 500, 1000), 0.95) gives 875.
        let latencies: Vec<(usize, f64)> = [1000.0, 200.0, 300.0, 400.0, 500.0, 100.0].into_iter().enumerate().collect();
        let found = p95_gate(875, latencies.clone());
        let p95 = found.figure.expect("a figure");
        assert!(found.state == GateState::Passed && (p95.value - 875.0).abs() < 1e-9, "{found:?}");
        let (low, high) = p95.interval().expect("six photos have one");
        assert!(low < 875.0 && high == 1000.0 && !found.is_settled, "{low} to {high}");
        assert_eq!((p95_gate(874, latencies.clone()).state, p95_gate(1, Vec::new()).state), (GateState::Failed, GateState::NotMeasured));
        let few = p95_gate(500, latencies[1..3].to_vec());
        assert!(few.figure.is_some_and(|figure| figure.interval().is_none()) && few.why.ends_with("; too few photos for an interval"), "{few:?}");
    }

    #[test]
    fn a_slow_answer_in_each_burst_is_slow_all_the_same() {
        // Ten bursts of nine answers of a second and one of 30: their means are all 3.9 s.
        let bursts = (0..100).map(|at| (at / 10, if at % 10 == 0 { 30_000.0 } else { 1_000.0 })).collect();
        let found = p95_gate(5_000, bursts);
        assert_eq!((found.state, found.figure.map(|figure| figure.value)), (GateState::Failed, Some(30_000.0)));
    }
}
