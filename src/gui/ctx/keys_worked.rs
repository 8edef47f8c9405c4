//! When a person's own keys last worked. Of a key itself no more than its mark is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::keys;

/// The key that worked, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// What tells it from another one, see [`keys::mark`].
    mark: String,
    at: DateTime<Utc>,
}

/// By the keyring's name for a key. Cheap to clone; clones share what is known.
#[derive(Debug, Clone, Default)]
pub struct KeysWorked(Arc<Mutex<BTreeMap<String, Worked>>>);

impl KeysWorked {
    /// What was kept from the last start.
    #[must_use]
    pub fn restored(kept: BTreeMap<String, Worked>) -> Self {
        Self(Arc::new(Mutex::new(kept)))
    }

    /// To keep for the next start.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, Worked> {
        self.lock().clone()
    }

    /// A question with this key was answered well.
    pub fn note(&self, account: &str, key: &SecretString, at: DateTime<Utc>) {
        self.lock().insert(account.to_owned(), Worked { mark: keys::mark(account, key), at });
    }

    /// When this very key last worked.
    #[must_use]
    pub fn at(&self, account: &str, key: &SecretString) -> Option<DateTime<Utc>> {
        self.lock().get(account).filter(|worked| worked.mark == keys::mark(account, key)).map(|worked| worked.at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Worked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
