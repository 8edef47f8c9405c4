//! A refused key is told wherever the person is, once, with the way to mend it; the run says what it did not ask, and why.

use std::collections::HashMap;
use std::time::Duration;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::console::Console;
use crate::support::platform::{Options, lasting_prices};
use crate::support::provider_stub::{ProviderStub, Wire};

const MODEL: &str = "gemini/gemini-3.5-flash-lite";
const WHY: &str = "Calls to Google Gemini are held back: key not accepted";

#[test]
fn a_refused_key_is_told_once_wherever_the_person_is_and_mended_from_there() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-that-is-refused".into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, "good")), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() }, &keys);
    let mut console = Console::open(Options { providers, keys, ..Options::default() }.seeded().without_workers());
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    console.go_to(AreaId::Analytics);

    let client = console.client();
    let photos = console.block_on(client.photos(None, 100)).expect("photos").items;
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().take(8).map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        photo_set: None,
        models: vec![MODEL.to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    };
    let run = console.block_on(client.start_run(&asked)).expect("started");
    console.wait_for(WHY);
    let client_of_run = client.clone();
    console
        .wait_until("the run has stopped", |console| console.block_on(client_of_run.run(run.id)).is_ok_and(|run| run.state == RunState::Interrupted));
    console.steps();
    let toasts = console.harness.query_all_by_label_contains(WHY).count();
    assert_eq!(toasts, 1, "one message, not one a photo");

    console.command(Command::GoTo(Route::Run(run.id)));
    console.wait_for("0 of 8 answered, 1 failed, 7 not asked");
    console.wait_for(&format!("{WHY}. 7 cells were not asked"));
    console.wait_for("Not asked: calls to Google Gemini are held back: key not accepted");
    // The toast and the header both lead there.
    console.wait_until("both buttons", |console| console.harness.query_all_by_label("Open Google Gemini").count() == 2);
    console.command(Command::GoTo(Route::Provider("gemini".to_owned())));
    console.wait_for("Calls are held back: key not accepted");
    console.wait_until("no button leads to where one is", |console| !console.says("Open Google Gemini"));
    assert!(console.says(WHY), "the message itself is there as long as it is true");

    // Another key lets calls through again, and a resume asks what is left.
    console.fill("Key for Google Gemini", Wire::Gemini.key());
    console.wait_until("it can be used", |console| !console.harness.get_by_label("Use for this session only").accesskit_node().is_disabled());
    console.click("Use for this session only");
    console.wait_until("calls go through", |console| !console.says("Calls are held back"));
    console.wait_until("the message goes with its cause", |console| !console.says(WHY));
    console.command(Command::GoTo(Route::Run(run.id)));
    console.wait_for("7 not asked");
    console.click("Resume");
    console.wait_for("8 of 8 answered");
    console.wait_until("nothing is said any more", |console| !console.says("are held back"));
}
