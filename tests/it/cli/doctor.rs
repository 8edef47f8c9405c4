//! `minerva doctor`.

use serde_json::Value;

use crate::support::binary::run;

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
