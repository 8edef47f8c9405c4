//! The testing lab: choose photos, prompts and models, run them, read the matrix, compare side by side.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::prompt::CreatePrompt;
use minerva_console::wire::result::{Fault, FaultKind, Note};
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};

use crate::support::console::{Console, Look};
use crate::support::platform::Options;
use crate::support::pointer;
use crate::support::scripted::{Act, Scripted, answer};

/// A console in the testing lab, on the bundled photos, with two prompts. Nothing else asks the models.
fn lab(options: Options) -> Console {
    let mut console = Console::open(options.seeded().without_workers());
    let client = console.client();
    let second =
        CreatePrompt { name: "Animals".to_owned(), content: Some("Tags: cat, dog, bird, person, food, boat".to_owned()), ..CreatePrompt::default() };
    console.block_on(client.create_prompt(&second)).expect("a second prompt");
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    console.wait_for("Animals v1");
    console
}

fn on(scripted: &std::sync::Arc<Scripted>) -> Options {
    Options::with_providers(vec![std::sync::Arc::clone(scripted) as _])
}

fn runs(console: &Console) -> Vec<Run> {
    let client = console.client();
    console.block_on(client.runs()).expect("the runs").items
}

/// Leaves only these photos selected.
fn select_only(console: &mut Console, photos: &[&str]) {
    console.click("Select none");
    for photo in photos {
        console.type_into_search(photo);
        console.click(photo);
    }
    console.type_into_search("");
    console.wait_for(&format!("{} of 24 selected", photos.len()));
}

trait Lab {
    fn type_into_search(&mut self, text: &str);
}

impl Lab for Console {
    fn type_into_search(&mut self, text: &str) {
        self.harness.get_by_label("Search photos").focus();
        self.steps();
        self.press(Modifiers::COMMAND, Key::A);
        self.press(Modifiers::NONE, Key::Delete);
        if !text.is_empty() {
            self.type_text(text);
        }
    }
}

#[test]
fn a_newcomer_is_one_click_from_a_comparison_and_reads_it_side_by_side() {
    let mut console = lab(Options::default());
    assert!(console.says("24 photos × 1 prompt × 1 model = 24 calls"));
    select_only(&mut console, &["cat.jpg", "dogs_window.jpg", "osprey.jpg"]);
    console.click("Animals v1");
    console.wait_for("3 photos × 2 prompts × 1 model = 6 calls");
    console.click("Run the comparison");
    console.wait_for("6 of 6 answered");
    console.wait_until("every cell has tags", |console| {
        console
            .harness
            .query_all_by_label_contains(" %")
            .filter(|node| node.accesskit_node().label().is_some_and(|label| label.contains(".jpg,")))
            .count()
            == 6
    });

    let cell = console.harness.query_all_by_label_contains("cat.jpg, Photo tags v1 · on-device: ").next().expect("the cat's first cell");
    assert!(cell.accesskit_node().label().is_some_and(|label| label.contains("cat ")), "a cat is found: {:?}", cell.accesskit_node().label());
    let name = cell.accesskit_node().label().unwrap_or_default();
    pointer::click_label(&mut console.harness, &name);
    console.steps();
    console.wait_for("Pane B: cat.jpg");
    console.wait_for("In both: ");
    assert!(console.says("In both: cat, A "), "the tag that both prompts lead to, with both confidences");
    console.press(Modifiers::NONE, Key::J);
    assert!(!console.says("Pane A: cat.jpg"), "J goes to the next photo");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("6 of 6 answered");
}

