//! Providers as people set them up: where they are, how much may be asked of them, and what is known of their keys.

mod address;
mod brought;
mod key_marks;
mod offered;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use super::{Core, DomainError, Result, config, health};
use crate::keys;
use crate::providers::{Endpoint, KeyNeed, Limits, Provider, ProviderSettings};
use crate::wire::config::{ConfigChanged, PipelineConfig};
use crate::wire::model::KeyState;
use crate::wire::provider::{AddProvider, KeyWish, ProviderInfo, ProviderLimits, ProviderList, ProviderSetting, SettingOrigin};
use crate::wire::result::{Fault, FaultKind, Outcome, Usage, until_words};

pub use brought::Brought;
pub use key_marks::{checks, key_mark, note_key_worked};
pub use offered::{asked_list, known_offered, models};
pub use words::{readable_on_the_way, summary};

/// Names that no added server may have.
const BUILT_IN: [&str; 6] = ["on-device", "gemini", "vision", "openai", "anthropic", "ollama"];
const ADDED_MOST: usize = 32;
const NAME_MOST: usize = 32;

/// What this process remembers of providers.
#[derive(Default)]
pub struct Seen {
    offered: Mutex<HashMap<String, offered::Offered>>,
    worked: Mutex<HashMap<String, key_marks::Worked>>,
    /// Providers of models in use that have no key, and why.
    without_key: Mutex<HashMap<String, Fault>>,
    /// Models that their providers do not give to this key, and why. Each is asked again after a while.
    withheld: Mutex<HashMap<String, Fault>>,
}

/// How long a model is left alone that its provider does not give.
const WITHHELD_FOR: TimeDelta = TimeDelta::minutes(2);

/// Every provider as it stands.
pub async fn list(core: &Core) -> Result<ProviderList> {
    let config = config::current(core).await?;
    let worked = key_marks::worked(core).await?;
    let checks = checks(core).await?;
    let mut items = Vec::new();
    for provider in core.providers.iter() {
        let name = provider.name();
        let setting = config.providers.get(name).cloned().unwrap_or_default();
        let told = told(core, name);
        let told_base = told.as_ref().and_then(|told| told.base.as_ref()).map(ToString::to_string);
        let default_base_url = told_base.clone().or_else(|| provider.default_base().map(str::to_owned));
        let base_url_from = match () {
            () if setting.base_url.is_some() => SettingOrigin::Set,
            () if told_base.is_some() => SettingOrigin::Told,
            () => SettingOrigin::BuiltIn,
        };
        let base_url = setting.base_url.clone().or_else(|| default_base_url.clone());
        items.push(ProviderInfo {
            name: name.to_owned(),
            label: provider.label().to_owned(),
            is_remote: provider.is_remote(),
            is_added: is_added(core, &config, name),
            key_wish: wish(provider.key_need()),
            key: key_state(core, provider.as_ref()).await,
            key_variable: keys::variable(name),
            key_worked_at: worked.get(name).copied(),
            notes: words::notes(name, base_url.as_deref()),
            warnings: words::warnings(provider.as_ref(), base_url.as_deref()),
            base_url,
            base_url_from,
            default_base_url,
            setting,
            told_limits: told.map_or_else(ProviderLimits::default, |told| wire_limits(told.limits)),
            stopped: provider.stopped(),
            last_check: checks.iter().find(|check| check.provider_name == name).cloned(),
        });
    }
    Ok(ProviderList { revision: config.revision, items })
}

fn wish(need: KeyNeed) -> KeyWish {
    match need {
        KeyNeed::None => KeyWish::None,
        KeyNeed::Optional => KeyWish::Optional,
        KeyNeed::Required => KeyWish::Required,
    }
}

/// How a provider's key stands; where it is optional, missing is no obstacle.
pub async fn key_state(core: &Core, provider: &dyn Provider) -> KeyState {
    if provider.key_need() == KeyNeed::None { KeyState::NotNeeded } else { core.keys.state(provider.name()).await }
}

fn told(core: &Core, name: &str) -> Option<Endpoint> {
    core.providers.told()?.endpoints.iter().rev().find(|told| told.name == name).cloned()
}

