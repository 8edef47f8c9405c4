//! The event stream: in order, nothing missed over a break, nothing seen twice.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use minerva_console::client::Client;
use minerva_console::client::event::{Patience, StreamItem};
use minerva_console::platform::domain::events::{self, MOST_BEHIND};
use minerva_console::wire::event::{Event, EventTopic, EventsQuery, Happened};
use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::job::{EnqueueJobs, JobState};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc::Receiver;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::proxy::{self, Manners, Proxy};
use crate::support::scripted::Scripted;

async fn next(stream: &mut Receiver<StreamItem>) -> StreamItem {
    tokio::time::timeout(Duration::from_secs(60), stream.recv()).await.expect("an item in time").expect("the stream stands")
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
    assert_eq!(seen[0].what, Happened::JobsChanged { changed: 201, is_undo: false });
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_readers() {
    let platform = platform::start(Options::default()).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    tokio::time::timeout(Duration::from_secs(60), platform.stop()).await.expect("it stops");
    assert!(matches!(next(&mut stream).await, StreamItem::Lost { .. }));
}

/// Tells so many small events at once.
async fn tell(platform: &TestPlatform, count: i64) {
    let mut change = platform.host.core().change().await.expect("a change");
    for _ in 0..count {
        change.tell(&Happened::PhotoDeleted { id: PhotoId::fresh() }).await.expect("told");
    }
    change.commit().await.expect("committed");
}

#[tokio::test]
async fn a_reader_is_told_to_ask_anew_when_what_it_missed_is_forgotten_or_too_much() {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::default().without_workers() }).await;
    tell(&platform, 3).await;
    clock.advance(TimeDelta::hours(23));
    assert_eq!(events::prune(platform.host.core()).await.expect("pruned"), 0, "kept for a day");
    clock.advance(TimeDelta::minutes(61));
    tell(&platform, 2).await;
    assert_eq!(events::prune(platform.host.core()).await.expect("pruned"), 3);
    for (last_seen, hears) in [(1, Happened::Resync), (2, Happened::Resync)] {
        let mut stream = platform.client.follow_events(Some(last_seen), || {});
        let seen = read_until(&mut stream, |_| true).await;
        assert_eq!((seen[0].id, &seen[0].what), (5, &hears), "after {last_seen}");
    }
    let mut stream = platform.client.follow_events(Some(3), || {});
    assert_eq!(read_until(&mut stream, |event| event.id == 5).await.len(), 2, "what is kept is told");
    tell(&platform, MOST_BEHIND).await;
    let mut stream = platform.client.follow_events(Some(4), || {});
    assert_eq!(read_until(&mut stream, |_| true).await[0].what, Happened::Resync, "too much to tell one by one");
}

#[tokio::test]
async fn an_id_that_is_no_id_is_answered_with_a_word_to_ask_anew() {
    let platform = platform::start(Options::default().without_workers()).await;
    tell(&platform, 3).await;
    let mut stream = tokio::net::TcpStream::connect(platform.host.address()).await.expect("connected");
    let request = format!(
        "GET /api/ai/dashboard/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nLast-Event-ID: abc\r\n\r\n",
        platform.host.address(),
        platform.host.token().expose_secret()
    );
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut read = String::new();
    while !read.contains("resync") {
        let mut piece = [0; 512];
        let length = stream.read(&mut piece).await.expect("the stream goes on");
        assert!(length > 0, "ended with {read}");
        read.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up_and_is_told_to_ask_anew() {
    let platform = platform::start(Options::default().without_workers()).await;
    let mut lazy = tokio::net::TcpStream::connect(platform.host.address()).await.expect("connected");
    let request = format!(
        "GET /api/ai/dashboard/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        platform.host.address(),
        platform.host.token().expose_secret()
    );
    lazy.write_all(request.as_bytes()).await.expect("asked");
    let mut first = [0; 16];
    lazy.read_exact(&mut first).await.expect("the stream begins");

    let mut keen = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut keen).await, StreamItem::Connected));
    // More than the system holds between the two ends, so that the platform has to wait for the lazy client.
    let note = "x".repeat(50_000);
    let prompt = platform.client.prompts().await.expect("prompts").items[0].clone();
    let mut change = platform.host.core().change().await.expect("a change");
    for _ in 0..400 {
        change.tell(&Happened::PromptChanged(minerva_console::wire::prompt::Prompt { name: note.clone(), ..prompt.clone() })).await.expect("told");
    }
    change.commit().await.expect("committed");
    let read = read_until(&mut keen, |event| event.id == 400).await;
    assert_eq!(read.len(), 400, "the other client has all of them");
    tell(&platform, MOST_BEHIND + 600).await;
    let config = tokio::time::timeout(Duration::from_secs(60), platform.client.config()).await;
    config.expect("nobody waits for the lazy client").expect("the platform answers");

    // It reads on at last.
    let mut said = String::new();
    let mut buffer = vec![0; 1 << 20];
    while !said.contains("\"kind\":\"resync\"") {
        let count = tokio::time::timeout(Duration::from_secs(60), lazy.read(&mut buffer)).await.expect("in time").expect("read");
        assert!(count > 0, "the stream goes on");
        // The end of what was read before, in case the word is cut in two.
        let end = said.len().saturating_sub(100);
        said = format!("{}{}", said.get(end..).unwrap_or_default(), String::from_utf8_lossy(&buffer[..count]));
    }
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives() {
    let platform = platform::start(Options::default().without_workers()).await;
    let url = platform.host.base().join("api/ai/dashboard/events").expect("a URL");
    let answer = reqwest::Client::new().get(url).bearer_auth(platform.host.token().expose_secret()).send().await.expect("an answer");
    let mut bytes = answer.bytes_stream();
    for (what, limit) in [("something at once", 8), ("a heartbeat", 60)] {
        let said = tokio::time::timeout(Duration::from_secs(limit), bytes.next()).await.expect(what).expect(what).expect(what);
        assert!(said.starts_with(b":"), "{what}: a comment, no event: {said:?}");
    }
}

