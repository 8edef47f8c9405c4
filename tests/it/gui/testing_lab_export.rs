//! A run goes to a file or the clipboard from the window, waits when told to, and takes what is known as it is.

use std::sync::Arc;

use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::ids::RunId;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::clock::TestClock;
use crate::support::console::{self, Console};
use crate::support::platform::Options;
use crate::support::scripted::Scripted;

const PATH: &str = "No file was chosen in a dialog of this system. Type the path of the file";

fn open(scripted: &Arc<Scripted>) -> Console {
    let clock = TestClock::at(console::fixed_now());
    let options = Options { clock, ..Options::with_providers(vec![Arc::clone(scripted) as _]).seeded().without_workers() };
    let mut console = Console::open(options);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    console
}

/// A run of two photos under one prompt.
fn begin(console: &Console) -> RunId {
    let client = console.client();
    console.block_on(async {
        let photos = client.photos(None, 100).await.expect("photos").items;
        let asked = StartRun {
            photo_set: None,
            name: "Of two".to_owned(),
            photo_ids: photos.iter().filter(|photo| ["cat.jpg", "coffee.jpg"].contains(&photo.file_name.as_str())).map(|photo| photo.id).collect(),
            prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        client.start_run(&asked).await.expect("begun").id
    })
}

#[test]
fn a_run_is_written_where_a_person_says_and_trouble_is_told() {
    let mut console = open(&Scripted::new());
    let run = begin(&console);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("2 of 2 answered");
    let path = console.folder.path().join("run.html");
    console.click("Export the run");
    console.wait_for("HTML with thumbnails…");
    console.click("HTML with thumbnails…");
    console.wait_for(PATH);
    console.fill(PATH, "/no/such/folder/run.html");
    console.click("Save");
    console.wait_for("There is no folder /no/such/folder");
    console.fill(PATH, &path.to_string_lossy());
    console.click("Save");
    console.wait_for("Written: ");
    let page = std::fs::read_to_string(&path).expect("written");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n") && page.matches("data:image/jpeg").count() == 2);
    let left: Vec<_> =
        std::fs::read_dir(console.folder.path()).expect("a folder").filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    assert!(left.iter().all(|name| !name.starts_with(".minerva-")), "nothing is left beside it: {left:?}");

    console.click("Export the run");
    console.wait_for("Copy as a table");
    console.click("Copy as a table");
    console.wait_for("Copied as a table: a row for each photo, a column for each variant");
}

#[test]
fn a_run_is_paused_and_goes_on_and_the_next_one_knows_its_answers() {
    let scripted = Scripted::held();
    let mut console = open(&scripted);
    let run = begin(&console);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("0 of 2");
    console.wait_until("one is asked", |_| scripted.calls() == 1);
    console.click("Pause");
    console.wait_for("Paused");
    scripted.let_through(10);
    console.wait_for("1 of 2 answered, 1 not asked");
    console.wait_for("Not asked yet: the run is paused");
    assert_eq!(scripted.calls(), 1);
    console.click("Resume");
    console.wait_for("2 of 2 answered");
    assert_eq!(scripted.calls(), 2);

    let again = begin(&console);
    console.command(Command::GoTo(Route::Run(again)));
    console.wait_for("2 known already");
    console.wait_for("note: Known already, not asked again: from “Of two”, 2026-03-14 09:26 UTC");
    let client = console.client();
    let again = console.block_on(client.run(again)).expect("the run");
    assert_eq!((again.state, again.reused, scripted.calls()), (RunState::Completed, 2, 2));
}
