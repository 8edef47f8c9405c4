//! Jobs from the queue to the result, through failures, stops and crashes.

use std::sync::Arc;

use chrono::TimeDelta;
use minerva_console::platform::domain::pipeline;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::event::{EventsQuery, Happened};
use minerva_console::wire::ids::{JobId, PhotoId};
use minerva_console::wire::job::{EnqueueJobs, Job, JobAction, JobQuery, JobSort, JobState, JobsAction, JobsLeft, JobsMatching};
use minerva_console::wire::photo::ProcessingStatus;
use minerva_console::wire::result::{Decision, Fault, FaultKind, Outcome};
use minerva_console::wire::worker::Doing;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

async fn start(scripted: &Arc<Scripted>) -> TestPlatform {
    platform::start(Options::with_providers(vec![scripted.clone()])).await
}

async fn act(platform: &TestPlatform, action: JobAction, jobs: &[Job]) -> u64 {
    let ids = jobs.iter().map(|job| job.id).collect();
    platform.client.act_on_jobs(&JobsAction::on(action, ids)).await.expect("done").changed
}

#[tokio::test]
async fn a_photo_becomes_a_result_with_timings_trace_and_decision() {
    let scripted = Scripted::new();
    scripted.take_time(std::time::Duration::from_millis(30));
    let platform = start(&scripted).await;
    let photo = platform.add(1, true).await.remove(0);
    let job = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!((job.attempts, job.model.as_deref(), job.prompt.as_deref()), (1, Some("on-device"), Some("Photo tags v1")));
    assert!(scripted.prompts()[0].contains("JSON"), "the live prompt went along");
    assert!((job.confidence.expect("confidence") - 0.8).abs() < 1e-6);

    let details = platform.client.job(job.id).await.expect("details");
    let [result] = details.results.as_slice() else { panic!("{:?}", details.results) };
    let Outcome::Completed(answer) = &result.outcome else { panic!("{:?}", result.outcome) };
    assert_eq!(answer.tags[0].name, "cat");
    assert_eq!(result.decision, Some(Decision::Accept));
    assert!(result.provider_response_time_ms >= 30 && result.total_processing_time_ms >= result.provider_response_time_ms);
    let steps: Vec<&str> = result.trace.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps, ["fetch", "decode", "resize", "prompt", "call", "parse", "rules"]);
    assert!(result.trace.windows(2).all(|pair| pair[0].start_ms <= pair[1].start_ms), "{:?}", result.trace);

    let photo = platform.client.photo(photo.id).await.expect("photo");
    assert_eq!((photo.ai_processing_status, photo.tags.len()), (ProcessingStatus::Completed, 2));
    assert_eq!(photo.caption.as_deref(), Some("A cat on a sofa"));
}

#[tokio::test]
async fn an_answer_that_can_t_be_stored_is_kept_and_said_until_it_is() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    platform.add(1, true).await;
    until("the call is begun", async || (scripted.calls() == 1).then_some(())).await;
    let limit_pages = async |statement: &'static str| {
        let tx = platform.host.core().db.begin().await;
        let mut tx = tx.expect("a transaction");
        sqlx::query(statement).execute(&mut *tx).await.expect("done");
        tx.rollback().await.expect("ended");
    };
    // A database that can't grow is what a full disk looks like from within; the answer needs pages of its own.
    limit_pages("PRAGMA max_page_count = 1").await;
    let names: Vec<String> = (0..100).map(|n| format!("{n} {}", "tag".repeat(25))).collect();
    let tags: Vec<(&str, f32)> = names.iter().map(|name| (name.as_str(), 0.9)).collect();
    scripted.then(Act::Answer(answer(&tags)));
    scripted.let_through(1);
    let held = until("it is said", async || platform.client.live_status().await.expect("status").held_back).await;
    assert!(held.message.starts_with("Results can't be stored: The disk is full."), "{}", held.message);
    let workers = platform.client.workers().await.expect("workers");
    assert_eq!(workers.at_work[0].now.map(|now| now.doing), Some(Doing::NotStored));

    limit_pages("PRAGMA max_page_count = 1000000").await;
    platform.until_jobs(1, JobState::Completed).await;
    until("nothing is held back", async || platform.client.live_status().await.expect("status").held_back.is_none().then_some(())).await;
    assert_eq!(scripted.calls(), 1, "nothing is asked twice");
}

