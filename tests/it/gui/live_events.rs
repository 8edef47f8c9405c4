//! Live status: the feed of events.

use std::sync::Arc;

use chrono::TimeDelta;
use egui::Theme;
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::gui::ctx::{Command, LinkState, LiveView, Moment, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::platform::domain::Clock as _;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::job::{Job, JobState};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::pointer::{self, click_label as click};

type Console = Harness<'static, AreaState<LiveStatus>>;

struct Story {
    console: Console,
    platform: TestPlatform,
    /// Dropped last: the platform runs on it.
    runtime: tokio::runtime::Runtime,
}

/// A console on a platform where these things happened, three seconds apart, the last just now.
fn story(happened: &[Happened], window: Window) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock = TestClock::at(canned::now() - TimeDelta::seconds(3 * happened.len() as i64 + 3));
    let platform = runtime.block_on(async {
        let platform = platform::start(Options { clock: Arc::clone(&clock) as _, ..Options::default().without_workers() }).await;
        for what in happened {
            clock.advance(TimeDelta::seconds(3));
            tell(&platform, std::slice::from_ref(what)).await;
        }
        platform
    });
    clock.advance(canned::now() - clock.now());
    let mut console = area::show(LiveStatus::default(), &platform.client, &runtime, canned::now(), window);
    console.state_mut().go_to(Route::Live(LiveView::Events));
    wait_until(&mut console, "the events are there", |console| has(console, "changed at once") || has(console, "is queued"));
    Story { console, platform, runtime }
}

async fn tell(platform: &TestPlatform, happened: &[Happened]) {
    let mut change = platform.host.core().change().await.expect("a change");
    for what in happened {
        change.tell(what).await.expect("told");
    }
    change.commit().await.expect("committed");
}

