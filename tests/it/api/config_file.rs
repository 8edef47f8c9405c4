//! The configuration as a file: there and back again, elsewhere too, and never half.

use std::collections::HashMap;

use minerva_console::keys::Keys;
use minerva_console::wire::config::{ConfigFile, PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::deployment::{DeployPrompt, Environment};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt::CreatePrompt;
use minerva_console::wire::provider::{AddProvider, ProviderLimits, ProviderSetting};
use minerva_console::wire::rules::Category;
use serde_json::{Value, json};

use crate::support::platform::{self, Options, TestPlatform};

async fn start() -> TestPlatform {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "sk-very-secret-9431".into())]), false);
    platform::start(Options { keys, ..Options::default().without_workers() }).await
}

/// Changes something of every kind.
async fn set_up(platform: &TestPlatform) {
    let client = &platform.client;
    let made = client
        .create_prompt(&CreatePrompt { name: "Colours".to_owned(), content: Some("Name colours".to_owned()), ..CreatePrompt::default() })
        .await
        .expect("made");
    let version = client.prompt_versions(made.id).await.expect("versions").items.remove(0);
    let deploy = DeployPrompt { override_reason: Some("A story".to_owned()), ..DeployPrompt::new(Environment::Production, version.id) };
    client.deploy_prompt(&deploy).await.expect("live");
    let setting = ProviderSetting {
        base_url: Some("http://localhost:1234/v1".to_owned()),
        limits: ProviderLimits { concurrency: Some(3), ..ProviderLimits::default() },
        ..ProviderSetting::default()
    };
    client.add_provider(&AddProvider { name: "lab".to_owned(), setting }).await.expect("added");
    let config = client.config().await.expect("config");
    let mut rules = ProcessingRules { workers: 7, daily_limit_usd: Some(UsdMicros(5_000_000)), image_quality: Some(80), ..config.rules };
    let category = Category { tags: vec!["dog".to_owned()], accept_threshold: 0.9, reject_threshold: 0.5 };
    rules.categories.insert("Pets".to_owned(), category);
    client.set_processing_rules(config.revision, &rules).await.expect("set");
}

fn text(file: &ConfigFile) -> String {
    serde_json::to_string_pretty(file).expect("a text")
}

/// A file like this one, with its settings edited.
fn edited(file: &ConfigFile, edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut file = file.clone();
    edit(&mut file.settings);
    text(&file)
}

#[tokio::test]
async fn a_file_carries_everything_that_is_set_to_another_platform_and_never_a_key() {
    let (here, there) = (start().await, start().await);
    set_up(&here).await;
    here.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let file = here.client.export_config().await.expect("exported");
    let written = text(&file);
    assert!(!written.contains("very-secret") && !file.settings.contains_key("state"), "{written}");

    // The live prompt is found by its text, once that is there.
    let preview = there.client.preview_config_import(written.clone()).await.expect("a preview");
    assert_eq!(preview.refused.iter().map(|refused| refused.field.as_str()).collect::<Vec<_>>(), ["live_prompt_version_id"], "{preview:?}");
    assert!(preview.refused[0].why.contains("Colours v1"), "{preview:?}");
    let before = there.client.config().await.expect("config");
    let refused = there.client.import_config(preview.revision, written.clone(), false).await.expect_err("refused");
    assert_eq!(refused.code(), Some("import_refused"));
    assert_eq!(there.client.config().await.expect("config"), before, "nothing was saved half");
    let made = CreatePrompt { name: "Theirs".to_owned(), content: Some("Name colours".to_owned()), ..CreatePrompt::default() };
    there.client.create_prompt(&made).await.expect("made");

    let preview = there.client.preview_config_import(written.clone()).await.expect("a preview");
    assert!(preview.refused.is_empty() && preview.applied.is_none(), "{preview:?}");
    let fields: Vec<&str> = preview.changes.iter().map(|change| change.field.as_str()).collect();
    for field in ["workers", "daily_limit_usd", "image_quality", "provider:lab", "category:Pets", "live_prompt_version_id"] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    assert_eq!(fields.len(), 6, "{fields:?}");
    let workers = preview.changes.iter().find(|change| change.field == "workers").expect("workers");
    assert_eq!((&workers.before, &workers.after), (&json!(2), &json!(7)));
    assert_eq!(there.client.config().await.expect("config"), before, "a preview changes nothing");

    let applied = there.client.import_config(preview.revision, written.clone(), false).await.expect("imported");
    let change = applied.applied.expect("applied").change.expect("one change");
    assert!(change.summary.starts_with("Import: "), "{}", change.summary);
    let (ours, theirs) = (here.client.config().await.expect("config"), there.client.config().await.expect("config"));
    assert_eq!((&theirs.rules, &theirs.providers), (&ours.rules, &ours.providers));
    assert_eq!((theirs.live_prompt.as_str(), theirs.state), ("Theirs v1", PipelineState::Running));
    let again = there.client.preview_config_import(written).await.expect("a preview");
    assert!(again.changes.is_empty() && again.refused.is_empty(), "{again:?}");
    there.client.undo_config().await.expect("undone");
    let undone = there.client.config().await.expect("config");
    assert_eq!((undone.rules, undone.providers, undone.live_prompt), (before.rules, before.providers, before.live_prompt), "in one step");
}

