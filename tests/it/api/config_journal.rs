//! The journal of the configuration: undone and done again step by step, also after a restart, and searched.

use chrono::TimeDelta;
use minerva_console::wire::config::{ChangeKind, ConfigChangesQuery, PipelineState, ProcessingRules, SetPipelineState};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};

async fn set(platform: &TestPlatform, edit: impl FnOnce(&mut ProcessingRules)) {
    let config = platform.client.config().await.expect("config");
    let mut rules = config.rules;
    edit(&mut rules);
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
}

async fn workers(platform: &TestPlatform) -> u32 {
    platform.client.config().await.expect("config").rules.workers
}

#[tokio::test]
async fn undo_and_redo_walk_back_and_forth_also_after_a_restart() {
    let platform = platform::start(Options::default().without_workers()).await;
    for workers in [3, 4, 5] {
        set(&platform, |rules| rules.workers = workers).await;
    }
    platform.client.undo_config().await.expect("undone");
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, Options::default().without_workers()).await.expect("starts again");
    platform.client.undo_config().await.expect("undone");
    assert_eq!(workers(&platform).await, 3, "each undo goes one step further back");
    let steps = platform.client.config_steps().await.expect("steps");
    assert_eq!(steps.undo.expect("one more").summary, "Workers: 2 → 3");
    assert_eq!(steps.redo.expect("two").summary, "Undo: Workers: 4 → 3");

    let redone = platform.client.redo_config().await.expect("redone").change.expect("a change");
    assert_eq!((redone.kind, redone.summary.as_str()), (ChangeKind::Redo, "Redo: Workers: 3 → 4"));
    platform.client.redo_config().await.expect("redone");
    assert_eq!(workers(&platform).await, 5, "all is as it was");
    assert_eq!(platform.client.redo_config().await.expect("nothing").change, None);
    platform.client.undo_config().await.expect("undone");
    assert_eq!(workers(&platform).await, 4, "what was done again can be undone again");

    // A change begins another future.
    set(&platform, |rules| rules.max_attempts = 5).await;
    assert_eq!(platform.client.redo_config().await.expect("nothing").change, None);
    for _ in 0..10 {
        platform.client.undo_config().await.expect("undone");
    }
    let config = platform.client.config().await.expect("config");
    assert_eq!(config.rules, ProcessingRules::default(), "back to the beginning, and no further");
    assert_eq!(platform.client.undo_config().await.expect("nothing").change, None);
}

#[tokio::test]
async fn entries_are_found_by_field_time_person_and_words() {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::default().without_workers() }).await;
    set(&platform, |rules| rules.accept_threshold = 0.7).await;
    clock.advance(TimeDelta::minutes(10));
    let middle = minerva_console::platform::domain::Clock::now(clock.as_ref());
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    clock.advance(TimeDelta::minutes(10));
    set(&platform, |rules| {
        let category = minerva_console::wire::rules::Category { tags: vec!["dog".to_owned()], accept_threshold: 0.9, reject_threshold: 0.5 };
        rules.categories.insert("Pets".to_owned(), category);
    })
    .await;
    let find = async |query: ConfigChangesQuery| {
        let page = platform.client.find_config_changes(&query).await.expect("found");
        page.items.into_iter().map(|change| change.summary).collect::<Vec<_>>()
    };
    let all = ConfigChangesQuery::default;
    let field = |field: &str| ConfigChangesQuery { field: Some(field.to_owned()), ..ConfigChangesQuery::default() };
    let pets = "Category Pets added: 0.90/0.50 for dog";
    assert_eq!(find(field("accept_threshold")).await, ["Accept threshold: 0.60 → 0.70"]);
    assert_eq!(find(field("category:,accept_threshold")).await, [pets, "Accept threshold: 0.60 → 0.70"]);
    assert_eq!(find(field("category:Pets")).await, [pets]);
    assert!(find(field("category:Pet")).await.is_empty(), "a whole name");
    assert_eq!(find(ConfigChangesQuery { q: Some("PETS".to_owned()), ..all() }).await, [pets]);
    // Words in any order, each of them; quoted ones as they follow one another.
    assert_eq!(find(ConfigChangesQuery { q: Some("dog category".to_owned()), ..all() }).await, [pets]);
    assert!(find(ConfigChangesQuery { q: Some("dog threshold".to_owned()), ..all() }).await.is_empty());
    assert!(find(ConfigChangesQuery { q: Some("\"dog category\"".to_owned()), ..all() }).await.is_empty());
    assert!(find(ConfigChangesQuery { q: Some("100%".to_owned()), ..all() }).await.is_empty());
    assert_eq!(find(ConfigChangesQuery { from: Some(middle), ..all() }).await.len(), 2);
    assert_eq!(find(ConfigChangesQuery { to: Some(middle), ..all() }).await.len(), 1);
    assert_eq!(find(ConfigChangesQuery { actor: Some("you".to_owned()), ..all() }).await.len(), 3);
    assert!(find(ConfigChangesQuery { actor: Some("somebody".to_owned()), ..all() }).await.is_empty());
    let first = platform.client.find_config_changes(&ConfigChangesQuery { limit: Some(2), ..all() }).await.expect("a page");
    let rest = ConfigChangesQuery { cursor: first.next_cursor, limit: Some(2), ..all() };
    assert_eq!(find(rest).await, ["Accept threshold: 0.60 → 0.70"]);

    // A category that was added goes again, and comes back.
    platform.client.undo_config().await.expect("undone");
    assert!(platform.client.config().await.expect("config").rules.categories.is_empty());
    platform.client.redo_config().await.expect("redone");
    assert_eq!(platform.client.config().await.expect("config").rules.categories.len(), 1);
}
