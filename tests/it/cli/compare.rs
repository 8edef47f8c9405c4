//! `minerva compare`.

use std::process::{Command, Stdio};
use std::time::Duration;

use minerva_console::wire::provider::{AddProvider, ProviderLimits, ProviderSetting};
use serde_json::Value;

use crate::support::binary::{Said, Served, minerva, run, until};
use crate::support::provider_stub::{ProviderStub, Wire};

const CELL: [&str; 15] = [
    "photo",
    "prompt",
    "model",
    "repeat",
    "status",
    "caption",
    "tags",
    "latency_ms",
    "input_tokens",
    "output_tokens",
    "cost_usd_micros",
    "error",
    "notes",
    "error_kind",
    "request_id",
];
const SUMMARY: [&str; 11] = [
    "model",
    "prompt",
    "photos",
    "ok",
    "failed",
    "latency_p50_ms",
    "latency_p95_ms",
    "cost_usd_micros",
    "known_cost_usd_micros",
    "unknown_cost_cells",
    "mean_confidence",
];

fn compare(arguments: &[&str]) -> Said {
    let home = tempfile::tempdir().expect("folder");
    run(home.path(), &[&["compare"], arguments].concat())
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", said.out, said.err))
}

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn tags(cell: &Value) -> Vec<&str> {
    cell["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].as_str().expect("a name")).collect()
}

#[test]
fn the_json_has_the_promised_shape_with_real_tags() {
    let said = compare(&["--photos", "assets/photos/cat.jpg", "assets/photos/coffee.jpg", "--repeat", "2", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let report = json(&said);
    assert_eq!(fields(&report), ["run_id", "started_at", "finished_at", "cells", "summary"]);
    let cells = report["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 4, "2 photos twice");
    for cell in cells {
        assert_eq!(fields(cell), CELL);
        assert_eq!((&cell["status"], &cell["model"], &cell["error"]), (&"ok".into(), &"on-device".into(), &Value::Null));
        assert_eq!(cell["cost_usd_micros"], 0, "the machine's own model costs nothing");
        for tag in cell["tags"].as_array().expect("tags") {
            assert_eq!(fields(tag), ["name", "confidence"]);
            assert!((0.0..=1.0).contains(&tag["confidence"].as_f64().expect("a number")), "{tag}");
        }
    }
    assert_eq!((&cells[0]["photo"], &cells[1]["repeat"], &cells[2]["photo"]), (&"cat.jpg".into(), &2.into(), &"coffee.jpg".into()));
    assert!(tags(&cells[0]).contains(&"cat"), "{:?}", tags(&cells[0]));
    assert!(tags(&cells[2]).iter().any(|tag| tag.contains("cup") || tag.contains("coffee")), "{:?}", tags(&cells[2]));
    let summary = report["summary"].as_array().expect("summary");
    assert_eq!((summary.len(), &fields(&summary[0])[..SUMMARY.len()]), (1, &SUMMARY[..]));
    assert_eq!((fields(&summary[0])[SUMMARY.len()], &summary[0]["repeats_agree"]), ("repeats_agree", &1.0.into()), "asked twice it answers the same");
    assert_eq!((&summary[0]["photos"], &summary[0]["ok"], &summary[0]["failed"]), (&2.into(), &4.into(), &0.into()));
}

#[test]
fn labels_add_accuracy() {
    let said = compare(&["--photos", "assets/photos/cat.jpg", "--truth", "assets/photos/truth.csv", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let row = &json(&said)["summary"][0];
    assert_eq!(fields(row)[SUMMARY.len()..], ["precision", "recall", "f1"]);
    assert!(row["recall"].as_f64().expect("a number") > 0.0, "the cat is found: {row}");
}

#[test]
fn a_baseline_says_how_the_others_stand_beside_it_with_intervals() {
    let folder = tempfile::tempdir().expect("folder");
    let prompt = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let (all, few) = (prompt("all.md", "Tags of this photo"), prompt("few.md", "Tags: cat, dog, bird"));
    let photos = ["cat", "coffee", "osprey", "dogs_window", "raccoon", "otters", "colosseum"].map(|name| format!("assets/photos/{name}.jpg"));
    let photos: Vec<&str> = photos.iter().map(String::as_str).collect();
    let truth = ["--truth", "assets/photos/truth.csv", "--baseline", "all", "--format", "json"];
    let said = compare(&[&["--prompt", all.as_str(), few.as_str(), "--photos"][..], &photos[..], &truth[..]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let row = &json(&said)["summary"][0];
    let (low, value, high) = (&row["f1_low"], &row["f1"], &row["f1_high"]);
    assert!(low.as_f64() <= value.as_f64() && value.as_f64() <= high.as_f64() && low.is_number(), "{row}");
    let verdicts = &json(&said)["verdicts"];
    assert_eq!((&verdicts["baseline_prompt"], &verdicts["columns"][0]["prompt"]), (&"all".into(), &"few".into()));
    let measures = verdicts["columns"][0]["measures"].as_array().expect("measures");
    let f1 = measures.iter().find(|one| one["measure"] == "f1").expect("F1");
    let (low, value, high) = (&f1["difference"]["low"], &f1["difference"]["value"], &f1["difference"]["high"]);
    assert!(low.as_f64() <= value.as_f64() && value.as_f64() <= high.as_f64() && low.is_number(), "{f1}");
    assert!(["better", "worse", "no_difference_shown"].contains(&f1["verdict"].as_str().expect("a verdict")), "{f1}");
    assert!(measures.iter().any(|one| one["measure"] == "macro_f1"), "the mean over tags too");

    let said = compare(&["--prompt", all.as_str(), few.as_str(), "--photos", "assets/photos/cat.jpg", "--baseline", "nobody"]);
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.err.contains("--baseline 'nobody' is none of the columns: 'all · on-device', 'few · on-device'"), "{}", said.err);
}

#[test]
fn a_bad_photo_is_a_failed_cell_and_the_rest_is_written() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::copy("assets/photos/cat.jpg", folder.path().join("cat.jpg")).expect("copies");
    std::fs::write(folder.path().join("broken.jpg"), b"no photo at all").expect("writes");
    let out = folder.path().join("report.json");
    let paths = (folder.path().to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
    let said = compare(&["--photos", paths.0, "/no/such/photo.jpg", "--out", paths.1]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
    let report: Value = serde_json::from_slice(&std::fs::read(out).expect("was written")).expect("is JSON, as its name says");
    let states: Vec<_> = report["cells"].as_array().expect("cells").iter().map(|cell| (cell["photo"].as_str(), cell["status"].as_str())).collect();
    assert_eq!(states, [(Some("broken.jpg"), Some("failed")), (Some("cat.jpg"), Some("ok")), (Some("photo.jpg"), Some("failed"))]);
    assert!(report["cells"][2]["error"].as_str().expect("a reason").contains("could not be read"), "{report}");
    assert!(said.err.contains("2 of 3 cells"), "{}", said.err);
}

/// A photo is known by its bytes: a second file of them is not asked about again, and not lost in silence either.
#[test]
fn a_file_with_the_bytes_of_another_is_named_beside_the_one_that_was_asked_about() {
    let folder = tempfile::tempdir().expect("folder");
    let file = |name: &str| folder.path().join(name);
    for name in ["a.jpg", "b.jpg"] {
        std::fs::copy("assets/photos/cat.jpg", file(name)).expect("copies");
    }
    // Its labels stand under the other name.
    std::fs::write(file("labels.csv"), "photo,tag\nb.jpg,cat\n").expect("writes");
    let paths = ["a.jpg", "b.jpg", "labels.csv", "report.txt"].map(|name| file(name).to_str().expect("UTF-8").to_owned());
    let said = compare(&["--photos", &paths[0], &paths[1], "--truth", &paths[2], "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let report = json(&said);
    assert_eq!(report["cells"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["same_photos"], serde_json::json!([{"photo": "b.jpg", "same_as": "a.jpg"}]));
    assert!(report["summary"][0]["recall"].is_number(), "{report}");
    let words = "b.jpg is the same photo as a.jpg: it was asked about once";
    assert!(said.err.contains(words), "{}", said.err);
    let said = compare(&["--photos", &paths[0], &paths[1], "--out", &paths[3]]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(std::fs::read_to_string(&paths[3]).expect("written").contains(words));
}

/// A device without end and a pipe that nobody writes to are not read; the rest goes on, and nothing is coloured where no terminal is.
#[cfg(unix)]
#[test]
fn what_is_no_file_or_too_large_is_said_and_not_read() {
    let folder = tempfile::tempdir().expect("folder");
    let pipe = folder.path().join("pipe.jpg");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("runs").success());
    let large = folder.path().join("large.jpg");
    std::fs::File::create(&large).and_then(|file| file.set_len(151 << 20)).expect("a sparse file");
    let paths = (pipe.to_str().expect("UTF-8"), large.to_str().expect("UTF-8"));
    let said = compare(&["--photos", "/dev/zero", paths.0, paths.1, "assets/photos/cat.jpg", "--format", "json"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report = json(&said);
    let words: Vec<_> = report["cells"].as_array().expect("cells").iter().map(|cell| cell["error"].as_str().unwrap_or("answered")).collect();
    assert!(words[0].contains("not a regular file") && words[1].contains("not a regular file"), "{words:?}");
    assert!(words[2].contains("151 MB, more than the 150 MB") && words[3] == "answered", "{words:?}");
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path.to_str().expect("UTF-8").to_owned()
    };
    let labels = file("labels.csv", "photo,tag\ncat.jpg,cat\ncat.jpg\n");
    let others = file("others.csv", "photo,tag\nelsewhere.jpg,cat\n");
    let prompt = file("bad.md", "Tags for {{ file_name");
    let config = file("config.toml", "on_device_threads = 2\ngemini_key = \"x\"\n");
    let server = file("server.toml", "[providers.lab]\nbase_url = \"http://127.0.0.1:9/?key=secret-word\"\n");
    let pdf = folder.path().join("report.pdf").to_str().expect("UTF-8").to_owned();
    let cases: [(&[&str], &[&str]); 13] = [
        (&["--model", "on-devise"], &["on-devise", "on-device"]),
        (&["--model", "gemini"], &["gemini"]),
        (&["--model", "gemini/gemini-3.8-flash"], &["GEMINI_API_KEY", "keyring"]),
        (&["--prompt", "/no/such/prompt.md"], &["/no/such/prompt.md"]),
        (&["--prompt", &prompt], &["bad.md", "Line 1"]),
        (&["--truth", &labels], &["labels.csv:3"]),
        (&["--truth", &others], &["elsewhere.jpg"]),
        (&["--config", &config], &["gemini_key", "line 2"]),
        (&["--repeat", "0"], &["--repeat"]),
        (&["--base-url", "gemni=http://127.0.0.1:9/"], &["gemni", "gemini"]),
        (&["--base-url", "lab=http://me:secret-word@127.0.0.1:9/"], &["lab", "environment variable"]),
        (&["--config", &server], &["server.toml", "line 2", "base URL"]),
        (&["--out", &pdf], &["report.pdf", "'.pdf'", ".json, .csv, .md, .html, .txt", "--format"]),
    ];
    for (arguments, words) in cases {
        let said = compare(&[&["--photos", "assets/photos/cat.jpg"], arguments].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}: {}", said.err);
        for word in words {
            assert!(said.err.contains(word), "{arguments:?} does not say {word}: {}", said.err);
        }
        assert!(!said.err.contains("secret-word"), "a secret is shown: {}", said.err);
    }
}

#[test]
fn two_prompts_side_by_side_fit_the_terminal_and_a_page_of_their_own() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [("animals.md", "tags: cat, dog, bird"), ("things.md", "tags: cup, chair, boat")] {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (animals, things, page) = (path("animals.md"), path("things.md"), path("report.html"));
    let asked = ["--photos", "assets/photos/cat.jpg", "--prompt", &animals, &things];
    let said = compare(&asked);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("animals · on-device") && said.out.contains("things · on-device"), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    let said = compare(&[&asked[..], &["--out", &page]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let html = std::fs::read_to_string(&page).expect("was written");
    assert!(html.contains("src=\"data:image/jpeg;base64,/9j/") && !html.contains("http"), "self-contained");
}

/// `minerva compare` on two bundled photos with Gemini where the stub is.
fn on_stub(home: &tempfile::TempDir, stub: &ProviderStub, arguments: &[&str]) -> Command {
    let mut command = minerva(home.path());
    command.env("GEMINI_API_KEY", Wire::Gemini.key()).args(["compare", "--base-url", &format!("gemini={}", stub.base(Wire::Gemini))]);
    command.args(["--photos", "assets/photos/cat.jpg", "assets/photos/coffee.jpg", "--format", "json"]).args(arguments);
    command
}

async fn output(mut command: Command) -> Said {
    tokio::task::spawn_blocking(move || command.output().expect("the program starts").into()).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn gemini_is_asked_over_its_wire_and_paid_for_to_the_micro_dollar() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let said = output(on_stub(&home, &stub, &["--model", "gemini/gemini-3.8-flash", "gemini/of-tomorrow", "--repeat", "2"])).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(stub.traffic().all_questions(), 8, "2 photos, 2 models, twice");
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "the key in its header alone");
    let report = json(&said);
    let cells = report["cells"].as_array().expect("cells");
    assert_eq!((&cells[0]["input_tokens"], &cells[0]["output_tokens"]), (&760.into(), &100.into()), "thinking is output");
    assert!(tags(&cells[0]).contains(&"landscape"), "{:?}", tags(&cells[0]));
    let summary = report["summary"].as_array().expect("summary");
    let each = cells[0]["cost_usd_micros"].as_i64().expect("whole micro-dollars");
    assert!(each > 0 && summary[0]["cost_usd_micros"] == 4 * each, "{summary:?}");
    assert_eq!(summary[1]["cost_usd_micros"], Value::Null, "a model without a known price is not free");
    assert!(!said.out.contains(Wire::MARKER) && !said.err.contains(Wire::MARKER));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_is_in_the_report_and_log_lines_in_a_file_have_no_colours() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let mut command = on_stub(&home, &stub, &["--model", "gemini/confidence-7"]);
    command.env("MINERVA_LOG", "debug");
    let said = output(command).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let report = json(&said);
    let cell = &report["cells"][0];
    assert_eq!(cell["tags"][0]["confidence"], Value::Null, "7 of an unknown scale is not known");
    let note = cell["notes"][0].as_str().expect("a note");
    assert!(note.contains("outside 0–1") && note.ends_with("dog 7"), "{note}");
    assert!(said.err.contains("Warning: 2 answers have notes"), "{}", said.err);
    assert!(said.err.contains("DEBUG") && !said.err.contains('\u{1b}'), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_does_not_take_the_other_along() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let said = output(on_stub(&home, &stub, &["--model", "gemini/forbidden", "gemini/gemini-3.8-flash"])).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report = json(&said);
    let counts: Vec<_> = report["summary"].as_array().expect("summary").iter().map(|row| (row["ok"].as_u64(), row["failed"].as_u64())).collect();
    assert_eq!(counts, [(Some(0), Some(2)), (Some(2), Some(0))]);
    assert!(report["cells"][0]["error"].as_str().expect("a reason").to_lowercase().contains("not allowed for this key"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn ctrl_c_writes_what_is_answered() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::from_millis(200)).await;
    let mut command = on_stub(&home, &stub, &["--model", "gemini/gemini-3.8-flash", "--repeat", "20", "--concurrency", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    until("a few calls are made", Duration::from_mins(1), || async { (stub.traffic().all_questions() >= 4).then_some(()) }).await;
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let said: Said = tokio::task::spawn_blocking(|| child.wait_with_output().expect("ends").into()).await.expect("no panic");
    assert_eq!(said.code, Some(1), "{}", said.err);
    let row = &json(&said)["summary"][0];
    let ok = row["ok"].as_u64().expect("a count");
    assert!((3..40).contains(&ok) && ok + row["failed"].as_u64().expect("a count") == 40, "{row}");
    assert!(stub.traffic().all_questions() < 40, "it stopped asking");
}

/// By hand, a call: 560 tokens of photo and 5 of prompt at 1 USD, 60 or 400 tokens of answer at 10 USD per million:
/// 565 + 600 = 1,165 to 565 + 4,000 = 4,565 micro-dollars; two photos.
#[tokio::test(flavor = "multi_thread")]
async fn the_cost_is_told_before_it_is_spent_and_a_cap_holds() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path.to_str().expect("UTF-8").to_owned()
    };
    let prompt = file("short.md", "Name what you see");
    let config = file("config.toml", "");
    let entry = r#"{"provider": "gemini", "id": "priced", "image_tokens": {"rule": "gemini-level", "level": "medium"},
                    "prices": [{"from": "2026-01-01", "in": 1, "out": 10}]}"#;
    file("model-catalogue.json", &format!("{{\"models\": [{entry}]}}"));
    let ask = |more: &[&str]| on_stub(&home, &stub, &[&["--config", &config, "--prompt", &prompt, "--model"], more].concat());

    let said = output(ask(&["gemini/priced", "--max-cost", "0.009129"])).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(2), 0), "{}", said.err);
    assert!(said.err.contains("$0.009130") && said.err.contains("$0.009129") && said.err.contains("Nothing was asked"), "{}", said.err);
    let said = output(ask(&["gemini/priced", "gemini/of-tomorrow", "--max-cost", "5"])).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(2), 0), "{}", said.err);
    assert!(said.err.contains("2 calls of unknown price (gemini/of-tomorrow)"), "{}", said.err);
    let said = output(ask(&["gemini/priced", "--max-cost", "free"])).await;
    assert!(said.code == Some(2) && said.err.contains("--max-cost"), "{}", said.err);

    let said = output(ask(&["gemini/priced", "--max-cost", "$0.00913"])).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(0), 2), "{}", said.err);
    assert!(said.err.contains("Expected cost of 2 calls: ≈ $0.002330–$0.009130 (prices checked on 2026-11-23)"), "{}", said.err);
    let said = output(on_stub(&home, &stub, &["--model", "on-device"])).await;
    assert!(said.code == Some(0) && !said.err.contains("Expected cost"), "what is free needs no words: {}", said.err);
    let said = output(ask(&["on-device", "--max-cost", "1"])).await;
    assert!(said.code == Some(0) && said.err.contains("Expected cost of 2 calls"), "whoever sets a limit is told: {}", said.err);
    // A key that others can read on its way is warned of before it goes.
    let said = output(ask(&["gemini/priced", "--max-cost", "0", "--base-url", "gemini=http://192.0.2.7/"])).await;
    assert!(said.code == Some(2) && said.err.contains("Google Gemini: The key and the photos travel to 192.0.2.7 unencrypted"), "{}", said.err);
    // A price without the tokens of a photo is of no use, and it is the tokens that are asked for.
    let entry = r#"{"provider": "gemini", "id": "uncounted", "prices": [{"from": "2026-01-01", "in": 1, "out": 10}]}"#;
    file("model-catalogue.json", &format!("{{\"models\": [{entry}]}}"));
    let said = output(ask(&["gemini/uncounted", "--max-cost", "5"])).await;
    assert!(said.code == Some(2) && said.err.contains("write their image_tokens"), "{}", said.err);

    file("model-catalogue.json", "{\"models\": [{\"provider\": \"gemini\"}]}");
    let said = output(ask(&["gemini/gemini-3.5-flash-lite"])).await;
    assert!(said.code == Some(0) && said.err.contains("model-catalogue.json is not used: models[0]"), "{}", said.err);
    let said = output(ask(&["on-device"])).await;
    assert!(said.code == Some(0) && said.err.contains("model-catalogue.json is not used: models[0]"), "it costs nothing all the same: {}", said.err);
    let said = output(ask(&["on-device", "--max-cost", "5"])).await;
    assert!(said.code == Some(2) && said.err.contains("every cost must be known beforehand. The price file"), "{}", said.err);
}

/// The file of a person's own prices, and `compare` with it.
fn with_prices(home: &tempfile::TempDir, stub: &ProviderStub, entry: &str, arguments: &[&str]) -> Command {
    let config = home.path().join("config.toml");
    std::fs::write(&config, "").expect("writes");
    std::fs::write(home.path().join("model-catalogue.json"), format!("{{\"models\": [{entry}]}}")).expect("writes");
    on_stub(home, stub, &[&["--config", config.to_str().expect("UTF-8")], arguments].concat())
}

/// By hand: 760 tokens at 10 USD per million are 7,600 micro-dollars a call, where 1 token of photo and a few of the prompt were
/// expected. Two calls cost 15,200; a third one would cross 20,000.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_begun_that_might_cross_the_cap_however_little_was_expected() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let entry = r#"{"provider": "gemini", "id": "dear", "image_tokens": {"rule": "flat", "tokens": 1},
                    "prices": [{"from": "2026-01-01", "in": 10, "out": 0}]}"#;
    let prompt = home.path().join("short.md");
    std::fs::write(&prompt, "Name it").expect("writes");
    let prompt = prompt.to_str().expect("UTF-8");
    let arguments = ["--prompt", prompt, "--model", "gemini/dear", "--repeat", "3", "--concurrency", "1", "--max-cost", "0.02"];
    let said = output(with_prices(&home, &stub, entry, &arguments)).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(1), 2), "{}", said.err);
    assert!(said.err.contains("Stopped at $0.0152") && said.err.contains("4 left"), "{}", said.err);
    let report = json(&said);
    assert_eq!(report["summary"][0]["cost_usd_micros"], 15_200);
    let unasked = &report["cells"][5];
    assert_eq!((&unasked["error_kind"], &unasked["error"]), (&"not_asked".into(), &"Not asked: it might have crossed the limit of $0.0200".into()));
}

/// 760 tokens in, 500 of them cached, 100 out: 860 micro-dollars at most.
#[tokio::test(flavor = "multi_thread")]
async fn cached_tokens_without_a_price_of_their_own_are_charged_in_full_and_it_is_said() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let entry = r#"{"provider": "gemini", "id": "cached", "image_tokens": {"rule": "flat", "tokens": 560},
                    "prices": [{"from": "2026-01-01", "in": 1, "out": 1}]}"#;
    let said = output(with_prices(&home, &stub, entry, &["--model", "gemini/cached"])).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let report = json(&said);
    assert_eq!(report["summary"][0]["cost_usd_micros"], 2 * 860);
    let notes = report["cells"][0]["notes"].to_string();
    assert!(notes.contains("Cached tokens are charged at the full price"), "{notes}");
}

/// What was sent and not understood may have been charged for.
#[tokio::test(flavor = "multi_thread")]
async fn a_cost_that_nobody_knows_is_never_zero() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let said = output(on_stub(&home, &stub, &["--model", "gemini/html", "gemini/forbidden"])).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report = json(&said);
    let row = &report["summary"][0];
    assert_eq!((&row["cost_usd_micros"], &row["known_cost_usd_micros"], &row["unknown_cost_cells"]), (&Value::Null, &0.into(), &2.into()), "{row}");
    let row = &report["summary"][1];
    assert_eq!((&row["cost_usd_micros"], &row["unknown_cost_cells"]), (&0.into(), &0.into()), "what was turned away is not charged: {row}");
}

/// Each of the calls that are left would fail as those before: they are not made, and everything says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_stops_early_says_so() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let said = output(on_stub(&home, &stub, &["--model", "gemini/forbidden", "--repeat", "4", "--concurrency", "1"])).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(1), 5), "{}", said.err);
    assert_eq!(said.err.matches("stopped early: 5 calls in a row failed (no permission). Gemini says: ").count(), 1, "{}", said.err);
    let report = json(&said);
    let unasked = &report["cells"][7];
    assert_eq!(unasked["error_kind"], "not_asked");
    let error = unasked["error"].as_str().expect("a reason");
    assert!(error.starts_with("Not asked: ") && error.contains("stopped early: 5 calls in a row failed (no permission). Gemini says: "), "{error}");
}

