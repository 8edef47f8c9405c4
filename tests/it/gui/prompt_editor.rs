//! The prompt editor, by keyboard: undo over restarts, find and replace, completion, whole lines.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::AreaId;
use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::prompt::{Prompt, UpdatePrompt};
use tempfile::TempDir;

use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, lasting_prices};
use crate::support::pointer;

fn options() -> Options {
    let keys = Keys::new(HashMap::new(), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    Options { providers, keys, clock, ..Options::default().without_workers() }
}

/// A console in the area, with a prompt of this text open and its editor waiting for keys at the end.
fn open(text: &str) -> Console {
    open_looking(text, Look { size: [1440.0, 900.0], ..Look::default() })
}

fn open_looking(text: &str, look: Look) -> Console {
    let console = Console::open_looking(options(), look);
    set_draft(&console, text);
    into_editor(console)
}

fn reopen(folder: TempDir) -> Console {
    into_editor(Console::open_in(folder, options(), Look { size: [1440.0, 900.0], ..Look::default() }))
}

fn into_editor(mut console: Console) -> Console {
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console
}

fn to_the_end(console: &mut Console) {
    console.press(Modifiers::COMMAND | Modifiers::CTRL, Key::End);
}

fn to_the_top(console: &mut Console) {
    console.press(Modifiers::COMMAND | Modifiers::CTRL, Key::Home);
}

/// Somebody writes the draft at the platform.
fn set_draft(console: &Console, text: &str) {
    let prompt = prompt(console);
    let update = UpdatePrompt { draft: Some(text.to_owned()), ..UpdatePrompt::default() };
    let client = console.client();
    console.block_on(client.update_prompt(prompt.id, prompt.revision, &update)).expect("updated");
}

fn prompt(console: &Console) -> Prompt {
    let client = console.client();
    console.block_on(async { client.prompts().await.expect("prompts").items.remove(0) })
}

/// What stands in the editor.
fn text(console: &Console) -> String {
    let is_text = |role| role == Role::MultilineTextInput;
    let node = console.harness.get_by(|node| is_text(node.role()) && node.label().as_deref() == Some("Prompt"));
    node.accesskit_node().value().expect("a text")
}

#[track_caller]
fn wait_for_text(console: &mut Console, expected: &str) {
    console.wait_until(&format!("the text is {expected:?}"), |console| text(console) == expected);
}

/// Types letter by letter, a frame each.
fn type_letters(console: &mut Console, letters: &str) {
    for letter in letters.chars() {
        console.type_text(&letter.to_string());
    }
}

fn undo(console: &mut Console) {
    console.press(Modifiers::COMMAND, Key::Z);
}

fn redo(console: &mut Console) {
    console.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
}

#[test]
fn undo_goes_word_by_word_and_on_after_a_restart() {
    let mut console = open("One.");
    to_the_end(&mut console);
    type_letters(&mut console, " two three");
    assert_eq!(text(&console), "One. two three");
    undo(&mut console);
    assert_eq!(text(&console), "One. two ");
    redo(&mut console);
    assert_eq!(text(&console), "One. two three");

    // Too late for the autosave, but not for the journal.
    type_letters(&mut console, " x");
    let mut console = reopen(console.close());
    wait_for_text(&mut console, "One. two three x");
    for _ in 0..3 {
        undo(&mut console);
    }
    assert_eq!(text(&console), "One. two ");
    redo(&mut console);
    console.wait_for("Draft saved");
    let mut console = reopen(console.close());
    assert_eq!(text(&console), "One. two three");
    redo(&mut console);
    // The blank and the letter were typed as a step each.
    assert!(text(&console).starts_with("One. two three "));
    for _ in 0..5 {
        undo(&mut console);
    }
    assert_eq!(text(&console), "One.");
}

#[test]
fn the_cursor_is_where_it_was_after_a_restart() {
    let mut console = open("first\nsecond\nthird");
    to_the_top(&mut console);
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::ArrowRight);
    console.wait_for("Line 2, column 2");
    let mut console = reopen(console.close());
    console.wait_for("Line 2, column 2");
    console.type_text("-");
    assert_eq!(text(&console), "first\ns-econd\nthird");
}

