//! A prompt's text as it is typed, and its way to the platform. What a person typed is never dropped and never
//! overwritten: where somebody else changed the same prompt, both texts are kept until one is chosen.

use std::time::{Duration, Instant};

use super::document::settings::Settings;
use super::journal::{Begun, KeptText, Opened};
use super::three_way;
use crate::gui::ctx::{ApiError, AreaCtx, Remote};
use crate::gui::widgets::prompt_editor::typed::Went;
use crate::wire::ids::PromptId;
use crate::wire::prompt::{Prompt, PromptVersion, UpdatePrompt};
use crate::wire::prompt_parts::PromptParts;

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
    is_cut_off: bool,
    tries: u32,
    retry_at: Instant,
}

/// All that a prompt holds, as texts: what is typed, kept and undone is always a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    pub user: String,
    pub system: String,
    pub schema: String,
    /// Parameters and variables (see [`Settings`]).
    pub settings: String,
}

impl Contents {
    #[must_use]
    pub fn of(user: &str, parts: &PromptParts) -> Self {
        let settings = Settings { parameters: parts.parameters, variables: parts.variables.clone() };
        Self { user: user.to_owned(), system: parts.system.clone(), schema: parts.schema.clone(), settings: settings.write() }
    }

    #[must_use]
    pub fn parts(&self) -> PromptParts {
        let Settings { parameters, variables } = Settings::read(&self.settings);
        PromptParts { system: self.system.clone(), schema: self.schema.clone(), parameters, variables }
    }

    #[must_use]
    pub fn texts(&self) -> [&str; 4] {
        [&self.user, &self.system, &self.schema, &self.settings]
    }
}

/// What each text is called, in files and on screen.
pub const TEXTS: [(&str, &str); 4] = [("user", "prompt"), ("system", "system text"), ("schema", "answer"), ("settings", "settings")];

/// What somebody else made of the prompt meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    pub contents: Contents,
    revision: u64,
    /// Who wrote it; empty where that is not known.
    pub by: String,
}

impl Theirs {
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }
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

/// What came of a newer state of the prompt.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Nothing,
    /// The editor shows the other text now; nothing of one's own was in it.
    Adopted,
    /// The editor shows one's own text with what the other changed elsewhere in it.
    Merged,
    Conflict,
}

/// One prompt's text.
pub struct Draft {
    id: PromptId,
    /// The user text.
    pub kept: KeptText,
    pub system: KeptText,
    pub schema: KeptText,
    pub settings: KeptText,
    /// What the platform holds.
    saved: Contents,
    revision: u64,
    first_edit: Option<Instant>,
    last_edit: Option<Instant>,
    saving: Option<(Contents, Remote<Prompt>)>,
    trouble: Option<Trouble>,
    theirs: Option<Theirs>,
    /// Since when it is known that the platform has a newer revision than we do.
    stale_since: Option<Instant>,
}

impl Draft {
    /// `contents`: what the platform holds of the prompt.
    #[must_use]
    pub fn new(prompt: &Prompt, contents: Contents) -> Self {
        let [kept, system, schema, settings] = contents.texts().map(KeptText::new);
        Self {
            id: prompt.id,
            kept,
            system,
            schema,
            settings,
            saved: contents,
            revision: prompt.revision,
            first_edit: None,
            last_edit: None,
            saving: None,
            trouble: None,
            theirs: None,
            stale_since: None,
        }
    }

    /// Goes on from what was kept on this computer. `contents`: what the platform holds of the prompt; `opened`: in the order of
    /// [`TEXTS`].
    #[must_use]
    pub fn resume(prompt: &Prompt, contents: Contents, opened: [Opened; 4]) -> (Self, Begun) {
        let mut opened = opened.into_iter();
        let mut draft = Self::new(prompt, contents.clone());
        let mut begun = Vec::new();
        for (kept, held) in draft.texts_mut().into_iter().zip(contents.texts()) {
            let (text, how) = KeptText::begin(opened.next().unwrap_or_default(), held);
            *kept = text;
            begun.push(how);
        }
        let is = |how: Begun| begun.contains(&how);
        let how = match () {
            () if is(Begun::Conflict) => draft.settle(prompt, contents, &begun),
            () if is(Begun::Unsent) && is(Begun::ChangedElsewhere) => Begun::Merged,
            () => [Begun::Unsent, Begun::ChangedElsewhere].into_iter().find(|how| is(*how)).unwrap_or(Begun::Same),
        };
        (draft, how)
    }

