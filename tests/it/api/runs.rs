//! Comparison runs: from the request to the last cell, through faults, stops and resumes.

use std::sync::Arc;
use std::time::Duration;

use minerva_console::client::event::StreamItem;
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::{PhotoId, PromptVersionId, RunId};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{Cell, CellState, Run, RunCounts, RunPrompt, RunState, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

async fn start(scripted: &Arc<Scripted>) -> TestPlatform {
    platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await
}

fn inline(content: &str) -> RunPrompt {
    RunPrompt::inline("Draft", content)
}

/// All photos under one prompt on the scripted model.
fn ask(photos: &[Photo]) -> StartRun {
    StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![inline("Name what you see")],
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    }
}

async fn cells(platform: &TestPlatform, run: RunId) -> Vec<Cell> {
    platform.client.run_cells(run, None).await.expect("cells").items
}

async fn until_state(platform: &TestPlatform, run: RunId, state: RunState) -> Run {
    until(&format!("the run to be {state:?}"), || async {
        let run = platform.client.run(run).await.expect("run");
        (run.state == state).then_some(run)
    })
    .await
}

async fn until_calls(scripted: &Scripted, calls: usize) {
    until(&format!("{calls} calls"), || async { (scripted.calls() == calls).then_some(()) }).await;
}

fn billed(kind: FaultKind, cost: i64) -> Act {
    let mut fault = Fault::new(kind, "As the test asked for");
    fault.cost_usd = Some(UsdMicros(cost));
    Act::Fail(fault)
}

#[tokio::test]
async fn every_photo_meets_every_prompt_as_often_as_asked() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(3, false).await;
    let live = platform.client.config().await.expect("config").live_prompt_version_id;
    let asked = StartRun { prompts: vec![RunPrompt::Version { id: live }, inline("Colours of {{ file_name }}")], repeats: 2, ..ask(&photos) };
    let run = platform.client.start_run(&asked).await.expect("started");
    assert_eq!((run.state, run.counts.total()), (RunState::Running, 12));
    assert_eq!(run.name, "Photo tags v1, Draft × On-device, 3 photos");
    let labels: Vec<String> = run.columns.iter().map(minerva_console::wire::run::RunColumn::label).collect();
    assert_eq!(labels, ["Photo tags v1 · on-device", "Draft · on-device"]);

    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!(run.counts, RunCounts { completed: 12, ..RunCounts::default() });
    assert_eq!((run.cost_usd, run.cost_unknown_cells), (UsdMicros(12 * 194), 0));
    assert!(run.finished_at.is_some_and(|finished| finished >= run.started_at));
    assert_eq!(scripted.calls(), 12);
    assert!(scripted.prompts().iter().any(|prompt| prompt == "Colours of 2.jpg"), "{:?}", scripted.prompts());

    let cells = cells(&platform, run.id).await;
    let order: Vec<(PhotoId, u32, u32)> = cells.iter().map(|cell| (cell.photo_id, cell.column, cell.repeat)).collect();
    let expected: Vec<_> =
        photos.iter().flat_map(|photo| [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(column, repeat)| (photo.id, column, repeat))).collect();
    assert_eq!(order, expected, "by photo, column and repeat");
    for cell in &cells {
        assert_eq!((cell.state, cell.answer.as_ref().map(|answer| answer.tags.len())), (CellState::Completed, Some(2)));
        assert!(cell.latency_ms.is_some() && cell.trace.iter().any(|step| step.name == "call"), "{cell:?}");
    }
    assert_eq!(platform.client.runs().await.expect("runs").items, [run]);
}

#[tokio::test]
async fn an_answer_without_a_price_is_counted_and_not_taken_for_free() {
    let scripted = Scripted::new();
    let mut unpriced = answer(&[("cat", 0.9)]);
    unpriced.cost_usd = None;
    scripted.then(Act::Answer(unpriced));
    let platform = start(&scripted).await;
    let photos = platform.add(3, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.cost_usd, run.cost_unknown_cells), (UsdMicros(2 * 194), 1));
}

#[tokio::test]
async fn a_run_is_followed_by_events_to_its_end() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(5, false).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    let (mut completed, mut last) = (std::collections::HashSet::new(), run.clone());
    while last.state == RunState::Running {
        let item = tokio::time::timeout(Duration::from_secs(60), stream.recv()).await.expect("in time").expect("a stream");
        let StreamItem::Event(event) = item else { panic!("{item:?}") };
        match event.what {
            Happened::CellChanged(cell) if cell.state == CellState::Completed => {
                assert!(cell.answer.is_some());
                assert!(completed.insert(cell.id), "told once");
            }
            Happened::RunChanged(changed) => last = changed,
            _ => {}
        }
    }
    assert_eq!((completed.len(), last.state), (5, RunState::Completed));
    assert_eq!(last, platform.client.run(run.id).await.expect("run"), "the last event says what the run says");
}

