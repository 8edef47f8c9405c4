//! Votes on answers whose columns are hidden: kept, taken back, ranked, and written to files.

use std::sync::Arc;

use minerva_console::wire::photo::Photo;
use minerva_console::wire::run::{ExportFormat, Run, RunPrompt, RunState, StartRun};
use minerva_console::wire::vote::{CastVote, Choice};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::Scripted;

fn options(scripted: &Arc<Scripted>) -> Options {
    Options::with_providers(vec![scripted.clone()]).without_workers()
}

async fn compared(platform: &TestPlatform) -> (Vec<Photo>, Run) {
    let photos = platform.add(8, false).await;
    let asked = StartRun {
        photo_set: None,
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        prompts: vec![RunPrompt::inline("One", "Name what you see"), RunPrompt::inline("Two", "Name it again")],
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let run = platform.client.start_run(&asked).await.expect("started").id;
    let run = until("the run to end", || async {
        let run = platform.client.run(run).await.expect("run");
        (run.state == RunState::Completed).then_some(run)
    })
    .await;
    (photos, run)
}

fn best(column: u32) -> CastVote {
    CastVote { columns: vec![1, 0], choice: Some(Choice::Best { column }) }
}

#[tokio::test]
async fn votes_are_kept_ranked_and_taken_back() {
    let scripted = Scripted::new();
    let platform = platform::start(options(&scripted)).await;
    let (photos, run) = compared(&platform).await;
    let none = platform.client.votes(run.id).await.expect("none yet");
    assert_eq!((none.votes.len(), none.words.as_str()), (0, "No vote yet that says which is better"));
    for photo in &photos {
        platform.client.cast_vote(run.id, photo.id, &best(1)).await.expect("kept");
    }
    let tie = CastVote { columns: vec![0, 1], choice: Some(Choice::Tie) };
    let ranked = platform.client.cast_vote(run.id, photos[3].id, &tie).await.expect("in place of the vote before");
    assert_eq!((ranked.votes.len(), ranked.ties, ranked.ranking[0].column, ranked.ranking[0].best), (8, 1, 1, 7));
    let (low, high) = ranked.ranking[0].strength.and_then(|strength| strength.interval()).expect("of eight photos");
    assert!(low > 0.5 && low < high, "{low} {high}");
    assert!(ranked.words.starts_with("Two · on-device is preferred to One · on-device: 94 % of the choices between the two ("), "{}", ranked.words);
    assert_eq!(ranked.of(photos[0].id).map(|vote| vote.columns.as_slice()), Some(&[1, 0][..]), "as they stood");

    let back = CastVote { columns: Vec::new(), choice: None };
    let left = platform.client.cast_vote(run.id, photos[3].id, &back).await.expect("taken back");
    assert_eq!((left.votes.len(), left.ties), (7, 0));
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, options(&scripted)).await.expect("again");
    assert_eq!(platform.client.votes(run.id).await.expect("kept"), left, "they outlive a restart");

    for (format, says) in [(ExportFormat::Md, "Votes with hidden names on 7 photos"), (ExportFormat::Json, "\"choice\": \"Two · on-device\"")] {
        let mut text = Vec::new();
        let mut file = platform.client.export_run(run.id, format).await.expect("a file");
        while let Some(piece) = file.piece().await.expect("whole") {
            text.extend_from_slice(&piece);
        }
        let text = String::from_utf8(text).expect("text");
        assert!(text.contains(says), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_vote_is_refused() {
    let scripted = Scripted::new();
    let platform = platform::start(options(&scripted)).await;
    let (photos, run) = compared(&platform).await;
    let cast = async |vote: CastVote| platform.client.cast_vote(run.id, photos[0].id, &vote).await.expect_err("refused").code().map(str::to_owned);
    let of = |columns: &[u32], choice| CastVote { columns: columns.to_vec(), choice: Some(choice) };
    assert_eq!(cast(of(&[0], Choice::Tie)).await.as_deref(), Some("vote"));
    assert_eq!(cast(of(&[0, 0], Choice::Tie)).await.as_deref(), Some("vote"));
    assert_eq!(cast(of(&[0, 2], Choice::Tie)).await.as_deref(), Some("vote"));
    assert_eq!(cast(of(&[0, 1], Choice::Best { column: 2 })).await.as_deref(), Some("vote"));
    let elsewhere = platform.client.cast_vote(run.id, minerva_console::wire::ids::PhotoId::fresh(), &best(0)).await.expect_err("refused");
    assert_eq!(elsewhere.code(), Some("not_found"));
}
