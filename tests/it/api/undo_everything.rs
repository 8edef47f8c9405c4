//! Whatever is done in Pipeline control is undone through the one journal, and done again, also after a restart in between.

use std::collections::{BTreeMap, HashMap};

use minerva_console::keys::Keys;
use minerva_console::wire::config::{ConfigChangesQuery, PipelineState, SetPipelineState};
use minerva_console::wire::deployment::{DeployPrompt, Environment};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};
use minerva_console::wire::prompt_file::ImportPrompts;
use minerva_console::wire::prompt_label::ChangeLabels;
use minerva_console::wire::provider::{AddProvider, ProviderLimits, ProviderSetting};
use minerva_console::wire::rules::Category;
use serde_json::{Value, json};

use crate::support::platform::{self, Options, TestPlatform, lasting_prices};

/// Everything that a person can do to what the area holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    MakePrompt,
    RenamePrompt,
    SaveVersion,
    Label,
    TakeLabelOff,
    ImportPrompts,
    Stage,
    Deploy,
    RollBack,
    ChangeModel,
    SetRule,
    AddCategory,
    SetProvider,
    AddServer,
    RemoveServer,
    SetAlertRule,
    RemoveAlertRule,
    Pause,
    ImportConfig,
}

/// In an order in which each finds what it needs.
const DEEDS: [Deed; 19] = [
    Deed::MakePrompt,
    Deed::RenamePrompt,
    Deed::SaveVersion,
    Deed::Label,
    Deed::TakeLabelOff,
    Deed::ImportPrompts,
    Deed::Stage,
    Deed::Deploy,
    Deed::RollBack,
    Deed::ChangeModel,
    Deed::SetRule,
    Deed::AddCategory,
    Deed::SetProvider,
    Deed::AddServer,
    Deed::RemoveServer,
    Deed::SetAlertRule,
    Deed::RemoveAlertRule,
    Deed::Pause,
    Deed::ImportConfig,
];

fn options() -> Options {
    let keys = Keys::new(HashMap::from([("openai".to_owned(), "sk-test-0000".to_owned().into())]), false);
    let settings = minerva_console::providers::ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() };
    let providers = minerva_console::providers::Providers::new(&settings, &keys);
    Options { providers, keys, ..Options::default() }.without_workers()
}

async fn prompt(platform: &TestPlatform, name: &str) -> Prompt {
    let all = platform.client.prompts().await.expect("prompts").items;
    all.into_iter().find(|prompt| prompt.name == name).unwrap_or_else(|| panic!("no prompt {name}"))
}

async fn newest(platform: &TestPlatform, name: &str) -> PromptVersion {
    let id = prompt(platform, name).await.id;
    platform.client.prompt_versions(id).await.expect("versions").items.remove(0)
}

async fn label(platform: &TestPlatform, change: ChangeLabels) {
    let version = newest(platform, "Skies").await;
    platform.client.change_prompt_labels(version.prompt_id, version.version, &change).await.expect("labelled");
}

