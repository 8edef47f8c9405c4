//! Named sets of photos in the testing lab: made of what is selected, shown, changed, undone, and named by a run.

use std::io::Write;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::photos::{decode, encode_jpeg, fit};
use minerva_console::wire::photo_set::PhotoSet;

use crate::support::console::{Console, Look};
use crate::support::platform::{Options, jpeg};
use crate::support::pointer;
use crate::support::scripted::Scripted;

fn lab() -> Console {
    lab_looking(Look::default())
}

fn lab_looking(look: Look) -> Console {
    let mut console = Console::open_looking(Options::with_providers(vec![Scripted::new() as _]).seeded().without_workers(), look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    console
}

fn sets(console: &Console) -> Vec<String> {
    let client = console.client();
    console.block_on(client.photo_sets()).expect("sets").items.iter().map(PhotoSet::label).collect()
}

/// Makes a set of these photos of the library, and shows it.
fn make(console: &mut Console, name: &str, photos: &[&str]) {
    console.click("Select none");
    for photo in photos {
        console.click(photo);
    }
    console.wait_for(&format!("{} of 24 selected", photos.len()));
    console.click("New set…");
    console.wait_for(&format!("New set of {} photo", photos.len()));
    console.steps();
    console.type_text(name);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for(&format!("Photo set: {name} v1"));
}

#[test]
fn a_set_is_made_of_the_selection_and_a_run_of_it_names_it() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg", "blue_flowers.jpg"]);
    console.wait_for("2 of 2 selected");
    assert!(console.says("2 photos × 1 prompt × 1 model = 2 calls"));
    console.click("Run the comparison");
    console.wait_for("2 of 2 answered");
    console.wait_for("Coast v1");
    let client = console.client();
    let run = console.block_on(client.runs()).expect("runs").items.remove(0);
    assert_eq!(run.photo_set.map(|set| set.label()).as_deref(), Some("Coast v1"));

    // A part of a set is not the set.
    console.click("Choose");
    console.click("boats_1865.jpg");
    console.wait_for("1 of 2 selected");
    console.command(Command::RunComparison);
    console.wait_for("1 of 1 answered");
    let run = console.block_on(client.runs()).expect("runs").items.remove(0);
    assert_eq!((run.photo_set, run.photo_ids.len()), (None, 1));
}

#[test]
fn a_set_is_changed_goes_back_and_is_deleted_and_undo_brings_it_back() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg", "blue_flowers.jpg"]);
    console.wait_for("2 of 2 selected");
    console.click("boats_1865.jpg");
    console.click("Take 1 photo out of Coast");
    console.wait_for("Photo set: Coast v2");
    console.wait_for("1 of 1 selected");
    console.click("More of Coast");
    console.wait_for("Made with 2 photos");
    console.click("Go back to v1");
    console.wait_for("Photo set: Coast v3");
    console.wait_for("2 of 2 selected");

    console.click("More of Coast");
    console.click("Rename…");
    console.wait_for("Rename Coast");
    console.fill("Name of the set", "Shore");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo set: Shore v3");
    console.click("More of Shore");
    console.click("Delete Shore");
    console.wait_for("Photo set: All photos");
    console.wait_for("2 of 24 selected");
    assert_eq!(sets(&console), Vec::<String>::new());
    console.command(Command::UndoConfigChange);
    console.wait_until("the set is back", |console| sets(console) == ["Shore v3"]);
    console.click("Photo set: All photos");
    pointer::click_label_contains(&mut console.harness, "Shore 2");
    console.wait_for("Photo set: Shore v3");
}

#[test]
fn a_set_with_a_deleted_photo_is_what_is_left_of_it() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg", "blue_flowers.jpg"]);
    console.wait_for("2 of 2 selected");
    console.click("Photo set: Coast v1");
    console.click("All photos");
    console.wait_for("2 of 24 selected");
    let client = console.client();
    let photos = console.block_on(client.photos(None, 100)).expect("photos").items;
    let boats = photos.iter().find(|photo| photo.file_name == "boats_1865.jpg").expect("bundled").id;
    console.block_on(client.delete_photo(boats)).expect("deleted");
    console.wait_for("1 of 23 selected");
    console.click("Photo set: All photos");
    pointer::click_label_contains(&mut console.harness, "Coast 2");
    console.wait_for("1 of 1 selected");
    assert!(console.says("1 photo × 1 prompt × 1 model = 1 call"));
    console.click("Run the comparison");
    console.wait_for("1 of 1 answered");
    let run = console.block_on(client.runs()).expect("runs").items.remove(0);
    assert_eq!(run.photo_set.map(|set| set.label()).as_deref(), Some("Coast v1"), "it is all there is of the set");
}

