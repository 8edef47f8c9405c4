//! The live figures: asked for again after events, a few times a second at most, and every minute
//! while they are looked at, because their windows move by minutes.

use std::time::{Duration, Instant};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::status::LiveStatus;

const AT_MOST_EVERY: Duration = Duration::from_millis(250);
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);

/// The platform's live status, kept fresh.
#[derive(Default)]
pub struct Figures {
    remote: Remote<LiveStatus>,
    asked_at: Option<Instant>,
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

    /// Asks when it is time; called while the figures are on screen.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>) {
        if self.remote.is_pending() {
            return;
        }
        let wait = if self.is_behind { AT_MOST_EVERY } else { AT_LEAST_EVERY };
        let left = self.asked_at.map_or(Duration::ZERO, |at| wait.saturating_sub(at.elapsed()));
        if !left.is_zero() {
            return ctx.egui.request_repaint_after(left);
        }
        self.is_behind = false;
        self.asked_at = Some(Instant::now());
        ctx.ask(&mut self.remote, |client| async move { client.live_status().await });
        // The next look is due even when nothing happens until then.
        ctx.egui.request_repaint_after(AT_LEAST_EVERY);
    }
}
