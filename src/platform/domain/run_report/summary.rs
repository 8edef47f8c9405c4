//! The figures of a comparison: counts, quantiles, cost, and accuracy against labels. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{CellStatus, ReportCell, ReportImage};
use crate::platform::domain::statistics::{mean, quantile};
use crate::wire::comparison::{Measure, MeasureComparison};

/// One model with one prompt, over all photos and repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryRow {
    pub model: String,
    pub prompt: String,
    #[serde(flatten)]
    pub image: ReportImage,
    /// Photos asked about, unreadable ones included.
    pub photos: usize,
    /// Answered and failed cells (photos × repeats).
    pub ok: usize,
    pub failed: usize,
    /// Of the answered cells; linear between ranks (type 7, R's default).
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    /// `None` when the cost of any billed cell is not known.
    pub cost_usd_micros: Option<i64>,
    /// Of the cells whose cost is known: the least that all of them cost.
    pub known_cost_usd_micros: i64,
    /// Cells that were charged for, or may have been, at a cost that nobody knows.
    pub unknown_cost_cells: usize,
    /// Mean over the answers of each answer's mean tag confidence.
    pub mean_confidence: Option<f64>,
    /// Only where photos were asked about more than once.
    #[serde(flatten)]
    pub repeatability: Option<Repeatability>,
    /// Only with labels.
    #[serde(flatten)]
    pub accuracy: Option<Accuracy>,
}

/// How far the repeats of a photo agree: the mean Jaccard index of the tag sets of all pairs of them, the mean over the photos, those
/// that look alike once. The same figure as the window's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Repeatability {
    pub repeats_agree: f64,
    /// Its interval of 95 %, where enough counts for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats_agree_low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats_agree_high: Option<f64>,
}

impl Repeatability {
    /// Of what was measured of a column by itself; `None` where no photo has two answers.
    #[must_use]
    pub fn of(measures: &[MeasureComparison]) -> Option<Self> {
        let figure = measures.iter().find(|one| one.measure == Measure::Repeatability)?.figure;
        let (low, high) = figure.interval().unzip();
        Some(Self { repeats_agree: rounded(figure.value), repeats_agree_low: low.map(rounded), repeats_agree_high: high.map(rounded) })
    }
}

/// Tags against labels, micro-averaged: counted over all answered cells of labelled photos, those that look alike once, then
/// divided. The same figures as the window's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// Share of the answered tags that are labels; `None` without tags.
    pub precision: Option<f64>,
    /// Share of the labels that were answered; `None` without labels.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
    /// Its interval of 95 %, where enough counts for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_high: Option<f64>,
}

impl Accuracy {
    /// Of what was measured of a column by itself.
    #[must_use]
    pub fn of(measures: &[MeasureComparison]) -> Self {
        let figure = |measure| measures.iter().find(|one| one.measure == measure).map(|one| one.figure);
        let value = |measure| figure(measure).map(|figure| rounded(figure.value));
        let (f1_low, f1_high) = figure(Measure::F1).and_then(|figure| figure.interval()).unzip();
        Self {
            precision: value(Measure::Precision),
            recall: value(Measure::Recall),
            f1: value(Measure::F1),
            f1_low: f1_low.map(rounded),
            f1_high: f1_high.map(rounded),
        }
    }
}

/// The summary of the cells of one column. `cells` must not be empty.
#[must_use]
pub fn summarise(model: &str, prompt: &str, cells: &[&ReportCell], accuracy: Option<Accuracy>) -> SummaryRow {
    let answered: Vec<&ReportCell> = cells.iter().copied().filter(|cell| cell.status == CellStatus::Ok).collect();
    let mut latencies: Vec<f64> = answered.iter().filter_map(|cell| cell.latency_ms).map(|ms| ms as f64).collect();
    latencies.sort_by(f64::total_cmp);
    let confidences: Vec<f64> = answered.iter().filter_map(|cell| mean(cell.tags.iter().filter_map(|tag| tag.confidence).map(f64::from))).collect();
    let known_cost = cells.iter().filter_map(|cell| cell.cost_usd_micros).sum();
    let unknown_cost_cells = cells.iter().filter(|cell| cell.is_billed && cell.cost_usd_micros.is_none()).count();
    SummaryRow {
        model: model.to_owned(),
        prompt: prompt.to_owned(),
        image: ReportImage::default(),
        photos: cells.iter().map(|cell| cell.photo.as_str()).collect::<BTreeSet<_>>().len(),
        ok: answered.len(),
        failed: cells.len() - answered.len(),
        latency_p50_ms: quantile(&latencies, 0.5).map(rounded),
        latency_p95_ms: quantile(&latencies, 0.95).map(rounded),
        cost_usd_micros: Some(known_cost).filter(|_| unknown_cost_cells == 0),
        known_cost_usd_micros: known_cost,
        unknown_cost_cells,
        mean_confidence: mean(confidences).map(rounded),
        repeatability: None,
        accuracy,
    }
}

/// Six decimals: what single-precision confidences carry, without their noise.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::run_report::{ErrorKind, ReportPhoto, ReportTag};
    use crate::wire::ids::PhotoId;
    use crate::wire::result::FaultKind;
    use crate::wire::run::RunColumn;

    fn failed(photo: &str, error: &str) -> ReportCell {
        let column: RunColumn = serde_json::from_value(serde_json::json!({
            "prompt_name": "p", "prompt_content": "", "prompt_version_id": null, "model": "m",
        }))
        .expect("a column");
        let error = (ErrorKind::Fault(FaultKind::Server), error.to_owned());
        ReportCell::failed(&ReportPhoto { label: photo.to_owned(), id: Ok(PhotoId::fresh()) }, &column, 1, error)
    }

    fn cell(photo: &str, latency_ms: u64, tags: &[(&str, f32)], cost: Option<i64>) -> ReportCell {
        ReportCell {
            status: CellStatus::Ok,
            tags: tags.iter().map(|(name, confidence)| ReportTag { name: (*name).to_owned(), confidence: Some(*confidence) }).collect(),
            latency_ms: Some(latency_ms),
            cost_usd_micros: cost,
            is_billed: true,
            error_kind: None,
            ..failed(photo, "")
        }
    }

    #[test]
    fn a_column_is_summed_up() {
        let one = cell("a.jpg", 100, &[("cat", 0.9), ("dog", 0.5)], Some(120));
        let two = cell("b.jpg", 300, &[("sky", 0.4)], Some(30));
        let bad = failed("c.jpg", "cut off");
        let row = summarise("m", "p", &[&one, &two, &bad], None);
        assert_eq!((row.photos, row.ok, row.failed), (3, 2, 1));
        assert_eq!((row.latency_p50_ms, row.latency_p95_ms), (Some(200.0), Some(290.0)));
        assert_eq!(row.cost_usd_micros, Some(150));
        assert_eq!(row.mean_confidence, Some(0.55), "mean of 0.7 and 0.4");
        assert_eq!(row.accuracy, None);
    }

    #[test]
    fn one_unknown_price_makes_the_sum_unknown() {
        let known = cell("a.jpg", 1, &[], Some(120));
        let unknown = cell("b.jpg", 1, &[], None);
        let row = summarise("m", "p", &[&known, &unknown], None);
        assert_eq!((row.cost_usd_micros, row.known_cost_usd_micros, row.unknown_cost_cells), (None, 120, 1));
        let not_billed = failed("c", "");
        assert_eq!(summarise("m", "p", &[&known, &not_billed], None).cost_usd_micros, Some(120));
    }
}
