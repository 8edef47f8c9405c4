//! Validation: gates on a photo set, a report that is kept, and what a deployment says of it.

use std::sync::Arc;

use minerva_console::wire::comparison;
use minerva_console::wire::deployment::{CheckState, DeployPrompt, Environment};
use minerva_console::wire::ids::PromptVersionId;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotosChange, SetChoice};
use minerva_console::wire::prompt::CreatePrompt;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::run::ExportFormat;
use minerva_console::wire::truth::SetTruth;
use minerva_console::wire::validation::{Gate, GateState, Gates, StartValidation, ValidationReport, ValidationsQuery, Verdict};

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

struct Story {
    platform: TestPlatform,
    photos: Vec<Photo>,
    set: SetChoice,
    /// In production, and another one.
    versions: [PromptVersionId; 2],
}

/// Ten photos, each labelled with cat and sofa, which is what the script answers.
async fn story(scripted: &Arc<Scripted>) -> Story {
    let platform = platform::start(Options::with_providers(vec![Arc::clone(scripted) as _]).without_workers()).await;
    let photos = platform.add(10, false).await;
    for photo in &photos {
        let tags = Some(vec!["cat".to_owned(), "sofa".to_owned()]);
        platform.client.set_ground_truth(photo.id, &SetTruth { tags }).await.expect("labelled");
    }
    let body = CreatePhotoSet { name: "Pets".to_owned(), photo_ids: photos.iter().map(|photo| photo.id).collect() };
    let set = platform.client.create_photo_set(&body).await.expect("made").set;
    let live = platform.client.config().await.expect("config").live_prompt_version_id;
    let prompt = CreatePrompt { name: "Other".to_owned(), content: Some("Name what you see".to_owned()), ..CreatePrompt::default() };
    let prompt = platform.client.create_prompt(&prompt).await.expect("made");
    let other = platform.client.prompt_versions(prompt.id).await.expect("versions").items[0].id;
    Story { platform, photos, set: SetChoice { id: set.id, version: 1 }, versions: [live, other] }
}

impl Story {
    fn asked(&self, version: PromptVersionId, gates: Gates) -> StartValidation {
        StartValidation { prompt_version_id: version, photo_set: self.set, model: None, gates, concurrency: 1, max_cost_usd: None }
    }

    async fn validate(&self, version: PromptVersionId, gates: Gates) -> ValidationReport {
        let begun = self.platform.client.start_validation(&self.asked(version, gates)).await.expect("begun");
        until("the validation to end", || async {
            let report = self.platform.client.validation(begun.run_id).await.expect("a report");
            (report.verdict != Verdict::Open).then_some(report)
        })
        .await
    }

    /// What the check of a deployment says.
    async fn check(&self, version: PromptVersionId) -> Option<(CheckState, String)> {
        let review = self.platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        review.checks.into_iter().find(|check| check.code == "gates").map(|check| (check.state, check.why))
    }

    async fn label_all(&self, tags: Option<Vec<String>>) {
        for photo in &self.photos {
            self.platform.client.set_ground_truth(photo.id, &SetTruth { tags: tags.clone() }).await.expect("labelled");
        }
    }
}

fn state(report: &ValidationReport, gate: Gate) -> GateState {
    report.gate(gate).unwrap_or_else(|| panic!("no {gate:?}: {report:?}")).state
}

#[tokio::test]
async fn a_version_that_answers_as_production_does_passes_every_gate() {
    let scripted = Scripted::new();
    let story = story(&scripted).await;
    let gates = Gates { f1: Some(1.0), p95_ms: Some(600_000), cost_per_photo_usd: Some(UsdMicros(194)), ..Gates::default() };
    let estimate = story.platform.client.estimate_validation(&story.asked(story.versions[1], gates.clone())).await.expect("an estimate");
    assert_eq!((estimate.calls, scripted.calls()), (20, 0), "both versions, and nothing is asked yet");
    let report = story.validate(story.versions[1], gates.clone()).await;
    assert_eq!(report.verdict, Verdict::Passed, "{report:?}");
    assert_eq!((report.photos, report.labelled_photos, report.counts.completed), (10, 10, 20), "beside the version in production");
    assert!(report.gates.iter().all(|gate| gate.state == GateState::Passed) && report.gates.len() == 6);
    let cost = report.gate(Gate::CostPerPhoto).expect("asked for");
    assert!(cost.is_settled && cost.why == "$0.000194 a photo ($0.000194 to $0.000194); at most $0.000194", "{}", cost.why);
    let valid = report.gate(Gate::ValidAnswers).expect("asked for");
    assert!(
        !valid.is_settled && valid.why == "10 of 10 photos answered, 100 % (72.2 % to 100 %); at least 98 %; the interval reaches across the limit"
    );
    assert_eq!(report.words(), "Passed all 6 gates on Pets v1");
    assert_eq!((report.against.map(|against| against.label), report.limits), (Some("Photo tags v1".to_owned()), gates));
    let run = story.platform.client.run(report.run_id).await.expect("its run");
    assert_eq!((run.name.as_str(), run.photo_set.map(|set| set.label())), ("Validation of Other v1", Some("Pets v1".to_owned())));

    let mut text = Vec::new();
    let mut file = story.platform.client.export_run(report.run_id, ExportFormat::Md).await.expect("a file");
    while let Some(piece) = file.piece().await.expect("whole") {
        text.extend_from_slice(&piece);
    }
    let text = String::from_utf8(text).expect("text");
    assert!(text.starts_with("# Validation\n") && text.contains("| Valid answers | Passed | 10 of 10 photos answered"), "{text}");
    assert!(text.contains("Passed all 6 gates on Pets v1"), "{text}");
}

