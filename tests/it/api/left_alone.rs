//! A provider that asks to be left alone for minutes is: its jobs come back when that is over, or other models are asked, and
//! everybody sees until when.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::job::JobState;
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{CellState, RunPrompt, RunState, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

const MODEL: &str = "gemini/gemini-3.5-flash-lite";
const OTHER: &str = "openai/gpt-6-luna";

/// The real providers; Gemini asks for five minutes at every call, OpenAI answers. Gemini's model is live.
async fn start(stub: &ProviderStub) -> TestPlatform {
    start_as(stub, "limited-long").await
}

/// The same with another answer of Gemini's to every question.
async fn start_as(stub: &ProviderStub, scenario: &str) -> TestPlatform {
    let keys = Keys::new(HashMap::from(Wire::ALL.map(|wire| (wire.name().to_owned(), wire.key().into()))), false);
    let endpoint =
        |wire: Wire, scenario| Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits: Limits::default() };
    let endpoints = vec![endpoint(Wire::Gemini, scenario), endpoint(Wire::OpenAi, "good")];
    let providers = Providers::new(&ProviderSettings { endpoints, on_device_threads: 1, book: PriceBook::shipped() }, &keys);
    let platform = platform::start(Options { providers, keys, ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: MODEL.to_owned() }).await.expect("live");
    platform
}

/// Five minutes from when the test asked, to within what a busy machine takes.
fn is_in_five_minutes(fault: &Fault) -> bool {
    fault.until.is_some_and(|until| (TimeDelta::minutes(3)..TimeDelta::minutes(6)).contains(&(until - Utc::now())))
}

async fn held_back(platform: &TestPlatform) -> Fault {
    until("the live status to say why", || async { platform.client.live_status().await.expect("status").held_back }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_waits_for_as_long_as_the_provider_asks_and_says_until_when() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    platform.add(12, true).await;
    let held = held_back(&platform).await;
    assert_eq!(held.kind, FaultKind::RateLimited);
    assert!(is_in_five_minutes(&held) && held.message.starts_with("Calls to Google Gemini are held back until "), "{held:?}");
    // Those that were asked come back when it is over; the others were not asked, and have lost no try.
    let jobs = until("no job to be in work", || async {
        let jobs = platform.jobs().await;
        jobs.iter().all(|job| job.state != JobState::Processing).then_some(jobs)
    })
    .await;
    let (asked, unasked): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.state == JobState::RetryWait);
    assert!(!asked.is_empty() && asked.len() as u64 == stub.traffic().all_questions(), "{} of {} calls", asked.len(), stub.traffic().all_questions());
    assert!(asked.iter().all(|job| job.not_before.is_some_and(|at| at - Utc::now() > TimeDelta::minutes(3))), "{asked:?}");
    assert!(unasked.iter().all(|job| (job.state, job.attempts) == (JobState::Pending, 0)), "{unasked:?}");

    // Whoever looks sees it, and may let calls through all the same: the next one is told anew.
    let list = platform.client.providers().await.expect("providers").items;
    let stopped = list.into_iter().find(|provider| provider.name == "gemini").and_then(|provider| provider.stopped).expect("held back");
    assert!(is_in_five_minutes(&stopped), "{stopped:?}");
    let calls = stub.traffic().all_questions();
    platform.client.resume_provider("gemini").await.expect("resumed");
    until("another call", || async { (stub.traffic().all_questions() > calls).then_some(()) }).await;
}

/// A check that the provider answers lifts what held its calls back: the jobs must go on by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_waited_for_a_key_go_on_when_a_check_finds_it_well() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start_as(&stub, "key-refused").await;
    platform.add(3, true).await;
    assert_eq!(held_back(&platform).await.kind, FaultKind::Auth);
    until("no call to be under way", || async { platform.jobs().await.iter().all(|job| job.state == JobState::Pending).then_some(()) }).await;
    let calls = stub.traffic().all_questions();
    // Lists are given to this key, photos are not looked at: what the check lifts, the next photo brings back.
    platform.client.check_health().await.expect("checked");
    until("another photo to be asked about", || async { (stub.traffic().all_questions() > calls).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_is_asked_at_once_and_the_provider_is_not_asked_again() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let revision = platform.client.config().await.expect("config").revision;
    let chain = SetFallbacks { fallbacks: vec![Fallback::usual(OTHER)] };
    platform.client.set_fallbacks(revision, &chain).await.expect("set");
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let calls = || {
        let all = stub.traffic().all();
        all.into_iter().filter(|seen| seen.is_question).map(|seen| seen.wire.expect("a wire").name()).collect::<Vec<_>>()
    };
    assert_eq!(calls(), ["gemini", "openai"]);
    let added = platform.client.add_photos(vec![("late.jpg".to_owned(), platform::jpeg(64, 48, 200))], true).await.expect("added");
    assert_eq!(added.added.len(), 1);
    platform.until_jobs(2, JobState::Completed).await;
    assert_eq!(calls(), ["gemini", "openai", "openai"], "it is left alone");
    assert!(platform.client.live_status().await.expect("status").held_back.is_none(), "the queue goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cell_of_a_run_tells_the_time_and_the_others_wait_for_a_resume() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let photos = platform.add(6, false).await;
    let asked = StartRun {
        name: String::new(),
        photo_set: None,
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec![MODEL.to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let begun = platform.client.start_run(&asked).await.expect("started");
    let run = until("the run to stop", || async {
        let run = platform.client.run(begun.id).await.expect("run");
        (run.state != RunState::Running).then_some(run)
    })
    .await;
    assert_eq!((run.state, run.counts.failed, run.counts.waiting), (RunState::Interrupted, 1, 5));
    assert_eq!(stub.traffic().all_questions(), 1, "it is not asked again");
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    let said = cells.into_iter().find(|cell| cell.state == CellState::Failed).and_then(|cell| cell.fault).expect("a fault");
    assert!(is_in_five_minutes(&said) && said.message.contains("It asks to wait 5 min, until "), "{said:?}");
    let notes = platform.client.estimate_run(&asked).await.expect("an estimate").notes;
    assert!(notes[0].starts_with("Calls to Google Gemini are held back until "), "whoever begins another is warned: {notes:?}");

    // Whoever resumes it at once is told so, without a call: none is in the trace, and the log says that none was sent.
    platform.client.resume_run(run.id).await.expect("resumed");
    let unsent = until("a cell that was not sent", || async {
        let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
        cells.into_iter().find(|cell| cell.fault.as_ref().is_some_and(|fault| fault.is_unsent))
    })
    .await;
    let steps: Vec<&str> = unsent.trace.iter().map(|step| step.name.as_str()).collect();
    assert!(steps.contains(&"not sent") && !steps.contains(&"call"), "{steps:?}");
    assert_eq!((unsent.latency_ms, stub.traffic().all_questions()), (Some(0), 1));
}
