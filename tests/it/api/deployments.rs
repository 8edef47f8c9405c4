//! Deployments: what production wants before it changes, what the history says, and the way back.

use std::collections::HashMap;
use std::sync::Arc;

use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::deployment::{CheckState, DeployPrompt, DeployedVersion, Deployment, Environment, Validation};
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::ids::{DeploymentId, PromptVersionId};
use minerva_console::wire::job::JobState;
use minerva_console::wire::prompt::{PromptVersion, SavePromptVersion};
use minerva_console::wire::prompt_analysis::{IgnoreFinding, PromptPart, Severity};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::scripted::{Act, Scripted, answer};

async fn start(scripted: &Arc<Scripted>) -> TestPlatform {
    platform::start(Options::with_providers(vec![scripted.clone()])).await
}

/// Another version of the shipped prompt.
async fn save(platform: &TestPlatform, content: &str) -> PromptVersionId {
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = SavePromptVersion { content: content.to_owned(), ..SavePromptVersion::default() };
    platform.client.save_prompt_version(prompt.id, &version).await.expect("saved").id
}

async fn history(platform: &TestPlatform) -> Vec<Deployment> {
    platform.client.deployments(None).await.expect("history").items
}

/// A prompt that the analysis has nothing against.
const GOOD: &str = "Name the colours you see as JSON: a list named tags of objects with name and confidence. Confidence goes from 0 to 1.";

/// From which version to which.
fn labels(deployment: &Deployment) -> String {
    let label = |version: &Option<DeployedVersion>| version.as_ref().map_or_else(|| "none".to_owned(), |version| version.label.clone());
    format!("{} → {}", label(&deployment.from), label(&deployment.to))
}

#[tokio::test]
async fn with_nothing_answered_a_version_goes_live_and_stands_in_the_history() {
    let platform = start(&Scripted::new()).await;
    let version = save(&platform, "Name colours").await;
    let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
    assert_eq!(review.replaces.as_ref().map(PromptVersion::label), Some("Photo tags v1".to_owned()));
    assert_eq!((review.validation, review.report_id), (Validation::Warned, None));
    let states: Vec<(&str, CheckState)> = review.checks.iter().map(|check| (check.code.as_str(), check.state)).collect();
    let expected = [
        ("template", CheckState::Pass),
        ("findings", CheckState::Warn),
        ("model", CheckState::Pass),
        ("cost", CheckState::Pass),
        ("blast_radius", CheckState::Warn),
    ];
    assert_eq!(states, expected);

    let body = DeployPrompt { note: " Colours first ".to_owned(), ..DeployPrompt::to_production(version) };
    let deployed = platform.client.deploy_prompt(&body).await.expect("deployed");
    assert_eq!(deployed.config.live_prompt_version_id, version);
    let [entry] = history(&platform).await.try_into().expect("one entry");
    assert_eq!(labels(&entry), "Photo tags v1 → Photo tags v2");
    assert_eq!((entry.note.as_str(), entry.actor.as_str(), entry.environment), ("Colours first", "you", Environment::Production));
    assert_eq!((entry.validation, entry.override_reason.as_deref(), entry.is_newest), (Validation::Warned, None, true));
    assert_eq!(entry.checks, review.checks);
    assert_eq!(Some(entry.change_id), deployed.change.map(|change| change.id));
    let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
    assert_eq!(review.replaces_since, Some(entry.at));
}

#[tokio::test]
async fn a_model_that_stands_in_and_ends_soon_is_told_before_a_deployment() {
    let ends = serde_json::json!({"provider": "gemini", "id": "gemini-4-argon", "retires": "2026-04-20"});
    let own = serde_json::json!({"catalogue_version": 1, "models": [ends]});
    let book = platform::lasting_prices().with_own(&own.to_string()).expect("in the form of the catalogue");
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "AIza-secret-0123456789-wxyz".into())]), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book }, &keys);
    let clock = TestClock::at("2026-03-14T12:00:30Z".parse().expect("a time"));
    let platform = platform::start(Options { providers, keys, clock, ..Options::default().without_workers() }).await;
    let version = save(&platform, GOOD).await;
    let check = async || {
        let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        review.checks.into_iter().find(|check| check.code == "retirement")
    };
    assert_eq!(check().await, None, "the live one stays, and no other is asked");
    let revision = platform.client.config().await.expect("config").revision;
    let chain = SetFallbacks { fallbacks: vec![Fallback::usual("gemini/gemini-4-argon")] };
    platform.client.set_fallbacks(revision, &chain).await.expect("set");
    let told = check().await.expect("a check");
    assert_eq!(told.state, CheckState::Warn);
    assert_eq!(told.why, "gemini/gemini-4-argon ends on 2026-04-20, in 37 days (stands in for the live model)");
}

