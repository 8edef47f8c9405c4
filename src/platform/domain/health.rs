//! Health of the platform, part by part, and of the providers.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::providers::Brought;
use super::{Core, DomainError, Result, config, disk, providers};
use crate::keys::KeyProblem;
use crate::platform::store;
use crate::providers::{CallContext, KeyNeed, Provider};
use crate::wire::config::{PipelineConfig, PipelineState};
use crate::wire::health::{Health, HealthCheck, HealthState, ProviderHealth};
use crate::wire::page::Page;
use crate::wire::result::{Fault, FaultKind};

/// A job that waits longer while none is begun says that the queue stands.
const QUEUE_STANDS_AFTER: TimeDelta = TimeDelta::minutes(5);
const CHECK_LIMIT: Duration = Duration::from_secs(20);
/// Errors among a provider's calls that make it degraded, and down.
const ERROR_RATE_DEGRADED: f64 = 0.05;
const ERROR_RATE_DOWN: f64 = 0.5;
const FAULTS_READ_MOST: u32 = 10_000;

/// All parts; the whole is as well as its worst part.
pub async fn all(core: &Core) -> Health {
    let mut checks = Vec::new();
    match config::current(core).await {
        Ok(config) => {
            checks.push(check("database", HealthState::Healthy, "Answers"));
            checks.push(queue(core, &config).await);
            checks.push(workers(core, &config));
            checks.push(model(core, &config).await);
        }
        Err(error) => checks.push(check("database", HealthState::Down, format!("{error}. Run 'minerva doctor'"))),
    }
    checks.push(room(core));
    let status = checks.iter().map(|check| check.status).max().unwrap_or(HealthState::Healthy);
    Health { status, checks }
}

fn check(name: &str, status: HealthState, detail: impl Into<String>) -> HealthCheck {
    HealthCheck { name: name.to_owned(), status, detail: detail.into() }
}

async fn queue(core: &Core, config: &PipelineConfig) -> HealthCheck {
    let now = core.now();
    match store::health::queue(&core.db, core.org).await {
        Err(error) => check("queue", HealthState::Down, error.to_string()),
        Ok((None, _)) => check("queue", HealthState::Healthy, "Nothing waits"),
        Ok((Some(since), begun)) => {
            let waits = (now - since).num_seconds().max(0);
            let stands = now - since > QUEUE_STANDS_AFTER && begun.is_none_or(|begun| now - begun > QUEUE_STANDS_AFTER);
            if stands && config.state == PipelineState::Running {
                return check("queue", HealthState::Degraded, format!("A job waits for {waits} s and none was begun; look at the workers"));
            }
            check("queue", HealthState::Healthy, format!("The longest wait is {waits} s"))
        }
    }
}

fn workers(core: &Core, config: &PipelineConfig) -> HealthCheck {
    if !core.worker_runs.load(Ordering::Relaxed) {
        return check("workers", HealthState::Degraded, "No worker runs on this platform; restart it to process photos");
    }
    match config.state {
        PipelineState::Running => check("workers", HealthState::Healthy, format!("Up to {} jobs at once", config.rules.workers)),
        PipelineState::Paused => check("workers", HealthState::Healthy, "Paused by a person; resume the pipeline to go on"),
    }
}

async fn model(core: &Core, config: &PipelineConfig) -> HealthCheck {
    let model = &config.live_model;
    let Some((provider, _)) = core.providers.find(model) else {
        return check("model", HealthState::Down, format!("The live model '{model}' is unknown; choose another in Pipeline control"));
    };
    match missing_key(core, provider.as_ref()).await {
        Some(why) => check("model", HealthState::Down, why),
        None => check("model", HealthState::Healthy, format!("{model} is live")),
    }
}

fn room(core: &Core) -> HealthCheck {
    match disk::free_bytes(&core.folder) {
        // Not every system says; that is no illness.
        Err(error) => check("disk", HealthState::Healthy, format!("Free space could not be told: {error}")),
        Ok(free) => {
            let status = match free {
                _ if free < disk::FREE_BYTES_LEAST => HealthState::Down,
                _ if free < disk::FREE_BYTES_LOW => HealthState::Degraded,
                _ => HealthState::Healthy,
            };
            let mend = if status == HealthState::Healthy { "" } else { "; free some space" };
            check("disk", status, format!("{} free{mend}", disk::size(free)))
        }
    }
}

async fn missing_key(core: &Core, provider: &dyn Provider) -> Option<String> {
    if provider.key_need() != KeyNeed::Required {
        return None;
    }
    core.keys.get(provider.name()).await.err().map(|problem: KeyProblem| problem.to_string())
}

