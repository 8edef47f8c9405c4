//! What is known already is not asked again; a run waits when it is told to; a provider that is down is not asked to the end.

use std::sync::Arc;

use minerva_console::providers::Provider;
use minerva_console::wire::cost::Reprice;
use minerva_console::wire::ids::RunId;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{Cell, CellState, Run, RunCounts, RunPrompt, RunState, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

async fn start(scripted: &Arc<Scripted>) -> TestPlatform {
    platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await
}

fn ask(photos: &[Photo]) -> StartRun {
    StartRun {
        photo_set: None,
        name: "First".to_owned(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    }
}

async fn until_state(platform: &TestPlatform, run: RunId, state: RunState) -> Run {
    until(&format!("the run to be {state:?}"), || async {
        let run = platform.client.run(run).await.expect("run");
        (run.state == state).then_some(run)
    })
    .await
}

/// Starts a run, waits for its end, and says how many calls it made.
async fn calls_of(platform: &TestPlatform, scripted: &Scripted, asked: &StartRun) -> (Run, usize) {
    let before = scripted.calls();
    let run = platform.client.start_run(asked).await.expect("started");
    let run = until_state(platform, run.id, RunState::Completed).await;
    (run, scripted.calls() - before)
}

async fn cells(platform: &TestPlatform, run: RunId) -> Vec<Cell> {
    platform.client.run_cells(run, None).await.expect("cells").items
}

#[tokio::test]
async fn an_answer_that_is_known_is_taken_as_it_is_and_says_where_it_is_from() {
    let scripted = Scripted::new();
    scripted.then(Act::Answer(answer(&[("otter", 0.9)])));
    let platform = start(&scripted).await;
    let photos = platform.add(4, false).await;
    let (first, calls) = calls_of(&platform, &scripted, &StartRun { concurrency: 1, ..ask(&photos[..2]) }).await;
    assert_eq!((calls, first.reused, first.cost_usd), (2, 0, UsdMicros(2 * 194)));

    // Two of the four are known; another prompt is not.
    let asked =
        StartRun { name: "Second".to_owned(), prompts: vec![ask(&[]).prompts[0].clone(), RunPrompt::inline("Other", "Colours")], ..ask(&photos) };
    let estimate = platform.client.estimate_run(&asked).await.expect("an estimate");
    assert_eq!((estimate.calls, estimate.reused), (6, 2));
    assert_eq!(estimate.columns.iter().map(|column| column.calls).collect::<Vec<_>>(), [2, 4]);
    let (second, calls) = calls_of(&platform, &scripted, &asked).await;
    assert_eq!((calls, second.reused, second.counts.completed), (6, 2, 8));
    assert_eq!(second.cost_usd, UsdMicros(6 * 194), "what is known costs nothing");
    let known: Vec<Cell> = cells(&platform, second.id).await.into_iter().filter(|cell| cell.reused.is_some()).collect();
    assert_eq!(known.len(), 2);
    let from = known[0].reused.as_ref().expect("from where");
    assert_eq!((from.run_id, from.run_name.as_str(), from.cost_usd), (first.id, "First", Some(UsdMicros(194))));
    assert_eq!((from.usage.input_tokens, from.usage.output_tokens), (Some(300), Some(40)), "what it used then");
    let taken = known[0].answer.as_ref().expect("an answer");
    assert_eq!((taken.tags[0].name.as_str(), taken.cost_usd, taken.usage.input_tokens), ("otter", Some(UsdMicros(0)), None));
    assert!(taken.notes.iter().any(|note| note.text.starts_with("Known already, not asked again: from “First”, ")), "{:?}", taken.notes);

    // What was not asked is no call of the period either, whose cost somebody could not know.
    let day = chrono::TimeDelta::days(1);
    let period = Reprice { from: second.started_at - day, to: second.started_at + day, book: None };
    let total = platform.client.reprice(&period).await.expect("costs").total;
    assert_eq!((total.calls, total.charged_usd, total.charged_unknown), (8, UsdMicros(8 * 194), 0), "{total:?}");

    // All of it is known now, also after a restart; from the first run, not from the second that took it from there.
    let folder = platform.stop().await;
    let options = Options::with_providers(vec![scripted.clone()]).without_workers();
    let platform = platform::start_in(folder, options).await.expect("again");
    let (third, calls) = calls_of(&platform, &scripted, &asked).await;
    assert_eq!((calls, third.reused, third.cost_usd), (0, 8, UsdMicros(0)));
    assert_eq!(cells(&platform, third.id).await[0].reused.as_ref().map(|from| from.run_id), Some(first.id));
    let (_, calls) = calls_of(&platform, &scripted, &StartRun { ask_again: true, ..asked }).await;
    assert_eq!(calls, 8, "unless it is to be asked again");
}

#[tokio::test]
async fn other_settings_ask_anew_and_each_repeat_has_an_answer_of_its_own() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let photos = platform.add(1, false).await;
    let (_, calls) = calls_of(&platform, &scripted, &StartRun { ask_again: false, photo_set: None, repeats: 2, ..ask(&photos) }).await;
    assert_eq!(calls, 2);
    let (run, calls) = calls_of(&platform, &scripted, &StartRun { ask_again: false, photo_set: None, repeats: 3, ..ask(&photos) }).await;
    assert_eq!((calls, run.reused), (1, 2), "two of three repeats are known");

    let mut config = platform.client.config().await.expect("config");
    config.rules.image_max_edge_px = Some(128);
    platform.client.set_processing_rules(config.revision, &config.rules).await.expect("smaller photos");
    let (run, calls) = calls_of(&platform, &scripted, &ask(&photos)).await;
    assert_eq!((calls, run.reused), (1, 0), "a smaller photo is another question");
}

#[tokio::test]
async fn a_failed_answer_is_not_known() {
    let scripted = Scripted::new();
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "no")));
    let platform = start(&scripted).await;
    let photos = platform.add(1, false).await;
    let (run, _) = calls_of(&platform, &scripted, &ask(&photos)).await;
    assert_eq!(run.counts.failed, 1);
    let (run, calls) = calls_of(&platform, &scripted, &ask(&photos)).await;
    assert_eq!((calls, run.counts.completed), (1, 1));
}

