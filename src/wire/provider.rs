//! Providers of models: what a page shows of one, and what a person may set.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// How the header begins that brings a person's own key along with a request; the provider's name follows. Such a key is used
/// for that request and the run that it starts, before the platform's own, and is never stored. It travels over TLS or loopback only.
pub const OWN_KEY_HEADER: &str = "x-minerva-key-";

use super::health::ProviderHealth;
use super::model::KeyState;
use super::result::Fault;

/// The providers on the network that are built in.
pub const BUILT_IN_REMOTE: [&str; 5] = ["gemini", "vision", "openai", "anthropic", "ollama"];

/// What people call a provider, where only its name is known; a server that somebody added keeps its name.
#[must_use]
pub fn provider_label(name: &str) -> &str {
    match name {
        "gemini" => "Google Gemini",
        "vision" => "Google Cloud Vision",
        "openai" => "OpenAI",
        "anthropic" => "Anthropic",
        "ollama" => "Ollama",
        other => other,
    }
}

/// The provider in a model's full name.
#[must_use]
pub fn provider_of(model: &str) -> &str {
    model.split_once('/').map_or(model, |(provider, _)| provider)
}

/// How much may be asked of a provider. What is absent is not limited by us, or stands at its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderLimits {
    /// 1–1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// 1–1,000,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u32>,
    /// Calls in flight at once, 1–256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Seconds that a try may say nothing: until its answer is there, or the next piece of one that streams. 1–3,600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// Seconds for one photo: all tries and the waits between them, from the first question on. 1–7,200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_s: Option<u32>,
}

impl ProviderLimits {
    /// These, and where they say nothing, the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(other.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.or(other.tokens_per_minute),
            concurrency: self.concurrency.or(other.concurrency),
            timeout_s: self.timeout_s.or(other.timeout_s),
            total_s: self.total_s.or(other.total_s),
        }
    }
}

/// What a person has set of a provider: `PUT /api/ai/providers/{name}`. What is absent stands as the program has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSetting {
    /// Replaces the built-in address; a compatible server must have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Somebody has agreed that photos and the key travel unencrypted to an address outside the local network.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_http: bool,
    pub limits: ProviderLimits,
}

/// `POST /api/ai/providers`: adds a server that speaks the `OpenAI` chat format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProvider {
    /// 1–32 of `a–z`, `0–9` and `-`; models are named `NAME/MODEL`.
    pub name: String,
    pub setting: ProviderSetting,
}

/// Whether a provider wants a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyWish {
    None,
    Optional,
    Required,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingOrigin {
    BuiltIn,
    /// The command line or the configuration file.
    Told,
    /// A person, here.
    Set,
}

/// One provider, as `GET /api/ai/providers` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderInfo {
    pub name: String,
    /// What people call it: `Google Gemini`.
    pub label: String,
    /// Whether it is reached over the network.
    pub is_remote: bool,
    /// Whether it was added (here, by the command line or the configuration file) rather than built in.
    pub is_added: bool,
    pub key_wish: KeyWish,
    pub key: KeyState,
    /// The environment variable that may hold its key.
    pub key_variable: String,
    /// When a call with its key was last answered well.
    pub key_worked_at: Option<DateTime<Utc>>,
    /// The address in use; `None` where it has none.
    pub base_url: Option<String>,
    pub base_url_from: SettingOrigin,
    /// The address after a reset.
    pub default_base_url: Option<String>,
    /// What is set here.
    pub setting: ProviderSetting,
    /// What the command line and the configuration file say; in effect where nothing is set here.
    pub told_limits: ProviderLimits,
    /// What holds all its calls back until somebody lets them through again.
    pub stopped: Option<Fault>,
    pub last_check: Option<ProviderHealth>,
    /// What a person should know before sending photos there.
    pub notes: Vec<String>,
    /// What endangers photos or the key on their way there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Answer of `GET /api/ai/providers`. `revision` goes into `If-Match` of the next write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderList {
    pub revision: u64,
    pub items: Vec<ProviderInfo>,
}

/// One model of a provider: from its own list, from what the program ships knowledge of, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderModel {
    /// Full name: `gemini/gemini-3.8-flash`.
    pub name: String,
    pub display_name: String,
    /// Whether the provider's own list has it; `None` where it was not asked or has no list.
    pub is_offered: Option<bool>,
    /// Whether the program ships knowledge of it.
    pub is_known: bool,
    /// `None`: nobody says.
    pub takes_photos: Option<bool>,
    pub follows_prompt: bool,
    /// USD per million tokens today; `None` where the price is unknown.
    pub input_usd_per_million: Option<f64>,
    pub output_usd_per_million: Option<f64>,
    /// USD for a thousand photos today, where they are charged by the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_thousand_photos: Option<f64>,
    pub retires: Option<NaiveDate>,
    /// Changes ahead, in words.
    pub notes: Vec<String>,
}

/// Answer of `GET /api/ai/providers/{name}/models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderModels {
    pub items: Vec<ProviderModel>,
    /// Whether the provider has a list that can be asked for.
    #[serde(default)]
    pub has_list: bool,
    /// When the provider was last asked for its list; `None`: not yet.
    pub asked_at: Option<DateTime<Utc>>,
    /// Why the list could not be had just now.
    pub fault: Option<Fault>,
}

/// Query of `GET /api/ai/providers/{name}/models`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderModelsQuery {
    /// Asks the provider, even when its list is kept.
    #[serde(default)]
    pub refresh: bool,
}

/// Such as `$1.50 per 1,000 photos`.
#[must_use]
pub fn per_thousand_photos(usd: f64) -> String {
    format!("${usd:.2} per 1,000 photos")
}
