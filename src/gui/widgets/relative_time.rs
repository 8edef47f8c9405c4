//! A moment as its age (`3 min ago`), with the local date and time on hover.

use chrono::{DateTime, Local, Utc};
use egui::{Label, Response, Ui};

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
}
