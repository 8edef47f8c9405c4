//! Health: open to all in one word, to who has the token in full.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use minerva_console::client::event::StreamItem;
use minerva_console::keys::Keys;
use minerva_console::providers::{CallContext, Endpoint, Limits, PhotoRequest, PriceBook, ProviderSettings, Providers, SentPhoto};
use minerva_console::wire::event::Happened;
use minerva_console::wire::health::{Component, Health, HealthReport, HealthState, ProviderHealth};
use minerva_console::wire::job::JobState;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use tokio_util::sync::CancellationToken;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted};

#[tokio::test]
async fn a_stranger_hears_the_status_and_no_more() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    let health = until("the worker to run", || async {
        let health = platform.client.health().await.expect("health");
        (health.status == HealthState::Healthy).then_some(health)
    })
    .await;
    let names: Vec<&str> = health.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["database", "queue", "workers", "model", "events", "disk", "keyring", "provider:on-device"]);
    assert!(health.checks.iter().all(|check| !check.detail.is_empty()));

    let url = platform.host.base().join("api/health/ai-management").expect("a URL");
    let answer: Health = reqwest::get(url).await.expect("answered").json().await.expect("health");
    assert_eq!((answer.status, answer.checks.len()), (HealthState::Healthy, 0));
}

#[tokio::test]
async fn a_platform_without_workers_or_without_its_model_says_so() {
    let platform = platform::start(Options::with_providers(Vec::new()).without_workers()).await;
    let health = platform.client.health().await.expect("health");
    let of = |name: &str| health.checks.iter().find(|check| check.name == name).expect("a check");
    assert_eq!((of("workers").status, of("model").status, health.status), (HealthState::Degraded, HealthState::Down, HealthState::Down));
    assert!(of("model").detail.contains("choose another"), "{}", of("model").detail);
    let url = platform.host.base().join("api/health/ai-management").expect("a URL");
    assert_eq!(reqwest::get(url).await.expect("answered").status(), 503);
}

async fn only_provider(scripted: &Arc<Scripted>, acts: Vec<Act>) -> ProviderHealth {
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    let count = acts.len();
    for act in acts {
        scripted.then(act);
    }
    platform.add(4, true).await;
    platform.until_jobs(4 - count, JobState::Completed).await;
    platform.until_jobs(count, JobState::Failed).await;
    platform.client.provider_health().await.expect("health").items.remove(0)
}

#[tokio::test]
async fn a_provider_is_judged_by_its_own_faults() {
    let health = only_provider(&Scripted::new(), vec![Act::Fail(Fault::new(FaultKind::BadAnswer, "Not JSON"))]).await;
    assert_eq!((health.status, health.error_rate, health.error_details.as_deref()), (HealthState::Degraded, Some(0.25), Some("Not JSON")));
    assert!(health.response_time_ms.is_some());

    let fault = || Act::Fail(Fault::new(FaultKind::BadAnswer, "Not JSON"));
    assert_eq!(only_provider(&Scripted::new(), vec![fault(), fault()]).await.status, HealthState::Down);

    let health = only_provider(&Scripted::new(), vec![Act::Fail(Fault::new(FaultKind::Prompt, "No such variable"))]).await;
    assert_eq!((health.status, health.error_rate), (HealthState::Healthy, Some(0.0)));
}

#[tokio::test]
async fn cells_of_a_run_count_as_calls_too() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    let photos = platform.add(3, false).await;
    scripted.then(Act::Fail(Fault::new(FaultKind::Overloaded, "Overloaded")));
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("Short", "Name what is there")],
        photo_set: None,
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let run = platform.client.start_run(&asked).await.expect("started");
    until("the run is done", || async {
        let run = platform.client.run(run.id).await.expect("a run");
        (run.state == RunState::Completed).then_some(())
    })
    .await;
    let component = of(&platform.client.health_report().await.expect("a report"), "provider:on-device");
    assert_eq!((component.calls, component.status), (Some(3), Some(HealthState::Degraded)));
    assert!(component.error_rate.is_some_and(|rate| (rate - 1.0 / 3.0).abs() < 1e-9), "{component:?}");
    assert!(component.detail.contains("1 of 3 calls failed") && component.detail.contains("Overloaded"), "{}", component.detail);
}

