//! What the pipeline works by.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::providers::Brought;
use super::{Core, DomainError, Result, page, providers};
use crate::platform::store;
use crate::wire::alert::{AlertRule, AlertRules, shipped_rules};
use crate::wire::config::{ConfigChange, ConfigChanged, PipelineConfig, PipelineState, ProcessingRules};
use crate::wire::event::Happened;
use crate::wire::ids::{ConfigChangeId, PromptVersionId};
use crate::wire::money::UsdMicros;
use crate::wire::page::Page;
use crate::wire::provider::ProviderSetting;

/// Who changes things on a platform that serves one person.
pub(super) const ACTOR: &str = "you";
/// Who changes what nobody asked for at that moment.
const PLATFORM: &str = "Minerva";

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
        rules: ProcessingRules {
            accept_threshold: 0.6,
            reject_threshold: 0.2,
            workers: 2,
            max_attempts: 3,
            daily_limit_usd: None,
            monthly_limit_usd: None,
        },
        providers: BTreeMap::new(),
        draining_since: None,
        alert_rules: shipped_rules(),
    };
    let mut change = core.change().await?;
    store::config::insert(&mut change.tx, core.org, &config).await?;
    change.commit().await
}

/// The configuration as it is now.
pub async fn current(core: &Core) -> Result<PipelineConfig> {
    store::config::get(&core.db, core.org).await?.ok_or(DomainError::NotFound { what: "configuration" })
}

/// The configuration as it was at a moment: what was changed since is put back, the newest change first.
pub async fn at(core: &Core, at: DateTime<Utc>) -> Result<PipelineConfig> {
    // The configuration is read first: a change in between is put back too, and changes nothing.
    let mut config = current(core).await?;
    let present = config.live_prompt_version_id;
    for change in store::config::changes_since(&core.db, core.org, at).await? {
        let Value::Object(before) = change.before else { return Err(unreadable()) };
        set_fields(&mut config, before)?;
        config.revision = config.revision.saturating_sub(1);
    }
    if config.live_prompt_version_id != present
        && let Some(version) = store::prompts::version(&core.db, core.org, config.live_prompt_version_id).await?
    {
        config.live_prompt = version.label();
    }
    Ok(config)
}

pub async fn set_state(core: &Core, state: PipelineState) -> Result<ConfigChanged> {
    change(core, None, |config| {
        config.state = state;
        Ok(())
    })
    .await
}

/// Pauses a pipeline that has finished what it was to finish; one that a person has set going meanwhile goes on.
pub async fn end_draining(core: &Core) -> Result<()> {
    let edit = |config: &mut PipelineConfig| {
        if config.state == PipelineState::Draining {
            config.state = PipelineState::Paused;
        }
        Ok(())
    };
    change_as(core, PLATFORM, None, None, edit).await.map(drop)
}

/// Makes a prompt version live.
pub async fn deploy_prompt(core: &Core, id: PromptVersionId) -> Result<ConfigChanged> {
    let version = store::prompts::version(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "prompt version" })?;
    super::prompts::check_renders(&version.content)?;
    change(core, None, |config| {
        config.live_prompt_version_id = id;
        config.live_prompt = version.label();
        Ok(())
    })
    .await
}

/// Makes a model live. It must be known, and its key there.
pub async fn activate_model(core: &Core, name: &str) -> Result<ConfigChanged> {
    super::models::check_usable(core, name, &Brought::default()).await?;
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
    let (daily, monthly) = (rules.daily_limit_usd, rules.monthly_limit_usd);
    for (code, limit) in [("daily_limit_usd", daily), ("monthly_limit_usd", monthly)] {
        if limit.is_some_and(|limit| limit <= UsdMicros(0)) {
            return refuse(code, "A limit must be more than $0. Pause the pipeline to spend nothing");
        }
    }
    if daily.zip(monthly).is_some_and(|(daily, monthly)| daily > monthly) {
        return refuse("daily_limit_usd", "The limit of a day is above that of a month: it would never be reached. Lower it");
    }
    Ok(())
}

