//! Keys and the OS keyring: a real keyring service on a private bus, and none at all.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use minerva_console::keys::{KeyOrigin, KeyProblem, Keys};
use minerva_console::wire::model::KeyState;
use secrecy::{ExposeSecret, SecretString};

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
    assert!(!said.contains(MARKER), "the key was printed: {said}");
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
