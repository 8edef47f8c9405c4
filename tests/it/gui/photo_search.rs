//! Live status: photos are searched, walked by keyboard, opened, and led to.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::wire::result::Answer;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, until};
use crate::support::scripted::{Act, Scripted, answer};

/// A bundled photo, what it is called here, its tags and caption.
type Told = (&'static str, &'static str, &'static [(&'static str, f32)], &'static str);

const PHOTOS: [Told; 8] = [
    (
        "astronaut_portrait",
        "astronaut_portrait.jpg",
        &[("astronaut", 0.97), ("space suit", 0.91), ("flag", 0.7)],
        "An astronaut smiles in front of a flag",
    ),
    ("cat", "cat.jpg", &[("cat", 0.98), ("whiskers", 0.8)], "A cat looks at the camera"),
    ("coffee", "coffee.jpg", &[("coffee cup", 0.96), ("spoon", 0.74), ("table", 0.71)], "A cup of coffee with a spoon on a wooden table"),
    (
        "rocket_pad_dusk",
        "rocket_pad_dusk.jpg",
        &[("rocket", 0.95), ("launch pad", 0.77), ("dusk", 0.6)],
        "A rocket stands on its pad at dusk, the evening before its launch into space",
    ),
    ("otters", "otters.jpg", &[("otter", 0.93), ("water", 0.92)], "Two otters side by side"),
    ("city_night", "space_needle_at_night.jpg", &[("skyline", 0.97), ("tower", 0.66)], "A city by night"),
    ("raccoon", "raccoon_with_a_long_name_of_its_own_that_is_cut.jpg", &[("raccoon", 0.9)], "A raccoon"),
    ("wine_table", "wine_table.jpg", &[("wine", 0.9), ("bottle", 0.8), ("glass", 0.8), ("table", 0.7)], "Wine on a table"),
];

fn bytes(photo: &str) -> bytes::Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos").join(photo).with_extension("jpg");
    std::fs::read(path).expect("a photo").into()
}

fn library(look: Look, count: usize) -> Console {
    let scripted = Scripted::new();
    // Just after the full minute, so that the next look at the queue is far.
    let clock = TestClock::at(fixed_now() - chrono::TimeDelta::seconds(14 * 60 + 52));
    let console = Console::open_looking(Options { clock, ..Options::with_providers(vec![scripted.clone()]) }, look);
    let client = console.client();
    for (photo, name, tags, caption) in PHOTOS.into_iter().take(count) {
        scripted.then(Act::Answer(Answer { caption: Some(caption.to_owned()), ..answer(tags) }));
        console.block_on(async {
            client.add_photos(vec![(name.to_owned(), bytes(photo))], true).await.expect("added");
            until("it is analysed", || async { (client.photos(None, 1).await.expect("photos").items[0].caption.is_some()).then_some(()) }).await;
        });
    }
    console
}

#[test]
fn photos_are_searched_walked_opened_and_led_to() {
    let mut console = library(Look::default(), 8);
    console.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    console.wait_for("8 photos");
    console.type_text("space");
    console.wait_for("3 photos");
    console.wait_until("the others are gone", |console| console.harness.query_by_label("cat.jpg").is_none());
    // The tag counts most; the arrow leads to the photos, Enter opens one.
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Close the photo");
    console.wait_for("An astronaut smiles in front of a flag");
    console.press(Modifiers::NONE, Key::ArrowRight);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("A city by night");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("it is closed", |console| !console.says("Close the photo"));
    // Up from the first row leads back to the field, Escape empties it.
    console.press(Modifiers::NONE, Key::Home);
    console.press(Modifiers::NONE, Key::ArrowUp);
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("8 photos");
    console.type_text("spoon");
    console.wait_for("1 photo");
    console.click("coffee.jpg");
    console.click("Show its jobs");
    console.wait_until("the job table has the one", |console| console.says("coffee.jpg") && !console.says("rocket_pad_dusk.jpg"));
    console.command(Command::GoTo(Route::Live(LiveView::Photos)));
    console.click("coffee.jpg");
    console.click("Compare in the testing lab");
    console.wait_for("1 of 8 selected");
}

#[test]
fn what_no_command_has_is_searched_in_photos_and_what_is_new_is_shown() {
    let mut console = library(Look::default(), 2);
    console.press(Modifiers::COMMAND, Key::K);
    console.type_text("whiskers");
    console.wait_for("No command has these words");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("1 photo");
    assert!(console.says("cat.jpg") && !console.says("astronaut_portrait.jpg"));
    console.fill("Search photos", "unheard of");
    console.wait_for("No photo has all of these");
    console.click("Show all photos");
    console.wait_for("2 photos");
    // Another comes, and one goes, while one looks.
    let client = console.client();
    let added = console.block_on(client.add_photos(vec![("new.jpg".to_owned(), bytes("otters"))], true)).expect("added");
    console.wait_for("3 photos");
    console.wait_until("it is there", |console| console.harness.query_by_label("new.jpg").is_some());
    console.block_on(client.delete_photo(added.added[0].id)).expect("deleted");
    console.wait_for("2 photos");
    assert!(console.harness.query_by_label("new.jpg").is_none());
}

fn pictures(name: &str, look: Look) {
    let mut console = library(look, 8);
    console.command(Command::SearchPhotos(String::new()));
    console.wait_for("8 photos");
    console.picture(&format!("live_photos_all_{name}"));
    console.type_text("space");
    console.wait_for("3 photos");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("the photo is there", |console| {
        let is_photo = |role, label: Option<String>| role == egui::accesskit::Role::Image && label.as_deref() == Some("astronaut_portrait.jpg");
        console.harness.query_all_by(|node| is_photo(node.role(), node.label()) && !node.is_disabled()).next().is_some()
    });
    console.picture(&format!("live_photos_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT, pictures_at_150_percent "150" ENLARGED);
