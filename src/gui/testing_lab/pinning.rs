//! Pinning columns as baselines, and taking that back: of the run that is open, or of one that was.

use std::collections::VecDeque;

use crate::gui::ctx::{ApiError, AreaCtx, Command, Remote, Toast, ToastKind};
use crate::wire::ids::RunId;
use crate::wire::run::Run;

/// A column that is to be the baseline of a run, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    run: RunId,
    column: Option<u32>,
    /// What undo puts back.
    before: Option<u32>,
    /// Whether it puts back what was there: it is told without an undo of its own.
    is_undo: bool,
}

/// What is wanted, one after the other. It outlives the run that is open.
#[derive(Default)]
pub struct Pinning {
    under_way: Option<Wish>,
    done: Remote<Run>,
    waiting: VecDeque<Wish>,
}

impl Pinning {
    /// Pins a column of the open run, or none.
    pub fn pin(&mut self, run: &Run, column: Option<u32>) {
        if self.baseline(run) != column {
            self.want(Wish { run: run.id, column, before: run.baseline, is_undo: false });
        }
    }

    /// Puts back what was there before.
    pub fn put_back(&mut self, run: RunId, column: Option<u32>) {
        self.want(Wish { run, column, before: None, is_undo: true });
    }

    /// The baseline of a run when all that is wanted is done.
    #[must_use]
    pub fn baseline(&self, run: &Run) -> Option<u32> {
        self.waiting.iter().rev().chain(&self.under_way).find(|wish| wish.run == run.id).map_or(run.baseline, |wish| wish.column)
    }

    fn want(&mut self, wish: Wish) {
        // Only the newest of a run counts.
        self.waiting.retain(|waiting| waiting.run != wish.run);
        self.waiting.push_back(wish);
    }

    /// `open`: the run that is shown. Returns the run that has another baseline now, and the one that it had.
    pub fn logic(&mut self, open: Option<RunId>, ctx: &AreaCtx<'_>) -> Option<(RunId, Option<u32>)> {
        let mut pinned = None;
        if self.done.poll() {
            let answer = match self.done.take_failure() {
                Some(failure) => Err(failure),
                None => self.done.take().ok_or_else(|| ApiError::BadAnswer(String::new())),
            };
            let is_new = self.under_way.filter(|wish| answer.is_ok() && !wish.is_undo);
            pinned = is_new.map(|wish| (wish.run, wish.before));
            if let Some(toast) = self.on_done(answer, open) {
                ctx.send(Command::ShowToast(toast));
            }
        }
        if self.under_way.is_none()
            && let Some(wish) = self.waiting.pop_front()
        {
            self.under_way = Some(wish);
            ctx.ask(&mut self.done, |client| async move { client.set_baseline(wish.run, wish.column).await });
        }
        pinned
    }

    /// What is told of the one that was under way.
    fn on_done(&mut self, answer: Result<Run, ApiError>, open: Option<RunId>) -> Option<Toast> {
        let wish = self.under_way.take()?;
        let run = match answer {
            Ok(run) => run,
            Err(failure) => return Some(Toast::new(ToastKind::Bad, format!("The baseline was not changed: {failure}"))),
        };
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.run == run.id) {
            waiting.before = run.baseline;
        }
        // The run itself comes as an event, and shows it where it is open.
        match (wish.is_undo, open == Some(run.id)) {
            (true, true) => None,
            (true, false) => Some(Toast::new(ToastKind::Good, format!("{}: {}", run.name, pinned_words(&run)))),
            (false, _) => {
                let undo = Command::SetBaseline { run: run.id, column: wish.before };
                Some(Toast::new(ToastKind::Good, pinned_words(&run)).with_action("Undo", undo))
            }
        }
    }
}

fn pinned_words(run: &Run) -> String {
    let column = run.baseline.and_then(|column| run.columns.get(column as usize));
    column.map_or_else(|| "No column is the baseline any more".to_owned(), |column| format!("{} is the baseline", column.label()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(baseline: Option<u32>) -> Run {
        let column = |model: &str| serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": model});
        let run = serde_json::json!({
            "id": RunId(uuid::Uuid::from_u128(7)), "name": "Pets", "state": "completed", "photo_ids": [], "repeats": 1, "concurrency": 1,
            "cost_usd": 0, "columns": [column("a"), column("b")], "baseline": baseline,
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    /// Sends what is next, as the logic does.
    fn send(pinning: &mut Pinning) -> Option<Wish> {
        pinning.under_way = pinning.waiting.pop_front();
        pinning.under_way
    }

    #[test]
    fn what_is_wanted_while_another_is_under_way_follows_it_and_undo_puts_back_that_one() {
        let mut pinning = Pinning::default();
        pinning.pin(&run(None), Some(0));
        assert!(send(&mut pinning).is_some());
        pinning.pin(&run(None), Some(0));
        assert!(pinning.waiting.is_empty(), "that is under way already");
        pinning.pin(&run(None), Some(1));
        assert_eq!(pinning.baseline(&run(None)), Some(1));
        let told = pinning.on_done(Ok(run(Some(0))), Some(run(None).id)).expect("told");
        assert_eq!(told.action.map(|(_, undo)| *undo), Some(Command::SetBaseline { run: run(None).id, column: None }));
        let next = send(&mut pinning).expect("the second one");
        assert_eq!((next.column, next.before), (Some(1), Some(0)));
    }

    #[test]
    fn an_undo_in_a_run_that_is_not_open_any_more_is_done_and_told() {
        let mut pinning = Pinning::default();
        pinning.put_back(run(None).id, None);
        assert_eq!(send(&mut pinning).map(|wish| wish.column), Some(None));
        let told = pinning.on_done(Ok(run(None)), None).expect("told, for nobody sees it");
        assert_eq!(told.text, "Pets: No column is the baseline any more");
        pinning.put_back(run(None).id, Some(1));
        assert!(send(&mut pinning).is_some());
        assert_eq!(pinning.on_done(Ok(run(Some(1))), Some(run(None).id)).map(|toast| toast.text), None);
    }
}
