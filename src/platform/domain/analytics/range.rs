//! A range of time in steps, as the rollups can answer it.

use chrono::{DateTime, Duration, Utc};

use crate::platform::domain::{DomainError, Result};
use crate::platform::store::rollups::{MINUTES_KEPT_MS, Span};

const MOST_STEPS: i64 = 2_000;
const LEAST_STEP_MS: i64 = 1_000;
const DEFAULT_RANGE: Duration = Duration::hours(24);
const DEFAULT_STEPS: i64 = 24;
/// Longer ranges are read by the hour: a week has 10,080 minutes.
const BY_THE_MINUTE_MOST_MS: i64 = 2 * Span::Day.ms();

/// Whole spans in steps of whole spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// What the rollups are read by.
    pub span: Span,
    pub from_ms: i64,
    /// Not included.
    pub to_ms: i64,
    pub step_ms: i64,
}

impl Range {
    /// What was asked for, checked, and widened to whole minutes; to whole hours where it is longer than two days or
    /// goes back further than minutes are kept. The last 24 hours in 24 steps unless told.
    pub fn asked(now: DateTime<Utc>, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, step_ms: Option<i64>) -> Result<Self> {
        let refuse = |code, message: &str| DomainError::Invalid { code, message: message.to_owned() };
        let to_ms = to.map_or_else(|| end_of_now(now, Span::Minute), |to| to.timestamp_millis());
        let from_ms = from.map_or(to_ms.saturating_sub(DEFAULT_RANGE.num_milliseconds()), |from| from.timestamp_millis());
        let range_ms = to_ms.saturating_sub(from_ms);
        if range_ms <= 0 {
            return Err(refuse("range", "'from' must be before 'to'"));
        }
        let step_ms = step_ms.unwrap_or((range_ms / DEFAULT_STEPS).max(LEAST_STEP_MS));
        if step_ms < LEAST_STEP_MS || (range_ms - 1) / step_ms >= MOST_STEPS {
            return Err(refuse("step_ms", "A step must be at least 1,000 ms, and there may be at most 2,000 of them"));
        }
        let has_minutes = from_ms >= now.timestamp_millis().saturating_sub(MINUTES_KEPT_MS);
        let finest = if has_minutes && range_ms <= BY_THE_MINUTE_MOST_MS { Span::Minute } else { Span::Hour };
        let (from_ms, to_ms) = (finest.floor(from_ms), finest.ceil(to_ms));
        // A step longer than all there is to see is as good as one that just holds it.
        let step_ms = finest.ceil(step_ms.min(to_ms - from_ms));
        Ok(Self { span: finest, from_ms, to_ms, step_ms }.by_the_longest())
    }

    /// Whole steps that end with the present minute; with the present hour where steps are longer than an hour.
    #[must_use]
    pub fn until_now(now: DateTime<Utc>, range: Duration, step: Duration) -> Self {
        let span = if step > Duration::hours(1) { Span::Hour } else { Span::Minute };
        let to_ms = end_of_now(now, span);
        Self { span, from_ms: to_ms - range.num_milliseconds(), to_ms, step_ms: step.num_milliseconds() }.by_the_longest()
    }

    /// Read by the longest span that fits: the fewest rows.
    fn by_the_longest(self) -> Self {
        let fits = |span: &Span| [self.from_ms, self.to_ms, self.step_ms].iter().all(|ms| ms % span.ms() == 0);
        let span = Span::ALL.into_iter().rev().find(fits).unwrap_or(self.span);
        Self { span, ..self }
    }

    #[must_use]
    pub fn from(self) -> DateTime<Utc> {
        at(self.from_ms)
    }

    #[must_use]
    pub fn to(self) -> DateTime<Utc> {
        at(self.to_ms)
    }

    /// Beginning of a step.
    #[must_use]
    pub fn at(self, step: i64) -> DateTime<Utc> {
        at(self.from_ms + step * self.step_ms)
    }

    /// How many steps there are, the last one maybe cut.
    #[must_use]
    pub fn steps(self) -> i64 {
        (self.to_ms - self.from_ms - 1) / self.step_ms + 1
    }
}

/// End of the span that holds this very moment.
fn end_of_now(now: DateTime<Utc>, span: Span) -> i64 {
    span.floor(now.timestamp_millis()) + span.ms()
}

/// A time that came from one, so that it is always in range; rounding to whole spans stays in range but for the last hour of all time.
fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    const NOW: &str = "2026-03-14T12:10:30.5Z";

    #[test]
    fn a_range_is_widened_to_whole_minutes_and_further_back_to_whole_hours() {
        let asked = |from, to, step| Range::asked(time(NOW), Some(time(from)), Some(time(to)), Some(step)).expect("sound");
        let recent = asked("2026-03-14T11:40:30Z", "2026-03-14T12:20:01Z", 90_000);
        assert_eq!((recent.from(), recent.to()), (time("2026-03-14T11:40:00Z"), time("2026-03-14T12:21:00Z")));
        assert_eq!((recent.span, recent.step_ms, recent.steps()), (Span::Minute, 120_000, 21));
        let old = asked("2026-02-01T11:40:30Z", "2026-02-02T12:20:01Z", 90_000);
        assert_eq!((old.from(), old.to()), (time("2026-02-01T11:00:00Z"), time("2026-02-02T13:00:00Z")));
        assert_eq!((old.span, old.step_ms), (Span::Hour, 3_600_000));
    }

    #[test]
    fn whole_days_are_read_by_the_day() {
        let day = 86_400_000;
        let range = Range::asked(time(NOW), Some(time("2026-03-01T00:00:00Z")), Some(time("2026-03-08T00:00:00Z")), Some(day)).expect("sound");
        assert_eq!((range.span, range.steps()), (Span::Day, 7));
    }

    #[test]
    fn until_now_holds_this_moment() {
        for (range, step, to) in [(1, 1, "12:11:00"), (24, 60, "12:11:00"), (168, 360, "13:00:00")] {
            let range = Range::until_now(time(NOW), Duration::hours(range), Duration::minutes(step));
            assert_eq!(range.to(), time(&format!("2026-03-14T{to}Z")));
        }
        let usual = Range::asked(time(NOW), None, None, None).expect("sound");
        assert_eq!((usual.to(), usual.steps(), usual.step_ms), (time("2026-03-14T12:11:00Z"), 24, 3_600_000));
    }
}
