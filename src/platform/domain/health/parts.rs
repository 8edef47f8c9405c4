//! The platform's own parts, each looked at now. Nothing here writes.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::TimeDelta;

use super::providers::{self, Provided};
use crate::keys::KeyringState;
use crate::platform::domain::{Core, config, disk, fallbacks, status};
use crate::platform::store;
use crate::wire::config::{PipelineConfig, PipelineState};
use crate::wire::health::HealthState;

/// A job that waits longer while none is begun says that the queue stands.
const QUEUE_STANDS_AFTER: TimeDelta = TimeDelta::minutes(5);
/// What a read and a write take at most on a sound machine, in milliseconds.
const READ_MS_MOST: f64 = 250.0;
const WRITE_MS_MOST: f64 = 2_000.0;
/// Events that listeners may be behind the newest one for a moment.
const EVENTS_BEHIND_MOST: i64 = 1_000;

/// What people call the parts, the platform as a whole first.
pub const LABELS: [(&str, &str); 8] = [
    (super::PLATFORM, "Platform"),
    ("database", "Database"),
    ("queue", "Queue"),
    ("workers", "Workers"),
    ("model", "Live model"),
    ("events", "Event stream"),
    ("disk", "Disk"),
    ("keyring", "Keyring"),
];

/// What a look at a part found.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    pub status: HealthState,
    /// Why, and what to do where it is not healthy.
    pub detail: String,
    pub response_time_ms: Option<f64>,
    /// Whether the platform is no better than this part.
    pub weighs: bool,
}

impl Part {
    fn new(name: &'static str, status: HealthState, detail: impl Into<String>) -> Self {
        let label = LABELS.iter().find(|(known, _)| *known == name).map_or(name, |(_, label)| *label);
        Self { name, label, status, detail: detail.into(), response_time_ms: None, weighs: true }
    }
}

/// The parts that the platform can't do without.
pub async fn needed(core: &Core, provided: &[Provided]) -> Vec<Part> {
    let database = database(core).await;
    let mut parts = Vec::with_capacity(7);
    if database.status == HealthState::Down {
        parts.push(database);
    } else {
        parts.push(database);
        match config::current(core).await {
            Ok(config) => {
                parts.push(queue(core, &config).await);
                parts.push(workers(core, &config));
                parts.push(model(core, &config, provided));
            }
            Err(error) => parts.push(Part::new("queue", HealthState::Down, format!("{error}. Run 'minerva doctor'"))),
        }
        parts.push(events(core).await);
    }
    parts.push(room(core));
    parts
}

async fn database(core: &Core) -> Part {
    let part = |status, detail: String| Part::new("database", status, detail);
    let begun = Instant::now();
    if let Err(error) = store::health::read_one(&core.db, core.org).await {
        return part(HealthState::Down, format!("{error}. Run 'minerva doctor'"));
    }
    let read_ms = begun.elapsed().as_secs_f64() * 1e3;
    let write_ms = *core.health.write_ms.lock().unwrap_or_else(PoisonError::into_inner);
    let complaints = core.health.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let size = store::health::size(&core.db).await.map_or_else(|_| "size unknown".to_owned(), |size| disk::size(size.bytes.max(0) as u64));
    let written = write_ms.map_or_else(String::new, |ms| format!(", write {}", in_ms(ms)));
    let figures = format!("{size}, read {}{written}", in_ms(read_ms));
    let judged = match complaints {
        Some(found) if !found.is_empty() => {
            let first = found.first().cloned().unwrap_or_default();
            part(HealthState::Down, format!("Damaged: {first}. Stop Minerva, put a copy back, and run 'minerva doctor'"))
        }
        _ if read_ms > READ_MS_MOST || write_ms.is_some_and(|ms| ms > WRITE_MS_MOST) => {
            part(HealthState::Degraded, format!("Slow: {figures}. The disk is busy or slow; close what else uses it"))
        }
        Some(_) => part(HealthState::Healthy, format!("{figures}; its pages are sound")),
        None => part(HealthState::Healthy, format!("{figures}; its pages are not checked yet")),
    };
    Part { response_time_ms: Some(read_ms), ..judged }
}

