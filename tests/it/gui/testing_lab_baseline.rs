//! A column is pinned as the baseline: the others say how they stand beside it, and what got worse is one click away.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::ids::RunId;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::gui::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{self, Console, Look};
use crate::support::platform::Options;
use crate::support::scripted::{Act, Scripted, answer};

/// Those of the bundled photos that are compared.
const PHOTOS: [&str; 8] =
    ["cat.jpg", "dogs_window.jpg", "osprey.jpg", "coffee.jpg", "colosseum.jpg", "boats_1865.jpg", "raccoon.jpg", "city_night.jpg"];

/// What the first prompt finds in each photo, surest first.
const FOUND: [&[&str]; 8] = [
    &["cat", "tabby", "whiskers", "pet"],
    &["dog", "window", "curtain", "puppy"],
    &["osprey", "branch", "feather", "sky"],
    &["coffee", "cup", "saucer", "table"],
    &["building", "ruin", "arch", "sky"],
    &["boat", "harbour", "water", "mast"],
    &["raccoon", "tree", "fur", "wildlife"],
    &["city", "night", "lights", "skyline"],
];

/// A run of eight photos in two columns. The other prompt leaves out the last tag of every second photo, is less sure, and
/// refuses the fourth.
fn a_run(console: &mut Console, scripted: &Scripted) -> RunId {
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    for (at, tags) in FOUND.iter().enumerate() {
        let found = |count: usize, sure: f32| {
            let tags: Vec<_> = tags.iter().take(count).enumerate().map(|(rank, tag)| (*tag, sure - 0.1 * rank as f32)).collect();
            Act::Answer(answer(&tags))
        };
        scripted.then(found(4, 0.95));
        scripted.then(match at {
            3 => Act::Fail(Fault::new(FaultKind::Refused, "The model declined to look at this photo")),
            _ => found(4 - at % 2, 0.8),
        });
    }
    compare_prompts(console, 1)
}

/// Compares two prompts on these photos, each so many times; returns the run when it has ended.
pub fn compare_prompts(console: &mut Console, repeats: u32) -> RunId {
    let client = console.client();
    let run = console.block_on(async {
        let photos = client.photos(None, 100).await.expect("photos").items;
        let id = |name: &&str| photos.iter().find(|photo| photo.file_name == *name).expect("bundled").id;
        let asked = StartRun {
            photo_set: None,
            name: String::new(),
            photo_ids: PHOTOS.iter().map(id).collect(),
            prompts: vec![RunPrompt::inline("Photo tags v4", "Tag this photo."), RunPrompt::inline("Photo tags v5 draft", "Tag it briefly.")],
            models: vec!["on-device".to_owned()],
            repeats,
            concurrency: 1,
            ask_again: repeats > 1,
        };
        client.start_run(&asked).await.expect("begun").id
    });
    let client = console.client();
    console.wait_until("the run has ended", |console| console.block_on(client.run(run)).is_ok_and(|run| run.state == RunState::Completed));
    run
}

/// The bundled photos, and answers as they are scripted, at a moment that stands still.
pub fn options(scripted: &Arc<Scripted>) -> Options {
    let clock = TestClock::at(console::fixed_now());
    Options { clock, ..Options::with_providers(vec![Arc::clone(scripted) as _]).seeded().without_workers() }
}

fn rows(console: &Console) -> Vec<String> {
    console.harness.query_all_by_role(egui::Role::RowHeader).filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn a_column_is_pinned_and_what_got_worse_is_one_click_away() {
    let scripted = Scripted::new();
    let mut console = Console::open(options(&scripted));
    let run = a_run(&mut console, &scripted);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("15 of 16 answered, 1 failed");
    assert!(!console.says("Photos: Regressions"), "nothing is worse than nothing");

    console.click("Pin Photo tags v4 · on-device as the baseline");
    console.wait_for("Photo tags v4 · on-device is the baseline");
    console.wait_for(". Baseline");
    console.click("Undo");
    console.wait_until("none is pinned", |console| !console.says(". Baseline"));
    let client = console.client();
    assert_eq!(console.block_on(client.run(run)).expect("the run").baseline, None);
    console.press(Modifiers::NONE, Key::P);
    console.wait_for("Photo tags v4 · on-device is the baseline");
    console.wait_for(". Baseline");
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_until("Ctrl Z took it back", |console| !console.says(". Baseline"));
    console.press(Modifiers::NONE, Key::P);
    console.wait_for(". Baseline");
    assert_eq!(console.block_on(client.run(run)).expect("the run").baseline, Some(0), "the column that the keyboard stands on");
    // Of seven pairs three have three of four tags in common: (4 + 3 · 0.75) / 7.
    console.wait_for(". Agrees 89 % (");
    console.wait_for("Photos: Regressions 1");
    console.click("Photos: Regressions 1");
    console.wait_until("one photo is left", |console| rows(console) == ["coffee.jpg"]);
    console.wait_for("failed, model refused; 100 pt worse");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane B: coffee.jpg");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Photos: Regressions 1");

    console.press(Modifiers::NONE, Key::F);
    console.wait_for("Answered 88 % (");
    console.wait_for(", difference −12.5 pt");
    console.wait_for("Confidence 67 % (");
    console.wait_for(": lower");
    console.wait_for("No photo of the run has labels: nothing says which tags are right");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Photos: Regressions 1");

    console.click("Unpin Photo tags v4 · on-device as the baseline");
    console.wait_until("all photos are shown again", |console| rows(console).len() > 3 && !console.says("Photos: Regressions"));
}

#[test]
fn a_baseline_is_put_back_in_a_run_that_is_not_open_any_more_and_one_answer_has_its_figures() {
    let scripted = Scripted::new();
    let mut console = Console::open(options(&scripted));
    let first = a_run(&mut console, &scripted);
    let client = console.client();
    console.block_on(client.set_baseline(first, Some(0))).expect("pinned");
    console.command(Command::GoTo(Route::Run(first)));
    console.wait_for(". Baseline");
    let other = console.block_on(async {
        let photo_ids = client.photos(None, 100).await.expect("photos").items.iter().take(1).map(|photo| photo.id).collect();
        let asked = StartRun {
            photo_set: None,
            name: "Of one photo".to_owned(),
            photo_ids,
            prompts: vec![RunPrompt::inline("Photo tags v6", "Tag this.")],
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        client.start_run(&asked).await.expect("begun").id
    });
    console.command(Command::GoTo(Route::Run(other)));
    console.wait_for("1 of 1 answered");
    // As the button of the message does.
    console.command(Command::SetBaseline { run: first, column: None });
    console.wait_until("none is pinned", |console| console.block_on(client.run(first)).is_ok_and(|run| run.baseline.is_none()));
    console.wait_for("No column is the baseline any more");

    console.press(Modifiers::NONE, Key::F);
    console.wait_for("Answered 100 %");
}

fn pictures(name: &str, look: Look) {
    let scripted = Scripted::new();
    let mut console = Console::open_looking(options(&scripted), look);
    let run = a_run(&mut console, &scripted);
    console.steady_times(260);
    let client = console.client();
    console.block_on(client.set_baseline(run, Some(0))).expect("pinned");
    console.command(Command::Reload);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for(". Agrees 89 % (");
    console.wait_for("p50 1.");
    console.picture(&format!("lab_baseline_{name}"));
    console.press(Modifiers::NONE, Key::F);
    console.wait_for("Confidence 67 % (");
    console.picture(&format!("lab_figures_{name}"));
}

pictured!(in every look);
