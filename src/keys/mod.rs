//! Provider secrets: the OS keyring, the environment for headless use, or this session only.
//!
//! A key is held as a [`SecretString`] that can't be printed. It is read late, off the calling
//! thread, with a timeout. Nothing here logs.

mod keyring;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use crate::wire::model::{KEYS_PLACE, KeyState};
use crate::wire::provider::provider_label;

/// How long a keyring that failed is left alone, and one that has no key of a provider is not asked for it again: every call would
/// wait for it otherwise, one after the other.
const REST: Duration = Duration::from_secs(60);

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
    #[error("{words}")]
    KeyringUnavailable {
        words: String,
        /// What the system itself said, for who mends it.
        cause: Option<String>,
    },
}

impl KeyProblem {
    fn keyring(words: &str) -> Self {
        Self::KeyringUnavailable { words: words.to_owned(), cause: None }
    }

    /// A keyring that can't be used is no obstacle: the environment is named as well.
    fn or_set(self, variable: &str) -> Self {
        match self {
            Self::KeyringUnavailable { words, cause } => Self::KeyringUnavailable { words: format!("{words}, or set {variable}"), cause },
            missing @ Self::Missing(_) => missing,
        }
    }

    /// The words, and what the system itself said.
    #[must_use]
    pub fn in_full(&self) -> String {
        match self {
            Self::KeyringUnavailable { words, cause: Some(cause) } => format!("{words} ({cause})"),
            _ => self.to_string(),
        }
    }
}

/// Whether keys can be kept in the OS keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringState {
    Available,
    /// This process was told to leave it alone.
    NotUsed,
    /// Why, and what to do.
    Unavailable(String),
}

/// All provider keys of this process. Cheap to clone; clones share what is held.
#[derive(Clone)]
pub struct Keys {
    environment: Arc<HashMap<String, SecretString>>,
    /// Keys of this session, and those that were read from the keyring before.
    held: Arc<Mutex<HashMap<String, (SecretString, KeyOrigin)>>>,
    /// When the keyring had no key of a provider.
    absent: Arc<Mutex<HashMap<String, Instant>>>,
    /// When and why the keyring could not be asked.
    keyring_failed: Arc<Mutex<Option<(Instant, KeyProblem)>>>,
    /// Grows with every key that is stored, held or removed here.
    revision: Arc<AtomicU64>,
    use_keyring: bool,
}

impl Keys {
    /// `environment`: keys by provider, already read by the app (the only reader of the environment).
    #[must_use]
    pub fn new(environment: HashMap<String, SecretString>, use_keyring: bool) -> Self {
        Self {
            environment: Arc::new(environment),
            held: Arc::default(),
            absent: Arc::default(),
            keyring_failed: Arc::default(),
            revision: Arc::default(),
            use_keyring,
        }
    }