#[tokio::test]
async fn as_many_calls_as_asked_are_in_flight_and_seen_to_be() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(5, false).await;
    let run = platform.client.start_run(&StartRun { concurrency: 3, ..ask(&photos) }).await.expect("started");
    until_calls(&scripted, 3).await;
    let seen = until("three running cells", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.counts.running == 3).then_some(run)
    })
    .await;
    assert_eq!(seen.counts, RunCounts { waiting: 2, running: 3, ..RunCounts::default() });
    let running = cells(&platform, run.id).await.iter().filter(|cell| cell.state == CellState::Running).count();
    assert_eq!(running, 3, "who opens the run now sees it too");
    scripted.let_through(1);
    until_calls(&scripted, 4).await;
    scripted.let_through(9);
    until_state(&platform, run.id, RunState::Completed).await;
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_anything_is_asked() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(1, false).await;
    let good = ask(&photos);
    let refused = |asked: StartRun| {
        let client = platform.client.clone();
        async move { client.start_run(&asked).await.expect_err("refused") }
    };
    for (code, asked) in [
        ("no_photos", StartRun { photo_ids: Vec::new(), ..good.clone() }),
        ("unknown_photo", StartRun { photo_ids: vec![PhotoId::fresh()], ..good.clone() }),
        ("no_columns", StartRun { models: Vec::new(), ..good.clone() }),
        ("no_columns", StartRun { prompts: Vec::new(), ..good.clone() }),
        ("unknown_model", StartRun { models: vec!["geminy/pro".to_owned()], ..good.clone() }),
        ("repeats", StartRun { repeats: 0, ..good.clone() }),
        ("repeats", StartRun { repeats: 21, ..good.clone() }),
        ("concurrency", StartRun { concurrency: 0, ..good.clone() }),
        ("concurrency", StartRun { concurrency: 65, ..good.clone() }),
        ("not_found", StartRun { prompts: vec![RunPrompt::Version { id: PromptVersionId::fresh() }], ..good.clone() }),
        ("empty_prompt", StartRun { prompts: vec![inline(" \n")], ..good.clone() }),
        ("template", StartRun { prompts: vec![inline("One\n{{ file_name")], ..good.clone() }),
        ("too_many_cells", StartRun { photo_ids: vec![photos[0].id; 10_001], repeats: 20, ..good.clone() }),
    ] {
        let error = refused(asked).await;
        assert_eq!(error.code(), Some(code), "{error}");
    }
    let error = refused(StartRun { prompts: vec![inline("One\nTwo {{ colour }}")], ..good.clone() }).await;
    assert_eq!(error.code(), Some("template"));
    assert!(error.to_string().contains("colour") && error.to_string().contains("ine 2"), "{error}");
    assert!(platform.client.runs().await.expect("runs").items.is_empty());
    assert_eq!(scripted.calls(), 0);
}

#[tokio::test]
async fn the_same_photo_or_column_twice_is_asked_once() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(1, false).await;
    let asked = ask(&[photos[0].clone(), photos[0].clone()]);
    let asked = StartRun { models: vec!["on-device".to_owned(); 2], ..asked };
    let run = platform.client.start_run(&asked).await.expect("started");
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.completed, run.columns.len(), scripted.calls()), (1, 1, 1));
}

#[tokio::test]
async fn a_cancelled_run_keeps_what_is_answered_and_a_resume_asks_only_the_rest() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(6, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    scripted.let_through(2);
    until_calls(&scripted, 4).await;
    let cancelled = platform.client.cancel_run(run.id).await.expect("cancelled");
    assert_eq!(cancelled.state, RunState::Cancelled);
    let after = until("calls in flight to be given up", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.counts.running == 0 && run.counts.completed == 2).then_some(run)
    })
    .await;
    assert_eq!(after.counts, RunCounts { waiting: 4, completed: 2, ..RunCounts::default() });
    assert_eq!(platform.client.cancel_run(run.id).await.expect("again").state, RunState::Cancelled, "twice does no harm");

    scripted.let_through(100);
    let calls_before = scripted.calls();
    platform.client.resume_run(run.id).await.expect("resumed");
    let done = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((done.counts.completed, scripted.calls() - calls_before), (6, 4));
    let calls_before = scripted.calls();
    assert_eq!(platform.client.resume_run(run.id).await.expect("nothing to do").state, RunState::Completed);
    assert_eq!(scripted.calls(), calls_before);
}

