//! Providers: what is set of them takes effect at once, is journalled, and can be undone; addresses that could leak are refused.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::health::HealthState;
use minerva_console::wire::model::KeyState;
use minerva_console::wire::provider::{AddProvider, KeyWish, ProviderInfo, ProviderLimits, ProviderSetting, SettingOrigin};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::provider_stub::{ProviderStub, Wire};

/// The real providers, told `base` for Gemini where it is given, with `key` for it.
async fn start(base: Option<&str>, key: &str) -> TestPlatform {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), key.to_owned().into())]), false);
    let told = base.map(|base| Endpoint { name: "gemini".to_owned(), base: Some(base.parse().expect("a URL")), limits: Limits::default() });
    let settings = ProviderSettings { endpoints: told.into_iter().collect(), on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    platform::start(Options { providers, keys, ..Options::default().without_workers() }).await
}

async fn info(platform: &TestPlatform, name: &str) -> ProviderInfo {
    let list = platform.client.providers().await.expect("providers");
    list.items.into_iter().find(|provider| provider.name == name).expect("it is listed")
}

fn at(base: &str) -> ProviderSetting {
    ProviderSetting { base_url: Some(base.to_owned()), ..ProviderSetting::default() }
}

async fn set(platform: &TestPlatform, setting: &ProviderSetting) -> Result<minerva_console::wire::config::ConfigChanged, String> {
    let revision = platform.client.config().await.expect("config").revision;
    platform.client.set_provider(revision, "gemini", setting).await.map_err(|error| error.code().unwrap_or("none").to_owned())
}

#[tokio::test]
async fn what_is_known_of_a_provider_is_told_but_never_its_key() {
    let platform = start(None, "a-key-that-is-long-1234").await;
    let gemini = info(&platform, "gemini").await;
    assert_eq!((gemini.label.as_str(), gemini.key_wish, gemini.is_added), ("Google Gemini", KeyWish::Required, false));
    assert_eq!(gemini.key, KeyState::Present { tail: "1234".to_owned(), from: "environment".to_owned() });
    assert_eq!(gemini.base_url.as_deref(), Some("https://generativelanguage.googleapis.com/"));
    assert_eq!((gemini.base_url_from, gemini.key_variable.as_str()), (SettingOrigin::BuiltIn, "GEMINI_API_KEY"));
    assert!(gemini.notes.iter().any(|note| note.contains("free tier")), "{:?}", gemini.notes);
    let all = serde_json::to_string(&platform.client.providers().await.expect("providers")).expect("JSON");
    assert!(!all.contains("a-key-that-is-long"), "{all}");
    let on_device = info(&platform, "on-device").await;
    assert_eq!((on_device.key_wish, on_device.base_url, on_device.is_remote), (KeyWish::None, None, false));
}

#[tokio::test]
async fn an_address_takes_effect_at_once_and_goes_back_with_undo() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(Some(&format!("{}nowhere/", stub.base(Wire::Gemini))), Wire::Gemini.key()).await;
    assert_eq!(info(&platform, "gemini").await.base_url_from, SettingOrigin::Told);
    let changed = set(&platform, &at(stub.base(Wire::Gemini).as_str())).await.expect("changed");
    let change = changed.change.expect("an entry");
    assert!(change.summary.starts_with("Google Gemini: base URL default → http://127.0.0.1:"), "{}", change.summary);
    let health = platform.client.check_provider("gemini").await.expect("checked");
    assert_eq!(health.status, HealthState::Healthy, "{:?}", health.error_details);
    let gemini = info(&platform, "gemini").await;
    assert_eq!(gemini.base_url_from, SettingOrigin::Set);
    assert!(gemini.key_worked_at.is_some() && gemini.last_check.is_some());

    platform.client.undo_config_change(change.id).await.expect("undone");
    let health = platform.client.check_provider("gemini").await.expect("checked");
    assert_eq!(health.status, HealthState::Down, "nothing answers there");
    assert_eq!(info(&platform, "gemini").await.base_url_from, SettingOrigin::Told);
}

/// What one key earned is said of no other, in whichever order they come.
#[tokio::test]
async fn another_key_is_not_tested_yet_whatever_the_one_before_did() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base(Wire::Gemini)), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() }, &keys);
    let platform = platform::start(Options { providers, keys: keys.clone(), ..Options::default().without_workers() }).await;
    assert_eq!(platform.client.check_provider("gemini").await.expect("checked").status, HealthState::Healthy);
    assert!(info(&platform, "gemini").await.key_worked_at.is_some());

    keys.set_for_session("gemini", "another-key-0002".into());
    let fresh = info(&platform, "gemini").await;
    assert_eq!((fresh.key_worked_at, fresh.last_check), (None, None), "nobody has tried this one");
    let checked = platform.client.check_provider("gemini").await.expect("checked");
    assert_eq!(checked.status, HealthState::Down, "{checked:?}");
    let refused = info(&platform, "gemini").await;
    assert!(refused.key_worked_at.is_none() && refused.last_check.is_some_and(|check| check.status == HealthState::Down));

    keys.remove("gemini").await.expect("removed");
    let first = info(&platform, "gemini").await;
    assert!(first.key_worked_at.is_some() && first.last_check.is_none(), "the first one worked, and the failed test was not its: {first:?}");
}

