//! A refused key or a spent quota, told wherever the person is: once for a run and a provider, however many cells it holds back.

use std::collections::HashSet;

use crate::gui::ctx::{Command, Route, Toast, ToastKind};
use crate::wire::event::Happened;
use crate::wire::ids::RunId;
use crate::wire::provider::provider_label;
use crate::wire::run::{Cell, CellState, RunState};

/// What was told.
#[derive(Default)]
pub struct HeldBack {
    told: HashSet<(RunId, String)>,
    /// A cell of a run that has ended was only given up: its fault is an old one.
    ended: HashSet<RunId>,
}

impl HeldBack {
    /// Takes in what happened; returns what the person is told of it.
    pub fn on_event(&mut self, happened: &Happened) -> Option<Toast> {
        match happened {
            Happened::CellChanged(cell) => self.on_cell(cell),
            Happened::RunChanged(run) if run.state == RunState::Running => {
                self.ended.remove(&run.id);
                None
            }
            Happened::RunChanged(run) => {
                // Whoever resumes it hears it again when it is still so.
                self.told.retain(|(told, _)| *told != run.id);
                self.ended.insert(run.id);
                None
            }
            _ => None,
        }
    }

    fn on_cell(&mut self, cell: &Cell) -> Option<Toast> {
        let fault = cell.fault.as_ref().filter(|fault| cell.state == CellState::Failed && fault.holds_back())?;
        let provider = fault.provider.clone()?;
        if self.ended.contains(&cell.run_id) || !self.told.insert((cell.run_id, provider.clone())) {
            return None;
        }
        let words = format!("{}. {}. What is not asked yet waits for a resume", fault.held_back_words(&provider), fault.said().trim_end_matches('.'));
        let open = format!("Open {}", provider_label(&provider));
        Some(Toast::new(ToastKind::Bad, words).with_action(open, Command::GoTo(Route::Provider(provider))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId};
    use crate::wire::result::{Fault, FaultKind};

    fn failed(run_id: RunId, kind: FaultKind) -> Happened {
        let fault = Fault { provider: Some("gemini".to_owned()), ..Fault::new(kind, "Gemini says: no") };
        Happened::CellChanged(Cell {
            id: CellId::fresh(),
            run_id,
            photo_id: PhotoId::fresh(),
            column: 0,
            repeat: 0,
            state: CellState::Failed,
            answer: None,
            fault: Some(fault),
            latency_ms: None,
            trace: Vec::new(),
            reused: None,
        })
    }

    fn run(id: RunId, state: &str) -> Happened {
        let run = serde_json::json!({
            "id": id, "name": "", "state": state, "photo_ids": [], "columns": [], "repeats": 1, "concurrency": 1, "cost_usd": 0,
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        Happened::RunChanged(serde_json::from_value(run).expect("a run"))
    }

    #[test]
    fn it_is_told_once_a_run_and_again_after_a_resume_that_did_not_help() {
        let (mut held, id) = (HeldBack::default(), RunId::fresh());
        assert_eq!(held.on_event(&failed(id, FaultKind::RateLimited)), None, "that heals by itself");
        let toast = held.on_event(&failed(id, FaultKind::Auth)).expect("it is told");
        assert_eq!(toast.text, "Calls to Google Gemini are held back: key not accepted. Gemini says: no. What is not asked yet waits for a resume");
        assert_eq!(held.on_event(&failed(id, FaultKind::Auth)), None, "once");
        assert!(held.on_event(&failed(RunId::fresh(), FaultKind::Auth)).is_some(), "another run");
        held.on_event(&run(id, "interrupted"));
        assert_eq!(held.on_event(&failed(id, FaultKind::Auth)), None, "a cell that was given up tells its old fault");
        held.on_event(&run(id, "running"));
        assert!(held.on_event(&failed(id, FaultKind::Auth)).is_some(), "it was resumed, and it is still so");
    }
}
