//! The live status: what the cards show, counted from the rows themselves.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::analytics::quantile;
use super::{Core, Result, config, providers};
use crate::platform::store;
use crate::platform::store::status::{Figures, MINUTE_MS, Since};
use crate::wire::money::UsdMicros;
use crate::wire::status::{LiveStatus, MinutePoint, QueueCounts, QueuePerformance, QueueStatus};

/// Points of the last hour's series, one a minute.
const MINUTES: i64 = 60;

/// Everything that the cards show.
pub async fn live(core: &Core) -> Result<LiveStatus> {
    let now = core.now();
    let since = since(now);
    let config = config::current(core).await?;
    let figures = store::status::figures(&core.db, core.org, since).await?;
    let (queue_wait_avg_ms, queue_wait_p95_ms) = waits(&figures, since);
    Ok(LiveStatus {
        at: now,
        pipeline_state: config.state,
        pending: figures.pending as u64,
        processing: figures.processing as u64,
        retry_wait: figures.retry_wait as u64,
        completed_today: figures.ended.completed_today as u64,
        failed_today: figures.ended.failed_today as u64,
        failed_total: figures.failed_total as u64,
        throughput_per_hour: figures.ended.completed_hour as u64,
        queue_wait_avg_ms,
        queue_wait_p95_ms,
        spend_today_usd: UsdMicros(figures.results.spend_today),
        spend_unknown_results: figures.results.spend_unknown as u64,
        confidence_today: figures.results.confidence_today,
        confidence_yesterday: figures.results.confidence_yesterday,
        completed_yesterday: figures.ended.completed_yesterday as u64,
        held_back: providers::held_back(core, &config.live_model),
        live_model: config.live_model,
        live_prompt: config.live_prompt,
        workers: config.rules.workers,
        last_hour: last_hour(&figures, since),
        last_event_id: figures.last_event_id,
    })
}

/// The queue in the words of existing deployments.
pub async fn queue(core: &Core) -> Result<QueueStatus> {
    let since = since(core.now());
    let figures = store::status::figures(&core.db, core.org, since).await?;
    Ok(QueueStatus {
        queue: QueueCounts { pending: figures.pending as u64, processing: figures.processing as u64 },
        performance: QueuePerformance { avg_wait_time: waits(&figures, since).0, throughput_per_hour: figures.ended.completed_hour as u64 },
    })
}

fn since(now: DateTime<Utc>) -> Since {
    let today = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let now_ms = now.timestamp_millis();
    Since {
        today: today.timestamp_millis(),
        yesterday: (today - TimeDelta::days(1)).timestamp_millis(),
        hour: (now - TimeDelta::hours(1)).timestamp_millis(),
        series: (now_ms / MINUTE_MS - (MINUTES - 1)) * MINUTE_MS,
        now: now_ms,
    }
}

/// Mean and 95th percentile of the waits of the last 60 minutes.
fn waits(figures: &Figures, since: Since) -> (Option<f64>, Option<f64>) {
    let mut waits: Vec<f64> = figures.waits.iter().filter(|(at, _)| *at > since.hour).map(|(_, wait)| *wait as f64).collect();
    waits.sort_unstable_by(f64::total_cmp);
    (mean(&waits), quantile(&waits, 0.95))
}

/// One point a minute, oldest first. The depth is counted back from what waits now.
fn last_hour(figures: &Figures, since: Since) -> Vec<MinutePoint> {
    let mut waits: HashMap<i64, Vec<f64>> = HashMap::new();
    for (at, wait) in &figures.waits {
        waits.entry(at / MINUTE_MS).or_default().push(*wait as f64);
    }
    let last = since.now / MINUTE_MS;
    let mut depth = figures.pending;
    let mut points: Vec<MinutePoint> = (last - (MINUTES - 1)..=last)
        .rev()
        .filter_map(|number| {
            let minute = figures.minutes.get(&number).copied().unwrap_or_default();
            let point = MinutePoint {
                at: DateTime::from_timestamp_millis(number * MINUTE_MS)?,
                completed: minute.completed as u64,
                failed: minute.failed as u64,
                queue_wait_avg_ms: waits.get(&number).and_then(|waits| mean(waits)),
                confidence: minute.confidence,
                cost_usd: UsdMicros(minute.cost_usd_micros),
                depth: depth.max(0) as u64,
            };
            depth += minute.left - minute.joined;
            Some(point)
        })
        .collect();
    points.reverse();
    points
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
