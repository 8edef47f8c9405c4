//! Looks at the rules of alerts: regularly, and soon after something happened.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::domain::{Core, alerts};

const EVERY: Duration = Duration::from_secs(15);
/// Between two looks, however much happens.
const REST: Duration = Duration::from_secs(3);

pub async fn run(core: Arc<Core>) {
    let mut newest = core.newest_event.subscribe();
    loop {
        newest.mark_unchanged();
        if let Err(error) = alerts::look(&core).await {
            tracing::warn!(%error, "the rules of alerts could not be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            () = core.stop.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY.saturating_sub(REST)) => {}
            _told = newest.changed() => {}
            () = core.stop.cancelled() => return,
        }
    }
}
