//! What stands before the first request: the organisation, a prompt and a configuration.

use super::{Core, Result, config, health, past, prompts, providers};
use crate::platform::store;

/// Brings a fresh or known database to where the API can answer.
pub async fn prepare(core: &Core) -> Result<()> {
    let mut change = core.change().await?;
    store::organizations::ensure(&mut change.tx, core.org, "This computer", core.now()).await?;
    change.commit().await?;
    past::begin(core).await?;
    prompts::ensure_default(core).await?;
    config::ensure_default(core).await?;
    providers::apply(core, &config::current(core).await?);
    super::runs::mark_interrupted(core).await?;
    health::recall(core).await?;
    let newest = store::events::range(&core.db, core.org).await?.map_or(0, |(_, last)| last);
    core.newest_event.send_replace(newest);
    Ok(())
}
