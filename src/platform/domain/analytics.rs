//! Performance and cost of the pipeline over time.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::platform::store::analytics::ResultFigures;
use crate::wire::analytics::{BudgetStatus, Cost, CostPoint, ModelPerformance, Performance, PerformancePoint, PerformanceQuery};
use crate::wire::money::UsdMicros;

const MOST_STEPS: i64 = 2_000;
const DEFAULT_RANGE: Duration = Duration::hours(24);
const DEFAULT_STEPS: i64 = 24;

/// Results by model and step. Steps are laid from `from` on; the last one may be shorter.
pub async fn performance(core: &Core, query: &PerformanceQuery) -> Result<Performance> {
    let to = query.to.unwrap_or_else(|| core.now());
    let from = query.from.unwrap_or(to - DEFAULT_RANGE);
    let range_ms = (to - from).num_milliseconds();
    let refuse = |code, message: &str| Err(DomainError::Invalid { code, message: message.to_owned() });
    if range_ms <= 0 {
        return refuse("range", "'from' must be before 'to'");
    }
    let step_ms = query.step_ms.map_or((range_ms / DEFAULT_STEPS).max(1_000), |step| i64::try_from(step).unwrap_or(i64::MAX));
    if step_ms < 1_000 || range_ms / step_ms > MOST_STEPS {
        return refuse("step_ms", "A step must be at least 1,000 ms, and there may be at most 2,000 of them");
    }
    let figures = store::analytics::results(&core.db, core.org, from, to).await?;
    let mut by_model: BTreeMap<&str, Vec<&ResultFigures>> = BTreeMap::new();
    for figure in &figures {
        by_model.entry(&figure.model).or_default().push(figure);
    }
    let all: Vec<&ResultFigures> = figures.iter().collect();
    let models = by_model
        .into_iter()
        .map(|(model, figures)| ModelPerformance { model: model.to_owned(), total: point(from, &figures), points: points(from, step_ms, &figures) })
        .collect();
    Ok(Performance { from, to, step_ms: step_ms.unsigned_abs(), total: point(from, &all), points: points(from, step_ms, &all), models })
}

/// One point a step that has results. `figures` are sorted by time.
fn points(from: DateTime<Utc>, step_ms: i64, figures: &[&ResultFigures]) -> Vec<PerformancePoint> {
    let step_of = |figure: &ResultFigures| (figure.at - from).num_milliseconds() / step_ms;
    figures
        .chunk_by(|a, b| step_of(a) == step_of(b))
        .filter_map(|chunk| chunk.first().map(|first| point(from + Duration::milliseconds(step_of(first) * step_ms), chunk)))
        .collect()
}

fn point(at: DateTime<Utc>, figures: &[&ResultFigures]) -> PerformancePoint {
    let completed: Vec<&&ResultFigures> = figures.iter().filter(|figure| figure.completed).collect();
    let mut latencies: Vec<f64> = completed.iter().map(|figure| figure.latency_ms as f64).collect();
    latencies.sort_by(f64::total_cmp);
    let confidences: Vec<f64> = completed.iter().filter_map(|figure| figure.confidence).collect();
    PerformancePoint {
        at,
        completed: completed.len() as u64,
        failed: (figures.len() - completed.len()) as u64,
        latency_p50_ms: quantile(&latencies, 0.50),
        latency_p90_ms: quantile(&latencies, 0.90),
        latency_p95_ms: quantile(&latencies, 0.95),
        latency_p99_ms: quantile(&latencies, 0.99),
        mean_confidence: (!confidences.is_empty()).then(|| confidences.iter().sum::<f64>() / confidences.len() as f64),
        cost_usd: figures.iter().filter_map(|figure| figure.cost).sum(),
        cost_unknown: unknown(figures.iter().copied()),
    }
}

/// Results whose cost is not known. A call that failed without being billed has a cost, which is 0.
fn unknown<'f>(figures: impl Iterator<Item = &'f ResultFigures>) -> u64 {
    figures.filter(|figure| figure.cost.is_none()).count() as u64
}

/// The quantile `q` (0–1) of sorted values by linear interpolation: type 7 of Hyndman and Fan (1996), R's default.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (*sorted.get(at.floor() as usize)?, *sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * (at - at.floor()))
}

/// Cost over one of the fixed time frames, in steps that suit it.
pub async fn cost(core: &Core, timeframe: &str) -> Result<Cost> {
    let (range, step) = match timeframe {
        "1h" => (Duration::hours(1), Duration::minutes(1)),
        "24h" => (Duration::hours(24), Duration::hours(1)),
        "7d" => (Duration::days(7), Duration::hours(6)),
        "30d" => (Duration::days(30), Duration::days(1)),
        other => {
            let message = format!("'{other}' is not a time frame; use 1h, 24h, 7d or 30d");
            return Err(DomainError::Invalid { code: "timeframe", message });
        }
    };
    let to = core.now();
    let from = to - range;
    let figures = store::analytics::results(&core.db, core.org, from, to).await?;
    let mut by_provider: BTreeMap<String, UsdMicros> = BTreeMap::new();
    let mut by_step: HashMap<i64, UsdMicros> = HashMap::new();
    for figure in &figures {
        let Some(cost) = figure.cost else { continue };
        *by_provider.entry(figure.provider.clone()).or_default() += cost;
        *by_step.entry((figure.at - from).num_milliseconds() / step.num_milliseconds()).or_default() += cost;
    }
    let steps = range.num_milliseconds() / step.num_milliseconds();
    let trend = (0..steps).map(|at| CostPoint { timestamp: from + step * at as i32, cost: by_step.get(&at).copied().unwrap_or_default() });
    Ok(Cost {
        total_cost: by_provider.values().copied().sum(),
        cost_by_provider: by_provider,
        cost_trend: trend.collect(),
        budget_status: BudgetStatus::NoBudget,
        unknown_results: unknown(figures.iter()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `quantile(c(1, 2, 4, 8, 16), c(.1, .25, .5, .9))` in R 4.3.
    #[test]
    fn quantiles_are_those_of_r() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            let got = quantile(&sorted, q).expect("values");
            assert!((got - expected).abs() < 1e-12, "{q}: {got}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
    }

    #[test]
    fn an_unknown_cost_is_counted_and_not_summed() {
        let at = DateTime::from_timestamp(1_000, 0).expect("a time");
        let figure =
            |completed, cost| ResultFigures { provider: "x".into(), model: "x/y".into(), completed, latency_ms: 10, confidence: None, cost, at };
        let figures = [figure(true, Some(UsdMicros(5))), figure(true, None), figure(false, None), figure(false, Some(UsdMicros(0)))];
        let point = point(at, &figures.iter().collect::<Vec<_>>());
        assert_eq!((point.cost_usd, point.cost_unknown, point.completed, point.failed), (UsdMicros(5), 2, 2, 2));
    }
}
