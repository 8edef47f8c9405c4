//! Somebody else changed the same prompt: both texts are kept until they are put together or one is chosen.

use std::time::Instant;

use super::Draft;
use super::contents::{Contents, TEXTS};
use crate::gui::pipeline_control::three_way;

/// What somebody else made of the prompt meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    pub contents: Contents,
    pub(super) revision: u64,
    /// Who wrote it; empty where that is not known.
    pub by: String,
}

impl Theirs {
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

impl Draft {
    #[must_use]
    pub fn theirs(&self) -> Option<&Theirs> {
        self.theirs.as_ref()
    }

    /// One's own texts with what somebody else changed since the platform's last state; `None` where both changed the same.
    pub(super) fn merged_with(&self, theirs: &Contents) -> Option<Contents> {
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
}
