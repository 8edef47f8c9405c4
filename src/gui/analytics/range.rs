//! The time range that Analytics looks at, and the steps that it is cut into.

use chrono::{DateTime, Duration, Utc};

use crate::gui::widgets::time_axis;
use crate::wire::analytics::PerformanceQuery;

/// How far back the plots reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TimeRange {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

impl TimeRange {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
            Self::Month => "30 d",
        }
    }

    /// As in "compared with …".
    #[must_use]
    pub fn before_label(self) -> &'static str {
        match self {
            Self::Hour => "the hour before",
            Self::Day => "the day before",
            Self::Week => "the week before",
            Self::Month => "the 30 days before",
        }
    }

    #[must_use]
    pub fn step(self) -> Duration {
        match self {
            Self::Hour => Duration::minutes(1),
            Self::Day => Duration::minutes(15),
            Self::Week => Duration::hours(2),
            Self::Month => Duration::hours(6),
        }
    }

    #[must_use]
    pub fn span(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::hours(24),
            Self::Week => Duration::days(7),
            Self::Month => Duration::days(30),
        }
    }

    /// The query for now: whole steps, the last of them not over yet, so that bars keep their place from answer to answer.
    #[must_use]
    pub fn query(self, now: DateTime<Utc>) -> PerformanceQuery {
        let step = self.step().num_milliseconds();
        let to = now.timestamp_millis().div_euclid(step) * step + step;
        self.query_until(to, step)
    }

    /// The range before it, as one step.
    #[must_use]
    pub fn query_before(self, now: DateTime<Utc>) -> PerformanceQuery {
        let (span, step) = (self.span().num_milliseconds(), self.step().num_milliseconds());
        self.query_until((now.timestamp_millis() - span).div_euclid(step) * step, span)
    }

    fn query_until(self, to_ms: i64, step_ms: i64) -> PerformanceQuery {
        PerformanceQuery {
            from: DateTime::from_timestamp_millis(to_ms - self.span().num_milliseconds()),
            to: DateTime::from_timestamp_millis(to_ms),
            step_ms: u64::try_from(step_ms).ok(),
        }
    }

    /// Words at a mark of the time axis, in local time.
    #[must_use]
    pub fn tick(self, seconds: f64) -> String {
        let format = match self {
            Self::Hour | Self::Day => "%H:%M",
            Self::Week => "%a %-d",
            Self::Month => "%-d %b",
        };
        time_axis::local(seconds).format(format).to_string()
    }

    /// The step that begins at `seconds`, in local time.
    #[must_use]
    pub fn step_words(self, seconds: f64) -> String {
        let from = time_axis::local(seconds);
        let to = time_axis::local(seconds + self.step().num_seconds() as f64);
        match self {
            Self::Hour | Self::Day => format!("{} – {}", from.format("%H:%M"), to.format("%H:%M")),
            Self::Week | Self::Month => format!("{} – {}", from.format("%a %-d %b, %H:%M"), to.format("%H:%M")),
        }
    }

    /// Where the time axis has marks: round local times, some 80 points apart or more.
    #[must_use]
    pub fn marks(self, from: f64, to: f64, width: f32) -> Vec<f64> {
        let least = if matches!(self, Self::Week | Self::Month) { time_axis::DAY } else { 0.0 };
        time_axis::marks(from, to, width, least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_and_keep_their_place() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        for range in TimeRange::ALL {
            let query = range.query(at("2026-03-04T10:07:31Z"));
            let later = range.query(at("2026-03-04T10:07:59Z"));
            assert_eq!(query, later, "the same step gives the same query");
            let (from, to) = (query.from.expect("from"), query.to.expect("to"));
            assert_eq!(to - from, range.span());
            assert!(to > at("2026-03-04T10:07:31Z"), "the step under way is in it");
            let steps = range.span().num_milliseconds() / range.step().num_milliseconds();
            assert!(steps <= 120, "{range:?}: fewer than a plot has pixels");
        }
        let before = TimeRange::Day.query_before(at("2026-03-04T10:00:00Z"));
        assert_eq!(before.to, Some(at("2026-03-03T10:00:00Z")));
        assert_eq!(before.from, Some(at("2026-03-02T10:00:00Z")));
    }

    #[test]
    fn the_time_axis_is_marked_at_round_times_with_room_between() {
        let to = 1_772_600_400.0;
        for (range, width) in [(TimeRange::Hour, 300.0), (TimeRange::Day, 420.0), (TimeRange::Week, 420.0), (TimeRange::Month, 900.0)] {
            let from = to - range.span().num_seconds() as f64;
            let marks = range.marks(from, to, width);
            assert!(marks.len() >= 3, "{range:?}: {}", marks.len());
            assert!(marks.len() as f32 <= width / 80.0 + 1.0, "{range:?}: {}", marks.len());
            assert!(marks.iter().all(|mark| *mark >= from && *mark <= to));
        }
    }
}
