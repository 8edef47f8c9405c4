//! A person's own provider keys for a platform elsewhere: each is kept on this computer for that platform alone, and goes
//! there only with a request that needs it. A key in the environment of the console counts as such a one where none is kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use super::KeysWorked;
use crate::client::{self, Client};
use crate::keys::{self, KeyOrigin, Keys};
use crate::wire::model::{KeyState, ModelInfo};
use crate::wire::provider::ProviderInfo;

/// Where [`KeyState::Present`] says that such a key is from.
pub const FROM: &str = "own";
/// The same of one that is held only until the program ends.
pub const FROM_SESSION: &str = "own, this session";

/// The same of one that an environment variable of this computer holds.
pub const FROM_ENVIRONMENT: &str = "own, environment";

/// Whether a key is such a one.
#[must_use]
pub fn is_own(from: &str) -> bool {
    [FROM, FROM_SESSION, FROM_ENVIRONMENT].contains(&from)
}

/// The keys for one platform. Cheap to clone.
#[derive(Clone)]
pub struct OwnKeys {
    keys: Keys,
    worked: KeysWorked,
    platform: Url,
    /// Whether keys may travel there at all.
    is_private: bool,
}

impl OwnKeys {
    #[must_use]
    pub fn new(keys: Keys, worked: KeysWorked, platform: &Client) -> Self {
        Self { keys, worked, platform: platform.base().clone(), is_private: platform.is_private() }
    }

    /// The keyring's name for a provider's key at this platform: one that is kept for other work is never sent there.
    #[must_use]
    pub fn account(&self, provider: &str) -> String {
        format!("{provider} for {}", self.platform)
    }

    async fn find(&self, provider: &str) -> Option<(SecretString, KeyOrigin)> {
        if let Ok(kept) = self.keys.get(&self.account(provider)).await {
            return Some(kept);
        }
        // Nobody has said that this one should go there: over an open line it stays here, and is no obstacle either.
        let of_environment = self.keys.of_environment(provider).filter(|_| self.is_private);
        of_environment.map(|key| (key, KeyOrigin::Environment))
    }

    async fn get(&self, provider: &str) -> Option<SecretString> {
        self.find(provider).await.map(|(key, _)| key)
    }

    /// The key that a question goes with, for a word afterwards on whether it worked.
    pub async fn in_use(&self, provider: &str) -> Option<InUse> {
        Some(InUse { key: self.get(provider).await?, account: self.account(provider), worked: self.worked.clone() })
    }

    /// A client that brings the keys of these providers along, where there are any.
    pub async fn bring(&self, client: &Client, providers: &[String]) -> client::Result<Client> {
        let mut brought = Vec::new();
        for provider in providers {
            if let Some(key) = self.get(provider).await {
                brought.push((provider.clone(), key));
            }
        }
        client.bringing(&brought)
    }

    async fn state(&self, provider: &str) -> Option<KeyState> {
        let (key, origin) = self.find(provider).await?;
        let from = match origin {
            KeyOrigin::Keyring => FROM,
            KeyOrigin::Session => FROM_SESSION,
            KeyOrigin::Environment => FROM_ENVIRONMENT,
        };
        Some(KeyState::Present { tail: keys::tail(&key), from: from.to_owned() })
    }

    /// Lets models be used whose provider's key is only here.
    pub async fn fill_models(&self, models: &mut [ModelInfo]) {
        let mut states: HashMap<String, Option<KeyState>> = HashMap::new();
        for model in models.iter_mut().filter(|model| matches!(model.key, KeyState::Missing { .. })) {
            if !states.contains_key(&model.provider) {
                states.insert(model.provider.clone(), self.state(&model.provider).await);
            }
            if let Some(Some(state)) = states.get(&model.provider) {
                model.key = state.clone();
            }
        }
    }

    /// Says of each provider that its key is here, where it is.
    pub async fn fill_providers(&self, providers: &mut [ProviderInfo]) {
        for provider in providers {
            if let Some(state) = self.state(&provider.name).await {
                provider.key = state;
                // What the platform knows was earned with a key of its own.
                provider.last_check = None;
                provider.key_worked_at = self.in_use(&provider.name).await.and_then(|key| key.worked_at());
            }
        }
    }
}

/// A key that something is asked with.
pub struct InUse {
    key: SecretString,
    account: String,
    worked: KeysWorked,
}

impl InUse {
    /// It was answered well.
    pub fn note_worked(&self, at: DateTime<Utc>) {
        self.worked.note(&self.account, &self.key, at);
    }

    #[must_use]
    pub fn worked_at(&self) -> Option<DateTime<Utc>> {
        self.worked.at(&self.account, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(keys: &Keys, worked: &KeysWorked, base: &str) -> OwnKeys {
        let client = Client::new(base.parse().expect("a URL"), "token".into()).expect("a client");
        OwnKeys::new(keys.clone(), worked.clone(), &client)
    }

    #[tokio::test]
    async fn a_variable_counts_as_ones_own_key_unless_others_could_read_it_on_the_way() {
        let keys = Keys::new(HashMap::from([("gemini".to_owned(), "of-the-environment".into())]), false);
        let far = own(&keys, &KeysWorked::default(), "https://team.example.com/");
        let from = |from: &str, tail: &str| Some(KeyState::Present { tail: tail.to_owned(), from: from.to_owned() });
        assert_eq!(far.state("gemini").await, from(FROM_ENVIRONMENT, "ment"));
        assert_eq!(far.state("openai").await, None);
        assert_eq!(own(&keys, &KeysWorked::default(), "http://team.example.com/").state("gemini").await, None);
        keys.set_for_session(&far.account("gemini"), "one-that-was-entered".into());
        assert_eq!(far.state("gemini").await, from(FROM_SESSION, "ered"), "what was entered for it goes first");
    }

    #[tokio::test]
    async fn that_a_key_worked_is_remembered_over_a_restart_and_of_that_key_alone() {
        let keys = Keys::new(HashMap::new(), false);
        let (worked, at) = (KeysWorked::default(), "2026-11-23T12:00:00Z".parse().expect("a time"));
        let far = own(&keys, &worked, "https://team.example.com/");
        keys.set_for_session(&far.account("gemini"), "the-first-key-0001".into());
        far.in_use("gemini").await.expect("a key").note_worked(at);
        let again = own(&keys, &KeysWorked::restored(worked.kept()), "https://team.example.com/");
        assert_eq!(again.in_use("gemini").await.expect("a key").worked_at(), Some(at));
        keys.set_for_session(&far.account("gemini"), "the-second-key-0002".into());
        assert_eq!(again.in_use("gemini").await.expect("a key").worked_at(), None, "this one was never tried");
    }
}
