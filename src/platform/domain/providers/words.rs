//! What is said of providers and of changes of their settings.

use std::collections::BTreeMap;

use url::Url;

use super::address::is_loopback;
use crate::platform::domain::Core;
use crate::providers::{KeyNeed, Provider};
use crate::wire::provider::{ProviderLimits, ProviderSetting};

/// What a person should know before sending photos there.
#[must_use]
pub fn notes(name: &str, base_url: Option<&str>) -> Vec<String> {
    let built_in: &[&str] = match name {
        "on-device" => &["Runs inside this program: it needs no key and no network, costs nothing, and no photo leaves this computer"],
        "gemini" => {
            &["On Gemini's free tier Google may use what is sent, photos included, to improve its products; with billing switched on it does not"]
        }
        "vision" => &[
            "Follows no prompt: it gives labels, objects, text or safe-search ratings of its own",
            "The key must allow the Cloud Vision API; a Gemini key will not do",
            "Billed by photo and feature, not by token",
        ],
        "ollama" => &["Runs the models on a machine of yours. Pull a model that takes photos first"],
        _ => &[],
    };
    let mut notes: Vec<String> = built_in.iter().map(|note| (*note).to_owned()).collect();
    if let Some(base) = base_url.and_then(|base| Url::parse(base).ok()) {
        let host = base.host_str().unwrap_or_default();
        notes.push(if is_loopback(&base) {
            "The address is on the platform's own computer: photos do not leave it unless what answers there passes them on".to_owned()
        } else {
            // It takes no prompt.
            let what = if name == "vision" { "Photos" } else { "Photos and prompts" };
            format!("{what} are sent to {host}")
        });
    }
    notes
}

/// What a person should mend, or at least know, before a key is entered.
#[must_use]
pub fn warnings(provider: &dyn Provider, base_url: Option<&str>) -> Vec<String> {
    let base = base_url.and_then(|base| Url::parse(base).ok());
    base.iter().filter(|_| provider.key_need() != KeyNeed::None).filter_map(readable_on_the_way).collect()
}

/// Said of an address that is not encrypted and not on this very machine: those on the way read the key.
#[must_use]
pub fn readable_on_the_way(base: &Url) -> Option<String> {
    let is_open = base.scheme() == "http" && !is_loopback(base);
    let host = base.host_str().unwrap_or_default();
    is_open
        .then(|| format!("The key and the photos travel to {host} unencrypted: others on that network can read them. Use https:// where it has it"))
}

/// What changed in the settings of providers, in words, one part a provider.
#[must_use]
pub fn summary(core: &Core, before: &BTreeMap<String, ProviderSetting>, after: &BTreeMap<String, ProviderSetting>) -> Vec<String> {
    let label =
        |name: &str| core.providers.iter().find(|member| member.name() == name).map_or_else(|| name.to_owned(), |member| member.label().to_owned());
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed.map(|name| format!("{}: {}", label(name), setting(name, before.get(name), after.get(name)))).collect()
}

fn setting(name: &str, before: Option<&ProviderSetting>, after: Option<&ProviderSetting>) -> String {
    let is_added = !super::BUILT_IN.contains(&name);
    match (before, after) {
        (None, Some(after)) if is_added => return format!("added at {}", after.base_url.as_deref().unwrap_or("its known address")),
        (Some(_), None) if is_added => return "removed".to_owned(),
        _ => {}
    }
    let nothing = ProviderSetting::default();
    let (was, is) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
    let mut said = Vec::new();
    if was.base_url != is.base_url {
        let words = |url: &Option<String>| url.clone().unwrap_or_else(|| "default".to_owned());
        said.push(format!("base URL {} → {}", words(&was.base_url), words(&is.base_url)));
    }
    if was.allow_http != is.allow_http {
        said.push(format!("unencrypted address {}", if is.allow_http { "allowed" } else { "no longer allowed" }));
    }
    let number = |value: Option<u32>| value.map_or_else(|| "default".to_owned(), |value| value.to_string());
    let limits = |of: fn(&ProviderLimits) -> Option<u32>| (of(&was.limits), of(&is.limits));
    for (what, (was, is)) in [
        ("requests a minute", limits(|limits| limits.requests_per_minute)),
        ("tokens a minute", limits(|limits| limits.tokens_per_minute)),
        ("calls at once", limits(|limits| limits.concurrency)),
        ("seconds of silence", limits(|limits| limits.timeout_s)),
        ("seconds in all", limits(|limits| limits.total_s)),
    ] {
        if was != is {
            said.push(format!("{what} {} → {}", number(was), number(is)));
        }
    }
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_on_an_open_way_is_warned_of_but_for_this_very_machine() {
        let warned = |base: &str| readable_on_the_way(&Url::parse(base).expect("a URL")).is_some();
        assert!(warned("http://192.168.1.7:8000/v1") && warned("http://api.example.com/") && warned("http://gpu.local/"));
        assert!(!warned("https://192.168.1.7/") && !warned("http://127.0.0.1:1234/") && !warned("http://localhost:1/") && !warned("http://[::1]/"));
    }
}
