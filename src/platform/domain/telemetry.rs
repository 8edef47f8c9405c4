//! Telemetry: counters and histograms of what this process did, as Prometheus reads them. No label has more than some dozens of
//! values: no photo, job, prompt or person is in one.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{CounterVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use super::{Core, Result, pipeline};
use crate::platform::store;
use crate::wire::result::Outcome;

/// Models with a label of their own; people can name any number of them.
const MODELS_MOST: usize = 60;
/// Seconds: of calls on the network and of a model on this machine.
const CALL_BUCKETS: [f64; 11] = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0];
/// Seconds: of requests to this platform and of its database.
const FAST_BUCKETS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// All that is counted.
pub struct Telemetry {
    registry: Registry,
    results: IntCounterVec,
    call_seconds: HistogramVec,
    cost_usd: CounterVec,
    cost_unknown: IntCounterVec,
    http: IntCounterVec,
    http_seconds: HistogramVec,
    database_seconds: HistogramVec,
    jobs: IntGaugeVec,
    oldest_wait: IntGauge,
    event_lag: IntGauge,
    event_listeners: IntGauge,
    workers_busy: IntGauge,
    provider_up: IntGaugeVec,
    models: Mutex<HashSet<String>>,
}

impl Default for Telemetry {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "constant names, which the tests register")]
        Self::new().expect("constant names")
    }
}

impl Telemetry {
    fn new() -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauge = |name: &str, help: &str| IntGauge::new(name, help);
        let histogram = |name: &str, help: &str, buckets: &[f64], labels: &[&str]| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
        };
        let metrics = Self {
            registry: Registry::new(),
            results: counter("minerva_results_total", "Answers and failures of models, of jobs and of runs", &["provider", "model", "status"])?,
            call_seconds: histogram("minerva_provider_call_seconds", "Calls of providers, tries and waits included", &CALL_BUCKETS, &["provider"])?,
            cost_usd: CounterVec::new(Opts::new("minerva_cost_usd_total", "What calls cost, where that is known"), &["provider"])?,
            cost_unknown: counter("minerva_cost_unknown_total", "Calls whose cost is not known", &["provider"])?,
            http: counter("minerva_http_requests_total", "Requests to this platform", &["method", "route", "status"])?,
            http_seconds: histogram("minerva_http_request_seconds", "Requests to this platform, until the answer begins", &FAST_BUCKETS, &["route"])?,
            database_seconds: histogram(
                "minerva_database_seconds",
                "The database: waits for the writer, writes until they are committed, and one read for this page",
                &FAST_BUCKETS,
                &["kind"],
            )?,
            jobs: IntGaugeVec::new(Opts::new("minerva_jobs", "Jobs that are not completed, by state"), &["state"])?,
            oldest_wait: gauge("minerva_queue_oldest_wait_seconds", "How long the job waits that waits longest")?,
            event_lag: gauge("minerva_event_lag", "Events that listeners have not been told of")?,
            event_listeners: gauge("minerva_event_listeners", "Clients that follow the events")?,
            workers_busy: gauge("minerva_workers_busy", "Jobs in work in this process")?,
            provider_up: IntGaugeVec::new(Opts::new("minerva_provider_up", "1 healthy or degraded, 0 down; of providers in use"), &["provider"])?,
            models: Mutex::default(),
        };
        metrics.register()?;
        Ok(metrics)
    }

    fn register(&self) -> prometheus::Result<()> {
        let all: [Box<dyn prometheus::core::Collector>; 13] = [
            Box::new(self.results.clone()),
            Box::new(self.call_seconds.clone()),
            Box::new(self.cost_usd.clone()),
            Box::new(self.cost_unknown.clone()),
            Box::new(self.http.clone()),
            Box::new(self.http_seconds.clone()),
            Box::new(self.database_seconds.clone()),
            Box::new(self.jobs.clone()),
            Box::new(self.oldest_wait.clone()),
            Box::new(self.event_lag.clone()),
            Box::new(self.event_listeners.clone()),
            Box::new(self.workers_busy.clone()),
            Box::new(self.provider_up.clone()),
        ];
        all.into_iter().try_for_each(|collector| self.registry.register(collector))
    }

    /// A request was answered. `route`: the pattern of its path, never the path.
    pub fn note_request(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.http.with_label_values(&[method, route, &status.to_string()]).inc();
        self.http_seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// The database was waited for or written to. `kind`: `wait`, `write` or `read`.
    pub fn note_database(&self, kind: &str, took: Duration) {
        self.database_seconds.with_label_values(&[kind]).observe(took.as_secs_f64());
    }

    /// A model was asked about a photo. `took`: of the call; `None` when it was not made.
    pub fn note_result(&self, model: &str, outcome: &Outcome, took: Option<Duration>) {
        let provider = model.split('/').next().unwrap_or_default();
        let status = match outcome {
            Outcome::Completed(_) => "completed".to_owned(),
            Outcome::Failed(fault) => store::to_name(&fault.kind).unwrap_or_else(|_| "failed".to_owned()),
        };
        self.results.with_label_values(&[provider, &self.model_label(model), &status]).inc();
        if let Some(took) = took {
            self.call_seconds.with_label_values(&[provider]).observe(took.as_secs_f64());
        }
        match pipeline::cost(model, outcome) {
            Some(cost) => self.cost_usd.with_label_values(&[provider]).inc_by(cost.as_usd().max(0.0)),
            None => self.cost_unknown.with_label_values(&[provider]).inc(),
        }
    }

    fn model_label(&self, model: &str) -> String {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if models.contains(model) {
            return model.to_owned();
        }
        if models.len() >= MODELS_MOST {
            return "other".to_owned();
        }
        models.insert(model.to_owned());
        model.to_owned()
    }
}

