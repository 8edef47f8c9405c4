//! The way of a text to the platform: after a pause in the typing, and again where it was not reached.

use std::time::{Duration, Instant};

use super::Draft;
use crate::gui::ctx::{ApiError, AreaCtx, Remote};
use crate::gui::pipeline_control::journal::KeptText;
use crate::wire::prompt::UpdatePrompt;

/// The text is sent this long after the last keystroke, …
pub(super) const AFTER_KEYSTROKE: Duration = Duration::from_millis(300);
/// … and at the latest this long after the first, for those who type without a pause.
pub(super) const AT_THE_LATEST: Duration = Duration::from_millis(1_500);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// Why the text has not reached the platform, and when it is tried again.
#[derive(Debug)]
pub(super) struct Trouble {
    why: String,
    is_cut_off: bool,
    tries: u32,
    retry_at: Instant,
}

/// How far the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The platform has it.
    Saved,
    Edited,
    Saving,
    NotSaved(NotSaved<'a>),
    /// Somebody else changed the prompt; a person has to choose.
    Conflict,
}

/// Why the platform has it not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSaved<'a> {
    pub why: &'a str,
    /// The platform was not reached.
    pub is_cut_off: bool,
}

impl Draft {
    #[must_use]
    pub fn progress(&self) -> Progress<'_> {
        if self.theirs.is_some() {
            Progress::Conflict
        } else if let Some(trouble) = &self.trouble {
            Progress::NotSaved(NotSaved { why: &trouble.why, is_cut_off: trouble.is_cut_off })
        } else if self.saving.is_some() {
            Progress::Saving
        } else if self.is_saved() {
            Progress::Saved
        } else {
            Progress::Edited
        }
    }

    /// Sends what is not sent in the next round, without waiting for a pause.
    pub fn hurry(&mut self) {
        if self.last_edit.is_some() {
            self.first_edit = None;
            self.last_edit = None;
        }
        if let Some(trouble) = &mut self.trouble {
            trouble.retry_at = Instant::now();
        }
    }

    /// How long until the text should be sent; `None` when there is nothing to send.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        if self.is_saved() || self.saving.is_some() || self.theirs.is_some() || self.stale_since.is_some() {
            return None;
        }
        if let Some(trouble) = &self.trouble {
            return Some(trouble.retry_at.saturating_duration_since(now));
        }
        let pause = self.last_edit.map_or(now, |at| at + AFTER_KEYSTROKE);
        let latest = self.first_edit.map_or(now, |at| at + AT_THE_LATEST);
        Some(pause.min(latest).saturating_duration_since(now))
    }

    /// Takes in the platform's answer and sends what is due.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        let now = Instant::now();
        self.take_answer(now);
        self.flush();
        if let Some(wait) = self.texts().into_iter().filter_map(KeptText::wants_retry).min() {
            ctx.egui.request_repaint_after(wait);
        }
        match self.due_in(now) {
            None => {}
            Some(Duration::ZERO) => self.send(ctx),
            Some(wait) => ctx.egui.request_repaint_after(wait),
        }
    }

    fn take_answer(&mut self, now: Instant) {
        let Some((sent, answer)) = &mut self.saving else { return };
        if !answer.poll() {
            return;
        }
        if let Some(failure) = answer.take_failure() {
            if failure.code() == Some("stale") {
                self.stale_since = Some(now);
            } else {
                let tries = self.trouble.as_ref().map_or(0, |trouble| trouble.tries) + 1;
                let wait = FIRST_RETRY.saturating_mul(1 << (tries - 1).min(4)).min(LONGEST_RETRY);
                let is_cut_off = matches!(failure, ApiError::Network(_));
                self.trouble = Some(Trouble { why: failure.to_string(), is_cut_off, tries, retry_at: now + wait });
            }
        } else if let Some(prompt) = answer.take() {
            let sent = std::mem::take(sent);
            self.hold(sent);
            self.revision = self.revision.max(prompt.revision);
            self.trouble = None;
        }
        self.saving = None;
    }

    fn send(&mut self, ctx: &AreaCtx<'_>) {
        let (id, revision, sent) = (self.id, self.revision, self.contents());
        for (kept, text) in self.texts_mut().into_iter().zip(sent.texts()) {
            kept.sent(text);
        }
        let body = UpdatePrompt { draft: Some(sent.user.clone()), draft_parts: Some(sent.parts()), name: None };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.update_prompt(id, revision, &body).await });
        self.saving = Some((sent, answer));
        self.first_edit = None;
        self.last_edit = None;
    }
}
