//! The runs that are worked on in this process: what ends each, and where each stands.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::platform::domain::Core;
use crate::wire::ids::{CellId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::run::{CellNow, RunCounts};

/// How long a resume waits for the calls that a cancellation gave up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a run stands, calls in flight included. Follows what is stored, never goes ahead of it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub counts: RunCounts,
    pub cost_usd: UsdMicros,
    pub cost_unknown_cells: u64,
    /// Cells whose calls are in flight.
    pub asking: HashSet<CellId>,
}

struct Entry {
    cancel: CancellationToken,
    ended: CancellationToken,
    /// Whether no further call is begun.
    paused: watch::Sender<bool>,
    progress: Progress,
    /// What its cells did last, and when that was told.
    news: HashMap<CellId, (CellNow, Instant)>,
}

/// The list of those runs.
#[derive(Default)]
pub struct Working(Mutex<HashMap<RunId, Entry>>);

impl Working {
    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the calls of a run that is in work.
    pub fn cancel(&self, id: RunId) {
        if let Some(entry) = self.lock().get(&id) {
            entry.cancel.cancel();
        }
    }

    /// Holds a run in work, or lets it go on.
    pub fn pause(&self, id: RunId, is_paused: bool) {
        if let Some(entry) = self.lock().get(&id) {
            entry.paused.send_replace(is_paused);
        }
    }

    /// Where a run in work stands.
    pub fn progress(&self, id: RunId) -> Option<Progress> {
        self.lock().get(&id).map(|entry| entry.progress.clone())
    }

    /// Keeps what a cell of a run in work does now.
    pub fn note(&self, run: RunId, cell: CellId, now: CellNow) {
        if let Some(entry) = self.lock().get_mut(&run) {
            entry.news.insert(cell, (now, Instant::now()));
        }
    }

    /// What the cells of a run in work do now, those whose calls are in flight. A wait is told as it is left.
    pub fn news(&self, run: RunId) -> HashMap<CellId, CellNow> {
        let working = self.lock();
        let Some(entry) = working.get(&run) else { return HashMap::new() };
        let in_flight = entry.news.iter().filter(|(id, _)| entry.progress.asking.contains(id));
        in_flight.map(|(id, (now, at))| (*id, left_of(now, at.elapsed()))).collect()
    }

    /// Waits until nobody works on a run any more; false when that takes too long.
    pub async fn wait_for_end(&self, id: RunId) -> bool {
        let ended = self.lock().get(&id).map(|entry| entry.ended.clone());
        match ended {
            Some(ended) => tokio::time::timeout(PATIENCE, ended.cancelled()).await.is_ok(),
            None => true,
        }
    }
}

/// The right to work on a run. Only one is given at a time; dropped it is free again.
pub struct Place {
    core: Arc<Core>,
    id: RunId,
    pub cancel: CancellationToken,
    pub paused: watch::Receiver<bool>,
}

impl Place {
    /// `None` when somebody works on the run already.
    pub fn take(core: &Arc<Core>, id: RunId) -> Option<Self> {
        let mut working = core.working.lock();
        if working.contains_key(&id) {
            return None;
        }
        let cancel = core.stop.child_token();
        let (pausing, paused) = watch::channel(false);
        let (ended, progress, news) = (CancellationToken::new(), Progress::default(), HashMap::new());
        working.insert(id, Entry { cancel: cancel.clone(), ended, paused: pausing, progress, news });
        drop(working);
        Some(Self { core: Arc::clone(core), id, cancel, paused })
    }

    /// Lets others see where the run stands. `ended`: cells whose calls are over.
    pub fn show(&self, progress: &Progress, ended: impl Iterator<Item = CellId>) {
        if let Some(entry) = self.core.working.lock().get_mut(&self.id) {
            entry.progress.clone_from(progress);
            for id in ended {
                entry.news.remove(&id);
            }
        }
    }
}

fn left_of(now: &CellNow, since: Duration) -> CellNow {
    match now {
        CellNow::Retrying { wait_ms, kind } => {
            let since = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
            CellNow::Retrying { wait_ms: wait_ms.saturating_sub(since), kind: *kind }
        }
        other => other.clone(),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(entry) = self.core.working.lock().remove(&self.id) {
            entry.ended.cancel();
        }
    }
}
