//! Analytics: the figures are those of the pipeline's own results, worked out another way.

use chrono::TimeDelta;
use minerva_console::wire::analytics::PerformanceQuery;
use minerva_console::wire::job::{EnqueueJobs, JobState};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Fault, FaultKind};
use secrecy::ExposeSecret;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted, answer};

/// Nine answers, one of them unpriced, and a refusal that was billed; ten minutes later five more answers.
async fn with_results() -> (TestPlatform, std::sync::Arc<TestClock>) {
    let (clock, scripted) = (TestClock::at_noon(), Scripted::new());
    let mut unpriced = answer(&[("cat", 0.3)]);
    unpriced.cost_usd = None;
    scripted.then(Act::Answer(unpriced));
    let mut refused = Fault::new(FaultKind::Refused, "The model declined");
    refused.cost_usd = Some(UsdMicros(50));
    scripted.then(Act::Fail(refused));
    scripted.take_time(std::time::Duration::from_millis(3));
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.renamed("metered")]) };
    let platform = platform::start(options).await;
    platform.client.activate_model(&minerva_console::wire::model::ActivateModel { name: "metered".to_owned() }).await.expect("live");
    let photos = platform.add(10, true).await;
    platform.until_jobs(9, JobState::Completed).await;
    platform.until_jobs(1, JobState::Failed).await;
    clock.advance(TimeDelta::minutes(10));
    let photo_ids = photos.iter().take(5).map(|photo| photo.id).collect();
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids, priority: 0 }).await.expect("queued");
    platform.until_jobs(14, JobState::Completed).await;
    (platform, clock)
}

/// Type 7, written down another way than the platform does.
fn quantile(values: &[f64], q: f64) -> f64 {
    let at = (values.len() - 1) as f64 * q;
    let rest = at.fract();
    values[at as usize] * (1.0 - rest) + values[(at as usize + 1).min(values.len() - 1)] * rest
}

#[tokio::test]
async fn performance_is_right_in_total_and_by_step() {
    let (platform, clock) = with_results().await;
    let now = minerva_console::platform::domain::Clock::now(&*clock);
    let query = PerformanceQuery { from: Some(now - TimeDelta::minutes(30)), to: Some(now + TimeDelta::minutes(10)), step_ms: Some(300_000) };
    let seen = platform.client.performance(&query).await.expect("performance");
    let from = now - TimeDelta::seconds(30) - TimeDelta::minutes(30);
    assert_eq!((seen.from, seen.to), (from, now + TimeDelta::seconds(30) + TimeDelta::minutes(10)), "whole minutes");
    assert_eq!((seen.step_ms, seen.models.len(), seen.models[0].model.as_str()), (300_000, 1, "metered"));
    assert_eq!((seen.total, &seen.points), (seen.models[0].total, &seen.models[0].points), "there is but one model");
    assert_eq!((seen.total.completed, seen.total.failed), (14, 1));
    assert_eq!((seen.total.cost_usd, seen.total.cost_unknown), (UsdMicros(13 * 194 + 50), 1));
    let mean = (0.3 + 13.0 * 0.8) / 14.0;
    assert!((seen.total.mean_confidence.expect("confidence") - mean).abs() < 1e-6);

    let points: Vec<_> = seen.points.iter().map(|point| (point.at, point.completed, point.failed)).collect();
    let at = |minutes| from + TimeDelta::minutes(minutes);
    assert_eq!(points, [(at(20), 9, 1), (at(30), 5, 0)], "a step without results has no point");

    let mut latencies = Vec::new();
    for job in platform.jobs().await {
        let results = platform.client.job(job.id).await.expect("job").results;
        let completed = results.iter().filter(|result| matches!(result.outcome, minerva_console::wire::result::Outcome::Completed(_)));
        latencies.extend(completed.map(|result| result.provider_response_time_ms as f64));
    }
    latencies.sort_by(f64::total_cmp);
    assert_eq!(latencies.len(), 14);
    let total = seen.total;
    for (q, seen) in [(0.5, total.latency_p50_ms), (0.9, total.latency_p90_ms), (0.95, total.latency_p95_ms), (0.99, total.latency_p99_ms)] {
        let expected = quantile(&latencies, q);
        assert!((seen.expect("latency") - expected).abs() <= expected / 128.0 + 1e-9, "{q}: {seen:?} of {latencies:?}");
    }
}

#[tokio::test]
async fn without_results_there_are_no_points_and_no_invented_figures() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
    let seen = platform.client.performance(&PerformanceQuery::default()).await.expect("performance");
    assert!(seen.points.is_empty() && seen.models.is_empty());
    assert_eq!((seen.total.completed, seen.total.latency_p50_ms, seen.total.mean_confidence), (0, None, None));
    assert_eq!((seen.to - seen.from, seen.step_ms), (TimeDelta::hours(24), 3_600_000));
}

#[tokio::test]
async fn a_range_that_is_none_is_refused() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
    let now = platform.host.core().now();
    let day = |step_ms| PerformanceQuery { from: Some(now - TimeDelta::hours(24)), to: Some(now), step_ms };
    for (code, query) in [
        ("range", PerformanceQuery { from: Some(now), to: Some(now), step_ms: None }),
        ("range", PerformanceQuery { from: Some(now + TimeDelta::days(1)), ..PerformanceQuery::default() }),
        ("step_ms", day(Some(999))),
        ("step_ms", day(Some(0))),
        ("step_ms", day(Some(43_199))),
    ] {
        assert_eq!(platform.client.performance(&query).await.expect_err("refused").code(), Some(code), "{query:?}");
    }
    assert!(platform.client.performance(&day(Some(43_200))).await.is_ok(), "2,000 steps are fine");
    let dawn = PerformanceQuery { to: Some("0000-01-01T00:00:00Z".parse().expect("a time")), ..PerformanceQuery::default() };
    assert!(platform.client.performance(&dawn).await.is_ok(), "a range before all time is empty");
    assert_eq!(platform.client.cost("2h").await.expect_err("refused").code(), Some("timeframe"));
}

#[tokio::test]
async fn cost_has_the_names_that_others_read_and_adds_up() {
    let (platform, clock) = with_results().await;
    let url = platform.host.base().join("api/ai/analytics/cost?timeframe=24h").expect("a URL");
    let answer = reqwest::Client::new().get(url).bearer_auth(platform.host.token().expose_secret()).send().await.expect("an answer");
    let cost: serde_json::Value = answer.json().await.expect("JSON");
    let dollars = (13.0 * 194.0 + 50.0) / 1e6;
    assert_eq!(cost["totalCost"], dollars);
    assert_eq!(cost["costByProvider"], serde_json::json!({ "metered": dollars }));
    assert_eq!((cost["budgetStatus"].as_str(), cost["unknown_results"].as_u64()), (Some("no_budget"), Some(1)));
    for (timeframe, points) in [("1h", 60), ("24h", 24), ("7d", 28), ("30d", 30)] {
        let cost = platform.client.cost(timeframe).await.expect("cost");
        assert_eq!(cost.cost_trend.len(), points, "{timeframe}");
        assert_eq!(cost.cost_trend.iter().map(|point| point.cost).sum::<UsdMicros>(), cost.total_cost, "{timeframe}");
        assert_eq!(cost.total_cost, UsdMicros(13 * 194 + 50), "what was stored this very moment counts: {timeframe}");
    }
    clock.advance(TimeDelta::minutes(55));
    assert_eq!(platform.client.cost("1h").await.expect("cost").total_cost, UsdMicros(5 * 194), "the first ten are more than an hour old");
}
