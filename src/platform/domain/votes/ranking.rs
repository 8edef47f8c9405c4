//! The ranking of the columns of a run by the votes on its photos. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::platform::domain::baseline;
use crate::platform::domain::statistics::bradley_terry::{self, Fit, Shown};
use crate::platform::domain::statistics::{Resamples, Units};
use crate::wire::comparison::Figure;
use crate::wire::ids::PhotoId;
use crate::wire::run::Run;
use crate::wire::vote::{Choice, Ranked, RunVotes, Vote};

const METHOD: &str = "Bradley–Terry strengths (1952), of more than two answers after Luce (1959), fitted by Hunter's MM algorithm (2004): how \
                      often a column would be chosen among all of the ranking. A tie counts for each shown in equal parts; “none good” \
                      counts for none. Intervals are 95 %: percentile bootstrap over the photos voted on, look-alikes drawn together \
                      (up to 4,000 resamples, fixed seed; the fit of each is within 0.3 points); with fewer than 6 there is none";

/// `place`: of each photo of the run.
#[must_use]
pub fn of(run: &Run, votes: Vec<Vote>, place: &HashMap<PhotoId, usize>, units: &Units) -> RunVotes {
    let ties = votes.iter().filter(|vote| vote.choice == Choice::Tie).count() as u32;
    let none_good = votes.iter().filter(|vote| vote.choice == Choice::NoneGood).count() as u32;
    let deciding: Vec<&Vote> = votes.iter().filter(|vote| vote.choice != Choice::NoneGood).collect();
    let columns: Vec<u32> = deciding.iter().flat_map(|vote| vote.columns.iter().copied()).collect::<BTreeSet<u32>>().into_iter().collect();
    let contests = Contests::of(&deciding, &columns, place, units);
    let fitted = contests.fit(None, None);
    let found = fitted.as_ref().map(|fitted| contests.resampled(fitted));
    let mut ranking: Vec<Ranked> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let count = |is: &dyn Fn(&Vote) -> bool| deciding.iter().filter(|vote| vote.columns.contains(column) && is(vote)).count() as u32;
            let strength = fitted.as_ref().zip(found.as_ref()).map(|(fitted, found)| contests.figure(fitted[at], &found[at]));
            let best = count(&|vote| vote.choice == Choice::Best { column: *column });
            Ranked { column: *column, strength, shown: count(&|_| true), best, ties: count(&|vote| vote.choice == Choice::Tie) }
        })
        .collect();
    let value = |ranked: &Ranked| ranked.strength.map_or(-1.0, |strength| strength.value);
    ranking.sort_by(|one, other| value(other).total_cmp(&value(one)).then(other.best.cmp(&one.best)).then(one.column.cmp(&other.column)));
    let beside = fitted.as_ref().zip(found.as_ref()).and_then(|(fitted, found)| contests.beside(fitted, found.last()?));
    let words = words(run, &ranking, &contests, fitted.is_some(), beside);
    RunVotes { run_id: run.id, votes, ranking, words, ties, none_good, method: METHOD.to_owned() }
}

/// What a vote gives to columns, by their places.
type Won = Vec<(usize, f64)>;

/// The votes by unit, so that they can be drawn again.
struct Contests {
    columns: usize,
    /// Places of the columns that were shown, and what the vote gives to each column.
    votes: Vec<(Vec<usize>, Won)>,
    /// The unit of each vote, counted from 0 without gaps, and its part in it.
    unit: Vec<(usize, f64)>,
    units: usize,
}