#[tokio::test]
async fn what_can_heal_is_tried_again_and_what_cannot_fails_at_once() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) };
    let platform = platform::start(options).await;
    let mut busy = Fault::new(FaultKind::RateLimited, "Too many requests");
    busy.wait_ms = Some(30_000);
    scripted.then(Act::Fail(busy));
    platform.add(1, true).await;
    let waiting = platform.until_jobs(1, JobState::RetryWait).await.remove(0);
    let not_before = waiting.not_before.expect("a time");
    assert_eq!(not_before, platform.host.core().now() + TimeDelta::seconds(30), "as long as the provider asked");

    clock.advance(TimeDelta::seconds(31));
    platform.host.core().work.notify_one();
    let done = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!((done.attempts, done.fault), (2, None));
    let results = platform.client.job(done.id).await.expect("details").results;
    assert_eq!(results.len(), 2, "every try is kept");
    assert!(matches!(&results[1].outcome, Outcome::Failed(fault) if fault.kind == FaultKind::RateLimited));
    assert_eq!(results[0].queue_wait_time_ms, 1_000, "from when it was ready again");

    scripted.then(Act::Fail(Fault::new(FaultKind::QuotaSpent, "The quota is spent")));
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![done.photo_id], priority: 0 }).await.expect("queued");
    let failed = platform.until_jobs(1, JobState::Failed).await.remove(0);
    assert_eq!((failed.attempts, scripted.calls()), (1, 3));
    let photo = platform.client.photo(done.photo_id).await.expect("photo");
    assert_eq!((photo.ai_processing_status, photo.tags.len()), (ProcessingStatus::Failed, 2), "the last answer stays");
}

#[tokio::test]
async fn tries_end_after_the_most_that_the_rules_allow() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) }).await;
    for _ in 0..3 {
        scripted.then(Act::Fail(Fault::new(FaultKind::Network, "No connection")));
    }
    platform.add(1, true).await;
    for attempt in 1..3 {
        until("the next wait", || async { platform.jobs().await[0].not_before.filter(|_| scripted.calls() == attempt) }).await;
        clock.advance(TimeDelta::minutes(2));
        platform.host.core().work.notify_one();
    }
    let failed = platform.until_jobs(1, JobState::Failed).await.remove(0);
    assert_eq!((failed.attempts, failed.fault.expect("a fault").kind), (3, FaultKind::Network));

    assert_eq!(act(&platform, JobAction::Retry, &platform.jobs().await).await, 1);
    let done = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!(done.attempts, 1, "a retry by a person has all its tries");
}

#[tokio::test]
async fn a_provider_that_panics_fails_one_job_and_the_rest_goes_on() {
    let scripted = Scripted::new();
    scripted.then(Act::Panic);
    let platform = start(&scripted).await;
    platform.add(3, true).await;
    let failed = platform.until_jobs(1, JobState::Failed).await.remove(0);
    assert_eq!(failed.fault.expect("a fault").kind, FaultKind::Internal);
    platform.until_jobs(2, JobState::Completed).await;
}

#[tokio::test]
async fn a_stop_gives_the_work_back_and_the_next_start_does_it() {
    let scripted = Scripted::held();
    let options = Options::with_providers(vec![scripted.clone()]);
    let platform = platform::start(options.clone()).await;
    platform.add(3, true).await;
    platform.until_jobs(2, JobState::Processing).await;
    let folder = platform.stop().await;

    let platform = platform::start_in(folder, options.clone().without_workers()).await.expect("starts");
    let jobs = platform.jobs().await;
    assert!(jobs.iter().all(|job| job.state == JobState::Pending && job.attempts == 0), "{jobs:?}");
    let folder = platform.stop().await;

    scripted.let_through(3);
    let platform = platform::start_in(folder, options).await.expect("starts");
    let done = platform.until_jobs(3, JobState::Completed).await;
    assert!(done.iter().all(|job| job.attempts == 1));
}

