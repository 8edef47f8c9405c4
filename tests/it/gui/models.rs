//! The tab of the models: what they cost and have shown, which stand in for the live one, and how they answer by themselves.

use std::collections::HashMap;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::AreaId;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host;
use minerva_console::providers::{Provider, ProviderSettings, Providers};
use minerva_console::wire::config::PipelineConfig;
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::result::FaultKind;

use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, lasting_prices};
use crate::support::scripted::Scripted;

const FLASH: &str = "gemini/gemini-3.8-flash";

/// Real providers with a key for Gemini; a model of it ends soon.
fn options() -> Options {
    let ends = |id: &str, last: &str| serde_json::json!({"provider": "gemini", "id": id, "retires": last});
    let own = serde_json::json!({"catalogue_version": 1, "models": [ends("gemini-4-argon", "2026-04-20"), ends("gemini-3.8-flash", "2099-01-01")]});
    let book = lasting_prices().with_own(&own.to_string()).expect("in the form of the catalogue");
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "AIza-secret-0123456789-wxyz".into())]), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book }, &keys);
    Options { providers, keys, clock: TestClock::at(fixed_now()), ..Options::default().without_workers() }
}

/// A console on an invented history.
fn with_history(look: Look) -> Console {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("made");
    let options = options();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock = Arc::clone(&options.clock);
    let asked = Generate { results: 3_000, seed: 11 };
    runtime.block_on(host::generate(&data.join(host::DATABASE_FILE), clock, &asked, |_| {})).expect("generated");
    Console::open_in(folder, options, look)
}

fn show(console: &mut Console) {
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.click("Models");
    console.wait_for("When the live model fails");
}

fn config(console: &Console) -> PipelineConfig {
    let client = console.client();
    console.block_on(client.config()).expect("config")
}

/// Puts words into the search, and waits until only what they mean is listed.
fn search(console: &mut Console, words: &str, found: &str, left_out: &str) {
    console.fill("Search the models", words);
    let there = |console: &Console, label: &str| console.harness.query_by_label(label).is_some();
    console.wait_until("the list is searched", |console| there(console, found) && !there(console, left_out));
}

fn large() -> Look {
    Look { size: [1440.0, 900.0], ..Look::default() }
}

#[test]
fn a_chain_is_put_together_applied_as_one_change_and_undone() {
    let mut console = Console::open_looking(options(), large());
    show(&mut console);
    console.wait_for("No other model is asked");
    search(&mut console, "3.8 flash", "Details of Gemini 3.8 Flash", "Details of On-device");
    console.click("Details of Gemini 3.8 Flash");
    console.wait_for("If it went live now");
    assert!(console.says("A photo: $0 → ≈ $0.00"), "an estimate is marked");
    assert!(console.says("No ground truth yet"));
    console.click("Add Gemini 3.8 Flash to the fallback chain");
    console.wait_until("the chain shows it", |console| console.harness.query_by_label("Take Gemini 3.8 Flash out of the chain").is_some());
    assert!(config(&console).fallbacks.is_empty(), "nothing holds before it is applied");
    console.click("Apply chain");
    console.wait_for("The fallback chain is applied");
    assert_eq!(config(&console).fallbacks, [Fallback::usual(FLASH)]);

    console.fill("Search the models", "");
    // It is all chosen.
    console.press(Modifiers::NONE, Key::Backspace);
    console.wait_for("after the usual faults");
    console.click("Faults after which Gemini 3.8 Flash is asked");
    console.wait_until("the faults are offered", |console| console.harness.query_by_role_and_label(Role::CheckBox, "Model refused").is_some());
    console.click("Model refused");
    console.wait_until("it is chosen", |console| console.harness.query_by_label("Apply chain").is_some());
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the faults are closed", |console| console.harness.query_by_role_and_label(Role::CheckBox, "Model refused").is_none());
    console.click("Apply chain");
    console.wait_until("it holds", |console| config(console).fallbacks[0].on.contains(&FaultKind::Refused));
    console.wait_until("nothing is being edited", |console| console.harness.query_by_label("Apply chain").is_none());

    console.click("Take Gemini 3.8 Flash out of the chain");
    console.wait_for("No other model is asked");
    console.click("Discard the edited chain");
    console.wait_for("after 11 faults");
    assert_eq!(config(&console).fallbacks.len(), 1);
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("after the usual faults");
    assert_eq!(config(&console).fallbacks, [Fallback::usual(FLASH)], "one step back");
}