/// Every provider: its calls of the last hour, and its last check.
pub async fn all_providers(core: &Core) -> Result<Page<ProviderHealth>> {
    let since = core.now() - TimeDelta::hours(1);
    let answered: HashMap<String, store::health::Calls> =
        store::health::answered(&core.db, core.org, since).await?.into_iter().map(|calls| (calls.ai_provider.clone(), calls)).collect();
    let mut faults: HashMap<String, (i64, String)> = HashMap::new();
    for (provider, fault) in store::health::faults(&core.db, core.org, since, FAULTS_READ_MOST).await? {
        let fault: Fault = store::from_json(&fault)?;
        if is_providers(fault.kind) {
            faults.entry(provider).or_insert((0, fault.message)).0 += 1;
        }
    }
    let checks = store::health::checks(&core.db, core.org).await?;
    let mut items = Vec::new();
    for provider in core.providers.iter() {
        let name = provider.name();
        let check = checks.iter().find(|check| check.provider_name == name);
        let missing = missing_key(core, provider.as_ref()).await;
        items.push(judge(name, answered.get(name), faults.get(name), check, missing));
    }
    Ok(Page { items, next_cursor: None, total: None })
}

/// Whether a fault speaks of the provider, not of a photo, a prompt or ourselves.
fn is_providers(kind: FaultKind) -> bool {
    !matches!(kind, FaultKind::Photo | FaultKind::Prompt | FaultKind::Cancelled | FaultKind::Internal | FaultKind::Refused)
}

fn judge(
    name: &str,
    answered: Option<&store::health::Calls>,
    faults: Option<&(i64, String)>,
    check: Option<&ProviderHealth>,
    missing_key: Option<String>,
) -> ProviderHealth {
    let failed = faults.map_or(0, |(count, _)| *count);
    let calls = failed + answered.map_or(0, |calls| calls.answered);
    let error_rate = (calls > 0).then(|| failed as f64 / calls as f64);
    let by_rate = match error_rate {
        Some(rate) if rate >= ERROR_RATE_DOWN => HealthState::Down,
        Some(rate) if rate >= ERROR_RATE_DEGRADED => HealthState::Degraded,
        _ => HealthState::Healthy,
    };
    let by_check = check.map_or(HealthState::Healthy, |check| check.status);
    let by_key = if missing_key.is_some() { HealthState::Down } else { HealthState::Healthy };
    ProviderHealth {
        provider_name: name.to_owned(),
        status: by_rate.max(by_check).max(by_key),
        response_time_ms: answered.and_then(|calls| calls.response_time_ms).or(check.and_then(|check| check.response_time_ms)),
        error_rate,
        last_check: check.and_then(|check| check.last_check),
        error_details: missing_key.or_else(|| check.and_then(|check| check.error_details.clone())).or_else(|| faults.map(|(_, words)| words.clone())),
    }
}

/// Asks every provider that has its key whether it answers, all at once, and keeps what they say.
pub async fn check_providers(core: &Core) -> Result<Page<ProviderHealth>> {
    let asked = join_all(core.providers.iter().map(|provider| async move { ask(core, provider.as_ref()).await })).await;
    let mut change = core.change().await?;
    for health in asked.into_iter().flatten() {
        store::health::put_check(&mut change.tx, core.org, &health).await?;
    }
    change.commit().await?;
    all_providers(core).await
}

/// Asks one provider whether it answers, and keeps what it says.
///
/// What it says of a key that was brought along is no matter of the platform's and is not kept.
pub async fn check_provider(core: &Core, provider: &dyn Provider, brought: &Brought) -> Result<ProviderHealth> {
    if brought.has(provider.name()) {
        return Ok(knock(core, provider, brought).await);
    }
    let Some(health) = ask(core, provider).await else {
        let why = missing_key(core, provider).await.unwrap_or_else(|| "The key is missing".to_owned());
        return Err(DomainError::Conflict { code: "no_key", message: why });
    };
    let mut change = core.change().await?;
    store::health::put_check(&mut change.tx, core.org, &health).await?;
    change.commit().await?;
    Ok(health)
}

async fn ask(core: &Core, provider: &dyn Provider) -> Option<ProviderHealth> {
    if missing_key(core, provider).await.is_some() {
        return None;
    }
    let health = knock(core, provider, &Brought::default()).await;
    if health.status == HealthState::Healthy {
        providers::note_key_worked(core, provider).await;
    }
    Some(health)
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