/// The journal, newest first.
pub async fn journal(core: &Core, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<ConfigChange>> {
    let after = cursor.map(page::read_cursor).transpose()?.map(|(at, id)| (at, ConfigChangeId(id)));
    let limit = page::limit(limit);
    let items = store::config::changes(&core.db, core.org, after, limit).await?;
    let next_cursor = page::next_cursor(&items, limit, |change| (change.at, change.id.0));
    Ok(Page { items, next_cursor, total: None })
}

/// Puts back what a change replaced, and only that. Refused when one of those things has been changed again since.
pub async fn undo(core: &Core, id: ConfigChangeId) -> Result<ConfigChanged> {
    let entry = store::config::change(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "change" })?;
    let conflict = |code, message: String| DomainError::Conflict { code, message };
    if entry.undone {
        return Err(conflict("undone", "This change has been undone already".to_owned()));
    }
    let (Value::Object(before), Value::Object(after)) = (entry.before, entry.after) else { return Err(unreadable()) };
    if let Some(model) = before.get("live_model").and_then(Value::as_str) {
        super::models::check_usable(core, model, &Brought::default()).await?;
    }
    change_as(core, ACTOR, None, Some(entry.id), |config| {
        let now = fields(config)?;
        if let Some((field, _)) = after.iter().find(|(field, value)| now.get(*field).unwrap_or(&Value::Null) != *value) {
            let message = format!("{} been changed again since; undo the later change first", name_of(field));
            return Err(conflict("changed_since", message));
        }
        set_fields(config, before)?;
        let earlier = |error: DomainError| conflict("changed_since", format!("{error}. Undo the later change first"));
        check_rules(&config.rules).map_err(earlier)?;
        providers::check(core, config).map_err(earlier)
    })
    .await
}

fn unreadable() -> DomainError {
    DomainError::Conflict { code: "unreadable", message: "This entry of the journal can't be read".to_owned() }
}

/// What a field of the journal is called at the start of a sentence, with its verb.
fn name_of(field: &str) -> String {
    match field.strip_prefix(PROVIDER) {
        Some(provider) => format!("The settings of {provider} have"),
        None if field.starts_with(ALERT) => "The rule of this alert has".to_owned(),
        None => format!("The {} has", field.replace('_', " ")),
    }
}

pub(super) async fn change(core: &Core, revision: Option<u64>, edit: impl FnOnce(&mut PipelineConfig) -> Result<()>) -> Result<ConfigChanged> {
    change_as(core, ACTOR, revision, None, edit).await
}

