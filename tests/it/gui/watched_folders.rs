//! A folder that is watched: what is in it and what comes into it is in the library, without anybody doing anything.

use std::path::Path;

use minerva_console::gui::ctx::{AreaId, Command};

use crate::support::console::Console;
use crate::support::platform::{Options, jpeg};
use crate::support::scripted::Scripted;

fn put(folder: &Path, name: &str, seed: u8) {
    std::fs::write(folder.join(name), jpeg(64, 48, seed)).expect("a file");
}

#[test]
fn photos_come_by_themselves_until_it_is_stopped() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("trip");
    std::fs::create_dir(&folder).expect("a folder");
    put(&folder, "first.jpg", 1);
    let mut console = Console::open(Options::with_providers(vec![Scripted::new()]).without_workers());
    console.go_to(AreaId::TestingLab);
    console.wait_for("The library has no photos yet");
    console.command(Command::WatchFolder(folder.clone()));
    console.wait_for("1 photo came from trip");
    console.wait_for("first.jpg");

    put(&folder, "second.jpg", 2);
    std::fs::write(folder.join("notes.txt"), "no photo").expect("a file");
    console.wait_for("second.jpg");
    // A folder that comes with photos in it.
    let elsewhere = place.path().join("day 2");
    std::fs::create_dir(&elsewhere).expect("a folder");
    put(&elsewhere, "third.jpg", 3);
    std::fs::rename(&elsewhere, folder.join("day 2")).expect("moved");
    console.wait_for("third.jpg");
    std::fs::write(folder.join("broken.jpg"), "no photo").expect("a file");
    console.wait_for("broken.jpg in trip was not taken: ");

    console.click("Watched folders: 1");
    console.click(&format!("Watch {} no more", folder.display()));
    console.wait_for("is no longer watched; its photos stay in the library");
    put(&folder, "unseen.jpg", 4);
    console.click("Undo");
    console.wait_for("unseen.jpg");
    let client = console.client();
    assert_eq!(console.block_on(client.photos(None, 100)).expect("photos").items.len(), 4, "what is known already is not added twice");

    std::fs::rename(&folder, place.path().join("renamed")).expect("renamed");
    console.click("Watched folders: 1");
    console.wait_for("The folder is gone, or its disk is not connected");
}