    /// Another number after every key that was stored, held or removed here: whoever shows whether there is one asks again then.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.revision.fetch_add(1, Ordering::Release);
    }

    /// The key of a provider: this session's, else the keyring's, else the environment's.
    pub async fn get(&self, provider: &str) -> Result<(SecretString, KeyOrigin), KeyProblem> {
        if let Some(found) = self.held().get(provider).cloned() {
            return Ok(found);
        }
        let in_keyring = self.look_up(provider).await;
        if let Ok(Some(key)) = in_keyring {
            let found = (key, KeyOrigin::Keyring);
            self.held().insert(provider.to_owned(), found.clone());
            return Ok(found);
        }
        if let Some(key) = self.environment.get(provider) {
            return Ok((key.clone(), KeyOrigin::Environment));
        }
        let variable = variable(provider);
        in_keyring.map_err(|problem| problem.or_set(&variable))?;
        let label = provider_label(provider);
        Err(KeyProblem::Missing(format!("There is no key for {label} yet. Enter one {KEYS_PLACE}, or set {variable}")))
    }

    /// The mark of the key that a provider is asked with now; empty where there is none. See [`mark`].
    pub async fn mark(&self, provider: &str, salt: &str) -> String {
        self.get(provider).await.map(|(key, _)| mark(salt, &key)).unwrap_or_default()
    }

    /// The key that the environment has for a provider, whatever else there is.
    #[must_use]
    pub fn of_environment(&self, provider: &str) -> Option<SecretString> {
        self.environment.get(provider).cloned()
    }

    /// Whether a key can be had without asking the keyring.
    #[must_use]
    pub fn is_at_hand(&self, provider: &str) -> bool {
        self.held().contains_key(provider) || self.environment.contains_key(provider)
    }

    /// Asks the keyring for a provider's key, unless it had none a moment ago.
    async fn look_up(&self, provider: &str) -> Result<Option<SecretString>, KeyProblem> {
        if self.absent().get(provider).is_some_and(|at| at.elapsed() < REST) {
            return Ok(None);
        }
        let asked = self.ask_keyring(provider).await;
        if let Ok(None) = asked {
            self.absent().insert(provider.to_owned(), Instant::now());
        }
        asked
    }

    /// Asks the keyring, unless it has failed within [`REST`]: one that hangs would hold up every call.
    async fn ask_keyring(&self, provider: &str) -> Result<Option<SecretString>, KeyProblem> {
        if !self.use_keyring {
            return Ok(None);
        }
        let failed = self.keyring_failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, problem)) = failed
            && at.elapsed() < REST
        {
            return Err(problem);
        }
        let asked = keyring::get(provider).await;
        let failure = asked.as_ref().err().map(|problem| (Instant::now(), problem.clone()));
        *self.keyring_failed.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        asked
    }

    /// Whether the keyring answers.
    pub async fn keyring(&self) -> KeyringState {
        /// Nobody keeps a key under this name: only whether the question is answered counts.
        const NOBODY: &str = "nobody";
        match self.ask_keyring(NOBODY).await {
            _ if !self.use_keyring => KeyringState::NotUsed,
            Ok(_) => KeyringState::Available,
            Err(problem) => KeyringState::Unavailable(problem.in_full()),
        }
    }

    /// Why no key can be kept in the keyring, as far as that is known without asking it; what a frame may ask.
    #[must_use]
    pub fn known_keyring_trouble(&self) -> Option<KeyProblem> {
        if !self.use_keyring {
            return Some(KeyProblem::keyring("The keyring is not used here"));
        }
        let failed = self.keyring_failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().map(|(_, problem)| problem.clone())
    }

    /// What a list of models may say about a provider's key.
    pub async fn state(&self, provider: &str) -> KeyState {
        match self.get(provider).await {
            Ok((key, origin)) => KeyState::Present { tail: tail(&key), from: origin.as_str().to_owned() },
            Err(problem) => KeyState::Missing { why: problem.to_string() },
        }
    }

    /// Stores a key in the OS keyring; when there is none, the error says so and
    /// [`Keys::set_for_session`] is what can be offered.
    pub async fn set(&self, provider: &str, key: SecretString) -> Result<(), KeyProblem> {
        if !self.use_keyring {
            return Err(KeyProblem::keyring("The keyring is not used here. Keep the key for this session only"));
        }
        keyring::set(provider, key.clone()).await?;
        *self.keyring_failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.held().insert(provider.to_owned(), (key, KeyOrigin::Keyring));
        self.absent().remove(provider);
        self.changed();
        Ok(())
    }

    /// Holds a key in memory until the program ends.
    pub fn set_for_session(&self, provider: &str, key: SecretString) {
        self.held().insert(provider.to_owned(), (key, KeyOrigin::Session));
        self.changed();
    }

    /// Forgets the key that is in use: this session's, and a stored one is used again; else the keyring's.
    pub async fn remove(&self, provider: &str) -> Result<(), KeyProblem> {
        let is_of_session = matches!(self.held().get(provider), Some((_, KeyOrigin::Session)));
        if !is_of_session && self.use_keyring {
            keyring::remove(provider).await?;
        }
        self.held().remove(provider);
        self.changed();
        Ok(())
    }

    fn absent(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, (SecretString, KeyOrigin)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The environment variable that may hold a provider's key: the one that its users know.
#[must_use]
pub fn variable(provider: &str) -> String {
    let name = if provider == "vision" { "google_vision" } else { provider };
    format!("{}_API_KEY", name.to_uppercase().replace('-', "_"))
}

/// Tells whether a key is the one of which something is known, without keeping anything of it: 24 bits of a salted hash.
#[must_use]
pub fn mark(salt: &str, key: &SecretString) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("minerva-console 2026-11 mark of a provider key");
    hasher.update(&(salt.len() as u64).to_le_bytes()).update(salt.as_bytes()).update(key.expose_secret().as_bytes());
    hasher.finalize().to_hex()[..6].to_owned()
}

/// The last four characters; nothing of a key so short that they would tell too much.
#[must_use]
pub fn tail(key: &SecretString) -> String {
    let key = key.expose_secret();
    let length = key.chars().count();
    if length < 12 { String::new() } else { key.chars().skip(length - 4).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_tells_keys_and_salts_apart_and_holds_nothing_of_the_key() {
        let of = |salt: &str, key: &str| mark(salt, &key.to_owned().into());
        assert_eq!(of("a", "key-0123456789"), of("a", "key-0123456789"));
        assert!(of("a", "key-0123456789") != of("a", "key-0123456780") && of("a", "key-0123456789") != of("b", "key-0123456789"));
        assert_eq!(of("a", "key-0123456789").len(), 6);
        let keys = Keys::new(HashMap::new(), false);
        assert_eq!(keys.mark("gemini", "a").await, "");
        keys.set_for_session("gemini", "key-0123456789".into());
        assert_eq!(keys.mark("gemini", "a").await, of("a", "key-0123456789"));
    }

    #[tokio::test]
    async fn a_keyring_that_can_not_be_used_leads_to_the_variable_of_that_very_provider() {
        let keys = Keys::new(HashMap::new(), true);
        let locked = KeyProblem::keyring("The keyring can't be used. Unlock it");
        *keys.keyring_failed.lock().expect("a lock") = Some((Instant::now(), locked));
        let problem = keys.get("gemini").await.expect_err("no key");
        assert_eq!(problem.to_string(), "The keyring can't be used. Unlock it, or set GEMINI_API_KEY");
        assert!(!keys.is_at_hand("gemini"));
        keys.set_for_session("gemini", "k".into());
        assert!(keys.is_at_hand("gemini") && keys.get("gemini").await.is_ok());
    }
}
