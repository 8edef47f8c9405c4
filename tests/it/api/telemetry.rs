//! `/metrics`: read as a strict reader of Prometheus' text format would.

use std::collections::{HashMap, HashSet};

use minerva_console::wire::job::JobState;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted};

/// Every sample by its name and labels. Panics at a line that the format does not allow.
fn read(text: &str) -> HashMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line ends too");
    let (mut samples, mut typed, mut helped) = (HashMap::new(), HashMap::new(), HashSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            assert!(helped.insert(name.to_owned()) && !help.is_empty(), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}: told twice");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
            let name = sample.split('{').next().expect("a name");
            assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'), "{line}");
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).filter(|family| typed.contains_key(*family));
            assert!(typed.contains_key(family.unwrap_or(name)), "{line}: has no type");
            if let Some(labels) = sample.strip_prefix(name).filter(|labels| !labels.is_empty()) {
                assert!(labels.starts_with('{') && labels.ends_with('}'), "{line}");
                for label in labels[1..labels.len() - 1].split("\",").map(|label| label.trim_end_matches('"')) {
                    let (key, _) = label.split_once("=\"").unwrap_or_else(|| panic!("not a label: {label} in {line}"));
                    assert!(key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{line}");
                }
            }
            let value = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
            assert!(samples.insert(sample.to_owned(), value).is_none(), "{line}: told twice");
        }
    }
    samples
}

async fn get(platform: &TestPlatform, with_token: bool) -> reqwest::Response {
    use secrecy::ExposeSecret as _;
    let request = reqwest::Client::new().get(platform.host.base().join("metrics").expect("a URL"));
    let request = if with_token { request.bearer_auth(platform.host.token().expose_secret()) } else { request };
    request.send().await.expect("answered")
}

#[tokio::test]
async fn what_was_done_is_counted_in_the_text_format() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    assert_eq!(get(&platform, false).await.status(), 401, "figures are for who has the token");
    scripted.then(Act::Fail(Fault::new(FaultKind::BadAnswer, "Not JSON")));
    let photos = platform.add(3, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    platform.until_jobs(1, JobState::Failed).await;
    platform.client.photo(photos[0].id).await.expect("a photo");

    let answer = get(&platform, true).await;
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.expect("text");
    let samples = read(&text);
    let of = |sample: &str| samples.get(sample).copied().unwrap_or_else(|| panic!("no {sample} in\n{text}"));
    assert_eq!(of(r#"minerva_results_total{model="on-device",provider="on-device",status="completed"}"#), 2.0);
    assert_eq!(of(r#"minerva_results_total{model="on-device",provider="on-device",status="bad_answer"}"#), 1.0);
    assert_eq!(of(r#"minerva_provider_call_seconds_count{provider="on-device"}"#), 3.0);
    assert_eq!(of(r#"minerva_provider_call_seconds_bucket{provider="on-device",le="+Inf"}"#), 3.0);
    assert_eq!(of(r#"minerva_cost_usd_total{provider="on-device"}"#), 0.0);
    assert_eq!((of(r#"minerva_jobs{state="failed"}"#), of(r#"minerva_jobs{state="pending"}"#)), (1.0, 0.0));
    assert_eq!(of(r#"minerva_http_requests_total{method="GET",route="/api/ai/photos/{id}",status="200"}"#), 1.0);
    assert_eq!(of(r#"minerva_http_requests_total{method="GET",route="/metrics",status="401"}"#), 1.0);
    assert_eq!(of(r#"minerva_provider_up{provider="on-device"}"#), 1.0);
    assert!(of(r#"minerva_database_seconds_count{kind="write"}"#) >= 6.0);
    assert_eq!((of("minerva_event_lag"), of("minerva_queue_oldest_wait_seconds")), (0.0, 0.0));
    assert!(!text.contains(&photos[0].id.to_string()), "no label names a photo");
}

#[tokio::test]
async fn whatever_word_a_request_brings_as_its_method_there_are_no_more_series() {
    let platform = platform::start(Options::default().without_workers()).await;
    for word in ["BREW", "WHEN", "PROPFIND"] {
        let method = reqwest::Method::from_bytes(word.as_bytes()).expect("a method");
        reqwest::Client::new().request(method, platform.host.base()).send().await.expect("answered");
    }
    let text = get(&platform, true).await.text().await.expect("a text");
    assert!(text.contains("method=\"other\"") && !text.contains("BREW"), "{text}");
}