#[tokio::test]
async fn a_check_asks_the_provider_and_is_kept() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    assert_eq!(platform.client.provider_health().await.expect("health").items[0].last_check, None);
    scripted.then(Act::Fail(Fault::new(FaultKind::Auth, "The key was not accepted")));
    let down = platform.client.check_providers().await.expect("checked").items.remove(0);
    assert_eq!((down.status, down.error_details.as_deref()), (HealthState::Down, Some("The key was not accepted")));
    assert_eq!(platform.client.provider_health().await.expect("health").items[0], down);
    let well = platform.client.check_providers().await.expect("checked").items.remove(0);
    assert_eq!((well.status, well.response_time_ms, well.error_details), (HealthState::Healthy, Some(12.0), None));
}

fn of(report: &HealthReport, name: &str) -> Component {
    report.components.iter().find(|component| component.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[tokio::test]
async fn the_past_is_kept_through_a_restart_and_uptime_leaves_out_what_nobody_saw() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]).without_workers() };
    let platform = platform::start(options.clone()).await;
    let first = platform.client.check_health().await.expect("checked");
    let provider = of(&first, "provider:on-device");
    assert_eq!((provider.status, provider.uptime.day), (Some(HealthState::Healthy), None), "one look spans no time yet");
    assert_eq!((provider.hours.len(), provider.days.len(), provider.hours[23].checks), (24, 30, 1));

    // Up for 5 minutes, down for 5, then nobody looks for two hours: that look speaks for 10 minutes.
    clock.advance(TimeDelta::minutes(5));
    scripted.then(Act::Fail(Fault::new(FaultKind::Network, "No connection")));
    platform.client.check_health().await.expect("checked");
    clock.advance(TimeDelta::minutes(5));
    platform.client.check_health().await.expect("checked");
    let folder = platform.stop().await;
    clock.advance(TimeDelta::hours(2));
    let platform = platform::start_in(folder, options).await.expect("starts again");
    let report = platform.client.check_health().await.expect("checked");
    let provider = of(&report, "provider:on-device");
    assert_eq!(provider.uptime.day, Some(0.75), "15 of 20 known minutes");
    assert_eq!((provider.uptime.week, provider.uptime.month), (Some(0.75), Some(0.75)));
    let noon = &provider.hours[21];
    assert_eq!((noon.worst(), noon.checks, noon.healthy_ms, noon.down_ms), (Some(HealthState::Down), 3, 15 * 60_000, 5 * 60_000));
    assert_eq!((noon.trouble.as_deref(), noon.response_time_ms), (Some("No connection"), Some(12.0)));
    assert_eq!(provider.hours[22].worst(), None, "nobody looked");
    let whole = of(&report, "platform");
    assert_eq!(whole.uptime.day, Some(0.75), "the live model's provider was down");

    clock.advance(TimeDelta::hours(25));
    let later = of(&platform.client.health_report().await.expect("a report"), "provider:on-device");
    assert_eq!((later.uptime.day, later.uptime.week), (None, Some(0.75)));
}

#[tokio::test]
async fn what_the_calls_said_of_a_provider_is_known_after_a_restart() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) };
    let platform = platform::start(options.clone()).await;
    for _ in 0..6 {
        scripted.then(Act::Fail(Fault::new(FaultKind::BadAnswer, "Not JSON")));
    }
    platform.add(6, true).await;
    platform.until_jobs(6, JobState::Failed).await;
    let folder = platform.stop().await;
    clock.advance(TimeDelta::minutes(1));
    let platform = platform::start_in(folder, options).await.expect("starts again");
    let provider = of(&platform.client.health_report().await.expect("a report"), "provider:on-device");
    assert_eq!((provider.status, provider.calls, provider.error_rate), (Some(HealthState::Down), Some(6), Some(1.0)));
    assert_eq!(provider.detail, "The last 6 calls all failed. The last one: Not JSON");
    clock.advance(TimeDelta::minutes(15));
    let provider = of(&platform.client.health_report().await.expect("a report"), "provider:on-device");
    assert_eq!((provider.calls, provider.error_rate), (Some(0), None), "too long ago");
}

