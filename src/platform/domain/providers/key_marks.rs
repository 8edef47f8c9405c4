//! Whose word it is: what was earned with one key (that it worked, how its test ended) is not said of the next.

use std::collections::HashMap;
use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::domain::{Core, Result};
use crate::platform::store;
use crate::platform::store::providers::KeyWorked;
use crate::providers::{KeyNeed, Provider};
use crate::wire::health::ProviderHealth;

/// When a key worked is written down at most this often.
const WORKED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The mark of the key that worked last, and when.
pub type Worked = (String, DateTime<Utc>);

/// The mark of the key that a provider is asked with now; empty where it is asked without one.
pub async fn key_mark(core: &Core, provider: &dyn Provider) -> String {
    if provider.key_need() == KeyNeed::None { String::new() } else { core.keys.mark(provider.name(), &salt(core, provider.name())).await }
}

fn salt(core: &Core, name: &str) -> String {
    format!("{} {name}", core.org.0)
}

/// When the key of each provider last worked that it has now.
pub async fn worked(core: &Core) -> Result<HashMap<String, DateTime<Utc>>> {
    let mut of_now = HashMap::new();
    for worked in store::providers::keys_worked(&core.db, core.org).await? {
        if is_of_now(core, &worked.provider, &worked.mark).await {
            of_now.insert(worked.provider, worked.at);
        }
    }
    Ok(of_now)
}

/// The last test of each provider that was made with the key that it has now.
pub async fn checks(core: &Core) -> Result<Vec<ProviderHealth>> {
    let mut of_now = Vec::new();
    for (check, mark) in store::health::checks(&core.db, core.org).await? {
        if is_of_now(core, &check.provider_name, &mark).await {
            of_now.push(check);
        }
    }
    Ok(of_now)
}

async fn is_of_now(core: &Core, name: &str, mark: &str) -> bool {
    match core.providers.iter().find(|provider| provider.name() == name) {
        Some(provider) => key_mark(core, provider.as_ref()).await == mark,
        None => false,
    }
}

/// Writes down that a call with the key of this mark was answered well, now and then. Failing to is no reason to fail the call.
pub async fn note_key_worked(core: &Core, provider: &dyn Provider, mark: String) {
    if provider.key_need() == KeyNeed::None {
        return;
    }
    let now = core.now();
    let is_due = {
        let mut worked = core.seen_of_providers.worked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = worked.get(provider.name()).filter(|(known, _)| *known == mark);
        let is_due = known.is_none_or(|(_, at)| now - *at >= WORKED_EVERY);
        if is_due {
            worked.insert(provider.name().to_owned(), (mark.clone(), now));
        }
        is_due
    };
    if !is_due {
        return;
    }
    let worked = KeyWorked { provider: provider.name().to_owned(), mark, at: now };
    if let Err(error) = write_key_worked(core, &worked).await {
        tracing::warn!(%error, "when a key last worked could not be written down");
    }
}

async fn write_key_worked(core: &Core, worked: &KeyWorked) -> Result<()> {
    let mut change = core.change().await?;
    store::providers::put_key_worked(&mut change.tx, core.org, worked).await?;
    change.commit().await
}
