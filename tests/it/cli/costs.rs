//! `minerva costs`.

use std::collections::HashMap;

use minerva_console::keys::Keys;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use serde_json::Value;

use crate::support::binary::{Said, run};
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, until};
use crate::support::scripted::Scripted;

/// By hand: two calls of 300 + 40 tokens were charged 194 micro-dollars each; at 2 and 12 USD they are 1,080 each, at 1 and
/// 5 USD 500.
#[tokio::test(flavor = "multi_thread")]
async fn a_past_day_is_priced_again_with_these_and_with_other_prices() {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "k".to_owned().into())]), false);
    let list = vec![Scripted::new().on_the_net("gemini", "gemini-3.1-pro-preview")];
    let options = Options { keys, clock: TestClock::at_noon(), ..Options::with_providers(list) };
    let platform = platform::start(options.without_workers()).await;
    let photos = platform.add(2, false).await;
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("p", "Tags")],
        models: vec!["gemini/gemini-3.1-pro-preview".to_owned()],
        repeats: 1,
        concurrency: 1,
    };
    let begun = platform.client.start_run(&asked).await.expect("started");
    until("the run to end", || async { (platform.client.run(begun.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
    let folder = platform.stop().await;

    let home = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let book = home.path().join("other.json");
    let write = |text: &str| std::fs::write(&book, text).expect("writes");
    write(r#"{"models": [{"provider": "gemini", "id": "gemini-3.1-pro-preview", "prices": [{"from": "2026-01-01", "in": 1, "out": 5}]}]}"#);
    let costs = |more: &[&str]| -> Said { run(home.path(), &[&["costs", "--data-dir", &data], more].concat()) };
    let book = book.to_str().expect("UTF-8");
    let day = ["--from", "2026-03-14", "--to", "2026-03-14"];

    let said = costs(&day);
    assert!(said.code == Some(0) && said.out.contains("$0.000388") && said.out.contains("$0.002160"), "{} {}", said.out, said.err);
    let said = costs(&[&day[..], &["--book", book, "--format", "json"]].concat());
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&json["total"]["charged_usd"], &json["total"]["repriced_usd"]), (&0.000_388.into(), &0.001.into()), "{json}");
    let said = costs(&["--from", "2026-03-15", "--to", "2026-03-16"]);
    assert!(said.code == Some(0) && said.out.contains("No call was billed"), "{} {}", said.out, said.err);
    let said = costs(&["--from", "2026-03-15", "--to", "2026-03-14"]);
    assert!(said.code == Some(2) && said.err.contains("--from"), "{}", said.err);
    write("{\"models\": 3}");
    let said = costs(&[&day[..], &["--book", book]].concat());
    assert!(said.code == Some(2) && said.err.contains("models"), "{}", said.err);
}
