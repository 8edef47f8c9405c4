//! What a look at the queue once a minute would have seen, told from the invented jobs.

use chrono::{DateTime, Duration, Utc};

use super::is_waiting;
use crate::platform::store::generated::Batch;
use crate::platform::store::metrics::Sample;
use crate::platform::store::rollups::{MINUTES_KEPT_MS, Span};
use crate::wire::job::JobState;
use crate::wire::metric::MetricType;

/// Changes of the counts by minute; those before the first minute that is kept count as its own.
pub struct Gauges {
    first_ms: i64,
    waiting: Vec<i64>,
    working: Vec<i64>,
    failed: Vec<i64>,
}

impl Gauges {
    pub fn new(now: DateTime<Utc>) -> Self {
        let first_ms = Span::Minute.ceil(now.timestamp_millis() - MINUTES_KEPT_MS);
        let minutes = ((Span::Minute.floor(now.timestamp_millis()) - first_ms) / Span::Minute.ms() + 1) as usize;
        Self { first_ms, waiting: vec![0; minutes], working: vec![0; minutes], failed: vec![0; minutes] }
    }

    /// A look at the beginning of a minute sees what was so before it.
    fn slot(&self, at: DateTime<Utc>) -> usize {
        (Span::Minute.ceil(at.timestamp_millis()) - self.first_ms).max(0) as usize / Span::Minute.ms() as usize
    }

    pub fn count(&mut self, batch: &Batch) {
        for job in &batch.jobs {
            let change = |counts: &mut Vec<i64>, slot: usize, by| {
                if let Some(count) = counts.get_mut(slot) {
                    *count += by;
                }
            };
            let (ready, started) = (self.slot(job.ready_at), job.started_at.map(|at| self.slot(at)));
            change(&mut self.waiting, ready, 1);
            if let Some(started) = started.filter(|_| !is_waiting(job.state)) {
                change(&mut self.waiting, started, -1);
                change(&mut self.working, started, 1);
            }
            if let Some(finished) = job.finished_at.map(|at| self.slot(at)) {
                change(&mut self.working, finished, -1);
                if job.state == JobState::Failed {
                    change(&mut self.failed, finished, 1);
                }
            }
        }
    }

    /// A sample of each for each minute.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::with_capacity(self.waiting.len() * 4);
        let (mut waiting, mut working, mut failed) = (0, 0, 0);
        for minute in 0..self.waiting.len() {
            waiting += self.waiting[minute];
            working += self.working[minute];
            failed += self.failed[minute];
            let at = DateTime::from_timestamp_millis(self.first_ms).unwrap_or_default() + Duration::minutes(minute as i64);
            let sample = |metric, value: i64| Sample { metric, at, value: value as f64 };
            samples.extend([
                sample(MetricType::QueueDepth, waiting),
                sample(MetricType::Processing, working),
                sample(MetricType::RetryWait, 0),
                sample(MetricType::FailedJobs, failed),
            ]);
        }
        samples
    }
}
