//! Performance and cost of the pipeline over time, from the rollups.

mod range;
mod tally;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

pub use range::Range;
pub use tally::Tally;

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::platform::store::rollups::{Histograms, Summed, Wanted};
use crate::wire::analytics::{BudgetStatus, Cost, CostPoint, ModelPerformance, Performance, PerformancePoint, PerformanceQuery};
use crate::wire::money::UsdMicros;

/// Results by model and step. Steps are laid from `from` on; the last one may be shorter.
pub async fn performance(core: &Core, query: &PerformanceQuery) -> Result<Performance> {
    let step = query.step_ms.map(|step| i64::try_from(step).unwrap_or(i64::MAX));
    let range = Range::asked(core.now(), query.from, query.to, step)?;
    let results = sums(core, range, None, Histograms::Latencies).await?;
    let mut all = Series::default();
    let mut by_model: BTreeMap<&str, Series> = BTreeMap::new();
    for summed in &results {
        all.add(summed);
        by_model.entry(&summed.model).or_default().add(summed);
    }
    let models = by_model.into_iter().map(|(model, series)| {
        let (total, points) = series.finish(range);
        ModelPerformance { model: model.to_owned(), total, points }
    });
    let models = models.collect();
    let (total, points) = all.finish(range);
    Ok(Performance { from: range.from(), to: range.to(), step_ms: range.step_ms.unsigned_abs(), total, points, models })
}

/// What the rollups say of a range, of one provider or of all.
pub(super) async fn sums(core: &Core, range: Range, provider: Option<&str>, histograms: Histograms) -> Result<Vec<Summed>> {
    sums_until(core, range, provider, histograms, None).await
}

/// The same, as it was at a moment.
pub(super) async fn sums_until(
    core: &Core,
    range: Range,
    provider: Option<&str>,
    histograms: Histograms,
    at: Option<DateTime<Utc>>,
) -> Result<Vec<Summed>> {
    let Range { span, from_ms, to_ms, step_ms } = range;
    let wanted = Wanted { span, from_ms, to_ms, step_ms, provider, histograms };
    let summed = match at {
        Some(at) => store::rollups::read_until(&core.db, core.org, wanted, at).await?,
        None => store::rollups::read(&core.db, core.org, wanted).await?,
    };
    Ok(summed)
}

/// Results over time.
#[derive(Default)]
struct Series {
    total: Tally,
    steps: BTreeMap<i64, Tally>,
}

impl Series {
    fn add(&mut self, summed: &Summed) {
        self.total.add(summed);
        self.steps.entry(summed.step).or_default().add(summed);
    }

    /// The figures over all, and one point a step that has results.
    fn finish(self, range: Range) -> (PerformancePoint, Vec<PerformancePoint>) {
        let points = self.steps.into_iter().map(|(step, tally)| tally.point(range.at(step))).collect();
        (self.total.point(range.from()), points)
    }
}

/// Cost over one of the fixed time frames, in steps that suit it; until the end of this minute, or hour where steps are longer.
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
    let range = Range::until_now(core.now(), range, step);
    let results = sums(core, range, None, Histograms::None).await?;
    let mut by_provider: BTreeMap<String, UsdMicros> = BTreeMap::new();
    let mut by_step: BTreeMap<i64, UsdMicros> = BTreeMap::new();
    for summed in &results {
        *by_provider.entry(summed.provider.clone()).or_default() += summed.sums.cost;
        *by_step.entry(summed.step).or_default() += summed.sums.cost;
    }
    let trend = (0..range.steps()).map(|at| CostPoint { timestamp: range.at(at), cost: by_step.get(&at).copied().unwrap_or_default() });
    Ok(Cost {
        total_cost: by_provider.values().copied().sum(),
        cost_by_provider: by_provider,
        cost_trend: trend.collect(),
        budget_status: BudgetStatus::NoBudget,
        unknown_results: results.iter().map(|summed| summed.sums.cost_unknown).sum(),
    })
}
