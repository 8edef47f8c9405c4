//! Events: how soon they are at the clients and on screen, what a window costs while a thousand a second come, and
//! what an hour of them leaves in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use minerva_console::client::event::StreamItem;
use minerva_console::gui::ctx::{LiveView, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::platform::domain::Core;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::event::Happened;
use minerva_console::wire::job::{Job, JobState};

use crate::support::area::{self, AreaState, Window};
use crate::support::canned;
use crate::support::console::Console;
use crate::support::platform::{self, Options};
use crate::{percentile_ms, report, runtime};

const EVENTS: usize = 500;
const CHANGES: usize = 100;
const JOBS: usize = 100_000;
const EVENTS_A_SECOND: usize = 1_000;
const FRAMES_A_SECOND: usize = 60;
const FRAMES: usize = 600;

/// From just before the event is written until the client has it.
pub fn delivery() {
    for clients in [1, 200] {
        let mut times = runtime().block_on(deliver(clients));
        report(&format!("Event published to client, {clients} clients, p50"), percentile_ms(&mut times, 0.5), "ms");
        report("    p99", percentile_ms(&mut times, 0.99), "ms");
        report("    longest", percentile_ms(&mut times, 1.0), "ms");
    }
}

async fn deliver(clients: usize) -> Vec<Duration> {
    let platform = platform::start(Options::default().without_workers()).await;
    let published: Arc<Mutex<HashMap<i64, Instant>>> = Arc::default();
    let mut readers = Vec::new();
    for _ in 0..clients {
        let mut stream = platform.client.follow_events(None, || {});
        assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));
        readers.push(tokio::spawn(async move {
            let mut received = Vec::new();
            while received.len() < EVENTS {
                if let StreamItem::Event(event) = stream.recv().await.expect("the stream stands") {
                    received.push((event.id, Instant::now()));
                }
            }
            received
        }));
    }
    for n in 0..EVENTS {
        let begun = Instant::now();
        let id = tell(platform.host.core(), n).await;
        published.lock().expect("published").insert(id, begun);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut times = Vec::new();
    for reader in readers {
        let received = reader.await.expect("read");
        let published = published.lock().expect("published");
        times.extend(received.iter().map(|(id, at)| at.saturating_duration_since(published[id])));
    }
    times
}

async fn tell(core: &Core, n: usize) -> i64 {
    let mut change = core.change().await.expect("a change");
    let id = change.tell_instead_of(None, &job(n)).await.expect("told");
    change.commit().await.expect("committed");
    id
}

fn job(n: usize) -> Happened {
    Happened::JobChanged(Job { state: JobState::ALL[n % JobState::ALL.len()], ..canned::job(n % JOBS) })
}

/// From the request that changes something until the window shows it; frames are drawn one after the other.
pub fn on_screen() {
    let mut console = Console::open(Options::default().without_workers());
    let client = console.client();
    let mut times = Vec::new();
    for n in 0..CHANGES {
        let (state, says) = if n % 2 == 0 { (PipelineState::Paused, "Pipeline paused") } else { (PipelineState::Running, "Pipeline running") };
        let begun = Instant::now();
        console.block_on(client.set_pipeline_state(SetPipelineState { state })).expect("set");
        while !console.says(says) {
            console.harness.step();
        }
        times.push(begun.elapsed());
    }
    report("Change made to change on screen, p50", percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}

/// Live status with a hundred thousand jobs behind it, at sixty frames a second.
pub fn frames_under_load() {
    let runtime = runtime();
    let (client, _canned) = canned::start(&runtime, JOBS);
    let mut window = area::show(LiveStatus::default(), &client, &runtime, canned::now(), Window::default());
    area::wait_until(&mut window, "the figures are there", |window| {
        egui_kittest::kittest::Queryable::query_all_by_label_contains(window, "Throughput").next().is_some()
    });
    for (name, events) in [("no events", 0), ("1,000 events/s", EVENTS_A_SECOND / FRAMES_A_SECOND + 1)] {
        let mut told = 0;
        let mut times: Vec<Duration> = (0..FRAMES).map(|_| frame(&mut window, events, &mut told)).collect();
        report(&format!("Frame of Live status, {JOBS} jobs, {name}, p50"), percentile_ms(&mut times, 0.5), "ms");
        report("    p99", percentile_ms(&mut times, 0.99), "ms");
    }
}

/// Takes in so many events and draws, down to triangles.
fn frame(window: &mut Harness<'_, AreaState<LiveStatus>>, events: usize, told: &mut usize) -> Duration {
    for _ in 0..events {
        *told += 1;
        window.state_mut().happen(job(*told * 7_919));
    }
    let begun = Instant::now();
    window.step();
    let output = window.output();
    let triangles = window.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let took = begun.elapsed();
    assert!(!triangles.is_empty(), "something is drawn");
    took
}

/// What the window keeps of an hour at a thousand events a second, with the feed open.
pub fn memory_after_an_hour() {
    let runtime = runtime();
    let platform = runtime.block_on(platform::start(Options::default().without_workers()));
    let mut window = area::show(LiveStatus::default(), &platform.client, &runtime, canned::now(), Window::default());
    window.state_mut().go_to(Route::Live(LiveView::Events));
    area::wait_until(&mut window, "the feed is there", |window| {
        egui_kittest::kittest::Queryable::query_all_by_label_contains(window, "Pause the feed").next().is_some()
    });
    let (mut told, mut sizes) = (0, Vec::new());
    // A minute to fill what is bounded, then the hour.
    for minutes in [1, 59] {
        for _ in 0..minutes * 60 {
            frame(&mut window, EVENTS_A_SECOND, &mut told);
        }
        sizes.push(resident_mb());
    }
    report("Events taken in", told as f64, "events");
    report("Resident after one minute of them", sizes[0], "MB");
    report("    after an hour", sizes[1], "MB");
}

/// Of this process; 0 where the system does not say.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
