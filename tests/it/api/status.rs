//! The live status: every figure is counted here by hand and compared.

use std::sync::Arc;

use chrono::TimeDelta;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::job::{EnqueueJobs, JobAction, JobState, JobsAction};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted, answer};

async fn on_a_clock(scripted: &Arc<Scripted>) -> (TestPlatform, Arc<TestClock>) {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) }).await;
    (platform, clock)
}

#[tokio::test]
async fn a_fresh_platform_has_zeros_and_no_averages() {
    let platform = platform::start(Options::default().without_workers()).await;
    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.pending, status.completed_today, status.failed_total, status.throughput_per_hour), (0, 0, 0, 0));
    assert_eq!((status.queue_wait_avg_ms, status.queue_wait_p95_ms, status.confidence_today), (None, None, None));
    assert_eq!((status.live_model.as_str(), status.live_prompt.as_str(), status.workers), ("on-device", "Photo tags v1", 2));
    assert_eq!(status.last_hour.len(), 60);
    assert!(status.last_hour.iter().all(|minute| minute.depth == 0 && minute.confidence.is_none()));
}

#[tokio::test]
async fn the_cards_count_days_hours_waits_money_and_confidence() {
    let scripted = Scripted::new();
    let (platform, clock) = on_a_clock(&scripted).await;
    // Yesterday: two done, confidence 0.5 each.
    for _ in 0..2 {
        scripted.then(Act::Answer(answer(&[("cat", 0.5)])));
    }
    platform.add(2, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    clock.advance(TimeDelta::days(1));
    // Today: one answered with 0.9, one that fails for good.
    scripted.then(Act::Answer(answer(&[("cat", 0.9)])));
    platform.client.add_photos(vec![("good.jpg".to_owned(), platform::jpeg(64, 48, 100))], true).await.expect("added");
    platform.until_jobs(3, JobState::Completed).await;
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "The model declined")));
    platform.client.add_photos(vec![("bad.jpg".to_owned(), platform::jpeg(64, 48, 101))], true).await.expect("added");
    platform.until_jobs(1, JobState::Failed).await;

    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.completed_today, status.completed_yesterday, status.failed_today, status.failed_total), (1, 2, 1, 1));
    assert_eq!((status.completed_total, status.cancelled_total), (Some(3), Some(0)));
    assert_eq!(status.throughput_per_hour, 1);
    assert!((status.confidence_today.expect("today") - 0.9).abs() < 1e-6);
    assert!((status.confidence_yesterday.expect("yesterday") - 0.5).abs() < 1e-6);
    // Work on this machine is free, whatever a provider under its name says.
    assert_eq!((status.spend_today_usd, status.spend_unknown_results), (UsdMicros(0), 0));
    let minute = status.last_hour.last().expect("minutes");
    assert_eq!((minute.completed, minute.failed, minute.depth), (1, 1, 0));

    // What failed has failed, also when it is queued again.
    clock.advance(TimeDelta::seconds(1));
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let failed = platform.jobs().await.into_iter().filter(|job| job.state == JobState::Failed).map(|job| job.id).collect();
    let retried = platform.client.act_on_jobs(&JobsAction::on(JobAction::Retry, failed)).await.expect("retried");
    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.failed_today, status.failed_total, status.last_hour.last().expect("minutes").failed), (1, 0, 1));
    platform.client.undo_jobs_action(retried.change.expect("a change")).await.expect("undone");
    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.failed_today, status.failed_total, status.last_hour.last().expect("minutes").failed), (1, 1, 1), "once");

    clock.advance(TimeDelta::minutes(61));
    let later = platform.client.live_status().await.expect("status");
    assert_eq!((later.completed_today, later.throughput_per_hour, later.queue_wait_avg_ms), (1, 0, None));
    assert!(later.last_hour.iter().all(|minute| minute.completed == 0));
}

/// The figures are as of a moment, and read a little later.
#[tokio::test]
async fn what_is_queued_while_the_figures_are_read_did_not_wait_for_an_hour() {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::default() }.without_workers()).await;
    platform.add(1, true).await;
    clock.advance(-TimeDelta::seconds(2));
    let depths: Vec<u64> = platform.client.live_status().await.expect("status").last_hour.iter().map(|at| at.depth).collect();
    assert_eq!((depths[..59].iter().sum::<u64>(), depths[59]), (0, 1));
}

#[tokio::test]
async fn depth_and_waits_follow_the_queue_minute_by_minute() {
    let scripted = Scripted::held();
    let (platform, clock) = on_a_clock(&scripted).await;
    platform.add(5, true).await;
    platform.until_jobs(2, JobState::Processing).await;
    let depths =
        |status: &minerva_console::wire::status::LiveStatus| -> Vec<u64> { status.last_hour.iter().rev().take(4).map(|at| at.depth).collect() };
    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.pending, status.processing), (3, 2));
    assert_eq!(depths(&status), [3, 0, 0, 0]);

    clock.advance(TimeDelta::minutes(2));
    let pending = platform.until_jobs(3, JobState::Pending).await;
    let ids = vec![pending[0].id];
    platform.client.act_on_jobs(&JobsAction::on(JobAction::Cancel, ids)).await.expect("cancelled");
    scripted.let_through(4);
    platform.until_jobs(4, JobState::Completed).await;
    let status = platform.client.live_status().await.expect("status");
    assert_eq!(depths(&status), [0, 3, 3, 0], "newest first");
    // Two waited for nothing, two for two minutes.
    assert_eq!(status.queue_wait_avg_ms, Some(60_000.0));
    assert!((status.queue_wait_p95_ms.expect("waits") - 120_000.0).abs() <= 120_000.0 / 128.0, "{:?}", status.queue_wait_p95_ms);
    let queue = platform.client.queue_status().await.expect("queue");
    assert_eq!((queue.queue.pending, queue.performance.throughput_per_hour, queue.performance.avg_wait_time), (0, 4, Some(60_000.0)));

    // A retry by a person waits anew; the wait before it is not counted twice.
    let again = EnqueueJobs { photo_ids: vec![pending[0].photo_id], priority: 0 };
    platform.client.enqueue_jobs(&again).await.expect("queued");
    platform.until_jobs(1, JobState::Processing).await;
    let status = platform.client.live_status().await.expect("status");
    assert_eq!(depths(&status), [0, 3, 3, 0]);
}

#[tokio::test]
async fn the_status_says_which_events_it_knows() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(1, true).await;
    let status = platform.client.live_status().await.expect("status");
    assert_eq!(status.last_event_id, 2, "one for the photo, one for its job");
}
