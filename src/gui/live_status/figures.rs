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
    /// What was asked for, and what is shown, is of a moment in the past.
    asks_past: bool,
    is_past: bool,
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

    /// Something happened that the figures count.
    pub fn mark_behind(&mut self) {
        self.refresh.mark_behind();
    }

    pub fn reload(&mut self) {
        self.refresh.reload();
    }

    pub fn poll(&mut self) {
        if self.remote.poll() {
            self.is_past = self.asks_past;
        }
    }

    /// Asks for the present or a moment in the past when it is time; called while the figures are on screen.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, at: Option<DateTime<Utc>>) {
        if at.is_none() && self.is_past {
            // Never is what was then shown as what is.
            *self = Self::default();
        }
        if !self.remote.is_pending() && self.refresh.is_due(ctx.egui, at, PACE) {
            self.asks_past = at.is_some();
            ctx.ask(&mut self.remote, move |client| async move {
                match at {
                    None => client.live_status().await,
                    Some(at) => client.live_status_at(at).await,
                }
            });
        }
    }
}
