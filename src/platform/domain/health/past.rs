//! Health at a moment in the past: what the last checks before it found, and the past as it was known then.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::history::{self, covered_by};
use super::{PLATFORM, parts};
use crate::platform::domain::{Core, DomainError, Result};
use crate::platform::store;
use crate::platform::store::health::{Check, HOUR_MS, Hour};
use crate::wire::health::{Component, HealthReport, PROVIDER_PREFIX};

const WELL: &str = "Well when it was last checked";
const NOBODY_LOOKED: &str = "Not checked before this moment";

/// Every part and provider that had been looked at until a moment.
pub async fn report(core: &Core, at: DateTime<Utc>) -> Result<HealthReport> {
    let checks = store::health::last_checks_at(&core.db, core.org, at - history::KEPT, at).await?;
    let Some(status) = checks.iter().find(|check| check.component == PLATFORM).map(|check| check.status) else {
        let message = "Nobody had looked at the platform's health until that moment; choose a later one".to_owned();
        return Err(DomainError::Unanswerable { code: "no_record", message });
    };
    let mut last: HashMap<String, Check> = checks.into_iter().map(|check| (check.component.clone(), check)).collect();
    let mut pasts = history::pasts_of(hours(core, at).await?, at);
    let mut components = Vec::with_capacity(last.len());
    let providers = core.providers.iter().map(|provider| (format!("{PROVIDER_PREFIX}{}", provider.name()), provider.label().to_owned()));
    let parts = parts::LABELS.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned()));
    for (name, label) in parts.chain(providers) {
        let past = pasts.remove(&name).unwrap_or_else(|| history::no_past(at));
        let check = last.remove(&name);
        let detail = match &check {
            Some(check) => check.detail.clone().unwrap_or_else(|| WELL.to_owned()),
            None => NOBODY_LOOKED.to_owned(),
        };
        components.push(Component {
            name,
            label,
            status: check.as_ref().map(|check| check.status),
            detail,
            response_time_ms: check.as_ref().and_then(|check| check.response_time_ms),
            error_rate: check.as_ref().and_then(|check| check.error_rate),
            calls: None,
            last_check: check.map(|check| check.at),
            uptime: past.uptime,
            hours: past.hours,
            days: past.days,
        });
    }
    Ok(HealthReport { at, status, components, next_check: None })
}

/// The hours until a moment; of the hour that holds it only what was known then.
async fn hours(core: &Core, at: DateTime<Utc>) -> Result<Vec<Hour>> {
    let present = at.timestamp_millis() / HOUR_MS;
    let mut hours = store::health::hours(&core.db, core.org, history::first_hour(present)).await?;
    hours.retain(|hour| hour.hour < present);
    let speaks_for = core.health.every() * 2;
    let begin = DateTime::from_timestamp_millis(present * HOUR_MS).unwrap_or(at);
    let checks = store::health::checks_between(&core.db, core.org, begin - speaks_for, at).await?;
    let mut before: HashMap<&str, &Check> = HashMap::new();
    for check in &checks {
        let last = before.insert(check.component.as_str(), check);
        hours.extend(covered_by(check, last, speaks_for).into_iter().filter(|hour| hour.hour == present));
    }
    Ok(hours)
}
