//! What there is to know of a photo, one key away in the grid and side by side.

use egui::{Key, Modifiers, Theme};
use minerva_console::gui::ctx::AreaId;

use crate::support::camera;
use crate::support::clock::TestClock;
use crate::support::console::{self, Console, Look, THEMES};
use crate::support::platform::Options;
use crate::support::scripted::Scripted;

fn lab_with_a_photo(theme: Theme) -> Console {
    let clock = TestClock::at(console::fixed_now());
    let options = Options { clock, ..Options::with_providers(vec![Scripted::new()]).without_workers() };
    let mut console = Console::open_looking(options, Look { theme, ..Look::SMALL });
    let client = console.client();
    console.block_on(client.add_photos(vec![("holiday.jpg".to_owned(), camera::with_exif([60, 120, 90], true).into())], false)).expect("added");
    console.go_to(AreaId::TestingLab);
    console.wait_for("1 of 1 selected");
    console
}

#[test]
fn the_camera_s_words_are_shown_and_the_place_is_not() {
    let mut console = lab_with_a_photo(Theme::Dark);
    console.press(Modifiers::NONE, Key::ArrowRight);
    console.press(Modifiers::NONE, Key::I);
    console.wait_for("Canon EOS R5");
    assert!(console.says("1/200 s") && console.says("In the file; left out of everything that is sent or exported"));
    assert!(!console.says("12 min"), "the coordinates stay in the file");
    console.press(Modifiers::NONE, Key::I);
    console.wait_until("I closes it again", |console| !console.says("Canon EOS R5"));

    console.press(Modifiers::COMMAND, Key::Enter);
    console.wait_for("1 of 1 answered");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane A: holiday.jpg");
    console.click("Details of the photo");
    console.wait_for("Canon EOS R5");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("Esc closes the dialog alone", |console| !console.says("Canon EOS R5"));
    assert!(console.says("Pane A: holiday.jpg"));
}

#[test]
fn pictures() {
    let mut pictures = egui_kittest::SnapshotResults::new();
    for (theme, name) in THEMES {
        let mut console = lab_with_a_photo(theme);
        console.wait_until("the estimate is there", |console| !console.says("Estimating"));
        console.press(Modifiers::NONE, Key::ArrowRight);
        console.press(Modifiers::NONE, Key::I);
        console.wait_for("Canon EOS R5");
        console.picture(&format!("lab_photo_details_{name}"));
        pictures.extend_harness(&mut console.harness);
    }
}
