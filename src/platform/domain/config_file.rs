//! The configuration as a file: written without a key, read with care. A file is applied as one change, or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::config::{ALERT, Because, CATEGORY, MODEL, PROVIDER, change_as, current, differences, fields, set_fields};
use super::providers::{self, Brought};
use super::{Core, DomainError, Result, alerts, author, fallbacks, models, prompts, rules};
use crate::platform::store;
use crate::wire::alert::AlertRules;
use crate::wire::config::{
    CONFIG_FILE_FORMAT, CONFIG_FILE_VERSION, ConfigFile, ConfigImport, ExportedVersion, FieldChange, PipelineConfig, RefusedField,
};
use crate::wire::ids::PromptVersionId;
use crate::wire::money::UsdMicros;
use crate::wire::rules::ProcessingRules;

/// What is no part of a file: whether the pipeline runs.
const STATE: &str = "state";
/// How fields end that name a prompt version.
const PROMPT_VERSION: &str = "prompt_version_id";
const PARTS: [&str; 5] = ["format", "version", "exported_at", "settings", "prompt_versions"];

/// Everything that is set.
pub async fn export(core: &Core) -> Result<ConfigFile> {
    let config = current(core).await?;
    let mut settings = fields(&config)?;
    settings.shift_remove(STATE);
    let mut prompt_versions = BTreeMap::new();
    for id in settings.iter().filter_map(|(field, value)| version_in(field, value)) {
        if let Some(version) = store::prompts::version(&core.db, core.org, id).await? {
            prompt_versions.insert(id, ExportedVersion { label: version.label(), content: version.content, parts: version.parts });
        }
    }
    Ok(ConfigFile { format: CONFIG_FILE_FORMAT.to_owned(), version: CONFIG_FILE_VERSION, exported_at: core.now(), settings, prompt_versions })
}

fn version_in(field: &str, value: &Value) -> Option<PromptVersionId> {
    field.ends_with(PROMPT_VERSION).then(|| value.as_str()?.parse().ok()).flatten()
}

/// What a file would change.
pub async fn preview(core: &Core, text: &str) -> Result<ConfigImport> {
    let config = current(core).await?;
    Ok(Reading::of(core, &config, text).await?.import)
}

/// Applies a file. `revision`: the one that the preview named. `confirmed`: what it warned of is meant.
pub async fn import(core: &Core, revision: u64, text: &str, confirmed: bool) -> Result<ConfigImport> {
    let config = current(core).await?;
    let Reading { mut import, settings } = Reading::of(core, &config, text).await?;
    if !import.refused.is_empty() {
        let said: Vec<String> = import.refused.iter().map(|refused| format!("{}: {}", refused.field, refused.why)).collect();
        return Err(invalid("import_refused", format!("Nothing was changed. {}", said.join("; "))));
    }
    if let (Some(warning), false) = (import.warnings.first(), confirmed) {
        return Err(DomainError::Conflict { code: "limit_below_spent", message: format!("{warning}. Confirm to set it all the same") });
    }
    let changed = change_as(core, &author::current(), Some(revision), Because::Imported, |config| {
        set_fields(config, settings)?;
        config.rules = rules::in_one_form(config.rules.clone());
        Ok(())
    })
    .await?;
    import.revision = changed.config.revision;
    import.applied = Some(changed);
    Ok(import)
}

fn invalid(code: &'static str, message: String) -> DomainError {
    DomainError::Invalid { code, message }
}

/// A file that was held against the configuration.
struct Reading {
    import: ConfigImport,
    /// What is to be set; meant only where nothing is refused.
    settings: Map<String, Value>,
}