#[tokio::test]
async fn a_run_can_be_cancelled_and_resumed_as_fast_as_one_can_click() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(4, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    for _ in 0..20 {
        platform.client.cancel_run(run.id).await.expect("cancelled");
        assert_eq!(platform.client.resume_run(run.id).await.expect("resumed").state, RunState::Running);
    }
    let (one, two) = tokio::join!(platform.client.resume_run(run.id), platform.client.resume_run(run.id));
    assert_eq!((one.expect("run").state, two.expect("run").state), (RunState::Running, RunState::Running));
    scripted.let_through(1_000);
    let done = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!(done.counts.completed, 4);
}

#[tokio::test]
async fn a_run_that_a_stop_cut_off_waits_to_be_resumed() {
    let scripted = Scripted::held();
    let options = Options::with_providers(vec![scripted.clone()]).without_workers();
    let platform = platform::start(options.clone()).await;
    let photos = platform.add(4, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    scripted.let_through(1);
    until_calls(&scripted, 3).await;
    let folder = platform.stop().await;
    scripted.let_through(100);
    let calls_before = scripted.calls();

    let platform = platform::start_in(folder, options).await.expect("starts");
    let run = platform.client.run(run.id).await.expect("run");
    assert_eq!((run.state, run.counts.completed, run.counts.waiting), (RunState::Interrupted, 1, 3));
    assert_eq!(scripted.calls(), calls_before, "a resume may cost money, so a person decides");
    platform.client.resume_run(run.id).await.expect("resumed");
    until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!(scripted.calls() - calls_before, 3);
}

#[test]
fn a_crash_in_the_middle_of_a_run_loses_no_stored_answer() {
    let scripted = Scripted::held();
    let options = Options::with_providers(vec![scripted.clone()]).without_workers();
    let crashing = tokio::runtime::Runtime::new().expect("a runtime");
    let (platform, id) = crashing.block_on(async {
        let platform = platform::start(options.clone()).await;
        let photos = platform.add(4, false).await;
        let run = platform.client.start_run(&ask(&photos)).await.expect("started");
        scripted.let_through(2);
        until("two answers", || async { (platform.client.run(run.id).await.expect("run").counts.completed == 2).then_some(()) }).await;
        (platform, run.id)
    });
    crashing.shutdown_background();
    let TestPlatform { host, folder, .. } = platform;
    std::mem::forget(host.core().clone());
    drop(host);

    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let platform = platform::start_in(folder, options).await.expect("starts after a crash");
        let mut stream = platform.client.follow_events(Some(1), || {});
        let told = async {
            loop {
                if let Some(StreamItem::Event(event)) = stream.recv().await
                    && let Happened::RunChanged(run) = event.what
                    && run.state == RunState::Interrupted
                {
                    return run;
                }
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(60), told).await.expect("a console that reconnects is told");
        assert_eq!((told.id, told.counts.completed, told.counts.waiting), (id, 2, 2));
    });
}

#[tokio::test]
async fn a_fault_stays_until_its_retry_has_ended_and_what_it_cost_stays_in_the_sum() {
    let scripted = Scripted::new();
    scripted.then(billed(FaultKind::Refused, 1_000));
    let platform = start(&scripted).await;
    let photos = platform.add(2, false).await;
    let run = platform.client.start_run(&StartRun { concurrency: 1, ..ask(&photos) }).await.expect("started");
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.failed, run.counts.completed, run.cost_usd), (1, 1, UsdMicros(1_194)));
    assert_eq!(cells(&platform, run.id).await[0].fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Refused));

    scripted.take_time(Duration::from_secs(3_600));
    platform.client.resume_run(run.id).await.expect("resumed");
    until_calls(&scripted, 3).await;
    assert!(cells(&platform, run.id).await[0].fault.is_some(), "until the retry has ended");
    platform.client.cancel_run(run.id).await.expect("cancelled");
    let cancelled = until("the call to be given up", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.counts.running == 0).then_some(run)
    })
    .await;
    assert_eq!((cancelled.counts.failed, cancelled.cost_usd), (1, UsdMicros(1_194)));

    scripted.take_time(Duration::ZERO);
    platform.client.resume_run(run.id).await.expect("resumed");
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.failed, run.counts.completed), (0, 2));
    assert_eq!(run.cost_usd, UsdMicros(1_000 + 2 * 194), "money that was spent on the first try was spent");
    assert_eq!(cells(&platform, run.id).await[0].fault, None);
}

