//! Ground truth by hand in the testing lab: typed with completion, photo by photo, by keyboard alone; and from files.

use std::collections::BTreeMap;

use egui::{Key, Modifiers};
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::wire::truth::{ImportTruth, TruthFormat, TruthQuery};

use crate::gui::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{self, Console, Look};
use crate::support::platform::{Options, jpeg};
use crate::support::scripted::Scripted;

/// A lab with five of the bundled photos.
fn lab() -> Console {
    let mut console = Console::open(Options::with_providers(vec![Scripted::new() as _]).without_workers());
    let client = console.client();
    // The newest comes first.
    for name in ["osprey.jpg", "cat.jpg", "boats_1865.jpg", "blue_flowers.jpg", "astronaut_portrait.jpg"] {
        let path = format!("{}/assets/photos/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = (name.to_owned(), std::fs::read(path).expect("a bundled photo").into());
        console.block_on(client.add_photos(vec![file], false)).expect("added");
    }
    console.go_to(AreaId::TestingLab);
    console.wait_for("5 of 5 selected");
    console
}

/// The labels, by file name.
fn labels(console: &Console) -> BTreeMap<String, Vec<String>> {
    let client = console.client();
    let query = TruthQuery { format: Some(TruthFormat::Json), ..TruthQuery::default() };
    serde_json::from_str(&console.block_on(client.export_ground_truth(&query)).expect("labels")).expect("JSON")
}

fn is_labelled(console: &Console, photo: &str, tags: &[&str]) -> bool {
    labels(console).get(photo).is_some_and(|known| known == tags)
}

fn import(console: &Console, content: &str) {
    let client = console.client();
    let file = ImportTruth { file_name: "labels.csv".to_owned(), content: content.to_owned(), ..ImportTruth::default() };
    console.block_on(client.import_ground_truth(&file)).expect("read");
}

#[test]
fn photos_are_labelled_by_keyboard_with_words_that_are_in_use() {
    let mut console = lab();
    import(&console, "photo,tag\nosprey.jpg,bird\nosprey.jpg,bird of prey\nboats_1865.jpg,boat\n");
    console.click("Ground truth");
    console.wait_for("2 of 5 labelled in all photos");
    console.wait_for("astronaut_portrait.jpg");
    assert!(console.says("Nobody has said yet what is in it"));
    console.type_text("Woman");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Take off woman");
    console.type_text("bi");
    console.wait_for("Tag bird of prey");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Take off bird of prey");
    console.wait_until("both are kept", |console| is_labelled(console, "astronaut_portrait.jpg", &["bird of prey", "woman"]));
    // The last one again off; then on to the next photo.
    console.press(Modifiers::NONE, Key::Backspace);
    console.wait_until("it is off", |console| is_labelled(console, "astronaut_portrait.jpg", &["bird of prey"]));
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("2 of 5");
    console.type_text("bo");
    console.press(Modifiers::NONE, Key::Tab);
    console.wait_until("the second photo has the offered word", |console| labels(console).len() == 4);
    console.press(Modifiers::NONE, Key::PageUp);
    console.wait_for("Take off bird of prey");
    assert!(console.says("4 of 5 labelled in all photos"));

    console.command(Command::UndoConfigChange);
    console.wait_for("3 of 5 labelled in all photos");
}

#[test]
fn going_on_keeps_what_is_typed() {
    let mut console = lab();
    console.click("Ground truth");
    console.wait_for("0 of 5 labelled in all photos");
    console.wait_for("astronaut_portrait.jpg");
    console.type_text("Woman, astronaut");
    console.press(Modifiers::NONE, Key::PageDown);
    console.wait_for("2 of 5");
    console.wait_until("it is kept", |console| is_labelled(console, "astronaut_portrait.jpg", &["astronaut", "woman"]));
    console.type_text("flowers");
    console.click("Photo before");
    console.wait_for("Take off astronaut");
    console.wait_until("it is kept of the second one too", |console| is_labelled(console, "blue_flowers.jpg", &["flowers"]));
}

#[test]
fn labels_that_the_platform_does_not_take_are_tried_again_and_asked_about_before_the_window_closes() {
    let mut console = lab();
    console.click("Ground truth");
    console.wait_for("astronaut_portrait.jpg");
    console.refuse_labels(true);
    console.type_text("woman");
    console.press(Modifiers::NONE, Key::PageDown);
    console.wait_for("What you changed is not kept yet; it is tried again by itself");
    console.type_text("flowers");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Take off flowers");
    assert!(!console.agrees_to_close(), "two labels would be gone");
    console.wait_for("What you said is in 2 photos");
    console.click("Stay");

    // One of the photos goes: what was said of it must not stand in the way of the other.
    let client = console.client();
    let photos = console.block_on(client.photos(None, 10)).expect("photos").items;
    let first = photos.iter().find(|photo| photo.file_name == "astronaut_portrait.jpg").expect("added").id;
    console.block_on(client.delete_photo(first)).expect("deleted");
    console.wait_for("1 of 4");
    console.refuse_labels(false);
    console.wait_for("it was deleted meanwhile");
    console.wait_until("the other is kept", |console| is_labelled(console, "blue_flowers.jpg", &["flowers"]));
    console.wait_until("all is well again", |console| !console.says("not kept yet"));
    assert!(console.agrees_to_close());
}

/// A click that takes labels off is told, and taken back by the message or by Ctrl Z outside the field.
#[test]
fn labels_that_were_forgotten_come_back_by_the_message_and_by_ctrl_z() {
    let mut console = lab();
    import(&console, "photo,tag\nastronaut_portrait.jpg,woman\nastronaut_portrait.jpg,flag\n");
    console.click("Ground truth");
    // The first one that nobody has labelled is shown.
    console.wait_for("2 of 5");
    console.press(Modifiers::NONE, Key::PageUp);
    console.wait_for("Take off woman");
    let told = "The labels of astronaut_portrait.jpg are forgotten";
    console.click("Forget the labels");
    console.wait_for(told);
    console.wait_for("0 of 5 labelled in all photos");
    console.click("Undo");
    console.wait_for("Take off flag");
    console.wait_until("they are back", |console| is_labelled(console, "astronaut_portrait.jpg", &["flag", "woman"]));
    console.wait_until("the first message has gone", |console| !console.says(told));
    console.click("Forget the labels");
    console.wait_for(told);
    console.wait_for("0 of 5 labelled in all photos");
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("Take off flag");
    console.wait_until("they are back again", |console| is_labelled(console, "astronaut_portrait.jpg", &["flag", "woman"]));
}

/// The first photos are still being tagged when somebody begins to label.
#[test]
fn what_the_pipeline_finds_meanwhile_is_offered() {
    let mut console = Console::open(Options::with_providers(vec![Scripted::new() as _]));
    console.go_to(AreaId::TestingLab);
    console.wait_for("The library has no photos yet");
    let client = console.client();
    let photos = (0..2).map(|seed| (format!("{seed}.jpg"), jpeg(64, 48, seed))).collect();
    console.block_on(client.add_photos(photos, true)).expect("added");
    console.wait_for(" of 2 selected");
    console.click("Ground truth");
    console.wait_for("Add sofa");
    console.type_text("so");
    console.wait_for("Tag sofa");
}

fn pictures(name: &str, look: Look) {
    let clock = TestClock::at(console::fixed_now());
    let mut console =
        Console::open_looking(Options { clock, ..Options::with_providers(vec![Scripted::new() as _]).seeded().without_workers() }, look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    // Made here, the large pictures of the cat are there when the window asks.
    let client = console.client();
    let photos = console.block_on(client.photos(None, 100)).expect("photos").items;
    let cat = photos.iter().find(|photo| photo.file_name == "cat.jpg").expect("bundled").id;
    for px in [512, 1024] {
        console.block_on(client.photo_image(cat, Some(px))).expect("a picture");
    }
    import(&console, "photo,tag\ncat.jpg,cat\ncat.jpg,tabby cat\ncat.jpg,whiskers\ncoffee.jpg,cup\ncoffee.jpg,café\n");
    console.click("Ground truth");
    console.wait_for("2 of 24 labelled in all photos");
    while !console.says("Take off tabby cat") {
        console.press(Modifiers::NONE, Key::PageDown);
        console.steps();
    }
    console.type_text("ca");
    console.wait_for("Tag café");
    console.picture(&format!("lab_truth_{name}"));
}

pictured!(in every look);

#[test]
fn labels_come_from_a_file_after_a_look_at_what_it_changes() {
    let mut console = lab();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.csv");
    std::fs::write(&path, "photo,tag\ncat.jpg,cat\ncat.jpg,pet\nnowhere.jpg,sea\n").expect("a file");
    console.click("Ground truth");
    console.wait_for("0 of 5 labelled in all photos");
    console.click("Import labels…");
    // There is no desktop here whose dialog could be shown.
    console.wait_for("Type the path of the file");
    console.steps();
    console.type_text(&path.display().to_string());
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("mine.csv labels 1 photo of the library with 2 tags; 1 has other labels now");
    assert!(console.says("No photo is called nowhere.jpg"));
    assert!(labels(&console).is_empty(), "nothing is changed yet");
    console.click("Take these labels");
    console.wait_for("1 of 5 labelled in all photos");
    assert!(is_labelled(&console, "cat.jpg", &["cat", "pet"]));
    console.click("Undo");
    console.wait_for("0 of 5 labelled in all photos");
}
