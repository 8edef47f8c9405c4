//! Replaying rules over a million results, as the window asks while a threshold is dragged; over the API, answer parsed.

use std::time::{Duration, Instant};

use minerva_console::client::Client;
use minerva_console::platform::host::{self, HostOptions};
use minerva_console::wire::config::ProcessingRules;
use minerva_console::wire::replay::{REPLAY_DAYS, ReplayExamples, ReplayRules};
use minerva_console::wire::result::Decision;
use minerva_console::wire::rules::Category;

use crate::store::{database, generate};
use crate::support::platform;
use crate::{percentile_ms, report, runtime};

const ASKED: u8 = 100;

pub fn replay() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, results) = database(folder.path());
    runtime().block_on(async {
        generate(&database, results).await;
        let options = platform::Options::default().without_workers();
        let options = HostOptions { database: Some(database.clone()), ..options.host_options(folder.path().join("data")) };
        let host = host::start(options).await.expect("the platform starts");
        let client = Client::new(host.base(), host.token()).expect("a client");
        let general = ProcessingRules::default();
        let mut by_category = general.clone();
        for (name, tags) in [("Pets", ["dog", "cat"]), ("Water", ["lake", "beach"]), ("Town", ["city", "street"])] {
            let tags = tags.map(str::to_owned).to_vec();
            by_category.categories.insert(name.to_owned(), Category { tags, accept_threshold: 0.8, reject_threshold: 0.1 });
        }
        for (name, rules) in [("general", general), ("3 categories", by_category)] {
            for days in REPLAY_DAYS {
                drag(&client, name, &rules, days).await;
            }
            examples(&client, name, &rules).await;
        }
        host.shutdown().await;
    });
}

/// The accept threshold goes over the whole scale.
async fn drag(client: &Client, name: &str, rules: &ProcessingRules, days: u32) {
    let mut times: Vec<Duration> = Vec::new();
    let mut photos = 0;
    for percent in 0..ASKED {
        let accept_threshold = f32::from(percent.max(20)) / 100.0;
        let asked = ReplayRules { rules: ProcessingRules { accept_threshold, ..rules.clone() }, days };
        let begun = Instant::now();
        photos = client.replay_rules(&asked).await.expect("replayed").photos;
        times.push(begun.elapsed());
    }
    report(&format!("Replay, {name}, {days} days of {photos} photos, p50"), percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}

/// The first page of photos that would move.
async fn examples(client: &Client, name: &str, rules: &ProcessingRules) {
    let mut times: Vec<Duration> = Vec::new();
    for percent in 61..=90_u8 {
        let rules = ProcessingRules { accept_threshold: f32::from(percent) / 100.0, ..rules.clone() };
        let asked = ReplayExamples { rules, days: 90, from: Decision::Accept, to: Decision::Review, cursor: None, limit: Some(12) };
        let begun = Instant::now();
        client.replay_examples(&asked).await.expect("examples");
        times.push(begun.elapsed());
    }
    report(&format!("Examples of a replay, {name}, p50"), percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}
