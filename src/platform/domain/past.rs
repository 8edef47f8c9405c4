//! Moments in the past: which of them are known, and how the configuration was then.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{Core, DomainError, Result};
use crate::platform::store;

/// How far back a moment can be asked about.
pub const KEPT: TimeDelta = TimeDelta::days(7);
/// The first moment of the window's strip is chosen a while before it is asked about, by another clock, and is looked at for a while.
const SLACK: TimeDelta = TimeDelta::hours(1);
/// Spells of jobs are kept for longer, so that a moment that is just known stays so while it is looked at.
pub(super) const SPELLS_KEPT: TimeDelta = TimeDelta::days(8);

/// Begins the record of jobs where there is none yet.
pub async fn begin(core: &Core) -> Result<()> {
    if store::past::begun_at(&core.db).await?.is_some() {
        return Ok(());
    }
    let mut change = core.change().await?;
    store::past::begin(&mut change.tx, core.now()).await?;
    change.commit().await
}

/// The moment that is asked about, in whole milliseconds as times are stored; refused where nothing is known of it.
pub async fn asked(core: &Core, at: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>> {
    let Some(at) = at.map(|at| at.trunc_subsecs(3)) else { return Ok(None) };
    let now = core.now();
    let refuse = |code, message| Err(DomainError::Unanswerable { code, message });
    if at > now {
        return refuse("future", format!("{} is yet to come; leave 'at' out to see the present", words(at)));
    }
    let begun = begun_at(core).await?;
    if at < begun.max(now - KEPT - SLACK) {
        let first = begun.max(now - KEPT);
        return refuse("no_record", format!("There is no record before {}; choose a later moment", words(first)));
    }
    Ok(Some(at))
}

/// The first moment that can be asked about.
pub async fn first(core: &Core) -> Result<DateTime<Utc>> {
    Ok(begun_at(core).await?.max(core.now() - KEPT).trunc_subsecs(3))
}

async fn begun_at(core: &Core) -> Result<DateTime<Utc>> {
    Ok(store::past::begun_at(&core.db).await?.unwrap_or_else(|| core.now()))
}

fn words(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Forgets what is older than is kept; gives the number of rows.
pub async fn prune(core: &Core) -> Result<u64> {
    let mut change = core.change().await?;
    let forgotten = store::past::prune(&mut change.tx, core.org, core.now() - SPELLS_KEPT).await?;
    change.commit().await?;
    Ok(forgotten)
}
