//! The configuration: every change in the journal, and each with its way back.

use minerva_console::client::event::StreamItem;
use minerva_console::wire::config::{ConfigChanged, PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::deployment::DeployPrompt;
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::{ConfigChangeId, PromptVersionId};
use minerva_console::wire::job::JobState;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt::{CreatePrompt, SavePromptVersion};
use secrecy::ExposeSecret;

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await
}

/// Changes some of the rules, based on what they are now.
async fn set_rules(platform: &TestPlatform, edit: impl FnOnce(&mut ProcessingRules)) -> ConfigChanged {
    let config = platform.client.config().await.expect("config");
    let mut rules = config.rules;
    edit(&mut rules);
    platform.client.set_processing_rules(config.revision, &rules).await.expect("changed")
}

async fn undo(platform: &TestPlatform, changed: &ConfigChanged) -> ConfigChanged {
    platform.client.undo_config_change(id(changed)).await.expect("undone")
}

fn id(changed: &ConfigChanged) -> ConfigChangeId {
    changed.change.as_ref().expect("a change").id
}

#[tokio::test]
async fn a_fresh_platform_runs_on_its_own_model_with_a_prompt_of_its_own() {
    let platform = start().await;
    let config = platform.client.config().await.expect("config");
    assert_eq!((config.state, config.live_model.as_str(), config.live_prompt.as_str()), (PipelineState::Running, "on-device", "Photo tags v1"));
    let expected = ProcessingRules { accept_threshold: 0.6, reject_threshold: 0.2, workers: 2, max_attempts: 3, ..ProcessingRules::default() };
    assert_eq!(config.rules, expected);
    assert!(platform.client.config_changes().await.expect("journal").items.is_empty());
}

#[tokio::test]
async fn every_change_is_told_and_journalled_in_words() {
    let platform = start().await;
    let prompt = platform
        .client
        .create_prompt(&CreatePrompt { name: "Colours".to_owned(), content: Some("Name colours".to_owned()), ..CreatePrompt::default() })
        .await
        .expect("made");
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));

    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let deployed = platform.client.deploy_prompt(&DeployPrompt::to_production(version.id)).await.expect("deployed");
    assert_eq!((deployed.config.live_prompt.as_str(), deployed.config.revision), ("Colours v1", 3));
    set_rules(&platform, |rules| (rules.accept_threshold, rules.workers) = (0.75, 8)).await;
    let same = platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("no change");
    assert_eq!(same.change, None, "what changes nothing is not in the journal");

    let journal = platform.client.config_changes().await.expect("journal").items;
    let words: Vec<&str> = journal.iter().map(|change| change.summary.as_str()).collect();
    let expected =
        ["Accept threshold: 0.60 → 0.75; Workers: 2 → 8", "Live prompt: Photo tags v1 → Colours v1", "Pipeline paused", "Prompt Colours made"];
    assert_eq!(words, expected);
    assert_eq!(journal[0].before, serde_json::json!({"accept_threshold": 0.6, "workers": 2}));
    assert_eq!(journal[0].after, serde_json::json!({"accept_threshold": 0.75, "workers": 8}));
    for change in journal[..3].iter().rev() {
        let Some(StreamItem::Event(event)) = stream.recv().await else { panic!("no event") };
        let Happened::ConfigChanged { change: told, .. } = event.what else { panic!("{event:?}") };
        assert_eq!(told.as_ref(), Some(change));
    }
    let versions = platform.client.prompt_versions(prompt.id).await.expect("versions").items;
    assert!(versions[0].is_live);
}

#[tokio::test]
async fn undo_puts_back_only_what_its_change_touched() {
    let platform = start().await;
    let accept = set_rules(&platform, |rules| rules.accept_threshold = 0.7).await;
    set_rules(&platform, |rules| rules.workers = 5).await;
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");

    let undone = undo(&platform, &accept).await;
    assert_eq!(undone.config.rules, ProcessingRules { accept_threshold: 0.6, workers: 5, ..ProcessingRules::default() });
    assert_eq!(undone.config.state, PipelineState::Paused);
    let journal = platform.client.config_changes().await.expect("journal").items;
    assert_eq!(journal[0].summary, "Undo: Accept threshold: 0.70 → 0.60");
    assert!(journal.iter().find(|change| change.id == id(&accept)).expect("kept").undone);

    let again = platform.client.undo_config_change(id(&accept)).await.expect_err("undone already");
    assert_eq!(again.code(), Some("undone"));
    let redone = undo(&platform, &undone).await;
    assert_eq!(redone.config.rules.accept_threshold, 0.7, "an undo can be undone");
}

#[tokio::test]
async fn undo_is_refused_when_somebody_has_changed_the_same_since() {
    let platform = start().await;
    let first = set_rules(&platform, |rules| rules.workers = 5).await;
    let second = set_rules(&platform, |rules| rules.workers = 9).await;
    let refused = platform.client.undo_config_change(id(&first)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("changed_since"));
    assert!(refused.to_string().contains("workers"), "{refused}");
    assert_eq!(platform.client.config().await.expect("config").rules.workers, 9);
    undo(&platform, &second).await;
    assert_eq!(undo(&platform, &first).await.config.rules.workers, 2, "one after the other it goes");

    // Each field could go back, but not past the other one.
    let accept = set_rules(&platform, |rules| rules.accept_threshold = 0.9).await;
    set_rules(&platform, |rules| rules.reject_threshold = 0.8).await;
    let refused = platform.client.undo_config_change(id(&accept)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("changed_since"), "{refused}");
    let missing = platform.client.undo_config_change(ConfigChangeId::fresh()).await.expect_err("refused");
    assert_eq!(missing.code(), Some("not_found"));
}

