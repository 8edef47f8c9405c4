//! What Analytics asks for: the range on screen and, for comparison, the range before it.

use std::time::Duration;

use super::range::TimeRange;
use super::series::Plotted;
use crate::gui::ctx::{AreaCtx, Pace, Refresh, Remote};
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
    refresh: Refresh,
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
        self.refresh.mark_behind();
    }

    pub fn reload(&mut self) {
        self.refresh.reload();
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
        let is_under_way = self.now.is_pending() && self.refresh.was_asked();
        let pace = Pace { changed: AT_MOST_EVERY, anyway: self.range.step().to_std().unwrap_or(AT_MOST_EVERY) };
        if is_under_way || !self.refresh.is_due(ctx.egui, None, pace) {
            return;
        }
        let query = self.range.query(ctx.now);
        let before = self.range.query_before(ctx.now);
        ctx.ask(&mut self.now, move |client| async move { client.performance(&query).await });
        ctx.ask(&mut self.before, move |client| async move { client.performance(&before).await });
    }
}