/// Where a provider is now: as set here, as told at the start, or its own address.
pub(super) fn base_url(core: &Core, config: &PipelineConfig, provider: &dyn Provider) -> Option<url::Url> {
    let set = config.providers.get(provider.name()).and_then(|setting| setting.base_url.as_deref());
    let set = set.and_then(|base| url::Url::parse(base).ok()).or_else(|| told(core, provider.name())?.base);
    set.or_else(|| provider.default_base().and_then(|base| url::Url::parse(base).ok()))
}

fn is_added(core: &Core, config: &PipelineConfig, name: &str) -> bool {
    !BUILT_IN.contains(&name) && (config.providers.contains_key(name) || told(core, name).is_some())
}

/// A provider by its name.
fn find(core: &Core, name: &str) -> Result<std::sync::Arc<dyn Provider>> {
    core.providers.iter().find(|provider| provider.name() == name).ok_or(DomainError::NotFound { what: "provider" })
}

/// Changes what is set of a provider. `revision`: the one the caller has read.
pub async fn set(core: &Core, revision: u64, name: &str, setting: ProviderSetting) -> Result<ConfigChanged> {
    let provider = find(core, name)?;
    if !provider.is_remote() {
        return Err(invalid("no_settings", "This provider is part of the program: it has no address and no limits".to_owned()));
    }
    let told = told(core, name);
    let mut setting = checked(name, setting)?;
    let default = told.as_ref().and_then(|told| told.base.as_ref()).map(ToString::to_string).or(provider.default_base().map(str::to_owned));
    if setting.base_url.is_none() && default.is_none() {
        return Err(invalid("base_url", format!("{name} was added by hand and needs a base URL")));
    }
    if setting.base_url.is_some() && setting.base_url == default {
        setting.base_url = None;
        setting.allow_http = false;
    }
    config::change(core, Some(revision), |config| {
        // A server that was added here is its settings; what is built in goes back to none.
        if setting == ProviderSetting::default() {
            config.providers.remove(name)
        } else {
            config.providers.insert(name.to_owned(), setting)
        };
        Ok(())
    })
    .await
}

/// Adds a server that speaks the `OpenAI` chat format.
pub async fn add(core: &Core, asked: AddProvider) -> Result<ConfigChanged> {
    let name = asked.name.trim().to_owned();
    check_name(&name)?;
    let setting = checked(&name, asked.setting)?;
    if setting.base_url.is_none() {
        return Err(invalid("base_url", "A server needs a base URL, such as http://localhost:1234/v1".to_owned()));
    }
    if core.providers.iter().any(|provider| provider.name() == name) {
        return Err(DomainError::Conflict { code: "name_taken", message: format!("There is a provider named {name} already. Choose another name") });
    }
    config::change(core, None, |config| {
        if config.providers.len() >= ADDED_MOST {
            return Err(invalid("too_many", format!("There are {ADDED_MOST} providers with settings already. Remove one first")));
        }
        config.providers.insert(name.clone(), setting);
        Ok(())
    })
    .await
}

/// Removes a server that was added. Its key is left to whoever keeps it.
pub async fn remove(core: &Core, revision: u64, name: &str) -> Result<ConfigChanged> {
    let conflict = |code, message| Err(DomainError::Conflict { code, message });
    find(core, name)?;
    if BUILT_IN.contains(&name) {
        return conflict("built_in", format!("{name} is built in. Reset its address, or remove its key"));
    }
    if told(core, name).is_some() {
        return conflict("told", format!("{name} comes from the command line or the configuration file. Remove it there"));
    }
    config::change(core, Some(revision), |config| {
        config.providers.remove(name);
        check_live(core, config)
    })
    .await
}

/// Holds all settings to their rules, as an undo must.
pub fn check(core: &Core, config: &PipelineConfig) -> Result<()> {
    for (name, setting) in &config.providers {
        checked(name, setting.clone())?;
    }
    check_live(core, config)
}

