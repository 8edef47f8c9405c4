//! Figures of many results: counts, latency quantiles, mean confidence, cost.

use chrono::{DateTime, Utc};

use crate::platform::domain::statistics;
use crate::platform::store::rollups::{Summed, Sums};
use crate::wire::analytics::PerformancePoint;
use crate::wire::model::MeasuredModel;

/// Results, added up.
#[derive(Debug, Default)]
pub struct Tally {
    completed: Sums,
    failed: Sums,
}

impl Tally {
    pub fn add(&mut self, summed: &Summed) {
        if summed.completed { &mut self.completed } else { &mut self.failed }.merge(&summed.sums);
    }

    /// The figures of a step that begins at `at`.
    #[must_use]
    pub fn point(&self, at: DateTime<Utc>) -> PerformancePoint {
        PerformancePoint {
            at,
            completed: self.completed.results,
            failed: self.failed.results,
            latency_p50_ms: self.latency_ms(0.50),
            latency_p90_ms: self.latency_ms(0.90),
            latency_p95_ms: self.latency_ms(0.95),
            latency_p99_ms: self.latency_ms(0.99),
            mean_confidence: self.completed.mean_confidence(),
            cost_usd: self.completed.cost + self.failed.cost,
            cost_unknown: self.completed.cost_unknown + self.failed.cost_unknown,
        }
    }

    /// The figures of a model.
    #[must_use]
    pub fn measured(&self) -> MeasuredModel {
        let results = self.completed.results + self.failed.results;
        let failed = statistics::wilson(self.failed.results, results, statistics::Z_95);
        MeasuredModel {
            results,
            failed: self.failed.results,
            failed_low: failed.map_or(0.0, |failed| failed.low),
            failed_high: failed.map_or(0.0, |failed| failed.high),
            cost_usd: self.completed.cost + self.failed.cost,
            cost_unknown: self.completed.cost_unknown + self.failed.cost_unknown,
            latency_p50_ms: self.latency_ms(0.50),
            latency_p95_ms: self.latency_ms(0.95),
            mean_confidence: self.completed.mean_confidence(),
        }
    }

    fn latency_ms(&self, q: f64) -> Option<f64> {
        self.completed.latencies.quantile(q)
    }
}
