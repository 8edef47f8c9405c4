//! Live status over time: depth, throughput and waits of an invented history, by range, by key, by picture.

use std::sync::Arc;

use egui::{Key, Theme};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::client::Client;
use minerva_console::gui::ctx::{LiveView, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::platform::domain::Clock as _;
use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host;
use minerva_console::wire::metric::{MetricQuery, MetricType};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::pointer;

type Console = Harness<'static, AreaState<LiveStatus>>;

struct Story {
    platform: TestPlatform,
    clock: Arc<TestClock>,
    runtime: tokio::runtime::Runtime,
}

impl Story {
    /// A platform with so many results of ninety days up to noon.
    fn begin(results: u64) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let clock = TestClock::at_noon();
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).expect("a folder");
        let asked = Generate { results, seed: 7 };
        let options = Options { clock: clock.clone(), ..Options::default() }.without_workers();
        let platform = runtime.block_on(async {
            host::generate(&data.join(host::DATABASE_FILE), clock.clone(), &asked, |_| {}).await.expect("generated");
            platform::start_in(folder, options).await.expect("the platform starts")
        });
        Self { platform, clock, runtime }
    }

    fn client(&self) -> &Client {
        &self.platform.client
    }

    fn look(&self, theme: Theme, size: [f32; 2]) -> Console {
        let window = Window { size, theme, ..Window::default() };
        let mut console = area::show(LiveStatus::default(), self.client(), &self.runtime, self.clock.now(), window);
        console.state_mut().go_to(Route::Live(LiveView::Plots));
        wait_until(&mut console, "the plots are there", |console| has(console, "Queue depth over time") && has(console, "Throughput: "));
        console
    }
}

fn has(console: &Harness<'_, AreaState<LiveStatus>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn the_cursor_says_what_the_platform_measured_in_each_step() {
    let story = Story::begin(8_000);
    let mut console = story.look(Theme::Dark, [1280.0, 1000.0]);
    pointer::click_label(&mut console, "Last 7 d");
    console.run_steps(2);
    wait_until(&mut console, "the week is there", |console| has(console, "Throughput over time"));
    let end = story.clock.now() + chrono::TimeDelta::seconds(30) + chrono::TimeDelta::minutes(119);
    let query = MetricQuery {
        at: None,
        metric_type: Some("throughput_per_hour".to_owned()),
        from: Some(end - chrono::TimeDelta::days(7)),
        to: Some(end),
        step: Some("2h".to_owned()),
        provider: None,
    };
    let seen = story.runtime.block_on(story.client().metrics(&query)).expect("metrics").metrics;
    assert!(seen.iter().all(|metric| metric.metric_type == MetricType::ThroughputPerHour));
    let busiest = seen.iter().map(|metric| metric.metric_value).fold(0.0, f64::max);
    assert!(busiest >= 3.0, "the history is not empty: {busiest}");
    // The last step began at noon, half a minute ago.
    let plot = console.get_by_label("Throughput over time");
    plot.focus();
    console.run_steps(2);
    console.key_press(Key::ArrowLeft);
    console.run_steps(2);
    assert!(has(&console, "12:00 – 14:00"), "the step is named");
    console.key_press(Key::ArrowLeft);
    console.run_steps(2);
    assert!(has(&console, "10:00 – 12:00"));
}

#[test]
fn a_platform_that_did_nothing_says_so() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let platform = runtime.block_on(platform::start(Options::default().without_workers()));
    let mut console = area::show(LiveStatus::default(), &platform.client, &runtime, chrono::Utc::now(), Window::default());
    console.state_mut().go_to(Route::Live(LiveView::Plots));
    wait_until(&mut console, "it is said", |console| has(console, "Nothing was done in this time"));
}

#[test]
fn pictures_of_the_plots() {
    let story = Story::begin(20_000);
    let mut results = SnapshotResults::new();
    for (theme, name) in crate::support::console::THEMES {
        let mut console = story.look(theme, [1280.0, 900.0]);
        pointer::click_label(&mut console, "Last 24 h");
        console.run_steps(2);
        wait_until(&mut console, "the day is there", |console| has(console, "Throughput over time"));
        console.run_steps(4);
        console.snapshot(format!("live_status_plots_{name}"));
        results.extend_harness(&mut console);
    }
    let mut console = story.look(Theme::Dark, [1024.0, 640.0]);
    console.run_steps(4);
    console.snapshot("live_status_plots_small_hour");
    results.extend_harness(&mut console);
}
