//! Workers: how many, what each does, and a pipeline that drains.

use std::time::Duration;

use chrono::TimeDelta;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::job::JobState;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::worker::{Doing, Workers};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted};

async fn set_workers(platform: &TestPlatform, workers: u32) {
    let config = platform.client.config().await.expect("config");
    let rules = minerva_console::wire::config::ProcessingRules { workers, ..config.rules };
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
}

async fn until_asking(platform: &TestPlatform, count: usize) -> Workers {
    until(&format!("{count} workers ask"), || async {
        let workers = platform.client.workers().await.expect("workers");
        let asking = workers.at_work.iter().filter(|worker| worker.now.is_some_and(|now| now.doing == Doing::Asking)).count();
        (asking == count && workers.at_work.len() == count).then_some(workers)
    })
    .await
}

#[tokio::test]
async fn more_workers_begin_at_once_and_fewer_end_as_they_finish() {
    let scripted = Scripted::held();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    platform.add(12, true).await;
    let workers = until_asking(&platform, 2).await;
    assert_eq!((workers.wanted, workers.pending, workers.runs), (2, 10, true));
    let numbers: Vec<_> = workers.at_work.iter().map(|worker| worker.number).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);

    set_workers(&platform, 6).await;
    let workers = until_asking(&platform, 6).await;
    assert_eq!((workers.wanted, workers.pending), (6, 6));

    // What is begun is finished; then only as many as wanted go on.
    set_workers(&platform, 1).await;
    scripted.let_through(5);
    platform.until_jobs(5, JobState::Completed).await;
    let workers = until_asking(&platform, 1).await;
    assert_eq!((workers.wanted, workers.pending), (1, 6));
    assert_eq!(scripted.calls(), 6, "nobody began another");
    scripted.let_through(7);
    platform.until_jobs(12, JobState::Completed).await;
    assert_eq!(scripted.calls(), 12, "each photo was asked about once");
    assert_eq!(platform.client.workers().await.expect("workers").at_work.len(), 0);
}

#[tokio::test]
async fn a_drain_finishes_what_is_queued_and_takes_nothing_newer() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::held();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) }).await;
    let old = platform.add(4, true).await;
    until_asking(&platform, 2).await;
    clock.advance(TimeDelta::seconds(5));
    let draining = platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Draining }).await.expect("drains");
    assert!(draining.config.draining_since.is_some());
    clock.advance(TimeDelta::seconds(5));
    let file = ("later.jpg".to_owned(), platform::jpeg(80, 60, 99));
    let later = platform.client.add_photos(vec![file], true).await.expect("added").added.remove(0);
    assert_eq!(platform.client.live_status().await.expect("status").draining_left, Some(4));

    // One of the old ones has to be tried again: it still belongs to what is finished.
    scripted.then(Act::Fail(Fault::new(FaultKind::Overloaded, "busy")));
    scripted.let_through(4);
    platform.until_jobs(1, JobState::RetryWait).await;
    platform.until_jobs(3, JobState::Completed).await;
    assert_eq!(platform.client.config().await.expect("config").state, PipelineState::Draining);
    clock.advance(TimeDelta::minutes(2));
    scripted.let_through(1);
    let done = platform.until_jobs(4, JobState::Completed).await;
    assert!(done.iter().all(|job| old.iter().any(|photo| photo.id == job.photo_id)));

    let config = until("it is paused", || async {
        let config = platform.client.config().await.expect("config");
        (config.state == PipelineState::Paused).then_some(config)
    })
    .await;
    assert_eq!(config.draining_since, None);
    let newest = platform.client.config_changes().await.expect("journal").items.remove(0);
    assert_eq!((newest.actor.as_str(), newest.summary.as_str()), ("Minerva", "Pipeline drained, paused"));
    let waits = platform.until_jobs(1, JobState::Pending).await.remove(0);
    assert_eq!(waits.photo_id, later.id);

    scripted.let_through(1);
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Running }).await.expect("resumed");
    platform.until_jobs(5, JobState::Completed).await;
}

#[tokio::test]
async fn a_drain_of_nothing_is_over_at_once_and_a_drain_can_be_called_off() {
    let scripted = Scripted::held();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    let drain = SetPipelineState { state: PipelineState::Draining };
    platform.client.set_pipeline_state(drain).await.expect("drains");
    until("it is paused", || async { (platform.client.config().await.expect("config").state == PipelineState::Paused).then_some(()) }).await;

    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Running }).await.expect("resumed");
    platform.add(3, true).await;
    until_asking(&platform, 2).await;
    let begun = platform.client.set_pipeline_state(drain).await.expect("drains");
    platform.client.undo_config_change(begun.change.expect("a change").id).await.expect("undone");
    scripted.let_through(3);
    platform.until_jobs(3, JobState::Completed).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(platform.client.config().await.expect("config").state, PipelineState::Running);
}
