//! The figures of a comparison: counts, quantiles, cost, and accuracy against labels. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{CellStatus, ReportCell};
use crate::platform::domain::baseline::Labels;
use crate::platform::domain::statistics::{mean, quantile};
use crate::wire::tag::normal_name;

/// One model with one prompt, over all photos and repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryRow {
    pub model: String,
    pub prompt: String,
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
    /// Only with labels.
    #[serde(flatten)]
    pub accuracy: Option<Accuracy>,
}

/// Tags against labels, micro-averaged: counted over all answered cells of labelled photos, then divided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// Share of the answered tags that are labels; `None` without tags.
    pub precision: Option<f64>,
    /// Share of the labels that were answered; `None` without labels.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
}

/// The summary of the cells of one column. `cells` must not be empty.
#[must_use]
pub fn summarise(model: &str, prompt: &str, cells: &[&ReportCell], labels: Option<&Labels>) -> SummaryRow {
    let answered: Vec<&ReportCell> = cells.iter().copied().filter(|cell| cell.status == CellStatus::Ok).collect();
    let mut latencies: Vec<f64> = answered.iter().filter_map(|cell| cell.latency_ms).map(|ms| ms as f64).collect();
    latencies.sort_by(f64::total_cmp);
    let confidences: Vec<f64> = answered.iter().filter_map(|cell| mean(cell.tags.iter().filter_map(|tag| tag.confidence).map(f64::from))).collect();
    let known_cost = cells.iter().filter_map(|cell| cell.cost_usd_micros).sum();
    let unknown_cost_cells = cells.iter().filter(|cell| cell.is_billed && cell.cost_usd_micros.is_none()).count();
    SummaryRow {
        model: model.to_owned(),
        prompt: prompt.to_owned(),
        photos: cells.iter().map(|cell| cell.photo.as_str()).collect::<BTreeSet<_>>().len(),
        ok: answered.len(),
        failed: cells.len() - answered.len(),
        latency_p50_ms: quantile(&latencies, 0.5).map(rounded),
        latency_p95_ms: quantile(&latencies, 0.95).map(rounded),
        cost_usd_micros: Some(known_cost).filter(|_| unknown_cost_cells == 0),
        known_cost_usd_micros: known_cost,
        unknown_cost_cells,
        mean_confidence: mean(confidences).map(rounded),
        accuracy: labels.map(|labels| accuracy(&answered, labels)),
    }
}

/// Six decimals: what single-precision confidences carry, without their noise.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn accuracy(answered: &[&ReportCell], known: &Labels) -> Accuracy {
    let (mut hits, mut tags, mut labels) = (0_usize, 0_usize, 0_usize);
    for cell in answered {
        let Some(expected) = cell.photo_id.and_then(|photo| known.get(&photo)) else { continue };
        let given: BTreeSet<String> = cell.tags.iter().map(|tag| normal_name(&tag.name)).collect();
        hits += given.intersection(expected).count();
        tags += given.len();
        labels += expected.len();
    }
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    Accuracy {
        precision: share(hits, tags).map(rounded),
        recall: share(hits, labels).map(rounded),
        // 2PR / (P + R) = 2·hits / (tags + labels), which stands where P or R alone does not.
        f1: share(2 * hits, tags + labels).map(rounded),
    }
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

    #[test]
    fn accuracy_is_counted_over_labelled_photos() {
        // a.jpg: cat is right, dog is not, sofa is missed. b.jpg: sky is right. c.jpg has no labels.
        let a = cell("a.jpg", 1, &[("cat", 0.9), ("dog", 0.2)], None);
        let b = cell("b.jpg", 1, &[("sky", 0.4)], None);
        let c = cell("c.jpg", 1, &[("tree", 0.4), ("hill", 0.4)], None);
        let set = |tags: &[&str]| tags.iter().map(|tag| normal_name(tag)).collect::<BTreeSet<_>>();
        let id = |cell: &ReportCell| cell.photo_id.expect("known");
        let mut labels = Labels::from([(id(&a), set(&["Cat", "sofa"])), (id(&b), set(&["sky"]))]);
        let found = summarise("m", "p", &[&a, &b, &c], Some(&labels)).accuracy.expect("has labels");
        assert_eq!(found, Accuracy { precision: Some(0.666_667), recall: Some(0.666_667), f1: Some(0.666_667) });
        let silent = cell("a.jpg", 1, &[], None);
        labels.insert(id(&silent), set(&["cat"]));
        let none = summarise("m", "p", &[&silent], Some(&labels)).accuracy.expect("has labels");
        assert_eq!(none, Accuracy { precision: None, recall: Some(0.0), f1: Some(0.0) });
    }
}