fn in_ms(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

async fn queue(core: &Core, config: &PipelineConfig) -> Part {
    let part = |status, detail: String| Part::new("queue", status, detail);
    let now = core.now();
    match store::health::queue(&core.db, core.org).await {
        Err(error) => part(HealthState::Down, format!("{error}. Run 'minerva doctor'")),
        Ok((None, _)) => part(HealthState::Healthy, "Nothing waits".to_owned()),
        Ok((Some(since), begun)) => {
            let waits = age(now - since);
            let stands = now - since > QUEUE_STANDS_AFTER && begun.is_none_or(|begun| now - begun > QUEUE_STANDS_AFTER);
            if stands && config.state != PipelineState::Paused {
                return part(
                    HealthState::Degraded,
                    format!("A job has been waiting for {waits} and none was begun; look at the workers and the live model"),
                );
            }
            part(HealthState::Healthy, format!("The oldest job has been waiting for {waits}"))
        }
    }
}

fn age(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

fn workers(core: &Core, config: &PipelineConfig) -> Part {
    let part = |status, detail: String| Part::new("workers", status, detail);
    if !core.worker_runs.load(Ordering::Relaxed) {
        return part(HealthState::Degraded, "No worker runs on this platform; restart it to process photos".to_owned());
    }
    let busy = core.at_work.count();
    if config.state != PipelineState::Paused
        && let Some(held) = status::held_back(core, config)
    {
        return part(HealthState::Degraded, format!("Jobs are held back, {busy} of {} at work. {}", config.rules.workers, held.message));
    }
    match config.state {
        PipelineState::Running => part(HealthState::Healthy, format!("{busy} of {} at work", config.rules.workers)),
        PipelineState::Draining => part(
            HealthState::Healthy,
            format!("Draining, {busy} of {} at work; what is queued is finished, then the pipeline pauses", config.rules.workers),
        ),
        PipelineState::Paused => part(HealthState::Healthy, format!("Held by a person, {busy} at work; resume the pipeline to go on")),
    }
}

fn model(core: &Core, config: &PipelineConfig, provided: &[Provided]) -> Part {
    let part = |status, detail: String| Part::new("model", status, detail);
    let model = &config.live_model;
    let Some((provider, _)) = core.providers.find(model) else {
        return part(HealthState::Down, format!("The live model '{model}' is unknown; choose another in Pipeline control"));
    };
    match provided.iter().find(|provided| provided.name == provider.name()) {
        Some(down) if down.status() == HealthState::Down => match stands_in(core, config, provided) {
            Some(other) => part(HealthState::Degraded, format!("{other} stands in for {model}. {}", down.detail)),
            None => part(HealthState::Down, down.detail.clone()),
        },
        Some(provided) if provided.status() == HealthState::Degraded => part(HealthState::Degraded, provided.detail.clone()),
        _ => part(HealthState::Healthy, format!("{model} is live")),
    }
}

/// The model that does the work of a live one whose provider is down: the one that is asked first meanwhile, or one that has answered
/// in its place just now.
fn stands_in<'c>(core: &Core, config: &'c PipelineConfig, provided: &[Provided]) -> Option<&'c str> {
    let of = |model: &str| core.providers.find(model).and_then(|(provider, _)| provided.iter().find(|one| one.name == provider.name()));
    let is_up = |model: &str| of(model).is_some_and(|one| one.status() != HealthState::Down);
    let first = fallbacks::first(core, &config.live_model, &config.fallbacks).ok().filter(|first| *first != config.live_model);
    let answers = |model: &str| of(model).is_some_and(|one| one.window.answered > 0);
    let mut chain = config.fallbacks.iter().map(|fallback| fallback.model.as_str());
    first.filter(|first| is_up(first)).or_else(|| chain.find(|model| is_up(model) && answers(model)))
}

async fn events(core: &Core) -> Part {
    let part = |status, detail: String| Part::new("events", status, detail);
    let newest = match store::events::range(&core.db, core.org).await {
        Ok(range) => range.map_or(0, |(_, last)| last),
        Err(error) => return part(HealthState::Down, format!("{error}. Run 'minerva doctor'")),
    };
    let told = *core.newest_event.borrow();
    let behind = (newest - told).max(0);
    let listeners = core.news.receiver_count();
    let listeners = if listeners == 1 { "1 listener".to_owned() } else { format!("{listeners} listeners") };
    if behind > EVENTS_BEHIND_MOST {
        return part(HealthState::Degraded, format!("{listeners}, {behind} events behind; reload the console, and restart the platform if it stays"));
    }
    let lag = if behind == 0 { "none waits".to_owned() } else { format!("{behind} on their way") };
    part(HealthState::Healthy, format!("{listeners}, newest event {newest}, {lag}"))
}

fn room(core: &Core) -> Part {
    let part = |status, detail: String| Part::new("disk", status, detail);
    match disk::free_bytes(&core.folder) {
        // Not every system says; that is no illness.
        Err(error) => part(HealthState::Healthy, format!("Free space could not be told: {error}")),
        Ok(free) if free < disk::FREE_BYTES_LEAST => {
            part(HealthState::Down, format!("Only {} free, so nothing more can be stored; free some space", disk::size(free)))
        }
        Ok(free) if free < disk::FREE_BYTES_LOW => part(HealthState::Degraded, format!("Only {} free; free some space", disk::size(free))),
        Ok(free) => part(HealthState::Healthy, format!("{} free", disk::size(free))),
    }
}

/// Keys may come from elsewhere, so the platform is as well without a keyring: providers that lack their key say so themselves.
pub async fn keyring(core: &Core) -> Part {
    let (status, detail) = match core.keys.keyring().await {
        KeyringState::Available => (HealthState::Healthy, "Keys can be kept in it".to_owned()),
        KeyringState::NotUsed => (HealthState::Healthy, "Not used here: keys come from the environment".to_owned()),
        KeyringState::Unavailable(why) => (HealthState::Degraded, why),
    };
    Part { weighs: false, ..Part::new("keyring", status, detail) }
}

/// As well as the worst of the parts that weigh.
#[must_use]
pub fn whole(parts: &[Part]) -> Part {
    let worst = parts.iter().filter(|part| part.weighs).max_by_key(|part| part.status);
    let (status, detail) = match worst {
        Some(worst) if worst.status > HealthState::Healthy => (worst.status, format!("{}: {}", worst.label, worst.detail)),
        _ => (HealthState::Healthy, without_need(parts)),
    };
    Part::new(super::PLATFORM, status, detail)
}

/// What is not well without holding anything up is named all the same.
fn without_need(parts: &[Part]) -> String {
    let ailing: Vec<String> = parts
        .iter()
        .filter(|part| !part.weighs && part.status > HealthState::Healthy)
        .map(|part| format!("{} is {}", part.label, part.status.label().to_lowercase()))
        .collect();
    if ailing.is_empty() { "All parts are well".to_owned() } else { format!("All that is needed is well; {}", ailing.join(", ")) }
}

/// What is needed for the parts alone.
pub async fn look(core: &Core) -> (Vec<Provided>, Vec<Part>) {
    let provided = providers::all(core).await.unwrap_or_default();
    let mut parts = needed(core, &provided).await;
    parts.push(keyring(core).await);
    (provided, parts)
}
