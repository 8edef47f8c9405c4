//! The program is killed while somebody types, again and again: nothing that was written down is missing, and undo goes on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use minerva_console::client::Client;
use minerva_console::wire::prompt::{Prompt, UpdatePrompt};
use serde_json::Value;

use crate::support::binary::{Served, TOKEN, minerva, until};
use crate::support::screen::{Screen, wait};

/// A debug build that draws in software on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(120);
const KILLS: usize = 3;
const BASE: &str = "Base.";

/// The console as a process. Killed when dropped.
struct Console(Child);

impl Console {
    fn start(home: &Path, served: &Served, screen: &Screen) -> Self {
        let mut command = minerva(home);
        command.env("DISPLAY", &screen.display).env("LIBGL_ALWAYS_SOFTWARE", "1").env("MINERVA_TOKEN", TOKEN);
        for name in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.args(["--platform", served.base.as_str(), "--data-dir"]).arg(home.join("console"));
        Self(command.spawn().expect("the console starts"))
    }

    /// As a crash would.
    fn kill(&mut self) {
        self.0.kill().expect("it is running");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_program_is_killed_what_was_typed_is_there_again_and_can_be_undone() {
    let home = tempfile::tempdir().expect("a folder");
    let served = Served::start(home.path(), &home.path().join("served"), &["--no-bundled-photos"]);
    let client = served.client();
    let first = prompt(&client).await;
    let update = UpdatePrompt { draft: Some(BASE.to_owned()), ..UpdatePrompt::default() };
    client.update_prompt(first.id, first.revision, &update).await.expect("updated");
    let screen = Screen::start(1280, 800);
    let mut typed = BASE.to_owned();

    for kill in 0..KILLS {
        let mut console = Console::start(home.path(), &served, &screen);
        into_the_editor(&screen);
        // A letter by which the window shows that it hears.
        screen.key("x");
        typed.push('x');
        until("the first letter has arrived", PATIENCE, || async { (draft(&client).await == typed).then_some(()) }).await;

        let words = (0..40).fold(String::new(), |words, word| words + &format!(" {kill}w{word}"));
        let mut typing = Command::new("xdotool");
        typing.env("DISPLAY", &screen.display).args(["type", "--delay", "12", &words]);
        let mut typing = typing.spawn().expect("xdotool runs");
        std::thread::sleep(Duration::from_millis(fastrand::u64(300..2_500)));
        // What the disk holds now was typed before the end; more of it may be on its way.
        let written = journal(home.path());
        let saved = draft(&client).await;
        console.kill();
        typing.wait().expect("it ends");
        let whole = format!("{typed}{words}");
        assert!(whole.starts_with(&written), "{written:?} is what was typed, so far");
        assert!(whole.starts_with(&saved), "{saved:?} is what was typed, so far");

        // The next start sends what the platform has not got.
        let mut console = Console::start(home.path(), &served, &screen);
        into_the_editor(&screen);
        let least = written.len().max(saved.len());
        let found = until("what was typed is here again", PATIENCE, || async {
            let draft = draft(&client).await;
            (draft.len() >= least).then_some(draft)
        })
        .await;
        assert!(whole.starts_with(&found), "{found:?} of {whole:?}");
        assert_eq!(found, journal(home.path()), "the platform has all that the disk has");
        typed = found;
        console.kill();
    }
    assert!(typed.len() > BASE.len() + KILLS, "something was typed: {typed}");

    let _console = Console::start(home.path(), &served, &screen);
    into_the_editor(&screen);
    // A slow machine makes pauses between letters, which are steps of their own: as many as it takes, and no more steps than letters.
    let mut steps = 0;
    loop {
        let now = draft(&client).await;
        if now == BASE {
            break;
        }
        assert!(steps <= typed.len(), "after {steps} steps the draft is still {now:?}");
        for _ in 0..10 {
            screen.key("ctrl+z");
        }
        steps += 10;
        screen.settled_picture(PATIENCE);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Shows the editor, with the cursor at the end of the text.
fn into_the_editor(screen: &Screen) {
    screen.window("Minerva", PATIENCE);
    screen.settled_picture(PATIENCE);
    screen.key("ctrl+2");
    screen.settled_picture(PATIENCE);
    screen.click(640, 400);
    screen.key("ctrl+End");
    screen.settled_picture(PATIENCE);
}

async fn prompt(client: &Client) -> Prompt {
    client.prompts().await.expect("prompts").items.remove(0)
}

async fn draft(client: &Client) -> String {
    prompt(client).await.draft.unwrap_or_default()
}

/// The text that the journal gives, read without the program's own reader.
fn journal(home: &Path) -> String {
    let path = wait(PATIENCE, || journal_path(home)).expect("a journal");
    let file = String::from_utf8(std::fs::read(path).expect("it is there")).expect("text");
    let mut text = String::new();
    for line in file.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let (_, json) = line.trim_end().split_once(' ').expect("a checksum and a record");
        let record: Value = serde_json::from_str(json).expect("JSON");
        if let Some(start) = record.pointer("/start/text") {
            start.as_str().expect("a text").clone_into(&mut text);
        } else if let Some(edit) = record.pointer("/k/e") {
            let at = edit["a"].as_u64().expect("a place") as usize;
            let removed = edit["r"].as_str().unwrap_or_default().len();
            text.replace_range(at..at + removed, edit["i"].as_str().unwrap_or_default());
        }
    }
    text
}

fn journal_path(home: &Path) -> Option<PathBuf> {
    let platforms = std::fs::read_dir(home.join("console/typed")).ok()?;
    let files = platforms.flatten().flat_map(|platform| std::fs::read_dir(platform.path()).into_iter().flatten()).flatten();
    files.map(|file| file.path()).find(|path| path.extension().is_some_and(|extension| extension == "journal"))
}
