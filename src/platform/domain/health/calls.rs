//! Calls of providers in the last minutes, as they really went: of the pipeline and of comparison runs alike. Held in memory,
//! a count a minute, so that health is told without a look at results.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::wire::result::{Fault, FaultKind};

/// Minutes that count.
const WINDOW_MINUTES: i64 = 15;
const MINUTE_MS: i64 = 60_000;

/// The calls of all providers.
#[derive(Default)]
pub struct Calls(Mutex<HashMap<String, Recent>>);

#[derive(Default)]
struct Recent {
    /// Oldest first; minutes without calls are not there.
    minutes: VecDeque<Minute>,
    answered_at: Option<DateTime<Utc>>,
    /// Why the newest call that failed did.
    fault: Option<(DateTime<Utc>, String)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    number: i64,
    answered: u64,
    failed: u64,
    sum_ms: f64,
}

/// A provider's calls of the last 15 minutes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    pub answered: u64,
    pub failed: u64,
    /// Mean over the answered calls, their retries and waits included.
    pub response_time_ms: Option<f64>,
    /// The newest failure's reason.
    pub fault: Option<String>,
    /// When a call was last answered, however long ago.
    pub answered_at: Option<DateTime<Utc>>,
}

impl Window {
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.answered + self.failed
    }

    /// 0–1; `None` without calls.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        (self.calls() > 0).then(|| self.failed as f64 / self.calls() as f64)
    }
}

impl Calls {
    /// Takes down how a call ended.
    pub fn note(&self, provider: &str, at: DateTime<Utc>, ended: Result<f64, &Fault>) {
        if ended.is_err_and(|fault| !speaks_of_the_provider(fault.kind)) {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = all.entry(provider.to_owned()).or_default();
        let number = at.timestamp_millis() / MINUTE_MS;
        while recent.minutes.front().is_some_and(|minute| minute.number <= number - WINDOW_MINUTES) {
            recent.minutes.pop_front();
        }
        if recent.minutes.back().is_none_or(|minute| minute.number < number) {
            recent.minutes.push_back(Minute { number, ..Minute::default() });
        }
        let Some(minute) = recent.minutes.back_mut() else { return };
        match ended {
            Ok(ms) => {
                minute.answered += 1;
                minute.sum_ms += ms;
                recent.answered_at = Some(at);
            }
            Err(fault) => {
                minute.failed += 1;
                recent.fault = Some((at, fault.message.clone()));
            }
        }
    }

    /// What the last minutes say of a provider.
    #[must_use]
    pub fn window(&self, provider: &str, now: DateTime<Utc>) -> Window {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(recent) = all.get(provider) else { return Window::default() };
        let oldest = now.timestamp_millis() / MINUTE_MS - WINDOW_MINUTES;
        let mut window = Window { answered_at: recent.answered_at, ..Window::default() };
        let mut sum_ms = 0.0;
        for minute in recent.minutes.iter().filter(|minute| minute.number > oldest) {
            window.answered += minute.answered;
            window.failed += minute.failed;
            sum_ms += minute.sum_ms;
        }
        window.response_time_ms = (window.answered > 0).then(|| sum_ms / window.answered as f64);
        window.fault = recent.fault.as_ref().filter(|_| window.failed > 0).map(|(_, words)| words.clone());
        window
    }
}

/// Whether a fault speaks of the provider, not of a photo, a prompt or ourselves.
fn speaks_of_the_provider(kind: FaultKind) -> bool {
    !matches!(kind, FaultKind::Photo | FaultKind::Prompt | FaultKind::Cancelled | FaultKind::Internal | FaultKind::Refused)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn only_the_last_minutes_count_and_only_faults_of_the_provider() {
        let calls = Calls::default();
        let noon: DateTime<Utc> = "2026-03-14T12:00:30Z".parse().expect("a time");
        let at = |minutes| noon + TimeDelta::minutes(minutes);
        let overloaded = Fault::new(FaultKind::Overloaded, "Overloaded");
        calls.note("gemini", at(0), Err(&overloaded));
        calls.note("gemini", at(10), Ok(100.0));
        calls.note("gemini", at(10), Ok(300.0));
        calls.note("gemini", at(10), Err(&Fault::new(FaultKind::Photo, "Unreadable")));
        let window = calls.window("gemini", at(14));
        assert_eq!((window.answered, window.failed, window.response_time_ms), (2, 1, Some(200.0)));
        assert_eq!((window.error_rate(), window.fault.as_deref()), (Some(1.0 / 3.0), Some("Overloaded")));
        let later = calls.window("gemini", at(15));
        assert_eq!((later.calls(), later.error_rate(), later.fault), (2, Some(0.0), None), "the failure is too old");
        let idle = calls.window("gemini", at(60));
        assert_eq!((idle.calls(), idle.error_rate(), idle.answered_at), (0, None, Some(at(10))));
        assert_eq!(calls.window("openai", noon), Window::default());
    }
}