/// Everything in Prometheus' text format 0.0.4; what stands still is looked up now.
pub async fn text(core: &Core) -> Result<String> {
    let metrics = &core.telemetry;
    let begun = std::time::Instant::now();
    let counts = store::status::counts(&core.db, core.org).await?;
    for (state, count) in
        [("pending", counts.pending), ("processing", counts.processing), ("retry_wait", counts.retry_wait), ("failed", counts.failed)]
    {
        metrics.jobs.with_label_values(&[state]).set(count);
    }
    metrics.note_database("read", begun.elapsed());
    let (waiting, _) = store::health::queue(&core.db, core.org).await?;
    metrics.oldest_wait.set(waiting.map_or(0, |since| (core.now() - since).num_seconds().max(0)));
    let newest = store::events::range(&core.db, core.org).await?.map_or(0, |(_, last)| last);
    metrics.event_lag.set((newest - *core.newest_event.borrow()).max(0));
    metrics.event_listeners.set(core.news.receiver_count() as i64);
    metrics.workers_busy.set(core.at_work.count() as i64);
    metrics.provider_up.reset();
    for (provider, is_up) in super::health::providers_up(core).await? {
        metrics.provider_up.with_label_values(&[&provider]).set(i64::from(is_up));
    }
    let unreadable = |error: prometheus::Error| super::DomainError::Files { message: format!("The figures could not be written: {error}") };
    TextEncoder::new().encode_to_string(&metrics.registry.gather()).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::result::{Fault, FaultKind};

    #[test]
    fn people_who_name_a_thousand_models_do_not_make_a_thousand_labels() {
        let metrics = Telemetry::default();
        for n in 0..1_000 {
            metrics.note_result(&format!("lab/model-{n}"), &Outcome::Failed(Fault::new(FaultKind::Network, "x")), None);
        }
        let family = metrics.registry.gather().into_iter().find(|family| family.name() == "minerva_results_total").expect("results");
        assert_eq!(family.get_metric().len(), MODELS_MOST + 1);
    }
}
