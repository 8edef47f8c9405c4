//! The runs that are worked on in this process: what ends each, and where each stands.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::platform::domain::Core;
use crate::wire::ids::{CellId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::run::RunCounts;

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
    progress: Progress,
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

    /// Where a run in work stands.
    pub fn progress(&self, id: RunId) -> Option<Progress> {
        self.lock().get(&id).map(|entry| entry.progress.clone())
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
}

impl Place {
    /// `None` when somebody works on the run already.
    pub fn take(core: &Arc<Core>, id: RunId) -> Option<Self> {
        let mut working = core.working.lock();
        if working.contains_key(&id) {
            return None;
        }
        let cancel = core.stop.child_token();
        working.insert(id, Entry { cancel: cancel.clone(), ended: CancellationToken::new(), progress: Progress::default() });
        drop(working);
        Some(Self { core: Arc::clone(core), id, cancel })
    }

    /// Lets others see where the run stands.
    pub fn show(&self, progress: &Progress) {
        if let Some(entry) = self.core.working.lock().get_mut(&self.id) {
            entry.progress.clone_from(progress);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(entry) = self.core.working.lock().remove(&self.id) {
            entry.ended.cancel();
        }
    }
}
