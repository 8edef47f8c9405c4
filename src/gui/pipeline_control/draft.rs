//! A prompt's text as it is typed, and its way to the platform. What a person typed is never dropped and never
//! overwritten: where somebody else changed the same prompt, both texts are kept until one is chosen.

use std::time::{Duration, Instant};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::widgets::prompt_editor;
use crate::wire::ids::PromptId;
use crate::wire::prompt::{Prompt, UpdatePrompt};

/// The text is sent this long after the last keystroke, …
const AFTER_KEYSTROKE: Duration = Duration::from_millis(300);
/// … and at the latest this long after the first, for those who type without a pause.
const AT_THE_LATEST: Duration = Duration::from_millis(1_500);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// Why the text has not reached the platform, and when it is tried again.
#[derive(Debug)]
struct Trouble {
    why: String,
    tries: u32,
    retry_at: Instant,
}

/// What somebody else made of the prompt meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    pub text: String,
    revision: u64,
}

/// How far the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The platform has it.
    Saved,
    Edited,
    Saving,
    NotSaved(&'a str),
    /// Somebody else changed the prompt; a person has to choose.
    Conflict,
}

/// What came of a newer state of the prompt.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Nothing,
    /// The editor shows the other text now; nothing of one's own was in it.
    Adopted,
    Conflict,
}

/// One prompt's text.
pub struct Draft {
    id: PromptId,
    pub text: String,
    /// What the platform holds.
    saved: String,
    revision: u64,
    first_edit: Option<Instant>,
    last_edit: Option<Instant>,
    saving: Option<(String, Remote<Prompt>)>,
    trouble: Option<Trouble>,
    theirs: Option<Theirs>,
    /// Since when it is known that the platform has a newer revision than we do.
    stale_since: Option<Instant>,
}

impl Draft {
    /// `text`: what the platform holds of the prompt.
    #[must_use]
    pub fn new(prompt: &Prompt, text: &str) -> Self {
        Self {
            id: prompt.id,
            text: text.to_owned(),
            saved: text.to_owned(),
            revision: prompt.revision,
            first_edit: None,
            last_edit: None,
            saving: None,
            trouble: None,
            theirs: None,
            stale_since: None,
        }
    }

    /// The editor's id: each prompt has its own cursor and its own undo.
    #[must_use]
    pub fn editor_id(&self) -> egui::Id {
        egui::Id::unique(("prompt editor", self.id))
    }

