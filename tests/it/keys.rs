//! Keys and the OS keyring: a real keyring service on a private bus, and none at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use minerva_console::gui::ctx::{Command as GuiCommand, Route};
use minerva_console::keys::{KeyOrigin, KeyProblem, Keys};
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::model::KeyState;
use minerva_console::wire::run::{RunPrompt, StartRun};
use secrecy::{ExposeSecret, SecretString};

use crate::support::binary::{Said, minerva};
use crate::support::console::Console;
use crate::support::platform::Options;
use crate::support::provider_stub::{ProviderStub, Wire};

const MARKER: &str = "MARKER-5b1d-of-a-key-that-must-not-be-seen";
/// Set in the child that runs beside the keyring service.
const INSIDE: &str = "MINERVA_TEST_BESIDE_KEYRING";

fn environment(key: &str) -> HashMap<String, SecretString> {
    HashMap::from([("gemini".to_owned(), SecretString::from(key.to_owned()))])
}

/// Runs one test of this binary again, with a home of its own and, when `service`, an unlocked keyring.
fn run_beside_keyring(test: &str, service: bool) {
    let home = tempfile::tempdir().expect("a folder");
    let this = std::env::current_exe().expect("this binary");
    let run = format!("exec '{}' --exact keys::{test} --nocapture", this.display());
    let script = if service { format!("printf 'pass\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null; {run}") } else { run };
    let mut command = if service { Command::new("dbus-run-session") } else { Command::new("sh") };
    if service {
        command.args(["--", "sh"]);
    } else {
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    }
    let output = command
        .args(["-c", &script])
        .env(INSIDE, "1")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .stdin(Stdio::null())
        .output()
        .expect("dbus-run-session starts; 'tests/run --setup' installs it");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains(MARKER) && !said.contains(Wire::Gemini.key()), "the key was printed: {said}");
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

#[test]
fn the_keyring_keeps_a_key_over_a_restart_and_forgets_it_when_told() {
    if !is_inside() {
        return run_beside_keyring("the_keyring_keeps_a_key_over_a_restart_and_forgets_it_when_told", true);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let keys = Keys::new(environment("from-the-environment"), true);
        assert_eq!(keys.get("gemini").await.expect("found").1, KeyOrigin::Environment);
        keys.set("gemini", SecretString::from(MARKER.to_owned())).await.expect("stored");
        // A new program: nothing held in memory.
        let keys = Keys::new(environment("from-the-environment"), true);
        let (key, origin) = keys.get("gemini").await.expect("found");
        assert_eq!((key.expose_secret() == MARKER, origin), (true, KeyOrigin::Keyring));
        assert_eq!(keys.state("gemini").await, KeyState::Present { tail: "seen".to_owned(), from: "keyring".to_owned() });
        keys.remove("gemini").await.expect("removed");
        let keys = Keys::new(HashMap::new(), true);
        assert!(matches!(keys.get("gemini").await, Err(KeyProblem::Missing(_))));
    });
}

#[test]
fn without_a_keyring_service_it_says_why_and_a_session_key_still_works() {
    if !is_inside() {
        return run_beside_keyring("without_a_keyring_service_it_says_why_and_a_session_key_still_works", false);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let keys = Keys::new(HashMap::new(), true);
        let problem = keys.set("gemini", SecretString::from(MARKER.to_owned())).await.expect_err("no service");
        assert!(matches!(problem, KeyProblem::KeyringUnavailable(_)), "{problem:?}");
        assert!(problem.to_string().contains("session"), "{problem}");
        keys.set_for_session("gemini", SecretString::from(MARKER.to_owned()));
        assert_eq!(keys.get("gemini").await.expect("found").1, KeyOrigin::Session);
        // The environment is asked where the keyring can't be.
        let keys = Keys::new(environment(MARKER), true);
        assert_eq!(keys.get("gemini").await.expect("found").1, KeyOrigin::Environment);
    });
}

#[tokio::test]
async fn a_short_key_shows_no_tail() {
    let keys = Keys::new(environment("short"), false);
    assert_eq!(keys.state("gemini").await, KeyState::Present { tail: String::new(), from: "environment".to_owned() });
}

/// Every file below a folder that holds these bytes, the database's log included.
pub fn files_with(folder: &std::path::Path, marker: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, marker));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(marker.len()).any(|window| window == marker.as_bytes())) {
            found.push(path);
        }
    }
    found
}

