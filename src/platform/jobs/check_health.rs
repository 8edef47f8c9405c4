//! Looks at the platform's health every few minutes: its parts, and the providers by questions that cost nothing. What calls say of a
//! provider is kept as soon as it turns.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::platform::domain::{Core, health};

/// The first look comes when the start is over.
const FIRST_AFTER: Duration = Duration::from_secs(3);
/// After a turn was kept: a provider that fails now and then turns often.
const REST: Duration = Duration::from_secs(15);
/// Reading every page of a large database keeps the disk busy.
const PAGES_AFTER: Duration = Duration::from_mins(2);
const PAGES_EVERY: Duration = Duration::from_hours(24);
const PRUNE_EVERY: Duration = Duration::from_hours(24);

/// Looks until the platform stops. Each wait is up to a tenth longer or shorter, so that many platforms do not ask a provider
/// all at once.
pub async fn run(core: Arc<Core>, every: Duration) {
    let stop = core.stop.clone();
    let looking = async { tokio::join!(look(&core, every), read_pages(&core), prune(&core)) };
    tokio::select! {
        _ = looking => {}
        () = stop.cancelled() => {}
    }
}

async fn look(core: &Core, every: Duration) {
    let mut wait = FIRST_AFTER;
    loop {
        core.health.plan(TimeDelta::from_std(every).unwrap_or(health::EVERY), core.now() + TimeDelta::from_std(wait).unwrap_or_default());
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = keep_turns(core) => {}
        }
        if let Err(error) = health::check_by_itself(core).await {
            tracing::warn!(%error, "a look at the platform's health could not be kept");
        }
        wait = every.mul_f64(0.9 + 0.2 * chance());
    }
}

/// Keeps every turn; does not end by itself.
async fn keep_turns(core: &Core) {
    loop {
        core.health.calls.turned.notified().await;
        if let Err(error) = health::keep_turn(core).await {
            tracing::warn!(%error, "a turn of the platform's health could not be kept");
        }
        tokio::time::sleep(REST).await;
    }
}

/// From 0 to 1; in the middle where the system gives no randomness.
fn chance() -> f64 {
    let mut byte = [0_u8; 1];
    if getrandom::fill(&mut byte).is_ok() { f64::from(byte[0]) / 255.0 } else { 0.5 }
}

async fn read_pages(core: &Core) {
    let mut wait = PAGES_AFTER;
    loop {
        tokio::time::sleep(wait).await;
        if let Err(error) = health::read_all_pages(core).await {
            tracing::warn!(%error, "the database's pages could not be checked");
        }
        wait = PAGES_EVERY;
    }
}

async fn prune(core: &Core) {
    loop {
        match health::prune(core).await {
            Ok(0) => {}
            Ok(pruned) => tracing::info!(pruned, "old health checks forgotten"),
            Err(error) => tracing::warn!(%error, "old health checks could not be forgotten"),
        }
        tokio::time::sleep(PRUNE_EVERY).await;
    }
}