#[tokio::test]
async fn what_is_there_already_and_what_was_decided_about_something_else_is_refused() {
    let platform = start(&Scripted::new()).await;
    let (second, third) = (save(&platform, "Name colours").await, save(&platform, "Name shapes").await);
    let config = platform.client.config().await.expect("config");
    let again = platform.client.deploy_prompt(&DeployPrompt::to_production(config.live_prompt_version_id)).await.expect_err("refused");
    assert_eq!(again.code(), Some("already_there"));
    assert!(again.to_string().contains("Photo tags v1 is in production already"), "{again}");

    platform.client.deploy_prompt(&DeployPrompt::to_production(second)).await.expect("deployed");
    let late = DeployPrompt { replaces: Some(config.live_prompt_version_id), ..DeployPrompt::to_production(third) };
    let stale = platform.client.deploy_prompt(&late).await.expect_err("refused");
    assert_eq!(stale.code(), Some("stale"));
    assert!(stale.to_string().contains("production uses Photo tags v2"), "{stale}");
    assert_eq!(platform.client.config().await.expect("config").live_prompt, "Photo tags v2");

    let unknown = platform.client.deploy_prompt(&DeployPrompt::to_production(PromptVersionId::fresh())).await.expect_err("refused");
    assert_eq!(unknown.code(), Some("not_found"));
    let long = DeployPrompt { note: "x".repeat(501), ..DeployPrompt::to_production(third) };
    assert_eq!(platform.client.deploy_prompt(&long).await.expect_err("refused").code(), Some("note"));
    let long = DeployPrompt { override_reason: Some("x".repeat(501)), ..DeployPrompt::to_production(third) };
    assert_eq!(platform.client.deploy_prompt(&long).await.expect_err("refused").code(), Some("override_reason"));
    assert_eq!(history(&platform).await.len(), 1, "what was refused left nothing");
}

#[tokio::test]
async fn production_that_answers_photos_wants_a_measurement_or_a_reason_that_is_kept() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    platform.add(3, true).await;
    platform.until_jobs(3, JobState::Completed).await;
    let version = save(&platform, "Name colours").await;
    let refused = platform.client.deploy_prompt(&DeployPrompt::to_production(version)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("override_needed"));
    assert!(refused.to_string().contains("Not measured yet"), "{refused}");
    let blank = DeployPrompt { override_reason: Some("  ".to_owned()), ..DeployPrompt::to_production(version) };
    assert_eq!(platform.client.deploy_prompt(&blank).await.expect_err("refused").code(), Some("override_needed"));
    assert_eq!(platform.client.config().await.expect("config").live_prompt, "Photo tags v1");

    let reason = "The archive waits for it".to_owned();
    let body = DeployPrompt { override_reason: Some(reason.clone()), ..DeployPrompt::to_production(version) };
    platform.client.deploy_prompt(&body).await.expect("deployed");
    let entry = history(&platform).await.remove(0);
    assert_eq!((entry.validation, entry.override_reason), (Validation::Missing, Some(reason)));
}