impl Reading {
    async fn of(core: &Core, config: &PipelineConfig, text: &str) -> Result<Self> {
        let (given, versions, mut refused) = parse(text)?;
        let known = known_fields(config)?;
        let mut settings = Map::new();
        let mut trial = config.clone();
        for (field, value) in given {
            let mut refuse = |why: String| refused.push(RefusedField { field: field.clone(), why });
            if field == STATE {
                refuse("Whether the pipeline runs is no part of a file; pause or resume it by hand".to_owned());
                continue;
            }
            if !known.contains_key(&field) && [PROVIDER, ALERT, CATEGORY, MODEL].iter().all(|begin| !field.starts_with(begin)) {
                refuse(unknown(&field, &known));
                continue;
            }
            let value = match version_in(&field, &value) {
                Some(id) => match found_version(core, id, &versions).await? {
                    Ok(id) => Value::String(id.to_string()),
                    Err(why) => {
                        refuse(why);
                        continue;
                    }
                },
                None => value,
            };
            let mut with = trial.clone();
            match set_fields(&mut with, Map::from_iter([(field.clone(), value.clone())])) {
                Ok(()) => {
                    trial = with;
                    settings.insert(field, value);
                }
                Err(_) => refuse(format!("It can't hold {value}")),
            }
        }
        trial.rules = rules::in_one_form(trial.rules);
        refused.extend(troubles(core, config, &trial, &settings).await?);
        let (was, is) = differences(config, &trial)?;
        let changes: Vec<FieldChange> =
            is.into_iter().map(|(field, after)| FieldChange { before: was.get(&field).cloned().unwrap_or(Value::Null), field, after }).collect();
        let mut warnings: Vec<String> = rules::spent_already(core, &config.rules, &trial.rules).await?.into_iter().collect();
        if trial.live_model != config.live_model && !models::is_listed(core, &trial.live_model) {
            warnings.push(format!("Nothing is known of the live model {}: not whether it is there, nor what it costs", trial.live_model));
        }
        let unchanged = settings.len().saturating_sub(changes.len());
        let import = ConfigImport { changes, unchanged, refused, warnings, revision: config.revision, applied: None };
        Ok(Self { import, settings })
    }
}

type Parsed = (Map<String, Value>, BTreeMap<PromptVersionId, ExportedVersion>, Vec<RefusedField>);

/// The settings of a file, the prompt versions that it brings, and what else is in it that nobody knows.
fn parse(text: &str) -> Result<Parsed> {
    let not_ours = |message: &str| invalid("not_config", format!("{message}. Choose a file that was exported from Pipeline control"));
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let message = format!("The file is no JSON: line {}, column {}: {error}. Nothing was changed", error.line(), error.column());
        invalid("not_json", message)
    })?;
    let Value::Object(mut file) = value else { return Err(not_ours("The file holds no configuration")) };
    if file.get("format").and_then(Value::as_str) != Some(CONFIG_FILE_FORMAT) {
        return Err(not_ours("The file does not say that it is a configuration of Minerva"));
    }
    match file.get("version").and_then(Value::as_u64) {
        Some(1..=CONFIG_FILE_VERSION) => {}
        Some(newer) if newer > CONFIG_FILE_VERSION => {
            let message = format!("The file is of version {newer}; this Minerva reads up to {CONFIG_FILE_VERSION}. Update Minerva, then import it");
            return Err(invalid("newer_version", message));
        }
        _ => return Err(not_ours("The file does not say its version")),
    }
    let Some(Value::Object(settings)) = file.shift_remove("settings") else { return Err(not_ours("The file holds no settings")) };
    let versions = match file.shift_remove("prompt_versions") {
        None => BTreeMap::new(),
        Some(versions) => serde_json::from_value(versions)
            .map_err(|error| invalid("not_config", format!("The prompt versions of the file can't be read: {error}")))?,
    };
    let strange = file.keys().filter(|part| !PARTS.contains(&part.as_str()));
    let refused =
        strange.map(|part| RefusedField { field: part.clone(), why: "No configuration has such a part; take it out of the file".to_owned() });
    let refused = refused.collect();
    Ok((settings, versions, refused))
}

/// The fields that there are, those that are not set included.
fn known_fields(config: &PipelineConfig) -> Result<Map<String, Value>> {
    let rules = ProcessingRules {
        daily_limit_usd: Some(UsdMicros(1)),
        monthly_limit_usd: Some(UsdMicros(1)),
        photo_limit_usd: Some(UsdMicros(1)),
        image_max_edge_px: Some(1),
        image_quality: Some(1),
        ..config.rules.clone()
    };
    fields(&PipelineConfig { rules, ..config.clone() })
}

fn unknown(field: &str, known: &Map<String, Value>) -> String {
    let close = known.keys().map(|name| (strsim::damerau_levenshtein(field, name), name)).min().filter(|(distance, _)| *distance <= 3);
    match close {
        Some((_, name)) => format!("No configuration has such a field; is '{name}' meant?"),
        None => "No configuration has such a field; take it out of the file".to_owned(),
    }
}

