//! What holds up a run, in the few words that fit beside its progress bar.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::wire::ids::CellId;
use crate::wire::provider::{provider_label, provider_of};
use crate::wire::result::{Fault, FaultKind};
use crate::wire::run::{Cell, CellNow, CellState, Run, RunState};

/// What was heard of the cells that are being asked, and of the providers that hold their calls back.
#[derive(Debug, Default)]
pub struct News {
    /// The models of the columns.
    models: Vec<String>,
    /// Columns of which was said that they stopped early.
    stopped: BTreeSet<u32>,
    /// The column of each cell that is being asked.
    asked: HashMap<CellId, u32>,
    waits: HashMap<CellId, Wait>,
    held: BTreeMap<String, Fault>,
}

#[derive(Debug, Clone, Copy)]
enum Wait {
    ForItsTurn,
    Retry { at: DateTime<Utc>, kind: FaultKind },
}

impl News {
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self { models: run.columns.iter().map(|column| column.model.clone()).collect(), ..Self::default() }
    }

    fn provider(&self, column: u32) -> Option<&str> {
        self.models.get(column as usize).map(|model| provider_of(model))
    }

    /// Takes in what became of a cell; gives what is said loudly, once a provider: that it holds its calls back, and why.
    pub fn on_cell(&mut self, cell: &Cell) -> Option<String> {
        if cell.state == CellState::Running {
            self.asked.insert(cell.id, cell.column);
            return None;
        }
        self.asked.remove(&cell.id);
        self.waits.remove(&cell.id);
        let fault = cell.fault.as_ref().filter(|fault| cell.state == CellState::Failed && fault.holds_back())?;
        let provider = self.provider(cell.column)?.to_owned();
        let words = format!("{}. {}", fault.held_back_words(&provider), fault.said());
        self.held.insert(provider, fault.clone()).is_none().then_some(words)
    }

    /// Takes in how the run stands; gives what is said loudly, once a column: that it stopped early, and why. Said at the end, when all
    /// that failed is counted.
    pub fn on_run(&mut self, run: &Run) -> Vec<String> {
        if run.state == RunState::Running {
            return Vec::new();
        }
        let fresh = run.stopped.iter().filter(|stopped| self.stopped.insert(stopped.column));
        let words = fresh.filter_map(|stopped| {
            let label = run.columns.get(stopped.column as usize)?.label();
            Some(format!("{}. {}", stopped.words(&label), stopped.fault.message))
        });
        words.collect()
    }

    /// Takes in what a cell does while it is being asked.
    pub fn on_news(&mut self, cell: CellId, news: &CellNow, now: DateTime<Utc>) {
        let wait = match news {
            CellNow::Asking | CellNow::Text { .. } => {
                self.waits.remove(&cell);
                return;
            }
            CellNow::Waiting => Wait::ForItsTurn,
            CellNow::Retrying { wait_ms, kind } => {
                let wait = i64::try_from(*wait_ms).ok().and_then(TimeDelta::try_milliseconds).unwrap_or_default();
                Wait::Retry { at: now.checked_add_signed(wait).unwrap_or(now), kind: *kind }
            }
        };
        self.waits.insert(cell, wait);
    }

    /// Such as `Google Gemini retries in 7 s: rate limited · calls to OpenAI are held back: key not accepted`; empty: all goes on.
    #[must_use]
    pub fn words(&self, now: DateTime<Utc>) -> String {
        let held = self.held.iter().map(|(provider, fault)| {
            let words = fault.held_back_words(provider);
            words.strip_prefix("Calls").map_or_else(|| words.clone(), |rest| format!("calls{rest}"))
        });
        self.retry_words(now).into_iter().chain(self.turn_words()).chain(held).collect::<Vec<_>>().join(" · ")
    }

    /// Whether a call waits for another try: until then nothing says how long the rest takes.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waits.values().any(|wait| matches!(wait, Wait::Retry { .. }))
    }

    /// The retry that comes next.
    fn retry_words(&self, now: DateTime<Utc>) -> Option<String> {
        let retries = self.waits.iter().filter_map(|(cell, wait)| match wait {
            Wait::Retry { at, kind } => Some((*at, *kind, *cell)),
            Wait::ForItsTurn => None,
        });
        let (at, kind, cell) = retries.min_by_key(|(at, ..)| *at)?;
        let who = self.asked.get(&cell).and_then(|column| self.provider(*column)).map(|provider| format!("{} ", provider_label(provider)));
        let seconds = (at - now).num_milliseconds().max(0).cast_unsigned().div_ceil(1_000);
        Some(format!("{}retries in {seconds} s: {}", who.unwrap_or_default(), kind.label()))
    }

    fn turn_words(&self) -> Option<String> {
        let waiting = self.waits.values().filter(|wait| matches!(wait, Wait::ForItsTurn)).count();
        (waiting > 0).then(|| format!("{waiting} wait for their turn"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{PhotoId, RunId};

    fn run() -> Run {
        let column = |model: &str| serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": model});
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": "running", "photo_ids": [], "repeats": 1, "concurrency": 1, "cost_usd": 0,
            "columns": [column("gemini/a"), column("openai/b")],
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    fn cell(run: &Run, column: u32, state: CellState) -> Cell {
        Cell {
            id: CellId::fresh(),
            run_id: run.id,
            photo_id: PhotoId::fresh(),
            column,
            repeat: 0,
            state,
            answer: None,
            fault: None,
            latency_ms: None,
            trace: Vec::new(),
            reused: None,
        }
    }

    #[test]
    fn waits_and_stops_are_told_and_end() {
        let run = run();
        let now = "2026-11-23T12:00:00Z".parse().expect("a time");
        let mut news = News::of(&run);
        assert_eq!(news.words(now), "");
        let (one, other, third) = (cell(&run, 0, CellState::Running), cell(&run, 0, CellState::Running), cell(&run, 1, CellState::Running));
        for cell in [&one, &other, &third] {
            assert_eq!(news.on_cell(cell), None);
        }
        news.on_news(one.id, &CellNow::Retrying { wait_ms: 46_400, kind: FaultKind::RateLimited }, now);
        news.on_news(other.id, &CellNow::Waiting, now);
        assert_eq!(news.words(now), "Google Gemini retries in 47 s: rate limited · 1 wait for their turn");
        assert!(news.is_waiting());
        news.on_news(one.id, &CellNow::Asking, now + TimeDelta::seconds(47));
        assert!(!news.is_waiting(), "who waits for its turn is on the way");
        news.on_news(other.id, &CellNow::Asking, now);
        assert_eq!(news.words(now), "", "it goes on");
        let fault = Fault::new(FaultKind::Auth, "OpenAI: Incorrect API key provided. Enter a valid key in Pipeline control");
        let failed = Cell { state: CellState::Failed, fault: Some(fault), ..third };
        let said = news.on_cell(&failed).expect("it is said");
        assert_eq!(
            said,
            "Calls to OpenAI are held back: key not accepted. OpenAI: Incorrect API key provided. Enter a valid key in Pipeline control"
        );
        assert_eq!(news.on_cell(&failed), None, "once");
        assert_eq!(news.words(now), "calls to OpenAI are held back: key not accepted");
    }

    #[test]
    fn a_provider_that_asks_to_be_left_alone_is_told_with_the_time() {
        let run = run();
        let mut news = News::of(&run);
        let until = "2026-11-23T12:10:00Z".parse().ok();
        let fault = Fault { until, ..Fault::new(FaultKind::RateLimited, "Gemini says: wait, until 12:10:00 UTC on 23 November") };
        let failed = Cell { state: CellState::Failed, fault: Some(fault), ..cell(&run, 0, CellState::Failed) };
        let said = news.on_cell(&failed).expect("it is said");
        assert!(
            said.starts_with("Calls to Google Gemini are held back until 12:10:00 UTC on 23 November: rate limited. Gemini says: wait"),
            "{said}"
        );
    }
}
