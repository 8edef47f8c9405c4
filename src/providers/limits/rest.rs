//! How long a provider asked to be left alone, and what it said.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::result::Fault;

/// A provider that asks for more is asked again after a day.
pub const REST_MOST: Duration = Duration::from_hours(24);

/// Whose calls a provider speaks of: those with the platform's own key, or with one that a person brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Whose(Option<u64>);

impl Whose {
    /// `brought`: the key of a person, of which no more than a fingerprint is kept.
    pub fn of(brought: Option<&str>) -> Self {
        Self(brought.map(|key| {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            hasher.finish()
        }))
    }
}

/// A provider is left alone.
#[derive(Debug, Clone)]
pub struct Rest {
    pub until: Instant,
    asked: Duration,
    fault: Fault,
}

impl Rest {
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// As long as it was when it began.
    pub fn asked(&self) -> Duration {
        self.asked
    }

    /// What the provider said.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

#[derive(Debug, Default)]
pub struct Rests(HashMap<Whose, Rest>);

impl Rests {
    /// A longer one that is under way goes on.
    pub fn begin(&mut self, whose: Whose, wait: Duration, fault: &Fault, now: Instant) {
        self.0.retain(|_, rest| rest.until > now);
        let asked = wait.min(REST_MOST);
        let until = now + asked;
        if self.0.get(&whose).is_none_or(|known| known.until < until) {
            self.0.insert(whose, Rest { until, asked, fault: fault.clone() });
        }
    }

    pub fn of(&self, whose: Whose, now: Instant) -> Option<Rest> {
        self.0.get(&whose).filter(|rest| rest.until > now).cloned()
    }

    pub fn end(&mut self, whose: Whose) {
        self.0.remove(&whose);
    }
}