/// One cell says that the key is refused, the others that they were not asked for it; a refusal is no outage.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_asked_says_why_and_every_failure_its_kind() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let mut command = on_stub(&home, &stub, &["--model", "gemini/answer-refused", "gemini/truncated", "gemini/error-inside", "--repeat", "1"]);
    command.args(["--concurrency", "1"]);
    let said = output(command).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report = json(&said);
    let cells = report["cells"].as_array().expect("cells");
    let kinds: Vec<_> = cells.iter().map(|cell| (cell["status"].as_str(), cell["error_kind"].as_str())).collect();
    let of_a_photo = [(Some("failed"), Some("refused")), (Some("failed"), Some("truncated")), (Some("failed"), Some("overloaded"))];
    assert_eq!(kinds, [of_a_photo, of_a_photo].concat());

    let mut command = on_stub(&home, &stub, &["--model", "gemini/gemini-3.8-flash", "on-device", "--concurrency", "1"]);
    let said = output({
        command.env("GEMINI_API_KEY", "a-key-that-is-refused");
        command
    })
    .await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report = json(&said);
    let cells = report["cells"].as_array().expect("cells");
    let kinds: Vec<_> = cells.iter().map(|cell| cell["error_kind"].as_str()).collect();
    assert_eq!(kinds, [Some("auth"), None, Some("not_asked"), None]);
    let error = |at: usize| cells[at]["error"].as_str().expect("a reason").to_owned();
    assert!(
        error(2).starts_with("Not asked. Calls to Google Gemini are held back: key not accepted. GEMINI_API_KEY was refused. Gemini says: "),
        "{report}"
    );
    assert!(cells[0]["request_id"].as_str().is_some_and(|id| id.starts_with("stub-")), "{report}");
    assert_eq!(cells[2]["request_id"], Value::Null);
    let loud = said.err.matches("Calls to Google Gemini are held back: key not accepted. GEMINI_API_KEY was refused. Gemini says: ").count();
    assert_eq!(loud, 1, "said at once, and once: {}", said.err);
}