#[test]
fn each_prompt_has_a_history_of_its_own() {
    let mut console = open("One.");
    to_the_end(&mut console);
    console.type_text(" two");
    console.press(Modifiers::COMMAND, Key::N);
    console.type_text("Streets");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("its editor has the keyboard", |console| console.harness.query_by_label("Prompt").is_some_and(|node| node.is_focused()));
    wait_for_text(&mut console, "");
    console.type_text("Look at streets");
    undo(&mut console);
    undo(&mut console);
    assert_eq!(text(&console), "");
    pointer::click_label_contains(&mut console.harness, "Photo tags,");
    console.steps();
    wait_for_text(&mut console, "One. two");
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    undo(&mut console);
    assert_eq!(text(&console), "One.");
}

#[test]
fn a_draft_that_was_changed_elsewhere_while_the_window_was_closed_is_a_conflict_and_both_texts_are_there() {
    let mut console = open("Base.");
    to_the_end(&mut console);
    console.type_text(" Mine.");
    console.wait_for("Draft saved");
    let kept = std::fs::read_to_string(journal(console.folder.path())).expect("it is there");
    set_draft(&console, "Theirs.");
    console.wait_for("was changed by you");
    let folder = console.close();
    // The journal as a crash leaves it while the text is sent in vain: the platform is away, or refuses it.
    let unsent: String = kept.split_inclusive('\n').filter(|line| !line.contains("{\"held\"")).collect();
    assert!(unsent.len() < kept.len() && unsent.contains("{\"sent\""));
    std::fs::write(journal(folder.path()), unsent).expect("written");

    let begin = |folder: TempDir| {
        let mut console = Console::open_in(folder, options(), Look { size: [1440.0, 900.0], ..Look::default() });
        console.go_to(AreaId::PipelineControl);
        console.wait_for("Nothing is saved until you choose");
        console
    };
    // It is asked again after every start, until it is answered.
    let mut console = begin(begin(folder).close());
    assert!(console.says("Theirs.") && console.says("Base. Mine."));
    console.wait_for("0 of 1 chosen");
    console.click("Both: The prompt, line 1");
    console.wait_for("1 of 1 chosen");
    console.picture("prompt_conflict");
    console.click("Use what is chosen");
    console.wait_for("Draft saved");
    assert_eq!(prompt(&console).draft.as_deref(), Some("Base. Mine.\nTheirs."));
}

/// Where the only journal lies.
fn journal(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder.join("typed/this computer")).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "journal")).expect("a journal")
}

