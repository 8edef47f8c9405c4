//! What a cell is doing while it is being asked: its text as it comes, or what it waits for.

use chrono::{DateTime, TimeDelta, Utc};

use crate::wire::result::FaultKind;
use crate::wire::run::CellNow;

/// What was heard of a cell last.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Waiting,
    Asking,
    /// The end of what the model has written so far, in one line.
    Text(String),
    Retrying {
        at: DateTime<Utc>,
        kind: FaultKind,
    },
}

impl Heard {
    /// `now`: when it was heard, by this computer's clock; the platform's may differ.
    #[must_use]
    pub fn new(news: &CellNow, now: DateTime<Utc>) -> Self {
        match news {
            CellNow::Waiting => Self::Waiting,
            CellNow::Asking => Self::Asking,
            CellNow::Text { text } => Self::Text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            CellNow::Retrying { wait_ms, kind } => {
                let wait = i64::try_from(*wait_ms).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::zero());
                Self::Retrying { at: now.checked_add_signed(wait).unwrap_or(now), kind: *kind }
            }
        }
    }

    /// In a few words: `Retrying in 7 s: rate limited`; for a text, the text.
    #[must_use]
    pub fn words(&self, now: DateTime<Utc>) -> String {
        match self {
            Self::Waiting => "Waiting for its turn".to_owned(),
            Self::Asking => "Asking…".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Retrying { at, kind } => match seconds_left(*at, now) {
                0 => format!("Retrying now: {}", kind.label()),
                seconds => format!("Retrying in {seconds} s: {}", kind.label()),
            },
        }
    }
}

/// Begun seconds count whole: one that is about to begin is not told as none.
fn seconds_left(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let left = (at - now).num_milliseconds().max(0);
    (left + 999) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_down_to_now() {
        let then = DateTime::UNIX_EPOCH;
        let heard = Heard::new(&CellNow::Retrying { wait_ms: 6_400, kind: FaultKind::RateLimited }, then);
        let after = |ms: i64| heard.words(then + TimeDelta::milliseconds(ms));
        assert_eq!(after(0), "Retrying in 7 s: rate limited");
        assert_eq!(after(6_399), "Retrying in 1 s: rate limited");
        assert_eq!(after(6_400), "Retrying now: rate limited");
        assert_eq!(after(9_000), "Retrying now: rate limited");
    }

    #[test]
    fn a_wait_beyond_all_time_is_no_trouble() {
        let heard = Heard::new(&CellNow::Retrying { wait_ms: u64::MAX, kind: FaultKind::Overloaded }, DateTime::UNIX_EPOCH);
        assert!(heard.words(DateTime::UNIX_EPOCH).starts_with("Retrying"));
    }
}
