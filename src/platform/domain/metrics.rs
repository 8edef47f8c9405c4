//! Figures over time: what happened from the rollups, what waits from a look once a minute.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::analytics::{Range, sums_until};
use super::{Core, DomainError, Result, past};
use crate::platform::store;
use crate::platform::store::metrics::Sample;
use crate::platform::store::rollups::{Histograms, MINUTES_KEPT_MS, Span, Sums};
use crate::wire::metric::{Metric, MetricMetadata, MetricQuery, MetricType, Metrics};

/// Figures by metric and step.
pub async fn metrics(core: &Core, query: &MetricQuery) -> Result<Metrics> {
    let wanted = wanted(query)?;
    let step_ms = query.step.as_deref().map(step_ms).transpose()?;
    let at = past::asked(core, query.at).await?;
    let to = query.to.or(at.map(end_of_minute));
    let range = Range::asked(core.now(), query.from, to, step_ms)?;
    let (sampled, counted): (Vec<MetricType>, Vec<MetricType>) = wanted.iter().partition(|metric| metric.is_sampled());
    let mut metrics = looks(core, range, &sampled, at).await?;
    if !counted.is_empty() {
        let steps = steps(core, range, query.provider.as_deref(), &counted, at).await?;
        for metric in counted {
            metrics.extend(steps.iter().filter_map(|(step, ended)| {
                let (metric_value, metadata) = ended.figure(metric, range.step_ms)?;
                Some(Metric { metric_type: metric, metric_value, provider: query.provider.clone(), timestamp: range.at(*step), metadata })
            }));
        }
    }
    Ok(Metrics { from: range.from(), to: range.to(), step_ms: range.step_ms.unsigned_abs(), metrics })
}

/// The metrics that are asked for, each once.
fn wanted(query: &MetricQuery) -> Result<Vec<MetricType>> {
    let refuse = |code, message| DomainError::Invalid { code, message };
    let by_provider = query.provider.is_some();
    let Some(names) = query.metric_type.as_deref() else {
        return Ok(MetricType::ALL.into_iter().filter(|metric| !(by_provider && metric.is_sampled())).collect());
    };
    let mut wanted = Vec::new();
    for name in names.split(',') {
        let metric: MetricType = name.trim().parse().map_err(|message| refuse("metric_type", message))?;
        if by_provider && metric.is_sampled() {
            let message = format!("{metric} is of the whole queue: no provider is known before a job is begun. Leave 'provider' out");
            return Err(refuse("provider", message));
        }
        if !wanted.contains(&metric) {
            wanted.push(metric);
        }
    }
    Ok(wanted)
}

/// Seconds, or a number with a unit.
fn step_ms(text: &str) -> Result<i64> {
    let (number, unit_ms) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1_000),
        Some(b'm') => (&text[..text.len() - 1], 60_000),
        Some(b'h') => (&text[..text.len() - 1], 3_600_000),
        Some(b'd') => (&text[..text.len() - 1], 86_400_000),
        _ => (text, 1_000),
    };
    let step = number.parse::<u32>().ok().map(|number| i64::from(number) * unit_ms);
    step.ok_or_else(|| DomainError::Invalid {
        code: "step",
        message: format!("'{text}' is not the width of a step; write seconds, or a number with s, m, h or d, such as 15m"),
    })
}

/// The minute that holds a moment is part of what is seen at it.
fn end_of_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at - Duration::milliseconds(at.timestamp_millis().rem_euclid(Span::Minute.ms())) + Duration::milliseconds(Span::Minute.ms())
}

/// What was looked at once a minute.
async fn looks(core: &Core, range: Range, wanted: &[MetricType], at: Option<DateTime<Utc>>) -> Result<Vec<Metric>> {
    let to_ms = at.map_or(range.to_ms, |at| range.to_ms.min(at.timestamp_millis() + 1));
    let looks = store::metrics::read(&core.db, core.org, wanted, range.from_ms, to_ms, range.step_ms).await?;
    let metric = |looks: store::metrics::Looks| Metric {
        metric_type: looks.metric,
        metric_value: looks.mean,
        provider: None,
        timestamp: range.at(looks.step),
        metadata: MetricMetadata { samples: looks.samples, max: Some(looks.max), cost_unknown: None },
    };
    Ok(looks.into_iter().map(metric).collect())
}

/// The tries that ended in a step.
#[derive(Default)]
struct Ended {
    completed: Sums,
    failed: Sums,
}

