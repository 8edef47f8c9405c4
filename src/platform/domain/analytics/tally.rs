//! Figures of many results: counts, exact latency quantiles, mean confidence, cost.

use chrono::{DateTime, Utc};

use crate::platform::store::analytics::LikeResults;
use crate::wire::analytics::PerformancePoint;
use crate::wire::model::MeasuredModel;
use crate::wire::money::UsdMicros;

/// Results, added up.
#[derive(Debug, Default)]
pub struct Tally {
    completed: u64,
    failed: u64,
    /// Of completed results: milliseconds, and how many took so long.
    latencies: Vec<(i64, u64)>,
    confident: u64,
    confidence_sum: f64,
    cost: UsdMicros,
    cost_unknown: u64,
}

impl Tally {
    pub fn add(&mut self, like: &LikeResults) {
        self.cost += like.cost;
        self.cost_unknown += like.cost_unknown;
        if !like.completed {
            self.failed += like.results;
            return;
        }
        self.completed += like.results;
        self.latencies.push((like.latency_ms, like.results));
        self.confident += like.confident;
        self.confidence_sum += like.confidence_sum;
    }

    /// The figures of a step that begins at `at`.
    #[must_use]
    pub fn point(mut self, at: DateTime<Utc>) -> PerformancePoint {
        let [p50, p90, p95, p99] = self.latencies_at([0.50, 0.90, 0.95, 0.99]);
        PerformancePoint {
            at,
            completed: self.completed,
            failed: self.failed,
            latency_p50_ms: p50,
            latency_p90_ms: p90,
            latency_p95_ms: p95,
            latency_p99_ms: p99,
            mean_confidence: self.mean_confidence(),
            cost_usd: self.cost,
            cost_unknown: self.cost_unknown,
        }
    }

    /// The figures of a model.
    #[must_use]
    pub fn measured(mut self) -> MeasuredModel {
        let [p50, p95] = self.latencies_at([0.50, 0.95]);
        MeasuredModel {
            results: self.completed + self.failed,
            failed: self.failed,
            latency_p50_ms: p50,
            latency_p95_ms: p95,
            mean_confidence: self.mean_confidence(),
        }
    }

    fn mean_confidence(&self) -> Option<f64> {
        (self.confident > 0).then(|| self.confidence_sum / self.confident as f64)
    }

    fn latencies_at<const N: usize>(&mut self, quantiles: [f64; N]) -> [Option<f64>; N] {
        self.latencies.sort_unstable();
        quantiles.map(|q| counted_quantile(&self.latencies, q))
    }
}

/// The quantile `q` (0–1) of sorted values by linear interpolation: type 7 of Hyndman and Fan (1996), R's default.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    interpolate(sorted.len() as u64, q, |at| sorted.get(at as usize).copied())
}

/// The same of sorted values that come with their number.
fn counted_quantile(sorted: &[(i64, u64)], q: f64) -> Option<f64> {
    let value_at = |at: u64| {
        let mut before = 0;
        sorted.iter().find(|(_, count)| {
            before += count;
            before > at
        })
    };
    interpolate(sorted.iter().map(|(_, count)| count).sum(), q, |at| value_at(at).map(|(value, _)| *value as f64))
}

fn interpolate(count: u64, q: f64, value_at: impl Fn(u64) -> Option<f64>) -> Option<f64> {
    let at = q.clamp(0.0, 1.0) * count.checked_sub(1)? as f64;
    let (low, high) = (value_at(at.floor() as u64)?, value_at(at.ceil() as u64)?);
    Some(low + (high - low) * (at - at.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Option<f64>, expected: f64) -> bool {
        got.is_some_and(|got| (got - expected).abs() < 1e-9)
    }

    #[test]
    fn quantiles_are_those_of_r() {
        // quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1)) in R.
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!(close(quantile(&sorted, q), expected), "{q}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
    }

    #[test]
    fn counted_values_have_the_quantiles_of_the_values_one_by_one() {
        let counted = [(10, 3), (20, 1), (30, 2), (47, 10), (1_000, 1)];
        let single: Vec<f64> = counted.iter().flat_map(|(value, count)| std::iter::repeat_n(f64::from(*value), *count as usize)).collect();
        let counted = counted.map(|(value, count)| (i64::from(value), count as u64));
        for percent in 0..=100 {
            let q = f64::from(percent) / 100.0;
            assert_eq!(counted_quantile(&counted, q), quantile(&single, q), "{q}");
        }
        // quantile(c(10, 10, 10, 20, 30, 30), .7) in R: 25.
        assert!(close(counted_quantile(&[(10, 3), (20, 1), (30, 2)], 0.7), 25.0));
        assert_eq!(counted_quantile(&[], 0.5), None);
    }

    #[test]
    fn an_unknown_cost_is_counted_and_not_summed() {
        let like = |completed, cost, cost_unknown| LikeResults {
            step: 0,
            provider: "x".into(),
            model: "x/y".into(),
            completed,
            latency_ms: 10,
            results: 2,
            confident: 1,
            confidence_sum: 0.5,
            cost: UsdMicros(cost),
            cost_unknown,
        };
        let mut tally = Tally::default();
        for like in [like(true, 5, 0), like(true, 0, 2), like(false, 7, 1)] {
            tally.add(&like);
        }
        let point = tally.point(DateTime::UNIX_EPOCH);
        assert_eq!((point.cost_usd, point.cost_unknown, point.completed, point.failed), (UsdMicros(12), 3, 4, 2));
        assert_eq!((point.mean_confidence, point.latency_p99_ms), (Some(0.5), Some(10.0)));
    }
}