async fn do_it(platform: &TestPlatform, deed: Deed) {
    let client = &platform.client;
    let config = client.config().await.expect("config");
    let words = || vec!["candidate".to_owned()];
    match deed {
        Deed::MakePrompt => {
            let asked = CreatePrompt { name: "Clouds".to_owned(), content: Some("Name clouds".to_owned()), ..CreatePrompt::default() };
            client.create_prompt(&asked).await.map(drop)
        }
        Deed::RenamePrompt => {
            let prompt = prompt(platform, "Clouds").await;
            let update = UpdatePrompt { name: Some("Skies".to_owned()), ..UpdatePrompt::default() };
            client.update_prompt(prompt.id, prompt.revision, &update).await.map(drop)
        }
        Deed::SaveVersion => {
            let id = prompt(platform, "Skies").await.id;
            client.save_prompt_version(id, &SavePromptVersion { content: "Name skies".to_owned(), ..SavePromptVersion::default() }).await.map(drop)
        }
        Deed::Label => return label(platform, ChangeLabels { add: words(), remove: Vec::new() }).await,
        Deed::TakeLabelOff => return label(platform, ChangeLabels { add: Vec::new(), remove: words() }).await,
        Deed::ImportPrompts => {
            let file = "---\nminerva_version: 1\nname: Streets\nlabels: [old]\n---\nName streets\n";
            client.import_prompts(&ImportPrompts::new("streets.md", file.as_bytes()), false).await.map(drop)
        }
        Deed::Stage => client.deploy_prompt(&DeployPrompt::to_staging(newest(platform, "Skies").await.id)).await.map(drop),
        Deed::Deploy => client.deploy_prompt(&DeployPrompt::to_production(newest(platform, "Skies").await.id)).await.map(drop),
        Deed::RollBack => {
            let newest = client.newest_deployment(Environment::Production).await.expect("read").expect("one");
            client.roll_back(newest.id).await.map(drop)
        }
        Deed::ChangeModel => {
            let models = client.models().await.expect("models").items;
            let name = models.into_iter().find(|model| model.name.starts_with("openai/")).expect("a model").name;
            client.activate_model(&ActivateModel { name }).await.map(drop)
        }
        Deed::SetRule => {
            let mut rules = config.rules;
            (rules.workers, rules.accept_threshold) = (7, 0.8);
            client.set_processing_rules(config.revision, &rules).await.map(drop)
        }
        Deed::AddCategory => {
            let mut rules = config.rules;
            let pets = Category { tags: vec!["dog".to_owned()], accept_threshold: 0.9, reject_threshold: 0.5 };
            rules.categories.insert("Pets".to_owned(), pets);
            client.set_processing_rules(config.revision, &rules).await.map(drop)
        }
        Deed::SetProvider => {
            let limits = ProviderLimits { requests_per_minute: Some(30), ..ProviderLimits::default() };
            client.set_provider(config.revision, "gemini", &ProviderSetting { limits, ..ProviderSetting::default() }).await.map(drop)
        }
        Deed::AddServer => {
            let setting = ProviderSetting { base_url: Some("http://127.0.0.1:9/v1".to_owned()), ..ProviderSetting::default() };
            client.add_provider(&AddProvider { name: "lab".to_owned(), setting }).await.map(drop)
        }
        Deed::RemoveServer => client.remove_provider(config.revision, "lab").await.map(drop),
        Deed::SetAlertRule => {
            let mut rules = config.alert_rules;
            rules.get_mut("queue_depth").expect("shipped").threshold = 7.0;
            client.set_alert_rules(config.revision, rules).await.map(drop)
        }
        Deed::RemoveAlertRule => {
            let mut rules = config.alert_rules;
            rules.remove("confidence");
            client.set_alert_rules(config.revision, rules).await.map(drop)
        }
        Deed::Pause => client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.map(drop),
        Deed::ImportConfig => {
            let file = json!({"format": "minerva-config", "version": 1, "settings": {"max_attempts": 9, "image_quality": 70}});
            client.import_config(config.revision, file.to_string(), true).await.map(drop)
        }
    }
    .unwrap_or_else(|why| panic!("{deed:?}: {why}"));
}

/// All that the area holds, but for revisions, times and what is typed.
async fn state(platform: &TestPlatform) -> Value {
    let mut config = serde_json::to_value(platform.client.config().await.expect("config")).expect("a value");
    let rest = config.as_object_mut().expect("an object");
    rest.retain(|field, _| field != "revision");
    let mut prompts = BTreeMap::new();
    for prompt in platform.client.prompts().await.expect("prompts").items {
        let versions = platform.client.prompt_versions(prompt.id).await.expect("versions").items;
        let versions: Vec<Value> = versions.iter().map(|version| json!([version.version, version.content, version.labels])).collect();
        prompts.insert(prompt.name, json!([prompt.latest_version, prompt.live_version, versions]));
    }
    let labels = platform.client.prompt_labels().await.expect("labels").items;
    json!({"config": config, "prompts": prompts, "labels": labels})
}