#[tokio::test]
async fn a_text_that_cannot_be_filled_in_goes_nowhere_whatever_the_reason() {
    let platform = start(&Scripted::new()).await;
    let version = save(&platform, "Find {{ subject }}").await;
    let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
    let template = review.checks.iter().find(|check| check.code == "template").expect("checked");
    assert!(template.state == CheckState::Fail && template.blocks && template.why.contains("subject"), "{template:?}");
    for environment in Environment::ALL {
        let body = DeployPrompt { override_reason: Some("I want it".to_owned()), ..DeployPrompt::new(environment, version) };
        assert_eq!(platform.client.deploy_prompt(&body).await.expect_err("refused").code(), Some("template"));
    }
    assert!(history(&platform).await.is_empty());
}

#[tokio::test]
async fn a_deployment_is_rolled_back_in_one_action_unless_something_later_stands_in_the_way() {
    let platform = start(&Scripted::new()).await;
    let (second, third) = (save(&platform, "Name colours").await, save(&platform, "Name shapes").await);
    platform.client.deploy_prompt(&DeployPrompt::to_production(second)).await.expect("deployed");
    platform.client.deploy_prompt(&DeployPrompt::to_production(third)).await.expect("deployed");
    let [newest, oldest] = history(&platform).await.try_into().expect("two entries");
    let refused = platform.client.roll_back(oldest.id).await.expect_err("refused");
    assert_eq!(refused.code(), Some("changed_since"));
    let words = refused.to_string();
    assert!(words.contains("Production uses Photo tags v3 by now") && words.contains("Deploy Photo tags v1 again"), "{words}");

    let back = platform.client.roll_back(newest.id).await.expect("rolled back");
    assert_eq!(back.config.live_prompt, "Photo tags v2");
    let [rollback, rolled_back, _] = history(&platform).await.try_into().expect("three entries");
    assert_eq!((rollback.rolls_back, rollback.validation, rollback.is_newest), (Some(newest.id), Validation::NotAsked, true));
    assert_eq!(labels(&rollback), "Photo tags v3 → Photo tags v2");
    assert_eq!((rolled_back.rolled_back_by.as_deref(), rolled_back.rolled_back_at), (Some("you"), Some(rollback.at)));

    let again = platform.client.roll_back(newest.id).await.expect_err("refused");
    assert_eq!(again.code(), Some("rolled_back"));
    assert_eq!(platform.client.roll_back(DeploymentId::fresh()).await.expect_err("refused").code(), Some("not_found"));
    // The way back has a way back.
    let forth = platform.client.roll_back(rollback.id).await.expect("rolled back");
    assert_eq!(forth.config.live_prompt, "Photo tags v3");
}

#[tokio::test]
async fn an_undo_in_the_journal_is_a_roll_back_in_the_history_also_after_a_restart() {
    let scripted = Scripted::new();
    let options = Options::with_providers(vec![scripted.clone()]);
    let platform = platform::start(options.clone()).await;
    let version = save(&platform, "Name colours").await;
    let changed = platform.client.deploy_prompt(&DeployPrompt::to_production(version)).await.expect("deployed");
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, options).await.expect("starts");
    platform.client.undo_config_change(changed.change.expect("a change").id).await.expect("undone");
    let [rollback, deployment] = history(&platform).await.try_into().expect("two entries");
    assert_eq!(rollback.rolls_back, Some(deployment.id));
    assert_eq!(deployment.rolled_back_by.as_deref(), Some("you"));
    assert_eq!(platform.client.config().await.expect("config").live_prompt, "Photo tags v1");
}

#[tokio::test]
async fn staging_is_a_pointer_beside_production_journalled_and_undone_like_it() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    let version = save(&platform, "Name colours").await;
    let staged = platform.client.deploy_prompt(&DeployPrompt::to_staging(version)).await.expect("staged");
    assert_eq!((staged.config.staged_prompt.as_deref(), staged.config.live_prompt.as_str()), (Some("Photo tags v2"), "Photo tags v1"));
    assert_eq!(staged.change.as_ref().map(|change| change.summary.as_str()), Some("Prompt in staging: none → Photo tags v2"));
    assert_eq!(platform.client.config().await.expect("config"), staged.config, "what was told is what is read");
    let [entry] = history(&platform).await.try_into().expect("one entry");
    assert_eq!((entry.environment, labels(&entry).as_str()), (Environment::Staging, "none → Photo tags v2"));
    let again = platform.client.deploy_prompt(&DeployPrompt::to_staging(version)).await.expect_err("refused");
    assert_eq!(again.code(), Some("already_there"));

    // The pipeline goes on with production.
    platform.add(1, true).await;
    let job = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!(job.prompt.as_deref(), Some("Photo tags v1"));

    let back = platform.client.roll_back(entry.id).await.expect("rolled back");
    assert_eq!((back.config.staged_prompt_version_id, back.config.staged_prompt), (None, None));
}