#[test]
fn photos_are_chosen_by_keyboard() {
    let mut console = lab(on(&Scripted::new()));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("0 of 24 selected");
    console.wait_for("Choose at least one photo");
    console.press(Modifiers::NONE, Key::ArrowRight);
    console.press(Modifiers::NONE, Key::Space);
    console.wait_for("1 of 24 selected");
    console.press(Modifiers::SHIFT, Key::ArrowRight);
    console.press(Modifiers::SHIFT, Key::ArrowRight);
    console.wait_for("3 of 24 selected");
    console.press(Modifiers::COMMAND, Key::A);
    console.wait_for("24 of 24 selected");
    console.press(Modifiers::COMMAND, Key::Enter);
    console.wait_for("24 of 24 answered");
}

/// Keys that are meant for a dialog reach nothing beneath it, in any area.
#[test]
fn keys_go_to_the_open_dialog_alone() {
    let mut console = lab(on(&Scripted::new()));
    select_only(&mut console, &["cat.jpg", "coffee.jpg"]);
    console.press(Modifiers::COMMAND, Key::Comma);
    console.wait_for("Credits and licences");
    console.steps();
    for (modifiers, key) in [(Modifiers::COMMAND, Key::A), (Modifiers::COMMAND, Key::Enter), (Modifiers::NONE, Key::Space)] {
        console.press(modifiers, key);
    }
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("Credits and licences"), "the dialog itself hears Escape");
    console.steps();
    assert!(console.says("2 of 24 selected"), "neither Ctrl-A nor Escape reached the photos");
    assert!(runs(&console).is_empty(), "no comparison began");

    console.press(Modifiers::COMMAND, Key::Enter);
    console.wait_for("2 of 2 answered");
    console.press(Modifiers::COMMAND, Key::Comma);
    console.wait_for("Credits and licences");
    console.steps();
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("Credits and licences") && console.says("2 of 2 answered"), "the matrix stays");
}

#[test]
fn what_was_mended_in_an_answer_is_told_with_it() {
    let scripted = Scripted::new();
    let note = "1 confidence was outside 0–1 and set to the nearest bound: cat 7";
    scripted.then(Act::Answer(minerva_console::wire::result::Answer { notes: vec![Note::mended(note)], ..answer(&[("cat", 1.0), ("mat", 0.4)]) }));
    let mut console = lab(on(&scripted));
    select_only(&mut console, &["cat.jpg"]);
    console.click("Run the comparison");
    console.wait_for("1 of 1 answered");
    console.wait_for(&format!("note: {note}"));
    let cell = console.harness.query_all_by_label_contains("cat.jpg, Photo tags v1 · on-device: ").next().expect("the cell");
    let name = cell.accesskit_node().label().unwrap_or_default();
    pointer::click_label(&mut console.harness, &name);
    console.steps();
    console.wait_for("Pane A: cat.jpg");
    console.wait_for(note);
}

#[test]
fn a_run_is_cancelled_and_resumed_and_asks_only_what_is_missing() {
    let scripted = Scripted::held();
    let mut console = lab(on(&scripted));
    scripted.let_through(5);
    console.command(Command::RunComparison);
    console.wait_for("5 of 24");
    console.click("Cancel");
    console.wait_for("5 of 24 answered, 19 not asked");
    console.wait_until("the platform has cancelled it", |console| runs(console)[0].state == RunState::Cancelled);
    scripted.let_through(1_000);
    let calls = scripted.calls();
    console.click("Resume");
    console.wait_for("24 of 24 answered");
    assert_eq!(scripted.calls() - calls, 19, "what was answered is not asked again");
}

#[test]
fn a_failed_cell_says_why_and_is_asked_again() {
    let scripted = Scripted::new();
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "The model declined to look at this photo")));
    let mut console = lab(on(&scripted));
    select_only(&mut console, &["cat.jpg", "coffee.jpg"]);
    console.click("Run the comparison");
    console.wait_for("1 of 2 answered, 1 failed");
    console.wait_for("failed, model refused");
    console.click("Resume");
    console.wait_for("2 of 2 answered");
    console.wait_until("the answer stands where the failure stood", |console| !console.says("failed, model refused"));
}

