//! How much may be asked of a provider at once and in a minute, kept by all workers of a process together.
//!
//! Two sliding windows and a queue of places. A rate-limiting crate would do for the requests, but tokens are only
//! estimated before a call and corrected after it, and a provider's own words hold everybody back.

mod rest;
mod told;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Limits;
use super::dialect::Allowance;
use crate::wire::result::Fault;
use rest::Rests;
pub use rest::{REST_MOST, Rest, Whose, jitter};
use told::Told;
use window::{Window, WindowEntry};

/// A turn that comes within this is no wait to speak of: whoever is ahead only looks at the windows.
const AT_ONCE: Duration = Duration::from_millis(5);

/// One provider's gate.
#[derive(Debug)]
pub struct Gate {
    /// Fair: who asks first goes first.
    places: Mutex<Arc<Semaphore>>,
    /// Whose turn it is to look at the windows; holds the order of those who wait.
    turn: tokio::sync::Mutex<()>,
    rates: Mutex<Rates>,
    /// Somebody is held back, or let through again: who waits looks anew.
    changed: Notify,
}

#[derive(Debug)]
struct Rates {
    requests: Window,
    tokens: Window,
    told: Told,
    rests: Rests,
}

/// A place at the provider; dropping it lets the next one in.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    tokens: Option<WindowEntry>,
    _place: OwnedSemaphorePermit,
}

impl Permit {
    /// What the call really took, instead of what was thought.
    pub fn used(self, tokens: u64) {
        if let Some(entry) = self.tokens {
            self.gate.lock().tokens.correct(entry, tokens);
        }
    }
}

/// Who wants to enter.
pub struct Entrant<'e> {
    pub whose: Whose,
    pub estimated_tokens: u64,
    /// Told once when it takes a while.
    pub on_wait: &'e (dyn Fn() + Sync),
    /// Whether it waits so long because the provider asked for it.
    pub waits_for: &'e (dyn Fn(Duration) -> bool + Sync),
}

/// What stands between a call and the provider.
enum Obstacle {
    /// The limits, for so long.
    Limits(Duration),
    /// The provider asked to be left alone.
    Rest(Box<Rest>),
}

impl Gate {
    /// `places`: calls at once where the limits say nothing.
    pub fn new(limits: &Limits, places: u32) -> Arc<Self> {
        let rates = Rates {
            requests: Window::new(limits.requests_per_minute),
            tokens: Window::new(limits.tokens_per_minute),
            told: Told::default(),
            rests: Rests::default(),
        };
        Arc::new(Self {
            places: Mutex::new(places_of(limits, places)),
            turn: tokio::sync::Mutex::default(),
            rates: Mutex::new(rates),
            changed: Notify::new(),
        })
    }

    /// Other limits for all who come from now on; those inside go on.
    pub fn reconfigure(&self, limits: &Limits, places: u32) {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places_of(limits, places);
        let mut rates = self.lock();
        rates.requests.limit(limits.requests_per_minute);
        rates.tokens.limit(limits.tokens_per_minute);
        rates.told = Told::default();
        rates.rests = Rests::default();
        drop(rates);
        self.changed.notify_waiters();
    }

