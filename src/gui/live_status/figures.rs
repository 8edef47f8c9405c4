//! The live figures: asked for again after events, a few times a second at most, and every minute
//! while they are looked at, because their windows move by minutes.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::gui::ctx::{AreaCtx, Pace, Refresh, Remote};
use crate::wire::status::LiveStatus;

const PACE: Pace = Pace { changed: Duration::from_millis(250), anyway: Duration::from_mins(1) };

/// The platform's live status, kept fresh.
#[derive(Default)]
pub struct Figures {
    remote: Remote<LiveStatus>,
    refresh: Refresh,
    /// The moment that was asked for, and that of what is shown; `None`: the present.
    asked: Option<DateTime<Utc>>,
    of: Option<DateTime<Utc>>,
}

impl Figures {
    #[must_use]
    pub fn remote(&self) -> &Remote<LiveStatus> {
        &self.remote
    }

    #[must_use]
    pub fn value(&self) -> Option<&LiveStatus> {
        self.remote.value()
    }

    /// Whether what is shown is of another moment than this one: the figures of it are still on their way.
    #[must_use]
    pub fn is_other(&self, at: Option<DateTime<Utc>>) -> bool {
        self.of != at
    }

    /// The figures of this moment, once they are there.
    #[must_use]
    pub fn at(&self, at: Option<DateTime<Utc>>) -> Option<&LiveStatus> {
        self.value().filter(|_| !self.is_other(at))
    }

    /// Something happened that the figures count.
    pub fn mark_behind(&mut self) {
        self.refresh.mark_behind();
    }

    pub fn reload(&mut self) {
        self.refresh.reload();
    }

    pub fn poll(&mut self) {
        if self.remote.poll() && self.remote.failure().is_none() {
            self.of = self.asked;
        }
    }

    /// Asks for the present or a moment in the past when it is time; called while the figures are on screen.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, at: Option<DateTime<Utc>>) {
        if at.is_none() && self.of.is_some() {
            // Never is what was then shown as what is.
            *self = Self::default();
        }
        if !self.remote.is_pending() && self.refresh.is_due(ctx.egui, at, PACE) {
            self.asked = at;
            ctx.ask(&mut self.remote, move |client| async move {
                match at {
                    None => client.live_status().await,
                    Some(at) => client.live_status_at(at).await,
                }
            });
        }
    }
}
