//! Fills an empty library with the bundled photos, while the platform answers already. What can't be stored is tried again, and said.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::domain::{Core, photos};

/// A disk that was full may have room soon, or not before tomorrow.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub async fn run(core: Arc<Core>) {
    let mut wait = FIRST_WAIT;
    loop {
        let seeded = photos::seed(&core).await;
        if let Err(error) = photos::say_bundled_wait(&core, seeded.as_ref().err()).await {
            tracing::warn!(%error, "how many bundled photos are missing could not be read");
        }
        let Err(error) = seeded else { return };
        tracing::warn!(%error, ?wait, "the bundled photos could not all be added; it is tried again");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.stop.cancelled() => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
