//! How jobs are worked on. A try holds a lease; only who holds it may end the try, in the same
//! transaction as the result, so that a job is done once however often the platform dies.

mod course;
mod rate_limits;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::workers::Listed;
use super::{Change, Core, DomainError, Result, analysis, config, fallbacks, jobs, providers, spending, traces};
use crate::platform::store;
use crate::platform::store::jobs::{Claim, Ending};
use crate::platform::store::results::NewResult;
use crate::providers::{CallContext, ON_DEVICE};
use crate::wire::config::{PipelineState, ProcessingRules};
use crate::wire::fallback::Fallback;
use crate::wire::ids::{JobId, ResultId};
use crate::wire::job::{Job, JobState};
use crate::wire::money::UsdMicros;
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Answer, Decision, Fault, FaultKind, Outcome, PLATFORM_ENDED, PhotoResult, TraceStep};
use crate::wire::rules::main_tag;
use crate::wire::worker::Doing;
use course::{Asked, Course};
pub use rate_limits::RateLimits;

/// How long a try is nobody else's without a sign of life.
pub const LEASE: Duration = Duration::from_mins(1);
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// For one call with its own retries and waits.
const CALL_LIMIT: Duration = Duration::from_mins(3);
/// A provider that asks for a longer wait keeps no worker: the job comes back when it is over, or another model is asked.
const WORKER_WAIT_MOST: Duration = Duration::from_mins(1);
/// A job whose tries were cut off this often may be what kills the platform.
const CUT_OFF_MOST: u32 = 10;
/// First wait before another try; doubles each time.
const RETRY_WAIT: Duration = Duration::from_secs(2);
const RETRY_WAIT_MOST: Duration = Duration::from_mins(1);
/// Between two looks for a key that is missing.
const LOOK_FOR_KEY: TimeDelta = TimeDelta::seconds(2);
/// Between two looks at whether calls are still held back until a person acts.
const LOOK_AT_HELD: TimeDelta = TimeDelta::seconds(10);
const PROVIDER_WAIT_MOST: Duration = Duration::from_hours(24);

/// One try of one job, with all that was live when it was claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    job: Job,
    /// The name of the claim: who has it may end the try.
    lease: Arc<str>,
    prompt: PromptVersion,
    /// The live one.
    model: String,
    fallbacks: Vec<Fallback>,
    rules: ProcessingRules,
}

/// What a look at the queue gave.
#[derive(Debug, Default)]
pub struct Claims {
    pub jobs: Vec<Claimed>,
    /// When something will be due without anybody waking the worker.
    pub next: Option<DateTime<Utc>>,
}