/// Every step that has begun, with or without tries.
async fn steps(core: &Core, range: Range, provider: Option<&str>, wanted: &[MetricType], at: Option<DateTime<Utc>>) -> Result<BTreeMap<i64, Ended>> {
    let needs = |metrics: &[MetricType]| wanted.iter().any(|metric| metrics.contains(metric));
    let of_responses = needs(&[MetricType::ResponseTimeP50Ms, MetricType::ResponseTimeP95Ms, MetricType::ResponseTimeP99Ms]);
    let histograms = match (of_responses, needs(&[MetricType::QueueWaitP95Ms])) {
        (true, true) => Histograms::All,
        (true, false) => Histograms::Latencies,
        (false, true) => Histograms::Waits,
        (false, false) => Histograms::None,
    };
    let now_ms = at.unwrap_or_else(|| core.now()).timestamp_millis();
    let begun = (0..range.steps()).take_while(|step| range.from_ms + step * range.step_ms <= now_ms);
    let mut steps: BTreeMap<i64, Ended> = begun.map(|step| (step, Ended::default())).collect();
    for summed in sums_until(core, range, provider, histograms, at).await? {
        let ended = steps.entry(summed.step).or_default();
        if summed.completed { &mut ended.completed } else { &mut ended.failed }.merge(&summed.sums);
    }
    Ok(steps)
}

impl Ended {
    /// `None` where there was nothing to measure.
    fn figure(&self, metric: MetricType, step_ms: i64) -> Option<(f64, MetricMetadata)> {
        let (completed, failed) = (self.completed.results, self.failed.results);
        let both = || {
            let mut both = self.completed.clone();
            both.merge(&self.failed);
            both
        };
        let value = match metric {
            MetricType::QueueDepth | MetricType::Processing | MetricType::RetryWait | MetricType::FailedJobs => None,
            MetricType::Completed => Some(completed as f64),
            MetricType::Failed => Some(failed as f64),
            MetricType::ThroughputPerHour => Some(completed as f64 * Span::Hour.ms() as f64 / step_ms as f64),
            MetricType::ErrorRate => (completed + failed > 0).then(|| failed as f64 / (completed + failed) as f64),
            MetricType::QueueWaitAvgMs => both().mean_wait_ms(),
            MetricType::QueueWaitP95Ms => both().waits.quantile(0.95),
            MetricType::ResponseTimeP50Ms => self.completed.latencies.quantile(0.50),
            MetricType::ResponseTimeP95Ms => self.completed.latencies.quantile(0.95),
            MetricType::ResponseTimeP99Ms => self.completed.latencies.quantile(0.99),
            MetricType::Confidence => self.completed.mean_confidence(),
            MetricType::CostUsd => Some((self.completed.cost + self.failed.cost).as_usd()),
        }?;
        let cost_unknown = (metric == MetricType::CostUsd).then_some(self.completed.cost_unknown + self.failed.cost_unknown);
        Some((value, MetricMetadata { samples: completed + failed, max: None, cost_unknown }))
    }
}

/// Looks at the queue and keeps what it sees, under the present minute.
pub async fn sample(core: &Core) -> Result<()> {
    let counts = store::status::counts(&core.db, core.org).await?;
    let now = core.now();
    let minute = now - Duration::milliseconds(now.timestamp_millis().rem_euclid(Span::Minute.ms()));
    let sample = |metric, value: i64| Sample { metric, at: minute, value: value as f64 };
    let samples = [
        sample(MetricType::QueueDepth, counts.pending),
        sample(MetricType::Processing, counts.processing),
        sample(MetricType::RetryWait, counts.retry_wait),
        sample(MetricType::FailedJobs, counts.failed),
    ];
    let mut change = core.change().await?;
    store::metrics::put(&mut change.tx, core.org, &samples).await?;
    change.commit().await
}

/// Forgets what is kept by the minute and older than that is kept; gives the number of rows.
pub async fn prune(core: &Core) -> Result<u64> {
    let before = core.now() - Duration::milliseconds(MINUTES_KEPT_MS);
    let mut change = core.change().await?;
    let minutes = store::rollups::prune_minutes(&mut change.tx, core.org, before).await?;
    let looks = store::metrics::prune(&mut change.tx, core.org, before).await?;
    change.commit().await?;
    Ok(minutes + looks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_seconds_or_has_a_unit() {
        for (text, ms) in [("60", 60_000), ("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("1d", 86_400_000)] {
            assert_eq!(step_ms(text).expect("a step"), ms);
        }
        for bad in ["", "m", "-5m", "1.5h", "5µ", "5 m", "99999999999d"] {
            assert!(step_ms(bad).is_err(), "{bad}");
        }
    }
}