/// The prompt version that a file names: by its id, or by its text where it comes from elsewhere.
async fn found_version(
    core: &Core,
    id: PromptVersionId,
    versions: &BTreeMap<PromptVersionId, ExportedVersion>,
) -> Result<std::result::Result<PromptVersionId, String>> {
    if store::prompts::version(&core.db, core.org, id).await?.is_some() {
        return Ok(Ok(id));
    }
    let Some(named) = versions.get(&id) else {
        return Ok(Err("There is no such prompt version here, and the file does not bring its text".to_owned()));
    };
    let found = store::prompts::version_that_says(&core.db, core.org, None, &named.content, &named.parts).await?;
    let found = found.map(|(id, _)| id);
    Ok(found.ok_or_else(|| format!("No prompt version here has the text of {}. Import that prompt first", named.label)))
}

/// What is wrong with the configuration that a file makes, by field.
async fn troubles(core: &Core, before: &PipelineConfig, trial: &PipelineConfig, settings: &Map<String, Value>) -> Result<Vec<RefusedField>> {
    let mut refused: Vec<RefusedField> =
        rules::troubles(&trial.rules).into_iter().map(|trouble| RefusedField { field: trouble.field, why: trouble.message }).collect();
    let mut refuse = |field: &str, error: DomainError| match error {
        DomainError::Store(error) => Err(DomainError::Store(error)),
        other => {
            refused.push(RefusedField { field: field.to_owned(), why: other.to_string() });
            Ok(())
        }
    };
    for field in settings.keys() {
        let checked = if let Some(name) = field.strip_prefix(PROVIDER) {
            trial.providers.get(name).map_or(Ok(()), |setting| providers::check_one(core, name, setting.clone()))
        } else if let Some(name) = field.strip_prefix(ALERT) {
            let one: AlertRules = trial.alert_rules.get(name).map(|rule| (name.to_owned(), *rule)).into_iter().collect();
            alerts::check_rules(&one)
        } else if let Some(name) = field.strip_prefix(MODEL) {
            trial.model_parameters.get(name).map_or(Ok(()), |parameters| models::check_parameters(core, name, *parameters))
        } else if field == "fallbacks" && trial.fallbacks != before.fallbacks {
            fallbacks::check(core, &trial.fallbacks).await
        } else if let Some(id) = settings.get(field).and_then(|value| version_in(field, value)) {
            let version = store::prompts::version(&core.db, core.org, id).await?;
            version.map_or(Ok(()), |version| prompts::check_renders((&version).into()))
        } else {
            Ok(())
        };
        if let Err(error) = checked {
            refuse(field, error)?;
        }
    }
    if trial.live_model != before.live_model
        && let Err(error) = models::check_usable(core, &trial.live_model, &Brought::default()).await
    {
        refuse("live_model", error)?;
    }
    if let Err(error) = alerts::check_rules(&trial.alert_rules)
        && settings.keys().all(|field| !field.starts_with(ALERT))
    {
        refuse(ALERT, error)?;
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        match parse(text).expect_err("refused") {
            DomainError::Invalid { code, message } => format!("{code}: {message}"),
            other => other.to_string(),
        }
    }

    #[test]
    fn what_is_no_file_of_ours_is_told_apart_and_where() {
        assert!(code("{\n \"format\": }").starts_with("not_json: The file is no JSON: line 2, column 12"), "{}", code("{\n \"format\": }"));
        assert!(code("[1]").starts_with("not_config"));
        assert!(code(r#"{"format":"other","version":1,"settings":{}}"#).starts_with("not_config"));
        assert!(code(r#"{"format":"minerva-config","settings":{}}"#).contains("version"));
        let newer = code(r#"{"format":"minerva-config","version":2,"settings":{}}"#);
        assert!(newer.starts_with("newer_version") && newer.contains("Update Minerva"), "{newer}");
    }

    #[test]
    fn parts_that_nobody_knows_are_named() {
        let (settings, _, refused) = parse(r#"{"format":"minerva-config","version":1,"settings":{"workers":3},"secrets":{}}"#).expect("read");
        assert_eq!(settings.len(), 1);
        assert_eq!(refused[0].field, "secrets");
    }
}
