//! Live status: the assistant is asked, shows what it read, proposes, and what is confirmed is done.

use std::collections::HashMap;
use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::config::PipelineState;
use secrecy::SecretString;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, lasting_prices};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::Scripted;

/// A window on a platform whose Gemini acts out a scenario.
fn console(scenario: &str, look: Look) -> (Console, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits: Limits::default() };
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), SecretString::from(Wire::Gemini.key()))]), false);
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() };
    // The stub stops when it is dropped: it lives as long as the process.
    std::mem::forget(stub);
    let options =
        Options { providers: Providers::new(&settings, &keys), keys, clock: TestClock::at(fixed_now()), ..Options::default().without_workers() };
    let mut console = Console::open_looking(options, look);
    console.command(Command::GoTo(Route::Live(LiveView::Assistant)));
    console.wait_for("Ask about the platform");
    (console, runtime)
}

#[test]
fn a_question_is_typed_and_answered_with_what_was_read() {
    let (mut console, _runtime) = console("good", Look::default());
    console.type_text("Why did costs rise on Tuesday?");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("for these reasons");
    assert!(console.says("Why did costs rise on Tuesday?"));
    assert!(console.says("Read cost (timeframe 7d)") && console.says("Read configuration changes (limit 5)"));
    assert!(console.says("1,460 tokens"), "two turns");
    // Up brings the last question back.
    console.press(Modifiers::NONE, Key::ArrowUp);
    console.wait_until("the field has it", |console| {
        console.harness.query_all_by(|node| node.value().as_deref() == Some("Why did costs rise on Tuesday?")).next().is_some()
    });
    console.click("New conversation");
    console.wait_for("Ask about the platform");
    assert!(!console.says("for these reasons"));
}

#[test]
fn a_proposal_is_done_only_when_it_is_confirmed() {
    let (mut console, _runtime) = console("chat-proposes", Look::default());
    console.click("Which model is best for its price in our own results?");
    console.wait_for("Proposal: Pause the pipeline");
    console.wait_for("for these reasons");
    let client = console.client();
    assert_eq!(console.block_on(client.config()).expect("config").state, PipelineState::Running);
    console.click("Confirm: Pause the pipeline: no new job is taken, what is begun is finished");
    console.wait_for("Confirmed");
    console.wait_for("Pipeline paused");
    assert_eq!(console.block_on(client.config()).expect("config").state, PipelineState::Paused);
}

#[test]
fn a_proposal_that_asks_once_more_is_confirmed_only_by_the_second_answer() {
    let (mut console, _runtime) = console("chat-retries", Look::default());
    console.click("Which model is best for its price in our own results?");
    console.wait_for("Proposal: Retry every failed job");
    console.wait_for("for these reasons");
    console.click("Confirm: Retry every failed job");
    console.wait_for("There is no job that this applies to");
    console.wait_for("Not done");
    assert!(!console.says("Confirmed"));
}

#[test]
fn a_long_line_wraps_and_leaves_the_field_where_it_can_be_reached() {
    let (mut console, _runtime) = console("chat-odd", Look::SMALL);
    console.type_text("What is to be done?");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("for these reasons");
    console.wait_for("It could not be proposed: There is no model 'no/such'. ");
    console.wait_until("it can be asked again", |console| console.harness.query_by_label("Ask").is_some());
    let right = |console: &Console, part: &str| console.harness.get_all_by_label_contains(part).map(|node| node.rect().right()).fold(0.0, f32::max);
    for part in ["It could not be proposed", "Ask"] {
        assert!(right(&console, part) <= Look::SMALL.size[0], "{part} ends at {}", right(&console, part));
    }
}

#[test]
fn without_a_key_it_says_what_is_missing_and_leads_there() {
    let mut console = Console::open(Options::with_providers(vec![Scripted::new()]));
    console.command(Command::GoTo(Route::Live(LiveView::Assistant)));
    console.wait_for("The assistant needs a model that reads text");
    console.click("Set up providers");
    console.wait_until("the page of providers", |console| !console.says("The assistant needs"));
}

#[test]
fn a_fault_is_said_and_the_question_asked_again() {
    let (mut console, _runtime) = console("chat-silent", Look::default());
    console.type_text("Hello?");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("The model said nothing");
    console.click("Ask again");
    console.wait_for("The model said nothing");
    assert_eq!(console.harness.query_all_by_label("Hello?").count(), 1, "asked again, not added");
}

fn pictures(name: &str, look: Look) {
    let (mut console, _runtime) = console("chat-proposes", look);
    console.picture(&format!("live_assistant_empty_{name}"));
    console.type_text("Costs run away. What is to be done?");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("for these reasons");
    console.wait_for("tokens");
    console.picture(&format!("live_assistant_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT, pictures_at_150_percent "150" ENLARGED);
