//! The journal of events, as a reader that may have missed some sees it.

use chrono::TimeDelta;

use super::{Core, Result};
use crate::platform::store;
use crate::wire::event::Event;

/// Events sent at most from one read of the store.
const BATCH: u32 = 500;
/// A reader further behind than this is told to ask again for everything.
const MOST_BEHIND: i64 = 20_000;

/// How long an event is kept.
const KEPT_HOURS: i64 = 24;

/// Where a reader goes on who saw `last_seen`, and whether it has to ask again for everything.
pub async fn resume(core: &Core, last_seen: Option<i64>) -> Result<(i64, bool)> {
    let (first, last) = store::events::range(&core.db, core.org).await?.unwrap_or((1, 0));
    Ok(match last_seen {
        Some(id) if id > last || id + 1 < first || last - id > MOST_BEHIND => (last, true),
        Some(id) => (id, false),
        None => (last, false),
    })
}

/// The next events after `last_seen`; empty when there are none yet.
pub async fn after(core: &Core, last_seen: i64) -> Result<Vec<Event>> {
    Ok(store::events::after(&core.db, core.org, last_seen, BATCH).await?)
}

/// Forgets events that are older than a day; a reader further behind asks again for everything.
pub async fn prune(core: &Core) -> Result<u64> {
    let mut change = core.change().await?;
    let pruned = store::events::prune(&mut change.tx, core.now() - TimeDelta::hours(KEPT_HOURS)).await?;
    change.commit().await?;
    Ok(pruned)
}
