//! A comparison of 200 photos, begun in the window, whose platform is killed half-way: resumed, it asks only what is missing.

use std::collections::HashMap;
use std::time::Duration;

use egui::{Key, Modifiers};
use minerva_console::gui::ctx::AreaId;
use minerva_console::wire::provider::ProviderSetting;

use crate::support::binary::{Served, TOKEN};
use crate::support::console::{Console, Look};
use crate::support::platform::jpeg;
use crate::support::provider_stub::{ProviderStub, Wire};

const PHOTOS: u64 = 200;

#[test]
fn no_call_of_a_run_that_was_killed_half_way_is_made_twice() {
    let far = tokio::runtime::Runtime::new().expect("a runtime");
    // Each answer takes long enough for the kill to come between two, on a busy machine too.
    let stub = far.block_on(ProviderStub::start(Duration::from_millis(100)));
    let home = tempfile::tempdir().expect("a folder");
    let data = home.path().join("served");
    let start = || Served::start_with(home.path(), &data, &["--no-bundled-photos"], &[("GEMINI_API_KEY", Wire::Gemini.key())]);
    let served = start();
    far.block_on(prepare(&served, &stub));

    let mut console = Console::reaching(served.base.clone(), TOKEN.into(), Look::default());
    console.wait_for("Connected");
    console.go_to(AreaId::TestingLab);
    console.wait_for(" of 200 selected");
    console.press(Modifiers::COMMAND, Key::A);
    console.wait_for("200 of 200 selected");
    console.click("On-device");
    console.click("Gemini 3.8 Flash");
    console.wait_for("= 200 calls");
    console.press(Modifiers::COMMAND, Key::Enter);
    console.wait_until("half of it is asked", |_| stub.traffic().all_questions() >= PHOTOS / 2);
    served.kill();
    console.wait_until("the window has seen it", |console| !console.says("Connected"));
    drop(console);
    let asked_before = stub.traffic().all_questions();
    assert!(asked_before < PHOTOS, "it was killed before the end");

    let served = start();
    let client = served.client();
    let known = far.block_on(client.runs()).expect("runs").items[0].counts.completed;
    // Those in flight had been asked and nobody was left to hear their answers; some had come and were on their way to the disk,
    // on a busy machine more of them.
    assert!(known >= asked_before / 2 && known <= asked_before, "{known} answers of {asked_before} calls are kept");
    let mut console = Console::reaching(served.base.clone(), TOKEN.into(), Look::default());
    console.wait_for(&format!("A comparison was cut off: {known} of 200 answered"));
    assert_eq!(stub.traffic().all_questions(), asked_before, "nothing is asked before somebody says so");
    console.click("Show it");
    console.wait_for(&format!("{known} of 200 answered"));
    console.click("Resume");
    console.wait_for("200 of 200 answered");

    assert_eq!(stub.traffic().all_questions(), asked_before + PHOTOS - known, "only what was missing is asked");
    let mut calls: HashMap<Vec<u8>, u64> = HashMap::new();
    for seen in stub.traffic().all().into_iter().filter(|seen| seen.is_question) {
        *calls.entry(blake3::hash(&seen.body).as_bytes().to_vec()).or_default() += 1;
    }
    let twice = calls.values().filter(|count| **count > 1).count() as u64;
    assert_eq!((calls.len() as u64, twice), (PHOTOS, asked_before - known), "those whose answer was on its way, and no other");
}

async fn prepare(served: &Served, stub: &ProviderStub) {
    let client = served.client();
    let config = client.config().await.expect("config");
    let setting = ProviderSetting { base_url: Some(stub.base_as(Wire::Gemini, "good").to_string()), ..ProviderSetting::default() };
    client.set_provider(config.revision, "gemini", &setting).await.expect("set");
    let file = |at: u64| (format!("{at}.jpg"), jpeg(64, 48, at as u8));
    client.add_photos((0..PHOTOS).map(file).collect(), false).await.expect("added");
}