#[tokio::test]
async fn events_can_be_asked_for_without_the_stream() {
    let platform = platform::start(Options::default().without_workers()).await;
    let client = platform.client.clone();
    let ask = |query: EventsQuery| {
        let client = client.clone();
        async move { client.events(&query).await }
    };
    let start = ask(EventsQuery::default()).await.expect("events");
    assert_eq!((start.items.len(), start.next), (0, 0), "where the events stand");
    platform.add(2, true).await;
    let all = ask(EventsQuery { after: Some(0), ..EventsQuery::default() }).await.expect("events");
    let ids = |page: &minerva_console::wire::event::EventsPage| page.items.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&all), (1..=all.next).collect::<Vec<_>>());
    assert!(!all.has_more && !all.resync);
    let two = ask(EventsQuery { after: Some(0), limit: Some(2), ..EventsQuery::default() }).await.expect("events");
    assert_eq!((ids(&two), two.next, two.has_more), (vec![1, 2], 2, true));
    let older = ask(EventsQuery { before: Some(3), limit: Some(1), ..EventsQuery::default() }).await.expect("events");
    assert_eq!((ids(&older), older.next, older.has_more), (vec![2], 2, true), "newest first");
    let jobs = ask(EventsQuery { before: Some(i64::MAX), topic: Some(EventTopic::Jobs), ..EventsQuery::default() }).await.expect("events");
    assert!(!jobs.items.is_empty() && jobs.items.iter().all(|event| event.what.topic() == EventTopic::Jobs), "{jobs:?}");
    let future = ask(EventsQuery { after: Some(9_999), ..EventsQuery::default() }).await.expect("events");
    assert!(future.resync && future.next == all.next);
    let both = ask(EventsQuery { after: Some(1), before: Some(2), ..EventsQuery::default() }).await.expect_err("refused");
    assert_eq!(both.code(), Some("after_and_before"));
}

