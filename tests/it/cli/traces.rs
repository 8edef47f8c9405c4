//! `minerva traces`: what happened to a photo of the library, found and written out.

use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::binary::minerva;
use crate::support::platform::{self, Options, until};
use crate::support::scripted::Scripted;

#[test]
fn a_trace_of_the_library_is_found_and_written_to_a_file() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = runtime.block_on(async {
        let platform = platform::start(Options::with_providers(vec![Scripted::new() as _]).without_workers()).await;
        let photos = platform.add(1, false).await;
        let asked = StartRun {
            photo_set: None,
            name: "Of one photo".to_owned(),
            photo_ids: photos.iter().map(|photo| photo.id).collect(),
            prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        let run = platform.client.start_run(&asked).await.expect("started");
        until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
        platform.stop().await
    });
    let home = tempfile::tempdir().expect("a folder");
    let traces = |args: &[&str]| {
        let data = folder.path().join("data");
        let output = minerva(home.path()).arg("--data-dir").arg(data).arg("traces").args(args).output().expect("runs");
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), words(&output.stdout), words(&output.stderr))
    };
    let (code, said, trouble) = traces(&["list", "--text", "sofa"]);
    assert!(code == Some(0) && said.trim_end().ends_with("\ton-device\tanswered\t0.jpg"), "{said}{trouble}");
    let id = said.split('\t').next().expect("an id").to_owned();
    assert_eq!(traces(&["list", "--error", "any"]), (Some(0), String::new(), String::new()));
    let (_, said, _) = traces(&["export", &id]);
    assert!(said.contains("\"file_name\": \"0.jpg\""), "{said}");
    let file = home.path().join("trace.json");
    let (code, _, trouble) = traces(&["export", &id, "--format", "otlp", "--out", &file.to_string_lossy()]);
    let written = std::fs::read_to_string(file).expect("written");
    assert!(code == Some(0) && written.starts_with("{\"resourceSpans\":["), "{trouble}");
    let (code, _, trouble) = traces(&["curl", &id]);
    assert!(code == Some(2) && trouble.contains("Nothing was sent over the net"), "{trouble}");
    let (code, _, trouble) = traces(&["export", "0198c0de-0000-7000-8000-000000000000"]);
    assert!(code == Some(2) && trouble.contains("minerva traces list"), "{trouble}");
}
