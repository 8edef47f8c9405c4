//! Side by side with hidden names: votes by keyboard, an undo, names shown at will, and the ranking.

use egui::{Key, Modifiers};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::run::Run;
use minerva_console::wire::vote::{CastVote, Choice};

use super::testing_lab_baseline::{compare_prompts, options};
use crate::gui::pictured::pictured;
use crate::support::console::{Console, Look};
use crate::support::scripted::Scripted;

/// A run of eight photos in two columns, whose answers are the same, opened side by side.
pub(super) fn side_by_side(look: Look) -> (Console, Run) {
    let mut console = Console::open_looking(options(&Scripted::new()), look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    let run = compare_prompts(&mut console, 1);
    let client = console.client();
    let run = console.block_on(client.run(run)).expect("the run");
    console.command(Command::GoTo(Route::Run(run.id)));
    console.wait_for("16 of 16 answered");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane B: cat.jpg");
    (console, run)
}

#[test]
fn answers_are_voted_on_without_names_and_a_vote_is_taken_back() {
    let (mut console, run) = side_by_side(Look::default());
    assert!(console.says("Pane A: Photo tags v4"));
    console.press(Modifiers::NONE, Key::V);
    console.wait_for("Which is best?");
    console.wait_for("0 of 8 voted");
    assert!(console.says("Answer A") && console.says("Answer B"));
    assert!(!console.says("Photo tags v4") && !console.says("Photo tags v5 draft"), "no name is told");

    let client = console.client();
    console.press(Modifiers::NONE, Key::Num2);
    console.wait_for("1 of 8 voted");
    console.wait_for("Pane A: dogs_window.jpg");
    let votes = console.block_on(client.votes(run.id)).expect("votes").votes;
    assert_eq!(votes[0].choice, Choice::Best { column: votes[0].columns[1] }, "the second answer as it stood");
    console.press(Modifiers::NONE, Key::T);
    console.wait_for("2 of 8 voted");
    console.press(Modifiers::NONE, Key::N);
    console.wait_for("3 of 8 voted");
    let votes = console.block_on(client.votes(run.id)).expect("votes");
    assert_eq!((votes.ties, votes.none_good), (1, 1));

    console.wait_for("Pane A: coffee.jpg");
    console.press(Modifiers::NONE, Key::Backspace);
    console.wait_for("2 of 8 voted");
    console.wait_for("Pane A: osprey.jpg");
    let order = votes.votes[0].columns.clone();
    console.press(Modifiers::NONE, Key::K);
    console.press(Modifiers::NONE, Key::K);
    console.wait_for("Pane A: cat.jpg");
    console.press(Modifiers::NONE, Key::Num1);
    console.wait_for("Pane A: dogs_window.jpg");
    let first = Choice::Best { column: order[0] };
    console.wait_until("the vote is another", |console| console.block_on(client.votes(run.id)).is_ok_and(|votes| votes.votes[0].choice == first));
    let votes = console.block_on(client.votes(run.id)).expect("votes").votes;
    assert_eq!((votes.len(), &votes[0].columns), (2, &order), "the photo has kept its order, and one vote");

    console.press(Modifiers::NONE, Key::S);
    console.wait_for("Photo tags v4 · on-device");
    console.wait_for("Hide the names to vote (S)");
    console.press(Modifiers::NONE, Key::Num1);
    assert!(console.says("Pane A: dogs_window.jpg") && console.says("2 of 8 voted"), "who sees the names does not vote blind");
    console.press(Modifiers::NONE, Key::J);
    console.wait_until("the next photo hides them again", |console| !console.says("Photo tags v4"));
    console.press(Modifiers::NONE, Key::G);
    console.wait_for("2 of 8 photos are voted on. Which column leads is told when all are");
    assert!(!console.says("Photo tags v4"), "the ranking tells no name while it is voted");
    console.press(Modifiers::NONE, Key::S);
    console.wait_for("Too few votes to tell: 2 of the 6 photos that it needs");
    console.press(Modifiers::NONE, Key::V);
    console.wait_for("Pane A: Photo tags v4");
}

/// Nobody waits for a vote to be kept before the next one is given.
#[test]
fn votes_that_are_typed_at_once_are_all_kept() {
    let (mut console, run) = side_by_side(Look::default());
    console.press(Modifiers::NONE, Key::V);
    console.wait_for("0 of 8 voted");
    for key in [Key::Num1, Key::Num2, Key::T, Key::Num1, Key::N, Key::Num2, Key::Num1, Key::Num2] {
        console.harness.key_press(key);
    }
    console.wait_for("8 of 8 voted");
    let client = console.client();
    let votes = console.block_on(client.votes(run.id)).expect("votes");
    assert_eq!((votes.votes.len(), votes.ties, votes.none_good), (8, 1, 1));
    console.harness.key_press(Key::Backspace);
    console.harness.key_press(Key::Backspace);
    console.wait_for("6 of 8 voted");
}

fn pictures(name: &str, look: Look) {
    let (mut console, run) = side_by_side(look);
    let client = console.client();
    console.block_on(async {
        for (at, photo) in run.photo_ids.iter().enumerate() {
            let choice = match at {
                // The one that is shown: which side an answer stands on is drawn by lot.
                0 => Choice::Tie,
                6 => Choice::NoneGood,
                _ => Choice::Best { column: u32::from(at != 3) },
            };
            client.cast_vote(run.id, *photo, &CastVote { columns: vec![0, 1], choice: Some(choice) }).await.expect("kept");
        }
    });
    console.press(Modifiers::NONE, Key::V);
    console.wait_for("8 of 8 voted");
    console.press(Modifiers::NONE, Key::G);
    console.wait_for("None was good on 1 photo");
    console.picture(&format!("lab_blind_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL);