impl Contests {
    fn of(votes: &[&Vote], columns: &[u32], place: &HashMap<PhotoId, usize>, units: &Units) -> Self {
        let at = |column: &u32| columns.binary_search(column).ok();
        let contest = |vote: &&Vote| {
            let mut shown: Vec<usize> = vote.columns.iter().filter_map(at).collect();
            shown.sort_unstable();
            let won: Won = match vote.choice {
                Choice::Best { column } => at(&column).map(|at| (at, 1.0)).into_iter().collect(),
                _ => shown.iter().map(|at| (*at, 1.0 / shown.len() as f64)).collect(),
            };
            (shown, won)
        };
        let mut known: BTreeMap<usize, (usize, u32)> = BTreeMap::new();
        // A photo that is no longer of the run counts by itself.
        let of_photo = |at: usize, vote: &Vote| place.get(&vote.photo_id).map_or(units.len() + at, |place| units.at(*place));
        let raw: Vec<usize> = votes.iter().enumerate().map(|(at, vote)| of_photo(at, vote)).collect();
        for unit in &raw {
            let next = known.len();
            known.entry(*unit).or_insert((next, 0)).1 += 1;
        }
        let unit = raw.iter().map(|unit| (known[unit].0, 1.0 / f64::from(known[unit].1))).collect();
        Self { columns: columns.len(), votes: votes.iter().map(contest).collect(), unit, units: known.len() }
    }

    /// The strengths, of a resample where one was drawn.
    fn fit(&self, drawn: Option<&[u32]>, from: Option<&[f64]>) -> Option<Vec<f64>> {
        let mut wins = vec![0.0; self.columns];
        let mut shown: BTreeMap<&[usize], f64> = BTreeMap::new();
        for ((places, won), (unit, part)) in self.votes.iter().zip(&self.unit) {
            let times = part * drawn.map_or(1.0, |drawn| f64::from(drawn[*unit]));
            *shown.entry(places.as_slice()).or_default() += times;
            for (at, share) in won {
                wins[*at] += times * share;
            }
        }
        let shown: Vec<Shown> = shown.into_iter().map(|(places, votes)| (places.to_vec(), votes)).collect();
        bradley_terry::strengths(&wins, &shown, from, if drawn.is_some() { Fit::QUICK } else { Fit::CLOSE })
    }

    /// By column its strengths over the resamples, sorted; and last, how often the first of the ranking would be chosen beside the second.
    fn resampled(&self, fitted: &[f64]) -> Vec<Vec<f64>> {
        Resamples::of(self.units).figures(self.columns + 1, |drawn, row| {
            let Some(strengths) = self.fit(Some(drawn), Some(fitted)) else { return };
            if let Some(last) = row.last_mut() {
                *last = share_of_first(&strengths, fitted);
            }
            for (value, strength) in row.iter_mut().zip(strengths) {
                *value = Some(strength);
            }
        })
    }

    fn figure(&self, value: f64, sorted: &[f64]) -> Figure {
        baseline::figure(value, Resamples::of(self.units).interval(sorted), self.units as u32)
    }

    /// How often the first of the ranking would be chosen beside the second.
    fn beside(&self, fitted: &[f64], resampled: &[f64]) -> Option<Figure> {
        Some(self.figure(share_of_first(fitted, fitted)?, resampled))
    }
}

/// The part that the strongest by `fitted` has of what it has together with the second.
fn share_of_first(strengths: &[f64], fitted: &[f64]) -> Option<f64> {
    let mut order: Vec<usize> = (0..fitted.len()).collect();
    order.sort_by(|one, other| fitted[*other].total_cmp(&fitted[*one]));
    let (one, other) = (strengths[*order.first()?], strengths[*order.get(1)?]);
    Some(one / (one + other)).filter(|share| share.is_finite())
}