#[test]
fn a_crash_loses_nothing_and_does_nothing_twice() {
    let scripted = Scripted::held();
    let options = Options::with_providers(vec![scripted.clone()]);
    // A runtime that is dropped stops everything where it stands, as a kill does.
    let crashing = tokio::runtime::Runtime::new().expect("a runtime");
    let platform = crashing.block_on(async {
        let platform = platform::start(options.clone()).await;
        platform.add(5, true).await;
        scripted.let_through(1);
        platform.until_jobs(1, JobState::Completed).await;
        platform.until_jobs(2, JobState::Processing).await;
        platform
    });
    crashing.shutdown_background();
    let TestPlatform { host, folder, .. } = platform;
    // A killed process closes no database either.
    std::mem::forget(host.core().clone());
    drop(host);

    scripted.let_through(1_000);
    let calls_before = scripted.calls();
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let platform = platform::start_in(folder, options).await.expect("starts after a crash");
        let done = platform.until_jobs(5, JobState::Completed).await;
        assert_eq!(scripted.calls() - calls_before, 4, "what was answered is not asked again");
        for job in done {
            assert_eq!(answers(&platform, job.id).await, (1, job.attempts as usize), "one answer, and every try");
        }
    });
}

#[tokio::test]
async fn a_try_whose_job_another_worker_took_changes_nothing() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    platform.add(1, true).await;
    until("the call", || async { (scripted.calls() == 1).then_some(()) }).await;
    let core = platform.host.core();
    let mut taken = pipeline::claim(core, 0, true).await.expect("claimed").jobs;
    scripted.let_through(2);
    pipeline::work_on(Arc::clone(core), taken.remove(0)).await;
    let done = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!(done.attempts, 2);
    // By the time that a later job is done, the first worker's answer has been thrown away.
    scripted.let_through(1);
    platform.client.add_photos(vec![("late.jpg".to_owned(), platform::jpeg(64, 48, 200))], true).await.expect("added");
    platform.until_jobs(2, JobState::Completed).await;
    assert_eq!(scripted.calls(), 3);
    assert_eq!(answers(&platform, done.id).await, (1, 2));
}

/// Answers of a job, and all that became of its tries.
async fn answers(platform: &TestPlatform, job: JobId) -> (usize, usize) {
    let results = platform.client.job(job).await.expect("details").results;
    (results.iter().filter(|result| matches!(result.outcome, Outcome::Completed(_))).count(), results.len())
}

#[tokio::test]
async fn a_job_whose_worker_is_gone_comes_back_when_its_lease_ends() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) };
    let platform = platform::start(options.clone().without_workers()).await;
    platform.add(1, true).await;
    let core = platform.host.core().clone();
    let gone = pipeline::claim(&core, 0, false).await.expect("claimed").jobs;
    assert_eq!(gone.len(), 1);
    clock.advance(TimeDelta::seconds(59));
    assert!(pipeline::claim(&core, 0, false).await.expect("looked").jobs.is_empty(), "the lease still holds");
    clock.advance(TimeDelta::seconds(1));
    let taken = pipeline::claim(&core, 0, false).await.expect("claimed").jobs.remove(0);
    pipeline::work_on(Arc::clone(&core), taken).await;
    let done = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!((done.attempts, scripted.calls()), (2, 1));
    // The try that nobody ended is kept, and what it cost is not known.
    let results = platform.client.job(done.id).await.expect("details").results;
    assert_eq!(results.len(), 2);
    let Outcome::Failed(fault) = &results[1].outcome else { panic!("{:?}", results[1]) };
    assert!(fault.kind == FaultKind::Cancelled && fault.message.contains("platform ended during this try"), "{fault:?}");
    assert_eq!(fault.label(), "cut off", "nobody cancelled it");
}

#[tokio::test]
async fn a_machine_that_slept_goes_on_with_its_calls() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::held();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) }).await;
    platform.add(2, true).await;
    until("the calls", || async { (scripted.calls() == 2).then_some(()) }).await;
    clock.advance(TimeDelta::hours(1));
    platform.host.core().work.notify_one();
    scripted.let_through(2);
    let done = platform.until_jobs(2, JobState::Completed).await;
    assert!(done.iter().all(|job| job.attempts == 1));
    assert_eq!(scripted.calls(), 2, "no call is paid for twice");
}

