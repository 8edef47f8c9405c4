//! What a comparison will cost: told before anything is asked, and held below what a person allows.

use std::collections::BTreeSet;

use crate::app::{Failure, Result, terminal};
use crate::wire::cost::{Estimate, UnknownCost, calls_words, sum_words, unknown_words};
use crate::wire::money::UsdMicros;
use crate::wire::provider::provider_of;
use crate::wire::result::Fault;
use crate::wire::run::{Cell, CellState, Run, RunState};

/// Refuses what may cost more than a person allows, or what can't be told beforehand; the estimate is that of a whole run.
pub fn check(most: UsdMicros, estimate: &Estimate) -> Result<()> {
    if let Some(unknown) = unknown_words(estimate.total.unknown_calls) {
        let models = |why| unknown_models(estimate, why).join(", ");
        let (unpriced, uncounted) = (models(UnknownCost::Price), models(UnknownCost::PhotoTokens));
        // Each wants another entry: a price is of no use where nobody knows the tokens of a photo.
        let (what, mend) = match (unpriced.is_empty(), uncounted.is_empty()) {
            (_, true) => (format!("{unknown} ({unpriced})"), "their prices"),
            (true, false) => (format!("{unknown}: how many tokens a photo is for {uncounted} is not known"), "their image_tokens"),
            (false, false) => (format!("{unknown} (no price: {unpriced}; no tokens of a photo: {uncounted})"), "their prices and image_tokens"),
        };
        let are = if estimate.total.unknown_calls == 1 { "is" } else { "are" };
        return Err(Failure::Usage(format!(
            "Nothing was asked: with --max-cost every cost must be known beforehand, and there {are} {what}. \
             Leave them out, or write {mend} into model-catalogue.json beside the configuration file"
        )));
    }
    let high = estimate.total.cost.high_usd;
    if high > most {
        return Err(Failure::Usage(format!(
            "Nothing was asked: this may cost up to {high}, and --max-cost is {most}. Ask about fewer photos, or raise it"
        )));
    }
    Ok(())
}

/// Whether calls were left out for the limit, in words.
pub fn stopped_words(run: &Run, cells: &[Cell]) -> Option<String> {
    let limit = run.limit.as_ref().filter(|_| run.state == RunState::Interrupted)?;
    let held: BTreeSet<&str> =
        cells.iter().filter(|cell| cell.fault.as_ref().is_some_and(Fault::holds_back)).filter_map(|cell| provider(run, cell)).collect();
    let is_for_limit = |cell: &&Cell| {
        let is_stopped = run.stopped.iter().any(|stopped| stopped.column == cell.column);
        cell.state == CellState::Waiting && !is_stopped && provider(run, cell).is_some_and(|provider| !held.contains(provider))
    };
    let left = cells.iter().filter(is_for_limit).count();
    let spent = sum_words(run.cost_usd, run.cost_unknown_cells);
    let most = limit.most_usd;
    (left > 0).then(|| format!("Stopped at {spent}: calls cost more than was expected, and any of the {left} left might cross --max-cost {most}"))
}

fn provider<'r>(run: &'r Run, cell: &Cell) -> Option<&'r str> {
    run.columns.get(cell.column as usize).map(|column| provider_of(&column.model))
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
        format!("  {} · {}: {}, {cost}", column.prompt_name, column.model, calls_words(column.calls))
    });
    let sum = match unknown_words(total.unknown_calls) {
        None => total.cost.to_string(),
        Some(unknown) if total.cost.high_usd == UsdMicros(0) => unknown,
        Some(unknown) => format!("{} + {unknown}", total.cost),
    };
    let head = format!("Expected cost of {}: {sum} (prices checked on {})", calls_words(estimate.calls), estimate.prices_checked);
    let notes = estimate.notes.iter().map(|note| format!("  {note}"));
    std::iter::once(head).chain(columns.filter(|_| estimate.columns.len() > 1)).chain(notes).collect()
}

/// A number of USD above 0, as `0.50` or `$0.50`.
pub fn usd(text: &str) -> std::result::Result<UsdMicros, String> {
    text.parse()
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
            input_from_answers: 0,
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
        assert!(matches!(check(UsdMicros(5_199), &dear), Err(Failure::Usage(why)) if why.contains("$0.005200") && why.contains("$0.005199")));
        assert!(check(UsdMicros(5_200), &dear).is_ok());
        let unknown = estimate(&[("a/x", 10, Some((1, 1))), ("b/y", 4, None)]);
        assert!(matches!(check(UsdMicros(1_000_000), &unknown), Err(Failure::Usage(why)) if why.contains("4 calls of unknown price (b/y)")));
        let one = estimate(&[("b/y", 1, None)]);
        assert!(matches!(check(UsdMicros(1_000_000), &one), Err(Failure::Usage(why)) if why.contains("there is 1 call of unknown price (b/y)")));
        assert!(lines(&one, false)[0].starts_with("Expected cost of 1 call: 1 call of unknown price"), "{:?}", lines(&one, false));
        let mut uncounted = unknown;
        uncounted.columns[1].unknown = Some(UnknownCost::PhotoTokens);
        let Err(Failure::Usage(why)) = check(UsdMicros(1_000_000), &uncounted) else { panic!("it is refused") };
        assert!(why.contains("how many tokens a photo is for b/y is not known") && why.contains("write their image_tokens"), "{why}");
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