/// Refuses settings that a provider can't have, as a file may bring them.
pub fn check_one(core: &Core, name: &str, setting: ProviderSetting) -> Result<()> {
    let known = core.providers.iter().find(|provider| provider.name() == name);
    if known.as_ref().is_some_and(|provider| !provider.is_remote()) {
        return Err(invalid("no_settings", "This provider is part of the program: it has no address and no limits".to_owned()));
    }
    check_name(name)?;
    let needs_base = known.is_none() || !BUILT_IN.contains(&name) && told(core, name).is_none();
    if needs_base && setting.base_url.is_none() {
        return Err(invalid("base_url", "A server needs a base URL, such as http://localhost:1234/v1".to_owned()));
    }
    checked(name, setting).map(drop)
}

/// The providers of the models in use must stay.
fn check_live(core: &Core, config: &PipelineConfig) -> Result<()> {
    for model in config.models_in_use() {
        let (provider, _) = model.split_once('/').unwrap_or((model, ""));
        let stays = BUILT_IN.contains(&provider)
            || config.providers.contains_key(provider)
            || core.providers.told().is_none()
            || told(core, provider).is_some();
        if stays {
            continue;
        }
        let (code, message) = if model == config.live_model {
            ("is_live", format!("{provider} can't go while {model} is the live model. Make another model live first"))
        } else {
            ("is_fallback", format!("{provider} can't go while {model} stands in for the live model. Take it out of the fallback chain first"))
        };
        return Err(DomainError::Conflict { code, message });
    }
    Ok(())
}

fn invalid(code: &'static str, message: String) -> DomainError {
    DomainError::Invalid { code, message }
}

fn check_name(name: &str) -> Result<()> {
    let is_sound = (1..=NAME_MOST).contains(&name.len())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
        && !name.starts_with('-');
    if !is_sound {
        let message = format!("A name has 1 to {NAME_MOST} of the letters a–z, the digits and '-': its models are called NAME/MODEL");
        return Err(invalid("name", message));
    }
    Ok(())
}

/// The setting in its one form, if it keeps to the rules.
fn checked(name: &str, setting: ProviderSetting) -> Result<ProviderSetting> {
    let ProviderLimits { requests_per_minute, tokens_per_minute, concurrency, timeout_s, total_s } = setting.limits;
    let within = |code, what: &str, value: Option<u32>, most: u32| match value {
        Some(value) if !(1..=most).contains(&value) => Err(invalid(code, format!("{what} must be from 1 to {most}"))),
        _ => Ok(()),
    };
    within("requests_per_minute", "Requests a minute", requests_per_minute, 1_000_000)?;
    within("tokens_per_minute", "Tokens a minute", tokens_per_minute, 1_000_000_000)?;
    within("concurrency", "Calls at once", concurrency, 256)?;
    within("timeout_s", "The longest silence", timeout_s, 3_600)?;
    within("total_s", "The time in all", total_s, 7_200)?;
    let base_url = match setting.base_url.as_deref().map(str::trim).filter(|typed| !typed.is_empty()) {
        Some(typed) => Some(address::check(name, typed, setting.allow_http)?.to_string()),
        None => None,
    };
    let allow_http = setting.allow_http && base_url.as_deref().is_some_and(|url| url.starts_with("http:"));
    Ok(ProviderSetting { base_url, allow_http, limits: setting.limits })
}