#[tokio::test]
async fn a_job_can_be_cancelled_while_it_waits_and_while_it_is_in_work() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    platform.add(3, true).await;
    platform.until_jobs(2, JobState::Processing).await;
    assert_eq!(act(&platform, JobAction::Cancel, &platform.jobs().await).await, 3);
    assert_eq!(act(&platform, JobAction::Cancel, &platform.jobs().await).await, 0, "they are cancelled already");
    let jobs = platform.until_jobs(3, JobState::Cancelled).await;
    let photo = platform.client.photo(jobs[0].photo_id).await.expect("photo");
    assert_eq!(photo.ai_processing_status, ProcessingStatus::None);

    scripted.let_through(10);
    assert_eq!(act(&platform, JobAction::Retry, &jobs).await, 3);
    let done = platform.until_jobs(3, JobState::Completed).await;
    for job in done {
        assert_eq!(platform.client.job(job.id).await.expect("details").results.len(), 1, "what was cancelled left no result");
    }
}

#[tokio::test]
async fn higher_priority_goes_first() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    platform.add(5, true).await;
    platform.until_jobs(2, JobState::Processing).await;
    let last = platform.jobs().await.remove(0);
    assert_eq!(last.state, JobState::Pending);
    assert_eq!(act(&platform, JobAction::Reprioritise(50), std::slice::from_ref(&last)).await, 1);
    scripted.let_through(1);
    until("the job to be taken", || async {
        let job = platform.client.job(last.id).await.expect("job").job;
        (job.state == JobState::Processing).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_photo_deleted_while_it_is_queued_or_in_work_fails_its_job_clearly() {
    let scripted = Scripted::held();
    let platform = start(&scripted).await;
    let photos = platform.add(4, true).await;
    let in_work = platform.until_jobs(2, JobState::Processing).await;
    let queued = platform.until_jobs(2, JobState::Pending).await;
    platform.client.delete_photo(in_work[0].photo_id).await.expect("deleted");
    platform.client.delete_photo(queued[0].photo_id).await.expect("deleted");
    scripted.let_through(10);
    platform.until_jobs(2, JobState::Completed).await;
    for job in [&in_work[0], &queued[0]] {
        let job = platform.client.job(job.id).await.expect("job").job;
        let fault = job.fault.expect("a fault");
        assert_eq!((job.state, fault.code.as_deref()), (JobState::Failed, Some("photo_deleted")));
        assert!(fault.message.contains("deleted"), "{}", fault.message);
        assert!(photos.iter().any(|photo| photo.file_name == job.file_name), "the job keeps the photo's name");
    }
    assert_eq!(act(&platform, JobAction::Retry, &platform.jobs().await).await, 0, "there is nothing to retry them on");
}

#[tokio::test]
async fn lists_are_filtered_sorted_counted_and_paged() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(9, true).await;
    let query = |state, q: Option<&str>, cursor| JobQuery {
        at: None,
        state,
        q: q.map(str::to_owned),
        limit: Some(4),
        cursor,
        sort: JobSort::Queued,
        ascending: true,
        count: None,
    };
    let (mut cursor, mut names) = (None, Vec::new());
    loop {
        let page = platform.client.jobs(&query(Some(JobState::Pending), None, cursor)).await.expect("a page");
        assert_eq!(page.total, Some(9));
        names.extend(page.items.into_iter().map(|job| job.file_name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 9);
    let found = platform.client.jobs(&query(None, Some("3.J"), None)).await.expect("found");
    assert_eq!((found.total, found.items[0].file_name.as_str()), (Some(1), "3.jpg"));
    let wild = platform.client.jobs(&query(None, Some("%"), None)).await.expect("found");
    assert_eq!(wild.total, Some(0), "a percent sign is a letter like any other");
    let none = platform.client.jobs(&query(Some(JobState::Failed), None, None)).await.expect("found");
    assert_eq!((none.total, none.items.len()), (Some(0), 0));
}

#[tokio::test]
async fn every_order_pages_through_all_jobs_once() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(11, true).await;
    for (at, job) in platform.jobs().await.iter().enumerate().take(5) {
        act_one(&platform, JobAction::Reprioritise(i32::try_from(at % 3).expect("small")), job).await;
    }
    let sorts =
        [JobSort::Queued, JobSort::Photo, JobSort::State, JobSort::Wait, JobSort::Took, JobSort::Confidence, JobSort::Priority, JobSort::Attempts];
    for (sort, ascending) in sorts.into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let query = JobQuery { sort, ascending, limit: Some(4), cursor, ..JobQuery::default() };
            let page = platform.client.jobs(&query).await.expect("a page");
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let in_order = |one: &Job, other: &Job| match sort {
            JobSort::Photo => one.file_name <= other.file_name,
            JobSort::Priority => one.priority <= other.priority,
            JobSort::Queued => one.enqueued_at <= other.enqueued_at,
            _ => true,
        };
        assert!(seen.is_sorted_by(|one, other| if ascending { in_order(one, other) } else { in_order(other, one) }), "{sort:?} {ascending}");
        let mut ids: Vec<_> = seen.iter().map(|job| job.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), seen.len()), (11, 11), "{sort:?} {ascending}: each once");
    }
}