/// Five minutes are more than a comparison waits: one cell tells until when, the others are not asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_for_minutes_is_left_alone_and_the_report_says_until_when() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let said = output(on_stub(&home, &stub, &["--model", "gemini/limited-long", "--concurrency", "1"])).await;
    assert_eq!((said.code, stub.traffic().all_questions()), (Some(1), 1), "{}", said.err);
    let report = json(&said);
    let cells = report["cells"].as_array().expect("cells");
    let kinds: Vec<_> = cells.iter().map(|cell| cell["error_kind"].as_str()).collect();
    assert_eq!(kinds, [Some("rate_limited"), Some("not_asked")]);
    let error = |at: usize| cells[at]["error"].as_str().expect("a reason").to_owned();
    assert!(error(0).contains("It asks to wait 5 min, until "), "{report}");
    assert!(error(1).starts_with("Not asked. Calls to Google Gemini are held back until "), "{report}");
    assert!(said.err.contains("Calls to Google Gemini are held back until "), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_can_be_no_model_is_wrong_usage() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    for (model, why) in [("vision/faces", "'faces' is no feature of Cloud Vision"), ("gemini/a b", "'a b' is not a Gemini model's name")] {
        let said = output(on_stub(&home, &stub, &["--model", model])).await;
        assert!(said.code == Some(2) && said.err.contains(why), "{:?} {}", said.code, said.err);
    }
    assert_eq!(stub.traffic().all_questions(), 0);
}

