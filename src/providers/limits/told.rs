//! What the headers of replies say is left of a provider's own limits: no more goes to it than that.

use std::time::Duration;

use tokio::time::Instant;

use crate::providers::dialect::Allowance;

/// What is said of the time when a limit is whole again is not believed beyond this: there is room before that.
const RESET_MOST: Duration = Duration::from_secs(60);

/// The newest word on requests and on tokens; nothing until a reply says something.
#[derive(Debug, Default)]
pub struct Told {
    requests: Option<Left>,
    tokens: Option<Left>,
}

/// So much may go until then.
#[derive(Debug, Clone, Copy)]
struct Left {
    amount: u64,
    until: Instant,
}

impl Told {
    /// Takes in what a reply says; of what it says nothing, the word before holds.
    pub fn heed(&mut self, allowance: Allowance, now: Instant) {
        let left = |amount: Option<u64>, reset_ms: Option<u64>| {
            Some(Left { amount: amount?, until: now + Duration::from_millis(reset_ms?).min(RESET_MOST) })
        };
        self.requests = left(allowance.requests_left, allowance.requests_reset_ms).or(self.requests);
        self.tokens = left(allowance.tokens_left, allowance.tokens_reset_ms).or(self.tokens);
    }

    /// How long until a call of so many tokens may go. One that is larger than the whole limit goes when that is whole again.
    pub fn wait(&self, tokens: u64, now: Instant) -> Duration {
        let of = |left: Option<Left>, wanted: u64| {
            let short = left.filter(|left| left.amount < wanted);
            short.map_or(Duration::ZERO, |left| left.until.saturating_duration_since(now))
        };
        of(self.requests, 1).max(of(self.tokens, tokens.max(1)))
    }

    /// A call of so many tokens goes: before its reply tells anew, there is less.
    pub fn take(&mut self, tokens: u64) {
        for (left, amount) in [(&mut self.requests, 1), (&mut self.tokens, tokens)] {
            if let Some(left) = left {
                left.amount = left.amount.saturating_sub(amount);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_goes_than_is_left_until_it_is_whole_again_or_told_anew() {
        let (mut told, now, second) = (Told::default(), Instant::now(), Duration::from_secs(1));
        assert_eq!(told.wait(9_000, now), Duration::ZERO, "nothing is known");
        told.heed(Allowance { requests_left: Some(2), requests_reset_ms: Some(7_000), ..Allowance::default() }, now);
        for _ in 0..2 {
            assert_eq!(told.wait(500, now), Duration::ZERO);
            told.take(500);
        }
        assert_eq!(told.wait(500, now), 7 * second, "both are gone, and no reply has said that there is more");
        assert_eq!(told.wait(500, now + 3 * second), 4 * second);
        assert_eq!(told.wait(500, now + 7 * second), Duration::ZERO, "it is whole again");
        told.heed(Allowance { requests_left: Some(1), requests_reset_ms: Some(7_000), ..Allowance::default() }, now);
        assert_eq!(told.wait(500, now), Duration::ZERO, "the newest word counts");
    }

    #[test]
    fn tokens_are_left_as_well_and_what_is_said_of_one_holds_beside_the_other() {
        let (mut told, now) = (Told::default(), Instant::now());
        told.heed(Allowance { tokens_left: Some(1_500), tokens_reset_ms: Some(9_000), ..Allowance::default() }, now);
        told.heed(Allowance { requests_left: Some(9), requests_reset_ms: Some(1_000), ..Allowance::default() }, now);
        assert_eq!(told.wait(1_000, now), Duration::ZERO);
        told.take(1_000);
        assert_eq!(told.wait(1_000, now), Duration::from_secs(9), "500 are left");
        assert_eq!(told.wait(400, now), Duration::ZERO);
        told.heed(Allowance { tokens_left: Some(0), tokens_reset_ms: Some(900_000), ..Allowance::default() }, now);
        assert_eq!(told.wait(0, now), RESET_MOST, "nobody knows how many it takes: some");
    }
}