    #[must_use]
    pub fn progress(&self) -> Progress<'_> {
        if self.theirs.is_some() {
            Progress::Conflict
        } else if let Some(trouble) = &self.trouble {
            Progress::NotSaved(&trouble.why)
        } else if self.saving.is_some() {
            Progress::Saving
        } else if self.text == self.saved {
            Progress::Saved
        } else {
            Progress::Edited
        }
    }

    #[must_use]
    pub fn theirs(&self) -> Option<&Theirs> {
        self.theirs.as_ref()
    }

    /// Since when a write is refused because the platform knows a newer state: ask for it.
    #[must_use]
    pub fn stale_since(&self) -> Option<Instant> {
        self.stale_since
    }

    /// Whether everything that was typed has reached the platform, or cannot without a decision.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.theirs.is_some() || (self.saving.is_none() && self.text == self.saved)
    }

    /// The text was changed by typing.
    pub fn edited(&mut self, now: Instant) {
        self.first_edit.get_or_insert(now);
        self.last_edit = Some(now);
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
    fn due_in(&self, now: Instant) -> Option<Duration> {
        if self.text == self.saved || self.saving.is_some() || self.theirs.is_some() || self.stale_since.is_some() {
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
                self.trouble = Some(Trouble { why: failure.to_string(), tries, retry_at: now + wait });
            }
        } else if let Some(prompt) = answer.take() {
            self.saved = std::mem::take(sent);
            self.revision = self.revision.max(prompt.revision);
            self.trouble = None;
        }
        self.saving = None;
    }

    fn send(&mut self, ctx: &AreaCtx<'_>) {
        let (id, revision, text) = (self.id, self.revision, self.text.clone());
        let body = UpdatePrompt { name: None, draft: Some(text.clone()) };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.update_prompt(id, revision, &body).await });
        self.saving = Some((text, answer));
        self.first_edit = None;
        self.last_edit = None;
    }

    /// A version was saved from this text: the platform holds it.
    pub fn version_saved(&mut self, content: &str) {
        content.clone_into(&mut self.saved);
        self.trouble = None;
    }

    /// The platform's newest state of the prompt, and its text there.
    pub fn hear(&mut self, prompt: &Prompt, text: &str, egui: &egui::Context) -> Heard {
        // Until our own write is answered, an event may be its echo.
        if self.saving.is_some() || (prompt.revision <= self.revision && self.stale_since.is_none()) {
            return Heard::Nothing;
        }
        self.stale_since = None;
        let is_unsent = self.text != self.saved;
        if text == self.saved || text == self.text {
            // A new name, or the same text from elsewhere: ours goes on from there.
            self.revision = prompt.revision;
            text.clone_into(&mut self.saved);
            self.theirs = None;
            return Heard::Nothing;
        }
        if is_unsent {
            self.theirs = Some(Theirs { text: text.to_owned(), revision: prompt.revision });
            self.revision = prompt.revision;
            return Heard::Conflict;
        }
        self.revision = prompt.revision;
        text.clone_into(&mut self.saved);
        prompt_editor::replace(egui, self.editor_id(), &mut self.text, text);
        Heard::Adopted
    }

    /// Replaces the text as one step that can be undone.
    pub fn replace(&mut self, text: &str, egui: &egui::Context) {
        prompt_editor::replace(egui, self.editor_id(), &mut self.text, text);
        self.edited(Instant::now());
    }

    /// In a conflict: one's own text is the prompt's.
    pub fn keep_mine(&mut self) {
        if let Some(theirs) = self.theirs.take() {
            self.revision = theirs.revision;
            self.saved = theirs.text;
        }
    }

    /// In a conflict: the other text is the prompt's; undo brings one's own back.
    pub fn take_theirs(&mut self, egui: &egui::Context) {
        if let Some(theirs) = self.theirs.take() {
            self.revision = theirs.revision;
            prompt_editor::replace(egui, self.editor_id(), &mut self.text, &theirs.text);
            self.saved = theirs.text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(revision: u64) -> Prompt {
        let updated_at = chrono::DateTime::from_timestamp(0, 0).expect("a time");
        let id = PromptId(uuid::Uuid::from_u128(7));
        Prompt { id, name: "Photo tags".to_owned(), draft: None, latest_version: 1, live_version: None, revision, updated_at }
    }

    #[test]
    fn typing_is_sent_after_a_pause_and_without_one_all_the_same() {
        let mut draft = Draft::new(&prompt(1), "a");
        let start = Instant::now();
        assert_eq!(draft.due_in(start), None);
        draft.text.push('b');
        draft.edited(start);
        assert_eq!(draft.due_in(start), Some(AFTER_KEYSTROKE));
        for step in 1..10 {
            draft.edited(start + AFTER_KEYSTROKE.mul_f32(0.9) * step);
        }
        assert_eq!(draft.due_in(start + AT_THE_LATEST), Some(Duration::ZERO));
        draft.hurry();
        assert_eq!(draft.due_in(start), Some(Duration::ZERO));
    }

    #[test]
    fn a_new_name_or_the_same_text_from_elsewhere_is_no_conflict() {
        let egui = egui::Context::default();
        let mut draft = Draft::new(&prompt(1), "a");
        draft.text.push_str(" mine");
        assert_eq!(draft.hear(&prompt(2), "a", &egui), Heard::Nothing);
        assert_eq!((draft.revision, draft.progress()), (2, Progress::Edited));
        assert_eq!(draft.hear(&prompt(3), "a mine", &egui), Heard::Nothing);
        assert_eq!((draft.revision, draft.progress()), (3, Progress::Saved));
    }

    #[test]
    fn another_text_is_shown_when_nothing_was_typed_and_asked_about_when_something_was() {
        let egui = egui::Context::default();
        let mut draft = Draft::new(&prompt(1), "a");
        assert_eq!(draft.hear(&prompt(2), "theirs", &egui), Heard::Adopted);
        assert_eq!((draft.text.as_str(), draft.progress()), ("theirs", Progress::Saved));
        draft.text = "mine".to_owned();
        draft.edited(Instant::now());
        assert_eq!(draft.hear(&prompt(3), "theirs again", &egui), Heard::Conflict);
        assert_eq!((draft.text.as_str(), draft.progress(), draft.due_in(Instant::now())), ("mine", Progress::Conflict, None));
        assert_eq!(draft.hear(&prompt(2), "older", &egui), Heard::Nothing);

        draft.keep_mine();
        assert_eq!((draft.text.as_str(), draft.revision, draft.progress()), ("mine", 3, Progress::Edited));
        assert_eq!(draft.hear(&prompt(4), "theirs at last", &egui), Heard::Conflict);
        draft.take_theirs(&egui);
        assert_eq!((draft.text.as_str(), draft.revision, draft.progress()), ("theirs at last", 4, Progress::Saved));
    }
}
