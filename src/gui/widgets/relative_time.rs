//! A moment as its age (`3 min ago`), with the local date and time on hover.

use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use egui::{Context, Label, Response, Ui};

/// The age in words. A moment up to a minute ahead is "just now": clocks differ.
#[must_use]
pub fn words(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let (ahead, seconds) = (seconds < -60, seconds.unsigned_abs());
    let (count, unit) = match seconds {
        _ if now < at && !ahead => return "just now".to_owned(),
        0..=4 => return "just now".to_owned(),
        5..=59 => (seconds, "s"),
        60..=3_599 => (seconds / 60, "min"),
        3_600..=86_399 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    if ahead { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// Draws a frame when the words change: an age that is looked at goes on by itself.
pub fn follow(egui: &Context, at: DateTime<Utc>, now: DateTime<Utc>) {
    egui.request_repaint_after(until_change(at, now));
}

/// How long the words stay the same, at most.
fn until_change(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    let ms = (now - at).num_milliseconds();
    let step = match ms.unsigned_abs() {
        // "Just now" begins a minute before it.
        0..60_000 if ms < 5_000 => return Duration::from_millis((5_000 - ms).unsigned_abs()),
        0..60_000 => 1_000,
        60_000..3_600_000 => 60_000,
        _ => 3_600_000,
    };
    let left = if ms < 0 { ms.unsigned_abs() % step + 1 } else { step - ms.unsigned_abs() % step };
    Duration::from_millis(left)
}

/// The moment itself, in local time.
#[must_use]
pub fn absolute(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%-d %B %Y, %H:%M:%S").to_string()
}

/// Draws the age; the moment itself is shown on hover.
pub fn ui(ui: &mut Ui, at: DateTime<Utc>, now: DateTime<Utc>) -> Response {
    ui.add(Label::new(words(at, now)).truncate().show_tooltip_when_elided(false)).on_hover_ui(|ui| {
        ui.label(absolute(at));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_people_say_them() {
        let now = DateTime::from_timestamp(1_000_000, 0).expect("a time");
        for (seconds, says) in [
            (0, "just now"),
            (-30, "just now"),
            (42, "42 s ago"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (7_200, "2 h ago"),
            (200_000, "2 d ago"),
            (-120, "in 2 min"),
        ] {
            assert_eq!(words(now - chrono::Duration::seconds(seconds), now), says);
        }
    }

    #[test]
    fn an_age_is_drawn_again_when_its_words_change_and_not_before() {
        let at = DateTime::from_timestamp(1_000_000, 0).expect("a time");
        for ms in [0, 4_999, 5_000, 5_300, 59_999, 60_000, 61_000, 3_599_999, 3_600_000, 7_300_000, 86_399_999] {
            let now = at + chrono::Duration::milliseconds(ms);
            let next = until_change(at, now);
            assert!(next <= Duration::from_hours(1), "{ms}");
            let then = now + next;
            assert_ne!(words(at, now), words(at, then), "{ms}");
            assert_eq!(words(at, now), words(at, then - chrono::Duration::milliseconds(1)), "{ms}");
        }
        // What is to come comes nearer.
        let now = at - chrono::Duration::milliseconds(125_000);
        assert_eq!((words(at, now), words(at, now + until_change(at, now))), ("in 2 min".to_owned(), "in 1 min".to_owned()));
    }
}