#[test]
fn models_that_are_called_the_same_are_told_apart_by_their_provider() {
    let provider = |name| Scripted::new().on_the_net(name, "eye");
    let keys = Keys::new(["attic", "cellar"].map(|name| (name.to_owned(), "a-key-for-nobody".into())).into(), false);
    let providers = vec![Scripted::new() as Arc<dyn Provider>, provider("attic"), provider("cellar")];
    let options = Options { keys, clock: TestClock::at(fixed_now()), ..Options::with_providers(providers).without_workers() };
    let mut console = Console::open_looking(options, large());
    show(&mut console);
    for (called, full) in [("eye (attic)", "attic/eye"), ("eye (cellar)", "cellar/eye")] {
        search(&mut console, full.split('/').next().expect("a provider"), &format!("Details of {called}"), "Details of Scripted");
        console.click(&format!("Details of {called}"));
        console.click(&format!("Add {called} to the fallback chain"));
        console.wait_until("the chain shows it", |console| console.harness.query_by_label(&format!("Take {called} out of the chain")).is_some());
    }
    console.wait_for("Number 2 of the fallback chain, which is not applied yet");
    console.click("Apply the chain with eye (cellar)");
    console.wait_for("The fallback chain is applied: eye (attic), then eye (cellar)");
    console.wait_until("it is told as applied", |console| !console.says("which is not applied yet"));
    console.click("Make eye (cellar) live");
    console.wait_for("eye (cellar) is live");
    assert_eq!(config(&console).live_model, "cellar/eye");
    // A name that is wrong is told where it is typed, with what can be written instead.
    console.fill("Search the models", "attic");
    console.fill("Full name of another model", "foo/eye");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("There is no provider 'foo'. Providers: ");
    assert!(!console.says("What is live did not change"));
}

#[test]
fn a_chain_that_was_changed_elsewhere_is_not_written_over_unseen() {
    let mut console = Console::open_looking(options(), large());
    let client = console.client();
    let first = SetFallbacks { fallbacks: vec![Fallback::usual(FLASH)] };
    let revision = config(&console).revision;
    console.block_on(client.set_fallbacks(revision, &first)).expect("set");
    show(&mut console);
    console.wait_for("after the usual faults");
    console.click("Take Gemini 3.8 Flash out of the chain");
    console.wait_until("it is edited", |console| console.harness.query_by_label("Apply chain").is_some());
    let other = SetFallbacks { fallbacks: vec![Fallback::usual(FLASH), Fallback::usual("gemini/gemini-3.5-flash-lite")] };
    let revision = config(&console).revision;
    console.block_on(client.set_fallbacks(revision, &other)).expect("set");
    console.wait_for("The chain was changed elsewhere meanwhile");
    console.click("Discard the edited chain");
    console.wait_until("theirs is shown", |console| console.harness.query_all_by_label_contains("Faults after which").count() == 2);
}

