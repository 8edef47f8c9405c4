//! The way from photos on a disk to the first side-by-side view, with nothing scripted but Gemini's far end.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::{DroppedFile, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::AreaId;
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, GEMINI, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::prompt::CreatePrompt;

use crate::support::console::Console;
use crate::support::platform::Options;
use crate::support::pointer;
use crate::support::provider_stub::{ProviderStub, Wire};

/// Real providers, Gemini's calls going to the stub.
fn options(stub: &ProviderStub) -> Options {
    let keys = Keys::new(HashMap::from([(GEMINI.to_owned(), Wire::Gemini.key().into())]), false);
    let gemini = Endpoint { name: GEMINI.to_owned(), base: Some(stub.base(Wire::Gemini)), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![gemini], on_device_threads: 2, book: PriceBook::shipped() }, &keys);
    Options { providers, keys, ..Options::default() }.without_workers()
}

/// A file as the window system hands it over.
#[derive(Debug)]
struct OnDisk(PathBuf);

impl DroppedFile for OnDisk {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

fn drop_files(console: &mut Console, names: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos");
    for name in names {
        console.harness.input_mut().dropped_files.push(Arc::new(OnDisk(folder.join(name))));
    }
    console.steps();
}

#[test]
fn photos_dropped_on_the_window_are_compared_with_two_prompts_on_two_models() {
    let far = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = far.block_on(ProviderStub::start(Duration::ZERO));
    let mut console = Console::open(options(&stub));
    let client = console.client();
    let animals =
        CreatePrompt { name: "Animals".to_owned(), content: Some("Animals only. Tags: cat, dog, bird".to_owned()), ..CreatePrompt::default() };
    console.block_on(client.create_prompt(&animals)).expect("a second prompt");
    console.go_to(AreaId::TestingLab);

    drop_files(&mut console, &["cat.jpg", "dogs_window.jpg"]);
    console.wait_for("2 of 2 selected");
    console.wait_for("Animals v1");
    console.click("Animals v1");
    console.click("Gemini 3.8 Flash");
    console.wait_for("2 photos × 2 prompts × 2 models = 8 calls");
    console.press(Modifiers::COMMAND, Key::Enter);
    console.wait_for("8 of 8 answered");
    assert_eq!(stub.traffic().all_questions(), 4, "Gemini was asked about two photos with two prompts");
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());

    console.wait_for("cat.jpg, Animals v1 · on-device: cat ");
    console.wait_for("dogs_window.jpg, Animals v1 · on-device: dog ");
    pointer::click(&mut console.harness, |shown| {
        shown.query_all_by_label_contains("cat.jpg, Photo tags v1 · on-device: ").next().map(|node| node.rect())
    });
    console.steps();
    console.wait_for("Pane A: cat.jpg");
    console.wait_for("Only in A: cat, A ");
    console.wait_for("Only in B: landscape, B 90 %");
    assert!(console.says("760 in, 100 out tokens"), "what Gemini counted");
    console.press(Modifiers::NONE, Key::K);
    console.wait_for("Pane A: dogs_window.jpg");
    console.wait_for("Only in A: dog, A ");
}
