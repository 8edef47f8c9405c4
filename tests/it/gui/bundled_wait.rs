//! A first start without room for the bundled photos: said where photos would be, and over by itself.

use std::path::Path;

use minerva_console::gui::ctx::AreaId;
use tempfile::TempDir;

use crate::support::console::{Console, Look};
use crate::support::platform::Options;

/// Where the folder of each photo would be made.
fn places(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let photos = folder.join("data/photos");
    (0..=0xff_u8).map(move |first| photos.join(format!("{first:02x}")))
}

/// A data folder in which no photo can be stored.
fn without_room() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    std::fs::create_dir_all(folder.path().join("data/photos")).expect("made");
    for place in places(folder.path()) {
        std::fs::write(place, "no folder").expect("written");
    }
    folder
}

#[test]
fn bundled_photos_that_could_not_be_stored_are_told_of_and_come_by_themselves() {
    let options = Options::default().without_workers().seeded();
    let mut console = Console::open_in(without_room(), options, Look::default());
    console.wait_for("The bundled photos could not be added");
    console.go_to(AreaId::TestingLab);
    console.wait_for("The bundled photos could not be added");
    assert!(console.says("They come by themselves"), "what will be");

    for place in places(console.folder.path()) {
        std::fs::remove_file(place).expect("removed");
    }
    console.wait_until("they are there", |console| console.says("24 of 24 selected"));
    console.wait_until("nothing is said any more", |console| !console.says("could not be added"));
    console.go_to(AreaId::LiveStatus);
    console.wait_until("nothing is said any more", |console| !console.says("could not be added"));
}
