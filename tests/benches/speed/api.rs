//! The embedded API over loopback, as the window uses it.

use std::time::{Duration, Instant};

use minerva_console::client::Client;

use crate::support::platform;
use crate::{percentile_ms, report, runtime};

/// Requests of one measurement.
const REQUESTS: usize = 4_000;

/// One after the other, then sixteen at a time.
pub fn requests() {
    runtime().block_on(async {
        let platform = platform::start(platform::Options::default().without_workers()).await;
        for at_once in [1, 16] {
            ask(&platform.client, at_once, REQUESTS / 10).await;
            let begun = Instant::now();
            let mut times = ask(&platform.client, at_once, REQUESTS).await;
            let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
            report(&format!("API, configuration, {at_once} at a time"), rate, "requests/s");
            report("    p50", percentile_ms(&mut times, 0.5), "ms");
            report("    p99", percentile_ms(&mut times, 0.99), "ms");
        }
    });
}

async fn ask(client: &Client, at_once: usize, requests: usize) -> Vec<Duration> {
    let asking: Vec<_> = (0..at_once)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                for _ in 0..requests / at_once {
                    let begun = Instant::now();
                    client.config().await.expect("an answer");
                    times.push(begun.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in asking {
        times.extend(task.await.expect("no panic"));
    }
    times
}
