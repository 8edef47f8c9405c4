//! What a report says in words, the same in every format.

use super::summary::{Repeatability, SummaryRow};
use super::{ErrorKind, Report, ReportCell, Unanswered};
use crate::wire::money::UsdMicros;
use crate::wire::result::FaultKind;
use crate::wire::validation::ValidationReport;

pub const ACCURACY_NOTE: &str = "Precision (Prec.), recall and F1: all answered tags against the labels, counted over all labelled photos, \
                                 those that look alike once";

pub const REPEATS_NOTE: &str = "Repeats: how far the repeats of a photo agree, the mean Jaccard index of the tag sets of all pairs of them, with its \
                                interval of 95 % (cluster bootstrap over photos)";

/// A refusal and a cut answer are results of the model; the rest failed.
#[must_use]
pub fn failure_word(cell: &ReportCell) -> &'static str {
    match cell.error_kind {
        Some(ErrorKind::Fault(FaultKind::Refused)) => "refused",
        Some(ErrorKind::Fault(FaultKind::Truncated)) => "cut off",
        Some(ErrorKind::Other(Unanswered::NotAsked)) => "not asked",
        _ => "failed",
    }
}

#[must_use]
pub fn has_accuracy(report: &Report) -> bool {
    report.summary.iter().any(|row| row.accuracy.is_some())
}

#[must_use]
pub fn has_repeats(report: &Report) -> bool {
    report.summary.iter().any(|row| row.repeatability.is_some())
}

/// What is to be known of the summary's figures, a note each.
#[must_use]
pub fn summary_notes(report: &Report) -> Vec<&'static str> {
    let notes = [(has_repeats(report), REPEATS_NOTE), (has_accuracy(report), ACCURACY_NOTE)];
    notes.into_iter().filter_map(|(is_due, note)| is_due.then_some(note)).collect()
}

/// Headings of [`summary_values`].
#[must_use]
pub fn summary_header(report: &Report) -> Vec<&'static str> {
    let mut header = vec!["Model", "Prompt", "Answered", "p50", "p95", "Cost", "Conf."];
    if has_repeats(report) {
        header.push("Repeats");
    }
    if has_accuracy(report) {
        header.extend(["Prec.", "Recall", "F1"]);
    }
    header
}

/// One row of the summary, as a person reads it.
#[must_use]
pub fn summary_values(row: &SummaryRow, has_repeats: bool) -> Vec<String> {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let mut values = vec![
        row.model.clone(),
        row.prompt.clone(),
        format!("{}/{}", row.ok, row.ok + row.failed),
        duration(row.latency_p50_ms),
        duration(row.latency_p95_ms),
        cost(row),
        share(row.mean_confidence),
    ];
    if has_repeats {
        values.push(row.repeatability.as_ref().map_or_else(|| "–".to_owned(), agreement));
    }
    if let Some(accuracy) = row.accuracy {
        values.extend([share(accuracy.precision), share(accuracy.recall), share(accuracy.f1)]);
    }
    values
}

/// `0.71 (0.62–0.79)`.
fn agreement(found: &Repeatability) -> String {
    let interval = found.repeats_agree_low.zip(found.repeats_agree_high).map(|(low, high)| format!(" ({low:.2}–{high:.2})"));
    format!("{:.2}{}", found.repeats_agree, interval.unwrap_or_default())
}

/// `$0.0015`; `≥ $0.0015, 2 unknown` where that is known of the others alone.
fn cost(row: &SummaryRow) -> String {
    match (row.cost_usd_micros, UsdMicros(row.known_cost_usd_micros)) {
        (Some(micros), _) => UsdMicros(micros).to_string(),
        (None, UsdMicros(0)) => "unknown".to_owned(),
        (None, known) => format!("≥ {known}, {} unknown", row.unknown_cost_cells),
    }
}

/// `146 ms`, `1.24 s`; `–` where there is none.
#[must_use]
pub fn duration(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 1000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.2} s", ms / 1000.0),
    }
}

/// What the report is of.
#[must_use]
pub fn title(report: &Report) -> &'static str {
    if report.validation.is_some() { "Validation" } else { "Comparison" }
}

pub const GATES_HEADER: [&str; 3] = ["Gate", "Verdict", "Measured, and asked for"];

/// What was validated, a line each.
#[must_use]
pub fn validation_lines(report: &ValidationReport) -> Vec<String> {
    let against = report.against.as_ref().map(|against| format!(", beside {} in production", against.label)).unwrap_or_default();
    let photos = format!("{} photos, {} with ground truth", report.photos, report.labelled_photos);
    let of = format!("{} on {}, {} ({photos}){against}", report.version.label, report.model, report.photo_set.label());
    vec![of, report.words()]
}

/// A row for each gate, as a person reads it.
#[must_use]
pub fn gate_rows(report: &ValidationReport) -> Vec<[&str; 3]> {
    report.gates.iter().map(|gate| [gate.gate.label(), gate.state.label(), gate.why.as_str()]).collect()
}

/// `48 of 48 cells answered`.
#[must_use]
pub fn totals(report: &Report) -> String {
    format!("{} of {} cells answered", report.cells.len() - report.failed_cells(), report.cells.len())
}
