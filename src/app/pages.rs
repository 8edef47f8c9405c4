//! What people set on the pages of providers, for commands that do not run on the data folder itself: a server that was added
//! there is known to them too. Never a key.

use super::config::{Settings, environment_keys};
use super::terminal;
use crate::keys::Keys;
use crate::platform::domain::providers::readable_on_the_way;
use crate::platform::host;
use crate::platform::store::peek;
use crate::providers::{Endpoint, Limits};
use crate::wire::provider::ProviderSetting;

impl Settings {
    /// With the addresses and limits of the data folder's database, where there is one. As in the console they go before the
    /// configuration file; `--base-url` of this very command goes before them.
    pub async fn with_pages(self: &Settings) -> Self {
        let mut settings = self.clone();
        let database = settings.data_dir.join(host::DATABASE_FILE);
        if !database.is_file() {
            return settings;
        }
        let set = match peek::provider_settings(&database).await {
            Ok(set) => set,
            Err(error) => {
                let shown = database.display();
                terminal::err(&format!("The settings of providers in {shown} could not be read, so those of this command alone count: {error}"));
                return settings;
            }
        };
        for (name, setting) in set {
            let is_given = self.given_bases.contains(&name);
            lay_over(&mut settings.providers.endpoints, name, &setting, is_given);
        }
        // A server that was added there may have its key in the environment.
        settings.keys = Keys::new(environment_keys(&settings.providers.endpoints), true);
        settings
    }
}

impl Settings {
    /// Whose keys the environment may hold: those of the servers that were added on pages too. The platform itself reads the rest of
    /// what stands there.
    pub async fn with_keys_of_pages(&self) -> Self {
        Self { keys: self.with_pages().await.keys, ..self.clone() }
    }

    /// What is to be said of a key that travels to its provider unencrypted; `None` where none does.
    pub async fn key_in_the_open(&self, provider: &str) -> Option<String> {
        let told = self.providers.endpoints.iter().find(|told| told.name == provider)?;
        let warning = readable_on_the_way(told.base.as_ref()?)?;
        self.keys.get(provider).await.ok().map(|_| warning)
    }
}

fn lay_over(endpoints: &mut Vec<Endpoint>, name: String, setting: &ProviderSetting, is_given: bool) {
    let at = endpoints.iter().position(|told| told.name == name).unwrap_or_else(|| {
        endpoints.push(Endpoint { name, base: None, limits: Limits::default() });
        endpoints.len() - 1
    });
    let told = &mut endpoints[at];
    let set = setting.base_url.as_deref().and_then(|base| url::Url::parse(base).ok());
    told.base = if is_given { told.base.take() } else { set.or(told.base.take()) };
    let limits = setting.limits;
    told.limits = Limits {
        requests_per_minute: limits.requests_per_minute.or(told.limits.requests_per_minute),
        tokens_per_minute: limits.tokens_per_minute.or(told.limits.tokens_per_minute),
        concurrency: limits.concurrency.or(told.limits.concurrency),
        timeout_s: limits.timeout_s.or(told.limits.timeout_s),
        total_s: limits.total_s.or(told.limits.total_s),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::provider::ProviderLimits;

    #[test]
    fn a_page_goes_before_the_file_and_the_command_before_the_page() {
        let url = |text: &str| url::Url::parse(text).expect("a URL");
        let told = |name: &str| Endpoint {
            name: name.to_owned(),
            base: Some(url("http://told/")),
            limits: Limits { concurrency: Some(3), timeout_s: Some(9), ..Limits::default() },
        };
        let mut endpoints = vec![told("file"), told("command")];
        let limits = ProviderLimits { concurrency: Some(5), ..ProviderLimits::default() };
        let set = ProviderSetting { base_url: Some("http://page/".to_owned()), allow_http: false, limits };
        for (name, is_given) in [("file", false), ("command", true), ("added", false)] {
            lay_over(&mut endpoints, name.to_owned(), &set, is_given);
        }
        let bases: Vec<_> = endpoints.iter().map(|told| (told.name.as_str(), told.base.as_ref().map_or("", url::Url::as_str))).collect();
        assert_eq!(bases, [("file", "http://page/"), ("command", "http://told/"), ("added", "http://page/")]);
        assert_eq!((endpoints[0].limits.concurrency, endpoints[0].limits.timeout_s), (Some(5), Some(9)));
        let only_limits = ProviderSetting { base_url: None, ..set };
        lay_over(&mut endpoints, "file".to_owned(), &only_limits, false);
        assert_eq!(endpoints[0].base, Some(url("http://page/")), "no address there leaves the one that was told");
    }
}
