//! How jobs are worked on. A try holds a lease; only who holds it may end the try, in the same
//! transaction as the result, so that a job is done once however often the platform dies.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::analysis::{self, Analysed};
use super::workers::Listed;
use super::{Core, DomainError, Result, config, jobs, providers, spending};
use crate::platform::store;
use crate::platform::store::jobs::{Claim, Ending, JobRow};
use crate::platform::store::results::NewResult;
use crate::providers::{CallContext, ON_DEVICE};
use crate::wire::config::{PipelineState, ProcessingRules};
use crate::wire::ids::{JobId, ResultId};
use crate::wire::job::JobState;
use crate::wire::money::UsdMicros;
use crate::wire::photo::Photo;
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Fault, FaultKind, Outcome, PhotoResult, TraceStep};
use crate::wire::worker::Doing;

/// How long a try is nobody else's without a sign of life.
pub const LEASE: Duration = Duration::from_mins(1);
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// For one call with its own retries and waits.
const CALL_LIMIT: Duration = Duration::from_mins(3);
/// A job whose tries were cut off this often may be what kills the platform.
const CUT_OFF_MOST: u32 = 10;
/// First wait before another try; doubles each time.
const RETRY_WAIT: Duration = Duration::from_secs(2);
const RETRY_WAIT_MOST: Duration = Duration::from_mins(1);
const PROVIDER_WAIT_MOST: Duration = Duration::from_hours(1);

/// One try of one job, with all that was live when it was claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    row: JobRow,
    prompt: PromptVersion,
    model: String,
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
pub async fn claim(core: &Core, owner: &str, busy: usize, fresh_start: bool) -> Result<Claims> {
    let outlook = store::jobs::outlook(&core.db).await?;
    let mut config = config::current(core).await?;
    if let Some(since) = config.draining_since
        && store::jobs::open_until(&core.db, core.org, since).await? == 0
    {
        config::end_draining(core).await?;
        config = config::current(core).await?;
    }
    let now = core.now();
    let free = match config.state {
        // A refused key or a spent quota would fail every job in the queue.
        PipelineState::Running | PipelineState::Draining if providers::held_back(core, &config.live_model).is_some() => 0,
        PipelineState::Running | PipelineState::Draining => (config.rules.workers as usize).saturating_sub(busy) as u32,
        PipelineState::Paused => 0,
    };
    let is_due = fresh_start || outlook.next.is_some_and(|next| next <= now);
    if !outlook.pending {
        *core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    if !is_due && (free == 0 || !outlook.pending) {
        return Ok(Claims { jobs: Vec::new(), next: outlook.next });
    }
    let prompt = store::prompts::version(&core.db, core.org, config.live_prompt_version_id).await?;
    let prompt = prompt.ok_or(DomainError::NotFound { what: "prompt version" })?;
    // What could not be begun for its cost is looked at again when the limit begins anew, or the configuration changes.
    let room = spending::room(core, &config, &prompt, free).await?;
    let renews = room.held.as_ref().and_then(|(_, renews)| *renews);
    *core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner) = room.held.map(|(fault, _)| fault);
    let free = room.calls;
    let mut change = core.change().await?;
    // A machine that slept wakes with its leases over and its calls still under way.
    store::jobs::extend_many(&mut change.tx, &core.at_work.jobs(), owner, now + LEASE).await?;
    let mut changed = store::jobs::wake(&mut change.tx, now).await?;
    changed.extend(take_back(core, &mut change.tx, fresh_start.then_some(owner), now).await?);
    let label = prompt.label();
    let lease_until = now + LEASE;
    let asked = Claim { owner, now, lease_until, queued_until: config.draining_since, model: &config.live_model, prompt: &label, most: free };
    let claimed = if free > 0 { store::jobs::claim(&mut change.tx, core.org, &asked).await? } else { Vec::new() };
    changed.retain(|id| !claimed.contains(id));
    changed.extend(&claimed);
    store::jobs::settle_photos(&mut change.tx, &changed).await?;
    jobs::tell(&mut change, &changed).await?;
    let mut rows = store::jobs::get_many(&mut change.tx, core.org, &claimed).await?;
    change.commit().await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.job.priority));
    let next = store::jobs::outlook(&core.db).await?.next.into_iter().chain(renews).min();
    let claimed = |row| Claimed { row, prompt: prompt.clone(), model: config.live_model.clone(), rules: config.rules };
    Ok(Claims { jobs: rows.into_iter().map(claimed).collect(), next })
}

