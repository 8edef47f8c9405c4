//! Models: what there is, whose key is missing, which one is live and how it has done.

use std::collections::HashMap;

use minerva_console::keys::Keys;
use minerva_console::wire::job::JobState;
use minerva_console::wire::model::{ActivateModel, KeyState, ModelInfo};
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{RunPrompt, StartRun};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted};

/// A model on this machine and one on the net.
async fn start(scripted: &std::sync::Arc<Scripted>, key: Option<&str>) -> TestPlatform {
    let environment: HashMap<_, _> = key.map(|key| ("gemini".to_owned(), key.to_owned().into())).into_iter().collect();
    let keys = Keys::new(environment, false);
    platform::start(Options { keys, ..Options::with_providers(vec![scripted.clone(), scripted.on_the_net("gemini", "flash")]) }).await
}

async fn models(platform: &TestPlatform) -> Vec<ModelInfo> {
    platform.client.models().await.expect("models").items
}

async fn activate(platform: &TestPlatform, name: &str) -> Result<minerva_console::wire::config::ConfigChanged, minerva_console::client::ApiError> {
    platform.client.activate_model(&ActivateModel { name: name.to_owned() }).await
}

#[tokio::test]
async fn the_catalogue_says_which_key_is_missing_and_a_model_without_one_does_not_go_live() {
    let platform = start(&Scripted::new(), None).await;
    let list = models(&platform).await;
    let names: Vec<(&str, bool)> = list.iter().map(|model| (model.name.as_str(), model.is_live)).collect();
    assert_eq!(names, [("on-device", true), ("gemini/flash", false)]);
    assert_eq!(list[0].key, KeyState::NotNeeded);
    assert!(matches!(&list[1].key, KeyState::Missing { why } if why.contains("key")), "{:?}", list[1].key);
    let refused = activate(&platform, "gemini/flash").await.expect_err("refused");
    assert_eq!(refused.code(), Some("no_key"));
    assert!(refused.to_string().to_lowercase().contains("key"), "{refused}");
    assert_eq!(platform.client.config().await.expect("config").live_model, "on-device");
    let photos = platform.add(1, false).await;
    let run = StartRun {
        name: String::new(),
        photo_ids: vec![photos[0].id],
        prompts: vec![RunPrompt::Inline { name: "Draft".to_owned(), content: "Look".to_owned() }],
        models: vec!["gemini/flash".to_owned()],
        repeats: 1,
        concurrency: 1,
    };
    assert_eq!(platform.client.start_run(&run).await.expect_err("refused").code(), Some("no_key"));
}

#[tokio::test]
async fn with_its_key_a_model_goes_live_and_the_key_is_never_shown() {
    let platform = start(&Scripted::new(), Some("AIza-secret-0123456789-wxyz")).await;
    let changed = activate(&platform, "gemini/flash").await.expect("live");
    assert_eq!(changed.change.expect("a change").summary, "Live model: on-device → gemini/flash");
    let list = models(&platform).await;
    let live: Vec<&str> = list.iter().filter(|model| model.is_live).map(|model| model.name.as_str()).collect();
    assert_eq!(live, ["gemini/flash"]);
    assert_eq!(list[1].key, KeyState::Present { tail: "wxyz".to_owned(), from: "environment".to_owned() });
    assert!(!serde_json::to_string(&list).expect("JSON").contains("secret"));

    activate(&platform, "gemini/flash-of-tomorrow").await.expect("a model that is newer than the program");
    let list = models(&platform).await;
    let newest = list.iter().find(|model| model.is_live).expect("listed");
    assert_eq!((newest.name.as_str(), newest.input_usd_per_million), ("gemini/flash-of-tomorrow", None));
}

#[tokio::test]
async fn a_model_that_is_none_is_refused_with_those_that_are() {
    let platform = start(&Scripted::new(), Some("AIza-secret-0123456789-wxyz")).await;
    for name in ["", "gemini", "gemini/", "on-device/large", "on-device/", "geminy/flash"] {
        let refused = activate(&platform, name).await.expect_err("refused");
        assert_eq!(refused.code(), Some("unknown_model"), "{name}");
        assert!(refused.to_string().contains("on-device, gemini/flash"), "{refused}");
    }
}

#[tokio::test]
async fn a_model_shows_how_it_has_done() {
    let scripted = Scripted::new();
    scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "The model declined")));
    let platform = start(&scripted, None).await;
    assert_eq!(models(&platform).await[0].measured, None, "nothing before the first result");
    platform.add(4, true).await;
    platform.until_jobs(3, JobState::Completed).await;
    platform.until_jobs(1, JobState::Failed).await;
    let list = models(&platform).await;
    let measured = list[0].measured.expect("measured");
    assert_eq!((measured.results, measured.failed), (4, 1));
    assert!((measured.mean_confidence.expect("confidence") - 0.8).abs() < 1e-6);
    assert!(measured.latency_p50_ms <= measured.latency_p95_ms && measured.latency_p50_ms.is_some());
    assert_eq!(list[1].measured, None);
}
