//! Photos that are asked more than once: how much the answers differ is seen in each cell, in the heads and among the figures.

use egui::{Key, Modifiers};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::wire::ids::RunId;

use super::testing_lab_baseline::{compare_prompts, options};
use crate::gui::pictured::pictured;
use crate::support::console::{Console, Look};
use crate::support::scripted::{Act, Scripted, answer};

/// What is found in each photo, surest first, and what is taken for the last of them at times.
const FOUND: [[&str; 5]; 8] = [
    ["cat", "tabby", "whiskers", "pet", "kitten"],
    ["dog", "window", "curtain", "puppy", "pet"],
    ["osprey", "branch", "feather", "sky", "eagle"],
    ["coffee", "cup", "saucer", "table", "spoon"],
    ["building", "ruin", "arch", "sky", "arena"],
    ["boat", "harbour", "water", "mast", "ship"],
    ["raccoon", "tree", "fur", "wildlife", "forest"],
    ["city", "night", "lights", "skyline", "river"],
];

/// A run of eight photos in two columns, thrice each. The first prompt answers always the same; the other leaves out the last tag of every
/// second photo the second time, and takes another one for it the third time.
fn a_run(console: &mut Console, scripted: &Scripted) -> RunId {
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    for (at, [first, second, third, last, other]) in FOUND.into_iter().enumerate() {
        let say = |tags: &[&str], sure: f32| {
            let tags: Vec<_> = tags.iter().enumerate().map(|(rank, tag)| (*tag, sure - 0.1 * rank as f32)).collect();
            scripted.then(Act::Answer(answer(&tags)));
        };
        let whole = [first, second, third, last];
        for _ in 0..3 {
            say(&whole, 0.95);
        }
        let changes = at % 2 == 0;
        say(&whole, 0.8);
        say(if changes { &whole[..3] } else { &whole }, 0.9);
        say(&if changes { [first, second, third, other] } else { whole }, 0.7);
    }
    compare_prompts(console, 3)
}

/// By hand: {1, 2, 3, 4}, {1, 2, 3} and {1, 2, 3, 5} have 3 of 4, 3 of 5 and 3 of 4 in common: 70 %; half of the photos say the same
/// each time, so the column has 85 %.
#[test]
fn how_much_repeats_differ_is_told_by_cell_and_by_column() {
    let scripted = Scripted::new();
    let mut console = Console::open(options(&scripted));
    let run = a_run(&mut console, &scripted);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("48 of 48 answered");
    console.wait_for("Repeats agree 100 % (100–100 %)");
    console.wait_for("Repeats agree 85 % (");
    assert!(console.says("pet 50 %; repeats agree 70 %") && console.says("pet 65 %; repeats agree 100 %"));
    console.press(Modifiers::NONE, Key::F);
    console.wait_for("Agreement of the repeats 85 % (");
    console.wait_for("The repeats of a photo agree as the mean Jaccard index over all pairs");
}

fn pictures(name: &str, look: Look) {
    let scripted = Scripted::new();
    let mut console = Console::open_looking(options(&scripted), look);
    let run = a_run(&mut console, &scripted);
    console.steady_times(260);
    console.command(Command::Reload);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("Repeats agree 85 % (");
    console.wait_for("p50 ");
    console.picture(&format!("lab_repeats_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL);