#[tokio::test]
async fn every_deed_is_undone_and_done_again_after_a_restart() {
    let mut platform = platform::start(options()).await;
    for deed in DEEDS {
        let before = state(&platform).await;
        do_it(&platform, deed).await;
        let after = state(&platform).await;
        assert_ne!(before, after, "{deed:?} does something");

        // A roll back is an undo itself: what takes it back is redo.
        let ways = if deed == Deed::RollBack { ["Redo: ", "Undo: "] } else { ["Undo: ", "Redo: "] };
        for (way, expected) in ways.into_iter().zip([before, after]) {
            platform = platform::start_in(platform.stop().await, options()).await.expect("starts again");
            let client = &platform.client;
            let gone = if way == "Undo: " { client.undo_config().await } else { client.redo_config().await };
            let change = gone.unwrap_or_else(|why| panic!("{deed:?}: {why}")).change;
            let change = change.unwrap_or_else(|| panic!("{deed:?} stands in no journal"));
            assert!(change.summary.starts_with(way), "{deed:?}: {}", change.summary);
            assert_eq!(state(&platform).await, expected, "{way}{deed:?}");
        }
    }
    for _ in DEEDS {
        platform.client.undo_config().await.expect("undone");
    }
    let prompts = platform.client.prompts().await.expect("prompts").items;
    assert_eq!(prompts.iter().map(|prompt| prompt.name.as_str()).collect::<Vec<_>>(), ["Photo tags"], "all the way back");
}

#[tokio::test]
async fn a_version_that_is_taken_back_leaves_its_text_as_the_draft_and_its_number_to_nobody() {
    let platform = platform::start(options()).await;
    let id = prompt(&platform, "Photo tags").await.id;
    let save = async |content: &str| {
        let asked = SavePromptVersion { content: content.to_owned(), ..SavePromptVersion::default() };
        platform.client.save_prompt_version(id, &asked).await.expect("saved")
    };
    let second = save("Name colours").await;
    platform.client.undo_config().await.expect("undone");
    let now = prompt(&platform, "Photo tags").await;
    assert_eq!((now.latest_version, now.draft.as_deref()), (1, Some("Name colours")), "nothing typed is lost");
    let staged = platform.client.deploy_prompt(&DeployPrompt::to_staging(second.id)).await.expect_err("refused");
    assert_eq!(staged.code(), Some("not_found"), "it can't come into use");
    let third = save("Name shapes").await;
    assert_eq!((third.version, third.label()), (3, "Photo tags v3".to_owned()));

    // The entry of the first save can still be done again, by itself.
    let query = ConfigChangesQuery { q: Some("v2 saved".to_owned()), ..ConfigChangesQuery::default() };
    let undo = platform.client.find_config_changes(&query).await.expect("found").items.remove(0);
    platform.client.undo_config_change(undo.id).await.expect("brought again");
    let versions = platform.client.prompt_versions(id).await.expect("versions").items;
    assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test]
async fn what_is_in_use_or_was_changed_since_is_not_taken_back() {
    let platform = platform::start(options()).await;
    do_it(&platform, Deed::MakePrompt).await;
    do_it(&platform, Deed::RenamePrompt).await;
    do_it(&platform, Deed::SaveVersion).await;
    do_it(&platform, Deed::Deploy).await;
    let entry = async |words: &str| {
        let query = ConfigChangesQuery { q: Some(words.to_owned()), ..ConfigChangesQuery::default() };
        platform.client.find_config_changes(&query).await.expect("found").items.remove(0).id
    };
    let refused = async |words: &str| platform.client.undo_config_change(entry(words).await).await.expect_err("refused");
    let live = refused("Skies v2 saved").await;
    assert!(live.code() == Some("in_use") && live.to_string().contains("Skies v2 is in production"), "{live}");
    let renamed = refused("Prompt Clouds made").await;
    assert!(renamed.code() == Some("changed_since") && renamed.to_string().contains("Skies has been changed again since"), "{renamed}");

    // Its name was given to another prompt meanwhile.
    let taken = CreatePrompt { name: "Clouds".to_owned(), ..CreatePrompt::default() };
    platform.client.create_prompt(&taken).await.expect("made");
    assert_eq!(refused("Prompt renamed").await.code(), Some("name_taken"));

    // The way back leads to a version that is there no more.
    let other = newest(&platform, "Photo tags").await;
    platform.client.deploy_prompt(&DeployPrompt::to_production(other.id)).await.expect("deployed");
    platform.client.undo_config_change(entry("Skies v2 saved").await).await.expect("it is in use no more");
    let gone = refused("Skies v2 → Photo tags v1").await;
    assert!(gone.to_string().contains("Skies v2 was taken back"), "{gone}");
}
