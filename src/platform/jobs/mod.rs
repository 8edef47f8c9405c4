//! The worker loop and every periodic job, one per file.

use std::sync::Arc;

use crate::platform::domain::Core;

/// Which of the jobs a platform runs.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub workers: bool,
    pub bundled_photos: bool,
}

/// Starts the jobs on the current runtime; they end with `core.stop`.
pub fn start(core: &Arc<Core>, wanted: Wanted) {
    let _ = (core, wanted);
}