#[tokio::test]
async fn rules_out_of_range_are_refused_at_their_field() {
    let platform = start().await;
    let good = platform.client.config().await.expect("config");
    for (field, rules) in [
        ("accept_threshold", ProcessingRules { accept_threshold: 1.01, ..good.rules.clone() }),
        ("accept_threshold", ProcessingRules { accept_threshold: -0.01, ..good.rules.clone() }),
        ("reject_threshold", ProcessingRules { reject_threshold: -0.5, ..good.rules.clone() }),
        ("reject_threshold", ProcessingRules { reject_threshold: 0.7, ..good.rules.clone() }),
        ("workers", ProcessingRules { workers: 0, ..good.rules.clone() }),
        ("workers", ProcessingRules { workers: 65, ..good.rules.clone() }),
        ("daily_limit_usd", ProcessingRules { daily_limit_usd: Some(UsdMicros(0)), ..good.rules.clone() }),
        ("monthly_limit_usd", ProcessingRules { monthly_limit_usd: Some(UsdMicros(-1)), ..good.rules.clone() }),
        ("daily_limit_usd", ProcessingRules { daily_limit_usd: Some(UsdMicros(2)), monthly_limit_usd: Some(UsdMicros(1)), ..good.rules.clone() }),
        ("max_attempts", ProcessingRules { max_attempts: 0, ..good.rules.clone() }),
        ("max_attempts", ProcessingRules { max_attempts: 11, ..good.rules.clone() }),
    ] {
        let refused = platform.client.set_processing_rules(good.revision, &rules).await.expect_err("refused");
        assert_eq!(refused.code(), Some(field), "{refused}");
    }
    let edges = ProcessingRules { accept_threshold: 1.0, reject_threshold: 1.0, workers: 64, max_attempts: 10, ..ProcessingRules::default() };
    platform.client.set_processing_rules(good.revision, &edges).await.expect("the very ends are fine");
    let stale = platform.client.set_processing_rules(good.revision, &good.rules).await.expect_err("stale");
    assert_eq!(stale.code(), Some("stale"));
}

#[tokio::test]
async fn a_revision_travels_as_etag_and_a_write_without_one_is_refused() {
    let platform = start().await;
    let url = platform.host.base().join("api/ai/pipeline/processing-rules").expect("a URL");
    let http = reqwest::Client::new();
    let token = platform.host.token();
    let read = http.get(url.clone()).bearer_auth(token.expose_secret()).send().await.expect("an answer");
    let etag = read.headers().get("etag").expect("an ETag").clone();
    let rules: ProcessingRules = read.json().await.expect("rules");
    let put = || http.put(url.clone()).bearer_auth(token.expose_secret()).json(&rules);
    let without = put().send().await.expect("an answer");
    assert_eq!(without.status().as_u16(), 428);
    assert_eq!(without.headers()["content-type"], "application/problem+json");
    assert_eq!(put().header("if-match", "\"99\"").send().await.expect("an answer").status().as_u16(), 412);
    assert_eq!(put().header("if-match", etag).send().await.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn a_pause_holds_the_queue_and_the_end_of_it_wakes_the_workers() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    platform.add(3, true).await;
    assert!(platform.jobs().await.iter().all(|job| job.state == JobState::Pending));
    assert_eq!(scripted.calls(), 0);
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Running }).await.expect("resumed");
    platform.until_jobs(3, JobState::Completed).await;
}

#[tokio::test]
async fn a_prompt_that_cannot_be_filled_in_does_not_go_live() {
    let platform = start().await;
    let content = "Find {{ subject }}".to_owned();
    let prompt = platform
        .client
        .create_prompt(&CreatePrompt { name: "Subject".to_owned(), content: Some(content), ..CreatePrompt::default() })
        .await
        .expect("made");
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    let refused = platform.client.deploy_prompt(&DeployPrompt::to_production(version.id)).await.expect_err("refused");
    assert_eq!(refused.code(), Some("template"));
    assert!(refused.to_string().contains("subject"), "{refused}");

    let mended = SavePromptVersion { content: "Find what matters".to_owned(), ..SavePromptVersion::default() };
    let version = platform.client.save_prompt_version(prompt.id, &mended).await.expect("saved");
    let deployed = platform.client.deploy_prompt(&DeployPrompt::to_production(version.id)).await.expect("deployed");
    assert_eq!(undo(&platform, &deployed).await.config.live_prompt, "Photo tags v1");
    let missing = platform.client.deploy_prompt(&DeployPrompt::to_production(PromptVersionId::fresh())).await.expect_err("refused");
    assert_eq!(missing.code(), Some("not_found"));
}
