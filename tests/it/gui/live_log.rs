//! Live status: the log is followed, filtered, searched, paused and copied.

use chrono::TimeDelta;
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::platform::domain::Log;
use minerva_console::wire::log::LogLevel;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::Options;
use crate::support::scripted::Scripted;

/// Level, message and fields.
type Said = (LogLevel, &'static str, &'static [(&'static str, &'static str)]);

const LINES: [Said; 7] = [
    (LogLevel::Info, "the platform listens", &[("address", "127.0.0.1:40123")]),
    (LogLevel::Debug, "a request was answered", &[("method", "GET"), ("path", "/api/ai/photos"), ("status", "200"), ("ms", "3")]),
    (LogLevel::Debug, "a job begins", &[("photo", "harbour_at_dawn.jpg"), ("model", "gemini/gemini-3.8-flash")]),
    (LogLevel::Warn, "the provider asks to wait", &[("provider", "gemini"), ("wait_ms", "7000"), ("request_id", "req-9f31")]),
    (LogLevel::Error, "a photo could not be stored", &[("error", "the disk is full")]),
    (LogLevel::Trace, "polled", &[]),
    (
        LogLevel::Info,
        "a line that is much too long for a small window, goes on and on, and is therefore cut with an ellipsis at the end",
        &[("photo", "one_with_a_long_name_too.jpg"), ("model", "on-device")],
    ),
];

fn console(look: Look) -> (Console, Log) {
    let log = Log::default();
    for (n, (level, message, fields)) in LINES.into_iter().enumerate() {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        log.push(fixed_now() + TimeDelta::milliseconds(n as i64 * 1_234), level, "minerva_console::platform", message.to_owned(), fields);
    }
    let mut console = Console::open_looking(
        Options { log: log.clone(), clock: TestClock::at(fixed_now()), ..Options::with_providers(vec![Scripted::new()]) },
        look,
    );
    console.command(Command::GoTo(Route::Live(LiveView::Log)));
    console.wait_for("7 lines");
    (console, log)
}

#[test]
fn what_was_logged_before_this_start_stands_above_it_and_says_so() {
    let earlier = minerva_console::wire::log::LogEntry {
        id: 0,
        at: fixed_now() - TimeDelta::hours(30),
        level: LogLevel::Error,
        target: "minerva_console::platform".to_owned(),
        message: "the disk was full".to_owned(),
        fields: Vec::new(),
        before_start: true,
    };
    let log = Log::beside(std::path::Path::new("/home/ada/minerva/logs"), vec![earlier]);
    log.push(fixed_now(), LogLevel::Info, "minerva_console::platform", "the platform answers".to_owned(), Vec::new());
    let mut console = Console::open(Options { log, ..Options::default().without_workers() });
    console.command(Command::GoTo(Route::Live(LiveView::Log)));
    console.wait_for("2 lines");
    let top = |label: &str| console.harness.get_by_label(label).rect().top();
    assert!(top("error: the disk was full, before this start") < top("info: the platform answers"));
}

#[test]
fn the_log_is_followed_filtered_searched_and_paused() {
    let (mut console, log) = console(Look::default());
    console.wait_for("error: a photo could not be stored");
    console.click("Log: Warnings");
    console.wait_for("2 of 7 lines");
    assert!(!console.says("the platform listens"));
    console.click("Log: Everything");
    console.fill("Search the log", "REQ-9F31");
    console.wait_for("1 of 7 lines");
    console.fill("Search the log", "nobody says this");
    console.wait_for("No line matches");
    console.click("Show all lines");
    console.wait_for("7 lines");
    let say = |message: &str| log.push(fixed_now(), LogLevel::Info, "test", message.to_owned(), Vec::new());
    say("something new");
    console.wait_for("something new");
    console.click("Pause the log");
    say("not yet to be seen");
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    console.steps();
    assert!(!console.says("not yet to be seen"));
    console.click("Go on");
    console.wait_for("not yet to be seen");
    console.click("Copy the lines");
    console.wait_for("Copied 9 lines");
}

fn pictures(name: &str, look: Look) {
    let (mut console, _log) = console(look);
    console.wait_for("error: a photo could not be stored");
    console.picture(&format!("live_log_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT, pictures_at_150_percent "150" ENLARGED);