async fn act_one(platform: &TestPlatform, action: JobAction, job: &Job) {
    platform.client.act_on_jobs(&JobsAction::on(action, vec![job.id])).await.expect("done");
}

fn on_all(action: JobAction, typed: &str, dry_run: bool) -> JobsAction {
    JobsAction { action, ids: Vec::new(), matching: Some(JobsMatching { state: None, q: Some(typed.to_owned()) }), dry_run }
}

#[tokio::test]
async fn what_is_done_to_everything_that_matches_is_counted_first_and_undone_at_once() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(12, true).await;
    let before = platform.jobs().await;
    act_one(&platform, JobAction::Cancel, &before[0]).await;

    // Counted: the truth, and nothing is changed by it.
    let counted = platform.client.act_on_jobs(&on_all(JobAction::Reprioritise(50), "priority=0 -state:processing", true)).await.expect("counted");
    assert_eq!((counted.matched, counted.changed, counted.change), (12, 11, None));
    assert!(platform.jobs().await.iter().all(|job| job.priority == 0));

    let done = platform.client.act_on_jobs(&on_all(JobAction::Reprioritise(50), "priority=0", false)).await.expect("done");
    assert_eq!((done.matched, done.changed), (12, 11));
    // One of them moves on before the undo: it stays where it went.
    let moved = platform.jobs().await[3].clone();
    act_one(&platform, JobAction::Reprioritise(-7), &moved).await;
    let undone = platform.client.undo_jobs_action(done.change.expect("a change")).await.expect("undone");
    assert_eq!((undone.matched, undone.changed), (11, 10));
    let priorities: Vec<i32> = platform.jobs().await.iter().map(|job| job.priority).filter(|priority| *priority != 0).collect();
    assert_eq!(priorities, [-7]);
    let twice = platform.client.undo_jobs_action(done.change.expect("a change")).await.expect_err("only once");
    assert_eq!(twice.code(), Some("undone"));

    // A cancellation of all, and back, to the letter.
    let before = platform.jobs().await;
    let done = platform.client.act_on_jobs(&on_all(JobAction::Cancel, "", false)).await.expect("done");
    assert_eq!(done.changed, 11);
    assert!(platform.jobs().await.iter().all(|job| job.state == JobState::Cancelled));
    platform.client.undo_jobs_action(done.change.expect("a change")).await.expect("undone");
    assert_eq!(platform.jobs().await, before);

    let refused = platform.client.act_on_jobs(&on_all(JobAction::Cancel, "size>3", false)).await.expect_err("no term");
    assert_eq!(refused.code(), Some("bad_filter"));
}

#[tokio::test]
async fn photos_of_low_confidence_are_asked_about_once_more_and_a_retry_is_undone_while_it_waits() {
    let scripted = Scripted::new();
    for confidence in [0.9, 0.5, 0.4] {
        scripted.then(Act::Answer(answer(&[("cat", confidence)])));
    }
    let platform = start(&scripted).await;
    platform.add(3, true).await;
    platform.until_jobs(3, JobState::Completed).await;
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let before = platform.jobs().await;
    let done = platform.client.act_on_jobs(&on_all(JobAction::Reprocess, "confidence<0.6", false)).await.expect("done");
    assert_eq!((done.matched, done.changed), (2, 2));
    assert_eq!(platform.jobs().await.iter().filter(|job| job.state == JobState::Pending && job.confidence.is_none()).count(), 2);
    platform.client.undo_jobs_action(done.change.expect("a change")).await.expect("undone");
    assert_eq!(platform.jobs().await, before, "nothing had begun, so nothing is lost");
}