/// Drags with the mouse from one place to another.
fn drag(console: &mut Console, from: egui::Pos2, to: egui::Pos2) {
    let button = |pos, pressed| egui::Event::PointerButton { pos, button: egui::PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    for event in [egui::Event::PointerMoved(from), button(from, true), egui::Event::PointerMoved(to), button(to, false)] {
        console.harness.event(event);
        console.steps();
    }
}

#[test]
fn panels_that_were_made_wide_give_way_in_a_smaller_or_enlarged_window() {
    let mut console = open("Look for boats.");
    let search = |console: &Console| console.harness.get_by_label("Search all versions").rect();
    let usual = search(&console).left();
    for size in [[853.0, 533.0], [1440.0, 900.0]] {
        console.harness.set_size(size.into());
        console.steps();
    }
    assert_eq!(search(&console).left(), usual, "as before the window was small");
    let edge = egui::pos2(search(&console).left() - 12.0, 500.0);
    drag(&mut console, edge, edge - egui::vec2(150.0, 0.0));
    let wide = search(&console).left();
    assert!(wide < edge.x - 100.0, "the panel is wider");
    // 1280 × 800 enlarged by half, and the smallest window.
    for size in [[853.0, 533.0], [1024.0, 640.0]] {
        console.harness.set_size(size.into());
        console.steps();
        let right = search(&console).left() - 12.0;
        let editor = console.harness.get_by(|node| node.role() == Role::MultilineTextInput && node.label().as_deref() == Some("Prompt")).rect();
        for (what, place) in [("the editor", editor), ("the last tab", console.harness.get_by_label("Part: Preview").rect())] {
            assert!(place.right() <= right, "{what} ends at {} and the panel begins at {right} in {size:?}", place.right());
        }
        let tokens = console.harness.get_by_label_contains("≈").rect();
        assert!(tokens.right() <= right, "{tokens:?} in {size:?}");
    }
    console.harness.set_size([1440.0, 900.0].into());
    console.steps();
    assert_eq!(search(&console).left(), wide, "as wide as it was made");
}

/// Asserts that nothing of the editor reaches under the right panel.
fn assert_editor_fits(console: &Console, about: &str) {
    let right = console.harness.get_by_label("Search all versions").rect().left() - 12.0;
    let editor = console.harness.get_by(|node| node.role() == Role::MultilineTextInput && node.label().as_deref() == Some("Prompt")).rect();
    let tool = |label: &str| console.harness.get_by_label(label).rect();
    let tools = ["Part: Preview", "Close the search", "Replace all", "Replace", "Find", "Replace by"].map(|label| (label, tool(label)));
    for (what, place) in [("the text", editor)].into_iter().chain(tools) {
        assert!(place.right() <= right, "{about}: {what} ends at {} and the panel begins at {right}", place.right());
        assert!(place.width() >= 20.0, "{about}: {what} is {} wide", place.width());
    }
    for status in console.harness.query_all_by_label_contains("≈") {
        assert!(status.rect().right() <= right, "{about}: the status line ends at {}", status.rect().right());
    }
}

/// A long line, a fault and the find bar in a small window: a picture of them, and nothing of them under the panel.
fn in_a_tight_window(name: &str, size: [f32; 2], pixels_per_point: f32) {
    let long = format!("{} {{{{ nothing }}}} {{% if width %}}", "Look for boats on the water and for harbours behind them.".repeat(12));
    let mut console = open_looking(&long, Look { theme: Theme::Light, size, pixels_per_point });
    to_the_end(&mut console);
    console.press(Modifiers::COMMAND, Key::H);
    console.type_text("boats");
    console.wait_for("Matches: 1 of 12");
    console.wait_until("the fault is marked", |console| console.harness.query_all_by_label_contains("Line 1:").next().is_some());
    assert_editor_fits(&console, name);
    console.picture(&format!("prompt_editor_tight_{name}"));
}

#[test]
fn a_long_line_a_fault_and_the_find_bar_stay_beside_the_panel_in_a_small_window() {
    in_a_tight_window("1024", [1024.0, 640.0], 1.0);
}

#[test]
fn a_long_line_a_fault_and_the_find_bar_stay_beside_the_panel_in_a_small_window_enlarged_by_half() {
    in_a_tight_window("enlarged", [683.0, 427.0], 1.5);
}

#[test]
fn a_damaged_journal_is_told_and_put_aside() {
    let mut console = open("Base.");
    to_the_end(&mut console);
    console.type_text(" Mine.");
    console.type_text(" More.");
    console.wait_for("Draft saved");
    let folder = console.close();
    let path = journal(folder.path());
    let mut bytes = std::fs::read(&path).expect("it is there");
    let second = bytes.iter().position(|byte| *byte == b'\n').expect("lines") + 3;
    bytes[second] ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    let mut console = Console::open_in(folder, options(), Look { size: [1440.0, 900.0], ..Look::default() });
    console.go_to(AreaId::PipelineControl);
    console.wait_for("is damaged; what could be read of it is here");
    let beside = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let aside = beside.into_iter().find(|path| path.to_string_lossy().contains("damaged-")).expect("put aside");
    assert_eq!(std::fs::read(aside).expect("it is there"), bytes, "whole");
    wait_for_text(&mut console, "Base. Mine. More.");
}

#[test]
fn words_are_found_counted_and_gone_through_by_keyboard() {
    let mut console = open("A tag, a Tag, tags and vintage.");
    console.press(Modifiers::COMMAND, Key::F);
    console.type_text("tag");
    console.wait_for("Matches: 1 of 4");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Matches: 2 of 4");
    console.press(Modifiers::SHIFT, Key::Enter);
    console.press(Modifiers::SHIFT, Key::Enter);
    console.wait_for("Matches: 4 of 4");
    console.press(Modifiers::NONE, Key::F3);
    console.wait_for("Matches: 1 of 4");
    console.click("Match case");
    console.wait_for("of 3");
    console.click("Whole words only");
    console.wait_for("Matches: 1 of 1");
    console.harness.get_by_label("Find").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("nowhere");
    console.wait_for("Matches: None");
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("Tag");
    console.wait_for("Matches: 1 of 1");
    // Escape closes it, and the keyboard is back in the text, at the match.
    console.press(Modifiers::NONE, Key::Escape);
    assert!(console.harness.query_by_label("Find").is_none());
    assert!(console.harness.get_by_label("Prompt").is_focused());
    console.type_text("word");
    assert_eq!(text(&console), "A tag, a word, tags and vintage.");
    // F3 goes on with the same words while the strip is closed.
    undo(&mut console);
    to_the_top(&mut console);
    console.press(Modifiers::NONE, Key::F3);
    console.type_text("X");
    assert_eq!(text(&console), "A tag, a X, tags and vintage.");
}

#[test]
fn tab_goes_from_the_words_to_what_they_are_replaced_by() {
    let mut console = open("One boat, two boats.");
    to_the_end(&mut console);
    console.press(Modifiers::COMMAND, Key::H);
    console.type_text("boat");
    console.press(Modifiers::NONE, Key::Tab);
    console.wait_until("the other field has the keyboard", |console| console.harness.get_by_label("Replace by").is_focused());
    console.type_text("ship");
    console.press(Modifiers::SHIFT, Key::Tab);
    console.wait_until("the words have it again", |console| console.harness.get_by_label("Find").is_focused());
    console.press(Modifiers::NONE, Key::Tab);
    console.press(Modifiers::ALT, Key::Enter);
    wait_for_text(&mut console, "One ship, two ships.");
}

#[test]
fn replacing_all_is_one_step() {
    let mut console = open("cat, cat and Cat");
    console.press(Modifiers::COMMAND, Key::H);
    console.type_text("cat");
    console.wait_for("Matches: 1 of 3");
    console.harness.get_by_label("Replace by").focus();
    console.steps();
    console.type_text("dog");
    console.press(Modifiers::NONE, Key::Enter);
    assert_eq!(text(&console), "dog, cat and Cat");
    console.wait_for("Matches: 1 of 2");
    console.click("Replace all");
    assert_eq!(text(&console), "dog, dog and dog");
    console.wait_for("2 replaced");
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    undo(&mut console);
    assert_eq!(text(&console), "dog, cat and Cat");
    console.wait_until("nothing is said to be replaced", |console| !console.says("replaced"));
    undo(&mut console);
    assert_eq!(text(&console), "cat, cat and Cat");
    console.wait_for("Draft saved");
}

#[test]
fn a_version_is_searched_and_has_nothing_to_replace() {
    let mut console = open("Draft");
    console.click("Version 1, live");
    console.wait_for("can't be changed");
    console.press(Modifiers::COMMAND, Key::H);
    console.type_text("photo");
    console.wait_for("Matches: 1 of");
    assert!(console.harness.query_by_label("Replace all").is_none());
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Matches: 2 of");
    console.press(Modifiers::NONE, Key::Escape);
    assert!(console.harness.query_by_label("Find").is_none());
}

#[test]
fn names_and_statements_are_completed_by_keyboard_and_mouse() {
    let mut console = open("");
    type_letters(&mut console, "{{");
    console.wait_for("file_name: The photo's file name");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    assert_eq!(text(&console), "{{ width }}");
    type_letters(&mut console, "{{ fi");
    console.wait_for("file_name: The photo's file name");
    console.press(Modifiers::NONE, Key::Tab);
    assert_eq!(text(&console), "{{ width }}{{ file_name }}");
    type_letters(&mut console, "{% i");
    console.wait_for("if: Only when something is so");
    console.press(Modifiers::NONE, Key::Enter);
    assert_eq!(text(&console), "{{ width }}{{ file_name }}{% if  %}{% endif %}");
    type_letters(&mut console, "he");
    pointer::click_label(&mut console.harness, "height: Its height in pixels");
    console.steps();
    assert_eq!(text(&console), "{{ width }}{{ file_name }}{% if height %}{% endif %}");
    console.wait_until("the keyboard is back", |console| console.harness.get_by_label("Prompt").is_focused());
    undo(&mut console);
    assert_eq!(text(&console), "{{ width }}{{ file_name }}{% if he %}{% endif %}");
    // Escape closes the list and nothing else.
    console.press(Modifiers::CTRL, Key::Space);
    console.wait_for("height: Its height in pixels");
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("height: Its height in pixels"));
    assert!(console.harness.get_by_label("Prompt").is_focused());
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.harness.get_by_label("Prompt").is_focused());
}

