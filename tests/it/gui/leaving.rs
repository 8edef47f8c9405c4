//! Closing the window: what was typed is kept somewhere before, or a person is asked.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use minerva_console::gui::ctx::AreaId;
use tempfile::TempDir;

use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::Options;

const TEXT: &str = "Look for boats, sails and masts.";

/// Where the journals lie.
fn journals(folder: &Path) -> PathBuf {
    folder.join("typed")
}

/// A console with a prompt open, in a folder where no journal can be begun.
fn open_without_journals() -> Console {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(journals(folder.path()), "no folder").expect("written");
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let mut console = Console::open_in(folder, Options { clock, ..Options::default().without_workers() }, Look::default());
    console.go_to(AreaId::PipelineControl);
    console.wait_for("What you type is not being kept on this computer");
    console
}

fn type_into_the_prompt(console: &mut Console, text: &str) {
    console.fill("Prompt", text);
}

/// Closing waits a second for disk and platform; on a busy machine it may have to be asked for again.
fn until_it_agrees(console: &mut Console) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !console.agrees_to_close() {
        assert!(Instant::now() < deadline, "nothing is lost, and it does not close");
        console.steps();
        console.press(Modifiers::NONE, Key::Escape);
    }
}

fn draft(console: &Console) -> Option<String> {
    let client = console.client();
    console.block_on(async { client.prompts().await.expect("prompts").items.remove(0).draft })
}

#[test]
fn a_window_with_a_text_that_is_kept_nowhere_asks_before_it_closes() {
    let mut console = open_without_journals();
    console.refuse_drafts(true);
    type_into_the_prompt(&mut console, TEXT);
    assert!(!console.agrees_to_close(), "the text would be gone");
    console.wait_for("is only in this window and would be lost");
    console.wait_for("On this computer: ");
    assert!(console.says(". On the platform: "), "why, of both");
    console.click("Stay");
    assert!(!console.says("would be lost"));
    assert!(console.says("The platform has not got it either"), "the banner stays");

    assert!(!console.agrees_to_close());
    console.steps();
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("would be lost"), "Escape stays");
    assert!(!console.agrees_to_close());
    console.steps();
    console.click("Close all the same");
    assert!(console.agrees_to_close());
}

#[test]
fn a_text_is_kept_without_a_keystroke_as_soon_as_there_is_room() {
    let mut console = open_without_journals();
    console.refuse_drafts(true);
    type_into_the_prompt(&mut console, TEXT);
    assert!(!console.agrees_to_close());
    console.steps();
    let typed = journals(console.folder.path());
    std::fs::remove_file(&typed).expect("removed");
    console.wait_until("it is kept on this computer", |console| console.says("What you typed is kept now"));
    console.click("Stay");
    console.wait_until("the banner goes", |console| !console.says("is not being kept on this computer"));
    let kept = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.expect("an entry").path()).is_ok_and(|text| text.contains("Look for boats"))
    };
    assert!(std::fs::read_dir(typed.join("this computer")).expect("a folder").any(kept));
    assert!(draft(&console).as_deref() != Some(TEXT), "the platform has no room yet");
    until_it_agrees(&mut console);

    console.refuse_drafts(false);
    console.wait_until("the platform has it", |console| draft(console).as_deref() == Some(TEXT));
}

#[test]
fn a_text_that_the_platform_has_needs_no_question() {
    let mut console = open_without_journals();
    type_into_the_prompt(&mut console, "Look for boats.");
    until_it_agrees(&mut console);
    assert_eq!(draft(&console).as_deref(), Some("Look for boats."), "closing waits for the answer");
}
