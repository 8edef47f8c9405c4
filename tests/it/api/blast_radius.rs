//! The blast radius of a version: what it compares, what it costs and who is asked before, and what survives.

use std::collections::HashMap;
use std::sync::Arc;

use minerva_console::keys::Keys;
use minerva_console::wire::cost::Reprice;
use minerva_console::wire::deployment::{BlastRadius, DeployPrompt, MeasureBlastRadius};
use minerva_console::wire::ids::{PromptVersionId, RunId};
use minerva_console::wire::job::JobState;
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt::SavePromptVersion;
use minerva_console::wire::result::{Decision, Fault, FaultKind};
use minerva_console::wire::run::{CellState, RunKind, RunState};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

/// A platform whose pipeline has answered so many photos, and a version that is not live.
async fn answered(options: Options, photos: u8) -> (TestPlatform, PromptVersionId) {
    let platform = platform::start(options).await;
    platform.add(photos, true).await;
    platform.until_jobs(photos.into(), JobState::Completed).await;
    let version = save(&platform, "Name colours").await;
    (platform, version)
}

async fn save(platform: &TestPlatform, content: &str) -> PromptVersionId {
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = SavePromptVersion { content: content.to_owned(), ..SavePromptVersion::default() };
    platform.client.save_prompt_version(prompt.id, &version).await.expect("saved").id
}

fn sample(version: PromptVersionId, photos: u32) -> MeasureBlastRadius {
    MeasureBlastRadius { prompt_version_id: version, photos, may_cost_usd: None, accepts_unknown_price: false }
}

async fn until_state(platform: &TestPlatform, run: RunId, state: RunState) -> BlastRadius {
    until(&format!("a blast radius that is {state:?}"), || async {
        let radius = platform.client.blast_radius(run).await.expect("a blast radius");
        (radius.state == state).then_some(radius)
    })
    .await
}

#[tokio::test]
async fn photos_that_would_change_are_counted_with_an_interval_and_the_worst_come_first() {
    let scripted = Scripted::new();
    let (platform, version) = answered(Options::with_providers(vec![scripted.clone()]), 6).await;
    let asked_before = scripted.calls();
    let estimate = platform.client.estimate_blast_radius(sample(version, 5)).await.expect("an estimate");
    assert_eq!((estimate.photos, estimate.population, estimate.reused, estimate.estimate.calls), (5, 6, 5, 5));
    assert!(estimate.is_free() && estimate.suggested_limit_usd.is_none());
    assert_eq!(scripted.calls(), asked_before, "an estimate asks nothing");

    // Production says: cat 90 %, sofa 70 %.
    scripted.then(Act::Answer(answer(&[("sofa", 0.95), ("cat", 0.61), ("vase", 0.5)])));
    scripted.then(Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.5)])));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadAnswer, "The answer is no JSON")));
    scripted.then(Act::Answer(answer(&[("dog", 0.15)])));
    scripted.then(Act::Fail(Fault::new(FaultKind::Server, "The provider has trouble")));
    let begun = platform.client.measure_blast_radius(sample(version, 5)).await.expect("begun");
    let radius = until_state(&platform, begun.run_id, RunState::Completed).await;
    assert_eq!(scripted.calls() - asked_before, 5, "production's own answers are not asked for again");
    assert_eq!((radius.photos, radius.reused, radius.compared, radius.left_out), (5, 5, 4, 1), "a provider's trouble says nothing of the version");
    assert_eq!((radius.tags.count, radius.decisions.count, radius.unanswered), (3, 2, 1));
    let interval = radius.tags.interval.expect("an interval");
    // Wilson of 3 of 4, for all 6: three are known to change, one to stay.
    assert!((interval.low - 0.300_6).abs() < 1e-4 && (interval.high - 0.954_4).abs() < 1e-4, "{interval:?}");
    assert_eq!((interval.photos_low, interval.photos_high), (3, 5));
    let decisions: Vec<_> = radius.changes.iter().map(|change| (change.decision_before, change.decision_after)).collect();
    assert_eq!(
        decisions,
        [(Decision::Accept, None), (Decision::Accept, Some(Decision::Reject)), (Decision::Accept, Some(Decision::Accept))],
        "what is answered no more, what is decided worse, what has other tags"
    );
    assert_eq!(radius.changes[0].fault.as_deref(), Some("The answer is no JSON"));
    assert!(radius.changes.iter().all(|change| !change.file_name.contains("deleted")));
    assert_eq!(radius.changes[2].lost[0].name, "sofa");
    assert_eq!((radius.calls.completed, radius.calls.failed, radius.cost_usd, radius.outdated), (3, 2, UsdMicros(0), None));
}

