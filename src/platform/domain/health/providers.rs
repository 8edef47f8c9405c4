//! Providers: judged by their calls of the last minutes and their last check; asked a free question now and then.

use std::time::Duration;

use futures_util::future::join_all;

use super::calls::Window;
use crate::keys::KeyProblem;
use crate::platform::domain::providers::{Brought, checks, key_mark, note_key_worked};
use crate::platform::domain::{Core, DomainError, Result, config};
use crate::platform::store;
use crate::providers::{CallContext, KeyNeed, Provider};
use crate::wire::config::PipelineConfig;
use crate::wire::cost::calls_words;
use crate::wire::health::{HealthState, ProviderHealth};
use crate::wire::model::KeyState;
use crate::wire::page::Page;
use crate::wire::result::{Fault, FaultKind};

const CHECK_LIMIT: Duration = Duration::from_secs(20);

/// How a provider stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Provided {
    pub name: String,
    pub label: String,
    /// Whether it has what it needs and somebody means to use it: others are not asked by themselves and have no past.
    pub is_in_use: bool,
    pub is_held_back: bool,
    pub window: Window,
    pub health: ProviderHealth,
    /// Why, and what to do where it is not healthy.
    pub detail: String,
}

impl Provided {
    #[must_use]
    pub fn status(&self) -> HealthState {
        self.health.status
    }
}

/// Every provider.
pub async fn all(core: &Core) -> Result<Vec<Provided>> {
    let checks = checks(core).await?;
    let config = config::current(core).await?;
    let mut all = Vec::new();
    for provider in core.providers.iter() {
        let check = checks.iter().find(|check| check.provider_name == provider.name());
        all.push(judge(core, provider.as_ref(), check, &config).await);
    }
    Ok(all)
}

/// Every provider, in the words of existing deployments.
pub async fn list(core: &Core) -> Result<Page<ProviderHealth>> {
    let items = all(core).await?.into_iter().map(|provided| provided.health).collect();
    Ok(Page { items, next_cursor: None, total: None })
}

async fn missing_key(core: &Core, provider: &dyn Provider) -> Option<String> {
    if provider.key_need() != KeyNeed::Required {
        return None;
    }
    core.keys.get(provider.name()).await.err().map(|problem: KeyProblem| problem.to_string())
}

async fn judge(core: &Core, provider: &dyn Provider, check: Option<&ProviderHealth>, config: &PipelineConfig) -> Provided {
    let name = provider.name();
    let window = core.health.calls.window(name, core.now());
    let missing = missing_key(core, provider).await;
    let stopped = provider.stopped();
    // A call that was answered since says more than a check before it.
    let check_counts = |check: &&ProviderHealth| check.status == HealthState::Healthy || window.answered_at <= check.last_check;
    let trouble = check.filter(check_counts).filter(|check| check.status != HealthState::Healthy);
    let by_calls = window.state();
    let (status, reason) = match (&missing, &stopped, trouble) {
        (Some(why), _, _) => (HealthState::Down, Some(why.clone())),
        // It lets calls through again by itself.
        (None, Some(fault), _) if fault.until.is_some() => (HealthState::Degraded, Some(fault.message.clone())),
        (None, Some(fault), _) => (HealthState::Down, Some(fault.message.clone())),
        (None, None, Some(check)) if check.status >= by_calls => (check.status, check.error_details.clone()),
        _ if by_calls > HealthState::Healthy => (by_calls, window.fault.clone()),
        _ => (HealthState::Healthy, None),
    };
    let is_by_calls = missing.is_none() && stopped.is_none() && window.failed > 0 && by_calls == status;
    let detail = match (&reason, window.outage().filter(|_| is_by_calls)) {
        (Some(why), Some(count)) => format!("The last {count} calls all failed. The last one: {why}"),
        (Some(why), None) if is_by_calls => {
            format!("{} of {} failed in the last 15 minutes. The last one: {why}", window.failed, calls_words(window.calls()))
        }
        (Some(why), None) => why.clone(),
        (None, _) if window.calls() > 0 => format!("{} in the last 15 minutes, {} failed", calls_words(window.calls()), window.failed),
        (None, _) if check.is_some() => "Answered when it was last asked".to_owned(),
        (None, _) => "Not asked yet".to_owned(),
    };
    Provided {
        name: name.to_owned(),
        label: provider.label().to_owned(),
        is_in_use: missing.is_none() && is_meant(core, provider, check, config).await,
        is_held_back: stopped.is_some(),
        health: ProviderHealth {
            provider_name: name.to_owned(),
            status,
            response_time_ms: window.response_time_ms.or(check.and_then(|check| check.response_time_ms)),
            error_rate: window.error_rate(),
            last_check: check.and_then(|check| check.last_check),
            error_details: reason,
        },
        window,
        detail,
    }
}