#[test]
fn an_answer_without_tags_and_a_changed_one_are_told_apart() {
    let scripted = Scripted::new();
    scripted.then(Act::Answer(answer(&[("tabby", 0.8), ("window-light", 0.35)])));
    scripted.then(Act::Answer(answer(&[("Window light", 0.65), ("pet", 0.5)])));
    let mut console = lab(on(&scripted));
    select_only(&mut console, &["cat.jpg"]);
    console.click("Animals v1");
    console.click("Run the comparison");
    console.wait_for("2 of 2 answered");
    console.press(Modifiers::NONE, Key::Enter);
    // Two calls are under way at once: either may be the first to be answered.
    let (up, down) = ("In both: Window light, A 35 %, B 65 %, +30 pt", "In both: Window light, A 65 %, B 35 %, −30 pt");
    console.wait_until("the answers are told apart", |console| console.says(up) || console.says(down));
    let (one, other) = if console.says(up) { ("A", "B") } else { ("B", "A") };
    assert!(console.says(&format!("Only in {one}: tabby, {one} 80 %")) && console.says(&format!("Only in {other}: pet, {other} 50 %")));
    assert!(console.says("300 in, 40 out tokens · $0.000194 · self-reported"));
}

#[test]
fn past_runs_are_opened_again() {
    let mut console = lab(on(&Scripted::new()));
    select_only(&mut console, &["cat.jpg"]);
    console.click("Run the comparison");
    console.wait_for("1 of 1 answered");
    console.click("Choose");
    console.click("Past runs (1)");
    console.click("Open Photo tags v1 × On-device, 1 photo");
    console.wait_for("cat.jpg, Photo tags v1 · on-device: cat 90 %, sofa 70 %");
}

#[test]
fn runs_before_the_newest_come_as_the_end_of_the_list_is_seen() {
    let mut console = lab(on(&Scripted::new()));
    select_only(&mut console, &["cat.jpg"]);
    console.click("Run the comparison");
    console.wait_for("1 of 1 answered");
    console.copy_runs(230);
    console.command(Command::Reload);
    console.wait_for("Past runs (200+)");
    console.command(Command::GoTo(Route::PastRuns));
    console.wait_for("Open Copy 3");
    assert!(!console.says("Open Copy 230"));
    let over = console.harness.get_by_label("Open Copy 3").rect().center();
    console.harness.hover_at(over);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !console.says("Open Copy 230") {
        assert!(std::time::Instant::now() < deadline, "the first run of all is never reached");
        console.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -6_000.0),
            phase: egui::TouchPhase::Move,
            modifiers: Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        });
        console.harness.run_steps(10);
    }
    assert!(console.says("Past runs (231)"));
}

#[test]
fn a_photo_is_deleted_only_when_asked_twice_and_stays_in_past_runs() {
    let mut console = lab(on(&Scripted::new()));
    select_only(&mut console, &["cat.jpg"]);
    console.click("Run the comparison");
    console.wait_for("1 of 1 answered");
    console.click("Choose");
    console.click("Delete…");
    console.wait_for("Delete cat.jpg?");
    console.click("Keep");
    console.wait_for("1 of 24 selected");
    console.click("Delete…");
    console.click("Delete");
    console.wait_for("0 of 23 selected");
    console.click("Results");
    console.wait_for("Deleted photo, Photo tags v1 · on-device: cat 90 %, sofa 70 %");
}

