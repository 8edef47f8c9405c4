//! Logs of the real program: to files and from memory, as much as is asked for, and never a key.

use std::path::Path;
use std::time::Duration;

use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::log::LogQuery;
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::binary::{Served, run, until};
use crate::support::platform::jpeg;
use crate::support::provider_stub::{ProviderStub, Wire};

const PATIENCE: Duration = Duration::from_mins(1);

fn files(data: &Path) -> String {
    let folder = std::fs::read_dir(data.join("logs")).expect("a log folder");
    folder.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("text")).collect()
}

#[test]
fn a_filter_that_can_not_be_read_is_said_before_anything_begins() {
    let home = tempfile::tempdir().expect("folder");
    let said = crate::support::binary::minerva(home.path()).env("MINERVA_LOG", "debgu").args(["doctor"]).output().expect("runs");
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(2), "{words}");
    assert!(words.contains("MINERVA_LOG") && words.contains("'debug' is one"), "{words}");
    let help = run(home.path(), &["--help"]);
    assert!(help.out.contains("MINERVA_LOG") && help.out.contains("logs/minerva.log"), "{}", help.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_log_whatever_goes_wrong_and_however_much_is_logged() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let in_address = "ADDRESS-MARKER-0815";
    for scenario in ["key-refused", "error-500", "html", "good"] {
        let home = tempfile::tempdir().expect("folder");
        let data = home.path().join("data");
        let base = format!("gemini={}", stub.base_as(Wire::Gemini, scenario));
        let mut elsewhere = stub.base_as(Wire::Compatible, scenario);
        elsewhere.set_username("someone").expect("may have one");
        elsewhere.set_password(Some(in_address)).expect("may have one");
        let lab = format!("lab={elsewhere}");
        let environment = [("GEMINI_API_KEY", Wire::Gemini.key()), ("MINERVA_LOG", "debug,minerva_console=trace,hyper_util=trace,reqwest=trace")];
        let arguments = ["--no-bundled-photos", "--verbose", "--base-url", &base];
        let served = Served::start_with(home.path(), &data, &arguments, &environment);
        let client = served.client();
        client.activate_model(&ActivateModel { name: "gemini/gemini-3.8-flash".to_owned() }).await.expect("live");
        client.check_providers().await.expect("checked");
        client.add_photos(vec![("a.jpg".to_owned(), jpeg(64, 48, 1))], true).await.expect("added");
        until("it was tried", PATIENCE, || async {
            let job = client.jobs(&JobQuery::default()).await.expect("jobs").items.remove(0);
            // A provider that refuses the key is not asked.
            let is_held_back = client.live_status().await.expect("status").held_back.is_some();
            (is_held_back || job.attempts > 0 && job.state != JobState::Processing).then_some(())
        })
        .await;
        let page = client.logs(&LogQuery { limit: Some(5_000), ..LogQuery::default() }).await.expect("the log");
        let folder = data.join("logs");
        assert_eq!(page.folder.as_deref(), folder.to_str());
        let remembered = page.entries.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(remembered.contains("DEBUG") && remembered.contains("minerva_console"), "much was logged");
        assert_eq!(served.terminate(), Some(0));
        let written = files(&data);
        assert!(written.len() > 10_000, "much was logged: {} bytes", written.len());
        for text in [&remembered, &written] {
            assert!(!text.contains(Wire::MARKER), "the key is logged");
        }
        if scenario == "good" {
            // What is logged says on the way of which call, which request and which query it was.
            for span in ["provider call{provider=\"gemini\" what=\"photo\" model=\"gemini-3.8-flash\"}", "request{method=", "sqlx::query"] {
                assert!(written.contains(span), "{span} is not in the log");
            }
        }
        // An address with a password in it is refused, and not repeated.
        let refused = crate::support::binary::minerva(home.path())
            .envs(environment)
            .args(["serve", "--listen", "127.0.0.1:0", "--base-url", &lab, "--data-dir"])
            .arg(home.path().join("other"))
            .output();
        let said = refused.expect("runs");
        let said = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(!said.contains(in_address), "{said}");
    }
}

/// Whoever wonders why nothing comes of a run finds in the log that nothing went out.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_not_sent_is_told_from_one_that_failed() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let home = tempfile::tempdir().expect("folder");
    let base = format!("gemini={}", stub.base_as(Wire::Gemini, "limited-long"));
    let environment = [("GEMINI_API_KEY", Wire::Gemini.key())];
    let served = Served::start_with(home.path(), &home.path().join("data"), &["--no-bundled-photos", "--base-url", &base], &environment);
    let client = served.client();
    let files = [1, 2].map(|seed| (format!("{seed}.jpg"), jpeg(64, 48, seed)));
    let photos = client.add_photos(files.into(), false).await.expect("added").added;
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec!["gemini/gemini-3.5-flash-lite".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let run = client.start_run(&asked).await.expect("started");
    until("the run to stop", PATIENCE, || async { (client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    client.resume_run(run.id).await.expect("resumed");
    let log = || async {
        let entries = client.logs(&LogQuery { limit: Some(5_000), ..LogQuery::default() }).await.expect("the log").entries;
        entries.iter().map(ToString::to_string).filter(|line| line.contains("gemini")).collect::<Vec<_>>()
    };
    let lines = until("the log to say so", PATIENCE, || async {
        let lines = log().await;
        lines.iter().any(|line| line.contains("a call was not sent")).then_some(lines)
    })
    .await;
    let said = |words: &str| lines.iter().filter(|line| line.contains(words) && line.contains("rate limited")).count();
    assert!(said("a call was not sent") >= 1 && said("a provider's call failed") == 1, "{lines:?}");
    assert_eq!(stub.traffic().all_questions(), 1, "what is said not to be sent was not");
}