#[tokio::test]
async fn a_change_of_health_is_told_once() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    platform.client.check_health().await.expect("checked");
    let from = platform.client.live_status().await.expect("status").last_event_id;
    let mut events = platform.client.follow_events(Some(from), || {});
    scripted.then(Act::Fail(Fault::new(FaultKind::Network, "No connection")));
    scripted.then(Act::Fail(Fault::new(FaultKind::Network, "No connection")));
    for _ in 0..3 {
        platform.client.check_health().await.expect("checked");
    }
    let mut told = Vec::new();
    while told.len() < 6 {
        match events.recv().await.expect("the stream goes on") {
            StreamItem::Event(event) => {
                if let Happened::HealthChanged { component, status, .. } = event.what {
                    told.push((component, status));
                }
            }
            StreamItem::Lost { why, .. } => panic!("lost: {why}"),
            _ => {}
        }
    }
    let said = |component: &str| -> Vec<HealthState> { told.iter().filter(|(name, _)| name == component).map(|(_, status)| *status).collect() };
    assert_eq!(said("provider:on-device"), [HealthState::Down, HealthState::Healthy]);
    assert_eq!((said("model").len(), said("platform").len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_looks_by_itself_and_asks_nobody_who_has_no_key_or_is_held_back() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::from([Wire::Gemini, Wire::Anthropic].map(|wire| (wire.name().to_owned(), wire.key().into()))), false);
    let at = |wire: Wire, scenario| Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits: Limits::default() };
    let endpoints = vec![at(Wire::Gemini, "spent--per-day"), at(Wire::Anthropic, "good"), at(Wire::OpenAi, "good")];
    let settings = ProviderSettings { endpoints, on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let options = Options { providers: providers.clone(), keys, health_every: Some(Duration::from_secs(1)), ..Options::default() }.without_workers();
    let platform = platform::start(options).await;
    // One question finds that the quota is spent, which holds all others back.
    let gemini = providers.find("gemini/gemini-3.5-flash-lite").expect("gemini").0;
    let photo = SentPhoto::Jpeg { bytes: platform::jpeg(8, 8, 0), width_px: 8, height_px: 8 };
    let question = PhotoRequest::plain("gemini-3.5-flash-lite".to_owned(), photo, "What is there?".to_owned());
    let call = CallContext::new(CancellationToken::new(), Duration::from_secs(10));
    assert_eq!(gemini.analyse(&question, &call).await.expect_err("spent").kind, FaultKind::QuotaSpent);
    let sent_before = stub.traffic().all().len();

    let report = until("Anthropic was asked by itself, more than once", || async {
        let report = platform.client.health_report().await.expect("a report");
        (of(&report, "provider:anthropic").hours[23].checks > 1).then_some(report)
    })
    .await;
    assert!(report.next_check.is_some());
    assert_eq!(of(&report, "provider:anthropic").status, Some(HealthState::Healthy));
    let gemini = of(&report, "provider:gemini");
    assert!(gemini.status == Some(HealthState::Down) && gemini.detail.contains("held back"), "{:?} {}", gemini.status, gemini.detail);
    for (name, said) in [("provider:openai", "no key"), ("provider:ollama", "Not asked yet")] {
        let component = of(&report, name);
        assert!(component.status.is_none() && component.detail.contains(said), "{name}: {:?} {}", component.status, component.detail);
    }
    let sent = stub.traffic().all().split_off(sent_before);
    assert!(!sent.is_empty() && sent.iter().all(|seen| seen.wire == Some(Wire::Anthropic)), "only it was asked: {sent:?}");
    assert_eq!(stub.traffic().all_questions(), 1, "no look by itself asks about a photo");
}