/// Jobs whose try was cut off go back into the queue.
async fn take_back(core: &Core, tx: &mut store::Tx, all_but: Option<&str>, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    let ids = store::jobs::orphans(tx, now, all_but).await?;
    for row in store::jobs::get_many(tx, core.org, &ids).await? {
        if row.job.attempts < CUT_OFF_MOST {
            store::jobs::give_back(tx, row.job.id, now).await?;
        } else {
            let words = format!(
                "The platform ended {} times while it worked on this photo; the photo may be the cause. Retry the job, or delete the photo",
                row.job.attempts
            );
            store::jobs::abandon(tx, row.job.id, now, &Fault::new(FaultKind::Internal, words)).await?;
        }
    }
    Ok(ids)
}

/// Works on a claimed job until its try has ended. It is listed as in work from the call on.
pub fn work_on(core: Arc<Core>, owner: Arc<str>, claimed: Claimed) -> impl Future<Output = ()> + Send {
    let cancel = core.stop.child_token();
    let listed = Listed::new(&core, claimed.row.job.id, cancel.clone());
    async move { work_until_stored(&core, &owner, &claimed, &listed, &cancel).await }
}

async fn work_until_stored(core: &Core, owner: &str, claimed: &Claimed, listed: &Listed, cancel: &CancellationToken) {
    let begun = Instant::now();
    let id = claimed.row.job.id;
    let call = CallContext { news: Some(listed.listener()), ..CallContext::new(cancel.clone(), CALL_LIMIT) };
    let analysed = tokio::select! {
        analysed = analyse(core, claimed, &call) => analysed,
        never = keep_lease(core, owner, claimed, cancel) => match never {},
    };
    listed.note(Doing::Storing);
    let gives_back = match &analysed.outcome {
        Outcome::Failed(fault) if fault.kind == FaultKind::Cancelled => core.stop.is_cancelled(),
        Outcome::Failed(fault) if fault.kind.stops_provider() => providers::held_back(core, &claimed.model).is_some(),
        _ => false,
    };
    // An answer may have cost money: it is held until it is stored. While it is held its worker
    // takes no new job, so a full disk stops the pipeline instead of burning through the queue.
    let mut wait = Duration::from_millis(200);
    loop {
        let stored = if gives_back { release(core, owner, claimed).await } else { finish(core, owner, claimed, &analysed, begun).await };
        match stored {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, job = %id, "the end of a job could not be stored; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.stop.cancelled() => return,
        }
        wait = (wait * 2).min(Duration::from_secs(15));
    }
}

async fn analyse(core: &Core, claimed: &Claimed, call: &CallContext) -> Analysed {
    let photo: Photo = match store::photos::get(&core.db, core.org, claimed.row.job.photo_id).await {
        Ok(Some(photo)) => photo,
        Ok(None) => return without_a_call(analysis::deleted()),
        Err(error) => return without_a_call(Fault::new(FaultKind::Internal, error.to_string())),
    };
    let work = analysis::analyse(core, &photo, &claimed.prompt.content, &claimed.model, call);
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        let words = "The program stumbled over this photo. This is a fault of Minerva, not of the photo; please report it";
        without_a_call(Fault::new(FaultKind::Internal, words))
    })
}

fn without_a_call(fault: Fault) -> Analysed {
    Analysed { outcome: Outcome::Failed(fault), trace: Vec::new(), provider_response_time_ms: 0, total_ms: 0 }
}

/// Extends the lease until the try ends; a lease that is lost ends the try.
async fn keep_lease(core: &Core, owner: &str, claimed: &Claimed, cancel: &CancellationToken) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        match extend(core, owner, claimed).await {
            Ok(true) => {}
            Ok(false) => cancel.cancel(),
            Err(error) => tracing::warn!(%error, "a lease could not be extended"),
        }
    }
}

async fn extend(core: &Core, owner: &str, claimed: &Claimed) -> Result<bool> {
    let job = &claimed.row.job;
    let mut change = core.change().await?;
    let held = store::jobs::extend(&mut change.tx, job.id, owner, job.attempts, core.now() + LEASE).await?;
    change.commit().await?;
    Ok(held)
}

/// The platform stops, or the provider holds all calls back: the try does not count, and the job is taken again later.
async fn release(core: &Core, owner: &str, claimed: &Claimed) -> Result<()> {
    let job = &claimed.row.job;
    let mut change = core.change().await?;
    if store::jobs::release(&mut change.tx, job.id, owner, job.attempts, core.now()).await? {
        store::jobs::settle_photos(&mut change.tx, &[job.id]).await?;
        jobs::tell(&mut change, &[job.id]).await?;
    }
    change.commit().await
}

