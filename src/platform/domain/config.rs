//! What the pipeline works by.

use serde_json::{Map, Value, json};

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::config::{ConfigChange, ConfigChanged, PipelineConfig, PipelineState, ProcessingRules};
use crate::wire::event::Happened;
use crate::wire::ids::{ConfigChangeId, PromptVersionId};
use crate::wire::page::Page;

/// Who changes things on a platform that serves one person.
const ACTOR: &str = "you";
/// Entries of the journal in one answer.
const JOURNAL: u32 = 200;

/// Gives a fresh database its first configuration.
pub async fn ensure_default(core: &Core) -> Result<()> {
    if store::config::get(&core.db, core.org).await?.is_some() {
        return Ok(());
    }
    let Some(prompt) = store::prompts::first_version(&core.db, core.org).await? else {
        return Err(DomainError::NotFound { what: "prompt version" });
    };
    let config = PipelineConfig {
        revision: 1,
        state: PipelineState::Running,
        live_model: "on-device".to_owned(),
        live_prompt_version_id: prompt,
        live_prompt: String::new(),
        rules: ProcessingRules { accept_threshold: 0.6, reject_threshold: 0.2, workers: 2, max_attempts: 3 },
    };
    let mut change = core.change().await?;
    store::config::insert(&mut change.tx, core.org, &config).await?;
    change.commit().await
}

/// The configuration as it is now.
pub async fn current(core: &Core) -> Result<PipelineConfig> {
    store::config::get(&core.db, core.org).await?.ok_or(DomainError::NotFound { what: "configuration" })
}

pub async fn set_state(core: &Core, state: PipelineState) -> Result<ConfigChanged> {
    change(core, None, |config| {
        config.state = state;
        Ok(())
    })
    .await
}

/// Makes a prompt version live.
pub async fn deploy_prompt(core: &Core, id: PromptVersionId) -> Result<ConfigChanged> {
    let version = store::prompts::version(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "prompt version" })?;
    change(core, None, |config| {
        config.live_prompt_version_id = id;
        config.live_prompt = version.label();
        Ok(())
    })
    .await
}

/// Makes a model live. It must be known, and its key there.
pub async fn activate_model(core: &Core, name: &str) -> Result<ConfigChanged> {
    super::models::check_usable(core, name).await?;
    change(core, None, |config| {
        name.clone_into(&mut config.live_model);
        Ok(())
    })
    .await
}

/// `revision`: the one the caller has read.
pub async fn set_rules(core: &Core, revision: u64, rules: ProcessingRules) -> Result<ConfigChanged> {
    check_rules(&rules)?;
    change(core, Some(revision), |config| {
        config.rules = rules;
        Ok(())
    })
    .await
}

fn check_rules(rules: &ProcessingRules) -> Result<()> {
    let refuse = |code, message: &str| Err(DomainError::Invalid { code, message: message.to_owned() });
    let (accept, reject) = (rules.accept_threshold, rules.reject_threshold);
    if !(0.0..=1.0).contains(&accept) {
        return refuse("accept_threshold", "The accept threshold must be from 0 to 1");
    }
    if !(0.0..=1.0).contains(&reject) {
        return refuse("reject_threshold", "The reject threshold must be from 0 to 1");
    }
    if reject > accept {
        return refuse("reject_threshold", "The reject threshold is above the accept threshold: nothing could be reviewed. Lower it");
    }
    if !(1..=64).contains(&rules.workers) {
        return refuse("workers", "Workers must be from 1 to 64");
    }
    if !(1..=10).contains(&rules.max_attempts) {
        return refuse("max_attempts", "Tries of a job must be from 1 to 10");
    }
    Ok(())
}

/// The journal, newest first.
pub async fn journal(core: &Core) -> Result<Page<ConfigChange>> {
    Ok(Page { items: store::config::changes(&core.db, core.org, JOURNAL).await?, next_cursor: None, total: None })
}

/// Puts back what a change replaced, and only that. Refused when one of those things has been changed again since.
pub async fn undo(core: &Core, id: ConfigChangeId) -> Result<ConfigChanged> {
    let entry = store::config::change(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "change" })?;
    if entry.undone {
        return Err(DomainError::Conflict { code: "undone", message: "This change has been undone already".to_owned() });
    }
    change_as(core, None, Some(entry.id), |config| {
        let now = fields(config);
        let (Value::Object(before), Value::Object(after)) = (&entry.before, &entry.after) else {
            return Err(DomainError::Conflict { code: "unreadable", message: "This entry of the journal can't be read".to_owned() });
        };
        if let Some(field) = after.iter().find(|(field, value)| now.get(*field) != Some(value)).map(|(field, _)| field) {
            let message = format!("The {} has been changed again since; undo the later change first", field.replace('_', " "));
            return Err(DomainError::Conflict { code: "changed_since", message });
        }
        set_fields(config, before)
    })
    .await
}

async fn change(core: &Core, revision: Option<u64>, edit: impl FnOnce(&mut PipelineConfig) -> Result<()>) -> Result<ConfigChanged> {
    change_as(core, revision, None, edit).await
}