    /// What was not sent before the window was closed, and what somebody else changed meanwhile: put together where what both began
    /// with is remembered and they are apart from each other, else left to a person. `begun`: how each of the texts stands.
    fn settle(&mut self, prompt: &Prompt, contents: Contents, begun: &[Begun]) -> Begun {
        let bases = self.texts().into_iter().zip(contents.texts()).zip(begun);
        let bases = bases.map(|((kept, held), how)| if *how == Begun::Conflict { kept.base() } else { Some(held.to_owned()) });
        if let Some(Ok([user, system, schema, settings])) = bases.collect::<Option<Vec<String>>>().map(<[String; 4]>::try_from) {
            self.saved = Contents { user, system, schema, settings };
            if let Some(merged) = self.merged_with(&contents) {
                self.put(&merged);
                self.hold(contents);
                self.edited(Instant::now());
                return Begun::Merged;
            }
        }
        self.theirs = Some(Theirs { contents, revision: prompt.revision, by: prompt.updated_by.clone() });
        Begun::Conflict
    }

    fn texts(&self) -> [&KeptText; 4] {
        [&self.kept, &self.system, &self.schema, &self.settings]
    }

    pub fn texts_mut(&mut self) -> [&mut KeptText; 4] {
        [&mut self.kept, &mut self.system, &mut self.schema, &mut self.settings]
    }

