//! `minerva doctor`.

use std::time::Duration;

use serde_json::Value;

use crate::support::binary::{Said, minerva, run};
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
    for name in ["Database", "Data folder", "Disk", "On-device model", "Provider gemini"] {
        assert_eq!(state(&report, name), "ok", "{report}");
    }
    assert_eq!(state(&report, "Display"), "warn", "this process has none");
    assert_eq!(std::fs::read_dir(home.path()).expect("readable").count(), 0, "nothing was left behind");
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
        assert_eq!((said.code, state(&report, "Provider gemini").as_str()), (code, want), "{report}");
        assert!(!said.out.contains(key) && !said.err.contains(key), "the key is not shown");
    }
    assert_eq!(stub.traffic().all().len(), 2, "each was asked once");
    assert_eq!(stub.traffic().all_questions(), 0, "no photo was sent");
}