#[tokio::test]
async fn a_provider_that_panics_fails_one_cell_and_the_rest_goes_on() {
    let scripted = Scripted::new();
    scripted.then(Act::Panic);
    let platform = start(&scripted).await;
    let photos = platform.add(4, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.failed, run.counts.completed), (1, 3));
    let fault = cells(&platform, run.id).await.into_iter().find_map(|cell| cell.fault).expect("a fault");
    assert_eq!(fault.kind, FaultKind::Internal);
}

#[tokio::test]
async fn a_photo_deleted_before_its_turn_fails_its_cell_clearly() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(4, false).await;
    let run = platform.client.start_run(&StartRun { concurrency: 1, ..ask(&photos) }).await.expect("started");
    until_calls(&scripted, 1).await;
    platform.client.delete_photo(photos[3].id).await.expect("deleted");
    scripted.let_through(10);
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.failed, run.counts.completed), (1, 3));
    let cell = cells(&platform, run.id).await.remove(3);
    assert_eq!(cell.fault.and_then(|fault| fault.code).as_deref(), Some("photo_deleted"));
}

#[tokio::test]
async fn a_full_disk_refuses_a_run_and_room_lets_the_next_one_in() {
    let platform = start(&Scripted::new()).await;
    let photos = platform.add(30, false).await;
    write(&platform, "PRAGMA max_page_count = 1", false).await;
    let asked = StartRun { repeats: 20, ..ask(&photos) };
    assert_eq!(platform.client.start_run(&asked).await.expect_err("no room").code(), Some("disk_full"));
    write(&platform, "PRAGMA max_page_count = 1000000", false).await;
    assert!(platform.client.runs().await.expect("runs").items.is_empty(), "nothing is half there");
    let run = platform.client.start_run(&asked).await.expect("started");
    until_state(&platform, run.id, RunState::Completed).await;
}

#[tokio::test]
async fn a_store_that_fails_stops_the_asking_and_loses_no_answer() {
    let scripted = Scripted::new();
    scripted.take_time(Duration::from_millis(2));
    let platform = start(&scripted).await;
    let photos = platform.add(250, false).await;
    let run = platform.client.start_run(&StartRun { repeats: 4, ..ask(&photos) }).await.expect("started");
    until("an answer", || async { (scripted.calls() > 5).then_some(()) }).await;
    // Ends the transaction as a full disk does.
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON run_cells BEGIN SELECT RAISE(ROLLBACK, 'as the test asked for'); END";
    write(&platform, broken, true).await;
    let stuck = until("the asking to stop", || async {
        let calls = scripted.calls();
        tokio::time::sleep(Duration::from_millis(500)).await;
        (scripted.calls() == calls).then_some(calls)
    })
    .await;
    assert!(stuck < 500, "{stuck} calls although nothing could be stored");
    assert_eq!(platform.client.run(run.id).await.expect("run").state, RunState::Running);
    write(&platform, "DROP TRIGGER broken", true).await;
    let run = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((run.counts.completed, scripted.calls()), (1_000, 1_000), "every answer is stored, none is asked twice");
    assert_eq!(run.cost_usd, UsdMicros(1_000 * 194));
}

/// Does something to the database that the platform itself never does.
async fn write(platform: &TestPlatform, statement: &'static str, is_kept: bool) {
    let mut tx = platform.host.core().db.begin().await.expect("a transaction");
    sqlx::query(statement).execute(&mut *tx).await.expect("done");
    if is_kept { tx.commit().await } else { tx.rollback().await }.expect("ended");
}

#[tokio::test]
async fn cells_and_runs_come_in_pages() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(101, false).await;
    let run = platform.client.start_run(&StartRun { repeats: 20, concurrency: 16, ..ask(&photos) }).await.expect("started");
    until_state(&platform, run.id, RunState::Completed).await;
    let first = platform.client.run_cells(run.id, None).await.expect("cells");
    assert_eq!((first.items.len(), first.total), (2_000, Some(2_020)));
    let second = platform.client.run_cells(run.id, first.next_cursor.as_deref()).await.expect("cells");
    assert_eq!((second.items.len(), second.next_cursor), (20, None));
    let ids: std::collections::HashSet<_> = first.items.iter().chain(&second.items).map(|cell| cell.id).collect();
    assert_eq!(ids.len(), 2_020);
    assert_eq!(platform.client.run_cells(run.id, Some("tomorrow")).await.expect_err("refused").code(), Some("bad_cursor"));
    assert_eq!(platform.client.run(RunId::fresh()).await.expect_err("refused").code(), Some("not_found"));
}
