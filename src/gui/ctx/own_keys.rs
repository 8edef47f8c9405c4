//! A person's own provider keys for a platform elsewhere: each is kept on this computer for that platform alone, and goes
//! there only with a request that needs it.

use std::collections::HashMap;

use secrecy::SecretString;
use url::Url;

use crate::client::{self, Client};
use crate::keys::Keys;
use crate::wire::model::{KeyState, ModelInfo};
use crate::wire::provider::ProviderInfo;

/// Where [`KeyState::Present`] says that such a key is from.
pub const FROM: &str = "own";
/// The same of one that is held only until the program ends.
pub const FROM_SESSION: &str = "own, this session";

/// Whether a key is such a one.
#[must_use]
pub fn is_own(from: &str) -> bool {
    from == FROM || from == FROM_SESSION
}

/// The keys for one platform. Cheap to clone.
#[derive(Clone)]
pub struct OwnKeys {
    keys: Keys,
    platform: Url,
}

impl OwnKeys {
    #[must_use]
    pub fn new(keys: Keys, platform: Url) -> Self {
        Self { keys, platform }
    }

    /// The keyring's name for a provider's key at this platform: a key for other work is never sent there unasked.
    #[must_use]
    pub fn account(&self, provider: &str) -> String {
        format!("{provider} for {}", self.platform)
    }

    async fn get(&self, provider: &str) -> Option<SecretString> {
        self.keys.get(&self.account(provider)).await.ok().map(|(key, _)| key)
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
        self.get(provider).await?;
        match self.keys.state(&self.account(provider)).await {
            KeyState::Present { tail, from } => {
                let from = if from == "session" { FROM_SESSION } else { FROM };
                Some(KeyState::Present { tail, from: from.to_owned() })
            }
            other => Some(other),
        }
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
            }
        }
    }
}