/// The rows of the matrix from the top, by the file names beside them.
fn shown_photos(console: &Console) -> Vec<String> {
    let mut rows: Vec<_> = console
        .harness
        .query_all_by_role(egui::Role::RowHeader)
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn the_matrix_shows_what_failed_or_differs_and_puts_first_what_differs_most() {
    let scripted = Scripted::new();
    let mut console = lab(on(&scripted));
    // By photo, and for each by prompt.
    let tags = |tags: &[(&str, f32)]| Act::Answer(answer(tags));
    for act in [
        tags(&[("cat", 0.9), ("sofa", 0.7)]),
        tags(&[("Sofa", 0.4), ("cat", 0.3)]),
        tags(&[("bird", 0.9), ("sea", 0.6)]),
        tags(&[("bird", 0.8)]),
        tags(&[("dog", 0.9)]),
        tags(&[("window", 0.9)]),
        tags(&[("coffee", 0.9)]),
        Act::Fail(Fault::new(FaultKind::Refused, "The model declined")),
    ] {
        scripted.then(act);
    }
    let client = console.client();
    let run = console.block_on(async {
        let photos = client.photos(None, 100).await.expect("photos").items;
        let id = |name: &str| photos.iter().find(|photo| photo.file_name == name).expect("bundled").id;
        let prompts = client.prompts().await.expect("prompts").items;
        let mut versions = Vec::new();
        for prompt in prompts {
            versions.push(RunPrompt::Version { id: client.prompt_versions(prompt.id).await.expect("versions").items[0].id });
        }
        let asked = StartRun {
            name: String::new(),
            photo_ids: ["cat.jpg", "osprey.jpg", "dogs_window.jpg", "coffee.jpg"].map(id).to_vec(),
            prompts: versions,
            photo_set: None,
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        client.start_run(&asked).await.expect("begun").id
    });
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("7 of 8 answered, 1 failed");
    console.wait_for("Photos: Different 2");
    assert_eq!(shown_photos(&console), ["cat.jpg", "osprey.jpg", "dogs_window.jpg", "coffee.jpg"]);
    console.click("Most different first");
    assert_eq!(shown_photos(&console), ["dogs_window.jpg", "osprey.jpg", "cat.jpg", "coffee.jpg"], "one answer differs from nobody");
    console.click("Photos: Different 2");
    assert_eq!(shown_photos(&console), ["dogs_window.jpg", "osprey.jpg"]);
    assert!(console.says("2 of 4 photos"));

    // What is not shown is not walked through either.
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane B: dogs_window.jpg");
    assert!(console.says("1 of 2"));
    console.press(Modifiers::NONE, Key::J);
    console.press(Modifiers::NONE, Key::J);
    assert!(console.says("Pane B: osprey.jpg") && console.says("2 of 2"));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Photos: Failed 1");
    console.click("Photos: Failed 1");
    assert_eq!(shown_photos(&console), ["coffee.jpg"]);

    console.press(Modifiers::NONE, Key::Slash);
    console.steps();
    console.type_text("sofa");
    console.wait_for("No photo of the run is like that");
    console.click("Show all photos");
    assert_eq!(shown_photos(&console).len(), 4);
    console.press(Modifiers::NONE, Key::Slash);
    console.steps();
    console.type_text("SOFA");
    console.wait_until("a tag is found", |console| shown_photos(console) == ["cat.jpg"]);
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("all again", |console| shown_photos(console).len() == 4);
}

#[test]
fn a_run_that_was_cut_off_is_told_at_the_next_start_and_asks_only_what_is_missing() {
    let scripted = Scripted::held();
    let mut console = lab(on(&scripted));
    scripted.let_through(5);
    console.command(Command::RunComparison);
    console.wait_for("5 of 24");
    console.wait_until("they are stored", |console| runs(console)[0].counts.completed == 5);
    let folder = console.close();
    scripted.let_through(1_000);
    let calls = scripted.calls();
    let mut console = Console::open_in(folder, on(&scripted).seeded().without_workers(), Look::default());
    console.wait_for("A comparison was cut off: 5 of 24 answered. Nothing is asked until you resume it");
    assert_eq!(scripted.calls(), calls, "nothing is asked by itself");
    console.click("Show it");
    console.wait_for("5 of 24 answered, 19 not asked");
    console.click("Resume");
    console.wait_for("24 of 24 answered");
    assert_eq!(scripted.calls() - calls, 19, "what was answered is not asked again");
}
