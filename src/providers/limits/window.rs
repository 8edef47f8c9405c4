//! What went to a provider within the last minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A second more than a minute: calls are not equally long on their way, and the provider counts when they arrive.
const WINDOW: Duration = Duration::from_secs(61);

/// A sliding window: within any minute no more goes than the limit says.
#[derive(Debug)]
pub struct Window {
    /// `None`: no limit.
    per_minute: Option<u64>,
    /// Oldest first.
    gone: VecDeque<Gone>,
    /// Of all in `gone`.
    sum: u64,
    next: u64,
}

#[derive(Debug)]
struct Gone {
    number: u64,
    at: Instant,
    amount: u64,
}

/// Something that was taken, to be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowEntry(u64);

impl Window {
    pub fn new(per_minute: Option<u32>) -> Self {
        Self { per_minute: per_minute.map(u64::from), gone: VecDeque::new(), sum: 0, next: 0 }
    }

    /// Another limit, which what went before counts against.
    pub fn limit(&mut self, per_minute: Option<u32>) {
        self.per_minute = per_minute.map(u64::from);
    }

    /// How long until `amount` may go. More than a whole minute's worth goes when nothing else did.
    pub fn wait(&mut self, amount: u64, now: Instant) -> Duration {
        let Some(per_minute) = self.per_minute else { return Duration::ZERO };
        self.forget(now);
        let room = per_minute - amount.min(per_minute);
        let mut left = self.sum;
        let mut wait = Duration::ZERO;
        for gone in &self.gone {
            if left <= room {
                break;
            }
            left -= gone.amount;
            wait = (gone.at + WINDOW).saturating_duration_since(now);
        }
        wait
    }

    /// Takes it; `None`: there is no limit to count for.
    pub fn take(&mut self, amount: u64, now: Instant) -> Option<WindowEntry> {
        self.per_minute?;
        let number = self.next;
        self.next += 1;
        self.gone.push_back(Gone { number, at: now, amount });
        self.sum += amount;
        Some(WindowEntry(number))
    }

    /// What it really was. What went more than a minute ago counts no longer.
    pub fn correct(&mut self, entry: WindowEntry, amount: u64) {
        if let Ok(place) = self.gone.binary_search_by_key(&entry.0, |gone| gone.number) {
            let was = std::mem::replace(&mut self.gone[place].amount, amount);
            self.sum = self.sum - was + amount;
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some(gone) = self.gone.front().filter(|gone| gone.at + WINDOW <= now) {
            self.sum -= gone.amount;
            self.gone.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most that went within a minute, by looking at each one that begins with a call.
    fn most_in_a_minute(went: &[(Instant, u64)]) -> u64 {
        let within =
            |from: Instant| went.iter().filter(|(at, _)| *at >= from && *at < from + Duration::from_secs(60)).map(|(_, amount)| amount).sum();
        went.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
    }

    proptest! {
        /// Calls of any size come at any time, each goes as soon as it may, and turns out to be smaller than was thought.
        #[test]
        fn no_minute_ever_has_more_than_the_limit(
            limit in 1_u32..40,
            calls in prop::collection::vec((0_u64..30_000, 1_u64..12, 0_u64..12), 1..160),
        ) {
            let mut window = Window::new(Some(limit));
            let begun = Instant::now();
            let (mut now, mut comes) = (begun, begun);
            let mut went = Vec::new();
            for (pause_ms, amount, less) in calls {
                comes += Duration::from_millis(pause_ms);
                now = now.max(comes);
                let amount = amount.min(u64::from(limit));
                loop {
                    let wait = window.wait(amount, now);
                    if wait.is_zero() {
                        break;
                    }
                    now += wait;
                }
                let entry = window.take(amount, now).expect("there is a limit");
                let really = amount.saturating_sub(less);
                window.correct(entry, really);
                went.push((now, really));
                let most = most_in_a_minute(&went);
                prop_assert!(most <= u64::from(limit), "{most} within a minute, not {limit}");
            }
        }

        /// Nobody waits for longer than it takes: a moment before, it would have been too much.
        #[test]
        fn nobody_waits_in_vain(limit in 1_u32..20, pauses_ms in prop::collection::vec(0_u64..20_000, 1..100)) {
            let mut window = Window::new(Some(limit));
            let mut now = Instant::now();
            for pause_ms in pauses_ms {
                now += Duration::from_millis(pause_ms);
                let wait = window.wait(1, now);
                if !wait.is_zero() {
                    prop_assert!(!window.wait(1, now + wait - Duration::from_millis(1)).is_zero());
                    now += wait;
                }
                prop_assert!(window.wait(1, now).is_zero(), "once is enough");
                window.take(1, now);
            }
        }
    }
}