/// Ends a try: job, result, photo and events at once, or nothing if the lease is lost.
async fn finish(core: &Core, owner: &str, claimed: &Claimed, analysed: &Analysed, begun: Instant) -> Result<()> {
    let now = core.now();
    let job = &claimed.row.job;
    let result = result_of(claimed, analysed, begun, now);
    let ending = ending(claimed, &analysed.outcome, now);
    let mut change = core.change().await?;
    if !store::jobs::end(&mut change.tx, job.id, owner, job.attempts, now, &ending).await? {
        tracing::info!(job = %job.id, "a try ended after its lease was lost; its result is dropped");
        return Ok(());
    }
    store::results::insert(&mut change.tx, core.org, &result).await?;
    if ending.state == JobState::Completed {
        store::photos::set_latest_result(&mut change.tx, job.photo_id, result.result.id).await?;
    }
    store::jobs::settle_photos(&mut change.tx, &[job.id]).await?;
    jobs::tell(&mut change, &[job.id]).await?;
    change.commit().await
}

fn ending(claimed: &Claimed, outcome: &Outcome, now: DateTime<Utc>) -> Ending {
    match outcome {
        Outcome::Completed(answer) => Ending { state: JobState::Completed, confidence: answer.mean_confidence(), fault: None, not_before: None },
        Outcome::Failed(fault) => {
            let tries_again = fault.kind.can_heal() && claimed.row.job.attempts < claimed.rules.max_attempts;
            let state = if tries_again { JobState::RetryWait } else { JobState::Failed };
            let not_before = tries_again.then(|| now + retry_wait(&claimed.row, fault));
            Ending { state, confidence: None, fault: Some(fault.clone()), not_before }
        }
    }
}

/// Doubles with each try; a quarter is spread by the job's id, so that many that failed together do
/// not come back together. What the provider asks for counts where it is more.
fn retry_wait(row: &JobRow, fault: &Fault) -> TimeDelta {
    let doublings = row.job.attempts.saturating_sub(1).min(10);
    let wait = RETRY_WAIT.saturating_mul(1 << doublings).min(RETRY_WAIT_MOST);
    let spread = (row.job.id.0.as_u128() % 1_000) as f64 / 4_000.0;
    let asked = Duration::from_millis(fault.wait_ms.unwrap_or(0)).min(PROVIDER_WAIT_MOST);
    TimeDelta::from_std(wait.mul_f64(1.0 + spread).max(asked)).unwrap_or(TimeDelta::minutes(1))
}

fn result_of(claimed: &Claimed, analysed: &Analysed, begun: Instant, now: DateTime<Utc>) -> NewResult {
    let job = &claimed.row.job;
    let mut trace = analysed.trace.clone();
    let started = Instant::now();
    let (decision, retries) = match &analysed.outcome {
        Outcome::Completed(answer) => (Some(analysis::decide(answer, &claimed.rules)), answer.retries),
        Outcome::Failed(fault) => (None, fault.retries),
    };
    if let (Some(decision), Outcome::Completed(answer)) = (decision, &analysed.outcome) {
        let mean = answer.mean_confidence().map_or_else(|| "no tags".to_owned(), |mean| format!("mean confidence {mean:.2}"));
        let start_ms = started.duration_since(begun).as_secs_f64() * 1e3;
        let duration_ms = started.elapsed().as_secs_f64() * 1e3;
        trace.push(TraceStep { name: "rules".to_owned(), start_ms, duration_ms, detail: format!("{mean}: {decision:?}").to_lowercase() });
    }
    let waited = job.started_at.map_or(0, |started| (started - claimed.row.ready_at).num_milliseconds());
    NewResult {
        cost: cost(&claimed.model, &analysed.outcome),
        result: PhotoResult {
            id: ResultId::fresh(),
            photo_id: job.photo_id,
            job_id: Some(job.id),
            model: claimed.model.clone(),
            prompt_version_id: Some(claimed.prompt.id),
            outcome: analysed.outcome.clone(),
            decision,
            queue_wait_time_ms: waited.max(0) as u64,
            provider_response_time_ms: analysed.provider_response_time_ms,
            total_processing_time_ms: begun.elapsed().as_millis() as u64,
            retry_count: retries + job.attempts.saturating_sub(1),
            trace,
            created_at: now,
        },
    }
}

/// What a try cost. A call that a provider may have billed without saying so has an unknown cost;
/// one that never reached it cost nothing.
#[must_use]
pub fn cost(model: &str, outcome: &Outcome) -> Option<UsdMicros> {
    match outcome {
        _ if model == ON_DEVICE => Some(UsdMicros(0)),
        Outcome::Completed(answer) => answer.cost_usd,
        Outcome::Failed(fault) => match fault.kind {
            FaultKind::BadAnswer | FaultKind::Refused | FaultKind::Truncated | FaultKind::Timeout | FaultKind::Cancelled => fault.cost_usd,
            _ => Some(fault.cost_usd.unwrap_or_default()),
        },
    }
}