#[tokio::test]
async fn what_a_file_may_not_say_is_told_at_its_field_and_nothing_is_saved() {
    let platform = start().await;
    let before = platform.client.config().await.expect("config");
    let file = platform.client.export_config().await.expect("exported");
    for (field, value, says) in [
        ("wrokers", json!(3), "is 'workers' meant"),
        ("nonsense", json!(3), "take it out"),
        ("workers", json!("many"), "can't hold"),
        ("workers", json!(65), "1 to 64"),
        ("accept_threshold", json!(1.5), "from 0 to 1"),
        ("reject_threshold", json!(0.9), "above the accept threshold"),
        ("image_quality", json!(5), "30 to 100"),
        ("live_model", json!("openai/gpt-99"), "OPENAI"),
        ("live_model", json!("nobody/knows"), "There is no model"),
        ("live_prompt_version_id", json!("0190a0b0-0000-7000-8000-000000000000"), "no such prompt version"),
        ("provider:lab", json!({"limits": {}}), "base URL"),
        ("provider:gemini", json!({"limits": {"concurrency": 0}}), "1 to 256"),
        ("provider:gemini", json!({"limits": {}, "key": "sk-1"}), "can't hold"),
        ("category:Pets", json!({"tags": ["dog"], "accept_threshold": 0.2, "reject_threshold": 0.4}), "above the accept"),
        ("alert:queue_depth", json!({"metric": "nothing"}), "can't hold"),
        ("state", json!("paused"), "by hand"),
    ] {
        let text = edited(&file, |settings| drop(settings.insert(field.to_owned(), value.clone())));
        let preview = platform.client.preview_config_import(text.clone()).await.expect("a preview");
        let refused = preview.refused.iter().find(|refused| refused.field == field);
        assert!(refused.is_some_and(|refused| refused.why.contains(says)), "{field} {value}: {:?}", preview.refused);
        let refused = platform.client.import_config(preview.revision, text, true).await.expect_err("refused");
        assert_eq!(refused.code(), Some("import_refused"), "{field}");
    }
    for (text, code) in [
        ("{ broken".to_owned(), "not_json"),
        ("[]".to_owned(), "not_config"),
        (String::new(), "not_json"),
        (text(&ConfigFile { version: 2, ..file.clone() }), "newer_version"),
        (text(&ConfigFile { format: "other".to_owned(), ..file.clone() }), "not_config"),
    ] {
        let refused = platform.client.preview_config_import(text).await.expect_err("refused");
        assert_eq!(refused.code(), Some(code), "{refused}");
    }
    assert_eq!(platform.client.config().await.expect("config"), before);
    assert!(platform.client.config_changes().await.expect("journal").items.is_empty());
    let stale = platform.client.import_config(99, edited(&file, |settings| drop(settings.insert("workers".to_owned(), json!(3)))), false).await;
    assert_eq!(stale.expect_err("stale").code(), Some("stale"));
}

#[tokio::test]
async fn a_part_of_a_file_changes_only_that() {
    let platform = start().await;
    set_up(&platform).await;
    let before = platform.client.config().await.expect("config");
    let text = json!({"format": "minerva-config", "version": 1, "settings": {"workers": 9, "daily_limit_usd": null, "category:Pets": null}});
    let preview = platform.client.preview_config_import(text.to_string()).await.expect("a preview");
    assert_eq!((preview.changes.len(), preview.refused.len()), (3, 0), "{preview:?}");
    platform.client.import_config(preview.revision, text.to_string(), false).await.expect("imported");
    let expected = ProcessingRules { workers: 9, daily_limit_usd: None, categories: std::collections::BTreeMap::new(), ..before.rules };
    let config = platform.client.config().await.expect("config");
    assert_eq!((config.rules, config.providers), (expected, before.providers));
}

#[tokio::test]
async fn a_live_model_that_nothing_is_known_of_is_warned_of_and_taken_when_it_is_meant() {
    let platform = start().await;
    let file = |model: &str| json!({"format": "minerva-config", "version": 1, "settings": {"live_model": model}}).to_string();
    let known = platform.client.preview_config_import(file("gemini/gemini-3.8-flash")).await.expect("a preview");
    assert_eq!((known.warnings.len(), known.refused.len()), (0, 0), "{known:?}");
    let preview = platform.client.preview_config_import(file("gemini/gemini-99")).await.expect("a preview");
    assert!(preview.warnings.iter().any(|warning| warning.contains("gemini/gemini-99")), "{preview:?}");
    let refused = platform.client.import_config(preview.revision, file("gemini/gemini-99"), false).await.expect_err("refused");
    assert!(refused.to_string().contains("Confirm"), "{refused}");
    platform.client.import_config(preview.revision, file("gemini/gemini-99"), true).await.expect("imported");
    assert_eq!(platform.client.config().await.expect("config").live_model, "gemini/gemini-99");
}