#[tokio::test]
async fn a_paused_run_finishes_what_is_asked_and_goes_on_where_it_stands() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(6, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    until("two calls", || async { (scripted.calls() == 2).then_some(()) }).await;
    assert_eq!(platform.client.pause_run(run.id).await.expect("paused").state, RunState::Paused);
    scripted.let_through(100);
    let paused = until("the calls in flight to end", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.counts.completed == 2 && run.counts.running == 0).then_some(run)
    })
    .await;
    assert_eq!((paused.state, paused.counts), (RunState::Paused, RunCounts { waiting: 4, completed: 2, ..RunCounts::default() }));
    assert_eq!(scripted.calls(), 2, "nothing more is begun");
    assert_eq!(platform.client.resume_run(run.id).await.expect("resumed").state, RunState::Running);
    let done = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((done.counts.completed, scripted.calls()), (6, 6));
    assert_eq!(platform.client.pause_run(run.id).await.expect("nothing to pause").state, RunState::Completed);
}

#[tokio::test]
async fn a_paused_run_stays_so_over_a_restart_and_can_be_cancelled() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(3, false).await;
    let run = platform.client.start_run(&StartRun { concurrency: 1, ..ask(&photos) }).await.expect("started");
    let other = platform.client.start_run(&StartRun { concurrency: 1, ask_again: true, ..ask(&photos) }).await.expect("started");
    until("two calls", || async { (scripted.calls() == 2).then_some(()) }).await;
    for run in [run.id, other.id] {
        platform.client.pause_run(run).await.expect("paused");
    }
    assert_eq!(platform.client.cancel_run(other.id).await.expect("cancelled").state, RunState::Cancelled);
    let folder = platform.stop().await;
    let options = Options::with_providers(vec![scripted.clone()]).without_workers();
    let platform = platform::start_in(folder, options).await.expect("again");
    assert_eq!(platform.client.run(run.id).await.expect("run").state, RunState::Paused);
    let calls = scripted.calls();
    scripted.let_through(100);
    platform.client.resume_run(run.id).await.expect("resumed");
    until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!(scripted.calls() - calls, 3, "only what is missing");
}

#[tokio::test]
async fn a_column_whose_provider_is_down_stops_early_and_the_other_is_asked_to_the_end() {
    let (down, up) = (Scripted::new(), Scripted::new());
    for _ in 0..5 {
        down.then(Act::Fail(Fault::new(FaultKind::Network, "No connection to the server")));
    }
    let providers: Vec<Arc<dyn Provider>> = vec![down.clone(), up.renamed("other")];
    let platform = platform::start(Options::with_providers(providers).without_workers()).await;
    let photos = platform.add(12, false).await;
    let asked = StartRun { models: vec!["on-device".to_owned(), "other".to_owned()], concurrency: 1, ..ask(&photos) };
    let run = platform.client.start_run(&asked).await.expect("started");
    let run = until_state(&platform, run.id, RunState::Interrupted).await;
    assert_eq!((down.calls(), up.calls()), (5, 12));
    assert_eq!(run.counts, RunCounts { waiting: 7, completed: 12, failed: 5, ..RunCounts::default() });
    let stopped: Vec<_> = run.stopped.iter().map(|stopped| (stopped.column, stopped.faults, stopped.fault.kind)).collect();
    assert_eq!(stopped, [(0, 5, FaultKind::Network)]);

    // It is well again.
    let resumed = platform.client.resume_run(run.id).await.expect("resumed");
    assert!(resumed.stopped.is_empty());
    let done = until_state(&platform, run.id, RunState::Completed).await;
    assert_eq!((done.counts.completed, down.calls(), up.calls()), (24, 5 + 12, 12));
    assert!(done.stopped.is_empty());
    assert!(cells(&platform, run.id).await.iter().all(|cell| cell.state == CellState::Completed));
}
