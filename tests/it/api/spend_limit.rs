//! A run with a limit: it stops before it might be crossed, and goes on when it is raised.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Answer, Fault, FaultKind, Usage};
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};
use minerva_console::wire::sweep::StartSweep;

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted, answer};

const MODEL: &str = "gemini/gemini-3.8-flash";

async fn start() -> (TestPlatform, Arc<Scripted>) {
    let scripted = Scripted::new();
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let provider = scripted.on_the_net("gemini", "gemini-3.8-flash");
    let options = Options { keys, ..Options::with_providers(vec![scripted.clone(), provider]) }.without_workers();
    (platform::start(options).await, scripted)
}

async fn ended(platform: &TestPlatform, run: &Run) -> Run {
    until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("a run");
        (run.state != RunState::Running).then_some(run)
    })
    .await
}

/// Photos of the library under one prompt on the model.
async fn asked(platform: &TestPlatform, concurrency: u32) -> StartRun {
    let photos = platform.client.photos(None, 10).await.expect("photos").items;
    StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec![MODEL.to_owned()],
        repeats: 1,
        concurrency,
        ask_again: false,
    }
}

/// Two calls are on their way when the run is cancelled: both may be charged for, and nobody will know how much.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_a_cancel_gives_up_are_of_unknown_cost() {
    let stub = ProviderStub::start(Duration::from_secs(600)).await;
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base(Wire::Gemini)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() };
    let platform = platform::start(options.without_workers()).await;
    platform.add(4, false).await;
    let asked = StartRun { models: vec!["gemini/gemini-3.5-flash-lite".to_owned()], ..asked(&platform, 2).await };
    let begun = platform.client.start_run(&asked).await.expect("started");
    until("two calls under way", || async { (stub.traffic().all_questions() == 2).then_some(()) }).await;
    platform.client.cancel_run(begun.id).await.expect("cancelled");
    let cancelled = until("both are given up", || async {
        let run = platform.client.run(begun.id).await.expect("a run");
        (run.cost_unknown_cells == 2).then_some(run)
    })
    .await;
    assert_eq!((cancelled.state, cancelled.counts.waiting, cancelled.cost_usd), (RunState::Cancelled, 4, UsdMicros(0)));
    let status = platform.client.live_status().await.expect("status");
    assert_eq!(status.lab_spend_unknown, 2, "the day knows of them too");
}

/// Refusals of known cost, and one of unknown cost: their retries add to them.
#[tokio::test]
async fn what_failed_tries_cost_stays_when_they_are_asked_again() {
    let (platform, scripted) = start().await;
    platform.add(3, false).await;
    let usage = Usage { input_tokens: Some(700), output_tokens: Some(3), ..Usage::default() };
    for cost_usd in [Some(UsdMicros(1_000)), Some(UsdMicros(500)), None] {
        scripted.then(Act::Fail(Fault { usage, cost_usd, ..Fault::new(FaultKind::Refused, "It declined") }));
    }
    let begun = platform.client.start_run(&asked(&platform, 1).await).await.expect("started");
    let failed = ended(&platform, &begun).await;
    assert_eq!((failed.counts.failed, failed.cost_usd, failed.cost_unknown_cells), (3, UsdMicros(1_500), 1));
    // One is answered, one fails again, one is never reached.
    scripted.then(Act::Answer(Answer { cost_usd: Some(UsdMicros(40)), ..answer(&[("cat", 0.9)]) }));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadRequest, "No")));
    scripted.then(Act::Answer(Answer { cost_usd: Some(UsdMicros(2)), ..answer(&[("cat", 0.9)]) }));
    platform.client.resume_run(begun.id).await.expect("resumed");
    let resumed = ended(&platform, &begun).await;
    assert_eq!((resumed.counts.completed, resumed.cost_usd, resumed.cost_unknown_cells), (2, UsdMicros(1_542), 1));
    platform.client.resume_run(begun.id).await.expect("resumed");
    let done = ended(&platform, &begun).await;
    assert_eq!((done.counts.completed, done.cost_unknown_cells), (3, 1));
    assert_eq!(platform.client.run_cells(begun.id, None).await.expect("cells").total, Some(3));
}