/// Takes what the free workers can do. `busy`: tries that are in work here. `fresh_start`: the first
/// look of this process, which owns all that is left over from the one before.
pub async fn claim(core: &Core, busy: usize, fresh_start: bool) -> Result<Claims> {
    let outlook = store::jobs::outlook(&core.db, core.org).await?;
    let mut config = config::current(core).await?;
    if let Some(since) = config.draining_since
        && store::jobs::open_until(&core.db, core.org, since).await? == 0
    {
        config::end_draining(core).await?;
        config = config::current(core).await?;
    }
    let now = core.now();
    let lacks_key = providers::look_for_keys(core, &config).await;
    let held = fallbacks::held_back(core, &config);
    // Some let calls through again by themselves; the others are looked at now and then, however they come to be well.
    let rested = held.as_ref().filter(|held| held.until.is_some() || outlook.pending);
    let rested = rested.and_then(|held| now.checked_add_signed(if held.until.is_some() { wait_asked(held) } else { LOOK_AT_HELD }));
    // Nobody tells when a key comes into the keyring.
    let rested = rested.into_iter().chain((lacks_key && outlook.pending).then(|| now + LOOK_FOR_KEY)).min();
    let free = match config.state {
        // A refused key or a spent quota would fail every job in the queue, unless another model stands in.
        PipelineState::Running | PipelineState::Draining if held.is_some() => 0,
        PipelineState::Running | PipelineState::Draining => (config.rules.workers as usize).saturating_sub(busy) as u32,
        PipelineState::Paused => 0,
    };
    let is_due = fresh_start || outlook.next.is_some_and(|next| next <= now);
    if !outlook.pending {
        *core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    // What a limit held back is looked at again while nothing is begun too: the limit may have been raised.
    let is_held = core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    if !is_due && (!outlook.pending || free == 0 && !is_held) {
        return Ok(Claims { jobs: Vec::new(), next: outlook.next.into_iter().chain(rested).min() });
    }
    let prompt = store::prompts::version(&core.db, core.org, config.live_prompt_version_id).await?;
    let prompt = prompt.ok_or(DomainError::NotFound { what: "prompt version" })?;
    // What could not be begun for its cost is looked at again when the limit begins anew, or the configuration changes.
    let first = fallbacks::first(core, &config.live_model, &config.fallbacks).unwrap_or(&config.live_model);
    let begins = core.begins_calls.lock().await;
    let room = spending::room(core, &config, (&prompt, first), free.max(u32::from(is_held))).await?;
    let renews = room.held.as_ref().and_then(|(_, renews)| *renews);
    *core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner) = room.held.map(|(fault, _)| fault);
    let free = room.calls.min(free);
    let mut change = core.change().await?;
    // A machine that slept wakes with its leases over and its calls still under way.
    store::jobs::extend_many(&mut change.tx, &core.at_work.jobs(), now + LEASE).await?;
    let mut changed = store::jobs::wake(&mut change.tx, now).await?;
    changed.extend(take_back(core, &mut change.tx, &prompt, fresh_start, now).await?);
    let label = prompt.label();
    let (lease, lease_until) = (Arc::<str>::from(uuid::Uuid::now_v7().to_string()), now + LEASE);
    let asked = Claim { lease: &lease, now, lease_until, queued_until: config.draining_since, model: first, prompt: &label, most: free };
    let claimed = if free > 0 { store::jobs::claim(&mut change.tx, core.org, &asked).await? } else { Vec::new() };
    changed.retain(|id| !claimed.contains(id));
    changed.extend(&claimed);
    store::jobs::settle_photos(&mut change.tx, &changed).await?;
    jobs::tell(&mut change, &changed).await?;
    let mut taken = store::jobs::get_many(&mut change.tx, core.org, &claimed).await?;
    change.commit().await?;
    drop(begins);
    taken.sort_by_key(|job| std::cmp::Reverse(job.priority));
    let next = store::jobs::outlook(&core.db, core.org).await?.next.into_iter().chain(renews).chain(rested).min();
    let claimed = |job| {
        let (model, fallbacks) = (config.live_model.clone(), config.fallbacks.clone());
        Claimed { job, lease: Arc::clone(&lease), prompt: prompt.clone(), model, fallbacks, rules: config.rules.clone() }
    };
    Ok(Claims { jobs: taken.into_iter().map(claimed).collect(), next })
}

/// Jobs whose try was cut off go back into the queue. The try is kept as one that failed, and its cost as unknown.
async fn take_back(core: &Core, tx: &mut store::Tx, live: &PromptVersion, all: bool, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let ids = store::jobs::orphans(tx, now, all).await?;
    for job in store::jobs::get_many(tx, core.org, &ids).await? {
        store::results::insert(tx, core.org, &cut_off(&job, live, now)).await?;
        let times = store::jobs::count_cut_off(tx, job.id).await?;
        if times < CUT_OFF_MOST {
            store::jobs::give_back(tx, job.id, now).await?;
        } else {
            let words = format!(
                "The platform ended {times} times while it worked on this photo; the photo may be the cause. Retry the job, or delete the photo"
            );
            store::jobs::abandon(tx, job.id, now, &Fault::new(FaultKind::Internal, words)).await?;
        }
    }
    Ok(ids)
}

