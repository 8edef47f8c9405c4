//! Keys and the OS keyring: a real keyring service on a private bus, and none at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use minerva_console::gui::ctx::{Command as GuiCommand, Route};
use minerva_console::keys::{KeyOrigin, KeyProblem, Keys};
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::log::LogQuery;
use minerva_console::wire::model::KeyState;
use minerva_console::wire::run::{ExportFormat, Run, RunPrompt, RunState, StartRun};
use secrecy::{ExposeSecret, SecretString};

use crate::support::binary::{Said, Served, minerva};
use crate::support::console::Console;
use crate::support::platform::{Options, jpeg, until};
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
        // Another program puts one there: whoever has just looked does not look again before every call, who comes new finds it.
        Keys::new(HashMap::new(), true).set("gemini", SecretString::from("of-another-program".to_owned())).await.expect("stored");
        assert_eq!(keys.get("gemini").await.expect("found").1, KeyOrigin::Environment);
        assert_eq!(Keys::new(environment("from-the-environment"), true).get("gemini").await.expect("found").1, KeyOrigin::Keyring);
        keys.set("gemini", SecretString::from(MARKER.to_owned())).await.expect("stored");
        // A new program: nothing held in memory.
        let keys = Keys::new(environment("from-the-environment"), true);
        let (key, origin) = keys.get("gemini").await.expect("found");
        assert_eq!((key.expose_secret() == MARKER, origin), (true, KeyOrigin::Keyring));
        assert_eq!(keys.state("gemini").await, KeyState::Present { tail: "seen".to_owned(), from: "keyring".to_owned() });
        // A key of this session goes first; removed, it takes nothing else along.
        let seen = keys.revision();
        keys.set_for_session("gemini", SecretString::from("of-this-session".to_owned()));
        assert_eq!(keys.get("gemini").await.expect("found").1, KeyOrigin::Session);
        keys.remove("gemini").await.expect("removed");
        assert_eq!((keys.get("gemini").await.expect("found").1, keys.revision()), (KeyOrigin::Keyring, seen + 2));
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
        assert!(matches!(problem, KeyProblem::KeyringUnavailable { .. }), "{problem:?}");
        let words = problem.to_string();
        assert!(words.starts_with("No keyring answers on this computer") && words.contains("Start one") && !words.contains("nonexistent"), "{words}");
        assert!(problem.in_full().len() > words.len(), "for who mends it: {}", problem.in_full());
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
    runtime.block_on(until("the call is under way", || async { (stub.traffic().all_questions() > before).then_some(()) }));
    assert_eq!(told_to_process(child.id()), Vec::<&str>::new());
    child.kill().expect("killed");
    child.wait().expect("it ended");
    assert!(std::fs::read_dir(home.join("tmp")).expect("a folder").count() > 0, "a crash leaves its work behind, to be searched");
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "the key stood elsewhere than in its header");
    assert_eq!(files_with(home, Wire::Gemini.key()), Vec::<PathBuf>::new());
}

/// Where the key stands in what a process was given: its arguments, and its environment.
fn told_to_process(id: u32) -> Vec<&'static str> {
    let holds = |file: &&str| {
        let told = std::fs::read(format!("/proc/{id}/{file}")).expect("what it was told");
        assert!(!told.is_empty(), "{file} of {id}");
        String::from_utf8_lossy(&told).contains(Wire::Gemini.key())
    };
    ["cmdline", "environ"].into_iter().filter(holds).collect()
}

/// Gemini, with the key of the keyring, beside two servers that want none, which must not get that of another.
const MODELS: [&str; 7] = [
    "gemini/gemini-3.8-flash",
    "gemini/html",
    "gemini/unknown-model",
    "gemini/answer-refused",
    "gemini/daily-quota",
    "mylab/qwen3.6-vl",
    "ollama/gemma4",
];

