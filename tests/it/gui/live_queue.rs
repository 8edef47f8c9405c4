//! Live status: the workers, a drain, filters that are completed and kept.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{LiveView, Route};
use minerva_console::wire::config::{PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::worker::Doing;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, jpeg, until};
use crate::support::scripted::{Act, Scripted};

/// One after the other, so that they are queued in this order.
fn add(console: &Console, count: u8) {
    let names = ["harbour_at_dawn.jpg", "Marktplatz_in_der_alten_Stadt_von_oben_gesehen.jpg", "snow.jpg", "bicycles.jpg"];
    let client = console.client();
    for n in 0..count {
        let file = (names[usize::from(n) % 4].replace('.', &format!("_{n}.")), jpeg(64, 48, n.wrapping_mul(40)));
        console.block_on(client.add_photos(vec![file], true)).expect("added");
    }
}

fn set_workers(console: &Console, workers: u32) {
    let client = console.client();
    console.block_on(async {
        let config = client.config().await.expect("config");
        client.set_processing_rules(config.revision, &ProcessingRules { workers, ..config.rules }).await.expect("set");
    });
}

fn show(console: &mut Console, view: LiveView) {
    console.command(minerva_console::gui::ctx::Command::GoTo(Route::Live(view)));
}

#[test]
fn the_workers_are_watched_and_one_more_begins_at_once() {
    let provider = Scripted::held();
    let mut console = Console::open(Options::with_providers(vec![provider.clone()]));
    show(&mut console, LiveView::Workers);
    console.wait_for("Idle: nothing waits");
    add(&console, 5);
    console.wait_for("Worker 2: Marktplatz_in_der_alten_Stadt_von_oben_gesehen_1.jpg, Asks on-device");
    assert!(!console.says("Worker 3"));
    console.click("One worker more");
    console.wait_for("Worker 3: snow_2.jpg, Asks on-device");
    console.wait_for("3 workers");
    console.click("Undo");
    console.wait_for("it ends after this job");
    provider.let_through(5);
    console.wait_until("all is done", |console| console.says("Idle: nothing waits") && !console.says("Worker 3"));
    assert_eq!(provider.calls(), 5);
    console.click("Rules");
    console.wait_for("Tries of a job");
}

#[test]
fn each_press_counts_from_what_was_wanted_by_the_one_before() {
    let mut console = Console::open(Options::with_providers(vec![Scripted::held()]));
    show(&mut console, LiveView::Workers);
    console.wait_for("2 workers");
    for _ in 0..3 {
        console.click("One worker more");
    }
    console.wait_for("5 workers");
    let client = console.client();
    let workers = |console: &Console| console.block_on(client.config()).expect("config").rules.workers;
    console.wait_until("the platform has them", |console| workers(console) == 5);
    console.click("One worker fewer");
    console.wait_until("the platform has one fewer", |console| workers(console) == 4);
    console.wait_for("4 workers");
}

#[test]
fn a_job_is_opened_from_its_worker() {
    let provider = Scripted::held();
    let mut console = Console::open(Options::with_providers(vec![provider]));
    add(&console, 1);
    show(&mut console, LiveView::Workers);
    let row = "Worker 1: harbour_at_dawn_0.jpg, Asks on-device";
    console.wait_for(row);
    console.click(row);
    console.wait_until("its details", |console| console.harness.query_by_label("Close the details").is_some());
}

#[test]
fn a_drain_is_told_and_ends_in_a_pause() {
    let provider = Scripted::held();
    let mut console = Console::open(Options::with_providers(vec![provider.clone()]));
    add(&console, 3);
    console.wait_for("Pending: 1");
    console.click("Drain");
    console.wait_for("Draining, 3 left");
    console.wait_for("photos added now wait");
    provider.let_through(3);
    console.wait_until("it is paused", |console| console.says("Pipeline paused") && !console.says("Draining"));
}

#[test]
fn a_filter_is_completed_kept_under_a_name_and_removed() {
    let provider = Scripted::new();
    provider.then(Act::Fail(Fault::new(FaultKind::BadRequest, "no")));
    let mut console = Console::open(Options::with_providers(vec![provider]));
    // In order, so that it is the first one that fails.
    set_workers(&console, 1);
    add(&console, 4);
    console.wait_for("harbour_at_dawn_0.jpg, Failed");
    console.wait_for("bicycles_3.jpg, Completed");
    console.press(Modifiers::NONE, Key::Slash);
    console.type_text("sta");
    console.press(Modifiers::NONE, Key::Tab);
    console.type_text("fai");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    let typed = console.harness.get_by_label("Find jobs").accesskit_node().value();
    assert_eq!(typed.as_deref(), Some("state:failed "));
    console.wait_until("only the failed one", |console| !console.says("bicycles_3.jpg, Completed") && console.says("harbour_at_dawn_0.jpg, Failed"));
    // The keyboard is still in the field.
    console.type_text("attempts=1");

    console.click("Saved filters");
    console.fill("Name of this filter", "Broken at once");
    console.click("Save");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the menu is closed", |console| console.harness.query_by_label("Name of this filter").is_none());
    console.fill("Find jobs", "snow");
    console.wait_until("another filter", |console| console.says("snow_2.jpg, Completed") && !console.says("harbour_at_dawn_0.jpg, Failed"));
    console.press(Modifiers::NONE, Key::Enter);
    console.click("Saved filters");
    console.click("Broken at once");
    console.wait_until("it is back", |console| console.says("harbour_at_dawn_0.jpg, Failed") && !console.says("snow_2.jpg, Completed"));

    console.click("Saved filters");
    console.click("Remove the filter Broken at once");
    assert!(console.harness.query_by_label("Broken at once").is_none());
    console.click("Put Broken at once back");
    assert!(console.harness.query_by_label("Broken at once").is_some());
}

fn pictures(name: &str, look: Look) {
    let provider = Scripted::held();
    let clock = TestClock::at(fixed_now() - chrono::TimeDelta::seconds(14));
    let mut console = Console::open_looking(Options { clock, ..Options::with_providers(vec![provider.clone()]) }, look);
    let client = console.client();
    set_workers(&console, 5);
    add(&console, 4);
    console.block_on(until("all ask", || async {
        let workers = client.workers().await.expect("workers");
        (workers.at_work.iter().filter(|worker| worker.now.is_some_and(|now| now.doing == Doing::Asking)).count() == 4).then_some(())
    }));
    console.block_on(client.set_pipeline_state(SetPipelineState { state: PipelineState::Draining })).expect("drains");
    show(&mut console, LiveView::Workers);
    console.wait_for("Draining, 4 left");
    console.wait_for("Worker 4: bicycles_3.jpg, Asks on-device");
    console.picture(&format!("live_workers_{name}"));
    show(&mut console, LiveView::Jobs);
    console.wait_for("Processing 4");
    console.wait_for("harbour_at_dawn_0.jpg");
    console.press(Modifiers::NONE, Key::Slash);
    console.type_text("-pr");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.picture(&format!("live_filter_completion_{name}"));
    console.press(Modifiers::NONE, Key::Escape);
    console.click("Saved filters");
    console.picture(&format!("live_saved_filters_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT, pictures_at_150_percent "150" ENLARGED);
