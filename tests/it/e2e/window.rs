//! The real window on a virtual screen, driven by mouse and keyboard.

use std::process::{Child, Command};
use std::time::Duration;

use minerva_console::wire::config::PipelineState;

use crate::support::binary::{Served, TOKEN, minerva, until};
use crate::support::screen::{Screen, colours, difference, wait};

/// A debug build that draws in software on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Share of the pixels that differ when another area is chosen; the age of the last event is far less.
const CHANGED: f64 = 0.006;

/// The console as a process. Killed when dropped.
struct Console(Child);

impl Console {
    fn start(mut command: Command, screen: &Screen) -> Self {
        command.env("DISPLAY", &screen.display).env("LIBGL_ALWAYS_SOFTWARE", "1");
        for name in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        Self(command.spawn().expect("the console starts"))
    }

    fn has_ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().expect("its state can be asked")
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboard_and_mouse_steer_the_platform_through_the_window() {
    let home = tempfile::tempdir().expect("folder");
    let served = Served::start(home.path(), &home.path().join("served"), &["--no-bundled-photos"]);
    let screen = Screen::start(1280, 800);
    let mut command = minerva(home.path());
    command.env("MINERVA_TOKEN", TOKEN).args(["--platform", served.base.as_str()]);
    let mut console = Console::start(command, &screen);
    screen.window("Minerva", PATIENCE);
    let first = screen.settled_picture(PATIENCE);
    assert!(colours(&first) > 100, "something is drawn");

    screen.key("ctrl+3");
    screen.picture_when("Ctrl-3 leads elsewhere", PATIENCE, |picture| difference(&first, picture) > CHANGED);
    let lab = screen.settled_picture(PATIENCE);
    let leads_elsewhere = |y| {
        screen.click(70, y);
        wait(Duration::from_secs(2), || (difference(&lab, &screen.picture()) > CHANGED).then_some(())).is_some()
    };
    assert!((60..360).step_by(20).any(leads_elsewhere), "a click in the left panel leads elsewhere");

    let before = screen.settled_picture(PATIENCE);
    screen.key("ctrl+k");
    screen.picture_when("Ctrl-K opens the palette", PATIENCE, |picture| difference(&before, picture) > CHANGED);
    screen.type_text("pause the pipe");
    screen.settled_picture(PATIENCE);
    screen.key("Return");
    let client = served.client();
    until("the pipeline is paused", PATIENCE, || async {
        let config = client.config().await.expect("config");
        (config.state == PipelineState::Paused).then_some(())
    })
    .await;

    screen.key("ctrl+q");
    let ended = wait(PATIENCE, || console.has_ended()).expect("Ctrl-Q ends it");
    assert!(ended.success(), "{ended}");
}

#[test]
fn on_first_start_it_works_through_the_bundled_photos_by_itself() {
    let home = tempfile::tempdir().expect("folder");
    let data = home.path().join("data");
    let screen = Screen::start(1280, 800);
    let mut command = minerva(home.path());
    command.arg("--data-dir").arg(&data);
    let _console = Console::start(command, &screen);
    screen.window("Minerva", PATIENCE);

    // The embedded platform's token is known to its window alone, so the second start asks the lock.
    let mut second = minerva(home.path());
    second.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
    let said = second.output().expect("runs");
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("Another Minerva"));

    screen.key("ctrl+3");
    // Photos have thousands of colours, which no panel has.
    screen.picture_when("the bundled photos are shown", PATIENCE, |picture| colours(picture) > 5000);
}
