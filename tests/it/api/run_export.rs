//! A run written to a file: one report in every format, whole, and without what a photo says of its place.

use std::sync::Arc;

use base64::Engine;
use minerva_console::wire::ids::RunId;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::{ExportFormat, RunPrompt, RunState, StartRun};

use crate::providers::privacy::{SECRET, personal_photo};
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

async fn export(platform: &TestPlatform, run: RunId, format: ExportFormat) -> String {
    let mut file = platform.client.export_run(run, format).await.expect("an export");
    let mut bytes = Vec::new();
    while let Some(piece) = file.piece().await.expect("a piece") {
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).expect("text")
}

/// Two photos, two prompts; the last answer is refused. The first photo's file holds a place.
async fn a_run(platform: &TestPlatform, scripted: &Arc<Scripted>) -> RunId {
    let added = platform.client.add_photos(vec![("home.jpg".to_owned(), personal_photo())], false).await.expect("added");
    let plain = platform.add(1, false).await;
    for act in [
        Act::Answer(answer(&[("cat", 0.9), ("=sofa", 0.7)])),
        Act::Answer(answer(&[("cat", 0.8)])),
        Act::Answer(answer(&[("sea", 0.9)])),
        Act::Fail(Fault::new(FaultKind::Refused, "The model declined")),
    ] {
        scripted.then(act);
    }
    let asked = StartRun {
        photo_set: None,
        name: "Of two".to_owned(),
        photo_ids: vec![added.added[0].id, plain[0].id],
        prompts: vec![RunPrompt::inline("One", "Name it"), RunPrompt::inline("Two", "Name it again")],
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let run = platform.client.start_run(&asked).await.expect("started");
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
    platform.client.set_baseline(run.id, Some(0)).await.expect("pinned");
    run.id
}

#[tokio::test]
async fn every_format_has_every_answer_and_the_baseline() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    let run = a_run(&platform, &scripted).await;

    let json: serde_json::Value = serde_json::from_str(&export(&platform, run, ExportFormat::Json).await).expect("JSON");
    assert_eq!(json["cells"].as_array().map(Vec::len), Some(4));
    assert_eq!((json["cells"][0]["photo"].as_str(), json["cells"][3]["error_kind"].as_str()), (Some("home.jpg"), Some("refused")));
    assert_eq!(json["verdicts"]["baseline_prompt"].as_str(), Some("One"));
    assert_eq!(json["verdicts"]["photos"][0]["why"].as_str(), Some("answered_no_more"));

    let text = export(&platform, run, ExportFormat::Csv).await;
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes()).records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.iter().map(|row| row[4].to_owned()).collect::<Vec<_>>(), ["ok", "ok", "ok", "failed"]);
    let markdown = export(&platform, run, ExportFormat::Md).await;
    assert!(markdown.contains("Against the baseline One · on-device") && markdown.contains("**refused:** The model declined"), "{markdown}");
    let table = export(&platform, run, ExportFormat::Tsv).await;
    assert_eq!(table.lines().next(), Some("Photo\tOne · on-device\tTwo · on-device"));
    assert!(table.contains("home.jpg\tcat 0.90, =sofa 0.70\tcat 0.80\n"), "{table}");
    assert_eq!(
        platform.client.export_run(RunId::fresh(), ExportFormat::Csv).await.err().and_then(|error| error.code().map(str::to_owned)).as_deref(),
        Some("not_found")
    );
}

#[tokio::test]
async fn the_page_holds_the_pictures_and_nothing_of_their_places() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    let run = a_run(&platform, &scripted).await;
    let page = export(&platform, run, ExportFormat::Html).await;
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n") && !page.contains("<script"), "whole, and without script");
    let pictures: Vec<Vec<u8>> = page
        .split("data:image/jpeg;base64,")
        .skip(1)
        .map(|rest| base64::engine::general_purpose::STANDARD.decode(rest.split('"').next().expect("an end")).expect("base64"))
        .collect();
    assert_eq!(pictures.len(), 2);
    for picture in &pictures {
        image::load_from_memory(picture).expect("a picture");
        for trace in [SECRET, b"Exif", b"xmp", b"GPS"] {
            assert!(!picture.windows(trace.len()).any(|window| window == trace), "{}", String::from_utf8_lossy(trace));
        }
    }
    assert!(page.contains("Worse: 1, the worst 0.jpg"), "{}", page.lines().take(40).collect::<String>());
}
