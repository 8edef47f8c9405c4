//! Looks at the queue at the beginning of every minute, and forgets old minutes once an hour.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::domain::{Core, metrics, past};

const MINUTE_MS: i64 = 60_000;
/// Looks from one forgetting to the next.
const LOOKS_AN_HOUR: u32 = 60;

pub async fn run(core: Arc<Core>) {
    let mut looks = 0_u32;
    loop {
        if let Err(error) = metrics::sample(&core).await {
            tracing::warn!(%error, "the queue's figures could not be kept");
        }
        if looks.is_multiple_of(LOOKS_AN_HOUR) {
            if let Err(error) = past::prune(&core).await {
                tracing::warn!(%error, "old spells of jobs could not be forgotten");
            }
            match metrics::prune(&core).await {
                Ok(pruned) => tracing::debug!(pruned, "old minutes forgotten"),
                Err(error) => tracing::warn!(%error, "old minutes could not be forgotten"),
            }
        }
        looks = looks.wrapping_add(1);
        let left_ms = MINUTE_MS - core.now().timestamp_millis().rem_euclid(MINUTE_MS);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(left_ms.unsigned_abs())) => {}
            () = core.stop.cancelled() => return,
        }
    }
}