#[tokio::test]
async fn a_question_waits_for_the_next_event_and_no_longer() {
    let platform = platform::start(Options::default().without_workers()).await;
    let query = EventsQuery { after: Some(0), wait_ms: Some(15_000), ..EventsQuery::default() };
    let (page, ()) = tokio::join!(platform.client.events(&query), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tell(&platform, 1).await;
    });
    assert_eq!(page.expect("events").items.len(), 1);
    let begun = std::time::Instant::now();
    let query = EventsQuery { after: Some(1), wait_ms: Some(80), ..EventsQuery::default() };
    assert!(platform.client.events(&query).await.expect("events").items.is_empty());
    assert!((80..5_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

const IMPATIENT: Patience =
    Patience { first_byte: Duration::from_millis(700), silence: Duration::from_secs(25), retry_stream: Duration::from_millis(1_200) };

async fn behind_a_proxy(platform: &TestPlatform, manners: Manners) -> (Proxy, Client) {
    let proxy = proxy::start(platform.host.base(), manners).await;
    let client = Client::new(proxy.base.clone(), platform.host.token()).expect("a client");
    (proxy, client)
}

#[tokio::test]
async fn behind_a_proxy_that_breaks_the_stream_events_are_asked_for() {
    let ways =
        [(Manners::Buffers, "first bytes"), (Manners::Refuses, "504"), (Manners::Renames, "text/html"), (Manners::HangsUp, "could not be opened")];
    for (manners, says) in ways {
        let platform = platform::start(Options::default().without_workers()).await;
        tell(&platform, 5).await;
        let (proxy, client) = behind_a_proxy(&platform, manners).await;
        let mut stream = client.follow_events_patiently(None, IMPATIENT, || {});
        let StreamItem::Polling { why } = next(&mut stream).await else { panic!("{manners:?}: polling first") };
        assert!(why.contains(says), "{manners:?}: {why}");
        tell(&platform, 700).await;
        let polled = read_until(&mut stream, |event| event.id == 705).await;
        assert_eq!(polled.iter().map(|event| event.id).collect::<Vec<_>>(), (6..=705).collect::<Vec<_>>(), "{manners:?}");

        // The proxy is mended: the stream is tried again by itself.
        proxy.be(Manners::Fair);
        assert!(matches!(next(&mut stream).await, StreamItem::Connected), "{manners:?}");
        tell(&platform, 3).await;
        let streamed = read_until(&mut stream, |event| event.id == 708).await;
        assert_eq!(streamed.iter().map(|event| event.id).collect::<Vec<_>>(), [706, 707, 708], "{manners:?}: nothing twice");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_is_given_up_for_a_while() {
    let platform = platform::start(Options::default().without_workers()).await;
    let (proxy, client) = behind_a_proxy(&platform, Manners::Cuts).await;
    let mut stream = client.follow_events_patiently(None, IMPATIENT, || {});
    let mut ids = Vec::new();
    loop {
        match next(&mut stream).await {
            StreamItem::Polling { .. } => break,
            StreamItem::Event(event) => ids.push(event.id),
            StreamItem::Connected | StreamItem::Lost { .. } => tell(&platform, 1).await,
        }
    }
    assert_eq!(proxy.streams(), 3);
    tell(&platform, 1).await;
    let last = platform.client.events(&EventsQuery::default()).await.expect("events").next;
    if ids.last() != Some(&last) {
        ids.extend(read_until(&mut stream, |event| event.id == last).await.iter().map(|event| event.id));
    }
    assert_eq!(ids, (1..=last).collect::<Vec<_>>(), "nothing missed from the first connection on, and nothing twice");
}

#[tokio::test]
async fn a_line_that_breaks_while_polling_is_told_and_comes_back_with_all_that_happened() {
    let platform = platform::start(Options::default().without_workers()).await;
    let (proxy, client) = behind_a_proxy(&platform, Manners::Refuses).await;
    let mut stream = client.follow_events_patiently(Some(0), IMPATIENT, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Polling { .. }));
    proxy.be(Manners::Broken);
    // Ends the question that is under way.
    tell(&platform, 2).await;
    let mut ids = Vec::new();
    loop {
        match next(&mut stream).await {
            StreamItem::Event(event) => ids.push(event.id),
            StreamItem::Lost { .. } => break,
            item => panic!("{item:?}"),
        }
    }
    tell(&platform, 2).await;
    proxy.be(Manners::Fair);
    ids.extend(read_until(&mut stream, |event| event.id == 4).await.iter().map(|event| event.id));
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[tokio::test]
async fn what_a_reader_does_not_know_is_stepped_over_and_all_is_asked_for_anew() {
    let platform = platform::start(Options::default().without_workers()).await;
    let (proxy, client) = behind_a_proxy(&platform, Manners::SpeaksNewer).await;
    let mut stream = client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    let photo = platform.add(1, false).await.remove(0);
    platform.client.delete_photo(photo.id).await.expect("deleted");
    let mut told = Vec::new();
    while told.last() != Some(&Happened::PhotoDeleted { id: photo.id }) {
        let StreamItem::Event(event) = next(&mut stream).await else { panic!("the stream stands") };
        told.push(event.what);
    }
    assert_eq!(told, [Happened::Resync, Happened::PhotoDeleted { id: photo.id }]);
    assert_eq!(proxy.streams(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_do_not_cease_keep_no_event_back() {
    let platform = platform::start(Options::default().without_workers()).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(next(&mut stream).await, StreamItem::Connected));
    let core = std::sync::Arc::clone(platform.host.core());
    let flood = tokio::spawn(async move {
        loop {
            // Nobody may listen yet.
            let _listeners = core.news.send(Happened::BundledWait { why: None });
            tokio::task::yield_now().await;
        }
    });
    let photo = platform.add(1, false).await.remove(0);
    let told = read_until(&mut stream, |event| matches!(&event.what, Happened::PhotoAdded(added) if added.id == photo.id));
    tokio::time::timeout(Duration::from_secs(90), told).await.expect("it comes between the news");
    flood.abort();
}