#[tokio::test]
async fn two_jobs_of_one_photo_are_retried_once_and_it_is_said_beforehand() {
    let platform = platform::start(Options::default().without_workers()).await;
    let photos: Vec<PhotoId> = platform.add(3, true).await.into_iter().map(|photo| photo.id).collect();
    platform.client.act_on_jobs(&on_all(JobAction::Cancel, "", false)).await.expect("cancelled");
    // The first photo has a second job that was cancelled, the second one that waits.
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![photos[0]], priority: 0 }).await.expect("enqueued");
    platform.client.act_on_jobs(&on_all(JobAction::Cancel, "", false)).await.expect("cancelled");
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![photos[1]], priority: 0 }).await.expect("enqueued");
    let counted = platform.client.act_on_jobs(&on_all(JobAction::Retry, "state:cancelled", true)).await.expect("counted");
    assert_eq!((counted.matched, counted.changed, counted.left), (4, 2, JobsLeft { queued: 1, twice: 1, deleted: 0 }));
    let ids = platform.jobs().await.into_iter().filter(|job| job.state == JobState::Cancelled).map(|job| job.id).collect();
    let done = platform.client.act_on_jobs(&JobsAction::on(JobAction::Retry, ids)).await.expect("done");
    assert_eq!((done.matched, done.changed, done.left), (4, 2, counted.left));
    // Nothing is left that could be retried, and it is said why.
    let nothing = platform.client.act_on_jobs(&on_all(JobAction::Retry, "state:cancelled", false)).await.expect("counted");
    assert_eq!((nothing.changed, nothing.left.queued, nothing.left_words().as_deref()), (0, 2, Some("2 are of photos that are queued already")));
    // An undo is told as one, and not as jobs that were cancelled once more.
    platform.client.undo_jobs_action(done.change.expect("a change")).await.expect("undone");
    let query = EventsQuery { before: Some(i64::MAX), limit: Some(1), ..EventsQuery::default() };
    let told = platform.client.events(&query).await.expect("events").items.remove(0).what;
    assert_eq!(told, Happened::JobsChanged { changed: 2, is_undo: true });
}

#[tokio::test]
async fn failed_jobs_whose_photos_wait_already_are_not_offered_for_a_retry() {
    let scripted = Scripted::new();
    for _ in 0..2 {
        scripted.then(Act::Fail(Fault::new(FaultKind::Photo, "unreadable")));
    }
    let platform = start(&scripted).await;
    let photos: Vec<PhotoId> = platform.add(2, true).await.into_iter().map(|photo| photo.id).collect();
    platform.until_jobs(2, JobState::Failed).await;
    let counted = async || {
        let status = platform.client.live_status().await.expect("status");
        (status.failed_total, status.retriable_total)
    };
    assert_eq!(counted().await, (2, Some(2)));
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: photos, priority: 0 }).await.expect("enqueued");
    assert_eq!(counted().await, (2, Some(0)));
}

#[tokio::test]
async fn bad_actions_are_refused_with_words() {
    let platform = platform::start(Options::default().without_workers()).await;
    let jobs = JobsAction::on(JobAction::Reprioritise(101), Vec::new());
    assert_eq!(platform.client.act_on_jobs(&jobs).await.expect_err("refused").code(), Some("bad_priority"));
    let unknown = EnqueueJobs { photo_ids: vec![PhotoId::fresh()], priority: 0 };
    assert_eq!(platform.client.enqueue_jobs(&unknown).await.expect_err("refused").code(), Some("unknown_photo"));
    let cursor = JobQuery { cursor: Some("yesterday".to_owned()), ..JobQuery::default() };
    assert_eq!(platform.client.jobs(&cursor).await.expect_err("refused").code(), Some("bad_cursor"));
    let missing = JobId::fresh();
    assert_eq!(platform.client.job(missing).await.expect_err("refused").code(), Some("not_found"));
}

#[tokio::test]
async fn the_thresholds_decide() {
    let scripted = Scripted::new();
    for confidence in [0.95, 0.4, 0.1] {
        scripted.then(Act::Answer(answer(&[("cat", confidence)])));
    }
    let platform = start(&scripted).await;
    let mut decisions = Vec::new();
    for seed in 0..3 {
        platform.client.add_photos(vec![(format!("{seed}.jpg"), platform::jpeg(64, 48, seed))], true).await.expect("added");
        let jobs = platform.until_jobs(usize::from(seed) + 1, JobState::Completed).await;
        decisions.push(platform.client.job(jobs[0].id).await.expect("details").results[0].decision);
    }
    assert_eq!(decisions, [Some(Decision::Accept), Some(Decision::Review), Some(Decision::Reject)]);
}
