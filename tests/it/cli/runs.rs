//! `minerva runs`: a run of the library, listed and written to files.

use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::binary::minerva;
use crate::support::platform::{self, Options, copy_runs, until};
use crate::support::scripted::Scripted;

#[test]
fn a_run_of_the_library_is_listed_and_written_to_a_file() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (folder, id) = runtime.block_on(async {
        let platform = platform::start(Options::with_providers(vec![Scripted::new() as _]).without_workers()).await;
        let photos = platform.add(2, false).await;
        let asked = StartRun {
            photo_set: None,
            name: "Of two photos".to_owned(),
            photo_ids: photos.iter().map(|photo| photo.id).collect(),
            prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        let run = platform.client.start_run(&asked).await.expect("started");
        until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
        let folder = platform.stop().await;
        // More than a page of the API has.
        copy_runs(&folder.path().join("data"), 230).await;
        (folder, run.id)
    });
    let home = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let data = folder.path().join("data");
        let output = minerva(home.path()).arg("--data-dir").arg(data).arg("runs").args(args).output().expect("runs");
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), words(&output.stdout), words(&output.stderr))
    };
    let (code, said, trouble) = run(&["list"]);
    assert_eq!(code, Some(0), "{trouble}");
    let (newest, oldest) = (said.lines().next().unwrap_or_default(), said.lines().last().unwrap_or_default());
    assert!(newest.starts_with(&format!("{id}\t")) && newest.ends_with("\t2/2\tOf two photos"), "{newest}");
    assert!(said.lines().count() == 231 && oldest.ends_with("\tCopy 230"), "{oldest}");
    let (_, said, _) = run(&["export", &id.to_string()]);
    assert!(said.starts_with("photo,prompt,model,repeat,status,") && said.lines().count() == 3, "{said}");
    let page = home.path().join("run.html");
    let (code, _, trouble) = run(&["export", "--out", &page.to_string_lossy()]);
    let page = std::fs::read_to_string(page).expect("written");
    assert!(code == Some(0) && page.starts_with("<!doctype html>") && page.matches("data:image/jpeg").count() == 2, "{trouble}");
    let pdf = home.path().join("run.pdf").to_string_lossy().into_owned();
    let (code, _, trouble) = run(&["export", "--out", &pdf]);
    assert!(code == Some(2) && trouble.contains(".csv, .json, .md, .html, .tsv"), "{trouble}");
    let (code, _, trouble) = run(&["export", "--out", &pdf, "--format", "csv"]);
    assert!(code == Some(0) && std::path::Path::new(&pdf).exists(), "{trouble}");
    let (code, _, trouble) = run(&["export", "0198c0de-0000-7000-8000-000000000000"]);
    assert!(code == Some(2) && trouble.contains("minerva runs list"), "{trouble}");
    let (code, _, trouble) = run(&["export", "nope"]);
    assert!(code == Some(2) && trouble.contains("'nope'") && trouble.contains("it is no run's id; `minerva runs list`"), "{trouble}");
}