#[test]
fn a_model_gets_parameters_of_its_own() {
    let mut console = Console::open_looking(options(), large());
    show(&mut console);
    search(&mut console, "3.8 flash", "Details of Gemini 3.8 Flash", "Details of On-device");
    console.click("Details of Gemini 3.8 Flash");
    console.wait_until("the form", |console| console.harness.query_by_role_and_label(Role::Button, "Longest answer").is_some());
    console.harness.get_by_role_and_label(Role::Button, "Longest answer").click();
    console.steps();
    console.wait_until("it can be applied", |console| console.harness.query_by_label("Apply the parameters").is_some());
    assert!(config(&console).model_parameters.is_empty());
    console.click("Apply the parameters");
    console.wait_until("it holds", |console| config(console).model_parameters.get(FLASH).is_some_and(|set| set.max_output_tokens == Some(4_096)));
    console.wait_until("nothing is being edited", |console| console.harness.query_by_label("Apply the parameters").is_none());
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_until("it is undone", |console| config(console).model_parameters.is_empty());
    console.wait_until("and shown so", |console| console.harness.query_by_role_and_label(Role::Button, "Longest answer").is_some());
}

#[test]
fn models_are_sorted_by_what_they_cost_and_searched() {
    let mut console = with_history(large());
    show(&mut console);
    let place = |console: &Console, name: &str| console.harness.get_by_label(&format!("Details of {name}")).rect().top();
    console.wait_until("the models", |console| console.harness.query_by_label("Details of Gemini 3.8 Flash").is_some());
    assert!(place(&console, "On-device") < place(&console, "Gemini 3.8 Flash"), "by provider");
    console.click("Sort by Per 1,000");
    console.wait_until("the cheap first", |console| console.harness.query_by_label("Per 1,000, lowest first").is_some());
    assert!(place(&console, "On-device") < place(&console, "Gemini 3.8 Flash"), "it is free");
    console.click("Per 1,000, lowest first");
    console.wait_until("the dear first", |console| console.harness.query_by_label("Per 1,000, highest first").is_some());
    assert!(place(&console, "On-device") > place(&console, "Gemini 3.8 Flash"));
    search(&mut console, "flash google", "Details of Gemini 3.8 Flash", "Details of On-device");
    search(&mut console, "this computer", "Details of On-device", "Details of Gemini 3.8 Flash");
    console.click("Details of On-device");
    console.wait_for("95\u{a0}% interval by Wilson's method");
    console.wait_for("failed tries included");
    console.wait_for("A photo: $0.0006");
    console.wait_for("Captions: no longer written");
    console.click("Make On-device live");
    console.wait_for("On-device is live. A photo: ");
    assert_eq!(config(&console).live_model, "on-device");
    console.wait_until("and shown so", |console| console.harness.query_by_label("Make On-device live").is_none());
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_until("it is undone", |console| config(console).live_model == FLASH);
}

/// A look at the tab: a chain, one model's details, one that ends soon.
fn pictures(name: &str, theme: Theme, size: [f32; 2], pixels_per_point: f32) {
    let mut console = with_history(Look { theme, size, pixels_per_point });
    let client = console.client();
    let mut second = Fallback::usual("on-device");
    second.on.insert(FaultKind::Refused);
    let chain = SetFallbacks { fallbacks: vec![Fallback::usual("gemini/gemini-4-argon"), second] };
    let revision = config(&console).revision;
    console.block_on(client.set_fallbacks(revision, &chain)).expect("set");
    show(&mut console);
    console.wait_for("Ends in 37 days");
    console.picture(&format!("models_chain_{name}"));
    search(&mut console, "this computer", "Details of On-device", "Details of Gemini 3.8 Flash");
    console.click("Details of On-device");
    console.wait_for("If it went live now");
    console.picture(&format!("models_details_{name}"));
}

#[test]
fn pictures_dark() {
    pictures("dark", Theme::Dark, [1440.0, 900.0], 1.0);
}

#[test]
fn pictures_light() {
    pictures("light", Theme::Light, [1440.0, 900.0], 1.0);
}

#[test]
fn pictures_of_a_small_window() {
    pictures("small", Theme::Dark, [1024.0, 640.0], 1.0);
}

#[test]
fn pictures_at_150_percent() {
    pictures("150", Theme::Light, [1024.0, 640.0], 1.5);
}
