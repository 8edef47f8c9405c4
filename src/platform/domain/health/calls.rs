//! Calls of providers in the last minutes, as they really went: of the pipeline and of comparison runs alike. Held in memory, a
//! count a minute and how the newest ones ended, so that health is told without a look at results; read back from the results at a
//! start.
//!
//! The newest calls decide how a provider is, not the share of all: what went well before would hide for minutes that nothing goes
//! any more, and what failed before that all goes well again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use crate::wire::health::HealthState;
use crate::wire::result::{Fault, FaultKind};

/// Minutes that count.
const WINDOW_MINUTES: i64 = 15;
pub(super) const WINDOW: TimeDelta = TimeDelta::minutes(WINDOW_MINUTES);
/// Calls that are read back at a start.
pub(super) const NEWEST_RECALLED: u32 = 5_000;
const MINUTE_MS: i64 = 60_000;
/// So many of the newest calls are remembered one by one: a share of failures among them makes a provider degraded.
const NEWEST: usize = 100;
const ERRORS_DEGRADED: f64 = 0.05;
/// It is down when so many of its newest calls failed, one after the other; it is not when as many were answered.
const IN_A_ROW: usize = 5;
/// It is down too when most of these failed, and of fewer calls than the least nothing is said.
const NEWEST_FOR_DOWN: usize = 20;
const LEAST_FOR_DOWN: usize = 3;
const ERRORS_DOWN: f64 = 0.5;

/// The calls of all providers.
#[derive(Default)]
pub struct Calls {
    recent: Mutex<HashMap<String, Recent>>,
    /// Woken when a call made its provider's state another one.
    pub turned: Notify,
}

#[derive(Default)]
struct Recent {
    /// Oldest first; minutes without calls are not there.
    minutes: VecDeque<Minute>,
    /// When each ended and whether it was answered, the newest first.
    newest: VecDeque<(DateTime<Utc>, bool)>,
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
    /// Whether the newest calls were answered, the newest first.
    newest: Vec<bool>,
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

    /// What the newest calls say of the provider.
    #[must_use]
    pub fn state(&self) -> HealthState {
        let ends_well = self.newest.len() >= IN_A_ROW && self.newest.iter().take(IN_A_ROW).all(|answered| *answered);
        let most_fail = self.newest.len() >= LEAST_FOR_DOWN && self.errors_of(NEWEST_FOR_DOWN) >= ERRORS_DOWN;
        if self.failed_in_a_row() >= IN_A_ROW || most_fail && !ends_well {
            HealthState::Down
        } else if self.errors_of(NEWEST) >= ERRORS_DEGRADED {
            HealthState::Degraded
        } else {
            HealthState::Healthy
        }
    }

    /// How many of the newest calls failed before one was answered, as far as they are remembered.
    #[must_use]
    pub fn failed_in_a_row(&self) -> usize {
        self.newest.iter().take_while(|answered| !**answered).count()
    }

    /// Why it is down, where the newest calls say so at once.
    #[must_use]
    pub fn outage(&self) -> Option<usize> {
        Some(self.failed_in_a_row()).filter(|count| *count >= IN_A_ROW)
    }

    /// The share of failures among so many of the newest calls, 0–1.
    fn errors_of(&self, count: usize) -> f64 {
        let failed = self.newest.iter().take(count).filter(|answered| !**answered).count();
        failed as f64 / self.newest.len().clamp(1, count) as f64
    }
}

impl Recent {
    fn take(&mut self, at: DateTime<Utc>, ended: Result<f64, &Fault>) {
        let number = at.timestamp_millis() / MINUTE_MS;
        while self.minutes.front().is_some_and(|minute| minute.number <= number - WINDOW_MINUTES) {
            self.minutes.pop_front();
        }
        if self.minutes.back().is_none_or(|minute| minute.number < number) {
            self.minutes.push_back(Minute { number, ..Minute::default() });
        }
        self.newest.push_front((at, ended.is_ok()));
        self.newest.truncate(NEWEST);
        let Some(minute) = self.minutes.back_mut() else { return };
        match ended {
            Ok(ms) => {
                minute.answered += 1;
                minute.sum_ms += ms;
                self.answered_at = Some(at);
            }
            Err(fault) => {
                minute.failed += 1;
                self.fault = Some((at, fault.message.clone()));
            }
        }
    }

