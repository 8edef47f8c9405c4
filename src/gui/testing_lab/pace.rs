//! How long a run still takes, by the calls that were seen to end since it was begun or resumed.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::wire::run::{Cell, CellState, Run, RunState};

/// Calls that must have ended before anything is said; where more are asked at once, so many.
const ENDED_LEAST: u64 = 4;

/// Of one round: from the moment that calls are begun to the one that nothing more is asked. A pause is no part of it.
#[derive(Debug)]
pub struct Pace {
    since: DateTime<Utc>,
    /// Until when it has gone on, while it is paused: the calls in flight still end.
    paused: Option<DateTime<Utc>>,
    ended: u64,
    /// Cells that failed before it, and are asked once more.
    to_ask_again: u64,
}

impl Pace {
    /// Takes in how a run stands. `begun`: it was seen to begin, so that all that has failed is asked once more.
    pub fn follow(pace: &mut Option<Self>, run: &Run, begun: bool, now: DateTime<Utc>) {
        match (run.state, pace.as_mut()) {
            (RunState::Running, None) => {
                let to_ask_again = if begun { run.counts.failed } else { 0 };
                *pace = Some(Self { since: now, paused: None, ended: 0, to_ask_again });
            }
            (RunState::Running, Some(pace)) => {
                if let Some(paused) = pace.paused.take() {
                    pace.since += (now - paused).max(chrono::TimeDelta::zero());
                }
            }
            (RunState::Paused, Some(pace)) => drop(pace.paused.get_or_insert(now)),
            (RunState::Paused, None) => {}
            _ => *pace = None,
        }
    }

    /// A cell has changed. What was known already was not asked.
    pub fn on_cell(&mut self, before: Option<CellState>, cell: &Cell, now: DateTime<Utc>) {
        if before == Some(CellState::Failed) {
            self.to_ask_again = self.to_ask_again.saturating_sub(1);
        }
        let has_ended = matches!(cell.state, CellState::Completed | CellState::Failed);
        if has_ended && before != Some(CellState::Completed) && cell.reused.is_none() {
            self.ended += 1;
            self.paused = self.paused.map(|_| now);
        }
    }

    /// The time that what is left takes at the pace so far; `None` while too few calls have ended.
    #[must_use]
    pub fn left(&self, run: &Run, now: DateTime<Utc>) -> Option<Duration> {
        if self.ended < ENDED_LEAST.max(u64::from(run.concurrency)) {
            return None;
        }
        let left = run.counts.waiting + run.counts.running + self.to_ask_again;
        // A clock that was put back says nothing.
        let gone = (self.paused.unwrap_or(now) - self.since).to_std().ok().filter(|gone| !gone.is_zero())?;
        Some(gone.mul_f64(left as f64 / self.ended as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};

    fn run(state: &str, waiting: u64, completed: u64, failed: u64) -> Run {
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": state, "photo_ids": [], "columns": [], "repeats": 1, "concurrency": 4, "cost_usd": 0,
            "counts": {"waiting": waiting, "running": 4, "completed": completed, "failed": failed}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    fn cell(is_known: bool) -> Cell {
        let reused = is_known.then(|| serde_json::json!({"run_id": RunId::fresh(), "run_name": "", "at": "2026-11-23T12:00:00Z"}));
        let cell = serde_json::json!({
            "id": CellId::fresh(), "run_id": RunId::fresh(), "photo_id": PhotoId::fresh(), "column": 0, "repeat": 0, "state": "completed",
            "answer": null, "fault": null, "latency_ms": 300, "reused": reused,
        });
        serde_json::from_value(cell).expect("a cell")
    }

    fn begun(run: &Run, at: DateTime<Utc>) -> Pace {
        let mut pace = None;
        Pace::follow(&mut pace, run, true, at);
        pace.expect("it runs")
    }

    /// 144 cells, 30 of them answered before, four at once of 0.3 s each: 110 that wait and 4 under way take 114 · 0.3 / 4 s.
    #[test]
    fn after_a_resume_only_the_calls_of_this_round_count() {
        let (start, each) = (DateTime::UNIX_EPOCH, Duration::from_millis(300));
        let mut pace = begun(&run("running", 110, 30, 0), start);
        for _ in 0..30 {
            pace.on_cell(Some(CellState::Waiting), &cell(true), start);
        }
        assert_eq!(pace.left(&run("running", 110, 30, 0), start + each), None, "nothing that was asked has ended");
        for _ in 0..3 {
            pace.on_cell(Some(CellState::Running), &cell(false), start + each);
        }
        assert_eq!(pace.left(&run("running", 107, 33, 0), start + each), None, "three of four that are asked at once");
        pace.on_cell(Some(CellState::Running), &cell(false), start + each);
        let left = pace.left(&run("running", 106, 34, 0), start + each).expect("a pace");
        assert_eq!(left, each.mul_f64(110.0 / 4.0), "8.25 s, not 1 s");
    }

    #[test]
    fn a_pause_is_no_part_of_the_pace() {
        let start = DateTime::UNIX_EPOCH;
        let at = |secs| start + Duration::from_secs(secs);
        let mut pace = Some(begun(&run("running", 40, 0, 0), start));
        let hear = |pace: &mut Option<Pace>, secs| pace.as_mut().expect("a round").on_cell(Some(CellState::Running), &cell(false), at(secs));
        for _ in 0..4 {
            hear(&mut pace, 1);
        }
        Pace::follow(&mut pace, &run("paused", 36, 4, 0), false, at(1));
        // What was in flight ends a second later.
        for _ in 0..4 {
            hear(&mut pace, 2);
        }
        Pace::follow(&mut pace, &run("running", 32, 8, 0), true, at(3_600));
        let left = pace.as_ref().and_then(|pace| pace.left(&run("running", 32, 8, 0), at(3_600)));
        assert_eq!(left, Some(Duration::from_secs(9)), "8 in 2 s, 36 are left");
        Pace::follow(&mut pace, &run("interrupted", 32, 8, 0), false, at(3_601));
        assert!(pace.is_none(), "another round has another pace");
    }

    #[test]
    fn what_has_failed_before_is_asked_once_more_and_takes_its_time() {
        let start = DateTime::UNIX_EPOCH;
        let mut pace = begun(&run("running", 0, 10, 20), start);
        for _ in 0..8 {
            pace.on_cell(Some(CellState::Failed), &Cell { state: CellState::Running, ..cell(false) }, start);
        }
        for _ in 0..4 {
            pace.on_cell(Some(CellState::Running), &cell(false), start + Duration::from_secs(2));
        }
        let left = pace.left(&run("running", 0, 14, 12), start + Duration::from_secs(2)).expect("a pace");
        assert_eq!(left, Duration::from_secs(8), "4 in 2 s: 4 under way and 12 that failed");
    }
}
