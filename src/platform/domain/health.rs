//! Health of the platform, part by part, and of the providers: now, and in the past.

mod calls;
mod history;
mod parts;
mod past;
mod providers;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::providers::try_models_again;
use super::{Core, Result};
use crate::platform::store;
use crate::platform::store::health::Check;
use crate::wire::health::{Component, Health, HealthCheck, HealthReport, HealthState, PROVIDER_PREFIX, ProviderHealth};
use crate::wire::page::Page;

pub use calls::{Calls, Window};
pub use history::prune;
pub use providers::{check_one as check_provider, list as all_providers};

use parts::Part;
use providers::Provided;

/// The name of the platform as a whole among its parts.
const PLATFORM: &str = "platform";
/// Between two checks, unless told.
pub const EVERY: TimeDelta = TimeDelta::minutes(5);

/// What this process remembers of health.
pub struct Watch {
    /// Calls of providers, as they really went.
    pub calls: Calls,
    /// What the last write of a check took.
    write_ms: Mutex<Option<f64>>,
    /// What was wrong with the database's pages when they were last read; `None`: not yet.
    complaints: Mutex<Option<Vec<String>>>,
    /// Between two checks, and when the next one is due.
    every: Mutex<TimeDelta>,
    next: Mutex<Option<DateTime<Utc>>>,
    /// One check at a time.
    checking: tokio::sync::Mutex<()>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            calls: Calls::default(),
            write_ms: Mutex::default(),
            complaints: Mutex::default(),
            every: Mutex::new(EVERY),
            next: Mutex::default(),
            checking: tokio::sync::Mutex::default(),
        }
    }
}

impl Watch {
    /// Says when the platform looks by itself.
    pub fn plan(&self, every: TimeDelta, next: DateTime<Utc>) {
        *self.every.lock().unwrap_or_else(PoisonError::into_inner) = every;
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
    }