fn has(console: &Harness<'_, AreaState<LiveStatus>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

/// The row that says this, as a whole.
fn click_row(console: &mut Console, words: &str) {
    pointer::click(console, |shown| {
        shown
            .query_by(|node| node.role() == egui::accesskit::Role::Button && node.label().is_some_and(|label| label.contains(words)))
            .map(|node| node.rect())
    });
}

fn job(n: usize, state: JobState) -> Happened {
    Happened::JobChanged(Job { state, ..canned::job(n) })
}

/// One of each sort.
fn everything() -> Vec<Happened> {
    let (mut happened, runtime) = (Vec::new(), tokio::runtime::Runtime::new().expect("a runtime"));
    runtime.block_on(async {
        let clock = TestClock::at(canned::now());
        let platform = platform::start(Options { clock, ..Options::default().without_workers() }).await;
        let photo = platform.add(1, false).await.remove(0);
        happened.push(Happened::PhotoAdded(photo));
        happened.push(Happened::PhotoDeleted { id: PhotoId::fresh() });
        let changed = platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
        happened.push(Happened::ConfigChanged { config: changed.config, change: changed.change });
        let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
        let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
        happened.push(Happened::PromptChanged(prompt));
        happened.push(Happened::PromptVersionSaved(version));
    });
    happened.extend([JobState::Pending, JobState::Processing, JobState::Completed].map(|state| job(9, state)));
    happened.extend([
        job(7, JobState::Failed),
        job(5, JobState::RetryWait),
        job(12, JobState::Cancelled),
        Happened::JobsChanged { changed: 1_204, is_undo: false },
    ]);
    happened
}

#[test]
fn everything_that_happens_is_told_in_words_and_leads_to_its_thing() {
    let mut story = story(&everything(), Window::default());
    let console = &mut story.console;
    let done = format!("{} is done", canned::job(9).file_name);
    for said in ["0.jpg was added", "A photo was deleted", "Pipeline paused", "was edited", "v1 was saved", &done, "1,204 jobs changed at once"] {
        assert!(has(console, said), "{said}");
    }
    click_row(console, "0.jpg was added");
    console.run_steps(3);
    click_row(console, "v1 was saved");
    console.run_steps(3);
    let sent = &console.state().sent;
    assert!(matches!(&sent[..], [Command::GoTo(Route::Photo(_)), Command::GoTo(Route::Prompt(_))]), "{sent:?}");
    click_row(console, "is done");
    wait_until(console, "the job's details", |console| has(console, "Close the details"));
}

#[test]
fn the_feed_is_narrowed_by_topic_and_words() {
    let mut story = story(&everything(), Window::default());
    let console = &mut story.console;
    click(console, "Events: Prompts");
    wait_until(console, "prompts alone", |console| has(console, "was edited") && !has(console, "is done"));
    click(console, "Events: All");
    wait_until(console, "all", |console| has(console, "is done"));
    console.get_by_label("Search events").focus();
    console.run_steps(2);
    console.event(egui::Event::Text("FAILED gemini".to_owned()));
    wait_until(console, "what is searched for", |console| has(console, " failed") && !has(console, "is done"));
    console.event(egui::Event::Text(" nothing like this".to_owned()));
    wait_until(console, "an empty feed", |console| has(console, "No event of the last day matches"));
    click(console, "Show all events");
    wait_until(console, "all", |console| has(console, "is done"));
}

#[test]
fn a_paused_feed_stands_still_and_says_how_many_wait() {
    let mut story = story(&everything(), Window::default());
    let console = &mut story.console;
    assert!(has(console, "Live"));
    click(console, "Pause the feed");
    for n in 20..23 {
        console.state_mut().happen(job(n, JobState::Completed));
    }
    wait_until(console, "they are counted", |console| has(console, "Go on with 3 more"));
    assert!(has(console, "Paused") && !has(console, &canned::job(22).file_name));
    click(console, "Go on with 3 more");
    wait_until(console, "they are shown", |console| has(console, &canned::job(22).file_name));
    let (why, retry_at) = ("refused".to_owned(), std::time::Instant::now());
    console.state_mut().link = LinkState::Lost { why, is_refused: false, since: Moment::now(), retry_at };
    wait_until(console, "it is stale", |console| has(console, "Stale"));
    console.state_mut().link = LinkState::Polling { why: "a proxy".to_owned(), last_event: Moment::now() };
    wait_until(console, "it is asked for", |console| has(console, "Polling"));
}

#[test]
fn older_events_come_as_one_scrolls_and_newer_ones_do_not_push() {
    let happened: Vec<Happened> = (0..4).map(|n| job(n, JobState::Pending)).collect();
    let mut story = story(&happened, Window::default());
    let jobs: Vec<Happened> = (100..1_300).map(|n| job(n, JobState::Completed)).collect();
    story.runtime.block_on(tell(&story.platform, &jobs));
    let console = &mut story.console;
    console.state_mut().command(Command::Reload);
    wait_until(console, "the newest on top", |console| has(console, &canned::job(1_299).file_name));
    assert!(!has(console, &canned::job(0).file_name), "far below");
    let over_the_rows = egui::pos2(640.0, 640.0);
    console.hover_at(over_the_rows);
    let first = format!("{} is queued", canned::job(0).file_name);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !(has(console, &first) && has(console, "No older events")) {
        assert!(std::time::Instant::now() < deadline, "the first event of all is never reached");
        console.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -6_000.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        });
        console.run_steps(10);
    }
    console.state_mut().happen(job(20, JobState::Completed));
    wait_until(console, "it is announced", |console| has(console, "1 new event"));
    assert!(has(console, "No older events"), "what is read stays where it is");
    click(console, "1 new event");
    wait_until(console, "it is shown", |console| has(console, &format!("{} is done", canned::job(20).file_name)));
}

#[test]
fn pictures_of_the_feed() {
    let mut results = SnapshotResults::new();
    for (name, window) in [
        ("live_events_dark", Window::default()),
        ("live_events_light", Window { theme: Theme::Light, ..Window::default() }),
        ("live_events_small", Window { size: [900.0, 560.0], ..Window::default() }),
        ("live_events_150", Window { pixels_per_point: 1.5, ..Window::default() }),
    ] {
        let mut story = story(&everything(), window);
        story.console.remove_cursor();
        story.console.run_steps(8);
        story.console.snapshot(name);
        results.extend_harness(&mut story.console);
    }
}
