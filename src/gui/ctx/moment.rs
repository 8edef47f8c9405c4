//! A moment whose age is right also after the computer slept.

use std::time::{Duration, Instant, SystemTime};

/// When something happened in this process.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    running: Instant,
    wall: SystemTime,
}

impl Moment {
    #[must_use]
    pub fn now() -> Self {
        Self { running: Instant::now(), wall: SystemTime::now() }
    }

    /// So long ago.
    #[must_use]
    pub fn ago(age: Duration) -> Self {
        let now = Self::now();
        Self { running: now.running.checked_sub(age).unwrap_or(now.running), wall: now.wall.checked_sub(age).unwrap_or(now.wall) }
    }

    /// On some systems the running clock stands still in sleep, and the clock on the wall may be set back: the
    /// longer of the two is right.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.running.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_before_a_sleep_is_old_and_a_clock_set_back_does_not_make_it_young() {
        let (running, wall, hour) = (Instant::now(), SystemTime::now(), Duration::from_hours(1));
        let slept = Moment { running, wall: wall - hour };
        assert!(slept.age() >= hour);
        let set_back = Moment { running, wall: wall + hour };
        assert!(set_back.age() < hour);
    }
}
