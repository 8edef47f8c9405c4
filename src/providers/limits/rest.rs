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

/// What is added to a wait that a provider asked for, so that all who wait for it do not come back at the same instant: up to a tenth
/// of it, two seconds at the most; never less than was asked for.
#[must_use]
pub fn jitter(asked: Duration) -> Duration {
    const MOST: Duration = Duration::from_secs(2);
    (asked / 10).min(MOST).mul_f64(fastrand::f64())
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn who_waited_for_the_same_comes_back_one_after_the_other_and_none_too_early() {
        let added: HashSet<Duration> = (0..50).map(|_| jitter(Duration::from_secs(10))).collect();
        assert!(added.len() > 10, "{added:?}");
        assert!(added.iter().all(|added| *added <= Duration::from_secs(1)), "{added:?}");
        assert!(jitter(Duration::from_hours(1)) <= Duration::from_secs(2), "a long wait is not made much longer");
        assert_eq!(jitter(Duration::ZERO), Duration::ZERO);
    }
}