#[test]
fn photos_of_a_zip_and_pasted_ones_join_the_set_that_is_shown() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg"]);
    let folder = tempfile::tempdir().expect("a folder");
    let packed = folder.path().join("more.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&packed).expect("a file"));
    for seed in [1, 2] {
        writer.start_file(format!("packed {seed}.jpg"), zip::write::SimpleFileOptions::default()).expect("an entry");
        writer.write_all(&jpeg(40, 30, seed)).expect("written");
    }
    writer.finish().expect("finished");
    console.drop_files(&[packed]);
    console.wait_for("Photo set: Coast v2");
    console.wait_for("3 of 3 selected");
    assert!(console.says("packed 1.jpg") && console.says("packed 2.jpg"));

    let copied = folder.path().join("copied.jpg");
    std::fs::write(&copied, jpeg(40, 30, 3)).expect("a file");
    console.harness.event(egui::Event::Paste(copied.display().to_string()));
    console.wait_for("Photo set: Coast v3");
    console.wait_for("4 of 4 selected");
    let image = egui::ColorImage::filled([32, 24], egui::Color32::from_rgb(10, 120, 200));
    console.harness.event(egui::Event::PasteImage(std::sync::Arc::new(image)));
    console.wait_for("Photo set: Coast v4");
    console.wait_for("5 of 5 selected");
    assert!(console.says("Pasted 20"), "it is called by the time of day");

    console.harness.event(egui::Event::Paste("some words".to_owned()));
    console.wait_for("The clipboard holds no photos");
    assert_eq!(sets(&console), ["Coast v4"]);
}

#[test]
fn a_folder_that_is_dropped_can_become_a_set_of_its_own() {
    let mut console = lab();
    let folder = tempfile::tempdir().expect("a folder");
    for seed in [1, 2, 3] {
        std::fs::write(folder.path().join(format!("{seed}.jpg")), jpeg(40, 30, seed)).expect("a file");
    }
    console.drop_files(&[folder.path().to_owned()]);
    console.wait_for("27 of 27 selected");
    console.click("New set of the 3 added…");
    console.wait_for("New set of 3 photos");
    console.steps();
    console.type_text("Trip");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo set: Trip v1");
    console.wait_for("3 of 3 selected");
}

#[test]
fn a_name_that_is_taken_is_told_in_the_dialog() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg"]);
    console.click("Photo set: Coast v1");
    console.click("All photos");
    console.wait_for("1 of 24 selected");
    console.click("New set…");
    console.steps();
    console.type_text("coast");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("There is a photo set coast already; choose another name");
    console.fill("Name of the set", "Sea");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo set: Sea v1");
    assert_eq!(sets(&console), ["Coast v1", "Sea v1"]);
}

#[test]
fn the_shown_set_and_its_versions_look_as_they_should() {
    let mut console = lab();
    make(&mut console, "Coast", &["boats_1865.jpg", "blue_flowers.jpg"]);
    console.wait_for("2 of 2 selected");
    console.click("blue_flowers.jpg");
    console.wait_for("1 of 2 selected");
    console.wait_until("the toast is gone", |console| !console.says("Photo set Coast made with"));
    console.picture("testing_lab_set");
}

/// Photos that look like another one are told above the grid, and everything stays in reach.
fn look_alikes_in(name: &str, look: Look) {
    let mut console = lab_looking(look);
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("{}/assets/photos/cat.jpg", env!("CARGO_MANIFEST_DIR"));
    let cat = decode(&std::fs::read(path).expect("a photo")).expect("decodes").image;
    let copies = [("smaller cat.jpg", 300), ("smallest cat.jpg", 200)].map(|(name, edge)| {
        let path = folder.path().join(name);
        std::fs::write(&path, encode_jpeg(&fit(&cat, edge), 60).expect("encodes")).expect("a file");
        path
    });
    console.drop_files(&copies[..1]);
    console.wait_for("25 of 25 selected");
    console.wait_for("1 looks like another and counts with it");
    console.drop_files(&copies[1..]);
    console.wait_for("26 of 26 selected");
    let told = "2 look like another and count with it";
    console.wait_for(told);
    console.harness.get_by_label("Search photos").focus();
    console.steps();
    console.type_text("cat");
    console.wait_for("3 match");
    while console.says("Close the message") {
        pointer::click(&mut console.harness, |harness| Some(harness.get_all_by_label("Close the message").next()?.rect()));
        console.steps();
    }
    console.picture(name);
    let run = console.harness.get_by_label("Run the comparison").rect();
    for label in ["26 of 26 selected", told, "Select all", "Select none", "Delete…"] {
        let rect = console.harness.get_by_label(label).rect();
        assert!(rect.right() <= run.left(), "{label} reaches under the panel: {rect:?}, {run:?}");
    }
    console.click("Select none");
    console.wait_for("0 of 26 selected");
    assert!(!console.says(told));
}

#[test]
fn look_alikes_are_told_in_a_small_window() {
    look_alikes_in("lab_alike_small", Look { size: [1024.0, 640.0], ..Look::default() });
}

#[test]
fn look_alikes_are_told_in_a_small_window_at_150_per_cent() {
    look_alikes_in("lab_alike_150", Look { size: [1024.0 / 1.5, 640.0 / 1.5], pixels_per_point: 1.5, ..Look::themed(egui::Theme::Light) });
}