/// The one way in which configuration changes: write, journal and event in one transaction.
async fn change_as(
    core: &Core,
    actor: &str,
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
    after.draining_since = match (before.draining_since, after.state) {
        (since, PipelineState::Draining) => since.or_else(|| Some(core.now())),
        _ => None,
    };
    let (was, is) = differences(&before, &after)?;
    if is.is_empty() {
        return Ok(ConfigChanged { config: before, change: None });
    }
    after.revision += 1;
    store::config::update(&mut write.tx, core.org, &after).await?;
    let words = summary(core, actor, &before, &after).await?;
    let entry = ConfigChange {
        id: ConfigChangeId::fresh(),
        at: core.now(),
        actor: actor.to_owned(),
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
    if before.providers != after.providers {
        providers::apply(core, &after);
    }
    core.work.notify_one();
    Ok(ConfigChanged { config: after, change: Some(entry) })
}

/// What can be changed, each by itself; each provider's settings are a field of their own.
#[derive(Serialize, Deserialize)]
struct Fields {
    state: PipelineState,
    live_model: String,
    live_prompt_version_id: PromptVersionId,
    #[serde(flatten)]
    rules: ProcessingRules,
}

/// Before the names of providers in the journal.
const PROVIDER: &str = "provider:";
/// Before the names of alerts' rules in the journal.
const ALERT: &str = "alert:";

fn fields(config: &PipelineConfig) -> Result<Map<String, Value>> {
    let PipelineConfig { state, ref live_model, live_prompt_version_id, rules, .. } = *config;
    let fields = Fields { state, live_model: live_model.clone(), live_prompt_version_id, rules };
    // By way of text, so that 0.6 does not become 0.6000000238418579.
    let text = store::to_json(&fields)?;
    let mut fields: Map<String, Value> = store::from_json(&text)?;
    for (name, setting) in &config.providers {
        fields.insert(format!("{PROVIDER}{name}"), serde_json::to_value(setting).map_err(|_| unreadable())?);
    }
    for (name, rule) in &config.alert_rules {
        fields.insert(format!("{ALERT}{name}"), serde_json::to_value(rule).map_err(|_| unreadable())?);
    }
    Ok(fields)
}

fn set_fields(config: &mut PipelineConfig, values: Map<String, Value>) -> Result<()> {
    let mut all = fields(config)?;
    all.extend(values);
    let (mut providers, mut alert_rules) = (BTreeMap::new(), AlertRules::new());
    for (field, value) in &all {
        if let Some(name) = field.strip_prefix(ALERT).filter(|_| !value.is_null()) {
            alert_rules.insert(name.to_owned(), serde_json::from_value::<AlertRule>(value.clone()).map_err(|_| unreadable())?);
        }
        // Null: there were no settings of it.
        if let Some(name) = field.strip_prefix(PROVIDER).filter(|_| !value.is_null()) {
            providers.insert(name.to_owned(), serde_json::from_value::<ProviderSetting>(value.clone()).map_err(|_| unreadable())?);
        }
    }
    let fields: Fields = serde_json::from_value(Value::Object(all)).map_err(|_| unreadable())?;
    let Fields { state, live_model, live_prompt_version_id, rules } = fields;
    let PipelineConfig { revision, ref live_prompt, draining_since, .. } = *config;
    let live_prompt = live_prompt.clone();
    *config = PipelineConfig { revision, state, live_model, live_prompt_version_id, live_prompt, rules, providers, draining_since, alert_rules };
    Ok(())
}

/// What two configurations differ in: as it was, as it is; null where one of them has no such field.
fn differences(before: &PipelineConfig, after: &PipelineConfig) -> Result<(Map<String, Value>, Map<String, Value>)> {
    let (mut was, mut is) = (fields(before)?, fields(after)?);
    let names: Vec<String> = was.keys().chain(is.keys()).cloned().collect();
    for field in names {
        was.entry(field.clone()).or_insert(Value::Null);
        is.entry(field).or_insert(Value::Null);
    }
    let same: Vec<String> = is.iter().filter(|(field, value)| was.get(*field) == Some(value)).map(|(field, _)| field.clone()).collect();
    for field in same {
        was.shift_remove(&field);
        is.shift_remove(&field);
    }
    Ok((was, is))
}

async fn summary(core: &Core, actor: &str, before: &PipelineConfig, after: &PipelineConfig) -> Result<String> {
    let mut said = Vec::new();
    if before.state != after.state {
        said.push(match after.state {
            PipelineState::Running => "Pipeline resumed".to_owned(),
            PipelineState::Draining => "Pipeline draining: it finishes what is queued, then pauses".to_owned(),
            PipelineState::Paused if before.state == PipelineState::Draining && actor == PLATFORM => "Pipeline drained, paused".to_owned(),
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
    let limit = |limit: Option<UsdMicros>| limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
    for (what, was, is) in [("Daily limit", was.daily_limit_usd, is.daily_limit_usd), ("Monthly limit", was.monthly_limit_usd, is.monthly_limit_usd)]
    {
        if was != is {
            said.push(format!("{what}: {} → {}", limit(was), limit(is)));
        }
    }
    said.extend(providers::summary(core, &before.providers, &after.providers));
    said.extend(super::alerts::summary(&before.alert_rules, &after.alert_rules));
    Ok(said.join("; "))
}
