//! Performance and cost of the pipeline over time.

mod tally;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

pub use tally::{Tally, quantile};

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::platform::store::analytics::LikeResults;
use crate::wire::analytics::{BudgetStatus, Cost, CostPoint, ModelPerformance, Performance, PerformancePoint, PerformanceQuery};
use crate::wire::money::UsdMicros;

const MOST_STEPS: i64 = 2_000;
const LEAST_STEP_MS: i64 = 1_000;
const DEFAULT_RANGE: Duration = Duration::hours(24);
const DEFAULT_STEPS: i64 = 24;
/// A result that was stored at this very moment belongs to "until now".
const THIS_MOMENT: Duration = Duration::milliseconds(1);

/// Results by model and step. Steps are laid from `from` on; the last one may be shorter.
pub async fn performance(core: &Core, query: &PerformanceQuery) -> Result<Performance> {
    let (from, to, step_ms) = range(core, query)?;
    let results = store::analytics::results(&core.db, core.org, from, to, step_ms).await?;
    let mut all = Series::default();
    let mut by_model: BTreeMap<&str, Series> = BTreeMap::new();
    for like in &results {
        all.add(like);
        by_model.entry(&like.model).or_default().add(like);
    }
    let models = by_model.into_iter().map(|(model, series)| {
        let (total, points) = series.finish(from, step_ms);
        ModelPerformance { model: model.to_owned(), total, points }
    });
    let models = models.collect();
    let (total, points) = all.finish(from, step_ms);
    Ok(Performance { from, to, step_ms: step_ms.unsigned_abs(), total, points, models })
}

/// What was asked for, checked.
fn range(core: &Core, query: &PerformanceQuery) -> Result<(DateTime<Utc>, DateTime<Utc>, i64)> {
    let refuse = |code, message: &str| DomainError::Invalid { code, message: message.to_owned() };
    let to = query.to.unwrap_or_else(|| core.now() + THIS_MOMENT);
    let from = query.from.or_else(|| to.checked_sub_signed(DEFAULT_RANGE)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let range_ms = (to - from).num_milliseconds();
    if range_ms <= 0 {
        return Err(refuse("range", "'from' must be before 'to'"));
    }
    let usual = (range_ms / DEFAULT_STEPS).max(LEAST_STEP_MS);
    let step_ms = query.step_ms.map_or(usual, |step| i64::try_from(step).unwrap_or(i64::MAX));
    if step_ms < LEAST_STEP_MS || (range_ms - 1) / step_ms >= MOST_STEPS {
        return Err(refuse("step_ms", "A step must be at least 1,000 ms, and there may be at most 2,000 of them"));
    }
    Ok((from, to, step_ms))
}

/// Results over time.
#[derive(Default)]
struct Series {
    total: Tally,
    steps: BTreeMap<i64, Tally>,
}

impl Series {
    fn add(&mut self, like: &LikeResults) {
        self.total.add(like);
        self.steps.entry(like.step).or_default().add(like);
    }

    /// The figures over all, and one point a step that has results.
    fn finish(self, from: DateTime<Utc>, step_ms: i64) -> (PerformancePoint, Vec<PerformancePoint>) {
        let at = |step: i64| from + Duration::milliseconds(step * step_ms);
        let points = self.steps.into_iter().map(|(step, tally)| tally.point(at(step))).collect();
        (self.total.point(from), points)
    }
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
    let to = core.now() + THIS_MOMENT;
    let from = to - range;
    let results = store::analytics::results(&core.db, core.org, from, to, step.num_milliseconds()).await?;
    let mut by_provider: BTreeMap<String, UsdMicros> = BTreeMap::new();
    let mut by_step: BTreeMap<i64, UsdMicros> = BTreeMap::new();
    for like in &results {
        *by_provider.entry(like.provider.clone()).or_default() += like.cost;
        *by_step.entry(like.step).or_default() += like.cost;
    }
    let steps = range.num_milliseconds() / step.num_milliseconds();
    let trend = (0..steps).map(|at| CostPoint { timestamp: from + step * at as i32, cost: by_step.get(&at).copied().unwrap_or_default() });
    Ok(Cost {
        total_cost: by_provider.values().copied().sum(),
        cost_by_provider: by_provider,
        cost_trend: trend.collect(),
        budget_status: BudgetStatus::NoBudget,
        unknown_results: results.iter().map(|like| like.cost_unknown).sum(),
    })
}
