//! Whether the pipeline is held back just now, for the left panel: asked for while the area that is shown does not know it itself.

use std::time::Duration;

use egui::Context;

use crate::client::Client;
use crate::gui::ctx::{Pace, Refresh, Remote};
use crate::wire::config::PipelineState;
use crate::wire::event::Happened;
use crate::wire::status::LiveStatus;

/// Follows the changes as closely as the cards do.
const PACE: Pace = Pace { changed: Duration::from_millis(250), anyway: Duration::from_mins(1) };
/// While jobs wait and none is begun: that a limit holds them back is told by no event.
const WHILE_NOTHING_IS_BEGUN: Pace = Pace { anyway: Duration::from_secs(2), ..PACE };

#[derive(Default)]
pub struct HeldNow {
    status: Remote<LiveStatus>,
    refresh: Refresh,
}

impl HeldNow {
    pub fn on_event(&mut self, happened: &Happened) {
        let may_change = matches!(
            happened,
            Happened::JobChanged(_)
                | Happened::JobsChanged { .. }
                | Happened::ConfigChanged { .. }
                | Happened::HealthChanged { .. }
                | Happened::Resync
        );
        if may_change {
            self.refresh.mark_behind();
        }
    }

    /// Takes in an answer, and asks when it is time.
    pub fn logic(&mut self, client: &Client, runtime: &tokio::runtime::Handle, egui: &Context) {
        self.status.poll();
        let nothing_is_begun = |status: &LiveStatus| status.held_back.is_none() && status.pending > 0 && status.processing == 0;
        let is_waited_for = self.status.value().is_some_and(|status| status.pipeline_state == PipelineState::Running && nothing_is_begun(status));
        let pace = if is_waited_for { WHILE_NOTHING_IS_BEGUN } else { PACE };
        if !self.status.is_pending() && self.refresh.is_due(egui, None, pace) {
            let client = client.clone();
            self.status.ask(runtime, egui, async move { client.live_status().await });
        }
    }

    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.status.value().is_some_and(|status| status.held_back.is_some())
    }
}
