//! How much may be asked of a provider at once and in a minute, kept by all workers of a process together.
//!
//! Two token buckets and a queue of places. A rate-limiting crate would do for the requests, but tokens are only
//! estimated before a call and corrected after it, and a provider's own words hold everybody back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Limits;
use super::dialect::Allowance;

const MINUTE: Duration = Duration::from_secs(60);
/// A turn that comes within this is no wait to speak of: whoever is ahead only looks at the buckets.
const AT_ONCE: Duration = Duration::from_millis(5);
/// A provider's word on when its limits begin anew is not believed beyond this.
const RESET_MOST: Duration = Duration::from_secs(60);

/// One provider's gate.
#[derive(Debug)]
pub struct Gate {
    /// Fair: who asks first goes first.
    places: Mutex<Arc<Semaphore>>,
    /// Whose turn it is to look at the buckets; holds the order of those who wait.
    turn: tokio::sync::Mutex<()>,
    rates: Mutex<Rates>,
}

#[derive(Debug)]
struct Rates {
    requests: Bucket,
    tokens: Bucket,
    /// The provider said so.
    not_before: Option<Instant>,
}

/// As much as flows in within a minute; full at the start.
#[derive(Debug)]
struct Bucket {
    /// `None`: no limit.
    per_minute: Option<f64>,
    /// Below 0 after a call took more than was thought.
    level: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_minute: Option<u32>) -> Self {
        let per_minute = per_minute.map(f64::from);
        Self { per_minute, level: per_minute.unwrap_or(0.0), at: Instant::now() }
    }

    fn reconfigure(&mut self, per_minute: Option<u32>) {
        if self.per_minute != per_minute.map(f64::from) {
            *self = Self::new(per_minute);
        }
    }

    /// How long until `amount` is there. More than a whole minute's worth is let through when the bucket is full.
    fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        let Some(per_minute) = self.per_minute else { return Duration::ZERO };
        let flowed = now.saturating_duration_since(self.at).as_secs_f64() * per_minute / MINUTE.as_secs_f64();
        self.level = (self.level + flowed).min(per_minute);
        self.at = self.at.max(now);
        let missing = amount.min(per_minute) - self.level;
        // Less than a thousandth is the error of adding up.
        if missing <= 1e-3 { Duration::ZERO } else { Duration::from_secs_f64(missing * MINUTE.as_secs_f64() / per_minute) }
    }

    fn take(&mut self, amount: f64) {
        if self.per_minute.is_some() {
            self.level -= amount;
        }
    }
}

/// A place at the provider; dropping it lets the next one in.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    estimated: u64,
    _place: OwnedSemaphorePermit,
}

impl Permit {
    /// What the call really took, instead of what was thought.
    pub fn used(self, tokens: u64) {
        self.gate.lock().tokens.take(tokens as f64 - self.estimated as f64);
    }
}

impl Gate {
    /// `places`: calls at once where the limits say nothing.
    pub fn new(limits: &Limits, places: u32) -> Arc<Self> {
        let rates = Rates { requests: Bucket::new(limits.requests_per_minute), tokens: Bucket::new(limits.tokens_per_minute), not_before: None };
        Arc::new(Self { places: Mutex::new(places_of(limits, places)), turn: tokio::sync::Mutex::default(), rates: Mutex::new(rates) })
    }

    /// Other limits for all who come from now on; those inside go on.
    pub fn reconfigure(&self, limits: &Limits, places: u32) {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places_of(limits, places);
        let mut rates = self.lock();
        rates.requests.reconfigure(limits.requests_per_minute);
        rates.tokens.reconfigure(limits.tokens_per_minute);
        rates.not_before = None;
    }

