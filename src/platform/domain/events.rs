//! The journal of events, as a reader that may have missed some sees it.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::event::{Event, EventsPage, EventsQuery};

/// Events sent at most from one read of the store.
const BATCH: u32 = 500;
/// A reader further behind than this, because it was away or reads too slowly, is told to ask again for
/// everything: that is less than what it missed.
pub const MOST_BEHIND: i64 = 10_000;

/// How long an event is kept at least.
const KEPT_HOURS: i64 = 24;
/// Events forgotten in one transaction, so that other writes do not wait long.
const PRUNED_AT_ONCE: u32 = 2_000;
/// Longest time that an answer without the stream waits for an event.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Where a reader goes on who saw `last_seen`, and whether it has to ask again for everything.
pub async fn resume(core: &Core, last_seen: Option<i64>) -> Result<(i64, bool)> {
    let (first, last) = store::events::range(&core.db, core.org).await?.unwrap_or((1, 0));
    Ok(match last_seen {
        Some(id) if id > last || id + 1 < first || last - id > MOST_BEHIND => (last, true),
        Some(id) => (id, false),
        None => (last, false),
    })
}

/// What a connected reader gets after `last_seen`.
pub enum Next {
    /// In order; empty when there are none yet.
    Events(Vec<Event>),
    /// It fell too far behind, or what it missed is forgotten: it asks again for everything and goes on after this id.
    Resync(i64),
}

/// The next events for a connected reader.
pub async fn next(core: &Core, last_seen: i64) -> Result<Next> {
    let newest = *core.newest_event.borrow();
    if newest - last_seen > MOST_BEHIND {
        return Ok(Next::Resync(newest));
    }
    Ok(Next::Events(store::events::after(&core.db, core.org, last_seen, BATCH).await?))
}

/// Events without the stream: what came after one, or what was before one.
pub async fn page(core: &Core, query: &EventsQuery) -> Result<EventsPage> {
    let limit = query.limit.unwrap_or(BATCH).clamp(1, BATCH);
    match (query.after, query.before) {
        (Some(_), Some(_)) => Err(DomainError::Invalid { code: "after_and_before", message: "Give either after or before, not both".to_owned() }),
        (None, Some(before)) => older(core, before, query, limit).await,
        (after, None) => {
            // Before the look, so that what is told in between wakes it.
            let newest = core.newest_event.subscribe();
            let page = newer(core, after, limit).await?;
            let wait = Duration::from_millis(query.wait_ms.unwrap_or(0));
            if after.is_none() || page.resync || !page.items.is_empty() || wait.is_zero() {
                return Ok(page);
            }
            until_told(core, newest, wait).await;
            newer(core, after, limit).await
        }
    }
}

async fn older(core: &Core, before: i64, query: &EventsQuery, limit: u32) -> Result<EventsPage> {
    // One more than asked for says whether there is more.
    let mut items = store::events::before(&core.db, core.org, before, query.topic, limit + 1).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    Ok(EventsPage { next: items.last().map_or(before, |event| event.id), items, has_more, resync: false })
}

async fn newer(core: &Core, after: Option<i64>, limit: u32) -> Result<EventsPage> {
    let (start, resync) = resume(core, after).await?;
    if resync || after.is_none() {
        return Ok(EventsPage { items: Vec::new(), next: start, has_more: false, resync });
    }
    let mut items = store::events::after(&core.db, core.org, start, limit + 1).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    Ok(EventsPage { next: items.last().map_or(start, |event| event.id), items, has_more, resync: false })
}

/// Until an event is told, or the time is over, or the platform stops.
async fn until_told(core: &Core, mut newest: watch::Receiver<i64>, most: Duration) {
    tokio::select! {
        // An error means that the platform goes: nothing will come.
        _told = newest.changed() => {}
        () = tokio::time::sleep(most.min(LONGEST_WAIT)) => {}
        () = core.stop.cancelled() => {}
    }
}

/// Forgets events that are older than a day; a reader further behind asks again for everything.
pub async fn prune(core: &Core) -> Result<u64> {
    let before = core.now() - TimeDelta::hours(KEPT_HOURS);
    let mut all = 0;
    loop {
        let mut change = core.change().await?;
        let pruned = store::events::prune(&mut change.tx, before, PRUNED_AT_ONCE).await?;
        change.commit().await?;
        all += pruned;
        if pruned < u64::from(PRUNED_AT_ONCE) || core.stop.is_cancelled() {
            return Ok(all);
        }
    }
}
