//! The time axis of a plot, in local time: `time_axis::marks(from, to, width, 0.0)` with `time_axis::local(seconds)` for
//! the words.

use chrono::{DateTime, Local, Offset};

const MINUTE: f64 = 60.0;
/// Seconds.
pub const DAY: f64 = 86_400.0;

/// Where the axis has marks: round local times, some 80 points apart or more, and at least `least` seconds. All in
/// seconds since 1970.
#[must_use]
pub fn marks(from: f64, to: f64, width: f32, least: f64) -> Vec<f64> {
    let wanted = (to - from) * 80.0 / f64::from(width.max(80.0));
    let rounds = [5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 360.0, 720.0].map(|minutes| minutes * MINUTE);
    let days = [1.0, 2.0, 5.0, 10.0].map(|days| days * DAY);
    let step = rounds.into_iter().chain(days).find(|round| *round >= wanted.max(least)).unwrap_or(10.0 * DAY);
    let offset = f64::from(local(to).offset().fix().local_minus_utc());
    let first = ((from + offset) / step).ceil() as i64;
    let last = ((to + offset) / step).floor() as i64;
    (first..=last).map(|mark| mark as f64 * step - offset).collect()
}

/// Seconds since 1970 as the clock on the wall shows them.
#[must_use]
pub fn local(seconds: f64) -> DateTime<Local> {
    DateTime::from_timestamp_millis((seconds * 1000.0) as i64).unwrap_or_default().with_timezone(&Local)
}
