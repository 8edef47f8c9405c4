//! The live figures: asked for again after events, a few times a second at most, and every minute
//! while they are looked at, because their windows move by minutes.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::status::LiveStatus;

const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// While another moment is looked for.
const DRAGGING_EVERY: Duration = Duration::from_millis(100);
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);

/// The platform's live status, kept fresh.
#[derive(Default)]
pub struct Figures {
    remote: Remote<LiveStatus>,
    asked_at: Option<Instant>,
    /// The moment that was asked for.
    of: Option<DateTime<Utc>>,
    is_behind: bool,
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
        self.is_behind = true;
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
        self.asked_at = None;
    }

    pub fn poll(&mut self) {
        self.remote.poll();
    }

    /// Asks for the present or a moment in the past when it is time; called while the figures are on screen.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, at: Option<DateTime<Utc>>) {
        if self.remote.is_pending() {
            return;
        }
        let wait = match (at, at == self.of) {
            (_, false) => DRAGGING_EVERY,
            // The past does not change.
            (Some(_), true) if self.asked_at.is_some() => return,
            _ if self.is_behind => AT_MOST_EVERY,
            _ => AT_LEAST_EVERY,
        };
        let left = self.asked_at.map_or(Duration::ZERO, |at| wait.saturating_sub(at.elapsed()));
        if !left.is_zero() {
            return ctx.egui.request_repaint_after(left);
        }
        (self.of, self.is_behind) = (at, false);
        self.asked_at = Some(Instant::now());
        ctx.ask(&mut self.remote, move |client| async move {
            match at {
                None => client.live_status().await,
                Some(at) => client.live_status_at(at).await,
            }
        });
        // The next look is due even when nothing happens until then.
        ctx.egui.request_repaint_after(AT_LEAST_EVERY);
    }
}