    /// Waits for a place and for the buckets. Drop it to stop waiting. `on_wait` is told once when it takes a while.
    pub async fn enter(self: &Arc<Self>, estimated_tokens: u64, on_wait: impl Fn()) -> Permit {
        let mut is_told = false;
        let mut tell = || {
            if !std::mem::replace(&mut is_told, true) {
                on_wait();
            }
        };
        let places = Arc::clone(&self.places.lock().unwrap_or_else(PoisonError::into_inner));
        let place = match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                tell();
                match places.acquire_owned().await {
                    Ok(place) => place,
                    // Never closed.
                    Err(_) => std::future::pending().await,
                }
            }
        };
        // Whoever is ahead may wait for the buckets for long.
        let turn = self.turn.lock();
        tokio::pin!(turn);
        let _turn = tokio::select! {
            biased;
            turn = &mut turn => turn,
            () = tokio::time::sleep(AT_ONCE) => {
                tell();
                turn.await
            }
        };
        while let Some(wait) = self.wait(estimated_tokens, Instant::now()) {
            tell();
            tokio::time::sleep(wait).await;
        }
        Permit { gate: Arc::clone(self), estimated: estimated_tokens, _place: place }
    }

    /// How long to wait; `None`: the request and its tokens are taken, and it may go.
    fn wait(&self, tokens: u64, now: Instant) -> Option<Duration> {
        let mut rates = self.lock();
        let told = rates.not_before.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let wait = told.max(rates.requests.wait(1.0, now)).max(rates.tokens.wait(tokens as f64, now));
        if wait.is_zero() {
            rates.requests.take(1.0);
            rates.tokens.take(tokens as f64);
            return None;
        }
        Some(wait)
    }

    /// Holds everybody back: the provider said how long.
    pub fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(RESET_MOST);
        let mut rates = self.lock();
        rates.not_before = Some(rates.not_before.map_or(until, |before| before.max(until)));
    }

    /// Goes by what the headers of a reply say: nothing left, nothing asked until there is again.
    pub fn heed(&self, allowance: Allowance) {
        let pairs = [(allowance.requests_left, allowance.requests_reset_ms), (allowance.tokens_left, allowance.tokens_reset_ms)];
        for (left, reset_ms) in pairs {
            if let (Some(0), Some(reset_ms)) = (left, reset_ms) {
                self.hold(Duration::from_millis(reset_ms));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn places_of(limits: &Limits, places: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limits.concurrency.unwrap_or(places).max(1) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(requests_per_minute: Option<u32>, tokens_per_minute: Option<u32>, concurrency: u32) -> Arc<Gate> {
        Gate::new(&Limits { requests_per_minute, tokens_per_minute, concurrency: Some(concurrency), ..Limits::default() }, 8)
    }

    /// Seconds after `begun` at which a call may go that comes then.
    fn goes_at(gate: &Gate, begun: Instant, tokens: u64) -> f64 {
        let mut now = begun;
        while let Some(wait) = gate.wait(tokens, now) {
            now += wait;
        }
        ((now - begun).as_secs_f64() * 10.0).round() / 10.0
    }

    #[test]
    fn a_minutes_requests_go_at_once_and_then_one_by_one() {
        let (gate, begun) = (gate(Some(6), None, 9), Instant::now());
        let went: Vec<f64> = (0..8).map(|_| goes_at(&gate, begun, 0)).collect();
        assert_eq!(went, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 20.0]);
    }

    #[tokio::test]
    async fn tokens_are_corrected_after_the_call_and_too_large_a_call_is_not_held_for_ever() {
        let gate = gate(None, Some(600), 9);
        gate.enter(100, || ()).await.used(600);
        let begun = Instant::now();
        assert_eq!(goes_at(&gate, begun, 100), 10.0, "100 tokens flow in within ten seconds");
        assert_eq!(goes_at(&gate, begun + Duration::from_secs(10), 9_000), 60.0, "a full bucket lets it through");
    }

    #[tokio::test]
    async fn never_more_at_once_than_there_are_places_and_in_order() {
        let gate = gate(None, None, 2);
        let (first, second) = (gate.enter(0, || ()).await, gate.enter(0, || ()).await);
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting = [1, 2, 3].map(|name| {
            let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
            tokio::spawn(async move {
                let permit = gate.enter(0, || ()).await;
                order.lock().expect("not poisoned").push(name);
                drop(permit);
            })
        });
        tokio::task::yield_now().await;
        assert!(order.lock().expect("not poisoned").is_empty());
        drop((first, second));
        for task in waiting {
            task.await.expect("ends");
        }
        assert_eq!(*order.lock().expect("not poisoned"), [1, 2, 3]);
    }

    #[tokio::test]
    async fn everybody_who_waits_is_told_so_once() {
        // One a minute: the first goes, the second waits for the bucket, the third for its turn behind the second.
        let gate = gate(Some(1), None, 9);
        gate.enter(0, || ()).await.used(0);
        let told = Arc::new(Mutex::new(Vec::new()));
        let waiting = [2, 3].map(|name| {
            let (gate, told) = (Arc::clone(&gate), Arc::clone(&told));
            tokio::spawn(async move { gate.enter(0, || told.lock().expect("not poisoned").push(name)).await })
        });
        let both_told = async {
            while told.lock().expect("not poisoned").len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), both_told).await.expect("both are told");
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        let mut told = told.lock().expect("not poisoned").clone();
        told.sort_unstable();
        assert_eq!(told, [2, 3], "each once");
    }

    #[test]
    fn what_the_provider_says_holds_everybody_back() {
        let (gate, begun) = (gate(None, None, 9), Instant::now());
        gate.heed(Allowance { requests_left: Some(3), requests_reset_ms: Some(7_000), ..Allowance::default() });
        assert_eq!(goes_at(&gate, begun, 0), 0.0, "three are left");
        gate.heed(Allowance { requests_left: Some(0), requests_reset_ms: Some(7_000), ..Allowance::default() });
        assert_eq!(goes_at(&gate, begun, 0), 7.0);
        gate.hold(Duration::from_hours(1));
        assert_eq!(goes_at(&gate, begun, 0), 60.0, "nobody is believed for longer than a minute");
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_nobodys_turn() {
        let gate = gate(None, None, 1);
        let inside = gate.enter(0, || ()).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), gate.enter(0, || ())).await.is_err());
        drop(inside);
        assert!(tokio::time::timeout(Duration::from_secs(5), gate.enter(0, || ())).await.is_ok());
    }
}