#[tokio::test]
async fn settings_outlive_the_platform() {
    let platform = start(None, "k").await;
    let limits = ProviderLimits { requests_per_minute: Some(30), timeout_s: Some(5), ..ProviderLimits::default() };
    let setting = ProviderSetting { limits, ..at("https://proxy.example.com/gemini") };
    set(&platform, &setting).await.expect("changed");
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, Options::default().without_workers()).await.expect("starts");
    let gemini = info(&platform, "gemini").await;
    assert_eq!(gemini.base_url.as_deref(), Some("https://proxy.example.com/gemini/"));
    assert_eq!(gemini.setting.limits, limits);
}

#[tokio::test]
async fn undoing_one_providers_change_leaves_the_others_alone() {
    let platform = start(None, "k").await;
    let limited =
        |most| ProviderSetting { limits: ProviderLimits { concurrency: Some(most), ..ProviderLimits::default() }, ..ProviderSetting::default() };
    let first = set(&platform, &limited(2)).await.expect("changed").change.expect("an entry");
    let server = AddProvider { name: "lab".to_owned(), setting: at("http://localhost:1234/v1") };
    let added = platform.client.add_provider(&server).await.expect("added");
    assert_eq!(added.change.as_ref().map(|change| change.summary.as_str()), Some("lab: added at http://localhost:1234/v1/"));
    platform.client.undo_config_change(first.id).await.expect("undone");
    let providers = platform.client.config().await.expect("config").providers;
    assert_eq!(providers.keys().collect::<Vec<_>>(), ["lab"]);

    let second = set(&platform, &limited(3)).await.expect("changed").change.expect("an entry");
    set(&platform, &limited(4)).await.expect("changed");
    let refused = platform.client.undo_config_change(second.id).await.expect_err("changed since");
    assert_eq!(refused.code(), Some("changed_since"));
}

#[tokio::test]
async fn bad_settings_are_refused_with_their_field() {
    let platform = start(None, "k").await;
    let limits = |limits| ProviderSetting { limits, ..ProviderSetting::default() };
    let none = ProviderLimits::default();
    for (code, setting) in [
        ("base_url", at("not an address")),
        ("base_url", at("https://me:secret@host/")),
        ("base_url", at("https://host/?key=secret")),
        ("http_unconfirmed", at("http://api.example.com/")),
        ("requests_per_minute", limits(ProviderLimits { requests_per_minute: Some(0), ..none })),
        ("tokens_per_minute", limits(ProviderLimits { tokens_per_minute: Some(0), ..none })),
        ("concurrency", limits(ProviderLimits { concurrency: Some(257), ..none })),
        ("timeout_s", limits(ProviderLimits { timeout_s: Some(0), ..none })),
        ("total_s", limits(ProviderLimits { total_s: Some(7_201), ..none })),
    ] {
        assert_eq!(set(&platform, &setting).await.expect_err("refused"), code, "{setting:?}");
    }
    set(&platform, &ProviderSetting { allow_http: true, ..at("http://api.example.com/") }).await.expect("a person agreed");
    assert!(info(&platform, "gemini").await.warnings[0].contains("api.example.com unencrypted"), "and is warned as long as it is so");
    let refused = platform.client.set_provider(1, "gemini", &at("https://host/")).await.expect_err("an old revision");
    assert_eq!(refused.code(), Some("stale"));
    let refused = platform.client.set_provider(2, "gemni", &at("https://host/")).await.expect_err("unknown");
    assert!(refused.to_string().contains("no such provider"), "{refused}");
    let refused = platform.client.set_provider(2, "on-device", &limits(none)).await.expect_err("nothing to set");
    assert_eq!(refused.code(), Some("no_settings"));
    for name in ["", "Gemini", "a/b", "-a", "ä", &"x".repeat(33)] {
        let asked = AddProvider { name: name.to_owned(), setting: at("http://localhost:1/") };
        assert_eq!(platform.client.add_provider(&asked).await.expect_err("refused").code(), Some("name"), "{name}");
    }
    let taken = AddProvider { name: "gemini".to_owned(), setting: at("http://localhost:1/") };
    assert_eq!(platform.client.add_provider(&taken).await.expect_err("refused").code(), Some("name_taken"));
    assert_eq!(platform.client.remove_provider(2, "gemini").await.expect_err("refused").code(), Some("built_in"));
}

#[tokio::test]
async fn a_check_without_a_key_says_which_variable_would_hold_it() {
    let platform = platform::start(Options::default().without_workers()).await;
    let refused = platform.client.check_provider("gemini").await.expect_err("no key");
    assert_eq!(refused.code(), Some("no_key"));
    assert!(refused.to_string().contains("GEMINI_API_KEY"), "{refused}");
    let models = platform.client.provider_models("gemini", false).await.expect("models");
    assert!(models.items.iter().any(|model| model.name == "gemini/gemini-3.8-flash" && model.is_known && model.is_offered.is_none()));
    assert_eq!(models.asked_at, None);
    // A price that is going to change says so beside the model, until it has.
    let book = platform::lasting_prices();
    for model in &models.items {
        let listed = book.model("gemini", model.name.trim_start_matches("gemini/")).expect("from the catalogue");
        let change = listed.next_change(chrono::Utc::now().date_naive()).map(|price| price.from.format("From %-d %B %Y: $").to_string());
        assert_eq!(model.notes.first().map(|note| note.split_inclusive('$').next().unwrap_or_default().to_owned()), change, "{}", model.name);
    }
}