/// The try of a job that was in work when the platform ended. Whether the call had been sent or answered is not known.
fn cut_off(job: &Job, live: &PromptVersion, now: DateTime<Utc>) -> NewResult {
    let model = job.model.clone().unwrap_or_else(|| ON_DEVICE.to_owned());
    let words = match model.as_str() {
        ON_DEVICE => "The platform ended during this try",
        _ => "The platform ended during this try: whether the provider answered, and what it charges for that, is not known",
    };
    let code = Some(PLATFORM_ENDED.to_owned());
    let outcome = Outcome::Failed(Fault { may_cost: model != ON_DEVICE, code, ..Fault::new(FaultKind::Cancelled, words) });
    let waited = job.started_at.map_or(0, |started| (started - job.ready_at).num_milliseconds());
    NewResult {
        cost: cost(&model, &outcome),
        result: PhotoResult {
            id: ResultId::fresh(),
            photo_id: job.photo_id,
            job_id: Some(job.id),
            model,
            prompt_version_id: (job.prompt.as_deref() == Some(live.label().as_str())).then_some(live.id),
            outcome,
            decision: None,
            queue_wait_time_ms: waited.max(0) as u64,
            provider_response_time_ms: 0,
            total_processing_time_ms: 0,
            retry_count: job.attempts.saturating_sub(1),
            trace: Vec::new(),
            created_at: now,
        },
    }
}

/// Works on a claimed job until its try has ended. It is listed as in work from the call on.
pub fn work_on(core: Arc<Core>, claimed: Claimed) -> impl Future<Output = ()> + Send {
    let cancel = core.stop.child_token();
    let listed = Listed::new(&core, claimed.job.id, cancel.clone());
    async move { work_until_stored(&core, &claimed, &listed, &cancel).await }
}

async fn work_until_stored(core: &Core, claimed: &Claimed, listed: &Listed, cancel: &CancellationToken) {
    let begun = Instant::now();
    let id = claimed.job.id;
    let call = CallContext { news: Some(listed.listener()), longest_wait: Some(WORKER_WAIT_MOST), ..CallContext::new(cancel.clone(), CALL_LIMIT) };
    let course = tokio::select! {
        course = course::follow(core, claimed, listed, &call) => course,
        never = keep_lease(core, claimed, cancel) => match never {},
    };
    listed.note(Doing::Storing);
    if let Outcome::Failed(fault) = course.outcome()
        && fault.is_unsent
        && fault.kind == FaultKind::Auth
        && let Ok(config) = config::current(core).await
    {
        // Its key may have gone since the job was begun.
        providers::look_for_keys(core, &config).await;
    }
    for asked in course.asked().iter().filter(|asked| asked.was_called()) {
        providers::note_model(core, &asked.model, &asked.analysed.outcome);
    }
    let gives_back = match course.outcome() {
        Outcome::Failed(_) if course.is_cancelled() => core.stop.is_cancelled(),
        // A provider that was not asked, because it wants to be left alone, costs the job no try; nor does a model that is not given.
        Outcome::Failed(fault) if fault.stops_provider() || fault.kind.is_of_the_model() || fault.until.is_some() && fault.is_unsent => {
            fallbacks::first(core, &claimed.model, &claimed.fallbacks).is_err()
        }
        _ => false,
    };
    // An answer may have cost money: it is held until it is stored. While it is held its worker
    // takes no new job, so a full disk stops the pipeline instead of burning through the queue.
    let mut wait = Duration::from_millis(200);
    loop {
        let stored = if gives_back { release(core, claimed, &course, begun).await } else { finish(core, claimed, &course, begun).await };
        match stored {
            Ok(()) => {
                *core.not_stored.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return;
            }
            Err(error) => {
                tracing::error!(%error, job = %id, "the end of a job could not be stored; trying again");
                listed.note(Doing::NotStored);
                *core.not_stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.stop.cancelled() => return,
        }
        wait = (wait * 2).min(Duration::from_secs(15));
    }
}

/// Extends the lease until the try ends; a lease that is lost ends the try.
async fn keep_lease(core: &Core, claimed: &Claimed, cancel: &CancellationToken) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        match extend(core, claimed).await {
            Ok(true) => {}
            Ok(false) => cancel.cancel(),
            Err(error) => tracing::warn!(%error, "a lease could not be extended"),
        }
    }
}