#[tokio::test]
async fn the_sample_is_a_run_whose_stored_answers_cost_nothing_anywhere() {
    let scripted = Scripted::new();
    let (platform, version) = answered(Options::with_providers(vec![scripted.clone()]), 3).await;
    let begun = platform.client.measure_blast_radius(sample(version, 20)).await.expect("begun");
    until_state(&platform, begun.run_id, RunState::Completed).await;
    let run = platform.client.run(begun.run_id).await.expect("a run");
    assert_eq!((run.kind, run.name.as_str(), run.columns.len()), (RunKind::BlastRadius, "Blast radius of Photo tags v2", 2));
    assert_eq!((run.counts.completed, run.counts.total(), run.cost_unknown_cells), (6, 6, 0));
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    let stored = cells.iter().find(|cell| cell.column == 0).and_then(|cell| cell.answer.clone()).expect("an answer");
    assert!(stored.notes.last().is_some_and(|note| note.text.contains("The pipeline's own answer of")), "{:?}", stored.notes);

    let now = platform.host.core().now();
    let (from, to) = (now - chrono::TimeDelta::hours(1), now + chrono::TimeDelta::hours(1));
    let repriced = platform.client.reprice(&Reprice { from, to, book: None }).await.expect("repriced");
    assert_eq!(repriced.total.calls, 6, "three of the pipeline, three of the sample");
}

#[tokio::test]
async fn answers_of_another_version_are_asked_for_again() {
    let scripted = Scripted::new();
    let (platform, version) = answered(Options::with_providers(vec![scripted.clone()]), 3).await;
    let body = DeployPrompt { override_reason: Some("To see".to_owned()), ..DeployPrompt::to_production(version) };
    platform.client.deploy_prompt(&body).await.expect("deployed");
    let third = save(&platform, "Name shapes").await;
    let before = scripted.calls();
    let estimate = platform.client.estimate_blast_radius(sample(third, 20)).await.expect("an estimate");
    assert_eq!((estimate.photos, estimate.reused, estimate.estimate.calls), (3, 0, 6));
    let begun = platform.client.measure_blast_radius(sample(third, 20)).await.expect("begun");
    let radius = until_state(&platform, begun.run_id, RunState::Completed).await;
    assert_eq!((scripted.calls() - before, radius.compared, radius.tags.count), (6, 3, 0));
    assert_eq!((radius.baseline.label.as_str(), radius.version.label.as_str()), ("Photo tags v2", "Photo tags v3"));
    assert!(scripted.prompts()[before..].iter().filter(|prompt| prompt.as_str() == "Name colours").count() == 3);
}

#[tokio::test]
async fn what_there_is_nothing_to_compare_with_is_said() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    let version = save(&platform, "Name colours").await;
    let refused = platform.client.estimate_blast_radius(sample(version, 20)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("nothing_answered"));
    for photos in [0, 201] {
        let refused = platform.client.measure_blast_radius(sample(version, photos)).await.expect_err("refused");
        assert_eq!(refused.code(), Some("photos"), "{refused}");
    }
    let live = platform.client.config().await.expect("config").live_prompt_version_id;
    assert_eq!(platform.client.estimate_blast_radius(sample(live, 20)).await.expect_err("refused").code(), Some("already_there"));
    assert_eq!(platform.client.blast_radius(RunId::fresh()).await.expect_err("refused").code(), Some("not_found"));
}

#[tokio::test]
async fn a_stop_in_the_middle_keeps_what_is_answered_and_the_next_start_asks_the_rest_where_it_is_free() {
    let scripted = Scripted::held();
    scripted.let_through(6);
    let options = Options::with_providers(vec![scripted.clone()]);
    let (platform, version) = answered(options.clone(), 6).await;
    let begun = platform.client.measure_blast_radius(sample(version, 20)).await.expect("begun");
    scripted.let_through(2);
    until("two answers", || async {
        let radius = platform.client.blast_radius(begun.run_id).await.expect("a blast radius");
        (radius.compared == 2).then_some(())
    })
    .await;
    let twice = platform.client.measure_blast_radius(sample(version, 20)).await.expect("the same");
    assert_eq!(twice.run_id, begun.run_id, "one that is under way is not begun again");
    let folder = platform.stop().await;

    // Without workers nothing goes on by itself.
    let platform = platform::start_in(folder, options.clone().without_workers()).await.expect("starts");
    let radius = platform.client.blast_radius(begun.run_id).await.expect("a blast radius");
    assert_eq!((radius.state, radius.compared), (RunState::Interrupted, 2));
    let folder = platform.stop().await;

    let before = scripted.calls();
    scripted.let_through(100);
    let platform = platform::start_in(folder, options).await.expect("starts");
    let radius = until_state(&platform, begun.run_id, RunState::Completed).await;
    assert_eq!((radius.compared, scripted.calls() - before), (6, 4), "what is answered is not asked again");
}