#[test]
fn lines_are_moved_doubled_and_made_comments_as_one_step_each() {
    let mut console = open("one\ntwo\nthree");
    to_the_top(&mut console);
    console.press(Modifiers::ALT, Key::ArrowDown);
    assert_eq!(text(&console), "two\none\nthree");
    console.press(Modifiers::COMMAND, Key::D);
    assert_eq!(text(&console), "two\none\none\nthree");
    console.press(Modifiers::COMMAND, Key::Slash);
    assert_eq!(text(&console), "two\none\n{# one #}\nthree");
    console.press(Modifiers::ALT, Key::ArrowUp);
    assert_eq!(text(&console), "two\n{# one #}\none\nthree");
    console.press(Modifiers::COMMAND, Key::Slash);
    assert_eq!(text(&console), "two\none\none\nthree");
    for expected in ["two\n{# one #}\none\nthree", "two\none\n{# one #}\nthree", "two\none\none\nthree", "two\none\nthree", "one\ntwo\nthree"] {
        undo(&mut console);
        assert_eq!(text(&console), expected);
    }
}

const PICTURED: &str = "\
# Task
Describe the photo `{{ file_name }}` for a search index.

{% if width > height %}
It is wide: {{ width }} pixels. Name what is at both sides.
{% endif %}

