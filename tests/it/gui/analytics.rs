//! Analytics: figures, plots, the models beside each other.

use egui::{Key, Theme};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::gui::analytics::Analytics;
use minerva_console::gui::ctx::{Command, Route};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;
use crate::support::pointer;

type Console = Harness<'static, AreaState<Analytics>>;

struct Story {
    console: Console,
    platform: canned::Shared,
    /// Dropped last: the platform runs on it.
    _runtime: tokio::runtime::Runtime,
}

/// Analytics on a platform that was set up first.
fn story(window: Window, set_up: impl FnOnce(&mut canned::Canned)) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, platform) = canned::start(&runtime, 0);
    set_up(&mut platform.lock().expect("platform"));
    let console = area::show(Analytics::default(), &client, &runtime, canned::now(), window);
    Story { console, platform, _runtime: runtime }
}

fn ready_story() -> Story {
    let mut story = story(Window { size: [1280.0, 960.0], ..Window::default() }, |_| {});
    wait_until(&mut story.console, "the figures", |console| has(console, "By model"));
    story
}

fn has(console: &Harness<'_, AreaState<Analytics>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn the_range_is_summed_up_and_what_is_not_known_of_the_cost_is_said() {
    let mut story = ready_story();
    for said in ["Latency p50: 640 ms", "Mean confidence: 73 %", "Cost: $0.1564 . unknown for 409 of", "unknown"] {
        assert!(has(&story.console, &said.replace(" .", ".")), "{said}");
    }
    wait_until(&mut story.console, "the range before", |console| has(console, "the day before"));
}

#[test]
fn the_range_is_chosen_and_the_figures_follow() {
    let mut story = ready_story();
    pointer::click_label(&mut story.console, "Last 7 d");
    wait_until(&mut story.console, "the week", |console| has(console, "the week before"));
    pointer::click_label(&mut story.console, "Last 1 h");
    wait_until(&mut story.console, "the hour", |console| has(console, "the hour before"));
}

