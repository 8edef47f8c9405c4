//! Figures over time: counted by hand here and compared.

use std::sync::Arc;

use chrono::TimeDelta;
use minerva_console::platform::domain::{Clock, metrics};
use minerva_console::wire::job::JobState;
use minerva_console::wire::metric::{Metric, MetricQuery, MetricType};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::result::{Fault, FaultKind};
use secrecy::ExposeSecret;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted};

/// Two answers and a refusal at noon, three answers twenty minutes later.
async fn with_results() -> (TestPlatform, Arc<TestClock>) {
    let (clock, scripted) = (TestClock::at_noon(), Scripted::new());
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "The model declined")));
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.renamed("metered")]) };
    let platform = platform::start(options).await;
    platform.client.activate_model(&ActivateModel { name: "metered".to_owned() }).await.expect("live");
    platform.add(3, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    platform.until_jobs(1, JobState::Failed).await;
    clock.advance(TimeDelta::minutes(20));
    let files = (10..13).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    platform.until_jobs(5, JobState::Completed).await;
    (platform, clock)
}

fn values(metrics: &[Metric], of: MetricType) -> Vec<f64> {
    metrics.iter().filter(|metric| metric.metric_type == of).map(|metric| metric.metric_value).collect()
}

fn query(clock: &TestClock, metric_type: &str, step: &str) -> MetricQuery {
    let now = clock.now();
    let (from, to) = (Some(now - TimeDelta::minutes(30)), Some(now + TimeDelta::minutes(10)));
    MetricQuery { metric_type: Some(metric_type.to_owned()), provider: None, from, to, step: Some(step.to_owned()), at: None }
}

#[tokio::test]
async fn what_happened_is_counted_by_step() {
    let (platform, clock) = with_results().await;
    let asked = query(&clock, "completed, failed,throughput_per_hour,error_rate,confidence,cost_usd,queue_wait_avg_ms", "10m");
    let seen = platform.client.metrics(&asked).await.expect("metrics");
    assert_eq!((seen.step_ms, seen.to - seen.from), (600_000, TimeDelta::minutes(41)));
    let of = |metric| values(&seen.metrics, metric);
    // The step after the present moment has not begun.
    assert_eq!(of(MetricType::Completed), [0.0, 2.0, 0.0, 3.0]);
    assert_eq!(of(MetricType::Failed), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(of(MetricType::ThroughputPerHour), [0.0, 12.0, 0.0, 18.0]);
    assert_eq!(of(MetricType::ErrorRate), [1.0 / 3.0, 0.0], "where nothing was tried there is no rate");
    assert!(of(MetricType::Confidence).iter().all(|mean| (mean - 0.8).abs() < 1e-6));
    assert_eq!(of(MetricType::CostUsd), [0.0, 0.000_388, 0.0, 0.000_582]);
    assert_eq!(of(MetricType::QueueWaitAvgMs), [0.0, 0.0]);

    let by_provider = |name: &str| MetricQuery { provider: Some(name.to_owned()), ..query(&clock, "completed", "1h") };
    let metered = platform.client.metrics(&by_provider("metered")).await.expect("metrics");
    assert_eq!(values(&metered.metrics, MetricType::Completed), [5.0]);
    assert_eq!(metered.metrics[0].provider.as_deref(), Some("metered"));
    let other = platform.client.metrics(&by_provider("gemini")).await.expect("metrics");
    assert_eq!(values(&other.metrics, MetricType::Completed), [0.0]);
}

#[tokio::test]
async fn the_queue_is_looked_at_and_the_looks_are_kept() {
    let clock = TestClock::at_noon();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![Scripted::new()]) };
    let platform = platform::start(options.without_workers()).await;
    let core = platform.host.core();
    for photos in [2, 3] {
        let files = (0..photos).map(|seed| (format!("{photos} {seed}.jpg"), platform::jpeg(64, 48, photos * 10 + seed))).collect();
        platform.client.add_photos(files, true).await.expect("added");
        metrics::sample(core).await.expect("a look");
        clock.advance(TimeDelta::minutes(1));
    }
    let seen = platform.client.metrics(&query(&clock, "queue_depth", "60")).await.expect("metrics");
    assert_eq!(values(&seen.metrics, MetricType::QueueDepth), [2.0, 5.0], "a minute without a look has no point");
    let all = platform.client.metrics(&query(&clock, "queue_depth", "1h")).await.expect("metrics").metrics;
    assert_eq!((all[0].metric_value, all[0].metadata.samples, all[0].metadata.max), (3.5, 2, Some(5.0)));

    clock.advance(TimeDelta::days(9));
    assert!(metrics::prune(core).await.expect("pruned") >= 8);
    let back = MetricQuery { from: Some(clock.now() - TimeDelta::days(10)), ..query(&clock, "queue_depth", "1h") };
    assert!(platform.client.metrics(&back).await.expect("metrics").metrics.is_empty());
}

#[tokio::test]
async fn the_answer_has_the_names_that_others_read() {
    let (platform, _clock) = with_results().await;
    let url = platform.host.base().join("api/ai/dashboard/metrics?metric_type=completed&provider=metered&step=1h").expect("a URL");
    let answer = reqwest::Client::new().get(url).bearer_auth(platform.host.token().expose_secret()).send().await.expect("an answer");
    let seen: serde_json::Value = answer.json().await.expect("JSON");
    let last = seen["metrics"].as_array().expect("metrics").last().expect("steps").clone();
    assert_eq!(
        (last["metric_type"].as_str(), last["metric_value"].as_f64(), last["provider"].as_str()),
        (Some("completed"), Some(5.0), Some("metered"))
    );
    assert_eq!((last["timestamp"].as_str(), last["metadata"]["samples"].as_u64()), (Some("2026-03-14T11:21:00Z"), Some(6)));
}

#[tokio::test]
async fn what_can_not_be_told_is_refused_with_a_reason() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
    let with = |metric_type: &str, provider: Option<&str>, step: &str| MetricQuery {
        metric_type: Some(metric_type.to_owned()),
        provider: provider.map(str::to_owned),
        step: Some(step.to_owned()),
        ..MetricQuery::default()
    };
    for (code, query) in [
        ("metric_type", with("depth", None, "1h")),
        ("provider", with("queue_depth", Some("gemini"), "1h")),
        ("step", with("completed", None, "soon")),
        ("step_ms", with("completed", None, "0")),
        ("step_ms", with("completed", None, "30s")),
    ] {
        assert_eq!(platform.client.metrics(&query).await.expect_err("refused").code(), Some(code), "{query:?}");
    }
    let all = platform.client.metrics(&MetricQuery::default()).await.expect("metrics");
    assert_eq!(values(&all.metrics, MetricType::Completed), [0.0; 24]);
}
