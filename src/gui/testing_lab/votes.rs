//! Votes on the open run: what is known of them, how one is cast, and how the last one is taken back.

use std::collections::VecDeque;

use crate::gui::ctx::{AreaCtx, Remote, ToastKind};
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::vote::{CastVote, RunVotes, Vote};

/// Blind mode of side by side, and the votes of the open run.
#[derive(Default)]
pub struct Votes {
    /// Columns are hidden.
    pub is_blind: bool,
    /// They are told all the same, until the next photo.
    pub shows_names: bool,
    pub shows_ranking: bool,
    run: Option<RunId>,
    known: Remote<RunVotes>,
    casting: Remote<RunVotes>,
    /// The vote that is being kept, and those that were given meanwhile.
    under_way: Option<Waiting>,
    waiting: VecDeque<Waiting>,
    /// What was there before each vote of this window, newest last.
    before: Vec<Before>,
    counted: u64,
}

/// A vote that is not kept yet.
#[derive(Debug, Clone)]
struct Waiting {
    run: RunId,
    photo: PhotoId,
    vote: CastVote,
    /// Of the entry that undoes it; one that takes another back has none.
    number: Option<u64>,
}

/// How a vote is taken back.
#[derive(Debug, Clone)]
struct Before {
    number: u64,
    photo: PhotoId,
    vote: CastVote,
}

impl Votes {
    #[must_use]
    pub fn known(&self) -> Option<&RunVotes> {
        self.known.value()
    }

    #[must_use]
    pub fn of(&self, photo: PhotoId) -> Option<&Vote> {
        self.known()?.of(photo)
    }

    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.known.failure().map(ToString::to_string)
    }

    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// Asks again; what is known stays until then.
    pub fn reload(&mut self) {
        self.run = None;
    }

    /// `open`: the run that is shown, and whether somebody looks at its votes.
    pub fn logic(&mut self, open: Option<RunId>, ctx: &AreaCtx<'_>) {
        self.known.poll();
        if self.casting.poll() {
            let ended = self.under_way.take();
            if let Some(failure) = self.casting.take_failure() {
                self.before.retain(|before| ended.as_ref().is_none_or(|ended| ended.number != Some(before.number)));
                ctx.commands.toast(ToastKind::Bad, format!("The vote was not kept: {failure}"));
            }
            if let Some(votes) = self.casting.take().filter(|votes| Some(votes.run_id) == self.run) {
                self.known.set(votes);
            }
            self.send(ctx);
        }
        let Some(run) = open.filter(|run| Some(*run) != self.run && self.is_blind && !self.known.is_pending()) else { return };
        if self.known().is_some_and(|known| known.run_id != run) {
            (self.known, self.before) = (Remote::default(), Vec::new());
        }
        self.run = Some(run);
        ctx.ask(&mut self.known, |client| async move { client.votes(run).await });
    }

    /// Keeps a vote; one that is given while another is on its way is kept after it.
    pub fn cast(&mut self, run: RunId, photo: PhotoId, vote: CastVote, ctx: &AreaCtx<'_>) {
        self.counted += 1;
        self.before.push(Before { number: self.counted, photo, vote: self.now(photo) });
        self.waiting.push_back(Waiting { run, photo, vote, number: Some(self.counted) });
        self.send(ctx);
    }

    /// Takes the last vote back; returns its photo.
    pub fn undo(&mut self, run: RunId, ctx: &AreaCtx<'_>) -> Option<PhotoId> {
        let Before { photo, vote, .. } = self.before.pop()?;
        self.waiting.push_back(Waiting { run, photo, vote, number: None });
        self.send(ctx);
        Some(photo)
    }

    /// What is said of a photo as soon as all that waits is kept.
    fn now(&self, photo: PhotoId) -> CastVote {
        let none = CastVote { columns: Vec::new(), choice: None };
        let waiting = self.under_way.iter().chain(&self.waiting).rfind(|waiting| waiting.photo == photo);
        let kept = || self.of(photo).map(|vote| CastVote { columns: vote.columns.clone(), choice: Some(vote.choice) });
        waiting.map(|waiting| waiting.vote.clone()).or_else(kept).unwrap_or(none)
    }

    /// One after the other, in the order in which they were given.
    fn send(&mut self, ctx: &AreaCtx<'_>) {
        if self.under_way.is_some() {
            return;
        }
        let Some(next) = self.waiting.pop_front() else { return };
        let Waiting { run, photo, vote, .. } = next.clone();
        self.under_way = Some(next);
        ctx.ask(&mut self.casting, |client| async move { client.cast_vote(run, photo, &vote).await });
    }
}
