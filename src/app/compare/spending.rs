//! What a comparison will cost: told before anything is asked, and held below what a person allows.

use crate::app::{Failure, Result, terminal};
use crate::wire::cost::{Estimate, UnknownCost, unknown_words};
use crate::wire::money::UsdMicros;
use crate::wire::run::Run;

/// What a person allows, and how much one more call may cost.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    most: UsdMicros,
    /// With long answers.
    dearest_call: UsdMicros,
    all_calls: UsdMicros,
}

impl Cap {
    /// Refuses what may cost more, or what can't be told beforehand; the estimate is that of a whole run.
    pub fn of(most: UsdMicros, estimate: &Estimate) -> Result<Self> {
        if let Some(unknown) = unknown_words(estimate.total.unknown_calls) {
            let models = |why| unknown_models(estimate, why).join(", ");
            let (unpriced, uncounted) = (models(UnknownCost::Price), models(UnknownCost::PhotoTokens));
            // Each wants another entry: a price is of no use where nobody knows the tokens of a photo.
            let (what, mend) = match (unpriced.is_empty(), uncounted.is_empty()) {
                (_, true) => (format!("{unknown} ({unpriced})"), "their prices"),
                (true, false) => (format!("{unknown}: how many tokens a photo is for {uncounted} is not known"), "their image_tokens"),
                (false, false) => (format!("{unknown} (no price: {unpriced}; no tokens of a photo: {uncounted})"), "their prices and image_tokens"),
            };
            return Err(Failure::Usage(format!(
                "Nothing was asked: with --max-cost every cost must be known beforehand, and there are {what}. \
                 Leave them out, or write {mend} into model-catalogue.json beside the configuration file"
            )));
        }
        let high = estimate.total.cost.high_usd;
        if high > most {
            return Err(Failure::Usage(format!(
                "Nothing was asked: this may cost up to {high}, and --max-cost is {most}. Ask about fewer photos, or raise it"
            )));
        }
        let dearest = estimate.columns.iter().filter_map(|column| {
            let calls = i64::try_from(column.calls).ok().filter(|calls| *calls > 0)?;
            column.cost.map(|cost| (cost.high_usd.0 + calls - 1) / calls)
        });
        Ok(Self { most, dearest_call: UsdMicros(dearest.max().unwrap_or(0)), all_calls: high })
    }

    /// Whether the calls in flight and the next ones could cross it: answers may be longer than was expected.
    #[must_use]
    pub fn is_near(&self, run: &Run) -> bool {
        let left = run.counts.waiting + run.counts.running;
        let soon = left.min(2 * u64::from(run.concurrency));
        // Those in flight may be the dearest, but all that are left are no more than their share of the whole.
        let dearest = i128::from(self.dearest_call.0) * i128::from(soon);
        let share = i128::from(self.all_calls.0) * i128::from(left) / i128::from(run.counts.total().max(1));
        left > 0 && i128::from(run.cost_usd.0) + dearest.min(share) > i128::from(self.most.0)
    }

    #[must_use]
    pub fn stopped_words(&self, run: &Run) -> String {
        format!("Stopped at {}: the answers cost more than was expected, and more calls could cross --max-cost {}", run.cost_usd, self.most)
    }
}

fn unknown_models(estimate: &Estimate, why: UnknownCost) -> Vec<&str> {
    let unknown = estimate.columns.iter().filter(|column| column.cost.is_none() && column.unknown.unwrap_or(UnknownCost::Price) == why);
    let mut models: Vec<&str> = unknown.map(|column| column.model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    models
}

/// Tells the estimate on standard error; where nothing is to be paid and nobody asked, only what a person should know all the same.
pub fn tell(estimate: &Estimate, is_capped: bool) {
    for line in lines(estimate, is_capped) {
        terminal::err(&line);
    }
}

fn lines(estimate: &Estimate, is_capped: bool) -> Vec<String> {
    let total = estimate.total;
    if total.unknown_calls == 0 && total.cost.high_usd.0 == 0 && !is_capped {
        return estimate.notes.iter().map(|note| format!("Note: {note}")).collect();
    }
    let columns = estimate.columns.iter().map(|column| {
        let cost = column.cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string());
        format!("  {} · {}: {} calls, {cost}", column.prompt_name, column.model, column.calls)
    });
    let sum = match unknown_words(total.unknown_calls) {
        None => total.cost.to_string(),
        Some(unknown) if total.unknown_calls == estimate.calls => unknown,
        Some(unknown) => format!("{} + {unknown}", total.cost),
    };
    let head = format!("Expected cost of {} calls: {sum} (prices checked on {})", estimate.calls, estimate.prices_checked);
    let notes = estimate.notes.iter().map(|note| format!("  {note}"));
    std::iter::once(head).chain(columns.filter(|_| estimate.columns.len() > 1)).chain(notes).collect()
}

