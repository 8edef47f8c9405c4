//! When something that is looked at is asked for again: after changes, now and then anyway, and of another moment.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// While another moment is looked for, questions follow one another this fast.
const DRAGGING: Duration = Duration::from_millis(100);

/// When it was asked for last, and whether that still serves.
#[derive(Debug, Default)]
pub struct Refresh {
    asked_at: Option<Instant>,
    /// The moment that was asked for; `None`: the present.
    of: Option<DateTime<Utc>>,
    is_behind: bool,
}

/// How long an answer serves.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// When something changed since.
    pub changed: Duration,
    /// When nothing did.
    pub anyway: Duration,
}

impl Refresh {
    /// Something changed that the answer tells of.
    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    /// Asks at the next look, whatever was asked before.
    pub fn reload(&mut self) {
        self.is_behind = true;
        self.asked_at = None;
    }

    /// An answer came that was asked for elsewhere.
    pub fn answered(&mut self) {
        self.asked_at = Some(Instant::now());
        self.is_behind = false;
    }

    /// Whether it was asked since the last [`Refresh::reload`].
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.asked_at.is_some()
    }

    /// Whether to ask now, for the present or a moment of the past; call it while it is looked at, when no answer is under
    /// way. A frame follows when it is time.
    pub fn is_due(&mut self, egui: &egui::Context, of: Option<DateTime<Utc>>, pace: Pace) -> bool {
        let wait = match (of, of == self.of) {
            (_, false) => DRAGGING,
            // The past does not change.
            (Some(_), true) if self.was_asked() => return false,
            _ if self.is_behind => pace.changed,
            _ => pace.anyway,
        };
        let left = self.asked_at.map_or(Duration::ZERO, |at| wait.saturating_sub(at.elapsed()));
        if !left.is_zero() {
            egui.request_repaint_after(left);
            return false;
        }
        *self = Self { asked_at: Some(Instant::now()), of, is_behind: false };
        egui.request_repaint_after(pace.anyway);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_after_changes_of_other_moments_and_at_once_when_forced() {
        let egui = egui::Context::default();
        let pace = Pace { changed: Duration::ZERO, anyway: Duration::from_mins(1) };
        let mut refresh = Refresh::default();
        assert!(refresh.is_due(&egui, None, pace), "never asked");
        assert!(!refresh.is_due(&egui, None, pace), "it serves");
        refresh.mark_behind();
        assert!(refresh.is_due(&egui, None, pace), "something changed");
        refresh.reload();
        assert!(refresh.is_due(&egui, None, Pace { changed: Duration::from_mins(1), ..pace }), "forced");
        let past = Some(DateTime::UNIX_EPOCH);
        assert!(!refresh.is_due(&egui, past, pace), "not so soon after the last");
        std::thread::sleep(DRAGGING);
        assert!(refresh.is_due(&egui, past, pace), "another moment");
        refresh.mark_behind();
        assert!(!refresh.is_due(&egui, past, pace), "the past does not change");
        refresh.reload();
        assert!(refresh.is_due(&egui, past, pace), "forced");
    }
}
