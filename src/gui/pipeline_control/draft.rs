//! A prompt's text as it is typed, and its way to the platform. What a person typed is never dropped and never
//! overwritten: where somebody else changed the same prompt, both texts are kept until one is chosen.

mod conflict;
mod contents;
mod sending;

use std::time::Instant;

pub use self::conflict::Theirs;
pub use self::contents::{Contents, TEXTS};
use self::sending::Trouble;
pub use self::sending::{NotSaved, Progress};
use super::document::settings::Settings;
use super::journal::{Begun, KeptText, Opened};
use crate::gui::ctx::Remote;
use crate::gui::widgets::prompt_editor::typed::Went;
use crate::wire::ids::PromptId;
use crate::wire::prompt::{Prompt, PromptVersion};
use crate::wire::prompt_parts::PromptParts;

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

    /// Replaces all texts as one step that can be undone.
    pub fn replace(&mut self, contents: &Contents) {
        self.put(contents);
        self.edited(Instant::now());
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
mod tests;
