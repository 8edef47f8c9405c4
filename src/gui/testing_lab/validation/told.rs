//! How the run of a validation stands, by which is seen whether a report is of it, or of the run before it was resumed.

use chrono::{DateTime, Utc};

use crate::wire::run::{Run, RunCounts, RunState};
use crate::wire::validation::{ValidationReport, Verdict};

/// What was told of a run last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub state: RunState,
    counts: RunCounts,
    finished_at: Option<DateTime<Utc>>,
}

impl Told {
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self { state: run.state, counts: run.counts, finished_at: run.finished_at }
    }

    #[must_use]
    pub fn is_at_its_end(self) -> bool {
        self.state == RunState::Completed
    }

    /// Whether a report is of the run as it stands: a verdict once it has ended, and none of before it was resumed.
    #[must_use]
    pub fn is_told_by(self, report: &ValidationReport) -> bool {
        // Moments are kept to the millisecond.
        let ms = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
        match self.state {
            RunState::Completed => report.verdict != Verdict::Open && ms(report.finished_at) >= ms(self.finished_at),
            _ => report.verdict == Verdict::Open,
        }
    }

    /// Takes out of a report what is of before, and puts in how the run stands.
    pub fn correct(self, report: &mut ValidationReport) {
        if !self.is_told_by(report) {
            (report.verdict, report.gates, report.finished_at) = (Verdict::Open, Vec::new(), None);
        }
        if report.verdict == Verdict::Open {
            (report.state, report.counts) = (self.state, self.counts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: &str, finished_at: Option<&str>) -> ValidationReport {
        let id = |number: u128| uuid::Uuid::from_u128(number);
        let report = serde_json::json!({
            "run_id": id(1), "version": {"id": id(2), "prompt_id": id(3), "label": "Animals v1"}, "model": "on-device",
            "photo_set": {"id": id(4), "name": "Pets", "version": 1}, "photos": 1, "labelled_photos": 1, "state": "completed",
            "counts": {"waiting": 0, "running": 0, "completed": 1, "failed": 1}, "verdict": verdict, "limits": {}, "gates": [],
            "method": "", "started_at": "2026-11-23T12:00:00Z", "finished_at": finished_at,
        });
        serde_json::from_value(report).expect("a report")
    }

    fn told(state: RunState, finished_at: Option<&str>) -> Told {
        let counts = RunCounts { completed: 2, ..RunCounts::default() };
        Told { state, counts, finished_at: finished_at.map(|at| at.parse().expect("a moment")) }
    }

    #[test]
    fn a_verdict_of_before_a_resume_is_none_of_the_run_now() {
        let first = "2026-11-23T12:01:00.123456Z";
        let failed = report("failed", Some("2026-11-23T12:01:00.123Z"));
        assert!(told(RunState::Completed, Some(first)).is_told_by(&failed), "of that end, to the millisecond");
        for (state, finished_at) in [(RunState::Running, None), (RunState::Interrupted, None), (RunState::Completed, Some("2026-11-23T12:05:00Z"))] {
            let told = told(state, finished_at);
            assert!(!told.is_told_by(&failed), "{state:?}");
            let mut corrected = failed.clone();
            told.correct(&mut corrected);
            assert_eq!((corrected.verdict, corrected.state, corrected.counts.completed), (Verdict::Open, state, 2));
        }
        assert!(!told(RunState::Completed, Some(first)).is_told_by(&report("open", None)), "it is still being written");
        let mut kept = failed.clone();
        told(RunState::Completed, Some(first)).correct(&mut kept);
        assert_eq!(kept, failed);
    }
}