/// A server that needs no key is there for everybody, and is asked by itself only where somebody uses it: a model in use is of it,
/// it was set up, has a key, or was called.
async fn is_meant(core: &Core, provider: &dyn Provider, check: Option<&ProviderHealth>, config: &PipelineConfig) -> bool {
    let name = provider.name();
    let is_live = config.models_in_use().any(|model| model.split('/').next() == Some(name));
    let answered = check.is_some_and(|check| check.status == HealthState::Healthy) || core.health.calls.window(name, core.now()) != Window::default();
    is_live
        || answered
        || provider.key_need() == KeyNeed::Required
        || config.providers.contains_key(name)
        || core.providers.told().is_some_and(|told| told.endpoints.iter().any(|told| told.name == name))
        || (provider.key_need() == KeyNeed::Optional && matches!(core.keys.state(name).await, KeyState::Present { .. }))
}

/// Asks every provider that has its key whether it answers, all at once, and keeps what they say.
pub async fn check_all(core: &Core) -> Result<()> {
    ask_and_keep(core, |_| true).await
}

/// Asks those that are in use, are not held back and have not answered a real call just now.
pub async fn check_by_itself(core: &Core, recent: chrono::TimeDelta) -> Result<()> {
    let now = core.now();
    let all = all(core).await?;
    let is_due = |provided: &&Provided| {
        let answered_just_now = provided.window.answered_at.is_some_and(|at| now - at < recent);
        provided.is_in_use && !provided.is_held_back && !answered_just_now
    };
    let due: Vec<String> = all.iter().filter(is_due).map(|provided| provided.name.clone()).collect();
    ask_and_keep(core, |name| due.iter().any(|due| due == name)).await
}

async fn ask_and_keep(core: &Core, is_wanted: impl Fn(&str) -> bool) -> Result<()> {
    let wanted = core.providers.iter().filter(|provider| is_wanted(provider.name()));
    let asked = join_all(wanted.map(|provider| async move { ask(core, provider.as_ref()).await })).await;
    let mut change = core.change().await?;
    for (health, mark) in asked.into_iter().flatten() {
        store::health::put_check(&mut change.tx, core.org, &health, &mark).await?;
    }
    change.commit().await
}

/// Asks one provider whether it answers, and keeps what it says.
///
/// What it says of a key that was brought along is no matter of the platform's and is not kept.
pub async fn check_one(core: &Core, provider: &dyn Provider, brought: &Brought) -> Result<ProviderHealth> {
    if brought.has(provider.name()) {
        return Ok(knock(core, provider, brought).await);
    }
    let Some((health, mark)) = ask(core, provider).await else {
        let why = missing_key(core, provider).await.unwrap_or_else(|| "The key is missing".to_owned());
        return Err(DomainError::Conflict { code: "no_key", message: why });
    };
    let mut change = core.change().await?;
    store::health::put_check(&mut change.tx, core.org, &health, &mark).await?;
    change.commit().await?;
    Ok(health)
}

/// With the mark of the key that it was asked with.
async fn ask(core: &Core, provider: &dyn Provider) -> Option<(ProviderHealth, String)> {
    if missing_key(core, provider).await.is_some() {
        return None;
    }
    let mark = key_mark(core, provider).await;
    let health = knock(core, provider, &Brought::default()).await;
    if health.status == HealthState::Healthy {
        note_key_worked(core, provider, mark.clone()).await;
        // Calls that were held back go through again, and jobs wait for that.
        core.work.notify_one();
    }
    Some((health, mark))
}

/// Really asks.
async fn knock(core: &Core, provider: &dyn Provider, brought: &Brought) -> ProviderHealth {
    let call = CallContext { keys: brought.keys(), ..CallContext::new(core.stop.child_token(), CHECK_LIMIT) };
    let answer = tokio::time::timeout(CHECK_LIMIT, provider.check(&call)).await.unwrap_or_else(|_| {
        Err(Fault::new(FaultKind::Timeout, format!("{} did not answer within {} s; try again later", provider.name(), CHECK_LIMIT.as_secs())))
    });
    let (status, response_time_ms, error_details) = match answer {
        Ok(took) => (HealthState::Healthy, Some(took.as_secs_f64() * 1e3), None),
        Err(fault) => {
            let status = if fault.kind == FaultKind::RateLimited { HealthState::Degraded } else { HealthState::Down };
            (status, None, Some(fault.message))
        }
    };
    let provider_name = provider.name().to_owned();
    ProviderHealth { provider_name, status, response_time_ms, error_rate: None, last_check: Some(core.now()), error_details }
}