/// What the ranking says.
fn words(run: &Run, ranking: &[Ranked], contests: &Contests, is_fitted: bool, beside: Option<Figure>) -> String {
    let (Some(first), Some(second)) = (ranking.first(), ranking.get(1)) else { return "No vote yet that says which is better".to_owned() };
    if !is_fitted {
        return "The columns were not all compared with each other: vote on them together".to_owned();
    }
    let label = |ranked: &Ranked| run.columns.get(ranked.column as usize).map_or_else(String::new, crate::wire::run::RunColumn::label);
    let Some(beside) = beside else { return "No vote yet that says which is better".to_owned() };
    let (one, other) = (label(first), label(second));
    match beside.interval() {
        None => format!("Too few votes to tell: {} of the 6 photos that it needs", contests.units),
        Some((low, high)) => {
            let share = format!("{:.0} % of the choices between the two ({:.0}–{:.0} %)", beside.value * 100.0, low * 100.0, high * 100.0);
            if low > 0.5 {
                format!("{one} is preferred to {other}: {share}")
            } else {
                format!("No preference shown between {one} and {other}: {share}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::RunId;

    fn run(photos: usize) -> Run {
        let column = |model: &str| serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": model});
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": "completed", "repeats": 1, "concurrency": 1, "cost_usd": 0,
            "photo_ids": (0..photos).map(|_| PhotoId::fresh()).collect::<Vec<_>>(), "columns": [column("a"), column("b"), column("c")],
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    fn ranked(run: &Run, votes: &[(&[u32], Choice)], units: &Units) -> RunVotes {
        let vote = |(at, (columns, choice)): (usize, &(&[u32], Choice))| Vote {
            photo_id: run.photo_ids[at],
            columns: columns.to_vec(),
            choice: *choice,
            at: chrono::DateTime::default(),
        };
        let place = run.photo_ids.iter().enumerate().map(|(at, photo)| (*photo, at)).collect();
        of(run, votes.iter().enumerate().map(vote).collect(), &place, units)
    }

    fn best(column: u32) -> Choice {
        Choice::Best { column }
    }

    #[test]
    fn who_is_chosen_more_often_leads_and_is_preferred_only_when_the_interval_says_so() {
        let run = run(20);
        let both: &[u32] = &[1, 0];
        let clear: Vec<(&[u32], Choice)> = (0..20).map(|at| (both, best(u32::from(at % 10 == 0)))).collect();
        let found = ranked(&run, &clear, &Units::each(20));
        let order: Vec<(u32, u32, u32)> = found.ranking.iter().map(|ranked| (ranked.column, ranked.best, ranked.shown)).collect();
        assert_eq!(order, [(0, 18, 20), (1, 2, 20)]);
        let strength = found.ranking[0].strength.expect("a strength");
        let (low, high) = strength.interval().expect("an interval");
        assert!((strength.value - 0.9).abs() < 1e-6 && low > 0.7 && high <= 1.0, "{strength:?}");
        assert!(found.words.starts_with("P · a is preferred to P · b: 90 % of the choices between the two ("), "{}", found.words);
        let even: Vec<(&[u32], Choice)> = (0..20).map(|at| (both, best(at % 2))).collect();
        assert!(ranked(&run, &even, &Units::each(20)).words.starts_with("No preference shown between"));
        let few = ranked(&run, &clear[..5], &Units::each(20));
        assert!(few.words == "Too few votes to tell: 5 of the 6 photos that it needs" && few.ranking[0].strength.expect("one").interval().is_none());
    }

    #[test]
    fn ties_and_none_good_are_counted_and_three_at_once_are_ranked() {
        let run = run(8);
        let all: &[u32] = &[2, 0, 1];
        let votes = [(all, best(2)), (all, best(2)), (all, best(0)), (all, Choice::Tie), (all, Choice::NoneGood), (all, best(1)), (all, best(2))];
        let found = ranked(&run, &votes, &Units::each(8));
        assert_eq!((found.ties, found.none_good, found.votes.len()), (1, 1, 7));
        let order: Vec<u32> = found.ranking.iter().map(|ranked| ranked.column).collect();
        assert_eq!((order[0], found.ranking[0].best, found.ranking[0].shown, found.ranking[0].ties), (2, 3, 6, 1));
        // Three votes and a third of the tie, of six.
        assert!((found.ranking[0].strength.expect("one").value - (3.0 + 1.0 / 3.0) / 6.0).abs() < 1e-6);
        assert_eq!(ranked(&run, &[(all, Choice::NoneGood)], &Units::each(8)).words, "No vote yet that says which is better");
    }

    #[test]
    fn a_burst_votes_once() {
        let run = run(12);
        let both: &[u32] = &[0, 1];
        let votes: Vec<(&[u32], Choice)> = (0..12).map(|at| (both, best(u32::from(at >= 6)))).collect();
        let burst = Units::of_groups(&run.photo_ids, &[run.photo_ids[..6].to_vec()]);
        let found = ranked(&run, &votes, &burst);
        assert!((found.ranking[0].strength.expect("one").value - 6.0 / 7.0).abs() < 1e-6, "one vote against six: {:?}", found.ranking);
        assert_eq!(found.ranking[0].column, 1);
    }
}