    fn every(&self) -> TimeDelta {
        *self.every.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The status alone, for who has no token: asks nothing outside.
pub async fn status(core: &Core) -> HealthState {
    let provided = providers::all(core).await.unwrap_or_default();
    parts::whole(&parts::needed(core, &provided).await).status
}

/// All parts and providers; the whole is as well as the worst part that it needs.
pub async fn all(core: &Core) -> Health {
    let (provided, parts) = parts::look(core).await;
    let status = parts::whole(&parts).status;
    let of_parts = parts.iter().map(|part| HealthCheck { name: part.name.to_owned(), status: part.status, detail: part.detail.clone() });
    let of_providers = provided.iter().filter(|provided| provided.is_in_use).map(|provided| HealthCheck {
        name: format!("{PROVIDER_PREFIX}{}", provided.name),
        status: provided.status(),
        detail: provided.detail.clone(),
    });
    Health { status, checks: of_parts.chain(of_providers).collect() }
}

/// Every part and provider with its past, now or at a moment in the past.
pub async fn report_at(core: &Core, at: Option<DateTime<Utc>>) -> Result<HealthReport> {
    match super::past::asked(core, at).await? {
        Some(at) => past::report(core, at).await,
        None => report(core).await,
    }
}

/// Every part and provider as it is now, with its past.
pub async fn report(core: &Core) -> Result<HealthReport> {
    let now = core.now();
    let (provided, parts) = parts::look(core).await;
    let pasts = history::pasts(core, now).await?;
    let last: HashMap<String, Check> = store::health::last_checks(&core.db, core.org, now - TimeDelta::days(90))
        .await?
        .into_iter()
        .map(|check| (check.component.clone(), check))
        .collect();
    let whole = parts::whole(&parts);
    let status = whole.status;
    let mut components: Vec<Component> =
        std::iter::once(&whole).chain(&parts).map(|part| of_part(part, last.get(part.name).map(|check| check.at))).collect();
    components.extend(provided.iter().map(|provided| of_provider(provided, &last)));
    for component in &mut components {
        let past = pasts.get(&component.name).cloned().unwrap_or_else(|| history::no_past(now));
        (component.uptime, component.hours, component.days) = (past.uptime, past.hours, past.days);
    }
    let next_check = *core.health.next.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(HealthReport { at: now, status, components, next_check })
}

fn of_part(part: &Part, last_check: Option<DateTime<Utc>>) -> Component {
    Component {
        name: part.name.to_owned(),
        label: part.label.to_owned(),
        status: Some(part.status),
        detail: part.detail.clone(),
        response_time_ms: part.response_time_ms,
        error_rate: None,
        calls: None,
        last_check,
        uptime: crate::wire::health::Uptime::default(),
        hours: Vec::new(),
        days: Vec::new(),
    }
}

fn of_provider(provided: &Provided, last: &HashMap<String, Check>) -> Component {
    let name = format!("{PROVIDER_PREFIX}{}", provided.name);
    let is_known = provided.health.last_check.is_some() || provided.window.calls() > 0;
    Component {
        status: (provided.is_in_use && (is_known || provided.is_held_back)).then_some(provided.status()),
        label: provided.label.clone(),
        detail: provided.detail.clone(),
        response_time_ms: provided.health.response_time_ms,
        error_rate: provided.health.error_rate,
        calls: Some(provided.window.calls()),
        last_check: provided.health.last_check.max(last.get(&name).map(|check| check.at)),
        uptime: crate::wire::health::Uptime::default(),
        hours: Vec::new(),
        days: Vec::new(),
        name,
    }
}

/// Providers in use, and whether they are not down.
pub async fn providers_up(core: &Core) -> Result<Vec<(String, bool)>> {
    let all = providers::all(core).await?;
    Ok(all
        .into_iter()
        .filter(|provided| provided.is_in_use)
        .map(|provided| (provided.name.clone(), provided.status() != HealthState::Down))
        .collect())
}

/// Asks every provider that has its key and looks at every part, now, because somebody asked for it.
pub async fn check_now(core: &Core) -> Result<HealthReport> {
    {
        let _one = core.health.checking.lock().await;
        providers::check_all(core).await?;
        try_models_again(core);
        look_and_record(core).await?;
    }
    report(core).await
}

/// As [`check_now`], told of the providers alone.
pub async fn check_providers(core: &Core) -> Result<Page<ProviderHealth>> {
    check_now(core).await?;
    all_providers(core).await
}

/// The look that the platform takes by itself. Providers are asked only where it is due, and never for money.
pub async fn check_by_itself(core: &Core) -> Result<()> {
    let _one = core.health.checking.lock().await;
    providers::check_by_itself(core, core.health.every()).await?;
    look_and_record(core).await
}

/// Keeps how everything is now that calls have turned a provider's health: who follows it is told at once. Asks nobody.
pub async fn keep_turn(core: &Core) -> Result<()> {
    let _one = core.health.checking.lock().await;
    look_and_record(core).await
}

/// Takes in the calls of the last minutes before this process, so that what it knows of the providers survives a restart.
pub async fn recall(core: &Core) -> Result<()> {
    let since = core.now() - calls::WINDOW;
    for call in store::health::newest_calls(&core.db, core.org, since, calls::NEWEST_RECALLED).await? {
        let ended = call.fault.as_ref().map_or(Ok(call.took_ms), Err);
        core.health.calls.recall(&call.provider, call.at, ended);
    }
    Ok(())
}

async fn look_and_record(core: &Core) -> Result<()> {
    let now = core.now();
    let (provided, parts) = parts::look(core).await;
    let whole = parts::whole(&parts);
    let mut looks: Vec<(String, Check)> =
        std::iter::once(&whole).chain(&parts).map(|part| (part.label.to_owned(), look_at_part(part, now))).collect();
    let known = provided.iter().filter(|provided| provided.is_in_use && (provided.health.last_check.is_some() || provided.window.calls() > 0));
    looks.extend(known.map(|provided| (provided.label.clone(), look_at_provider(provided, now))));
    let begun = Instant::now();
    history::record(core, &looks, core.health.every() * 2).await?;
    *core.health.write_ms.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

fn look_at_part(part: &Part, at: DateTime<Utc>) -> Check {
    Check {
        component: part.name.to_owned(),
        at,
        status: part.status,
        response_time_ms: part.response_time_ms,
        error_rate: None,
        detail: (part.status != HealthState::Healthy).then(|| part.detail.clone()),
    }
}

fn look_at_provider(provided: &Provided, at: DateTime<Utc>) -> Check {
    Check {
        component: format!("{PROVIDER_PREFIX}{}", provided.name),
        at,
        status: provided.status(),
        response_time_ms: provided.health.response_time_ms,
        error_rate: provided.health.error_rate,
        detail: (provided.status() != HealthState::Healthy).then(|| provided.detail.clone()),
    }
}

/// Reads every page of the database, and remembers what is wrong with them.
pub async fn read_all_pages(core: &Core) -> Result<()> {
    let complaints = store::health::complaints(&core.db).await?;
    if let Some(first) = complaints.first() {
        tracing::error!(%first, "the database is damaged");
    }
    *core.health.complaints.lock().unwrap_or_else(PoisonError::into_inner) = Some(complaints);
    Ok(())
}