/// A comparison of all these models about one photo; ends when all have answered or failed.
async fn compared(client: &minerva_console::client::Client) -> Run {
    let photo = client.add_photos(vec![("a.jpg".to_owned(), jpeg(64, 48, 1))], false).await.expect("added").added.remove(0);
    let asked = StartRun {
        name: String::new(),
        photo_ids: vec![photo.id],
        photo_set: None,
        prompts: vec![RunPrompt::inline("p", "Describe")],
        models: MODELS.map(str::to_owned).to_vec(),
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let run = client.start_run(&asked).await.expect("started");
    until("the run has ended", || async {
        let run = client.run(run.id).await.expect("the run");
        (run.state != RunState::Running && run.counts.finished() == MODELS.len() as u64).then_some(run)
    })
    .await
}

/// The platform without a window, which finds the key in the keyring and logs all that it can: a comparison, all that it gives out,
/// and a crash. Its database, log files and configuration lie below `home`, to be searched.
fn a_served_platform_and_a_crash(home: &Path, stub: &ProviderStub, runtime: &tokio::runtime::Runtime) {
    let config = home.join("config.toml");
    let table = |wire: Wire| format!("[providers.{}]\nbase_url = \"{}\"\n", wire.name(), stub.base(wire));
    std::fs::write(&config, [Wire::Gemini, Wire::Compatible, Wire::Ollama].map(table).concat()).expect("written");
    let bus = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"].map(|name| (name, std::env::var(name).expect("the keyring's bus")));
    let log = ("MINERVA_LOG", "debug,minerva_console=trace,hyper_util=trace,reqwest=trace");
    let environment: Vec<(&str, &str)> = bus.iter().map(|(name, value)| (*name, value.as_str())).chain([log]).collect();
    let (data, config) = (home.join("served"), config.to_str().expect("UTF-8"));
    let served = Served::start_with(home, &data, &["--no-bundled-photos", "--config", config], &environment);
    let client = served.client();
    let given_out = runtime.block_on(async {
        let run = compared(&client).await;
        assert!(run.counts.completed >= 3, "the key was found: {:?}", run.counts);
        let mut all = serde_json::to_vec(&client.export_config().await.expect("the configuration")).expect("JSON");
        for format in ExportFormat::FILES {
            let mut file = client.export_run(run.id, format).await.expect("a report");
            while let Some(piece) = file.piece().await.expect("a piece") {
                all.extend_from_slice(&piece);
            }
        }
        for entry in client.logs(&LogQuery { limit: Some(5_000), ..LogQuery::default() }).await.expect("the log").entries {
            all.extend_from_slice(entry.to_string().as_bytes());
        }
        String::from_utf8_lossy(&all).into_owned()
    });
    assert!(given_out.contains("unknown-model") && given_out.contains("DEBUG"), "the search finds what is there");
    assert!(!given_out.contains(Wire::Gemini.key()), "the key is given out");
    assert_eq!(told_to_process(served.child.id()), Vec::<&str>::new());
    served.kill();
    let written: Vec<PathBuf> = files_with(&data.join("logs"), "minerva_console");
    assert!(!written.is_empty(), "much was logged");
}

#[test]
fn a_key_entered_on_its_page_goes_to_the_keyring_and_its_provider_and_nowhere_else() {
    if !is_inside() {
        return run_beside_keyring("a_key_entered_on_its_page_goes_to_the_keyring_and_its_provider_and_nowhere_else", true);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::new(), true);
    let told = |wire: Wire| Endpoint { name: wire.name().to_owned(), base: Some(stub.base(wire)), limits: Limits::default() };
    let endpoints = Wire::ALL.map(told).to_vec();
    let providers = Providers::new(&ProviderSettings { endpoints, on_device_threads: 1, book: PriceBook::shipped() }, &keys);
    let mut console = Console::open(Options { providers, keys, ..Options::default().without_workers() });
    console.command(GuiCommand::GoTo(Route::Providers));
    console.wait_for("Key for Google Gemini");
    console.fill("Key for Google Gemini", Wire::Gemini.key());
    console.press(egui::Modifiers::NONE, egui::Key::Enter);
    console.wait_for("kept in this computer's keyring");
    console.click("Test key");
    console.wait_for("Works");

    // What is typed into a prompt is written down letter by letter, beside a page where a key was typed.
    console.click("Back to the prompt");
    console.wait_for("Draft saved");
    console.fill("Prompt", "Name what a gardener would see");
    console.wait_until("the journal has it", |console| !files_with(console.folder.path(), "gardener").is_empty());

    // Answers, an error page, a server that fails, a refusal; and other hosts.
    let client = console.client();
    assert!(console.block_on(compared(&client)).counts.completed >= 3);
    for wire in [Wire::Gemini, Wire::Compatible, Wire::Ollama] {
        assert!(stub.traffic().all().iter().any(|seen| seen.wire == Some(wire) && seen.is_question), "{wire:?} was asked");
    }
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "the key stood elsewhere than in its header");
    assert_eq!(
        files_with(console.folder.path(), Wire::Gemini.key()),
        Vec::<std::path::PathBuf>::new(),
        "while it runs, the log of the database included"
    );
    let folder = console.close();
    assert!(!files_with(folder.path(), "gemini/answer-refused").is_empty(), "the search finds what is there");
    assert_eq!(files_with(folder.path(), Wire::Gemini.key()), Vec::<std::path::PathBuf>::new());
    assert_eq!(told_to_process(std::process::id()), Vec::<&str>::new());
    a_served_platform_and_a_crash(folder.path(), &stub, &runtime);
    exports_and_a_crash(folder.path(), &stub, &runtime);
    // A new program finds it where it was put.
    let kept = runtime.block_on(Keys::new(HashMap::new(), true).get("gemini")).expect("kept");
    assert!(kept.0.expose_secret() == Wire::Gemini.key() && kept.1 == KeyOrigin::Keyring);
}
