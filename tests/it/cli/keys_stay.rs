//! Keys of all providers at once, each with a marker in it: through answers, failures, exports and a crash, the marker
//! stands in the requests to its own provider and nowhere else.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::all_providers::variable;
use crate::keys::files_with;
use crate::support::binary::{Said, minerva};
use crate::support::provider_stub::{ProviderStub, Wire};

const MODELS: [&str; 6] =
    ["gemini/gemini-3.8-flash", "vision/labels", "openai/gpt-6-luna", "mylab/qwen", "anthropic/claude-haiku-5-5", "ollama/gemma4"];

/// A comparison of all wires, each of which acts out the scenario; all that it writes lies below `home`.
fn compare(home: &TempDir, stub: &ProviderStub, scenario: &str) -> Command {
    let temp = home.path().join("tmp");
    std::fs::create_dir_all(&temp).expect("a folder");
    let mut command = minerva(home.path());
    command.env("TMPDIR", temp).args(["--verbose", "compare", "--photos", "assets/photos/cat.jpg"]);
    for wire in Wire::ALL {
        command.env(variable(wire), wire.key()).arg("--base-url").arg(format!("{}={}", wire.name(), stub.base_as(wire, scenario)));
    }
    command.arg("--model").args(MODELS);
    command
}

fn end(mut command: Command) -> Said {
    command.output().expect("the program starts").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_reach_their_own_providers_and_nothing_else() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let home = tempfile::tempdir().expect("a folder");
    let cases = [
        ("good", "json"),
        ("key-refused", "table"),
        ("limited-long", "csv"),
        ("html", "md"),
        ("prompt-refused", "html"),
        ("bad-request", "json"),
        ("redirected", "table"),
        ("spent--per-day", "md"),
        ("echoes-key", "json"),
        ("echoes-key-in-page", "html"),
    ];
    for (at, (scenario, format)) in cases.into_iter().enumerate() {
        let mut command = compare(&home, &stub, scenario);
        command.args(["--format", format, "--out"]).arg(home.path().join(format!("{at}.{format}")));
        let said = tokio::task::spawn_blocking(move || end(command)).await.expect("no panic");
        assert!(said.code.is_some_and(|code| code <= 2), "{scenario}: {} {}", said.out, said.err);
        assert!(!format!("{}{}", said.out, said.err).contains(Wire::MARKER), "{scenario}: {} {}", said.out, said.err);
        assert!(home.path().join(format!("{at}.{format}")).exists(), "{scenario}: {}", said.err);
    }
    crash(&home, &stub).await;
    assert!(stub.traffic().all_questions() >= cases.len() as u64 * Wire::ALL.len() as u64);
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
    assert_eq!(stub.traffic().strays().len(), 0, "no redirect is followed");
    assert_eq!(files_with(home.path(), Wire::MARKER), Vec::<std::path::PathBuf>::new());
    assert!(!files_with(home.path(), "gpt-6-luna").is_empty(), "the search finds what is there");
}

/// Killed in the middle of its calls; what it leaves behind is searched with the rest.
async fn crash(home: &TempDir, stub: &ProviderStub) {
    let mut command = compare(home, stub, "slow");
    let before = stub.traffic().all_questions();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let deadline = Instant::now() + Duration::from_secs(90);
    while stub.traffic().all_questions() < before + Wire::ALL.len() as u64 {
        assert!(Instant::now() < deadline, "the calls are under way");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    #[cfg(target_os = "linux")]
    {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).expect("its arguments");
        assert!(!String::from_utf8_lossy(&arguments).contains(Wire::MARKER));
    }
    child.kill().expect("killed");
    child.wait().expect("it ended");
    let left = std::fs::read_dir(home.path().join("tmp")).expect("a folder").count();
    assert!(left > 0, "a crash leaves its work behind, to be searched");
}
