//! What the pipeline works by.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::deployments::About;
use super::providers::Brought;
use super::{Core, DomainError, Result, author, deployments, fallbacks, lab_journal, prompt_journal, providers, rules};
use crate::platform::store;
use crate::wire::alert::{AlertRule, AlertRules, shipped_rules};
use crate::wire::config::{ChangeKind, ConfigChange, ConfigChanged, PipelineConfig, PipelineState, ProcessingRules};
use crate::wire::event::Happened;
use crate::wire::fallback::Fallback;
use crate::wire::ids::{ConfigChangeId, PromptVersionId};
use crate::wire::prompt_parts::Parameters;
use crate::wire::provider::ProviderSetting;
use crate::wire::rules::Category;

pub(super) use crate::wire::author::PLATFORM;

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
        fallbacks: Vec::new(),
        model_parameters: BTreeMap::new(),
        live_prompt_version_id: prompt,
        live_prompt: String::new(),
        staged_prompt_version_id: None,
        staged_prompt: None,
        rules: ProcessingRules::default(),
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
    let (present, staged) = (config.live_prompt_version_id, config.staged_prompt_version_id);
    for change in store::config::changes_since(&core.db, core.org, at).await? {
        if prompt_journal::is_of_prompts(&change) || lab_journal::is_of_lab(&change) {
            continue;
        }
        let Value::Object(before) = change.before else { return Err(unreadable()) };
        set_fields(&mut config, before)?;
        config.revision = config.revision.saturating_sub(1);
    }
    if config.live_prompt_version_id != present
        && let Some(label) = label_of(core, Some(config.live_prompt_version_id)).await?
    {
        config.live_prompt = label;
    }
    if config.staged_prompt_version_id != staged {
        config.staged_prompt = label_of(core, config.staged_prompt_version_id).await?;
    }
    Ok(config)
}

/// What a version is called, such as `Photo tags v3`.
async fn label_of(core: &Core, id: Option<PromptVersionId>) -> Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    Ok(store::prompts::standing::label(&core.db, core.org, id).await?)
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
    change_as(core, PLATFORM, None, Because::Asked, edit).await.map(drop)
}

/// Changes what an environment uses; `about`: what a person said and saw before.
pub(super) async fn deploy(core: &Core, about: About, edit: impl FnOnce(&mut PipelineConfig) -> Result<()>) -> Result<ConfigChanged> {
    change_about(core, &author::current(), None, Because::Asked, Some(about), edit).await
}

/// Makes a model live. It must be known, and its key there. `confirmed`: also where its provider's own list lacks it.
pub async fn activate_model(core: &Core, name: &str, confirmed: bool) -> Result<ConfigChanged> {
    super::models::check_usable(core, name, &Brought::default()).await?;
    if let Some(why) = super::models::not_offered(core, name).filter(|_| !confirmed) {
        return Err(DomainError::Conflict { code: "not_offered", message: format!("{why}. Confirm to make it live all the same") });
    }
    change(core, None, |config| {
        name.clone_into(&mut config.live_model);
        Ok(())
    })
    .await
}

pub(super) fn unreadable() -> DomainError {
    DomainError::Conflict { code: "unreadable", message: "This entry of the journal can't be read".to_owned() }
}

/// What a field of the journal is called at the start of a sentence, with its verb.
pub(super) fn name_of(field: &str) -> String {
    match field.strip_prefix(PROVIDER) {
        Some(provider) => format!("The settings of {provider} have"),
        None if field.starts_with(ALERT) => "The rule of this alert has".to_owned(),
        None if field == "live_prompt_version_id" => "The prompt in production has".to_owned(),
        None if field == "staged_prompt_version_id" => "The prompt in staging has".to_owned(),
        None if field.starts_with(MODEL) => format!("The parameters of {} have", &field[MODEL.len()..]),
        None if field == "fallbacks" => "The fallback models have".to_owned(),
        None if field.starts_with(CATEGORY) => format!("The category {} has", &field[CATEGORY.len()..]),
        None => format!("The {} has", field.replace('_', " ")),
    }
}

pub(super) async fn change(core: &Core, revision: Option<u64>, edit: impl FnOnce(&mut PipelineConfig) -> Result<()>) -> Result<ConfigChanged> {
    change_as(core, &author::current(), revision, Because::Asked, edit).await
}

