//! Who may end a try, and what people do to a job meanwhile.

use std::sync::Arc;

use chrono::TimeDelta;
use minerva_console::platform::domain::pipeline;
use minerva_console::platform::store;
use minerva_console::wire::ids::{JobChangeId, OrganizationId};
use minerva_console::wire::job::{Job, JobAction, JobState, JobsAction};
use minerva_console::wire::result::{Fault, FaultKind, Outcome};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted};

/// A platform that does nothing by itself, with one job.
async fn start(scripted: &Arc<Scripted>) -> (TestPlatform, Arc<TestClock>) {
    let clock = TestClock::at_noon();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) };
    let platform = platform::start(options.without_workers()).await;
    platform.add(1, true).await;
    (platform, clock)
}

async fn job(platform: &TestPlatform) -> Job {
    platform.jobs().await.remove(0)
}

async fn act(platform: &TestPlatform, action: JobAction) -> JobChangeId {
    let ids = vec![job(platform).await.id];
    platform.client.act_on_jobs(&JobsAction::on(action, ids)).await.expect("done").change.expect("a change")
}

async fn claim(platform: &TestPlatform) -> pipeline::Claimed {
    pipeline::claim(platform.host.core(), 0, false).await.expect("claimed").jobs.remove(0)
}

#[tokio::test]
async fn a_try_that_was_cancelled_can_not_end_the_retry_of_its_job() {
    let scripted = Scripted::new();
    let (platform, _clock) = start(&scripted).await;
    let core = platform.host.core();
    let old = pipeline::work_on(Arc::clone(core), claim(&platform).await);
    act(&platform, JobAction::Cancel).await;
    act(&platform, JobAction::Retry).await;
    let new = pipeline::work_on(Arc::clone(core), claim(&platform).await);

    old.await;
    let job_now = job(&platform).await;
    assert_eq!((job_now.state, job_now.attempts), (JobState::Processing, 1), "the retry goes on");
    let worker = platform.client.workers().await.expect("workers").at_work.remove(0);
    assert_eq!(worker.number, Some(2), "and its worker is still listed");
    new.await;
    let done = job(&platform).await;
    assert_eq!((done.state, done.attempts), (JobState::Completed, 1));
    let results = platform.client.job(done.id).await.expect("details").results;
    assert!(matches!(results.as_slice(), [result] if matches!(result.outcome, Outcome::Completed(_))), "{results:?}");
}

#[tokio::test]
async fn undoing_a_priority_gives_back_the_priority_alone() {
    let scripted = Scripted::new();
    let (platform, _clock) = start(&scripted).await;
    let change = act(&platform, JobAction::Reprioritise(50)).await;
    scripted.then(Act::Fail(Fault { wait_ms: Some(30_000), ..Fault::new(FaultKind::RateLimited, "Too many requests") }));
    pipeline::work_on(Arc::clone(platform.host.core()), claim(&platform).await).await;
    let waiting = job(&platform).await;
    assert_eq!((waiting.state, waiting.attempts, waiting.priority), (JobState::RetryWait, 1, 50));
    platform.client.undo_jobs_action(change).await.expect("undone");
    assert_eq!(job(&platform).await, Job { priority: 0, ..waiting });
}

#[tokio::test]
async fn undoing_a_retry_leaves_the_priority_that_was_set_meanwhile() {
    let (platform, _clock) = start(&Scripted::new()).await;
    act(&platform, JobAction::Cancel).await;
    let cancelled = job(&platform).await;
    let change = act(&platform, JobAction::Retry).await;
    act(&platform, JobAction::Reprioritise(7)).await;
    platform.client.undo_jobs_action(change).await.expect("undone");
    assert_eq!(job(&platform).await, Job { priority: 7, ..cancelled });
}

#[tokio::test]
async fn only_tries_that_were_cut_off_are_held_against_a_photo() {
    let (platform, clock) = start(&Scripted::new()).await;
    let mut tx = platform.host.core().db.begin().await.expect("a transaction");
    sqlx::query("UPDATE jobs SET attempts = 12").execute(&mut *tx).await.expect("done");
    tx.commit().await.expect("kept");
    for times in 1..=10 {
        claim(&platform).await;
        clock.advance(TimeDelta::minutes(1));
        // All workers are busy, so that nothing is begun by the look.
        let looked = pipeline::claim(platform.host.core(), 1_000, false).await.expect("looked");
        assert!(looked.jobs.is_empty());
        let state = if times < 10 { JobState::Pending } else { JobState::Failed };
        assert_eq!(job(&platform).await.state, state, "after {times} times");
    }
    let fault = job(&platform).await.fault.expect("a fault");
    assert!(fault.message.contains("ended 10 times"), "{}", fault.message);
    // Whoever retries it gives it all its tries.
    act(&platform, JobAction::Retry).await;
    claim(&platform).await;
    clock.advance(TimeDelta::minutes(1));
    pipeline::claim(platform.host.core(), 1_000, false).await.expect("looked");
    assert_eq!(job(&platform).await.state, JobState::Pending);
}

#[tokio::test]
async fn while_the_queue_drains_money_is_set_aside_for_the_photos_that_are_taken() {
    let (platform, clock) = start(&Scripted::new()).await;
    let first = job(&platform).await;
    clock.advance(TimeDelta::minutes(1));
    let late = platform.client.add_photos(vec![("late.jpg".to_owned(), platform::jpeg(64, 48, 200))], true).await.expect("added").added.remove(0);
    let db = &platform.host.core().db;
    let next = async |until| store::jobs::next_photos(db, OrganizationId::LOCAL, until, 5).await.expect("read");
    assert_eq!(next(None).await, [first.photo_id, late.id]);
    assert_eq!(next(Some(first.enqueued_at)).await, [first.photo_id]);
}
