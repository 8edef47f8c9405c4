//! What Analytics asks for: the range on screen and, for comparison, the range before it.

use std::time::{Duration, Instant};

use super::range::TimeRange;
use super::series::Plotted;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::analytics::{Performance, PerformancePoint};

/// After events the figures are asked for at most this often.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// The figures of one range.
#[derive(Default)]
pub struct Data {
    range: TimeRange,
    /// A person chose it.
    is_chosen: bool,
    now: Remote<Performance>,
    before: Remote<Performance>,
    plotted: Plotted,
    is_behind: bool,
    asked_at: Option<Instant>,
}

impl Data {
    #[must_use]
    pub fn range(&self) -> TimeRange {
        self.range
    }

    #[must_use]
    pub fn performance(&self) -> &Remote<Performance> {
        &self.now
    }

    #[must_use]
    pub fn plotted(&self) -> &Plotted {
        &self.plotted
    }

    /// The range before, all models together; `None` until it is known or when it had no results.
    #[must_use]
    pub fn before(&self) -> Option<&PerformancePoint> {
        self.before.value().map(|performance| &performance.total).filter(|total| total.completed + total.failed > 0)
    }

    pub fn show(&mut self, range: TimeRange) {
        self.is_chosen = true;
        self.look_at(range);
    }

    fn look_at(&mut self, range: TimeRange) {
        if range != self.range {
            self.range = range;
            self.before = Remote::default();
            self.reload();
        }
    }

    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
        self.asked_at = None;
    }

    /// Takes in answers.
    pub fn poll(&mut self) {
        self.before.poll();
        if self.now.poll()
            && let Some(performance) = self.now.value()
        {
            self.plotted = Plotted::new(performance);
            // On the first day a range of a day would show a point or two at its end.
            let is_young = performance.points.first().is_some_and(|first| performance.to - first.at <= TimeRange::Hour.span());
            if is_young && !self.is_chosen {
                self.look_at(TimeRange::Hour);
            }
        }
    }

    /// Asks when it is time; called while the area is on screen. A step that ends moves the range.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>) {
        let step = self.range.step().to_std().unwrap_or(AT_MOST_EVERY);
        let wait = if self.is_behind { AT_MOST_EVERY } else { step };
        let left = self.asked_at.map_or(Duration::ZERO, |at| wait.saturating_sub(at.elapsed()));
        if !left.is_zero() {
            return ctx.egui.request_repaint_after(left);
        }
        if self.now.is_pending() && self.asked_at.is_some() {
            return;
        }
        self.is_behind = false;
        self.asked_at = Some(Instant::now());
        let query = self.range.query(ctx.now);
        let before = self.range.query_before(ctx.now);
        ctx.ask(&mut self.now, move |client| async move { client.performance(&query).await });
        ctx.ask(&mut self.before, move |client| async move { client.performance(&before).await });
    }
}
