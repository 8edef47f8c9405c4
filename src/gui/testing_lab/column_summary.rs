//! The figures of one column of the matrix.

use crate::wire::money::UsdMicros;
use crate::wire::result::Fault;
use crate::wire::run::{Cell, CellState};

/// What the cells of a column have in sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnSummary {
    pub completed: u64,
    pub failed: u64,
    /// Milliseconds, over the completed cells.
    pub latency_p50_ms: Option<f64>,
    /// Mean over the completed cells of their mean confidence.
    pub mean_confidence: Option<f64>,
    /// Sum of the known costs.
    pub cost: UsdMicros,
    /// What the answers that were known already cost when they were asked for; this run was charged nothing for them.
    pub cost_then: UsdMicros,
    /// Billed cells whose cost is not known.
    pub cost_unknown: u64,
}

impl ColumnSummary {
    #[must_use]
    pub fn of<'c>(cells: impl Iterator<Item = &'c Cell>) -> Self {
        let mut summary = Self::default();
        let (mut latencies, mut confidences) = (Vec::new(), (0.0, 0_u64));
        for cell in cells {
            match (&cell.answer, cell.state) {
                (Some(answer), CellState::Completed) => {
                    summary.completed += 1;
                    latencies.extend(cell.latency_ms);
                    if let Some(confidence) = answer.mean_confidence() {
                        confidences = (confidences.0 + f64::from(confidence), confidences.1 + 1);
                    }
                    summary.cost_then += cell.reused.as_ref().and_then(|from| from.cost_usd).unwrap_or_default();
                    match answer.cost_usd {
                        Some(cost) => summary.cost += cost,
                        None => summary.cost_unknown += 1,
                    }
                }
                // One that is asked again has failed until its answer is in.
                (_, state) if state == CellState::Failed || cell.failure().is_some() => {
                    summary.failed += 1;
                    // Refusals and cut answers are billed.
                    match &cell.fault {
                        Some(Fault { cost_usd: Some(cost), .. }) => summary.cost += *cost,
                        Some(fault) if fault.is_billed() => summary.cost_unknown += 1,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        summary.latency_p50_ms = median(&mut latencies);
        summary.mean_confidence = (confidences.1 > 0).then(|| confidences.0 / confidences.1 as f64);
        summary
    }
}

/// The middle value; the mean of the two in the middle where their number is even.
fn median(values: &mut [u64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable(middle);
    let upper = *upper as f64;
    let lower = if is_odd { upper } else { below.iter().max().copied().map_or(upper, |lower| lower as f64) };
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};
    use crate::wire::result::{Answer, ConfidenceKind, FaultKind, Tag, Usage};

    fn cell(latency_ms: u64, confidence: f32, cost_usd: Option<UsdMicros>) -> Cell {
        Cell {
            id: CellId::fresh(),
            run_id: RunId::fresh(),
            photo_id: PhotoId::fresh(),
            column: 0,
            repeat: 0,
            state: CellState::Completed,
            answer: Some(Answer {
                caption: None,
                tags: vec![Tag { name: "cat".to_owned(), confidence: Some(confidence), bounds: None }],
                confidence_kind: ConfidenceKind::ModelScore,
                usage: Usage::default(),
                cost_usd,
                retries: 0,
                notes: Vec::new(),
            }),
            fault: None,
            latency_ms: Some(latency_ms),
            trace: Vec::new(),
            reused: None,
        }
    }

    #[test]
    fn figures_count_answers_failures_and_unknown_costs() {
        let fault = Fault { cost_usd: Some(UsdMicros(5)), ..Fault::new(FaultKind::Refused, "no") };
        let failed = Cell { state: CellState::Failed, answer: None, fault: Some(fault), ..cell(1, 0.0, None) };
        let used = Usage { input_tokens: Some(9), ..Usage::default() };
        let fault = Fault { usage: used, ..Fault::new(FaultKind::Truncated, "cut") };
        let cut = Cell { state: CellState::Failed, answer: None, fault: Some(fault), ..cell(1, 0.0, None) };
        let waiting = Cell { state: CellState::Waiting, answer: None, ..cell(1, 0.0, None) };
        let cells = [cell(30, 0.5, Some(UsdMicros(10))), cell(10, 1.0, None), cell(20, 0.75, Some(UsdMicros(1))), failed, cut, waiting];
        let summary = ColumnSummary::of(cells.iter());
        assert_eq!((summary.completed, summary.failed, summary.cost, summary.cost_unknown), (3, 2, UsdMicros(16), 2));
        assert_eq!((summary.latency_p50_ms, summary.mean_confidence), (Some(20.0), Some(0.75)));
        let again = cells.map(|cell| if cell.state == CellState::Failed { Cell { state: CellState::Running, ..cell } } else { cell });
        assert_eq!(ColumnSummary::of(again.iter()), summary, "an error stands while it is asked again");
    }

    #[test]
    fn an_even_number_of_latencies_has_its_middle_between_two() {
        assert_eq!(median(&mut [40, 10, 20, 30]), Some(25.0));
        assert_eq!(median(&mut []), None);
    }
}