/// Puts the settings into effect: what is set here goes before what the program was told at its start.
pub fn apply(core: &Core, config: &PipelineConfig) {
    let Some(told) = core.providers.told() else { return };
    let mut endpoints: BTreeMap<String, Endpoint> = told.endpoints.iter().map(|told| (told.name.clone(), told.clone())).collect();
    for (name, setting) in &config.providers {
        let endpoint = endpoints.entry(name.clone()).or_insert_with(|| Endpoint { name: name.clone(), base: None, limits: Limits::default() });
        let base = setting.base_url.as_deref().and_then(|base| url::Url::parse(base).ok());
        endpoint.base = base.or(endpoint.base.take());
        endpoint.limits = own_limits(setting.limits.or(wire_limits(endpoint.limits)));
    }
    core.providers.reconfigure(&ProviderSettings { endpoints: endpoints.into_values().collect(), ..told.clone() });
    // What was held back may go on under other settings.
    core.seen_of_providers.withheld().clear();
    core.work.notify_one();
    core.seen_of_providers.offered.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn own_limits(limits: ProviderLimits) -> Limits {
    let ProviderLimits { requests_per_minute, tokens_per_minute, concurrency, timeout_s, total_s } = limits;
    Limits { requests_per_minute, tokens_per_minute, concurrency, timeout_s, total_s }
}

fn wire_limits(limits: Limits) -> ProviderLimits {
    let Limits { requests_per_minute, tokens_per_minute, concurrency, timeout_s, total_s } = limits;
    ProviderLimits { requests_per_minute, tokens_per_minute, concurrency, timeout_s, total_s }
}

/// Really asks a provider whether it answers and takes its key.
pub async fn test(core: &Core, name: &str, brought: &Brought) -> Result<crate::wire::health::ProviderHealth> {
    let health = health::check_provider(core, find(core, name)?.as_ref(), brought).await;
    try_models_again(core);
    health
}

/// Somebody wants to know how it stands: what was said of single models is asked anew, and held jobs with it.
pub fn try_models_again(core: &Core) {
    core.seen_of_providers.withheld().clear();
    core.work.notify_one();
}

/// Lets a provider's calls through again.
pub fn resume(core: &Core, name: &str) -> Result<()> {
    find(core, name)?.resume();
    try_models_again(core);
    Ok(())
}

/// The fault that holds back all calls to a model's provider.
#[must_use]
pub fn held_back(core: &Core, full_model: &str) -> Option<Fault> {
    let (provider, _) = core.providers.find(full_model)?;
    let name = provider.name();
    let no_key = || core.seen_of_providers.without_key().get(name).cloned().filter(|_| !core.keys.is_at_hand(name));
    provider.stopped().or_else(no_key).or_else(|| withheld(core, full_model))
}

/// Remembers what a call said of its model: that there is none for this key, which the next call would meet as well, or that there is.
pub fn note_model(core: &Core, full_model: &str, outcome: &Outcome) {
    let mut withheld = core.seen_of_providers.withheld();
    match outcome {
        Outcome::Completed(_) => drop(withheld.remove(full_model)),
        Outcome::Failed(fault) if fault.kind.is_of_the_model() && !fault.is_unsent => {
            withheld.insert(full_model.to_owned(), Fault { until: Some(core.now() + WITHHELD_FOR), ..fault.clone() });
        }
        Outcome::Failed(_) => {}
    }
}

/// Why calls to a model are not made for now.
fn withheld(core: &Core, full_model: &str) -> Option<Fault> {
    let fault = core.seen_of_providers.withheld().get(full_model).cloned()?;
    let until = fault.until.filter(|until| *until > core.now())?;
    let message = format!("Calls to {full_model} are held back {}. {}", until_words(until), fault.message);
    let wait_ms = (until - core.now()).num_milliseconds().try_into().ok();
    Some(Fault { message, wait_ms, is_unsent: true, retries: 0, usage: Usage::default(), cost_usd: None, may_cost: false, ..fault })
}

impl Seen {
    fn withheld(&self) -> std::sync::MutexGuard<'_, HashMap<String, Fault>> {
        self.withheld.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without_key(&self) -> std::sync::MutexGuard<'_, HashMap<String, Fault>> {
        self.without_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks whether the models in use have the keys that they need: without one every job would fail, one after the other. Returns
/// whether one is missing, so that it is looked for again.
pub async fn look_for_keys(core: &Core, config: &PipelineConfig) -> bool {
    let mut missing = HashMap::new();
    for model in config.models_in_use() {
        let Some((provider, _)) = core.providers.find(model) else { continue };
        let name = provider.name();
        if provider.key_need() != KeyNeed::Required || core.keys.is_at_hand(name) || missing.contains_key(name) {
            continue;
        }
        if let Err(why) = core.keys.get(name).await {
            let message = format!("Calls to {} wait for a key. {why}", provider.label());
            let fault = Fault { provider: Some(name.to_owned()), is_unsent: true, ..Fault::new(FaultKind::Auth, message) };
            missing.insert(name.to_owned(), fault);
        }
    }
    let mut known = core.seen_of_providers.without_key();
    for name in missing.keys().filter(|name| !known.contains_key(*name)) {
        tracing::warn!(provider = %name, "there is no key; calls wait for one");
    }
    let is_missing = !missing.is_empty();
    *known = missing;
    is_missing
}
