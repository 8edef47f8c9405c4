//! The baseline of a run: pinned, kept, and what the other columns are beside it.

use std::sync::Arc;

use minerva_console::wire::comparison::{ChangeReason, Measure, Verdict};
use minerva_console::wire::ids::RunId;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

fn options(scripted: &Arc<Scripted>) -> Options {
    Options::with_providers(vec![scripted.clone()]).without_workers()
}

/// Two prompts, one call after the other: by photo, then prompt.
fn ask(photos: &[Photo]) -> StartRun {
    StartRun {
        photo_set: None,
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("One", "Name what you see"), RunPrompt::inline("Two", "Name it again")],
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    }
}

async fn ended(platform: &TestPlatform, run: RunId) -> Run {
    until("the run to end", || async {
        let run = platform.client.run(run).await.expect("run");
        (run.state == RunState::Completed).then_some(run)
    })
    .await
}

/// Eight photos; of every second the other prompt finds half the tags, and it refuses the last one.
async fn compared(platform: &TestPlatform, scripted: &Scripted) -> (Vec<Photo>, Run) {
    let photos = platform.add(8, false).await;
    for at in 0..8 {
        scripted.then(Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.7)])));
        scripted.then(match at {
            7 => Act::Fail(Fault::new(FaultKind::Refused, "The model declined")),
            _ if at % 2 == 0 => Act::Answer(answer(&[("Cat", 0.5), ("sofa", 0.3)])),
            _ => Act::Answer(answer(&[("cat", 0.5)])),
        });
    }
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    (photos, ended(platform, run.id).await)
}

#[tokio::test]
async fn a_pinned_column_is_kept_and_the_others_are_held_against_it() {
    let scripted = Scripted::new();
    let platform = platform::start(options(&scripted)).await;
    let (photos, run) = compared(&platform, &scripted).await;
    let alone = platform.client.compare_columns(run.id).await.expect("figures");
    assert_eq!((alone.baseline, alone.columns.len(), alone.changes.len()), (None, 2, 0));
    let confidence = alone.columns[0].measure(Measure::Confidence).expect("confidence");
    assert!((confidence.figure.value - 0.8).abs() < 1e-6 && confidence.difference.is_none());

    let pinned = platform.client.set_baseline(run.id, Some(0)).await.expect("pinned");
    assert_eq!(pinned, Run { baseline: Some(0), ..run.clone() });
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, options(&scripted)).await.expect("again");
    assert_eq!(platform.client.run(run.id).await.expect("run").baseline, Some(0), "it outlives a restart");

    let found = platform.client.compare_columns(run.id).await.expect("compared");
    let column = &found.columns[1];
    assert_eq!((found.baseline, column.paired_photos), (Some(0), 7));
    let agreement = column.measure(Measure::Agreement).expect("agreement");
    assert!((agreement.figure.value - (4.0 + 3.0 * 0.5) / 7.0).abs() < 1e-9, "{agreement:?}");
    let confidence = column.measure(Measure::Confidence).expect("confidence");
    let difference = confidence.difference.expect("a difference");
    let (low, high) = difference.interval().expect("7 photos have an interval");
    assert!(difference.value < 0.0 && low <= difference.value && difference.value <= high && high < 0.0, "{difference:?}");
    assert_eq!(confidence.verdict, Verdict::Lower, "less sure is neither better nor worse");
    assert_eq!(column.measure(Measure::Cost).map(|cost| cost.verdict), Some(Verdict::NoDifferenceShown));
    let answered = column.measure(Measure::Answered).expect("answered");
    assert_eq!((answered.figure.value, answered.baseline.map(|figure| figure.value)), (7.0 / 8.0, Some(1.0)));
    let told: Vec<_> = found.changes.iter().map(|change| (change.photo_id, change.column, change.why)).collect();
    assert_eq!(told, [(photos[7].id, 1, ChangeReason::AnsweredNoMore)]);
    assert!(column.words.starts_with("Agrees 79 % ("), "{}", column.words);

    assert_eq!(platform.client.set_baseline(run.id, None).await.expect("unpinned").baseline, None);
}

#[tokio::test]
async fn a_column_that_is_not_there_is_refused() {
    let scripted = Scripted::new();
    let platform = platform::start(options(&scripted)).await;
    let photos = platform.add(1, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    ended(&platform, run.id).await;
    let error = platform.client.set_baseline(run.id, Some(2)).await.expect_err("refused");
    assert_eq!(error.code(), Some("unknown_column"));
    assert!(error.to_string().contains("2 columns"), "{error}");
    assert_eq!(platform.client.set_baseline(RunId::fresh(), Some(0)).await.expect_err("no such run").code(), Some("not_found"));
    assert_eq!(platform.client.compare_columns(RunId::fresh()).await.expect_err("no such run").code(), Some("not_found"));
}

#[tokio::test]
async fn what_is_pinned_while_a_run_is_under_way_stays_pinned_at_its_end() {
    let scripted = Scripted::held();
    let platform = platform::start(options(&scripted)).await;
    let photos = platform.add(3, false).await;
    let run = platform.client.start_run(&ask(&photos)).await.expect("started");
    scripted.let_through(2);
    until("two answers", || async { (platform.client.run(run.id).await.expect("run").counts.completed == 2).then_some(()) }).await;
    platform.client.set_baseline(run.id, Some(1)).await.expect("pinned");
    scripted.let_through(10);
    assert_eq!(ended(&platform, run.id).await.baseline, Some(1));
    let told =
        platform.client.events(&minerva_console::wire::event::EventsQuery { before: Some(i64::MAX), limit: Some(100), ..Default::default() }).await;
    let newest = told.expect("events").items.into_iter().find_map(|event| match event.what {
        minerva_console::wire::event::Happened::RunChanged(run) => Some(run),
        _ => None,
    });
    assert_eq!(newest.and_then(|run| run.baseline), Some(1), "the events say it too");
}
