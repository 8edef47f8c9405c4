//! What the chosen run is going to need, kept beside the choice: asked a moment after the last change, remembered for
//! choices that come back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::cost::Estimate;
use crate::wire::sweep::StartSweep;

/// The choice must have stood still for so long.
const SETTLED: Duration = Duration::from_millis(200);
/// Choices that are remembered.
const REMEMBERED: usize = 16;

/// The estimate of the choice as it is now, or of the one before it while a new one is on its way.
#[derive(Default)]
pub struct LiveEstimate {
    /// The choice that is wanted, and since when.
    wanted: Option<(u64, Instant)>,
    /// The choice that was asked about last.
    asked: Option<u64>,
    /// The choice whose answer is on its way.
    asking_for: u64,
    asking: Remote<Estimate>,
    shown: Option<Estimate>,
    remembered: VecDeque<(u64, Estimate)>,
}

impl LiveEstimate {
    /// Takes in answers, and says whether this choice must be asked about now. Call it once a frame.
    pub fn is_due(&mut self, choice: u64, ctx: &AreaCtx<'_>) -> bool {
        self.take_in();
        let since = match self.wanted {
            Some((wanted, since)) if wanted == choice => since,
            _ => {
                let known = self.remembered.iter().find(|(known, _)| *known == choice).map(|(_, estimate)| estimate.clone());
                self.asked = known.is_some().then_some(choice);
                self.shown = known.or(self.shown.take());
                let now = Instant::now();
                self.wanted = Some((choice, now));
                now
            }
        };
        if self.asked == Some(choice) {
            return false;
        }
        let left = SETTLED.saturating_sub(since.elapsed());
        if !left.is_zero() {
            ctx.egui.request_repaint_after(left);
        }
        left.is_zero()
    }

    /// Asks about the wanted choice.
    pub fn ask(&mut self, body: StartSweep, ctx: &AreaCtx<'_>) {
        let Some((choice, _)) = self.wanted else { return };
        (self.asked, self.asking_for) = (Some(choice), choice);
        self.asking.take_failure();
        ctx.ask(&mut self.asking, |client| async move { client.estimate_sweep(&body).await });
    }

    fn take_in(&mut self) {
        if self.asking.poll()
            && let Some(estimate) = self.asking.take()
        {
            self.remembered.truncate(REMEMBERED - 1);
            self.remembered.push_front((self.asking_for, estimate.clone()));
            if self.asked == Some(self.asking_for) {
                self.shown = Some(estimate);
            }
        }
    }

    /// What is remembered holds no longer: prices or measurements have changed.
    pub fn forget(&mut self) {
        self.remembered.clear();
        self.wanted = None;
    }

    #[must_use]
    pub fn shown(&self) -> Option<&Estimate> {
        self.shown.as_ref()
    }

    /// That of the choice as it is now, if it is known.
    #[must_use]
    pub fn of_now(&self) -> Option<&Estimate> {
        self.shown().filter(|_| !self.is_behind())
    }

    /// Whether what is shown is that of the choice before.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.wanted.map(|(choice, _)| choice) != self.asked || (self.asking.is_pending() && self.asked == Some(self.asking_for))
    }

    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.asking.failure().map(ToString::to_string)
    }
}