/// A server that was added on a page is known here too, with its limits; so is its key in the environment.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_added_on_a_page_is_known_to_compare_and_doctor() {
    let home = tempfile::tempdir().expect("folder");
    let data = home.path().join("data");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let served = Served::start(home.path(), &data, &[]);
    let limits = ProviderLimits { concurrency: Some(1), ..ProviderLimits::default() };
    let setting = ProviderSetting { base_url: Some(stub.base(Wire::Compatible).to_string()), allow_http: false, limits };
    served.client().add_provider(&AddProvider { name: Wire::Compatible.name().to_owned(), setting }).await.expect("added");
    assert_eq!(served.terminate(), Some(0));

    let data = data.to_str().expect("UTF-8").to_owned();
    let command = |arguments: &[&str]| {
        let mut command = minerva(home.path());
        command.env("MYLAB_API_KEY", Wire::Compatible.key()).args(arguments).args(["--data-dir", &data, "--format", "json"]);
        command
    };
    let said = output(command(&["compare", "--photos", "assets/photos/cat.jpg", "--model", "mylab/qwen3.6-vl"])).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!((&json(&said)["cells"][0]["status"], stub.traffic().all_questions()), (&"ok".into(), 1), "{}", said.out);
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
    let said = output(command(&["doctor"])).await;
    let report = json(&said);
    let checks = report["checks"].as_array().expect("checks");
    let lab = checks.iter().find(|check| check["name"] == "Provider mylab").unwrap_or_else(|| panic!("{report}"));
    assert!(lab["state"] == "ok" && lab["detail"].as_str().expect("words").contains("accepts the key"), "{lab}");
    // Without that folder nobody knows it.
    let said = output(on_stub(&home, &stub, &["--model", "mylab/qwen3.6-vl"])).await;
    assert!(said.code == Some(2) && said.err.contains("There is no model 'mylab/qwen3.6-vl'"), "{}", said.err);
}