    /// What stands in the editor of the user text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.kept.typed
    }

    /// All that stands here now.
    #[must_use]
    pub fn contents(&self) -> Contents {
        let [user, system, schema, settings] = self.texts().map(|kept| kept.typed.as_str().to_owned());
        Contents { user, system, schema, settings }
    }

    /// Whether all of it is as given.
    #[must_use]
    pub fn is(&self, contents: &Contents) -> bool {
        self.texts().iter().zip(contents.texts()).all(|(kept, text)| kept.typed.as_str() == text)
    }

    /// Whether it is this version.
    #[must_use]
    pub fn is_version(&self, version: &PromptVersion) -> bool {
        let PromptParts { system, schema, parameters, variables } = &version.parts;
        let is_same = *self.kept.typed == *version.content && *self.system.typed == **system && *self.schema.typed == **schema;
        is_same && Settings::read(&self.settings.typed) == Settings { parameters: *parameters, variables: variables.clone() }
    }

    /// Other numbers whenever a text changes.
    #[must_use]
    pub fn stamp(&self) -> [u64; 4] {
        self.texts().map(|kept| kept.typed.version())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts().iter().all(|kept| kept.typed.is_empty())
    }

    fn is_saved(&self) -> bool {
        self.is(&self.saved)
    }

    fn hold(&mut self, contents: Contents) {
        for (kept, text) in self.texts_mut().into_iter().zip(contents.texts()) {
            kept.held(text);
        }
        self.saved = contents;
    }

    /// All texts at once: one step, which is taken back in all of them.
    fn put(&mut self, contents: &Contents) {
        let step = uuid::Uuid::now_v7().as_u64_pair().1;
        for (kept, text) in self.texts_mut().into_iter().zip(contents.texts()) {
            kept.typed.replace_with_others(text, step);
        }
    }

    /// A step of all texts that was taken back, or done again, in one of them is so in the others.
    fn go_along(&mut self) {
        let went: Vec<Went> = self.texts_mut().into_iter().filter_map(|kept| kept.typed.take_went()).collect();
        for went in went {
            for kept in self.texts_mut() {
                kept.typed.go_along(went);
            }
        }
    }

    /// Hands what was typed to the disk.
    pub fn flush(&mut self) {
        self.go_along();
        for kept in self.texts_mut() {
            kept.flush();
        }
    }

    /// The same at once, also where the disk refused it a moment ago.
    pub fn flush_now(&mut self) {
        for kept in self.texts_mut() {
            kept.flush_now();
        }
    }

    /// The last words before the window closes: see [`KeptText::drop_stale`].
    pub fn drop_stale(&self) {
        for (kept, held) in self.texts().into_iter().zip(self.saved.texts()) {
            kept.drop_stale(held);
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
            Progress::NotSaved(NotSaved { why: &trouble.why, is_cut_off: trouble.is_cut_off })
        } else if self.saving.is_some() {
            Progress::Saving
        } else if self.is_saved() {
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
        self.theirs.is_some() || (self.saving.is_none() && self.is_saved())
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

    /// A version was saved from what is here: the platform holds it.
    pub fn version_saved(&mut self, version: &PromptVersion) {
        self.hold(Contents::of(&version.content, &version.parts));
        self.trouble = None;
    }

    /// Whether a state of the prompt is newer than what is known here. Until our own write is answered, an event may be its echo.
    #[must_use]
    pub fn is_news(&self, prompt: &Prompt) -> bool {
        self.saving.is_none() && (prompt.revision > self.revision || self.stale_since.is_some())
    }

    /// The platform's newest state of the prompt, and what it holds there.
    pub fn hear(&mut self, prompt: &Prompt, contents: Contents) -> Heard {
        if !self.is_news(prompt) {
            return Heard::Nothing;
        }
        self.stale_since = None;
        let is_unsent = !self.is_saved();
        self.revision = prompt.revision;
        if contents == self.saved || self.is(&contents) {
            // A new name, or the same texts from elsewhere: ours go on from there.
            self.hold(contents);
            self.theirs = None;
            return Heard::Nothing;
        }
        if is_unsent && let Some(merged) = self.merged_with(&contents) {
            self.put(&merged);
            self.hold(contents);
            self.theirs = None;
            self.edited(Instant::now());
            return Heard::Merged;
        }
        if is_unsent {
            self.theirs = Some(Theirs { contents, revision: prompt.revision, by: prompt.updated_by.clone() });
            return Heard::Conflict;
        }
        self.put(&contents);
        self.hold(contents);
        Heard::Adopted
    }

    /// One's own texts with what somebody else changed since the platform's last state; `None` where both changed the same.
    fn merged_with(&self, theirs: &Contents) -> Option<Contents> {
        let mine = self.contents();
        let merge = |base: &str, mine: &str, theirs: &str| three_way::merged(base, mine, theirs);
        // The settings are one line, and a schema is no text of lines that stand for themselves: those are merged where only one
        // side changed them.
        let whole = |base: &str, mine: &str, theirs: &str| match () {
            () if mine == base || mine == theirs => Some(theirs.to_owned()),
            () if theirs == base => Some(mine.to_owned()),
            () => None,
        };
        Some(Contents {
            user: merge(&self.saved.user, &mine.user, &theirs.user)?,
            system: merge(&self.saved.system, &mine.system, &theirs.system)?,
            schema: whole(&self.saved.schema, &mine.schema, &theirs.schema)?,
            settings: whole(&self.saved.settings, &mine.settings, &theirs.settings)?,
        })
    }

    /// Replaces all texts as one step that can be undone.
    pub fn replace(&mut self, contents: &Contents) {
        self.put(contents);
        self.edited(Instant::now());
    }

    /// In a conflict: one's own texts are the prompt's.
    pub fn keep_mine(&mut self) {
        if let Some(theirs) = self.theirs.take() {
            self.revision = theirs.revision;
            self.hold(theirs.contents);
        }
    }

    /// In a conflict: the other texts are the prompt's; undo brings one's own back.
    pub fn take_theirs(&mut self) {
        if let Some(theirs) = self.theirs.take() {
            self.revision = theirs.revision;
            self.put(&theirs.contents);
            self.hold(theirs.contents);
        }
    }

    /// In a conflict: what both texts began with. Nobody knows it when the window was closed meanwhile.
    #[must_use]
    pub fn base(&self) -> Option<&Contents> {
        self.theirs.as_ref().filter(|theirs| theirs.contents != self.saved).map(|_| &self.saved)
    }

    /// In a conflict: what was put together of both is the prompt's; undo brings one's own back.
    pub fn take_merged(&mut self, merged: &Contents) {
        if let Some(theirs) = self.theirs.take() {
            self.revision = theirs.revision;
            self.put(merged);
            self.hold(theirs.contents);
            self.edited(Instant::now());
        }
    }

    /// In a conflict: which of the texts differ, as they are called on screen.
    #[must_use]
    pub fn differing(&self) -> Vec<&'static str> {
        let Some(theirs) = &self.theirs else { return Vec::new() };
        let pairs = self.texts().into_iter().zip(theirs.contents.texts()).zip(TEXTS);
        pairs.filter(|((kept, text), _)| kept.typed.as_str() != *text).map(|(_, (_, name))| name).collect()
    }

    /// Why what is typed is not being kept on this computer just now.
    #[must_use]
    pub fn not_kept(&self) -> Option<String> {
        self.texts().into_iter().find_map(KeptText::trouble)
    }

    /// Why what stands here is nowhere but in this window, neither on this computer nor on the platform; `None` where it is kept.
    /// `disk`: what is wrong with the disk as a whole.
    #[must_use]
    pub fn nowhere_else(&self, disk: Option<&str>) -> Option<String> {
        let mut unsaved = self.texts().into_iter().zip(self.saved.texts()).filter(|(kept, saved)| kept.typed.as_str() != *saved).peekable();
        unsaved.peek()?;
        let here = disk.map(str::to_owned).or_else(|| unsaved.find_map(|(kept, _)| kept.trouble()))?;
        let there = match self.progress() {
            Progress::NotSaved(NotSaved { why, .. }) => why.to_owned(),
            Progress::Conflict => "the prompt was changed elsewhere, and it is not chosen yet which text stays".to_owned(),
            _ => "it has not answered yet".to_owned(),
        };
        Some(format!("On this computer: {here}. On the platform: {there}"))
    }

    /// What a person would have to type again.
    #[must_use]
    pub fn unsaved_text(&self) -> String {
        let unsaved = self.texts().into_iter().zip(self.saved.texts()).filter(|(kept, saved)| kept.typed.as_str() != *saved);
        unsaved.map(|(kept, _)| kept.typed.as_str()).collect::<Vec<_>>().join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(revision: u64) -> Prompt {
        let updated_at = chrono::DateTime::from_timestamp(0, 0).expect("a time");
        let id = PromptId(uuid::Uuid::from_u128(7));
        Prompt {
            id,
            name: "Photo tags".to_owned(),
            draft: None,
            draft_parts: None,
            latest_version: 1,
            live_version: None,
            revision,
            updated_at,
            updated_by: String::new(),
        }
    }

    fn text(user: &str) -> Contents {
        Contents { user: user.to_owned(), ..Contents::default() }
    }

    #[test]
    fn contents_are_the_parts_again() {
        let parts = PromptParts {
            system: "Be brief".to_owned(),
            schema: "{ half".to_owned(),
            parameters: crate::wire::prompt_parts::Parameters { seed: Some(7), ..Default::default() },
            variables: vec![crate::wire::prompt_parts::Variable { name: "a".to_owned(), value: "b".to_owned() }],
        };
        let contents = Contents::of("Look", &parts);
        assert_eq!((contents.user.as_str(), contents.parts()), ("Look", parts));
        assert_eq!(Contents::of("", &PromptParts::default()), Contents::default());
    }

    #[test]
    fn a_change_of_another_part_alone_is_sent_and_is_a_conflict_like_any() {
        let mut draft = Draft::new(&prompt(1), text("a"));
        draft.system.typed.replace("Be brief");
        draft.edited(Instant::now());
        assert_eq!(draft.progress(), Progress::Edited);
        let theirs = Contents { system: "Be exact".to_owned(), ..text("theirs") };
        assert_eq!(draft.hear(&prompt(2), theirs), Heard::Conflict);
        assert_eq!(draft.differing(), ["prompt", "system text"]);
        draft.take_theirs();
        assert_eq!((draft.text(), draft.system.typed.as_str()), ("theirs", "Be exact"));
        assert!(draft.system.typed.undo() && draft.system.typed.as_str() == "Be brief");
        draft.flush();
        assert_eq!(draft.text(), "a", "it was one step");
    }

    #[test]
    fn what_both_changed_apart_from_each_other_is_put_together_and_undone_as_one_step() {
        let mut draft = Draft::new(&prompt(1), text("Look.\n\nBe brief."));
        draft.kept.typed.replace("Look twice.\n\nBe brief.");
        draft.edited(Instant::now());
        let theirs = Contents { system: "You are exact".to_owned(), ..text("Look.\n\nBe very brief.") };
        assert_eq!(draft.hear(&prompt(2), theirs), Heard::Merged);
        assert_eq!((draft.text(), draft.system.typed.as_str()), ("Look twice.\n\nBe very brief.", "You are exact"));
        assert_eq!((draft.revision, draft.progress()), (2, Progress::Edited), "it goes to the platform");
        assert!(draft.kept.typed.undo());
        assert_eq!(draft.text(), "Look twice.\n\nBe brief.");
    }

    #[test]
    fn what_was_put_into_all_texts_is_undone_and_done_again_in_all_of_them_but_for_what_was_changed_since() {
        let mut draft = Draft::new(&prompt(1), Contents { system: "Be brief".to_owned(), schema: "{}".to_owned(), ..text("mine") });
        let of = |draft: &Draft| draft.contents().texts().map(str::to_owned);
        draft.kept.typed.replace("mine, longer");
        let before = of(&draft);
        draft.replace(&Contents { system: "Be exact".to_owned(), schema: "[]".to_owned(), ..text("restored") });
        let after = of(&draft);
        draft.schema.typed.undo();
        draft.flush();
        assert_eq!(of(&draft), before);
        draft.kept.typed.redo();
        draft.flush();
        assert_eq!(of(&draft), after);
        draft.system.typed.replace("Be exact, please");
        draft.kept.typed.undo();
        draft.flush();
        assert_eq!(of(&draft), ["mine, longer", "Be exact, please", "{}", ""]);
        draft.kept.typed.undo();
        draft.flush();
        assert_eq!(of(&draft), ["mine", "Be exact, please", "{}", ""], "a step of one text alone");
    }

    #[test]
    fn typing_is_sent_after_a_pause_and_without_one_all_the_same() {
        let mut draft = Draft::new(&prompt(1), text("a"));
        let start = Instant::now();
        assert_eq!(draft.due_in(start), None);
        draft.kept.typed.replace("ab");
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
        let mut draft = Draft::new(&prompt(1), text("a"));
        draft.kept.typed.replace("a mine");
        assert_eq!(draft.hear(&prompt(2), text("a")), Heard::Nothing);
        assert_eq!((draft.revision, draft.progress()), (2, Progress::Edited));
        assert_eq!(draft.hear(&prompt(3), text("a mine")), Heard::Nothing);
        assert_eq!((draft.revision, draft.progress()), (3, Progress::Saved));
    }

    #[test]
    fn another_text_is_shown_when_nothing_was_typed_and_asked_about_when_something_was() {
        let mut draft = Draft::new(&prompt(1), text("a"));
        assert_eq!(draft.hear(&prompt(2), text("theirs")), Heard::Adopted);
        assert_eq!((draft.text(), draft.progress()), ("theirs", Progress::Saved));
        draft.kept.typed.replace("mine");
        draft.edited(Instant::now());
        assert_eq!(draft.hear(&prompt(3), text("theirs again")), Heard::Conflict);
        assert_eq!((draft.text(), draft.progress(), draft.due_in(Instant::now())), ("mine", Progress::Conflict, None));
        assert_eq!(draft.hear(&prompt(2), text("older")), Heard::Nothing);

        draft.keep_mine();
        assert_eq!((draft.text(), draft.revision, draft.progress()), ("mine", 3, Progress::Edited));
        assert_eq!(draft.hear(&prompt(4), text("theirs at last")), Heard::Conflict);
        draft.take_theirs();
        assert_eq!((draft.text(), draft.revision, draft.progress()), ("theirs at last", 4, Progress::Saved));
    }
}
