//! The limits on what the pipeline may spend: they are reached before they are crossed, nothing fails, and all goes on when
//! there is room again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::config::ProcessingRules;
use minerva_console::wire::deployment::{CheckState, Environment};
use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt::SavePromptVersion;
use minerva_console::wire::rules::LimitAction;
use minerva_console::wire::status::LiveStatus;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

/// The real providers, Gemini at the stub, and a clock that stands at noon.
async fn start(stub: &ProviderStub, model: &str) -> (TestPlatform, Arc<TestClock>) {
    start_as(stub, "good", model).await
}

async fn start_as(stub: &ProviderStub, scenario: &str, model: &str) -> (TestPlatform, Arc<TestClock>) {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let clock = TestClock::at("2026-11-20T12:00:30Z".parse().expect("a time"));
    let platform = platform::start(Options { providers, keys, clock: clock.clone(), ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: model.to_owned() }).await.expect("live");
    (platform, clock)
}

async fn limit(platform: &TestPlatform, daily: Option<i64>, monthly: Option<i64>) {
    let config = platform.client.config().await.expect("config");
    let rules = ProcessingRules { workers: 4, daily_limit_usd: daily.map(UsdMicros), monthly_limit_usd: monthly.map(UsdMicros), ..config.rules };
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
}

/// Waits until the limit holds the pipeline and nothing is in work any more.
async fn held(platform: &TestPlatform) -> LiveStatus {
    until("the limit to hold the jobs", || async {
        let status = platform.client.live_status().await.expect("status");
        (status.held_back.is_some() && status.processing == 0).then_some(status)
    })
    .await
}

async fn failed(platform: &TestPlatform) -> u64 {
    let query = JobQuery { state: Some(JobState::Failed), ..JobQuery::default() };
    platform.client.jobs(&query).await.expect("jobs").total.expect("counted")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_day_holds_the_jobs_before_it_is_crossed_and_the_next_day_goes_on() {
    let stub = ProviderStub::start(Duration::from_millis(20)).await;
    let (platform, clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    // One photo tells what a call costs.
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    assert!(each > 0, "{each}");
    let most = each * 8;
    limit(&platform, Some(most), None).await;

    let files = (100..112).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert!(status.spend_today_usd.0 <= most, "{} of {most}", status.spend_today_usd.0);
    assert!(status.completed_today > 1 && status.pending > 0, "some were begun, and some wait: {status:?}");
    let why = status.held_back.expect("held").message;
    assert!(why.contains("a day leaves no room") && why.contains("at 00:00 UTC"), "{why}");
    assert_eq!((failed(&platform).await, status.daily_limit_usd), (0, Some(UsdMicros(most))));

    // The next day has a limit of its own; what is left of the month's would not.
    clock.advance(TimeDelta::hours(13));
    platform.host.core().work.notify_one();
    until("the jobs of the next day", || async {
        let status = platform.client.live_status().await.expect("status");
        (status.completed_today > 0).then_some(())
    })
    .await;
    limit(&platform, None, None).await;
    platform.until_jobs(13, JobState::Completed).await;
    assert!(platform.client.live_status().await.expect("status").held_back.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_counts_more_than_its_rule_says_is_believed_from_the_first_answer_on() {
    let stub = ProviderStub::start(Duration::from_millis(20)).await;
    let (platform, _clock) = start_as(&stub, "long-prompt", "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    let most = each * 3 + each / 2;
    limit(&platform, Some(most), None).await;
    let files = (230..238).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert_eq!((status.spend_today_usd, status.completed_today), (UsdMicros(each * 3), 3), "three fit, a fourth would cross {most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_month_counts_all_its_days() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    clock.advance(TimeDelta::days(1));
    // Room for less than what is set aside for one more.
    limit(&platform, None, Some(each * 2)).await;
    let files = vec![("next.jpg".to_owned(), platform::jpeg(64, 48, 200))];
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert_eq!((status.spend_today_usd, status.pending), (UsdMicros(0), 1), "nothing was spent today, and still it waits");
    assert!(status.held_back.expect("held").message.contains("a month leaves no room"));
    limit(&platform, None, Some(each * 20)).await;
    platform.until_jobs(2, JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_not_known_waits_and_says_so_while_there_is_a_limit() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, _clock) = start(&stub, "gemini/not-in-any-catalogue").await;
    limit(&platform, Some(1_000_000), None).await;
    platform.add(2, true).await;
    let status = held(&platform).await;
    let why = status.held_back.expect("held").message;
    assert!(why.contains("price of gemini/not-in-any-catalogue is not known"), "{why}");
    assert_eq!(stub.traffic().all_questions(), 0, "nothing was asked");
    limit(&platform, None, None).await;
    platform.until_jobs(2, JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_before_a_deployment_holds_the_price_against_every_limit_and_what_is_spent() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, _clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let spent = platform.client.live_status().await.expect("status").spend_today_usd.0;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let saved = SavePromptVersion { content: "Name the colours as JSON".to_owned(), ..SavePromptVersion::default() };
    let version = platform.client.save_prompt_version(prompt.id, &saved).await.expect("saved").id;
    let check = async || {
        let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        let check = review.checks.into_iter().find(|check| check.code == "cost").expect("a check");
        (check.state, check.why)
    };
    let set = async |edit: &dyn Fn(&mut ProcessingRules)| {
        let config = platform.client.config().await.expect("config");
        let mut rules = config.rules;
        edit(&mut rules);
        platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
    };
    set(&|rules| rules.daily_limit_usd = Some(UsdMicros(spent + 1_000_000))).await;
    let (state, why) = check().await;
    assert!(state == CheckState::Pass && why.contains("of which $1.00 is left, is enough for about"), "{why}");
    set(&|rules| rules.daily_limit_usd = Some(UsdMicros(spent + 1))).await;
    let (state, why) = check().await;
    assert!(state != CheckState::Pass && why.contains("a day"), "{why}");
    set(&|rules| (rules.daily_limit_usd, rules.photo_limit_usd) = (None, Some(UsdMicros(1)))).await;
    let (state, why) = check().await;
    assert!(state == CheckState::Fail && why.contains("more than the limit of $0.000001 a photo: it would not be asked about"), "{why}");
    set(&|rules| rules.photo_limit_action = LimitAction::Warn).await;
    assert_eq!(check().await.0, CheckState::Warn);
}
