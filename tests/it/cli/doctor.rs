//! `minerva doctor`.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use serde_json::Value;

use crate::support::binary::{Said, minerva, run};
use crate::support::platform::{self, Options};
use crate::support::provider_stub::{ProviderStub, Wire};

fn state(report: &Value, name: &str) -> String {
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name} in {report}"));
    check["state"].as_str().expect("a state").to_owned()
}

#[test]
fn a_fresh_machine_is_sound_and_stays_untouched() {
    let home = tempfile::tempdir().expect("folder");
    let said = run(home.path(), &["doctor", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    for name in ["Database", "Data folder", "Disk", "On-device model", "Prices", "Provider Google Gemini"] {
        assert_eq!(state(&report, name), "ok", "{report}");
    }
    assert_eq!(state(&report, "Display"), "warn", "this process has none");
    assert_eq!(std::fs::read_dir(home.path()).expect("readable").count(), 0, "nothing was left behind");
}

#[test]
fn a_price_file_with_a_mistake_is_found_with_its_place() {
    let home = tempfile::tempdir().expect("folder");
    let config = home.path().join("config.toml");
    std::fs::write(&config, "").expect("writes");
    std::fs::write(home.path().join("model-catalogue.json"), r#"{"models": [{"provider": "gemini"}]}"#).expect("writes");
    let said = run(home.path(), &["doctor", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("FAIL  Prices") && said.out.contains("models[0]"), "{}", said.out);
}

#[test]
fn a_damaged_database_is_found_with_a_way_to_mend_it() {
    let home = tempfile::tempdir().expect("folder");
    std::fs::write(home.path().join("minerva.sqlite"), vec![0x5a; 65_536]).expect("writes");
    let said = run(home.path(), &["doctor", "--data-dir", home.path().to_str().expect("UTF-8")]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("FAIL  Database") && said.out.contains(".recover"), "{}", said.out);
}

/// `minerva doctor` with a key for Gemini, which a configuration file sends to the stub.
async fn with_gemini(stub: &ProviderStub, key: &'static str) -> Said {
    let home = tempfile::tempdir().expect("folder");
    let config = home.path().join("config.toml");
    std::fs::write(&config, format!("[providers.gemini]\nbase_url = \"{}\"\ntimeout_s = 5\n", stub.base(Wire::Gemini))).expect("writes");
    let mut command = minerva(home.path());
    command.env("GEMINI_API_KEY", key).args(["doctor", "--format", "json", "--config"]).arg(config);
    tokio::task::spawn_blocking(move || command.output().expect("the program starts").into()).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_asked_whether_it_takes_the_key() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    for (key, code, want) in [(Wire::Gemini.key(), Some(0), "ok"), ("a-key-that-is-none-at-all", Some(1), "fail")] {
        let said = with_gemini(&stub, key).await;
        let report: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!((said.code, state(&report, "Provider Google Gemini").as_str()), (code, want), "{report}");
        assert!(!said.out.contains(key) && !said.err.contains(key), "the key is not shown");
    }
    assert_eq!(stub.traffic().all().len(), 3, "each was asked once, and the one that lists models whether it may ask them too");
    assert_eq!(stub.traffic().all_questions(), 0, "no photo was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_in_use_that_will_be_gone_is_told_well_before() {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key".into())]), false);
    let platform = platform::start(Options { keys, ..Options::default().without_workers() }).await;
    let revision = platform.client.config().await.expect("config").revision;
    let chain = SetFallbacks { fallbacks: vec![Fallback::usual("gemini/gemini-3.8-flash")] };
    platform.client.set_fallbacks(revision, &chain).await.expect("set");
    let folder = platform.stop().await;
    let home = tempfile::tempdir().expect("folder");
    let config = home.path().join("config.toml");
    std::fs::write(&config, "").expect("writes");
    let today = chrono::Utc::now().date_naive();
    for (days, state, words) in [(200, "ok", "No end is near: on-device, gemini/gemini-3.8-flash"), (20, "warn", "gemini/gemini-3.8-flash ends on")] {
        let model = serde_json::json!({"provider": "gemini", "id": "gemini-3.8-flash", "retires": today + chrono::TimeDelta::days(days)});
        let own = serde_json::json!({"catalogue_version": 1, "models": [model]});
        std::fs::write(home.path().join("model-catalogue.json"), own.to_string()).expect("writes");
        let mut command = minerva(home.path());
        command.args(["doctor", "--format", "json", "--data-dir"]).arg(folder.path().join("data")).arg("--config").arg(&config);
        let said: Said = tokio::task::spawn_blocking(move || command.output().expect("the program starts").into()).await.expect("no panic");
        let report: Value = serde_json::from_str(&said.out).expect("JSON");
        let check = report["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "Models in use").expect("a check").clone();
        assert_eq!(check["state"], state, "{check}");
        assert!(check["detail"].as_str().is_some_and(|detail| detail.starts_with(words)), "{check}");
    }
}
