//! What a cell does while it is asked: told to who listens, without an id, and never kept.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use minerva_console::client::event::StreamItem;
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::event::{Event, Happened};
use minerva_console::wire::result::FaultKind;
use minerva_console::wire::run::{CellNow, CellState, Run, RunPrompt, RunState, StartRun};
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

const PATIENCE: Duration = Duration::from_secs(20);

/// A platform whose Gemini answers at once and whose `OpenAI` asks to wait a second first.
async fn start(stub: &ProviderStub) -> TestPlatform {
    let told = [(Wire::Gemini, "good"), (Wire::OpenAi, "limited-seconds")];
    let endpoint = |(wire, scenario): (Wire, &str)| Endpoint {
        name: wire.name().to_owned(),
        base: Some(stub.base_as(wire, scenario)),
        limits: Limits::default(),
    };
    let endpoints = told.into_iter().map(endpoint).collect();
    let keys: HashMap<_, _> = told.iter().map(|(wire, _)| (wire.name().to_owned(), SecretString::from(wire.key()))).collect();
    let keys = Keys::new(keys, false);
    let settings = ProviderSettings { endpoints, on_device_threads: 1, book: PriceBook::shipped() };
    let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() };
    platform::start(options.without_workers()).await
}

/// A platform whose Gemini answers every question as the scenario has it, within these limits.
async fn start_as(stub: &ProviderStub, scenario: &str, limits: Limits) -> TestPlatform {
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits };
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), SecretString::from(Wire::Gemini.key()))]), false);
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() };
    platform::start(options.without_workers()).await
}

/// Whoever comes when a call is under way asks for the cells, and is told what they wait for.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_is_told_what_a_cell_waits_for() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start_as(&stub, "error-500", Limits::default()).await;
    let run = ask(&platform, 1, &["gemini/gemini-3.5-flash-lite"]).await;
    until("the wait for another try", || async {
        let page = platform.client.run_cells(run.id, None).await.expect("cells");
        let now = page.now.get(&page.items[0].id)?.clone();
        let CellNow::Retrying { wait_ms, kind } = now else { return None };
        assert_eq!((page.items[0].state, kind), (CellState::Running, FaultKind::Server));
        assert!(wait_ms < 10_000, "{wait_ms}");
        Some(())
    })
    .await;
    until("the end", || async { (platform.client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
    assert!(platform.client.run_cells(run.id, None).await.expect("cells").now.is_empty(), "nothing is told of a cell after its end");
}

/// One call a minute: the second waits for the bucket, the others for their turn behind it. All are told to wait.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_waits_for_a_turn_says_so() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start_as(&stub, "good", Limits { requests_per_minute: Some(1), ..Limits::default() }).await;
    let photos = platform.add(5, false).await;
    let start = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        photo_set: None,
        models: vec!["gemini/gemini-3.5-flash-lite".to_owned()],
        repeats: 1,
        concurrency: 8,
        ask_again: false,
    };
    let run = platform.client.start_run(&start).await.expect("started");
    until("one answer, and four that wait", || async {
        let page = platform.client.run_cells(run.id, None).await.expect("cells");
        let waiting = page.now.values().filter(|now| **now == CellNow::Waiting).count();
        (waiting == 4 && page.items.iter().filter(|cell| cell.answer.is_some()).count() == 1).then_some(())
    })
    .await;
    platform.client.cancel_run(run.id).await.expect("cancelled");
}

/// One photo under one prompt on these models.
async fn ask(platform: &TestPlatform, seed: u8, models: &[&str]) -> Run {
    let photo = (format!("{seed}.jpg"), platform::jpeg(64, 48, seed));
    let added = platform.client.add_photos(vec![photo], false).await.expect("added").added;
    let start = StartRun {
        name: String::new(),
        photo_ids: vec![added[0].id],
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        photo_set: None,
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    };
    platform.client.start_run(&start).await.expect("started")
}

fn ends(event: &Event, run: &Run) -> bool {
    matches!(&event.what, Happened::RunChanged(changed) if changed.id == run.id && changed.state == RunState::Completed)
}