/// What was paid for is kept somewhere, and a script hears that it is not where it was wanted.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_can_t_be_written_is_kept_elsewhere_and_said() {
    let home = tempfile::tempdir().expect("a folder");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
    let said = minerva(home.path())
        .args(["compare", "--photos", "assets/photos/cat.jpg", "--format", "json"])
        .env("TMPDIR", home.path())
        .stdout(full)
        .output()
        .expect("it runs");
    let why = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(1), "{why}");
    assert!(why.contains("Standard output can't be written to: no storage space. The report is kept in "), "{why}");
    let kept = why.split("kept in ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a path");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(kept).expect("a file")).expect("JSON");
    assert_eq!(report["cells"][0]["status"], "ok");

    let said = compare(&["--photos", "assets/photos/cat.jpg", "--out", "/proc/report.json"]);
    assert_eq!(said.code, Some(2), "before anything is asked: {}", said.err);
    assert!(said.err.contains("--out /proc/report.json: the folder can't be written to"), "{}", said.err);
}

/// Each size and quality is a column of its own, sent as it is called; what runs on this machine has one.
#[tokio::test(flavor = "multi_thread")]
async fn sizes_and_qualities_are_columns_of_their_own() {
    let home = tempfile::tempdir().expect("folder");
    let stub = ProviderStub::start(Duration::ZERO).await;
    let mut command = on_stub(&home, &stub, &["--model", "gemini/gemini-3.5-flash-lite", "on-device"]);
    command.args(["--image-size", "512", "256", "--jpeg-quality", "60"]);
    let said = output(command).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let report = json(&said);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut columns: Vec<(String, String)> =
        report["summary"].as_array().expect("columns").iter().map(|column| (text(&column["model"]), text(&column["prompt"]))).collect();
    columns.sort();
    let sizes: Vec<&str> = columns.iter().map(|(_, prompt)| prompt.split_once(" · ").map_or("usual", |(_, size)| size)).collect();
    assert_eq!(sizes, ["usual", "256 px, quality 60", "512 px, quality 60", "usual"], "{columns:?}");
    let small = report["summary"].as_array().expect("columns").iter().find(|column| column["image_size"] == 256).expect("256 px");
    assert_eq!((&small["jpeg_quality"], report["summary"][0].get("image_size")), (&Value::from(60), None));
    assert!(report["cells"].as_array().expect("cells").iter().any(|cell| cell["image_size"] == 512 && cell["jpeg_quality"] == 60));
    let mut edges: Vec<u32> =
        stub.traffic().all().iter().filter_map(|seen| seen.photo.as_ref().map(|photo| photo.width_px.max(photo.height_px))).collect();
    edges.sort_unstable();
    edges.dedup();
    assert_eq!(edges, [256, 451, 512, 600], "one photo is no larger than 451 px, and none is made larger");
}