/// A number of USD above 0, as `0.50` or `$0.50`.
pub fn usd(text: &str) -> std::result::Result<UsdMicros, String> {
    let number: f64 = text.trim().trim_start_matches('$').parse().map_err(|_| "write a number of USD, such as 0.50".to_owned())?;
    if !number.is_finite() || !(0.0..=1e9).contains(&number) {
        return Err("it must be from 0 to 1,000,000,000 USD".to_owned());
    }
    Ok(UsdMicros((number * 1e6).floor() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cost::{ColumnEstimate, CostRange, EstimatedTotal};

    /// Model, calls and the range of the cost.
    type Column<'m> = (&'m str, u64, Option<(i64, i64)>);

    fn estimate(columns: &[Column<'_>]) -> Estimate {
        let range = |(low, high)| CostRange { low_usd: UsdMicros(low), high_usd: UsdMicros(high) };
        let column = |(model, calls, cost): &Column<'_>| ColumnEstimate {
            prompt_name: "p".to_owned(),
            model: (*model).to_owned(),
            calls: *calls,
            input_tokens: None,
            output_tokens: None,
            from_answers: 0,
            cost: cost.map(range),
            unknown: None,
        };
        let columns: Vec<ColumnEstimate> = columns.iter().map(column).collect();
        let mut total = EstimatedTotal::default();
        for column in &columns {
            match column.cost {
                Some(cost) => total.cost += cost,
                None => total.unknown_calls += column.calls,
            }
        }
        let calls = columns.iter().map(|column| column.calls).sum();
        Estimate { calls, columns, total, prices_checked: "2026-11-23".parse().expect("a date"), notes: Vec::new(), reused: 0 }
    }

    #[test]
    fn what_may_cross_the_cap_is_refused_before_anything_is_asked() {
        let dear = estimate(&[("a/x", 10, Some((1_000, 5_000))), ("b/y", 10, Some((100, 200)))]);
        assert!(matches!(Cap::of(UsdMicros(5_199), &dear), Err(Failure::Usage(why)) if why.contains("$0.005200") && why.contains("$0.005199")));
        assert!(Cap::of(UsdMicros(5_200), &dear).is_ok());
        let unknown = estimate(&[("a/x", 10, Some((1, 1))), ("b/y", 4, None)]);
        assert!(matches!(Cap::of(UsdMicros(1_000_000), &unknown), Err(Failure::Usage(why)) if why.contains("4 calls of unknown price (b/y)")));
        let mut uncounted = unknown;
        uncounted.columns[1].unknown = Some(UnknownCost::PhotoTokens);
        let Err(Failure::Usage(why)) = Cap::of(UsdMicros(1_000_000), &uncounted) else { panic!("it is refused") };
        assert!(why.contains("how many tokens a photo is for b/y is not known") && why.contains("write their image_tokens"), "{why}");
    }

    #[test]
    fn the_calls_stop_before_the_cap_when_answers_are_longer_than_expected() {
        let cap = Cap::of(UsdMicros(10_000), &estimate(&[("a/x", 100, Some((2_000, 10_000)))])).expect("allowed");
        let run = |completed, cost| Run {
            counts: crate::wire::run::RunCounts { waiting: 100 - completed, completed, ..Default::default() },
            cost_usd: UsdMicros(cost),
            ..serde_json::from_str(
                r#"{"id": "0198c0de-0000-7000-8000-000000000000", "name": "", "state": "running", "photo_ids": [], "columns": [], "repeats": 1,
                    "concurrency": 4, "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_usd": 0,
                    "cost_unknown_cells": 0, "started_at": "2026-11-23T12:00:00Z", "finished_at": null}"#,
            )
            .expect("a run")
        };
        // On pace: 50 calls for half of it, even the last one. Eight more of 100 each fit 9,200, not 9,201.
        assert!(!cap.is_near(&run(50, 5_000)) && !cap.is_near(&run(99, 9_900)) && !cap.is_near(&run(100, 10_000)));
        assert!(!cap.is_near(&run(50, 9_200)) && cap.is_near(&run(50, 9_201)));
    }

    #[test]
    fn the_estimate_is_told_when_something_is_to_be_paid() {
        let free = estimate(&[("on-device", 4, Some((0, 0)))]);
        assert!(lines(&free, false).is_empty());
        assert!(lines(&free, true)[0].starts_with("Expected cost of 4 calls: "), "whoever sets a limit sees what is expected");
        let told = Estimate { notes: vec!["The price file is not used".to_owned()], ..free };
        assert_eq!(lines(&told, false), ["Note: The price file is not used"], "what is wrong is told whatever it costs");
        let told = lines(&estimate(&[("a/x", 10, Some((1_000, 5_000))), ("b/y", 4, None)]), false);
        assert_eq!(
            told,
            [
                "Expected cost of 14 calls: ≈ $0.001000–$0.005000 + 4 calls of unknown price (prices checked on 2026-11-23)",
                "  p · a/x: 10 calls, ≈ $0.001000–$0.005000",
                "  p · b/y: 4 calls, unknown"
            ]
        );
    }

    #[test]
    fn a_cap_is_a_number_of_dollars() {
        assert_eq!(usd("0.50"), Ok(UsdMicros(500_000)));
        assert_eq!(usd("$2"), Ok(UsdMicros(2_000_000)));
        for wrong in ["", "two", "-1", "NaN", "inf", "1e12"] {
            assert!(usd(wrong).is_err(), "{wrong}");
        }
    }
}