#[tokio::test]
async fn what_comes_into_staging_is_measured_by_itself_where_that_costs_nothing() {
    let scripted = Scripted::new();
    let platform = start(&scripted).await;
    platform.add(4, true).await;
    platform.until_jobs(4, JobState::Completed).await;
    let version = save(&platform, GOOD).await;
    for _ in 0..4 {
        scripted.then(Act::Answer(answer(&[("cat", 0.9), ("rug", 0.8)])));
    }
    platform.client.deploy_prompt(&DeployPrompt::to_staging(version)).await.expect("staged");
    let report = until("the report", || async {
        let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        (review.validation == Validation::Passed).then_some(review.report_id).flatten()
    })
    .await;
    let radius = platform.client.blast_radius(report).await.expect("a blast radius");
    assert_eq!((radius.compared, radius.tags.count, radius.decisions.count), (4, 4, 0));
    let body = DeployPrompt { report_id: Some(report), ..DeployPrompt::to_production(version) };
    platform.client.deploy_prompt(&body).await.expect("validated, so no reason is asked for");
    let entry = history(&platform).await.remove(0);
    assert_eq!((entry.validation, entry.report_id), (Validation::Passed, Some(report)));
    let radius = platform.client.blast_radius(report).await.expect("a blast radius");
    assert_eq!(radius.outdated.as_deref(), Some("Photo tags v2 is in production now"));
}

#[tokio::test]
async fn what_the_analysis_finds_warns_or_fails_and_says_where() {
    let platform = start(&Scripted::new()).await;
    let findings = async |version: PromptVersionId| {
        let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        let check = review.checks.into_iter().find(|check| check.code == "findings").expect("the check");
        let said: Vec<(Severity, PromptPart, Option<u32>, String)> =
            check.findings.into_iter().map(|finding| (finding.severity, finding.part, finding.line, finding.what)).collect();
        (check.state, check.why, said)
    };
    let (state, why, said) = findings(save(&platform, GOOD).await).await;
    assert_eq!((state, said.len()), (CheckState::Pass, 0), "{why}");

    let (state, why, said) = findings(save(&platform, &format!("{GOOD}\nGive exactly 5 tags.\nGive up to 15 tags.")).await).await;
    assert_eq!((state, why.as_str()), (CheckState::Warn, "1 warning"));
    assert_eq!(
        said.iter().map(|(severity, part, line, _)| (*severity, *part, *line)).collect::<Vec<_>>(),
        [(Severity::Warning, PromptPart::User, Some(3))]
    );
    assert!(said[0].3.contains("contradicts"), "{said:?}");

    // What can't work needs a reason; what is ignored for this prompt does not count.
    let broken = save(&platform, &format!("{GOOD}\nThe file is {{{{ file_nam }}}}.")).await;
    let (state, why, said) = findings(broken).await;
    assert_eq!((state, why.as_str(), said[0].0, said[0].2), (CheckState::Fail, "1 error", Severity::Error, Some(2)));
    assert!(said[0].3.contains("did you mean “file_name”"), "{said:?}");
    let review = platform.client.deploy_review(broken, Environment::Production).await.expect("a review");
    assert_eq!(review.validation, Validation::Failed);
    let key = review.checks.iter().flat_map(|check| &check.findings).next().expect("one").key.clone();
    platform.client.ignore_finding(review.version.prompt_id, &IgnoreFinding { key, ignored: true }).await.expect("ignored");
    let (state, why, _) = findings(broken).await;
    assert_eq!((state, why.as_str()), (CheckState::Pass, "Nothing worse than 1 hint; 1 more ignored in this prompt"));
}