    /// Waits for a place and for the windows. Drop it to stop waiting.
    ///
    /// # Errors
    /// The provider asked to be left alone for longer than whoever comes waits.
    pub async fn enter(self: &Arc<Self>, who: Entrant<'_>) -> Result<Permit, Rest> {
        let mut is_told = false;
        let mut tell = || {
            if !std::mem::replace(&mut is_told, true) {
                (who.on_wait)();
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
        // Whoever is ahead may wait for the windows for long.
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
        loop {
            let changed = self.changed.notified();
            let wait = match self.pass(&who, Instant::now()) {
                Ok(tokens) => return Ok(Permit { gate: Arc::clone(self), tokens, _place: place }),
                Err(Obstacle::Rest(rest)) if !(who.waits_for)(rest.left()) => return Err(*rest),
                Err(Obstacle::Rest(rest)) => rest.left() + jitter(rest.asked()),
                Err(Obstacle::Limits(wait)) => wait,
            };
            tell();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = changed => {}
            }
        }
    }

    /// Takes a request and its tokens where nothing stands in the way.
    fn pass(&self, who: &Entrant<'_>, now: Instant) -> Result<Option<WindowEntry>, Obstacle> {
        let mut rates = self.lock();
        if let Some(rest) = rates.rests.of(who.whose, now) {
            return Err(Obstacle::Rest(Box::new(rest)));
        }
        let told = rates.told.wait(who.estimated_tokens, now);
        let wait = told.max(rates.requests.wait(1, now)).max(rates.tokens.wait(who.estimated_tokens, now));
        if !wait.is_zero() {
            return Err(Obstacle::Limits(wait));
        }
        rates.told.take(who.estimated_tokens);
        rates.requests.take(1, now);
        Ok(rates.tokens.take(who.estimated_tokens, now))
    }

    /// Counts a request that asks for no turn: the test of a key, a list of models.
    pub fn count_request(&self) {
        self.lock().requests.take(1, Instant::now());
    }

    /// Leaves the provider alone for as long as it asked: nobody of these goes before.
    pub fn hold(&self, whose: Whose, wait: Duration, fault: &Fault) {
        self.lock().rests.begin(whose, wait, fault, Instant::now());
        self.changed.notify_waiters();
    }

    /// How long the provider is left alone still, and what it said.
    pub fn rest(&self, whose: Whose) -> Option<Rest> {
        self.lock().rests.of(whose, Instant::now())
    }

    /// Lets these through again, whatever the provider asked for.
    pub fn end_rest(&self, whose: Whose) {
        self.lock().rests.end(whose);
        self.changed.notify_waiters();
    }

    /// Goes by what the headers of a reply say: no more is asked than is left, until there is more again.
    pub fn heed(&self, allowance: Allowance) {
        if allowance == Allowance::default() {
            return;
        }
        self.lock().told.heed(allowance, Instant::now());
        // Who waits by an earlier word may go by this one.
        self.changed.notify_waiters();
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
    use crate::wire::result::FaultKind;

    fn gate(requests_per_minute: Option<u32>, tokens_per_minute: Option<u32>, concurrency: u32) -> Arc<Gate> {
        Gate::new(&Limits { requests_per_minute, tokens_per_minute, concurrency: Some(concurrency), ..Limits::default() }, 8)
    }

    fn who(estimated_tokens: u64) -> Entrant<'static> {
        Entrant { whose: Whose::default(), estimated_tokens, on_wait: &|| (), waits_for: &|_| true }
    }

    async fn enter(gate: &Arc<Gate>, tokens: u64) -> Permit {
        gate.enter(who(tokens)).await.expect("it waits as long as it takes")
    }

    /// Seconds after `begun` at which a call may go that comes then.
    fn goes_at(gate: &Gate, begun: Instant, tokens: u64) -> f64 {
        let mut now = begun;
        loop {
            now += match gate.pass(&who(tokens), now) {
                Ok(_) => return ((now - begun).as_secs_f64() * 10.0).round() / 10.0,
                Err(Obstacle::Limits(wait)) => wait,
                Err(Obstacle::Rest(rest)) => rest.until.saturating_duration_since(now),
            };
        }
    }

    #[test]
    fn a_minutes_requests_go_at_once_and_the_next_when_the_minute_is_over() {
        let (gate, begun) = (gate(Some(6), None, 9), Instant::now());
        let went: Vec<f64> = (0..7).map(|_| goes_at(&gate, begun, 0)).collect();
        assert_eq!(went, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 61.0]);
        let next = begun + Duration::from_secs(61);
        let went: Vec<f64> = (0..6).map(|_| goes_at(&gate, next, 0)).collect();
        assert_eq!(went, [0.0, 0.0, 0.0, 0.0, 0.0, 61.0], "the seventh was the first of the next minute");
    }