/// The one way in which configuration changes: write, journal and event in one transaction.
async fn change_as(
    core: &Core,
    revision: Option<u64>,
    undoes: Option<ConfigChangeId>,
    edit: impl FnOnce(&mut PipelineConfig) -> Result<()>,
) -> Result<ConfigChanged> {
    // The write is begun before the read: nobody can write in between.
    let mut write = core.change().await?;
    let before = current(core).await?;
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(DomainError::Stale {
            message: "The configuration has been changed since you read it; look at the new values and try again".to_owned(),
        });
    }
    let mut after = before.clone();
    edit(&mut after)?;
    let (was, is) = differences(&before, &after);
    if is.is_empty() {
        return Ok(ConfigChanged { config: before, change: None });
    }
    after.revision += 1;
    store::config::update(&mut write.tx, core.org, &after).await?;
    let words = summary(core, &before, &after).await?;
    let entry = ConfigChange {
        id: ConfigChangeId::fresh(),
        at: core.now(),
        actor: ACTOR.to_owned(),
        summary: if undoes.is_some() { format!("Undo: {words}") } else { words },
        before: Value::Object(was),
        after: Value::Object(is),
        undone: false,
    };
    if let Some(undone) = undoes {
        store::config::mark_undone(&mut write.tx, core.org, undone).await?;
    }
    store::config::insert_change(&mut write.tx, core.org, &entry).await?;
    if before.live_prompt_version_id != after.live_prompt_version_id
        && let Some(version) = store::prompts::version(&core.db, core.org, after.live_prompt_version_id).await?
    {
        after.live_prompt = version.label();
    }
    write.tell(&Happened::ConfigChanged { config: after.clone(), change: Some(entry.clone()) }).await?;
    write.commit().await?;
    core.work.notify_one();
    Ok(ConfigChanged { config: after, change: Some(entry) })
}

/// What can be changed, by field.
fn fields(config: &PipelineConfig) -> Map<String, Value> {
    let all = json!({
        "state": config.state,
        "live_model": config.live_model,
        "live_prompt_version_id": config.live_prompt_version_id,
        "rules": config.rules,
    });
    if let Value::Object(map) = all { map } else { Map::new() }
}

fn set_fields(config: &mut PipelineConfig, values: &Map<String, Value>) -> Result<()> {
    let unreadable = |_| DomainError::Conflict { code: "unreadable", message: "This entry of the journal can't be read".to_owned() };
    for (field, value) in values {
        match field.as_str() {
            "state" => config.state = serde_json::from_value(value.clone()).map_err(unreadable)?,
            "live_model" => config.live_model = serde_json::from_value(value.clone()).map_err(unreadable)?,
            "live_prompt_version_id" => config.live_prompt_version_id = serde_json::from_value(value.clone()).map_err(unreadable)?,
            "rules" => config.rules = serde_json::from_value(value.clone()).map_err(unreadable)?,
            _ => {}
        }
    }
    Ok(())
}

fn differences(before: &PipelineConfig, after: &PipelineConfig) -> (Map<String, Value>, Map<String, Value>) {
    let (was, is) = (fields(before), fields(after));
    let changed: Vec<&String> = is.keys().filter(|field| was.get(*field) != is.get(*field)).collect();
    let pick = |map: &Map<String, Value>| changed.iter().filter_map(|field| Some(((*field).clone(), map.get(*field)?.clone()))).collect();
    (pick(&was), pick(&is))
}

async fn summary(core: &Core, before: &PipelineConfig, after: &PipelineConfig) -> Result<String> {
    let mut said = Vec::new();
    if before.state != after.state {
        said.push(match after.state {
            PipelineState::Running => "Pipeline resumed".to_owned(),
            PipelineState::Paused => "Pipeline paused".to_owned(),
        });
    }
    if before.live_model != after.live_model {
        said.push(format!("Live model: {} → {}", before.live_model, after.live_model));
    }
    if before.live_prompt_version_id != after.live_prompt_version_id {
        let label = |version: Option<crate::wire::prompt::PromptVersion>| version.map_or_else(|| "none".to_owned(), |version| version.label());
        let was = label(store::prompts::version(&core.db, core.org, before.live_prompt_version_id).await?);
        let is = label(store::prompts::version(&core.db, core.org, after.live_prompt_version_id).await?);
        said.push(format!("Live prompt: {was} → {is}"));
    }
    let (was, is) = (before.rules, after.rules);
    for (what, was, is) in
        [("Accept threshold", was.accept_threshold, is.accept_threshold), ("Reject threshold", was.reject_threshold, is.reject_threshold)]
    {
        if was != is {
            said.push(format!("{what}: {was:.2} → {is:.2}"));
        }
    }
    for (what, was, is) in [("Workers", was.workers, is.workers), ("Tries of a job", was.max_attempts, is.max_attempts)] {
        if was != is {
            said.push(format!("{what}: {was} → {is}"));
        }
    }
    Ok(said.join("; "))
}