#[tokio::test]
async fn what_production_does_better_is_a_regression_and_refusals_are_counted() {
    let scripted = Scripted::new();
    let story = story(&scripted).await;
    // By photo, the version first, then production.
    for at in 0..10 {
        scripted.then(match at {
            0 => Act::Fail(Fault::new(FaultKind::Refused, "The model declined")),
            _ => Act::Answer(answer(&[("dog", 0.9), ("sofa", 0.4)])),
        });
        scripted.then(Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.7)])));
    }
    let worse = story.validate(story.versions[1], Gates { f1: Some(0.4), ..Gates::default() }).await;
    assert_eq!(worse.verdict, Verdict::Failed);
    assert_eq!(state(&worse, Gate::F1), GateState::Passed, "one of two tags is right: 0.5");
    assert_eq!((state(&worse, Gate::F1Drop), state(&worse, Gate::Refusals)), (GateState::Failed, GateState::Failed));
    assert_eq!(state(&worse, Gate::ValidAnswers), GateState::Failed, "9 of 10, and 98 % are asked for");
    assert!(worse.words().starts_with("Failed 3 of 4 gates on Pets v1: 9 of 10 photos answered, 90 %"), "{}", worse.words());

    // The version is better now than it was then.
    let better = story.validate(story.versions[1], Gates { f1: Some(0.4), ..Gates::default() }).await;
    let found = story.platform.client.compare_validations(better.run_id, worse.run_id).await.expect("compared");
    assert_eq!((found.shared_photos, found.verdict, found.differences.len()), (10, comparison::Verdict::Better, 0), "{found:?}");
    assert!(found.words.starts_with("F1 better, +50.0 pt ("), "{}", found.words);
    let f1 = found.measures.iter().find(|one| one.measure == comparison::Measure::F1).expect("labelled");
    assert_eq!((f1.figure.value, f1.baseline.map(|then| then.value), f1.photos), (1.0, Some(0.5), 9), "one photo had no answer then");
    let itself = story.platform.client.compare_validations(better.run_id, better.run_id).await.expect_err("refused");
    assert_eq!(itself.code(), Some("same_validation"));
}

#[tokio::test]
async fn a_report_stays_as_it_was_when_the_run_ended() {
    let scripted = Scripted::new();
    let story = story(&scripted).await;
    let [live, other] = story.versions;
    let report = story.validate(other, Gates::default()).await;
    story.label_all(Some(vec!["ship".to_owned()])).await;
    let kept = story.platform.client.validation(report.run_id).await.expect("kept");
    let said =
        |report: &ValidationReport| (report.verdict, report.labelled_photos, report.gates.iter().map(|gate| gate.why.clone()).collect::<Vec<_>>());
    assert_eq!(said(&kept), said(&report), "ground truth that changes later changes no report");
    let again = story.validate(other, Gates { f1: Some(0.5), ..Gates::none() }).await;
    assert_eq!((again.verdict, again.gates.len()), (Verdict::Failed, 1));
    let of_other = ValidationsQuery { prompt_version_id: Some(other), ..ValidationsQuery::default() };
    let listed = story.platform.client.validations(&of_other).await.expect("reports").items;
    assert_eq!(listed.iter().map(|report| report.run_id).collect::<Vec<_>>(), [again.run_id, report.run_id], "newest first");
    let first = ValidationsQuery { limit: Some(1), ..of_other.clone() };
    let page = story.platform.client.validations(&first).await.expect("reports");
    let then = ValidationsQuery { cursor: page.next_cursor.clone(), ..first };
    let rest = story.platform.client.validations(&then).await.expect("reports");
    let ids = |page: &minerva_console::wire::page::Page<ValidationReport>| page.items.iter().map(|report| report.run_id).collect::<Vec<_>>();
    assert_eq!((ids(&page), ids(&rest)), (vec![again.run_id], vec![report.run_id]), "page by page");
    let itself = story.validate(live, Gates::default()).await;
    assert_eq!((itself.against.is_none(), state(&itself, Gate::F1Drop)), (true, GateState::Passed), "production is no worse than itself");
}