/// A platform whose live model costs money: each of its answers 194 micro-dollars.
async fn paid(photos: u8) -> (TestPlatform, Arc<Scripted>, PromptVersionId) {
    let scripted = Scripted::new();
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let provider = scripted.on_the_net("gemini", "gemini-3.8-flash");
    let options = Options { keys, ..Options::with_providers(vec![scripted.clone(), provider]) };
    let platform = platform::start(options).await;
    let live = ActivateModel { name: "gemini/gemini-3.8-flash".to_owned() };
    platform.client.activate_model(&live).await.expect("live");
    platform.add(photos, true).await;
    platform.until_jobs(photos.into(), JobState::Completed).await;
    let version = save(&platform, "Name colours").await;
    (platform, scripted, version)
}

#[tokio::test]
async fn nothing_is_spent_before_it_is_allowed_and_never_more_than_that() {
    let (platform, scripted, version) = paid(6).await;
    let before = scripted.calls();
    let estimate = platform.client.estimate_blast_radius(sample(version, 6)).await.expect("an estimate");
    assert!(!estimate.is_free());
    let refused = platform.client.measure_blast_radius(sample(version, 6)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("confirm_cost"), "{refused}");
    assert_eq!(scripted.calls(), before, "nothing was asked");

    // Room for three calls and a bit: what a call may cost is set aside before it is begun.
    let call = estimate.suggested_limit_usd.expect("a limit").0 / 6;
    assert!(call > 194, "the estimate is above what the script charges: {call}");
    let most = UsdMicros(call + 2 * 194 + 20);
    let allowed = MeasureBlastRadius { may_cost_usd: Some(most), ..sample(version, 6) };
    let begun = platform.client.measure_blast_radius(allowed).await.expect("begun");
    let radius = until_state(&platform, begun.run_id, RunState::Interrupted).await;
    assert!(radius.stopped_at_limit && radius.cost_usd <= most, "{} of {most}", radius.cost_usd);
    assert_eq!((radius.limit_usd, radius.compared), (Some(most), 3));
    let cells = platform.client.run_cells(begun.run_id, None).await.expect("cells").items;
    assert_eq!(cells.iter().filter(|cell| cell.state == CellState::Waiting).count(), 3);
    let refused = platform.client.deploy_prompt(&DeployPrompt::to_production(version)).await;
    let refused = refused.expect_err("half a sample is none");
    assert!(refused.to_string().contains("Only 3 of 6 photos are compared"), "{refused}");

    let all = MeasureBlastRadius { may_cost_usd: estimate.suggested_limit_usd, ..sample(version, 6) };
    let begun = platform.client.measure_blast_radius(all).await.expect("begun");
    let radius = until_state(&platform, begun.run_id, RunState::Completed).await;
    assert_eq!((radius.compared, radius.cost_usd, radius.stopped_at_limit), (6, UsdMicros(6 * 194), false));
}

#[tokio::test]
async fn a_price_that_nobody_knows_is_asked_about_first() {
    let scripted = Scripted::new();
    let lab = scripted.renamed("lab");
    let platform = platform::start(Options::with_providers(vec![scripted.clone(), lab])).await;
    platform.client.activate_model(&ActivateModel { name: "lab".to_owned() }).await.expect("live");
    platform.add(2, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    let version = save(&platform, "Name colours").await;
    let before = scripted.calls();
    let blind = MeasureBlastRadius { may_cost_usd: Some(UsdMicros(1_000_000)), ..sample(version, 2) };
    let refused = platform.client.measure_blast_radius(blind).await.expect_err("refused");
    assert_eq!((refused.code(), scripted.calls()), (Some("price_unknown"), before));
    let allowed = MeasureBlastRadius { accepts_unknown_price: true, ..sample(version, 2) };
    let begun = platform.client.measure_blast_radius(allowed).await.expect("begun");
    until_state(&platform, begun.run_id, RunState::Completed).await;
    assert_eq!(scripted.calls() - before, 2);
}
