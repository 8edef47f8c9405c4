//! The event stream: in order, nothing missed over a break, nothing seen twice.

use std::collections::HashSet;
use std::time::Duration;

use minerva_console::client::event::StreamItem;
use minerva_console::wire::event::{Event, Happened};
use minerva_console::wire::job::{EnqueueJobs, JobState};
use tokio::sync::mpsc::Receiver;

use crate::support::platform::{self, Options};
use crate::support::scripted::Scripted;

async fn next(stream: &mut Receiver<StreamItem>) -> StreamItem {
    tokio::time::timeout(Duration::from_secs(20), stream.recv()).await.expect("an item in time").expect("the stream stands")
}

/// Reads until an event is the one wanted.
async fn read_until(stream: &mut Receiver<StreamItem>, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        if let StreamItem::Event(event) = next(stream).await {
            let found = wanted(&event);
            seen.push(*event);
            if found {
                return seen;
            }
        }
    }
}

fn job_state(event: &Event) -> Option<JobState> {
    match &event.what {
        Happened::JobChanged(job) => Some(job.state),
        _ => None,
    }
}

#[tokio::test]
async fn a_photos_way_is_told_step_by_step() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    platform.add(1, true).await;
    let seen = read_until(&mut stream, |event| job_state(event) == Some(JobState::Completed)).await;
    assert!(matches!(seen[0].what, Happened::PhotoAdded(_)), "{seen:?}");
    let states: Vec<JobState> = seen.iter().filter_map(job_state).collect();
    assert_eq!(states, [JobState::Pending, JobState::Processing, JobState::Completed]);
    assert!(seen.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let platform = platform::start(Options::default().without_workers()).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    platform.add(2, true).await;
    let before = read_until(&mut stream, |event| event.id >= 2).await;
    let last = before.last().expect("events").id;
    drop(stream);

    platform.client.add_photos(vec![("x.jpg".to_owned(), platform::jpeg(32, 32, 99))], true).await.expect("added");
    let mut stream = platform.client.follow_events(Some(last), || {});
    let after = read_until(&mut stream, |event| matches!(&event.what, Happened::JobChanged(job) if job.file_name == "x.jpg")).await;
    let ids: Vec<i64> = before.iter().chain(&after).map(|event| event.id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "nothing twice: {ids:?}");
    assert_eq!(ids, (1..=ids.len() as i64).collect::<Vec<_>>(), "nothing missed");
}

#[tokio::test]
async fn events_survive_a_restart_and_a_reader_from_the_future_starts_anew() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(1, true).await;
    let platform = platform::start_in(platform.stop().await, Options::default().without_workers()).await.expect("starts");
    let mut stream = platform.client.follow_events(Some(1), || {});
    let seen = read_until(&mut stream, |event| job_state(event).is_some()).await;
    assert_eq!(seen[0].id, 2);
    let mut stream = platform.client.follow_events(Some(9_999), || {});
    let seen = read_until(&mut stream, |_| true).await;
    assert_eq!(seen[0].what, Happened::Resync);
}

#[tokio::test]
async fn a_bulk_change_is_told_as_one() {
    let platform = platform::start(Options::default().without_workers()).await;
    let photos = platform.add(201, false).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    let photo_ids = photos.iter().map(|photo| photo.id).collect();
    let queued = platform.client.enqueue_jobs(&EnqueueJobs { photo_ids, priority: 0 }).await.expect("queued");
    assert_eq!(queued.jobs.len(), 201);
    let seen = read_until(&mut stream, |_| true).await;
    assert_eq!(seen[0].what, Happened::JobsChanged { changed: 201 });
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_readers() {
    let platform = platform::start(Options::default()).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    let begun = std::time::Instant::now();
    platform.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(matches!(next(&mut stream).await, StreamItem::Lost { .. }));
}
