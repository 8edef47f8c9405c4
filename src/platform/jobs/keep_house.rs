//! Once an hour: forgets old events and traces, and alerts that were over long ago; the database looks how much it holds.

use std::sync::Arc;
use std::time::Duration;

use crate::platform::domain::{Core, alerts, events, traces};

const EVERY: Duration = Duration::from_hours(1);

pub async fn run(core: Arc<Core>) {
    loop {
        match events::prune(&core).await {
            Ok(0) => {}
            Ok(pruned) => tracing::info!(pruned, "old events forgotten"),
            Err(error) => tracing::warn!(%error, "old events could not be forgotten"),
        }
        if let Err(error) = alerts::prune(&core).await {
            tracing::warn!(%error, "old alerts could not be forgotten");
        }
        if let Err(error) = traces::prune(&core).await {
            tracing::warn!(%error, "old traces could not be forgotten");
        }
        if let Err(error) = core.measure_tables().await {
            tracing::warn!(%error, "the database could not be measured");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = core.stop.cancelled() => return,
        }
    }
}
