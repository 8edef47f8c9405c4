//! The baseline of the open run: which column the others are held against, and what the platform has found of that.

use std::time::{Duration, Instant};

use super::open_run::OpenRun;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::comparison::{ColumnComparison, RunComparison};
use crate::wire::ids::RunId;
use crate::wire::run::RunState;

/// While a run is under way the figures follow it at most this often.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// What the run was like when it was asked about: another one has other figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    run: RunId,
    baseline: Option<u32>,
    completed: u64,
    failed: u64,
    is_running: bool,
}

/// What is kept of it between frames.
#[derive(Default)]
pub struct Baseline {
    comparison: Remote<RunComparison>,
    asked: Option<(Asked, Instant)>,
    is_behind: bool,
    /// Grows with every answer, so that who reads it sees that it is another one.
    revision: u64,
}

impl Baseline {
    /// The figures as last heard.
    #[must_use]
    pub fn comparison(&self) -> Option<&RunComparison> {
        self.comparison.value()
    }

    /// Newer figures are on their way.
    #[must_use]
    pub fn is_renewed(&self) -> bool {
        self.is_behind || self.comparison.is_pending()
    }

    #[must_use]
    pub fn column(&self, column: usize) -> Option<&ColumnComparison> {
        self.comparison()?.columns.get(column)
    }

    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.comparison.failure().map(ToString::to_string)
    }

    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Asks again, however little has changed.
    pub fn reload(&mut self) {
        self.is_behind = true;
    }

    pub fn logic(&mut self, open: &OpenRun, ctx: &AreaCtx<'_>) {
        if self.comparison.poll() && self.comparison.failure().is_none() {
            self.revision += 1;
        }
        let Some(run) = open.run().filter(|run| run.counts.completed > 0) else { return };
        let now = Asked {
            run: run.id,
            baseline: run.baseline,
            completed: run.counts.completed,
            failed: run.counts.failed,
            is_running: run.state == RunState::Running,
        };
        let known = self.asked.as_ref().filter(|(asked, _)| *asked == now && !self.is_behind);
        if known.is_some() || self.comparison.is_pending() {
            return;
        }
        // Another baseline is shown at once.
        let is_only_further = self.asked.as_ref().is_some_and(|(asked, _)| asked.run == now.run && asked.baseline == now.baseline && now.is_running);
        if let Some(wait) = self.asked.as_ref().filter(|_| is_only_further).and_then(|(_, at)| ASK_EVERY.checked_sub(at.elapsed())) {
            ctx.egui.request_repaint_after(wait);
            return;
        }
        if self.asked.as_ref().is_some_and(|(asked, _)| asked.run != now.run) {
            self.comparison = Remote::default();
        }
        (self.asked, self.is_behind) = (Some((now, Instant::now())), false);
        let id = run.id;
        ctx.ask(&mut self.comparison, |client| async move { client.compare_columns(id).await });
    }
}
