//! A prompt version is validated on a photo set from the testing lab: its report stands above its answers, is listed, and is held
//! against an earlier one.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::ids::{PromptVersionId, RunId};
use minerva_console::wire::photo_set::{CreatePhotoSet, SetChoice};
use minerva_console::wire::prompt::CreatePrompt;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::RunState;
use minerva_console::wire::truth::SetTruth;
use minerva_console::wire::validation::{Gates, StartValidation};

use crate::gui::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{self, Console, Look};
use crate::support::platform::Options;
use crate::support::pointer;
use crate::support::scripted::{Act, Scripted, answer};

const PHOTOS: [&str; 8] =
    ["cat.jpg", "dogs_window.jpg", "osprey.jpg", "coffee.jpg", "colosseum.jpg", "boats_1865.jpg", "raccoon.jpg", "city_night.jpg"];

struct Lab {
    console: Console,
    set: SetChoice,
    /// Not in production.
    version: PromptVersionId,
}

/// A lab with a set of so many photos, each labelled with cat and sofa, and a second prompt.
fn lab(scripted: &Arc<Scripted>, photos: usize, look: Look) -> Lab {
    let clock = TestClock::at(console::fixed_now());
    let options = Options { clock, ..Options::with_providers(vec![Arc::clone(scripted) as _]).seeded().without_workers() };
    let mut console = Console::open_looking(options, look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    let client = console.client();
    let (set, version) = console.block_on(async {
        let known = client.photos(None, 100).await.expect("photos").items;
        let id = |name: &&str| known.iter().find(|photo| photo.file_name == *name).expect("bundled").id;
        let photo_ids: Vec<_> = PHOTOS.iter().take(photos).map(id).collect();
        for photo in &photo_ids {
            let tags = Some(vec!["cat".to_owned(), "sofa".to_owned()]);
            client.set_ground_truth(*photo, &SetTruth { tags }).await.expect("labelled");
        }
        let set = client.create_photo_set(&CreatePhotoSet { name: "Pets".to_owned(), photo_ids }).await.expect("made").set;
        let prompt = CreatePrompt { name: "Animals".to_owned(), content: Some("Name what you see".to_owned()), ..CreatePrompt::default() };
        let prompt = client.create_prompt(&prompt).await.expect("made");
        let version = client.prompt_versions(prompt.id).await.expect("versions").items[0].id;
        (SetChoice { id: set.id, version: set.version }, version)
    });
    console.wait_for("Animals v1");
    Lab { console, set, version }
}

impl Lab {
    /// Validates by the API, one call at a time, so that the script is met in its order.
    fn validate(&self, gates: Gates) -> RunId {
        let client = self.console.client();
        let asked = StartValidation { prompt_version_id: self.version, photo_set: self.set, model: None, gates, concurrency: 1, max_cost_usd: None };
        self.console.block_on(async {
            let run = client.start_validation(&asked).await.expect("begun").run_id;
            crate::support::platform::until("the validation to end", || async {
                (client.run(run).await.expect("a run").state == RunState::Completed).then_some(())
            })
            .await;
            run
        })
    }
}

#[test]
fn a_version_is_held_against_gates_and_the_report_says_why_it_fails() {
    let scripted = Scripted::new();
    let Lab { mut console, .. } = lab(&scripted, 3, Look::default());
    console.command(Command::ValidateVersion(None));
    console.wait_for("Asks the model about every photo of the set anew");
    console.wait_for("6 calls. Costs nothing");
    assert_eq!(scripted.calls(), 0, "nothing is asked before it is told to");
    pointer::click(&mut console.harness, |harness| {
        let boxes = harness.query_all_by_role_and_label(egui::Role::CheckBox, "F1");
        boxes.map(|node| node.rect()).next()
    });
    for _ in 0..6 {
        scripted.then(Act::Answer(answer(&[("dog", 0.9), ("tree", 0.4)])));
    }
    console.click("Validate");
    console.wait_for("6 of 6 answered");
    console.wait_for("Failed: F1");
    assert!(console.says("Animals v1 on on-device, Pets v1, beside Photo tags v1 in production"));
    assert!(console.says("F1 0.00 over 3 photos; at least 0.70; too few photos for an interval"));
    assert!(console.says("Passed: Valid answers") && console.says("Passed: Refusals"));

    pointer::click_label_contains(&mut console.harness, "Past runs");
    console.click("Validations");
    console.wait_for("Open the validation of Animals v1: Failed 1 of 4 gates on Pets v1");
    // The dialog remembers what was asked for last, and closes by keyboard.
    console.command(Command::ValidateVersion(None));
    console.wait_for("Asks the model about every photo of the set anew");
    let is_on = |console: &Console| {
        let box_of = console.harness.query_all_by_role_and_label(egui::Role::CheckBox, "F1").next();
        box_of.is_some_and(|node| egui_kittest::kittest::NodeT::accesskit_node(&node).toggled() == Some(egui::accesskit::Toggled::True))
    };
    console.wait_until("the gate of F1 is chosen", is_on);
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the dialog is gone", |console| !console.says("Asks the live model about"));
}

#[test]
fn a_report_is_held_against_an_earlier_one() {
    let scripted = Scripted::new();
    let mut lab = lab(&scripted, 8, Look::default());
    for _ in 0..8 {
        scripted.then(Act::Answer(answer(&[("cat", 0.9), ("lamp", 0.6)])));
    }
    let gates = Gates { f1: Some(0.7), ..Gates::none() };
    lab.validate(gates.clone());
    let now = lab.validate(gates);
    let console = &mut lab.console;
    console.command(Command::GoTo(Route::Run(now)));
    console.wait_for("Passed: F1");
    console.click("Beside");
    console.wait_for("Animals v1, Pets v1, failed");
    pointer::click_label_contains(&mut console.harness, "Animals v1, Pets v1, failed");
    console.wait_for("F1 better, +50.0 pt (+50.0 to +50.0)");
    assert!(console.says("over the 8 photos that both are about"));
}

fn pictures(name: &str, look: Look) {
    let scripted = Scripted::new();
    let mut lab = lab(&scripted, 8, look);
    // Before the model was ever timed: what it takes would be another figure each time.
    lab.console.command(Command::ValidateVersion(None));
    lab.console.wait_for("16 calls. Costs nothing");
    lab.console.picture(&format!("lab_validate_{name}"));
    lab.console.press(Modifiers::NONE, Key::Escape);
    // By photo, the version first, then production.
    for at in 0..8 {
        scripted.then(match at {
            3 => Act::Fail(Fault::new(FaultKind::Refused, "The model declined to look at this photo")),
            _ if at % 2 == 0 => Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.7)])),
            _ => Act::Answer(answer(&[("dog", 0.9), ("sofa", 0.6)])),
        });
        scripted.then(Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.7)])));
    }
    let first = lab.validate(Gates { f1: Some(0.7), cost_per_photo_usd: Some(minerva_console::wire::money::UsdMicros(500)), ..Gates::default() });
    lab.validate(Gates::default());
    lab.console.steady_times(260);
    let console = &mut lab.console;
    console.command(Command::GoTo(Route::Run(first)));
    console.wait_for("15 of 16 answered, 1 failed");
    console.wait_for("Failed: No regression of F1");
    console.command(Command::Reload);
    console.wait_for("p50 1.");
    console.click("Beside");
    console.wait_for("Animals v1, Pets v1, passed");
    pointer::click_label_contains(&mut console.harness, "Animals v1, Pets v1, passed");
    console.wait_for("F1 worse");
    console.picture(&format!("lab_validation_{name}"));
    pointer::click_label_contains(&mut console.harness, "Past runs");
    console.click("Validations");
    console.wait_for("Open the validation of Animals v1: Passed all 3 gates");
    console.picture(&format!("lab_validations_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL);
