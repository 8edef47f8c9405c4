//! What a cell is doing while it is being asked: its text as it comes, or what it waits for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use egui::text::LayoutJob;
use egui::{FontId, Rect, Ui, vec2};

use super::matrix::paint_message;
use super::matrix_cell::failure_words;
use crate::gui::theme::{self, Tokens, icons};
use crate::wire::result::{Fault, FaultKind};
use crate::wire::run::CellNow;

/// Of a cell that has failed before, while nothing more is heard of it.
pub const ASKING_AGAIN: &str = "Asking again…";
/// Of the room of a cell, what stands above the error of its last try.
const AGAIN_HEIGHT: f32 = 20.0;

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
}

/// What was heard, as it stands in this frame.
#[derive(Debug, Clone, Copy)]
pub struct Doing<'a> {
    pub heard: &'a Heard,
    pub now: DateTime<Utc>,
}

impl<'a> Doing<'a> {
    /// In a few words: `Retrying in 7 s: rate limited`.
    #[must_use]
    pub fn words(self) -> String {
        match self.heard {
            Heard::Waiting => "Waiting for its turn".to_owned(),
            Heard::Asking => "Asking…".to_owned(),
            Heard::Text(_) => "Answering…".to_owned(),
            Heard::Retrying { at, kind } => match seconds_left(*at, self.now) {
                0 => format!("Retrying now: {}", kind.label()),
                seconds => format!("Retrying in {seconds} s: {}", kind.label()),
            },
        }
    }

    /// The same of a cell that has failed before: `Asking again…`.
    #[must_use]
    pub fn words_again(self) -> String {
        match self.heard {
            Heard::Waiting => "Waiting to be asked again".to_owned(),
            Heard::Asking => ASKING_AGAIN.to_owned(),
            Heard::Text(_) => "Answering again…".to_owned(),
            Heard::Retrying { .. } => self.words(),
        }
    }

    /// What the model has written so far, where it writes.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        if let Heard::Text(text) = self.heard { Some(text) } else { None }
    }

    /// The colour that goes with the words.
    #[must_use]
    pub fn colour(self, tokens: &Tokens) -> egui::Color32 {
        match self.heard {
            Heard::Waiting => tokens.muted,
            Heard::Asking | Heard::Text(_) => tokens.info,
            Heard::Retrying { .. } => tokens.warn,
        }
    }

    /// Draws again when the words change by themselves. Called where they are shown, so that nobody counts unseen.
    pub fn keep_counting(self, ui: &Ui) {
        if let Heard::Retrying { at, .. } = self.heard
            && let Some(wait) = next_second(*at, self.now)
        {
            ui.ctx().request_repaint_after(wait);
        }
    }

    /// Paints it into a cell.
    pub fn paint(self, ui: &Ui, room: Rect, tokens: &Tokens) {
        self.keep_counting(ui);
        if let Some(text) = self.text() {
            paint_message(ui, room, icons::ICON_EDIT_NOTE.codepoint, "", tokens.info);
            paint_end(ui, room.with_min_x(room.left() + 22.0), text, tokens);
            return;
        }
        let icon = match self.heard {
            Heard::Waiting => icons::ICON_SCHEDULE,
            Heard::Retrying { .. } => icons::ICON_AUTORENEW,
            Heard::Asking | Heard::Text(_) => icons::ICON_PENDING,
        };
        paint_message(ui, room, icon.codepoint, &self.words(), self.colour(tokens));
    }
}

/// Paints a cell that is asked again: its error stands until the answer is in.
pub fn paint_again(ui: &Ui, room: Rect, doing: Option<Doing<'_>>, fault: &Fault, tokens: &Tokens) {
    let (now, before) = room.split_top_bottom_at_y(room.top() + AGAIN_HEIGHT);
    let words = doing.map_or_else(|| ASKING_AGAIN.to_owned(), Doing::words_again);
    if let Some(doing) = doing {
        doing.keep_counting(ui);
    }
    paint_message(ui, now, icons::ICON_AUTORENEW.codepoint, &words, doing.map_or(tokens.info, |doing| doing.colour(tokens)));
    paint_message(ui, before, icons::ICON_ERROR.codepoint, &failure_words(fault), tokens.bad);
}

/// The last lines of a text, as many as there is room for.
pub fn paint_end(ui: &Ui, room: Rect, text: &str, tokens: &Tokens) {
    let small = FontId::proportional(theme::TEXT_SMALL);
    let galley = ui.painter().layout_job(LayoutJob::simple(text.to_owned(), small, tokens.muted, room.width()));
    let lines = galley.rows.len().max(1);
    let line = galley.size().y / lines as f32;
    let fitting = ((room.height() / line) as usize).max(1);
    let shown = Rect::from_min_size(room.min, vec2(room.width(), line * fitting as f32));
    let above = line * lines.saturating_sub(fitting) as f32;
    ui.painter().with_clip_rect(shown.intersect(ui.clip_rect())).galley(room.min - vec2(0.0, above), galley, tokens.muted);
}

/// Begun seconds count whole: one that is about to begin is not told as none.
fn seconds_left(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let left = (at - now).num_milliseconds().max(0);
    (left + 999) / 1000
}

/// Until one second less is left; `None` when none is.
fn next_second(at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    let left = u64::try_from((at - now).num_milliseconds()).ok().filter(|left| *left > 0)?;
    Some(Duration::from_millis((left - 1) % 1000 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_down_to_now() {
        let then = DateTime::UNIX_EPOCH;
        let heard = Heard::new(&CellNow::Retrying { wait_ms: 6_400, kind: FaultKind::RateLimited }, then);
        let after = |ms: i64| Doing { heard: &heard, now: then + TimeDelta::milliseconds(ms) }.words();
        assert_eq!(after(0), "Retrying in 7 s: rate limited");
        assert_eq!(after(6_399), "Retrying in 1 s: rate limited");
        assert_eq!(after(6_400), "Retrying now: rate limited");
        assert_eq!(after(9_000), "Retrying now: rate limited");
    }

    #[test]
    fn a_wait_is_drawn_again_when_its_second_is_over_and_not_after_its_end() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(6_400);
        let after = |ms: i64| next_second(at, DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)).map(|wait| wait.as_millis());
        assert_eq!((after(0), after(400), after(6_399), after(6_400), after(7_000)), (Some(400), Some(1_000), Some(1), None, None));
    }

    #[test]
    fn a_wait_beyond_all_time_is_no_trouble() {
        let heard = Heard::new(&CellNow::Retrying { wait_ms: u64::MAX, kind: FaultKind::Overloaded }, DateTime::UNIX_EPOCH);
        assert!(Doing { heard: &heard, now: DateTime::UNIX_EPOCH }.words().starts_with("Retrying"));
    }
}
