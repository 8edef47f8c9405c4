//! A validation as CI systems read it: a test suite with a test case for each gate.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::wire::validation::{GateResult, GateState, ValidationReport, Verdict};

const CLASS: &str = "minerva.validation";

/// A gate that could not be judged is an error, not a failure: the version is not to blame.
#[must_use]
pub fn report(report: &ValidationReport) -> Report {
    let mut suite = TestSuite::new(format!("{} on {}", report.version.label, report.photo_set.label()));
    suite.set_timestamp(report.started_at);
    if let Some(took) = report.finished_at.and_then(|finished| (finished - report.started_at).to_std().ok()) {
        suite.set_time(took);
    }
    for (name, value) in [
        ("run", report.run_id.to_string()),
        ("model", report.model.clone()),
        ("photos", report.photos.to_string()),
        ("labelled_photos", report.labelled_photos.to_string()),
        ("method", report.method.clone()),
    ] {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(report.gates.iter().map(case));
    if report.verdict == Verdict::Open {
        suite.add_test_case(unfinished(report));
    }
    let mut all = Report::new("minerva validate");
    all.add_test_suite(suite);
    all
}

/// What the gates say of a part of the photos is no verdict.
fn unfinished(report: &ValidationReport) -> TestCase {
    let counts = report.counts;
    let why = format!("The validation was left before its end: {} of {} calls have no answer yet", counts.waiting + counts.running, counts.total());
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(why.as_str());
    let mut case = TestCase::new("Validation", status);
    case.set_classname(CLASS);
    case
}

fn case(gate: &GateResult) -> TestCase {
    let mut status = match gate.state {
        GateState::Passed => TestCaseStatus::success(),
        GateState::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        GateState::NotMeasured => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_message(gate.why.as_str());
    let mut case = TestCase::new(gate.gate.label(), status);
    case.set_classname(CLASS);
    case.set_system_out(gate.why.as_str());
    case
}
