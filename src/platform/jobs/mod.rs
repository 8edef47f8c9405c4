//! The worker loop and every periodic job, one per file.

mod check_health;
mod go_on_measuring;
mod hash_photos;
mod keep_house;
mod sample_metrics;
mod seed_photos;
mod watch_alerts;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use crate::platform::domain::Core;

/// Which of the jobs a platform runs.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub workers: bool,
    pub bundled_photos: bool,
    /// Between two looks at the platform's health; `None`: only when asked for.
    pub health_every: Option<Duration>,
}

/// Starts the jobs on the current runtime; they end with `core.stop`.
pub fn start(core: &Arc<Core>, wanted: Wanted) {
    core.tasks.spawn(keep_house::run(Arc::clone(core)));
    core.tasks.spawn(hash_photos::run(Arc::clone(core)));
    if let Some(every) = wanted.health_every {
        core.tasks.spawn(check_health::run(Arc::clone(core), every));
    }
    if wanted.bundled_photos {
        core.tasks.spawn(seed_photos::run(Arc::clone(core)));
    }
    if wanted.workers {
        core.tasks.spawn(sample_metrics::run(Arc::clone(core)));
        core.tasks.spawn(watch_alerts::run(Arc::clone(core)));
        core.tasks.spawn(worker::run(Arc::clone(core)));
        core.tasks.spawn(go_on_measuring::run(Arc::clone(core)));
    }
}
