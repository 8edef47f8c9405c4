//! When to try again: ever later, at a time that no other client chooses too; and at once after the computer slept.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(200);
/// Before jitter, which at most doubles it.
const LONGEST: Duration = Duration::from_secs(8);

/// The waits between tries.
pub struct Backoff(ExponentialBackoff);

impl Default for Backoff {
    fn default() -> Self {
        Self(ExponentialBuilder::default().with_min_delay(FIRST).with_max_delay(LONGEST).with_jitter().without_max_times().build())
    }
}

impl Backoff {
    pub fn next(&mut self) -> Duration {
        self.0.next().unwrap_or(LONGEST)
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// More than a busy computer makes a timer late.
const LATE_MOST: Duration = Duration::from_secs(15);

/// Returns when the computer has slept.
pub async fn slept() {
    loop {
        let (running, wall) = (Instant::now(), SystemTime::now());
        tokio::time::sleep(LOOK_EVERY).await;
        // A clock that was set back says nothing.
        if is_sleep(running.elapsed(), wall.elapsed().unwrap_or_default()) {
            return;
        }
    }
}

/// Whether so much more time than [`LOOK_EVERY`] has passed that the computer must have slept. Some systems' running
/// clocks stand still meanwhile, others' go on.
fn is_sleep(running: Duration, wall: Duration) -> bool {
    running.max(wall) > LOOK_EVERY + LATE_MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_told_from_a_busy_computer() {
        let seconds = Duration::from_secs;
        assert!(!is_sleep(seconds(2), seconds(2)));
        assert!(!is_sleep(seconds(9), seconds(9)), "a late timer");
        assert!(!is_sleep(seconds(2), Duration::ZERO), "the clock was set back");
        assert!(is_sleep(seconds(2), seconds(3_600)), "a running clock that stands still in sleep");
        assert!(is_sleep(seconds(3_600), seconds(3_600)), "one that goes on");
    }

    #[test]
    fn tries_come_ever_later_within_bounds_and_never_in_step() {
        let waits = |count| {
            let mut backoff = Backoff::default();
            (0..count).map(|_| backoff.next()).collect::<Vec<_>>()
        };
        let one = waits(40);
        for (try_number, wait) in one.iter().enumerate() {
            let base = LONGEST.min(FIRST * 2_u32.saturating_pow(try_number.min(10) as u32));
            assert!((base..=base * 2).contains(wait), "try {try_number}: {wait:?}");
        }
        assert_ne!(one, waits(40), "two clients do not come back at the same times");
    }
}