Answer with JSON: {\"tags\": [{\"name\": \"photo\", \"confidence\": 0.5}]}
- a photo of people is tagged *people*
- a photo without them is not
";

fn pictures(name: &str, look: Look) {
    let mut console = open_looking(PICTURED, look);
    to_the_top(&mut console);
    console.press(Modifiers::COMMAND, Key::H);
    console.type_text("photo");
    console.wait_for("Matches: 1 of 4");
    console.picture(&format!("prompt_editor_find_{name}"));
    console.press(Modifiers::NONE, Key::Escape);
    // On the name in the second statement: its uses are marked.
    to_the_top(&mut console);
    for _ in 0..3 {
        console.press(Modifiers::NONE, Key::ArrowDown);
    }
    for _ in 0..7 {
        console.press(Modifiers::NONE, Key::ArrowRight);
    }
    console.steps();
    console.picture(&format!("prompt_editor_uses_{name}"));
    to_the_end(&mut console);
    console.type_text("{{ ");
    console.wait_for("height: Its height in pixels");
    console.wait_for("Draft saved");
    console.picture(&format!("prompt_editor_completion_{name}"));
}

#[test]
fn pictures_dark() {
    pictures("dark", Look { theme: Theme::Dark, size: [1280.0, 800.0], pixels_per_point: 1.0 });
}

#[test]
fn pictures_light() {
    pictures("light", Look { theme: Theme::Light, size: [1280.0, 800.0], pixels_per_point: 1.0 });
}

#[test]
fn pictures_of_a_small_window() {
    pictures("small", Look { theme: Theme::Dark, size: [1024.0, 640.0], pixels_per_point: 1.0 });
}

#[test]
fn pictures_at_150_percent() {
    pictures("150", Look { theme: Theme::Light, size: [1024.0, 640.0], pixels_per_point: 1.5 });
}

#[test]
fn a_dialog_that_closes_gives_the_keyboard_back() {
    let mut console = open("Name what you see");
    to_the_end(&mut console);
    console.press(Modifiers::COMMAND, Key::S);
    console.wait_for("Save as Photo tags v2");
    console.steps();
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("it is closed", |console| !console.says("Save as Photo tags v2"));
    console.steps();
    console.type_text(" in it");
    console.wait_until("it is typed into the prompt", |console| console.says("Name what you see in it"));
}