async fn extend(core: &Core, claimed: &Claimed) -> Result<bool> {
    let mut change = core.change().await?;
    let held = store::jobs::extend(&mut change.tx, claimed.job.id, &claimed.lease, core.now() + LEASE).await?;
    change.commit().await?;
    Ok(held)
}

/// The platform stops, or the provider holds all calls back: the try does not count, and the job is taken again later.
async fn release(core: &Core, claimed: &Claimed, course: &Course, begun: Instant) -> Result<()> {
    let job = &claimed.job;
    let mut change = core.change().await?;
    keep_costs(core, &mut change, results_of(claimed, course, begun, core.now())).await?;
    if store::jobs::release(&mut change.tx, job.id, &claimed.lease, core.now()).await? {
        store::jobs::settle_photos(&mut change.tx, &[job.id]).await?;
        jobs::tell(&mut change, &[job.id]).await?;
    }
    change.commit().await
}

/// Ends a try: job, results, photo and events at once, or nothing if the lease is lost.
async fn finish(core: &Core, claimed: &Claimed, course: &Course, begun: Instant) -> Result<()> {
    let now = core.now();
    let job = &claimed.job;
    let results = results_of(claimed, course, begun, now);
    let ending = ending(claimed, course, now);
    let mut change = core.change().await?;
    if !store::jobs::end(&mut change.tx, job.id, &claimed.lease, now, &ending).await? {
        tracing::info!(job = %job.id, "a try ended after its lease was lost; only what it cost is kept");
        keep_costs(core, &mut change, results).await?;
        return change.commit().await;
    }
    for (result, asked) in results.iter().zip(course.asked()) {
        store::results::insert(&mut change.tx, core.org, result).await?;
        let trace = traces::of_result(&result.result, &job.file_name, &asked.analysed.exchanges, &claimed.rules);
        store::traces::insert(&mut change.tx, core.org, &trace.summary, &trace.kept).await?;
    }
    if let (JobState::Completed, Some(last)) = (ending.state, results.last()) {
        store::photos::set_latest_result(&mut change.tx, job.photo_id, last.result.id).await?;
    }
    store::jobs::settle_photos(&mut change.tx, &[job.id]).await?;
    jobs::tell(&mut change, &[job.id]).await?;
    change.commit().await
}

/// What was asked for and is wanted no more, such as the call of a job that was cancelled, decides nothing about the photo. What it
/// cost, or may have cost, is spent all the same and counts towards the limits.
async fn keep_costs(core: &Core, change: &mut Change<'_>, results: Vec<NewResult>) -> Result<()> {
    for mut result in results.into_iter().filter(|result| result.cost != Some(UsdMicros(0))) {
        result.result.decision = None;
        store::results::insert(&mut change.tx, core.org, &result).await?;
    }
    Ok(())
}

fn ending(claimed: &Claimed, course: &Course, now: DateTime<Utc>) -> Ending {
    let model = course.model().map(str::to_owned);
    match course.outcome() {
        Outcome::Completed(answer) => {
            Ending { state: JobState::Completed, confidence: answer.mean_confidence(), fault: None, not_before: None, model }
        }
        Outcome::Failed(fault) => {
            let healing = course.healing().filter(|_| claimed.job.attempts < claimed.rules.max_attempts);
            let state = if healing.is_some() { JobState::RetryWait } else { JobState::Failed };
            let not_before = healing.map(|healing| now + retry_wait(&claimed.job, healing));
            Ending { state, confidence: None, fault: Some(fault), not_before, model }
        }
    }
}

/// Doubles with each try; a quarter is spread by the job's id, so that many that failed together do
/// not come back together. What the provider asks for counts where it is more.
fn retry_wait(job: &Job, fault: &Fault) -> TimeDelta {
    let doublings = job.attempts.saturating_sub(1).min(10);
    let wait = RETRY_WAIT.saturating_mul(1 << doublings).min(RETRY_WAIT_MOST);
    let spread = (job.id.0.as_u128() % 1_000) as f64 / 4_000.0;
    TimeDelta::from_std(wait.mul_f64(1.0 + spread)).unwrap_or(TimeDelta::minutes(1)).max(wait_asked(fault))
}