    fn window(&self, now: DateTime<Utc>) -> Window {
        let oldest = now.timestamp_millis() / MINUTE_MS - WINDOW_MINUTES;
        let is_recent = |at: DateTime<Utc>| at.timestamp_millis() / MINUTE_MS > oldest;
        let newest = self.newest.iter().take_while(|(at, _)| is_recent(*at)).map(|(_, answered)| *answered).collect();
        let mut window = Window { answered_at: self.answered_at, newest, ..Window::default() };
        let mut sum_ms = 0.0;
        for minute in self.minutes.iter().filter(|minute| minute.number > oldest) {
            window.answered += minute.answered;
            window.failed += minute.failed;
            sum_ms += minute.sum_ms;
        }
        window.response_time_ms = (window.answered > 0).then(|| sum_ms / window.answered as f64);
        window.fault = self.fault.as_ref().filter(|_| window.failed > 0).map(|(_, words)| words.clone());
        window
    }
}

impl Calls {
    /// Takes down how a call ended, and wakes who waits for a turn of the provider's health.
    pub fn note(&self, provider: &str, at: DateTime<Utc>, ended: Result<f64, &Fault>) {
        if self.take(provider, at, ended) {
            self.turned.notify_one();
        }
    }

    /// Takes in a call of before this process, the oldest first; nobody is woken.
    pub fn recall(&self, provider: &str, at: DateTime<Utc>, ended: Result<f64, &Fault>) {
        self.take(provider, at, ended);
    }

    /// Returns whether the provider's state is another one now.
    fn take(&self, provider: &str, at: DateTime<Utc>, ended: Result<f64, &Fault>) -> bool {
        if ended.is_err_and(|fault| !speaks_of_the_provider(fault.kind)) {
            return false;
        }
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = all.entry(provider.to_owned()).or_default();
        let before = recent.window(at).state();
        recent.take(at, ended);
        recent.window(at).state() != before
    }

    /// What the last minutes say of a provider.
    #[must_use]
    pub fn window(&self, provider: &str, now: DateTime<Utc>) -> Window {
        let all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(provider).map(|recent| recent.window(now)).unwrap_or_default()
    }
}

/// Whether a fault speaks of the provider, not of a photo, a prompt or ourselves.
fn speaks_of_the_provider(kind: FaultKind) -> bool {
    !matches!(kind, FaultKind::Photo | FaultKind::Prompt | FaultKind::Cancelled | FaultKind::Internal | FaultKind::Refused)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn the_newest_calls_decide_when_a_provider_goes_down_and_when_it_is_well_again() {
        let calls = Calls::default();
        let noon: DateTime<Utc> = "2026-03-14T12:00:00Z".parse().expect("a time");
        let overloaded = Fault::new(FaultKind::Overloaded, "Overloaded");
        let mut second = 0;
        let mut after = |count: usize, ended: Result<f64, &Fault>| {
            for _ in 0..count {
                second += 1;
                calls.note("gemini", noon + TimeDelta::seconds(second), ended);
            }
            let window = calls.window("gemini", noon + TimeDelta::seconds(second));
            (window.state(), window.outage())
        };
        assert_eq!(after(300, Ok(100.0)), (HealthState::Healthy, None));
        assert_eq!(after(4, Err(&overloaded)), (HealthState::Healthy, None), "4 of the newest 100");
        assert_eq!(after(1, Err(&overloaded)), (HealthState::Down, Some(5)), "however well it went before");
        assert_eq!(after(195, Err(&overloaded)), (HealthState::Down, Some(100)));
        assert_eq!(after(4, Ok(100.0)), (HealthState::Down, None), "most of the newest 20 failed");
        assert_eq!(after(1, Ok(100.0)), (HealthState::Degraded, None), "however much failed before");
        assert_eq!(after(90, Ok(100.0)), (HealthState::Degraded, None), "5 of the newest 100");
        assert_eq!(after(1, Ok(100.0)), (HealthState::Healthy, None));
    }

    #[test]
    fn who_waits_is_woken_when_a_state_turns_and_not_by_what_is_recalled() {
        let calls = Calls::default();
        let noon: DateTime<Utc> = "2026-03-14T12:00:00Z".parse().expect("a time");
        let is_woken = || futures_util::FutureExt::now_or_never(calls.turned.notified()).is_some();
        let overloaded = Fault::new(FaultKind::Overloaded, "Overloaded");
        for _ in 0..5 {
            calls.recall("gemini", noon, Err(&overloaded));
        }
        assert_eq!((calls.window("gemini", noon).state(), is_woken()), (HealthState::Down, false));
        calls.note("gemini", noon, Err(&overloaded));
        assert!(!is_woken(), "it was down before");
        for _ in 0..5 {
            calls.note("gemini", noon, Ok(1.0));
        }
        assert!(is_woken());
    }
}