/// Words that are painted and are no widgets, such as an axis has.
fn painted(console: &Harness<'_, AreaState<Analytics>>) -> Vec<String> {
    fn words(shape: &egui::Shape, found: &mut Vec<String>) {
        match shape {
            egui::Shape::Text(text) => found.push(text.galley.text().to_owned()),
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| words(shape, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    console.output().shapes.iter().for_each(|clipped| words(&clipped.shape, &mut found));
    found
}

#[test]
fn the_axis_of_a_cost_of_nothing_begins_at_nothing_and_stays_small() {
    let mut story = story(Window { size: [1280.0, 960.0], ..Window::default() }, |canned| canned.is_free = true);
    wait_until(&mut story.console, "the figures", |console| has(console, "By model"));
    let words = painted(&story.console);
    assert!(!words.iter().any(|word| word.contains("$1,000") || word.starts_with("-$") || word.starts_with("−$")), "{words:?}");
    assert!(words.iter().any(|word| word.starts_with("$0.0")), "{words:?}");
}

#[test]
fn a_cursor_walks_over_the_steps_by_keyboard_in_all_plots_at_once() {
    let mut story = ready_story();
    let console = &mut story.console;
    assert!(!has(console, "p50 "), "no value before there is a cursor");
    console.get_by_label("Results over time").focus();
    console.run_steps(2);
    console.key_press(Key::ArrowLeft);
    console.run_steps(3);
    let first = canned::now().with_timezone(&chrono::Local).format("%H:%M").to_string();
    assert_eq!(console.query_all_by_label_contains(&format!("{first} –")).count(), 4, "the newest step, over every plot");
    console.key_press(Key::ArrowLeft);
    console.run_steps(3);
    let second = (canned::now() - chrono::Duration::minutes(15)).with_timezone(&chrono::Local).format("%H:%M").to_string();
    assert_eq!(console.query_all_by_label_contains(&format!("{second} – {first}")).count(), 4);
}

#[test]
fn the_latency_of_one_model_can_be_looked_at_alone() {
    let mut story = ready_story();
    pointer::click_label(&mut story.console, "Latency of All models");
    story.console.run_steps(3);
    // The entry of the list that opened, which is drawn after everything else.
    pointer::click(&mut story.console, |shown| shown.query_by_role_and_label(egui::Role::Button, "on-device").map(|node| node.rect()));
    story.console.run_steps(3);
    assert!(has(&story.console, "Latency of on-device"));
}

#[test]
fn models_are_sorted_by_a_click_on_a_column() {
    let mut story = ready_story();
    let console = &mut story.console;
    let above = |console: &Console, one: &str, other: &str| {
        let lowest = |name: &str| console.query_all_by_label(name).map(|node| node.rect().top()).fold(0.0, f32::max);
        lowest(one) < lowest(other)
    };
    assert!(above(console, "on-device", "gemini/gemini-3.8-flash"), "most results first");
    pointer::click_label(console, "Sort by Latency p50");
    console.run_steps(3);
    assert!(above(console, "gemini/gemini-3.8-pro", "on-device"), "slowest first");
    pointer::click_label(console, "Sort by Latency p50");
    console.run_steps(3);
    assert!(above(console, "on-device", "gemini/gemini-3.8-flash"), "fastest first");
}

#[test]
fn a_range_without_results_says_so_and_offers_more() {
    let mut story = story(Window::default(), |platform| platform.has_results = false);
    wait_until(&mut story.console, "the sentence", |console| has(console, "No results in this range yet"));
    pointer::click_label(&mut story.console, "Show the last 30 days");
    wait_until(&mut story.console, "the month is empty too", |console| has(console, "Add photos…"));
    pointer::click_label(&mut story.console, "Add photos…");
    story.console.run_steps(3);
    assert_eq!(story.console.state().sent, [Command::AddPhotos]);
}

#[test]
fn trouble_is_told_and_tried_again() {
    let mut story = story(Window::default(), |platform| platform.is_broken = true);
    wait_until(&mut story.console, "the trouble", |console| has(console, "The disk is full"));
    story.platform.lock().expect("platform").is_broken = false;
    pointer::click_label(&mut story.console, "Try again");
    wait_until(&mut story.console, "the figures", |console| has(console, "By model"));
}

#[test]
fn a_link_leads_to_its_plot_in_a_small_window() {
    let mut story = story(Window { size: [824.0, 640.0], ..Window::default() }, |_| {});
    wait_until(&mut story.console, "the figures", |console| has(console, "Results over time"));
    let below = story.console.get_by_label("Cost over time").rect();
    assert!(below.bottom() > 640.0, "the plot is out of sight first");
    story.console.state_mut().go_to(Route::Cost);
    wait_until(&mut story.console, "the plot is in sight", |console| console.get_by_label("Cost over time").rect().bottom() <= 640.0);
}

#[test]
fn analytics_looks_as_it_should() {
    // The time axis shows local time.
    let ahead_s = chrono::Local::now().offset().local_minus_utc();
    assert_eq!(ahead_s, 0, "the pictures were taken in UTC: run tests/run, or set TZ=UTC");
    let mut results = SnapshotResults::new();
    let window = Window { size: [1280.0, 960.0], ..Window::default() };
    for (name, window) in [
        ("analytics_dark", window),
        ("analytics_light", Window { theme: Theme::Light, ..window }),
        ("analytics_small", Window { size: [824.0, 640.0], ..window }),
        ("analytics_150", Window { size: [1060.0, 700.0], theme: Theme::Light, pixels_per_point: 1.5 }),
    ] {
        let mut story = story(window, |_| {});
        wait_until(&mut story.console, "the figures", |console| has(console, "Latency over time") && has(console, "before"));
        story.console.get_by_label("Results over time").hover();
        story.console.run_steps(4);
        story.console.remove_cursor();
        story.console.run_steps(2);
        story.console.snapshot(name);
        results.extend_harness(&mut story.console);
    }
}
