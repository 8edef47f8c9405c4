//! The live status: what the cards show, from the rollups and the jobs.

use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Core, Result, config, fallbacks, past, spending};
use crate::platform::store;
use crate::platform::store::rollups::{Summed, Sums};
use crate::platform::store::status::{Figures, MINUTE_MS, Since};
use crate::wire::config::PipelineConfig;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::status::{LiveStatus, MinutePoint, QueueCounts, QueuePerformance, QueueStatus};

/// Points of the last hour's series, one a minute.
const MINUTES: i64 = 60;

/// Of more failed jobs it is not counted how many can be retried: each is looked at.
const RETRIABLE_COUNTED_MOST: i64 = 1_000;

/// What a moment in the past is answered without: it is nowhere recorded.
const NOT_RECORDED: [&str; 4] = ["held_back", "draining_left", "completed_total", "lab_spend_today_usd"];

/// Everything that the cards show.
pub async fn live(core: &Core) -> Result<LiveStatus> {
    live_at(core, None).await
}

/// The same, now or at a moment in the past.
pub async fn live_at(core: &Core, at: Option<DateTime<Utc>>) -> Result<LiveStatus> {
    let past = past::asked(core, at).await?;
    let now = past.unwrap_or_else(|| core.now());
    let since = Since { is_past: past.is_some(), ..since(now) };
    let config = match past {
        Some(at) => config::at(core, at).await?,
        None => config::current(core).await?,
    };
    let figures = store::status::figures(&core.db, core.org, since).await?;
    let (yesterday, today) = (Ended::of(&figures.days, |day| day == 0), Ended::of(&figures.days, |day| day == 1));
    let hour = Ended::of(&figures.hour, |_| true);
    let lab = if past.is_some() { None } else { Some(store::lab_spending::of_day(&core.db, core.org, now).await?) };
    Ok(LiveStatus {
        at: now,
        record_from: Some(past::first(core).await?),
        pipeline_state: config.state,
        pending: figures.counts.pending as u64,
        processing: figures.counts.processing as u64,
        retry_wait: figures.counts.retry_wait as u64,
        draining_left: match config.draining_since.filter(|_| past.is_none()) {
            Some(since) => Some(store::jobs::open_until(&core.db, core.org, since).await? as u64),
            None => None,
        },
        completed_today: today.completed,
        failed_today: figures.failed_today as u64,
        failed_total: figures.counts.failed as u64,
        retriable_total: match figures.counts.failed {
            0 => Some(0),
            _ if past.is_some() => None,
            failed if failed <= RETRIABLE_COUNTED_MOST => Some(store::jobs::changes::retriable(&core.db, core.org).await? as u64),
            _ => None,
        },
        completed_total: figures.counts.completed.map(|count| count as u64),
        cancelled_total: figures.counts.cancelled.map(|count| count as u64),
        throughput_per_hour: hour.completed,
        queue_wait_avg_ms: hour.sums.mean_wait_ms(),
        queue_wait_p95_ms: hour.sums.waits.quantile(0.95),
        spend_today_usd: today.sums.cost,
        daily_limit_usd: config.rules.daily_limit_usd,
        spend_unknown_results: today.sums.cost_unknown,
        lab_spend_today_usd: lab.map(|lab| lab.cost),
        lab_spend_unknown: lab.map_or(0, |lab| lab.unknown),
        confidence_today: today.sums.mean_confidence(),
        confidence_yesterday: yesterday.sums.mean_confidence(),
        completed_yesterday: yesterday.completed,
        held_back: if past.is_some() { None } else { held_back(core, &config) },
        limit_warning: if past.is_some() { None } else { spending::warning(core, &config).await? },
        bundled_wait: if past.is_some() { None } else { core.bundled_wait.lock().unwrap_or_else(PoisonError::into_inner).clone() },
        live_model: config.live_model,
        live_prompt: config.live_prompt,
        workers: config.rules.workers,
        last_hour: last_hour(&figures, since),
        last_event_id: figures.last_event_id,
        unknown: past.map(|_| NOT_RECORDED.map(str::to_owned).to_vec()).unwrap_or_default(),
    })
}

/// Why no job is begun although the pipeline runs.
pub(super) fn held_back(core: &Core, config: &PipelineConfig) -> Option<Fault> {
    let by_limit = || core.held_by_limit.lock().unwrap_or_else(PoisonError::into_inner).clone();
    fallbacks::held_back(core, config).or_else(|| not_stored(core)).or_else(by_limit)
}

/// Why answers that are there can't be stored just now.
fn not_stored(core: &Core) -> Option<Fault> {
    let why = core.not_stored.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
    let words = format!("Results can't be stored: {why}. They are kept and stored as soon as that is mended; until then nothing new is begun");
    Some(Fault::new(FaultKind::Internal, words))
}

/// The queue in the words of existing deployments.
pub async fn queue(core: &Core) -> Result<QueueStatus> {
    let counts = store::status::counts(&core.db, core.org).await?;
    let hour = Ended::of(&store::status::hour(&core.db, core.org, since(core.now())).await?, |_| true);
    Ok(QueueStatus {
        queue: QueueCounts { pending: counts.pending as u64, processing: counts.processing as u64 },
        performance: QueuePerformance { avg_wait_time: hour.sums.mean_wait_ms(), throughput_per_hour: hour.completed },
    })
}

fn since(now: DateTime<Utc>) -> Since {
    let today = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let now_ms = now.timestamp_millis();
    Since {
        today: today.timestamp_millis(),
        yesterday: (today - TimeDelta::days(1)).timestamp_millis(),
        series: (now_ms / MINUTE_MS - (MINUTES - 1)) * MINUTE_MS,
        now: now_ms,
        is_past: false,
    }
}

/// Tries that ended, added up.
#[derive(Default)]
struct Ended {
    completed: u64,
    sums: Sums,
}

impl Ended {
    /// Of the steps that are wanted.
    fn of(summed: &[Summed], is_wanted: impl Fn(i64) -> bool) -> Self {
        let mut ended = Self::default();
        for part in summed.iter().filter(|part| is_wanted(part.step)) {
            ended.completed += if part.completed { part.sums.results } else { 0 };
            ended.sums.merge(&part.sums);
        }
        ended
    }
}

/// One point a minute, oldest first. The depth is counted back from what waits now.
fn last_hour(figures: &Figures, since: Since) -> Vec<MinutePoint> {
    let first = since.series / MINUTE_MS;
    let mut depth = figures.counts.pending;
    let mut points: Vec<MinutePoint> = (0..MINUTES)
        .rev()
        .filter_map(|step| {
            let minute = figures.minutes.get(&(first + step)).copied().unwrap_or_default();
            let ended = Ended::of(&figures.hour, |at| at == step);
            let point = MinutePoint {
                at: DateTime::from_timestamp_millis((first + step) * MINUTE_MS)?,
                completed: ended.completed,
                failed: minute.failed as u64,
                queue_wait_avg_ms: ended.sums.mean_wait_ms(),
                confidence: ended.sums.mean_confidence(),
                cost_usd: ended.sums.cost,
                depth: depth.max(0) as u64,
                processing: figures.processing.get(&step).copied(),
            };
            depth += minute.left - minute.joined;
            Some(point)
        })
        .collect();
    points.reverse();
    points
}