#[tokio::test]
async fn a_run_stops_at_its_limit_and_goes_on_within_a_higher_one() {
    let (platform, scripted) = start().await;
    platform.add(6, false).await;
    let sweep = StartSweep::from(asked(&platform, 1).await);
    let high = platform.client.estimate_sweep(&sweep).await.expect("an estimate").total.cost.high_usd;
    let within = |most: i64| StartSweep { max_cost_usd: Some(UsdMicros(most)), ..sweep.clone() };
    let refused = platform.client.start_sweep(&within(high.0 - 1)).await.expect_err("too little");
    assert_eq!((refused.code(), scripted.calls()), (Some("over_budget"), 0), "{refused}");

    // Each call costs three times what was expected at most: two of them are all of it.
    for _ in 0..2 {
        scripted.then(Act::Answer(Answer { cost_usd: Some(UsdMicros(high.0 / 2)), ..answer(&[("cat", 0.9)]) }));
    }
    let begun = platform.client.start_sweep(&within(high.0)).await.expect("started");
    let stopped = ended(&platform, &begun).await;
    assert_eq!((stopped.state, stopped.counts.completed, stopped.counts.waiting), (RunState::Interrupted, 2, 4));
    assert!(stopped.cost_usd <= high && stopped.stopped_at_limit, "{} of {high}", stopped.cost_usd);

    // As it is there is room for no call; less than it has cost is no limit.
    platform.client.resume_run(begun.id).await.expect("resumed");
    assert_eq!((ended(&platform, &begun).await.state, scripted.calls()), (RunState::Interrupted, 2));
    let refused = platform.client.resume_run_within(begun.id, UsdMicros(1)).await.expect_err("less than was spent");
    assert_eq!(refused.code(), Some("over_budget"), "{refused}");

    let most = UsdMicros(high.0 * 4);
    let resumed = platform.client.resume_run_within(begun.id, most).await.expect("resumed");
    assert_eq!(resumed.limit.map(|limit| limit.most_usd), Some(most));
    let done = ended(&platform, &begun).await;
    assert_eq!((done.state, done.counts.completed, scripted.calls()), (RunState::Completed, 6, 6), "what is answered is not asked again");
    assert!(!done.stopped_at_limit);
    assert_eq!(done.limit.map(|limit| limit.most_usd), Some(most), "it is kept");
}

/// Nobody knows what answers cost that could not be read: they count as all that was set aside for them, and that is told.
#[tokio::test]
async fn calls_of_unknown_cost_use_up_a_limit_and_the_run_says_so() {
    let (platform, scripted) = start().await;
    platform.add(4, false).await;
    let sweep = StartSweep::from(asked(&platform, 1).await);
    let high = platform.client.estimate_sweep(&sweep).await.expect("an estimate").total.cost.high_usd;
    for _ in 0..4 {
        scripted.then(Act::Fail(Fault { may_cost: true, ..Fault::new(FaultKind::BadAnswer, "Half of it") }));
    }
    let begun = platform.client.start_sweep(&StartSweep { max_cost_usd: Some(high), ..sweep }).await.expect("started");
    let ended_run = ended(&platform, &begun).await;
    assert_eq!((ended_run.state, ended_run.counts.failed, ended_run.cost_unknown_cells), (RunState::Completed, 4, 4));
    platform.client.resume_run(begun.id).await.expect("resumed");
    let stopped = ended(&platform, &begun).await;
    assert_eq!((stopped.state, stopped.stopped_at_limit, stopped.cost_unknown_cells, scripted.calls()), (RunState::Interrupted, true, 4, 4));
    let refused = platform.client.resume_run_within(begun.id, UsdMicros(high.0 / 2)).await.expect_err("it may all be spent");
    assert!(refused.code() == Some("over_budget") && refused.to_string().contains("already, or may have"), "{refused}");
    platform.client.resume_run_within(begun.id, UsdMicros(high.0 * 3)).await.expect("resumed");
    let done = ended(&platform, &begun).await;
    assert_eq!((done.state, done.counts.completed, done.stopped_at_limit), (RunState::Completed, 4, false));
}
