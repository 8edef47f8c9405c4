//! A refused key or a spent quota: one message, and everything else waits until a person has seen to it.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::job::JobState;
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::provider::ProviderSetting;
use minerva_console::wire::result::FaultKind;
use minerva_console::wire::run::{CellState, RunPrompt, RunState, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

const MODEL: &str = "gemini/gemini-3.5-flash-lite";

/// The real providers; Gemini answers every question as the scenario has it.
async fn start(stub: &ProviderStub, scenario: &str) -> TestPlatform {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    platform::start(Options { providers, keys, ..Options::default() }).await
}

/// What a person does about it here: another address, where the key is taken.
async fn mend(platform: &TestPlatform, stub: &ProviderStub) {
    let setting = ProviderSetting { base_url: Some(stub.base_as(Wire::Gemini, "good").to_string()), ..ProviderSetting::default() };
    let revision = platform.client.config().await.expect("config").revision;
    platform.client.set_provider(revision, "gemini", &setting).await.expect("changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cell_says_why_and_the_others_wait_for_resume() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "spent--per-day").await;
    let photos = platform.add(12, false).await;
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec![MODEL.to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    };
    let run = platform.client.start_run(&asked).await.expect("started");
    let run = until("the run to stop", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state != RunState::Running).then_some(run)
    })
    .await;
    assert_eq!((run.state, run.counts.failed, run.counts.waiting), (RunState::Interrupted, 1, 11), "one says why");
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    let said = cells.iter().find(|cell| cell.state == CellState::Failed).and_then(|cell| cell.fault.clone()).expect("a fault");
    assert_eq!(said.kind, FaultKind::QuotaSpent);
    assert!(stub.traffic().all_questions() <= 2, "{} calls: no more than were under way", stub.traffic().all_questions());
    // Whoever chooses that model again is warned before the next run begins.
    let notes = platform.client.estimate_run(&asked).await.expect("an estimate").notes;
    assert!(notes[0].starts_with("Calls to Google Gemini are held back. "), "{notes:?}");

    // Somebody else's settings mend nothing here.
    let revision = platform.client.config().await.expect("config").revision;
    let setting = ProviderSetting { base_url: Some("http://127.0.0.1:9/".to_owned()), ..ProviderSetting::default() };
    platform.client.set_provider(revision, "openai", &setting).await.expect("changed");
    let notes = platform.client.estimate_run(&asked).await.expect("an estimate").notes;
    assert!(notes[0].starts_with("Calls to Google Gemini are held back. "), "{notes:?}");

    mend(&platform, &stub).await;
    let notes = platform.client.estimate_run(&asked).await.expect("an estimate").notes;
    assert!(notes.iter().all(|note| !note.contains("held back")), "it is mended: {notes:?}");
    platform.client.resume_run(run.id).await.expect("resumed");
    until("all cells to be answered", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state == RunState::Completed && run.counts.completed == 12).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_waits_and_goes_on_by_itself() {
    let refused = "Calls to Google Gemini are held back";
    let not_given = "Calls to gemini/gemini-3.5-flash-lite are held back until ";
    for (scenario, kind, says) in [("key-refused", FaultKind::Auth, refused), ("forbidden", FaultKind::Permission, not_given)] {
        the_queue_waits(scenario, kind, says).await;
    }
}

async fn the_queue_waits(scenario: &str, kind: FaultKind, says: &str) {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenario).await;
    platform.client.activate_model(&ActivateModel { name: MODEL.to_owned() }).await.expect("live");
    platform.add(8, true).await;
    let held = until("the live status to say why", || async { platform.client.live_status().await.expect("status").held_back }).await;
    assert_eq!(held.kind, kind);
    assert!(held.message.starts_with(says), "{held}");
    platform.until_jobs(8, JobState::Pending).await;
    let calls = stub.traffic().all_questions();
    assert!(calls <= 4, "{calls} calls: no more than there are workers");

    mend(&platform, &stub).await;
    platform.until_jobs(8, JobState::Completed).await;
    assert!(platform.client.live_status().await.expect("status").held_back.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_the_queue_waits_for_one_and_goes_on_by_itself() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::new(), false);
    keys.set_for_session("gemini", Wire::Gemini.key().into());
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, "good")), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let platform = platform::start(Options { providers, keys: keys.clone(), ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: MODEL.to_owned() }).await.expect("live");
    keys.remove("gemini").await.expect("removed");
    platform.add(8, true).await;
    let held = until("the live status to say why", || async { platform.client.live_status().await.expect("status").held_back }).await;
    assert!(
        held.kind == FaultKind::Auth && held.message.starts_with("Calls to Google Gemini wait for a key. There is no key for Google Gemini"),
        "{held}"
    );
    assert!(held.message.contains("GEMINI_API_KEY") && held.provider.as_deref() == Some("gemini"), "{held}");
    platform.until_jobs(8, JobState::Pending).await;
    assert_eq!(stub.traffic().all_questions(), 0, "nothing was asked, and nothing failed");

    keys.set_for_session("gemini", Wire::Gemini.key().into());
    platform.until_jobs(8, JobState::Completed).await;
    assert!(platform.client.live_status().await.expect("status").held_back.is_none());
}
