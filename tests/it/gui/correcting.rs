//! Corrections in side by side: what is right is said at the tags of the answers, becomes ground truth, and is measured against.

use egui::{Key, Modifiers};
use minerva_console::gui::ctx::Command;
use minerva_console::wire::truth::{SetTruth, TruthFormat, TruthQuery};

use super::blind::side_by_side;
use crate::gui::pictured::pictured;
use crate::support::console::{Console, Look};

/// The labels of the first photo.
fn labels(console: &Console) -> Vec<String> {
    let client = console.client();
    let query = TruthQuery { format: Some(TruthFormat::Json), ..TruthQuery::default() };
    let all: std::collections::BTreeMap<String, Vec<String>> =
        serde_json::from_str(&console.block_on(client.export_ground_truth(&query)).expect("labels")).expect("JSON");
    all.get("cat.jpg").cloned().unwrap_or_default()
}

#[test]
fn an_answer_is_corrected_to_ground_truth_and_the_figures_follow() {
    let (mut console, _) = side_by_side(Look::default());
    console.press(Modifiers::NONE, Key::L);
    console.wait_for("Nobody has said yet what is in this photo: click the tags that are right");
    console.click("All of A");
    console.wait_until("all tags of the answer are right", |console| labels(console).len() > 1);
    let all = labels(&console);
    console.wait_for(&format!("{} tags are right", all.len()));
    assert!(!console.says("All of A"), "nothing of it is left to be taken");

    console.click(&format!("{} is right", all[0]));
    console.wait_until("one is not right", |console| labels(console) == all[1..]);
    console.click("Tags that no answer has");
    console.type_text("Sleeping-Cat, sofa cushion");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Take off sleeping cat");
    console.wait_until("both are added", |console| labels(console).len() == all.len() + 1);
    console.click("Take off sofa cushion");
    console.wait_until("one is off again", |console| labels(console).len() == all.len());

    console.command(Command::UndoConfigChange);
    console.wait_for("Take off sofa cushion");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("16 of 16 answered");
    console.command(Command::ShowRunFigures);
    console.wait_until("figures in place of the matrix", |console| console.says("F1") && !console.says("Most different first"));
    console.click("Results");
    console.wait_for("Most different first");
}

/// What is written takes the place of all labels of the photo: unread ones would be gone with the first click.
#[test]
fn labels_that_can_not_be_read_are_not_corrected() {
    let (mut console, run) = side_by_side(Look::default());
    let client = console.client();
    let tags = Some(vec!["bird of prey".to_owned()]);
    console.block_on(client.set_ground_truth(run.photo_ids[0], &SetTruth { tags })).expect("labelled");
    console.press(Modifiers::NONE, Key::L);
    // The change has been heard of: later it would say what the labels are.
    console.wait_for("1 tag is right");
    console.hide_labels(true);
    console.command(Command::Reload);
    console.wait_for("What people said of this photo is not known");
    console.click("All of A");
    console.click("Tags that no answer has");
    console.type_text("sofa");
    console.press(Modifiers::NONE, Key::Enter);
    console.hide_labels(false);
    assert_eq!(labels(&console), ["bird of prey"], "nothing was written");
    console.click("Try again");
    console.wait_for("1 tag is right");
    console.click("All of A");
    console.wait_until("the labels have grown", |console| labels(console).len() > 2);
    assert!(labels(&console).contains(&"bird of prey".to_owned()));
}

#[test]
fn a_correction_that_is_not_kept_says_so_where_it_is_made_and_is_tried_again() {
    let (mut console, _) = side_by_side(Look::default());
    console.press(Modifiers::NONE, Key::L);
    console.wait_for("Nobody has said yet what is in this photo: click the tags that are right");
    console.refuse_labels(true);
    console.click("All of A");
    console.wait_for("What you changed is not kept yet; it is tried again by itself");
    assert!(console.says("Try again"));
    console.refuse_labels(false);
    console.wait_until("it is kept", |console| labels(console).len() > 1);
    console.wait_until("nothing is told any more", |console| !console.says("not kept yet"));
}

fn pictures(name: &str, look: Look) {
    let (mut console, _) = side_by_side(look);
    console.steady_times(260);
    console.command(Command::Reload);
    console.wait_for(" s · 300 in");
    console.press(Modifiers::NONE, Key::L);
    console.click("All of A");
    console.wait_for(" tags are right");
    let all = labels(&console);
    console.click(&format!("{} is right", all[0]));
    console.click("Tags that no answer has");
    console.type_text("whiskers");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Take off whiskers");
    console.wait_until("it is kept", |console| labels(console).len() == all.len());
    console.picture(&format!("lab_correcting_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL);