/// What the provider asks for, as far as it is believed.
fn wait_asked(fault: &Fault) -> TimeDelta {
    TimeDelta::from_std(Duration::from_millis(fault.wait_ms.unwrap_or(0)).min(PROVIDER_WAIT_MOST)).unwrap_or_default()
}

/// A result for each model that was called; the last one holds the whole trace and what the rules decided.
fn results_of(claimed: &Claimed, course: &Course, begun: Instant, now: DateTime<Utc>) -> Vec<NewResult> {
    let job = &claimed.job;
    let waited = job.started_at.map_or(0, |started| (started - job.ready_at).num_milliseconds());
    let last = course.asked().len().saturating_sub(1);
    let result = |(at, asked): (usize, &Asked)| {
        let outcome = &asked.analysed.outcome;
        let mut trace = if at == last { course.trace().to_vec() } else { asked.analysed.trace.clone() };
        let (decision, retries) = match outcome {
            Outcome::Completed(answer) => {
                let (decision, step) = decided(answer, &claimed.rules, begun);
                trace.push(step);
                (Some(decision), answer.retries)
            }
            Outcome::Failed(fault) => (None, fault.retries),
        };
        NewResult {
            cost: if asked.was_called() { cost(&asked.model, outcome) } else { Some(UsdMicros(0)) },
            result: PhotoResult {
                id: ResultId::fresh(),
                photo_id: job.photo_id,
                job_id: Some(job.id),
                model: asked.model.clone(),
                prompt_version_id: Some(claimed.prompt.id),
                outcome: outcome.clone(),
                decision,
                queue_wait_time_ms: waited.max(0) as u64,
                provider_response_time_ms: asked.analysed.provider_response_time_ms,
                total_processing_time_ms: if at == last { begun.elapsed().as_millis() as u64 } else { asked.analysed.total_ms },
                retry_count: retries + job.attempts.saturating_sub(1),
                trace,
                created_at: now,
            },
        }
    };
    course.asked().iter().enumerate().map(result).collect()
}

/// What the rules say of an answer, and the step of the trace that tells it.
fn decided(answer: &Answer, rules: &ProcessingRules, begun: Instant) -> (Decision, TraceStep) {
    let started = Instant::now();
    let decision = analysis::decide(answer, rules);
    let mean = answer.mean_confidence().map_or_else(|| "no tags".to_owned(), |mean| format!("mean confidence {mean:.2}"));
    let category = main_tag(answer).and_then(|tag| rules.category_of(tag));
    let mean = category.map_or_else(|| mean.clone(), |(name, _)| format!("{mean}, category {name}"));
    let step = TraceStep {
        name: "rules".to_owned(),
        start_ms: started.duration_since(begun).as_secs_f64() * 1e3,
        duration_ms: started.elapsed().as_secs_f64() * 1e3,
        detail: format!("{mean}: {}", format!("{decision:?}").to_lowercase()),
    };
    (decision, step)
}

/// What a try cost. A call that a provider may have billed without saying so has an unknown cost;
/// one that never reached it cost nothing.
#[must_use]
pub fn cost(model: &str, outcome: &Outcome) -> Option<UsdMicros> {
    match outcome {
        _ if model == ON_DEVICE => Some(UsdMicros(0)),
        Outcome::Completed(answer) => answer.cost_usd,
        Outcome::Failed(fault) if fault.is_unsent => Some(UsdMicros(0)),
        Outcome::Failed(fault) => match fault.kind {
            FaultKind::BadAnswer | FaultKind::Refused | FaultKind::Truncated | FaultKind::Timeout | FaultKind::Cancelled => fault.cost_usd,
            // An answer that broke off on its way may be charged.
            _ if fault.may_cost => fault.cost_usd,
            _ => Some(fault.cost_usd.unwrap_or_default()),
        },
    }
}
