//! `minerva costs`.

use std::collections::HashMap;

use minerva_console::keys::Keys;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use serde_json::Value;

use crate::support::binary::{Said, minerva, run};
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, until};
use crate::support::provider_stub::{ProviderStub, Wire};
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
        photo_set: None,
        prompts: vec![RunPrompt::inline("p", "Tags")],
        models: vec!["gemini/gemini-3.1-pro-preview".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
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
    assert_eq!((&json["total"]["charged_usd_micros"], &json["total"]["repriced_usd_micros"]), (&388.into(), &1_000.into()), "{json}");
    let said = costs(&["--from", "2026-03-15", "--to", "2026-03-16"]);
    assert!(said.code == Some(0) && said.out.contains("No call was billed"), "{} {}", said.out, said.err);
    let said = costs(&["--from", "2026-03-15", "--to", "2026-03-14"]);
    assert!(said.code == Some(2) && said.err.contains("--from"), "{}", said.err);
    write("{\"models\": 3}");
    let said = costs(&[&day[..], &["--book", book]].concat());
    assert!(said.code == Some(2) && said.err.contains("models"), "{}", said.err);
}

/// By hand: 760 tokens in at 0.10 and 100 out at 0.50 USD per million are 126 micro-dollars a photo.
#[tokio::test(flavor = "multi_thread")]
async fn what_compare_spent_is_counted_with_the_rest() {
    let stub = ProviderStub::start(std::time::Duration::ZERO).await;
    let platform = platform::start(Options::default().without_workers()).await;
    let folder = platform.stop().await;
    let data = folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let home = tempfile::tempdir().expect("folder");
    let ask = |arguments: &[&str]| {
        let mut command = minerva(home.path());
        command.env("OPENAI_API_KEY", Wire::OpenAi.key()).args(arguments);
        async move { tokio::task::spawn_blocking(move || Said::from(command.output().expect("the program starts"))).await.expect("no panic") }
    };
    let base = format!("openai={}", stub.base(Wire::OpenAi));
    let photos = ["assets/photos/cat.jpg", "assets/photos/coffee.jpg"];
    let compare =
        ["compare", "--data-dir", &data, "--base-url", &base, "--model", "openai/gpt-6-luna", "on-device", "--photos", photos[0], photos[1]];
    let said = ask(&compare).await;
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(!said.err.contains("is not in the library"), "{}", said.err);
    // The day may end in between.
    let (from, to) = (chrono::Utc::now().date_naive() - chrono::TimeDelta::days(1), chrono::Utc::now().date_naive());
    let (from, to) = (from.to_string(), to.to_string());
    let said = ask(&["costs", "--data-dir", &data, "--from", &from, "--to", &to, "--format", "json"]).await;
    let json: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{} {}", said.out, said.err));
    let model = &json["models"][0];
    assert_eq!((&model["model"], &model["calls"], &model["charged_usd_micros"]), (&"openai/gpt-6-luna".into(), &2.into(), &252.into()), "{json}");
    assert_eq!(json["models"].as_array().map(Vec::len), Some(1), "what runs in the program itself costs nothing: {json}");
}
