//! What the screens ask of a database of a million results; `MINERVA_BENCH_RESULTS=10000000` asks one of ten million,
//! and `MINERVA_BENCH_DATABASE=/path/to.sqlite` keeps it for the next time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use minerva_console::client::Client;
use minerva_console::platform::domain::SystemClock;
use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host::{self, HostOptions};
use minerva_console::wire::analytics::PerformanceQuery;
use minerva_console::wire::job::{JobQuery, JobSort, JobState};
use minerva_console::wire::metric::MetricQuery;

use crate::support::platform;
use crate::{percentile_ms, report, runtime};

/// Times that each question is asked.
const ASKED: usize = 100;
/// A question that takes longer is asked fewer times.
const PATIENCE: Duration = Duration::from_secs(8);

pub fn questions() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, results) = database(folder.path());
    runtime().block_on(async {
        generate(&database, results).await;
        let options = platform::Options::default().without_workers();
        let options = HostOptions { database: Some(database.clone()), ..options.host_options(folder.path().join("data")) };
        let host = host::start(options).await.expect("the platform starts");
        let client = Client::new(host.base(), host.token()).expect("a client");
        ask_all(&client).await;
        host.shutdown().await;
    });
}

/// Where the results are (or will be), and how many.
pub fn database(folder: &Path) -> (PathBuf, u64) {
    let results = std::env::var("MINERVA_BENCH_RESULTS").ok().map_or(1_000_000, |number| number.parse().expect("a number"));
    let kept = std::env::var_os("MINERVA_BENCH_DATABASE").map(PathBuf::from);
    (kept.unwrap_or_else(|| folder.join("bench.sqlite")), results)
}

pub async fn generate(database: &Path, results: u64) {
    if database.exists() {
        return;
    }
    let begun = Instant::now();
    let asked = Generate { results, seed: 1 };
    host::generate(database, Arc::new(SystemClock), &asked, |_| {}).await.expect("generated");
    report(&format!("Generate {results} results"), begun.elapsed().as_secs_f64(), "s");
    report("    database", std::fs::metadata(database).expect("a file").len() as f64 / 1e6, "MB");
}

async fn ask_all(client: &Client) {
    ask("live status", || async { client.live_status().await.map(drop) }).await;
    ask("queue status", || async { client.queue_status().await.map(drop) }).await;
    let now = Utc::now();
    for (name, days, step_ms) in [("24 h", 1, 900_000), ("7 d", 7, 7_200_000), ("30 d", 30, 21_600_000), ("90 d", 90, 86_400_000)] {
        // Whole steps, as the window asks.
        let to = chrono::DateTime::from_timestamp_millis((now.timestamp_millis() / step_ms + 1) * step_ms).expect("a time");
        let query = PerformanceQuery { from: Some(to - TimeDelta::days(days)), to: Some(to), step_ms: Some(step_ms.unsigned_abs()) };
        ask(&format!("performance, {name}"), || async { client.performance(&query).await.map(drop) }).await;
    }
    for timeframe in ["1h", "24h", "7d", "30d"] {
        ask(&format!("cost, {timeframe}"), || async { client.cost(timeframe).await.map(drop) }).await;
    }
    for (name, hours, step) in [("1 h", 1, "1m"), ("24 h", 24, "5m"), ("7 d", 168, "1h")] {
        let metric_type = Some("queue_depth,processing,throughput_per_hour,failed,queue_wait_p95_ms".to_owned());
        let query = MetricQuery { metric_type, from: Some(now - TimeDelta::hours(hours)), step: Some(step.to_owned()), ..MetricQuery::default() };
        ask(&format!("metrics, {name}"), || async { client.metrics(&query).await.map(drop) }).await;
    }
    ask("models", || async { client.models().await.map(drop) }).await;
    ask("provider health", || async { client.provider_health().await.map(drop) }).await;
    queue(client).await;
    past(client, now).await;
}

async fn queue(client: &Client) {
    let with = |state| JobQuery { state, ..JobQuery::default() };
    for (name, query) in [
        ("jobs, newest", with(None)),
        ("jobs, oldest", JobQuery { ascending: true, ..with(None) }),
        ("jobs, pending", with(Some(JobState::Pending))),
        ("jobs, failed", with(Some(JobState::Failed))),
        ("jobs, completed", with(Some(JobState::Completed))),
        ("jobs, by how long they took", JobQuery { sort: JobSort::Took, ..with(None) }),
        ("jobs, by name of the photo", JobQuery { sort: JobSort::Photo, ascending: true, ..with(None) }),
        ("jobs, with a kind of fault", JobQuery { q: Some("fault:rate_limited".to_owned()), ..with(None) }),
        ("jobs, by part of a name", JobQuery { q: Some("_00001".to_owned()), ..with(None) }),
    ] {
        ask(name, || async { client.jobs(&query).await.map(drop) }).await;
    }
    let job = client.jobs(&with(Some(JobState::Completed))).await.expect("jobs").items[0].id;
    ask("one job with its results", || async { client.job(job).await.map(drop) }).await;
    ask("photos, a page", || async { client.photos(None, 200).await.map(drop) }).await;
    for (name, search) in [("a word", "dog"), ("part of a word", "be"), ("two words", "dog beach"), ("all without a word", "-dog")] {
        ask(&format!("photos with {name}"), || async { client.search_photos(search, None, 200).await.map(drop) }).await;
    }
}

/// What the window asks while somebody drags the handle of time.
async fn past(client: &Client, now: chrono::DateTime<Utc>) {
    for (name, back) in [("1 h ago", TimeDelta::hours(1)), ("a day ago", TimeDelta::days(1)), ("6 days ago", TimeDelta::days(6))] {
        let at = now - back;
        ask(&format!("live status, {name}"), || async { client.live_status_at(at).await.map(drop) }).await;
        for (which, state) in [("newest", None), ("pending", Some(JobState::Pending)), ("failed", Some(JobState::Failed))] {
            let query = JobQuery { state, at: Some(at), ..JobQuery::default() };
            ask(&format!("jobs, {which}, {name}"), || async { client.jobs(&query).await.map(drop) }).await;
        }
        let metric_type = Some("queue_depth,processing,throughput_per_hour,failed,queue_wait_p95_ms".to_owned());
        let query =
            MetricQuery { metric_type, from: Some(at - TimeDelta::hours(24)), step: Some("5m".to_owned()), at: Some(at), ..MetricQuery::default() };
        ask(&format!("metrics of 24 h, {name}"), || async { client.metrics(&query).await.map(drop) }).await;
    }
}

async fn ask<F: Future<Output = minerva_console::client::Result<()>>>(what: &str, question: impl Fn() -> F) {
    question().await.expect("an answer");
    let begun = Instant::now();
    let mut times = Vec::with_capacity(ASKED);
    while times.len() < ASKED && (times.len() < 5 || begun.elapsed() < PATIENCE) {
        let asked = Instant::now();
        question().await.expect("an answer");
        times.push(asked.elapsed());
    }
    report(&format!("{what}, p50"), percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}
