//! Votes on the open run: what is known of them, how one is cast, and how the last one is taken back.

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
    /// What was there before each vote of this window, newest last.
    before: Vec<(PhotoId, Option<Vote>)>,
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
    pub fn is_busy(&self) -> bool {
        self.casting.is_pending()
    }

    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty() && !self.is_busy()
    }

    /// Asks again; what is known stays until then.
    pub fn reload(&mut self) {
        self.run = None;
    }

    /// `open`: the run that is shown, and whether somebody looks at its votes.
    pub fn logic(&mut self, open: Option<RunId>, ctx: &AreaCtx<'_>) {
        self.known.poll();
        if self.casting.poll() {
            if let Some(failure) = self.casting.take_failure() {
                self.before.pop();
                ctx.commands.toast(ToastKind::Bad, format!("The vote was not kept: {failure}"));
            }
            if let Some(votes) = self.casting.take().filter(|votes| Some(votes.run_id) == self.run) {
                self.known.set(votes);
            }
        }
        let Some(run) = open.filter(|run| Some(*run) != self.run && self.is_blind && !self.known.is_pending()) else { return };
        if self.known().is_some_and(|known| known.run_id != run) {
            (self.known, self.before) = (Remote::default(), Vec::new());
        }
        self.run = Some(run);
        ctx.ask(&mut self.known, |client| async move { client.votes(run).await });
    }

    pub fn cast(&mut self, run: RunId, photo: PhotoId, vote: CastVote, ctx: &AreaCtx<'_>) {
        if self.is_busy() {
            return;
        }
        self.before.push((photo, self.of(photo).cloned()));
        self.send(run, photo, vote, ctx);
    }

    /// Takes the last vote back; returns its photo.
    pub fn undo(&mut self, run: RunId, ctx: &AreaCtx<'_>) -> Option<PhotoId> {
        if !self.can_undo() {
            return None;
        }
        let (photo, before) = self.before.pop()?;
        let vote =
            before.map_or(CastVote { columns: Vec::new(), choice: None }, |vote| CastVote { columns: vote.columns, choice: Some(vote.choice) });
        self.send(run, photo, vote, ctx);
        Some(photo)
    }

    fn send(&mut self, run: RunId, photo: PhotoId, vote: CastVote, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.casting, |client| async move { client.cast_vote(run, photo, &vote).await });
    }
}
