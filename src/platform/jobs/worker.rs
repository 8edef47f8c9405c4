//! Takes jobs from the queue, as many at once as the rules allow, and works on them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::platform::domain::{Core, pipeline};

/// After a look at the queue failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a queue where something is due and can't be had.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// Without anything due.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

pub async fn run(core: Arc<Core>) {
    let mut busy = JoinSet::new();
    let mut fresh_start = true;
    let _runs = Runs::begin(&core);
    while !core.stop.is_cancelled() {
        while busy.try_join_next().is_some() {}
        let wait = match pipeline::claim(&core, busy.len(), fresh_start).await {
            Ok(claims) => {
                fresh_start = false;
                for claimed in claims.jobs {
                    busy.spawn(pipeline::work_on(Arc::clone(&core), claimed));
                }
                claims.next.map_or(LONGEST_WAIT, |next| (next - core.now()).to_std().unwrap_or_default().max(SHORTEST_WAIT))
            }
            Err(error) => {
                tracing::error!(%error, "the queue could not be read");
                PATIENCE
            }
        };
        tokio::select! {
            () = core.stop.cancelled() => {}
            () = core.work.notified() => {}
            Some(_) = busy.join_next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    // Each gives its job back or stores what it has.
    while busy.join_next().await.is_some() {}
}

/// Says that the worker runs, until it ends, however it ends.
struct Runs<'c>(&'c Core);

impl<'c> Runs<'c> {
    fn begin(core: &'c Core) -> Self {
        core.worker_runs.store(true, Ordering::Relaxed);
        Self(core)
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.worker_runs.store(false, Ordering::Relaxed);
    }
}
