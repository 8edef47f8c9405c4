//! A refused key or a spent quota, told wherever the person is: once for a run and a provider, however many cells it holds back,
//! and no longer than it is so.

use std::collections::HashSet;
use std::time::Duration;

use egui::Context;

use crate::client::Client;
use crate::gui::ctx::{Command, Pace, Refresh, Remote, Route, Toast, ToastKind};
use crate::wire::event::Happened;
use crate::wire::ids::RunId;
use crate::wire::provider::{ProviderList, provider_label};
use crate::wire::run::{Cell, CellState, RunState};

/// How soon it is seen that a provider lets calls through again, which no event tells.
const PACE: Pace = Pace { changed: Duration::from_millis(250), anyway: Duration::from_secs(2) };

/// What was told.
#[derive(Default)]
pub struct HeldBack {
    told: HashSet<(RunId, String)>,
    /// A cell of a run that has ended was only given up: its fault is an old one.
    ended: HashSet<RunId>,
    /// It goes on although something was told of it.
    resumed: Option<RunId>,
    providers: Remote<ProviderList>,
    refresh: Refresh,
    /// Providers that held their calls back when they were last asked for.
    stopped: HashSet<String>,
}

impl HeldBack {
    /// Takes in what happened; returns what the person is told of it.
    pub fn on_event(&mut self, happened: &Happened) -> Option<Toast> {
        match happened {
            Happened::CellChanged(cell) => self.on_cell(cell),
            Happened::RunChanged(run) if run.state == RunState::Running => {
                // News of a run that goes on all the while end nothing.
                self.resumed = self.ended.remove(&run.id).then_some(run.id);
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

    /// The run that was resumed by what happened last.
    pub fn take_resumed(&mut self) -> Option<RunId> {
        self.resumed.take()
    }

    /// While something is told (`is_told`), asks how the providers stand. Returns those that let calls through again.
    pub fn logic(&mut self, is_told: bool, client: &Client, runtime: &tokio::runtime::Handle, egui: &Context) -> Vec<String> {
        if !is_told {
            self.stopped.clear();
            self.refresh.reload();
            return Vec::new();
        }
        let let_through = if self.providers.poll() { self.look() } else { Vec::new() };
        if !self.providers.is_pending() && self.refresh.is_due(egui, None, PACE) {
            let client = client.clone();
            self.providers.ask(runtime, egui, async move { client.providers().await });
        }
        let_through
    }

    /// A provider that was never seen held back (a run with a person's own key stops alone) says nothing of what was told.
    fn look(&mut self) -> Vec<String> {
        let Some(list) = self.providers.value() else { return Vec::new() };
        let stopped: HashSet<String> = list.items.iter().filter(|info| info.stopped.is_some()).map(|info| info.name.clone()).collect();
        let before = std::mem::replace(&mut self.stopped, stopped);
        before.into_iter().filter(|name| !self.stopped.contains(name)).collect()
    }

    fn on_cell(&mut self, cell: &Cell) -> Option<Toast> {
        let fault = cell.fault.as_ref().filter(|fault| cell.state == CellState::Failed && fault.holds_back())?;
        let provider = fault.provider.clone()?;
        if self.ended.contains(&cell.run_id) || !self.told.insert((cell.run_id, provider.clone())) {
            return None;
        }
        let words = format!("{}. {}. What is not asked yet waits for a resume", fault.held_back_words(&provider), fault.said().trim_end_matches('.'));
        let open = format!("Open {}", provider_label(&provider));
        let toast = Toast::new(ToastKind::Bad, words).with_action(open, Command::GoTo(Route::Provider(provider.clone())));
        Some(Toast { held: Some((cell.run_id, provider)), ..toast })
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
        assert_eq!(held.take_resumed(), None);
        held.on_event(&run(id, "running"));
        assert_eq!((held.take_resumed(), held.take_resumed()), (Some(id), None), "what was told of it is over");
        assert!(held.on_event(&failed(id, FaultKind::Auth)).is_some(), "it was resumed, and it is still so");
        held.on_event(&run(id, "running"));
        assert_eq!(held.take_resumed(), None, "it runs all the while");
    }
}