/// The program itself, with the key that the page stored in the keyring: reports of all kinds, of answers and failures,
/// then the end in the middle of a call. Whatever it leaves is searched.
fn exports_and_a_crash(home: &Path, stub: &ProviderStub, runtime: &tokio::runtime::Runtime) {
    let compare = |scenario: &str| {
        let mut command = minerva(home);
        for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            command.env(name, std::env::var_os(name).expect("the keyring's bus"));
        }
        let temp = home.join("tmp");
        std::fs::create_dir_all(&temp).expect("a folder");
        command.env("TMPDIR", temp).args(["--verbose", "compare", "--photos", "assets/photos/cat.jpg", "--model", "gemini/gemini-3.8-flash"]);
        command.arg("--base-url").arg(format!("gemini={}", stub.base_as(Wire::Gemini, scenario)));
        command
    };
    for (scenario, format, code) in [("good", "html", 0), ("good", "json", 0), ("good", "csv", 0), ("html", "md", 1), ("key-refused", "table", 1)] {
        let report = home.join(format!("{scenario}.{format}"));
        let said: Said = compare(scenario).args(["--format", format, "--out"]).arg(&report).output().expect("the program starts").into();
        assert_eq!(said.code, Some(code), "{scenario} {format}: {}", said.err);
        assert!(report.exists() && !format!("{}{}", said.out, said.err).contains(Wire::Gemini.key()), "{scenario} {format}");
    }
    let before = stub.traffic().all_questions();
    let mut child = compare("slow").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    runtime.block_on(crate::support::platform::until("the call is under way", || async { (stub.traffic().all_questions() > before).then_some(()) }));
    child.kill().expect("killed");
    child.wait().expect("it ended");
    assert!(std::fs::read_dir(home.join("tmp")).expect("a folder").count() > 0, "a crash leaves its work behind, to be searched");
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "the key stood elsewhere than in its header");
    assert_eq!(files_with(home, Wire::Gemini.key()), Vec::<PathBuf>::new());
}

#[test]
fn a_key_entered_on_its_page_goes_to_the_keyring_and_its_provider_and_nowhere_else() {
    if !is_inside() {
        return run_beside_keyring("a_key_entered_on_its_page_goes_to_the_keyring_and_its_provider_and_nowhere_else", true);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::new(), true);
    let told = Endpoint { name: "gemini".to_owned(), base: Some(stub.base(Wire::Gemini)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![told], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let mut console = Console::open(Options { providers, keys, ..Options::default().without_workers() });
    console.command(GuiCommand::GoTo(Route::Providers));
    console.wait_for("Key for Google Gemini");
    console.fill("Key for Google Gemini", Wire::Gemini.key());
    console.press(egui::Modifiers::NONE, egui::Key::Enter);
    console.wait_for("kept in this computer's keyring");
    console.click("Test key");
    console.wait_for("Works");

    // Answers, an error page, a server that fails, a refusal.
    let client = console.client();
    console.block_on(async {
        let photos = vec![("a.jpg".to_owned(), crate::support::platform::jpeg(64, 48, 1))];
        let photo = client.add_photos(photos, false).await.expect("added").added.remove(0);
        let models = ["gemini-3.8-flash", "html", "unknown-model", "answer-refused", "daily-quota"].map(|model| format!("gemini/{model}"));
        let prompt = RunPrompt::inline("p", "Describe");
        let (prompts, photo_ids) = (vec![prompt], vec![photo.id]);
        let run = StartRun {
            name: String::new(),
            photo_ids,
            photo_set: None,
            prompts,
            models: models.to_vec(),
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        let run = client.start_run(&run).await.expect("started");
        let ended = crate::support::platform::until("the run has ended", || async {
            let run = client.run(run.id).await.expect("the run");
            (run.counts.finished() == 5).then_some(run)
        });
        assert!(ended.await.counts.completed >= 1);
    });
    assert!(stub.traffic().all_questions() >= 1);
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "the key stood elsewhere than in its header");
    assert_eq!(
        files_with(console.folder.path(), Wire::Gemini.key()),
        Vec::<std::path::PathBuf>::new(),
        "while it runs, the log of the database included"
    );
    let folder = console.close();
    assert!(!files_with(folder.path(), "gemini/answer-refused").is_empty(), "the search finds what is there");
    assert_eq!(files_with(folder.path(), Wire::Gemini.key()), Vec::<std::path::PathBuf>::new());
    let command_line = std::fs::read("/proc/self/cmdline").expect("the arguments");
    assert!(!String::from_utf8_lossy(&command_line).contains(Wire::Gemini.key()));
    exports_and_a_crash(folder.path(), &stub, &runtime);
    // A new program finds it where it was put.
    let kept = runtime.block_on(Keys::new(HashMap::new(), true).get("gemini")).expect("kept");
    assert!(kept.0.expose_secret() == Wire::Gemini.key() && kept.1 == KeyOrigin::Keyring);
}