/// Why configuration changes, besides that somebody wants it so.
#[derive(Clone, Copy)]
pub(super) enum Because<'b> {
    Asked,
    /// A file says so.
    Imported,
    /// This entry of the journal is put back.
    Reverts(&'b ConfigChange),
}

impl Because<'_> {
    /// The entry that is put back.
    fn undoes(self) -> Option<ConfigChangeId> {
        match self {
            Self::Reverts(entry) => Some(entry.id),
            Self::Asked | Self::Imported => None,
        }
    }
}

pub(super) async fn change_as(
    core: &Core,
    actor: &str,
    revision: Option<u64>,
    because: Because<'_>,
    edit: impl FnOnce(&mut PipelineConfig) -> Result<()>,
) -> Result<ConfigChanged> {
    change_about(core, actor, revision, because, None, edit).await
}

/// The one way in which configuration changes: write, journal, history of deployments and event in one transaction.
async fn change_about(
    core: &Core,
    actor: &str,
    revision: Option<u64>,
    because: Because<'_>,
    about: Option<About>,
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
    let kind = match because {
        Because::Asked | Because::Imported => ChangeKind::Change,
        Because::Reverts(entry) if entry.kind == ChangeKind::Undo => ChangeKind::Redo,
        Because::Reverts(_) => ChangeKind::Undo,
    };
    let entry = ConfigChange {
        id: ConfigChangeId::fresh(),
        at: core.now(),
        actor: actor.to_owned(),
        summary: match (because, kind) {
            (Because::Asked, _) => words,
            (Because::Imported, _) => format!("Import: {words}"),
            (Because::Reverts(_), ChangeKind::Redo) => format!("Redo: {words}"),
            (Because::Reverts(_), _) => format!("Undo: {words}"),
        },
        before: Value::Object(was),
        after: Value::Object(is),
        undone: false,
        kind,
    };
    if let Because::Reverts(undone) = because {
        store::config::mark_undone(&mut write.tx, core.org, undone.id).await?;
    }
    store::config::insert_change(&mut write.tx, core.org, &entry).await?;
    deployments::record(core, &mut write, (&before, &after), &entry, because.undoes(), about).await?;
    if before.live_prompt_version_id != after.live_prompt_version_id
        && let Some(version) = store::prompts::version(&core.db, core.org, after.live_prompt_version_id).await?
    {
        after.live_prompt = version.label();
    }
    if before.staged_prompt_version_id != after.staged_prompt_version_id {
        after.staged_prompt = label_of(core, after.staged_prompt_version_id).await?;
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
    #[serde(default)]
    fallbacks: Vec<Fallback>,
    live_prompt_version_id: PromptVersionId,
    #[serde(default)]
    staged_prompt_version_id: Option<PromptVersionId>,
    #[serde(flatten)]
    rules: ProcessingRules,
}

/// Before the names of providers in the journal.
pub(super) const PROVIDER: &str = "provider:";
/// Before the names of alerts' rules in the journal.
pub(super) const ALERT: &str = "alert:";
/// Before the names of models whose parameters are set, in the journal.
pub(super) const MODEL: &str = "model:";
/// Before the names of categories in the journal.
pub(super) const CATEGORY: &str = "category:";

/// What the journal calls a category of the rules.
#[must_use]
pub(super) fn category_field(name: &str) -> String {
    format!("{CATEGORY}{name}")
}

pub(super) fn fields(config: &PipelineConfig) -> Result<Map<String, Value>> {
    let PipelineConfig { state, ref live_model, ref fallbacks, live_prompt_version_id, staged_prompt_version_id, ref rules, .. } = *config;
    let rules = ProcessingRules { categories: BTreeMap::new(), ..rules.clone() };
    let (live_model, fallbacks) = (live_model.clone(), fallbacks.clone());
    let fields = Fields { state, live_model, fallbacks, live_prompt_version_id, staged_prompt_version_id, rules };
    // By way of text, so that 0.6 does not become 0.6000000238418579.
    let text = store::to_json(&fields)?;
    let mut fields: Map<String, Value> = store::from_json(&text)?;
    for (name, setting) in &config.providers {
        fields.insert(format!("{PROVIDER}{name}"), serde_json::to_value(setting).map_err(|_| unreadable())?);
    }
    for (name, parameters) in &config.model_parameters {
        fields.insert(format!("{MODEL}{name}"), serde_json::to_value(parameters).map_err(|_| unreadable())?);
    }
    for (name, category) in &config.rules.categories {
        let text = store::to_json(category)?;
        fields.insert(category_field(name), store::from_json(&text)?);
    }
    for (name, rule) in &config.alert_rules {
        fields.insert(format!("{ALERT}{name}"), serde_json::to_value(rule).map_err(|_| unreadable())?);
    }
    Ok(fields)
}

pub(super) fn set_fields(config: &mut PipelineConfig, values: Map<String, Value>) -> Result<()> {
    let mut all = fields(config)?;
    all.extend(values);
    let (mut providers, mut alert_rules, mut categories) = (BTreeMap::new(), AlertRules::new(), BTreeMap::new());
    let mut model_parameters = BTreeMap::new();
    for (field, value) in &all {
        if let Some(name) = field.strip_prefix(MODEL).filter(|_| !value.is_null()) {
            let parameters = serde_json::from_value::<Parameters>(value.clone()).map_err(|_| unreadable())?;
            model_parameters.insert(name.to_owned(), parameters);
        }
        if let Some(name) = field.strip_prefix(CATEGORY).filter(|_| !value.is_null()) {
            categories.insert(name.to_owned(), serde_json::from_value::<Category>(value.clone()).map_err(|_| unreadable())?);
        }
        if let Some(name) = field.strip_prefix(ALERT).filter(|_| !value.is_null()) {
            alert_rules.insert(name.to_owned(), serde_json::from_value::<AlertRule>(value.clone()).map_err(|_| unreadable())?);
        }
        // Null: there were no settings of it.
        if let Some(name) = field.strip_prefix(PROVIDER).filter(|_| !value.is_null()) {
            providers.insert(name.to_owned(), serde_json::from_value::<ProviderSetting>(value.clone()).map_err(|_| unreadable())?);
        }
    }
    let fields: Fields = serde_json::from_value(Value::Object(all)).map_err(|_| unreadable())?;
    let Fields { state, live_model, fallbacks, live_prompt_version_id, staged_prompt_version_id, rules } = fields;
    let rules = ProcessingRules { categories, ..rules };
    let PipelineConfig { revision, ref live_prompt, ref staged_prompt, draining_since, .. } = *config;
    let (live_prompt, staged_prompt) = (live_prompt.clone(), staged_prompt.clone());
    *config = PipelineConfig {
        revision,
        state,
        live_model,
        fallbacks,
        model_parameters,
        live_prompt_version_id,
        live_prompt,
        staged_prompt_version_id,
        staged_prompt,
        rules,
        providers,
        draining_since,
        alert_rules,
    };
    Ok(())
}

/// What two configurations differ in: as it was, as it is; null where one of them has no such field.
pub(super) fn differences(before: &PipelineConfig, after: &PipelineConfig) -> Result<(Map<String, Value>, Map<String, Value>)> {
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
    said.extend(fallbacks::summary(&before.fallbacks, &after.fallbacks));
    said.extend(super::models::parameters_summary(&before.model_parameters, &after.model_parameters));
    if before.live_prompt_version_id != after.live_prompt_version_id {
        let none = || "none".to_owned();
        let was = label_of(core, Some(before.live_prompt_version_id)).await?.unwrap_or_else(none);
        let is = label_of(core, Some(after.live_prompt_version_id)).await?.unwrap_or_else(none);
        said.push(format!("Live prompt: {was} → {is}"));
    }
    if before.staged_prompt_version_id != after.staged_prompt_version_id {
        let none = || "none".to_owned();
        let was = label_of(core, before.staged_prompt_version_id).await?.unwrap_or_else(none);
        let is = label_of(core, after.staged_prompt_version_id).await?.unwrap_or_else(none);
        said.push(format!("Prompt in staging: {was} → {is}"));
    }
    said.extend(rules::summary(&before.rules, &after.rules));
    said.extend(providers::summary(core, &before.providers, &after.providers));
    said.extend(super::alerts::summary(&before.alert_rules, &after.alert_rules));
    Ok(said.join("; "))
}
