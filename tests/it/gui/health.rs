//! Health in Live status: how every part is and was, and where it is mended.

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;
use crate::support::console::Console as WholeConsole;
use crate::support::platform::Options;
use crate::support::pointer;
use crate::support::scripted::{Act, Scripted};

type Console = Harness<'static, AreaState<LiveStatus>>;

fn has(console: &Harness<'_, AreaState<LiveStatus>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

fn story(runtime: &tokio::runtime::Runtime, window: Window) -> Console {
    let (client, _) = canned::start(runtime, 0);
    let mut console = area::show(LiveStatus::default(), &client, runtime, canned::now(), window);
    console.state_mut().go_to(Route::Live(LiveView::Health));
    wait_until(&mut console, "the parts are there", |console| has(console, "Platform") && has(console, "Throughput"));
    console
}

#[test]
fn each_part_says_how_it_is_and_was_and_leads_to_where_it_is_mended() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut console = story(&runtime, Window { size: [1280.0, 1300.0], ..Window::default() });
    for said in [
        "412 MiB, read 0.3 ms, write 2.1 ms; its pages are sound",
        "1.28 s",
        "8.0 %",
        "97.92 %",
        "99.69 %",
        "2 min ago",
        "Next check in 3 min",
        "Not in use",
        "Google Gemini, 24 hours: 17 healthy, 3 degraded, 1 down, 3 without data",
    ] {
        assert!(has(&console, said), "{said}");
    }
    // The first row has two lines of reason, uptimes of two lines and no way to anywhere.
    let top = |label: &str| console.get_by_label(label).rect().top();
    let (first, second, third) = (top("Platform"), top("Database"), top("Queue"));
    assert!(second - first > third - second + 12.0, "{first}, {second}, {third}: the second row lies on the first");
    pointer::click_label(&mut console, "30 days");
    console.run_steps(3);
    assert!(has(&console, "Google Gemini, 30 days: 25 healthy, 0 degraded, 1 down, 4 without data"));
    for (button, command) in [
        ("Google Gemini: Show its page", Command::GoTo(Route::Provider("gemini".to_owned()))),
        ("Live model: Choose the live model", Command::GoTo(Route::Models)),
        ("Disk: Show the data folder in the settings", Command::OpenSettings),
    ] {
        console.state_mut().sent.clear();
        pointer::click_label(&mut console, button);
        console.run_steps(3);
        assert_eq!(console.state().sent, [command], "{button}");
    }
}

#[test]
fn a_bar_of_the_past_tells_of_its_hour_by_mouse_and_by_keyboard() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut console = story(&runtime, Window { size: [1280.0, 1000.0], ..Window::default() });
    let strip = console.get_by_label_contains("Google Gemini, 24 hours").rect();
    console.hover_at(egui::pos2(strip.left() + strip.width() * 14.5 / 24.0, strip.center().y));
    console.run_steps(4);
    assert!(has(&console, "did not answer within 20 s") && has(&console, "healthy 35 min 00 s, down 25 min 00 s"));
    console.remove_cursor();
    console.run_steps(4);
    assert!(!has(&console, "did not answer within 20 s"));
    console.get_by_label_contains("Google Gemini, 24 hours").focus();
    console.run_steps(2);
    for _ in 0..9 {
        console.key_press(Key::ArrowLeft);
        console.run_steps(2);
    }
    assert!(has(&console, "did not answer within 20 s"), "nine bars to the left of the last one");
}

#[test]
fn a_platform_that_does_not_tell_its_health_says_why_and_can_be_asked_again() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, platform) = canned::start(&runtime, 0);
    platform.lock().expect("platform").is_broken = true;
    let mut console = area::show(LiveStatus::default(), &client, &runtime, canned::now(), Window::default());
    console.state_mut().go_to(Route::Live(LiveView::Health));
    wait_until(&mut console, "the trouble", |console| has(console, "Health could not be read"));
    platform.lock().expect("platform").is_broken = false;
    console.state_mut().command(Command::Reload);
    wait_until(&mut console, "the parts", |console| has(console, "Platform") && !has(console, "could not be read"));
}

#[test]
fn health_looks_as_it_should() {
    let mut results = SnapshotResults::new();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let window = Window { size: [1280.0, 900.0], ..Window::default() };
    for (name, window, hovers) in [
        ("health_dark", Window { size: [1280.0, 1040.0], ..window }, true),
        ("health_light", Window { theme: Theme::Light, ..window }, false),
        ("health_small", Window { size: [824.0, 640.0], ..window }, false),
        ("health_150", Window { size: [1060.0, 700.0], theme: Theme::Light, pixels_per_point: 1.5 }, false),
    ] {
        let mut console = story(&runtime, window);
        if hovers {
            let strip = console.get_by_label_contains("Google Gemini, 24 hours").rect();
            console.hover_at(egui::pos2(strip.left() + strip.width() * 14.5 / 24.0, strip.center().y));
        }
        console.run_steps(12);
        console.snapshot(name);
        results.extend_harness(&mut console);
    }
}

#[test]
fn on_a_real_platform_a_check_finds_what_is_ill_and_what_is_well_again() {
    let provider = Scripted::new();
    let mut console = WholeConsole::open(Options::with_providers(vec![provider.clone()]));
    provider.then(Act::Fail(Fault::new(FaultKind::Network, "There is no connection")));
    console.press(Modifiers::COMMAND, Key::K);
    console.wait_for("Find a command");
    console.type_text("check health");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Checked: not well: Live model, on-device");
    console.wait_until("the row follows", |console| console.says("There is no connection"));
    console.click("Check now");
    console.wait_for("Checked: everything is well");
    console.wait_until("the row follows", |console| !console.says("There is no connection"));
}
