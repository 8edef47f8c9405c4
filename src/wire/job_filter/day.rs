//! A day that a term names. Days are UTC days, as those of the figures.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::Compare;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    Today,
    Yesterday,
    Date(NaiveDate),
}

impl Day {
    pub(super) fn read(text: &str) -> Option<Self> {
        match text {
            "today" => Some(Self::Today),
            "yesterday" => Some(Self::Yesterday),
            date => NaiveDate::parse_from_str(date, "%Y-%m-%d").ok().map(Self::Date),
        }
    }

    /// The moments that compare so with the day: from the first one on, up to the second one without it.
    #[must_use]
    pub fn span(self, compare: Compare, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let today = now.date_naive();
        let date = match self {
            Self::Today => today,
            Self::Yesterday => today.pred_opt().unwrap_or(today),
            Self::Date(date) => date,
        };
        let begin = date.and_time(NaiveTime::MIN).and_utc();
        // The last day that there is has no end.
        let end = begin.checked_add_signed(TimeDelta::days(1)).unwrap_or(begin);
        match compare {
            Compare::Less => (None, Some(begin)),
            Compare::AtMost => (None, Some(end)),
            Compare::Equal => (Some(begin), Some(end)),
            Compare::AtLeast => (Some(begin), None),
            Compare::More => (Some(end), None),
        }
    }

    pub(super) fn holds(self, compare: Compare, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let (from, to) = self.span(compare, now);
        from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
    }
}
