//! A run with a limit: it stops before it might be crossed, and goes on when it is raised.

use std::collections::HashMap;
use std::sync::Arc;

use minerva_console::keys::Keys;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::Answer;
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};
use minerva_console::wire::sweep::StartSweep;

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

const MODEL: &str = "gemini/gemini-3.8-flash";

async fn start() -> (TestPlatform, Arc<Scripted>) {
    let scripted = Scripted::new();
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let provider = scripted.on_the_net("gemini", "gemini-3.8-flash");
    let options = Options { keys, ..Options::with_providers(vec![scripted.clone(), provider]) }.without_workers();
    (platform::start(options).await, scripted)
}

async fn ended(platform: &TestPlatform, run: &Run) -> Run {
    until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("a run");
        (run.state != RunState::Running).then_some(run)
    })
    .await
}

#[tokio::test]
async fn a_run_stops_at_its_limit_and_goes_on_within_a_higher_one() {
    let (platform, scripted) = start().await;
    platform.add(6, false).await;
    let photos = platform.client.photos(None, 10).await.expect("photos").items;
    let run = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: vec![MODEL.to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: false,
    };
    let sweep = StartSweep::from(run);
    let high = platform.client.estimate_sweep(&sweep).await.expect("an estimate").total.cost.high_usd;
    let within = |most: i64| StartSweep { max_cost_usd: Some(UsdMicros(most)), ..sweep.clone() };
    let refused = platform.client.start_sweep(&within(high.0 - 1)).await.expect_err("too little");
    assert_eq!((refused.code(), scripted.calls()), (Some("over_budget"), 0), "{refused}");

    // Each call costs three times what was expected at most: two of them are all of it.
    for _ in 0..2 {
        scripted.then(Act::Answer(Answer { cost_usd: Some(UsdMicros(high.0 / 2)), ..answer(&[("cat", 0.9)]) }));
    }
    let begun = platform.client.start_sweep(&within(high.0)).await.expect("started");
    let stopped = ended(&platform, &begun).await;
    assert_eq!((stopped.state, stopped.counts.completed, stopped.counts.waiting), (RunState::Interrupted, 2, 4));
    assert!(stopped.cost_usd <= high, "{} of {high}", stopped.cost_usd);

    // As it is there is room for no call; less than it has cost is no limit.
    platform.client.resume_run(begun.id).await.expect("resumed");
    assert_eq!((ended(&platform, &begun).await.state, scripted.calls()), (RunState::Interrupted, 2));
    let refused = platform.client.resume_run_within(begun.id, UsdMicros(1)).await.expect_err("less than was spent");
    assert_eq!(refused.code(), Some("over_budget"), "{refused}");

    let most = UsdMicros(high.0 * 4);
    let resumed = platform.client.resume_run_within(begun.id, most).await.expect("resumed");
    assert_eq!(resumed.limit.map(|limit| limit.most_usd), Some(most));
    let done = ended(&platform, &begun).await;
    assert_eq!((done.state, done.counts.completed, scripted.calls()), (RunState::Completed, 6, 6), "what is answered is not asked again");
    assert_eq!(done.limit.map(|limit| limit.most_usd), Some(most), "it is kept");
}