    #[test]
    fn what_asks_for_no_turn_counts_against_those_that_do() {
        let gate = gate(Some(2), None, 9);
        gate.count_request();
        let begun = Instant::now();
        assert_eq!(goes_at(&gate, begun, 0), 0.0);
        assert!(goes_at(&gate, begun, 0) >= 60.0, "the test of a key was the first of two");
    }

    #[tokio::test]
    async fn tokens_are_corrected_after_the_call_and_too_large_a_call_is_not_held_for_ever() {
        let gate = gate(None, Some(600), 9);
        let begun = Instant::now();
        enter(&gate, 100).await.used(550);
        assert_eq!(goes_at(&gate, begun, 50), 0.0, "50 are left");
        assert!(goes_at(&gate, begun, 100) >= 61.0, "nothing is left in this minute");
        let late = begun + Duration::from_secs(200);
        assert_eq!(goes_at(&gate, late, 9_000), 0.0, "an empty minute lets it through");
        assert_eq!(goes_at(&gate, late, 1), 61.0);
    }

    #[tokio::test]
    async fn never_more_at_once_than_there_are_places_and_in_order() {
        let gate = gate(None, None, 2);
        let (first, second) = (enter(&gate, 0).await, enter(&gate, 0).await);
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting = [1, 2, 3].map(|name| {
            let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
            tokio::spawn(async move {
                let permit = enter(&gate, 0).await;
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
        // One a minute: the first goes, the second waits for the window, the third for its turn behind the second.
        let gate = gate(Some(1), None, 9);
        enter(&gate, 0).await.used(0);
        let told = Arc::new(Mutex::new(Vec::new()));
        let waiting = [2, 3].map(|name| {
            let (gate, told) = (Arc::clone(&gate), Arc::clone(&told));
            tokio::spawn(async move { gate.enter(Entrant { on_wait: &|| told.lock().expect("not poisoned").push(name), ..who(0) }).await })
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
        gate.heed(Allowance { requests_left: Some(0), requests_reset_ms: Some(7_000_000), ..Allowance::default() });
        assert_eq!(goes_at(&gate, begun, 0), 60.0, "something is left before all is whole again");
        gate.hold(Whose::default(), Duration::from_mins(10), &Fault::new(FaultKind::RateLimited, "Wait"));
        assert_eq!(goes_at(&gate, begun, 0), 600.0, "who asks for ten minutes is left alone for ten minutes");
        gate.hold(Whose::default(), Duration::from_secs(5), &Fault::new(FaultKind::RateLimited, "Wait"));
        assert_eq!(goes_at(&gate, begun, 0), 600.0, "a shorter word does not end it");
        gate.end_rest(Whose::default());
        assert_eq!(goes_at(&gate, begun, 0), 60.0);
    }

    #[tokio::test]
    async fn who_has_no_time_for_a_rest_is_told_so_at_once_even_while_it_waits() {
        let gate = gate(Some(1), None, 9);
        enter(&gate, 0).await.used(0);
        let waiting = {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(Entrant { waits_for: &|rest| rest < Duration::from_mins(3), ..who(0) }).await })
        };
        tokio::task::yield_now().await;
        gate.hold(Whose::default(), Duration::from_mins(10), &Fault::new(FaultKind::RateLimited, "Gemini says: wait"));
        let refused = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("before its turn came").expect("ends");
        let rest = refused.expect_err("ten minutes are too long for it");
        assert_eq!(rest.fault().message, "Gemini says: wait");
        assert!(rest.left() > Duration::from_secs(500), "{rest:?}");
        assert_eq!(gate.rest(Whose::of(Some("another key"))).map(|rest| rest.left()), None, "what is said of one key is true of that one");
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_nobodys_turn() {
        let gate = gate(None, None, 1);
        let inside = enter(&gate, 0).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), enter(&gate, 0)).await.is_err());
        drop(inside);
        assert!(tokio::time::timeout(Duration::from_secs(5), enter(&gate, 0)).await.is_ok());
    }
}