/// The stream as it comes over the wire, to the end of the run: the data of every event and whether it had an id of its own.
async fn read_raw(response: reqwest::Response, run: &Run) -> Vec<(Event, bool)> {
    let (mut text, mut seen) = (String::new(), Vec::new());
    let mut bytes = response.bytes_stream();
    loop {
        let chunk = tokio::time::timeout(PATIENCE, bytes.next()).await.expect("in time").expect("the stream stands").expect("bytes");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        while let Some(end) = text.find("\n\n") {
            let block: String = text.drain(..end + 2).collect();
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data:")) else { continue };
            let event: Event = serde_json::from_str(data).expect("an event");
            let id = block.lines().find_map(|line| line.strip_prefix("id:")).map(|id| id.trim().parse::<i64>().expect("a number"));
            assert!(id.is_none_or(|id| id == event.id), "{block}");
            let is_last = ends(&event, run);
            seen.push((event, id.is_some()));
            if is_last {
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn who_listens_hears_texts_and_waits_between_the_events_that_are_kept() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let url = platform.host.base().join("api/ai/dashboard/events").expect("a URL");
    let request = reqwest::Client::new().get(url).bearer_auth(platform.host.token().expose_secret());
    let response = request.send().await.expect("an answer");
    let run = ask(&platform, 1, &["gemini/gemini-3.5-flash-lite", "openai/gpt-6-luna"]).await;
    let seen = read_raw(response, &run).await;

    let (mut last, mut ended, mut news) = (0, HashSet::new(), HashMap::<_, Vec<CellNow>>::new());
    for (event, has_id) in &seen {
        assert_eq!(*has_id, event.what.is_kept(), "{event:?}");
        match &event.what {
            Happened::CellNews { run_id, cell_id, news: now } => {
                assert_eq!((*run_id, event.id), (run.id, last), "the place of the event before it");
                assert!(!ended.contains(cell_id), "nothing is told of a cell after its end: {event:?}");
                news.entry(*cell_id).or_default().push(now.clone());
            }
            Happened::CellChanged(cell) if cell.state == CellState::Completed => {
                ended.insert(cell.id);
            }
            _ => {}
        }
        last = event.id;
    }
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    assert!(cells.len() == 2 && cells.iter().all(|cell| cell.answer.is_some()), "{cells:?}");
    for cell in &cells {
        let told = news.get(&cell.id).expect("both cells were told of");
        let has_text = |now: &CellNow| matches!(now, CellNow::Text { text } if text.starts_with("{\"caption\""));
        assert!(told.contains(&CellNow::Asking) && told.iter().any(has_text), "{told:?}");
        let waits: Vec<u64> = told
            .iter()
            .filter_map(|now| match now {
                CellNow::Retrying { wait_ms, kind: FaultKind::RateLimited } => Some(*wait_ms),
                _ => None,
            })
            .collect();
        assert_eq!(waits.len(), usize::from(cell.column == 1), "{told:?}");
        assert!(waits.iter().all(|ms| (1_000..3_000).contains(ms)), "{waits:?}");
    }
}

/// The stream as the client gives it, to the end of the run.
async fn read(stream: &mut tokio::sync::mpsc::Receiver<StreamItem>, run: &Run) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let item = tokio::time::timeout(PATIENCE, stream.recv()).await.expect("in time").expect("a stream");
        let StreamItem::Event(event) = item else { continue };
        let is_last = ends(&event, run);
        seen.push(*event);
        if is_last {
            return seen;
        }
    }
}

#[tokio::test]
async fn the_client_hears_news_and_who_comes_later_hears_only_what_was_kept() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let mut live = platform.client.follow_events(None, || {});
    assert!(matches!(live.recv().await, Some(StreamItem::Connected)));
    let run = ask(&platform, 1, &["gemini/gemini-3.5-flash-lite"]).await;
    let heard = read(&mut live, &run).await;
    assert!(heard.iter().any(|event| !event.what.is_kept()), "{heard:?}");
    let mut late = platform.client.follow_events(Some(heard[0].id), || {});
    let reread = read(&mut late, &run).await;
    assert!(reread.iter().all(|event| event.what.is_kept()), "{reread:?}");
    assert_eq!(heard.last(), reread.last());
}

#[tokio::test]
async fn nobody_listens_and_nothing_is_streamed() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let run = ask(&platform, 1, &["gemini/gemini-3.5-flash-lite"]).await;
    assert_eq!(until_asked(&platform, &stub, &run).await, [false]);
    let mut live = platform.client.follow_events(None, || {});
    assert!(matches!(live.recv().await, Some(StreamItem::Connected)));
    let run = ask(&platform, 2, &["gemini/gemini-3.5-flash-lite"]).await;
    assert_eq!(until_asked(&platform, &stub, &run).await, [false, true]);
}

/// Whether each question so far was to be answered in a stream, when the run has ended.
async fn until_asked(platform: &TestPlatform, stub: &ProviderStub, run: &Run) -> Vec<bool> {
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
    stub.traffic().all().into_iter().filter(|seen| seen.is_question).map(|seen| seen.is_streamed).collect()
}