/// The report of before says nothing while the run goes on, nor at its end.
#[tokio::test]
async fn a_validation_that_is_resumed_has_another_report() {
    let scripted = Scripted::held();
    scripted.let_through(10);
    let story = story(&scripted).await;
    for _ in 0..2 {
        scripted.then(Act::Fail(Fault::new(FaultKind::BadRequest, "Not now")));
    }
    let gates = Gates { valid_answers: Some(1.0), ..Gates::none() };
    let report = story.validate(story.versions[0], gates).await;
    assert_eq!(report.verdict, Verdict::Failed);
    story.platform.client.resume_run(report.run_id).await.expect("resumed");
    let open = story.platform.client.validation(report.run_id).await.expect("a report");
    assert_eq!(open.verdict, Verdict::Open);
    let listed = story.platform.client.validations(&ValidationsQuery::default()).await.expect("reports").items;
    assert_eq!(listed[0].verdict, Verdict::Open);
    scripted.let_through(2);
    let passed = until("the second end", || async {
        let report = story.platform.client.validation(report.run_id).await.expect("a report");
        (report.verdict != Verdict::Open).then_some(report)
    })
    .await;
    assert_eq!((passed.verdict, passed.counts.completed), (Verdict::Passed, 10));
}

#[tokio::test]
async fn a_deployment_asks_for_a_validation_that_fits_what_is_now() {
    let scripted = Scripted::new();
    let story = story(&scripted).await;
    let other = story.versions[1];
    let check = story.check(other).await.expect("there is a set to validate on");
    assert!(check.0 == CheckState::Missing && check.1.contains("Not validated yet"), "{check:?}");
    let refused = story.platform.client.deploy_prompt(&DeployPrompt::to_production(other)).await.expect_err("wants a reason");
    assert_eq!(refused.code(), Some("override_needed"));

    story.validate(other, Gates::default()).await;
    assert_eq!(story.check(other).await, Some((CheckState::Pass, "Passed all 3 gates on Pets v1".to_owned())));
    story.validate(other, Gates { f1: Some(0.1), refusals: None, ..Gates::none() }).await;
    scripted.then(Act::Answer(answer(&[("dog", 0.9)])));
    story.validate(other, Gates { f1: Some(0.999), ..Gates::none() }).await;
    let (failed, why) = story.check(other).await.expect("validated");
    assert!(failed == CheckState::Fail && why.contains("F1 0."), "{why}");

    let photo_ids = vec![story.photos[0].id];
    let changed = ChangePhotoSet::photos(PhotosChange::Remove { photo_ids });
    story.platform.client.change_photo_set(story.set.id, &changed).await.expect("changed");
    let (outdated, why) = story.check(other).await.expect("validated");
    assert!(outdated == CheckState::Missing && why == "Validated on Pets v1, which is at version 2 now. Validate it again", "{why}");

    let reasoned = DeployPrompt { override_reason: Some("The set only lost a photo".to_owned()), ..DeployPrompt::to_production(other) };
    story.platform.client.deploy_prompt(&reasoned).await.expect("deployed");
}

#[tokio::test]
async fn what_can_not_be_measured_is_not_passed_and_what_can_not_be_asked_is_refused() {
    let scripted = Scripted::new();
    let story = story(&scripted).await;
    let mut unpriced = answer(&[("cat", 0.9)]);
    unpriced.cost_usd = None;
    scripted.then(Act::Answer(unpriced));
    story.label_all(None).await;
    let gates = Gates { f1: Some(0.1), cost_per_photo_usd: Some(UsdMicros(1_000_000)), valid_answers: Some(0.5), ..Gates::none() };
    let report = story.validate(story.versions[1], gates).await;
    assert_eq!((state(&report, Gate::F1), state(&report, Gate::CostPerPhoto)), (GateState::NotMeasured, GateState::NotMeasured));
    assert_eq!(report.verdict, Verdict::NotMeasured);
    assert!(
        report.words().starts_with("2 of 3 gates could not be judged on Pets v1: No photo that was answered has ground truth"),
        "{}",
        report.words()
    );
    assert_eq!(story.check(story.versions[1]).await.map(|check| check.0), Some(CheckState::Missing));

    let calls = scripted.calls();
    let start = async |asked: StartValidation| story.platform.client.start_validation(&asked).await.expect_err("refused").code().map(str::to_owned);
    let asked = |gates: Gates| story.asked(story.versions[1], gates);
    assert_eq!(start(asked(Gates::none())).await.as_deref(), Some("gates"));
    assert_eq!(start(asked(Gates { f1: Some(70.0), ..Gates::none() })).await.as_deref(), Some("gates"));
    let missing = StartValidation { photo_set: SetChoice { version: 9, ..story.set }, ..asked(Gates::default()) };
    assert_eq!(start(missing).await.as_deref(), Some("not_found"));
    assert_eq!(scripted.calls(), calls, "nothing was asked");
}
