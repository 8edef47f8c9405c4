//! Models: what there is, whose key is missing, which one is live and how it has done.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::job::{EnqueueJobs, JobState};
use minerva_console::wire::model::{ActivateModel, KeyState, ModelInfo, PhotoCost, Turn};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{RunPrompt, StartRun};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted};

/// Photos that come with the program.
const BUNDLED: usize = minerva_console::platform::domain::bundled::PHOTOS.len();

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
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Look")],
        models: vec!["gemini/flash".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    assert_eq!(platform.client.start_run(&run).await.expect_err("refused").code(), Some("no_key"));
}

#[tokio::test]
async fn a_model_that_its_providers_own_list_lacks_goes_live_only_when_it_is_meant() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let told = Endpoint { name: "gemini".to_owned(), base: Some(stub.base(Wire::Gemini)), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![told], on_device_threads: 1, book: PriceBook::shipped() }, &keys);
    let platform = platform::start(Options { providers, keys, ..Options::default().without_workers() }).await;
    let asked = platform.client.provider_models("gemini", true).await.expect("asked");
    assert!(asked.fault.is_none() && asked.asked_at.is_some(), "{asked:?}");
    let refused = activate(&platform, "gemini/none").await.expect_err("asked about first");
    assert_eq!(refused.code(), Some("not_offered"));
    assert!(refused.to_string().contains("does not offer 'none': its list of "), "{refused}");
    assert!(refused.to_string().contains("has 1 model without it"), "{refused}");
    activate(&platform, "gemini/gemini-3.8-flash").await.expect("it is in the list");
    let meant = ActivateModel { name: "gemini/none".to_owned() };
    platform.client.activate_model_confirmed(&meant).await.expect("meant");
    assert_eq!(platform.client.config().await.expect("config").live_model, "gemini/none");
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
    let providers = "Providers: on-device, gemini";
    let ways = [("", providers), ("gemini", "Write gemini/MODEL"), ("gemini/", "Write gemini/MODEL"), ("geminy/flash", providers)];
    for (name, says) in [("on-device/large", " has on-device"), ("on-device/", " has on-device")].into_iter().chain(ways) {
        let refused = activate(&platform, name).await.expect_err("refused");
        assert_eq!(refused.code(), Some("unknown_model"), "{name}");
        assert!(refused.to_string().contains(says), "{name}: {refused}");
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

#[tokio::test(flavor = "multi_thread")]
async fn what_a_switch_would_change_is_told_from_what_was_measured_else_from_the_price_book() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, "good")), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let platform = platform::start(Options { providers, keys, ..Options::default() }).await;
    let find = |list: &[ModelInfo], name: &str| list.iter().find(|model| model.name == name).cloned().expect("listed");
    let before = models(&platform).await;
    let flash = find(&before, "gemini/gemini-3.5-flash-lite");
    let expected = flash.expected.expect("what would change");
    assert!(matches!(flash.cost_per_photo, Some(PhotoCost::Estimated { usd }) if usd.low_usd > UsdMicros(0)), "{flash:?}");
    assert_eq!((expected.photos_per_day, expected.latency_p50_ms.after, expected.mean_confidence.before), (None, None, None));
    assert_eq!(expected.captions, Turn { before: Some(false), after: Some(true) }, "{expected:?}");
    assert_eq!(find(&before, "on-device").expected, None, "it is live");

    activate(&platform, "gemini/gemini-3.5-flash-lite").await.expect("live");
    platform.add(7, true).await;
    platform.until_jobs(7, JobState::Completed).await;
    let after = models(&platform).await;
    let flash = find(&after, "gemini/gemini-3.5-flash-lite");
    let measured = flash.measured.expect("measured");
    let spent = platform.client.live_status().await.expect("status").spend_today_usd;
    assert_eq!((measured.cost_usd, measured.cost_unknown), (spent, 0));
    assert_eq!(flash.cost_per_photo, Some(PhotoCost::Measured { usd: UsdMicros((spent.0 as f64 / 7.0).round() as i64), photos: 7 }));
    assert!(measured.failed_low == 0.0 && (0.3..0.4).contains(&measured.failed_high), "0 of 7 by Wilson: {measured:?}");
    let back = find(&after, "on-device").expected.expect("what would change");
    assert_eq!((back.photos_per_day, back.cost_per_photo.before), (Some(1.0), flash.cost_per_photo));
    assert_eq!(back.cost_per_day().after.map(|cost| cost.high_usd), Some(UsdMicros(0)), "here it is free");
    let unknown = find(&after, "vision/labels").expected.expect("what would change").latency_p50_ms;
    assert_eq!((unknown.before.is_some(), unknown.after), (true, None));
}

#[tokio::test]
async fn labels_of_the_photos_that_came_with_the_program_are_the_ground_truth() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    assert_eq!(models(&platform).await[0].accuracy, None, "nobody knows what is in it");

    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).seeded()).await;
    let photos = until("the photos that came with the program", || async {
        let photos = platform.client.photos(None, 100).await.expect("photos").items;
        (photos.len() == BUNDLED).then_some(photos)
    })
    .await;
    let queue = EnqueueJobs { photo_ids: photos.iter().map(|photo| photo.id).collect(), priority: 0 };
    platform.client.enqueue_jobs(&queue).await.expect("queued");
    let share = until("all to be answered", || async {
        let all = platform.jobs().await;
        let are_done = all.len() >= BUNDLED && all.iter().all(|job| job.state == JobState::Completed);
        if are_done { models(&platform).await[0].accuracy } else { None }
    })
    .await;
    assert!(share.of >= BUNDLED as u64 / 2, "{share:?}");
    assert!(share.low <= share.share && share.share <= share.high, "{share:?}");
    assert!(share.hits > 0 && share.hits < share.of, "it says 'cat' of every photo: {share:?}");
}
