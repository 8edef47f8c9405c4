//! The filter of the job table, as the platform finds jobs by it.

use chrono::TimeDelta;
use minerva_console::wire::job::{EnqueueJobs, Job, JobQuery, JobState};
use minerva_console::wire::job_filter::JobFilter;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted, answer};

/// Names of the jobs that a filter finds, in order; the count that comes along is true.
async fn found(platform: &TestPlatform, filter: &str) -> Vec<String> {
    let query = JobQuery { q: Some(filter.to_owned()), ..JobQuery::default() };
    let page = platform.client.jobs(&query).await.unwrap_or_else(|error| panic!("{filter}: {error}"));
    assert_eq!(page.total, Some(page.items.len() as u64), "{filter}");
    let mut names: Vec<String> = page.items.into_iter().map(|job| job.file_name).collect();
    names.sort();
    names
}

/// Two jobs done, one failed, one that waits after a failure that can heal; then time goes on.
async fn some_jobs() -> (TestPlatform, std::sync::Arc<TestClock>) {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) }).await;
    platform.add(2, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    let again = platform.jobs().await.iter().map(|job| job.photo_id).collect::<Vec<_>>();
    clock.advance(TimeDelta::minutes(90));
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "A 100% \"kind\":\"rate_limited\" refusal")));
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![again[0]], priority: 7 }).await.expect("queued");
    platform.until_jobs(1, JobState::Failed).await;
    let mut busy = Fault::new(FaultKind::RateLimited, "Too many requests");
    busy.wait_ms = Some(3_600_000);
    scripted.then(Act::Fail(busy));
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![again[1]], priority: -20 }).await.expect("queued");
    platform.until_jobs(1, JobState::RetryWait).await;
    (platform, clock)
}

#[tokio::test]
async fn the_platform_finds_what_the_window_would() {
    let (platform, clock) = some_jobs().await;
    let jobs: Vec<Job> = platform.jobs().await;
    let now = clock_now(&platform);
    for (filter, most) in [
        ("", 4),
        ("state:failed", 1),
        ("state:failed,retry_wait", 2),
        ("-state:completed", 2),
        ("fault:rate_limited", 1),
        ("fault:refused", 1),
        ("-fault:rate_limited", 3),
        ("provider:on-device", 4),
        ("provider:on", 0),
        ("-provider:on-device", 0),
        ("model:DEVICE", 4),
        ("model:%", 0),
        ("prompt:\"photo tags\"", 4),
        ("prompt:\"Photo tags v1\"", 4),
        ("prompt:photo", 4),
        ("prompt:v7", 0),
        ("age>1h", 2),
        ("age<=1h", 2),
        ("state:completed finished:today", 2),
        ("finished<today", 0),
        ("finished:yesterday", 0),
        ("-finished:today state:completed", 0),
        ("attempts=1", 4),
        ("attempts>1", 0),
        ("priority>0", 1),
        ("priority<0", 1),
        ("priority=-20", 1),
        ("confidence>=0.5", 2),
        ("-confidence>=0.5", 2),
        ("confidence<0.5", 0),
        (".jpg age>1h -state:failed", 2),
        ("no-such-photo", 0),
    ] {
        let terms = JobFilter::parse(filter).expect("a filter");
        let mut expected: Vec<String> = jobs.iter().filter(|job| terms.matches(job, now)).map(|job| job.file_name.clone()).collect();
        expected.sort();
        assert_eq!(found(&platform, filter).await, expected, "{filter}");
        assert_eq!(expected.len(), most, "{filter}");
    }
    clock.advance(TimeDelta::hours(2));
    assert_eq!(found(&platform, "age>1h state:completed").await.len(), 2);
}

fn clock_now(platform: &TestPlatform) -> chrono::DateTime<chrono::Utc> {
    platform.host.core().now()
}

#[tokio::test]
async fn capitals_of_every_script_and_signs_of_patterns_are_found() {
    let platform = platform::start(Options::default().without_workers()).await;
    let names = ["Ärzte_1.jpg", "ärzte_2.JPG", "[x]*?.jpg", "ΩΜΕΓΑ.jpg", "beach.jpg"];
    let files = (0..).zip(names).map(|(seed, name)| (name.to_owned(), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let mut tx = platform.host.core().db.begin().await.expect("a transaction");
    let labelled = "UPDATE jobs SET prompt = 'Übersicht v1', model = 'eigen/Größe-É'
                    WHERE photo_id = (SELECT id FROM photos WHERE file_name = 'beach.jpg')";
    sqlx::query(labelled).execute(&mut *tx).await.expect("done");
    tx.commit().await.expect("kept");
    let (jobs, now) = (platform.jobs().await, clock_now(&platform));
    for (filter, most) in [
        ("Ärzte", 2),
        ("ärzte", 2),
        ("-Ärzte", 3),
        ("ÄR", 2),
        ("ωμεγα", 1),
        ("ΩΜ", 1),
        ("-ωμεγα", 4),
        ("[x]*", 1),
        ("*?", 1),
        ("x*", 0),
        ("BEACH", 1),
        ("prompt:übersicht", 1),
        ("prompt:ÜBERSICHT", 1),
        ("model:GRÖSSE", 0),
        ("model:GRÖßE-é", 1),
        ("-model:größe", 4),
    ] {
        let terms = JobFilter::parse(filter).expect("a filter");
        let mut expected: Vec<String> = jobs.iter().filter(|job| terms.matches(job, now)).map(|job| job.file_name.clone()).collect();
        expected.sort();
        assert_eq!(found(&platform, filter).await, expected, "{filter}");
        assert_eq!(expected.len(), most, "{filter}");
    }
}

#[tokio::test]
async fn a_confidence_is_found_as_it_is_shown() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    for confidence in [0.9, 0.6] {
        scripted.then(Act::Answer(answer(&[("cat", confidence)])));
    }
    platform.add(2, true).await;
    let jobs = platform.until_jobs(2, JobState::Completed).await;
    for (filter, most) in [("confidence>=0.9", 1), ("confidence>0.9", 0), ("confidence=90%", 1), ("confidence<0.6", 0), ("confidence<=0.6", 1)] {
        let terms = JobFilter::parse(filter).expect("a filter");
        assert_eq!(jobs.iter().filter(|job| terms.matches(job, clock_now(&platform))).count(), most, "{filter}");
        assert_eq!(found(&platform, filter).await.len(), most, "{filter}");
    }
}

#[tokio::test]
async fn a_filtered_list_is_paged_without_gaps() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(7, true).await;
    let (mut cursor, mut names) = (None, Vec::new());
    loop {
        let query = JobQuery { q: Some("state:pending -3.jpg".to_owned()), limit: Some(2), cursor, ..JobQuery::default() };
        let page = platform.client.jobs(&query).await.expect("a page");
        assert_eq!(page.total, Some(6));
        names.extend(page.items.into_iter().map(|job| job.file_name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 6);
}

#[tokio::test]
async fn a_filter_with_a_mistake_is_refused_with_words() {
    let platform = platform::start(Options::default().without_workers()).await;
    let query = JobQuery { q: Some("colour:red".to_owned()), ..JobQuery::default() };
    let refusal = platform.client.jobs(&query).await.expect_err("refused");
    assert_eq!(refusal.code(), Some("bad_filter"));
    assert!(refusal.to_string().contains("There is no term 'colour'"), "{refusal}");
}
