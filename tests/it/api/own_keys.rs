//! A person's own key at a platform that has none: it comes with the request, is used for what that request starts, and
//! leaves nothing behind.

use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::health::HealthState;
use minerva_console::wire::provider::OWN_KEY_HEADER;
use minerva_console::wire::result::FaultKind;
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};
use secrecy::{ExposeSecret as _, SecretString};

use crate::keys::files_with;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

/// A platform without any key whose Gemini is the stub.
async fn start(stub: &ProviderStub, scenario: &str) -> TestPlatform {
    let keys = Keys::new(std::collections::HashMap::new(), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    platform::start(Options { providers, keys, ..Options::default() }).await
}

async fn asked(platform: &TestPlatform, photos: u8) -> StartRun {
    StartRun {
        name: String::new(),
        photo_ids: platform.add(photos, false).await.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec!["gemini/gemini-3.8-flash".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    }
}

fn own() -> Vec<(String, SecretString)> {
    vec![("gemini".to_owned(), Wire::Gemini.key().into())]
}

async fn ended(platform: &TestPlatform, run: &Run) -> Run {
    until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state != RunState::Running).then_some(run)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_used_for_its_run_and_kept_nowhere() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "good").await;
    let start_run = asked(&platform, 3).await;
    assert_eq!(platform.client.start_run(&start_run).await.expect_err("no key").code(), Some("no_key"));
    assert!(platform.client.estimate_run(&start_run).await.is_ok(), "to say what it would cost takes no key");

    let run = platform.client.bringing(&own()).expect("loopback").start_run(&start_run).await.expect("started");
    let run = ended(&platform, &run).await;
    assert_eq!((run.state, run.counts.completed), (RunState::Completed, 3));
    let checked = platform.client.bringing(&own()).expect("loopback").check_provider("gemini").await.expect("checked");
    assert_eq!(checked.status, HealthState::Healthy);

    // The platform has no key afterwards either, and its own view of the provider is as before.
    assert_eq!(platform.client.start_run(&start_run).await.expect_err("no key").code(), Some("no_key"));
    let gemini = platform.client.providers().await.expect("list").items.into_iter().find(|provider| provider.name == "gemini").expect("listed");
    assert!(gemini.key_worked_at.is_none() && gemini.last_check.is_none(), "{gemini:?}");
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
    let folder = platform.stop().await;
    assert!(!files_with(folder.path(), "gemini-3.8-flash").is_empty(), "the search finds what is there");
    assert_eq!(files_with(folder.path(), Wire::Gemini.key()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_one_stops_its_own_run_and_nobody_elses() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "key-refused").await;
    let start_run = asked(&platform, 6).await;
    let run = platform.client.bringing(&own()).expect("loopback").start_run(&start_run).await.expect("started");
    let run = ended(&platform, &run).await;
    assert_eq!((run.state, run.counts.failed, run.counts.waiting), (RunState::Interrupted, 1, 5), "one cell says why");
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    assert!(cells.iter().any(|cell| cell.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Auth)));
    let gemini = platform.client.providers().await.expect("list").items.into_iter().find(|provider| provider.name == "gemini").expect("listed");
    assert!(gemini.stopped.is_none(), "others' calls go on: {:?}", gemini.stopped);

    // A resume brings its key anew.
    assert_eq!(platform.client.resume_run(run.id).await.expect_err("no key").code(), Some("no_key"));
    platform.client.bringing(&own()).expect("loopback").resume_run(run.id).await.expect("resumed");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_travel_in_the_clear() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "good").await;
    let start_run = asked(&platform, 1).await;
    // A proxy that was reached without TLS hands it on.
    let request = reqwest::Client::new()
        .post(platform.host.base().join("api/ai/testing/live-test").expect("a URL"))
        .bearer_auth(platform.host.token().expose_secret())
        .header(format!("{OWN_KEY_HEADER}gemini"), Wire::Gemini.key());
    for (proto, status) in [("http", 403), ("https", 200)] {
        let request = request.try_clone().expect("no stream").header("x-forwarded-proto", proto).json(&start_run);
        let answer = request.send().await.expect("answered");
        assert_eq!(answer.status(), status, "{proto}");
        let words = answer.text().await.expect("text");
        assert!(!words.contains(Wire::Gemini.key()), "{words}");
        assert_eq!(words.contains("key_in_the_clear"), status == 403, "{words}");
    }
    // The client does not even begin.
    let far = minerva_console::client::Client::new("http://photos.example.com/".parse().expect("a URL"), "t".into()).expect("a client");
    assert!(!far.is_private() && far.bringing(&own()).err().is_some_and(|why| why.to_string().contains("https")));
    let tls = minerva_console::client::Client::new("https://photos.example.com/".parse().expect("a URL"), "t".into()).expect("a client");
    assert!(tls.is_private() && tls.bringing(&own()).is_ok());
    let broken = vec![("gemini".to_owned(), SecretString::from("two\nlines".to_owned()))];
    assert!(tls.bringing(&broken).err().is_some_and(|why| why.to_string().contains("enter it once more")));
}
