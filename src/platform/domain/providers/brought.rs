//! Keys that a person brings along with a request: held for that request and the run that it starts, never stored.

use std::collections::{HashMap, HashSet};

use secrecy::SecretString;

use crate::keys::Keys;

/// Keys by provider; none as a rule.
#[derive(Clone, Default)]
pub struct Brought {
    keys: Option<Keys>,
    providers: HashSet<String>,
}

impl Brought {
    #[must_use]
    pub fn new(keys: HashMap<String, SecretString>) -> Self {
        let providers = keys.keys().cloned().collect();
        // No keyring behind them: only what came along counts.
        Self { keys: (!keys.is_empty()).then(|| Keys::new(keys, false)), providers }
    }

    #[must_use]
    pub fn has(&self, provider: &str) -> bool {
        self.providers.contains(provider)
    }

    /// For the calls that are made with them.
    #[must_use]
    pub fn keys(&self) -> Option<Keys> {
        self.keys.clone()
    }
}
