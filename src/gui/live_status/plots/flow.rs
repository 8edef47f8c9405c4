//! What the plots draw: asked for when it is looked at, worked out once per answer, gaps kept as gaps.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::gui::ctx::{AreaCtx, Pace, Refresh, Remote};
use crate::gui::widgets::time_axis;
use crate::wire::metric::{MetricQuery, MetricType, Metrics};

/// The last minute ends by itself.
const PACE: Pace = Pace { changed: Duration::from_secs(2), anyway: Duration::from_mins(1) };

/// All that is drawn, in one question.
const DRAWN: [MetricType; 7] = [
    MetricType::QueueDepth,
    MetricType::Processing,
    MetricType::RetryWait,
    MetricType::ThroughputPerHour,
    MetricType::QueueWaitAvgMs,
    MetricType::QueueWaitP95Ms,
    MetricType::ErrorRate,
];

/// How far back the plots reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlowRange {
    #[default]
    Hour,
    Day,
    Week,
}

impl FlowRange {
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    pub fn label(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
        }
    }

    pub fn span(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::hours(24),
            Self::Week => TimeDelta::days(7),
        }
    }

    fn step_mins(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 15,
            Self::Week => 120,
        }
    }

    /// One step.
    pub fn step(self) -> TimeDelta {
        TimeDelta::minutes(self.step_mins())
    }

    /// Until now or a moment in the past: whole steps, the last of them not over yet, so that bars keep their place from
    /// answer to answer.
    pub fn query(self, now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> MetricQuery {
        let step_ms = self.step_mins() * 60_000;
        let to = DateTime::from_timestamp_millis((at.unwrap_or(now).timestamp_millis().div_euclid(step_ms) + 1) * step_ms);
        MetricQuery {
            at,
            metric_type: Some(DRAWN.map(MetricType::as_str).join(",")),
            provider: None,
            from: to.map(|to| to - self.span()),
            to,
            step: Some(format!("{}m", self.step_mins())),
        }
    }

    /// Seconds between marks of the time axis, at least.
    pub fn least_mark(self) -> f64 {
        if self == Self::Week { time_axis::DAY } else { 0.0 }
    }

    /// Words at a mark of the time axis.
    pub fn tick(self, seconds: f64) -> String {
        time_axis::local(seconds).format(if self == Self::Week { "%a %-d" } else { "%H:%M" }).to_string()
    }

    /// The step that begins at `seconds`.
    pub fn step_words(self, seconds: f64) -> String {
        let (from, to) = (time_axis::local(seconds), time_axis::local(seconds + self.step_mins() as f64 * 60.0));
        let format = if self == Self::Week { "%a %-d %b, %H:%M" } else { "%H:%M" };
        format!("{} – {}", from.format(format), to.format("%H:%M"))
    }
}

/// The figures of the range on screen.
#[derive(Default)]
pub struct FlowData {
    range: FlowRange,
    remote: Remote<Metrics>,
    flow: Option<Flow>,
    refresh: Refresh,
}

impl FlowData {
    pub fn range(&self) -> FlowRange {
        self.range
    }

    pub fn flow(&self) -> Option<&Flow> {
        self.flow.as_ref()
    }

    pub fn failure(&self) -> Option<String> {
        self.remote.failure().map(ToString::to_string)
    }

    pub fn show(&mut self, range: FlowRange) {
        if range != self.range {
            self.range = range;
            self.flow = None;
            self.remote = Remote::default();
            self.reload();
        }
    }

    pub fn mark_behind(&mut self) {
        self.refresh.mark_behind();
    }

    pub fn reload(&mut self) {
        self.refresh.reload();
    }

    pub fn poll(&mut self) {
        if self.remote.poll()
            && let Some(metrics) = self.remote.value()
        {
            self.flow = Some(Flow::new(metrics));
        }
    }

    /// Asks when it is time; called while the plots are on screen.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, at: Option<DateTime<Utc>>) {
        let is_under_way = self.remote.is_pending() && self.refresh.was_asked();
        if !is_under_way && self.refresh.is_due(ctx.egui, at, PACE) {
            let query = self.range.query(ctx.now, at);
            ctx.ask(&mut self.remote, move |client| async move { client.metrics(&query).await });
        }
    }
}

/// A slot per metric and step, empty where there was nothing to see. Seconds since 1970.
pub struct Flow {
    from: f64,
    step: f64,
    steps: usize,
    slots: Vec<(MetricType, Vec<Option<f64>>)>,
}

impl Flow {
    fn new(metrics: &Metrics) -> Self {
        let step_ms = metrics.step_ms.max(1) as i64;
        // The platform gives at most 2,000 steps; an answer that says otherwise is cut.
        let steps = usize::try_from(((metrics.to - metrics.from).num_milliseconds() - 1) / step_ms + 1).unwrap_or_default().min(2_000);
        let mut slots: Vec<(MetricType, Vec<Option<f64>>)> = DRAWN.map(|metric| (metric, vec![None; steps])).into();
        for metric in &metrics.metrics {
            let at = (metric.timestamp - metrics.from).num_milliseconds().div_euclid(step_ms);
            let row = slots.iter_mut().find(|(drawn, _)| *drawn == metric.metric_type);
            if let Some(slot) = row.and_then(|(_, row)| row.get_mut(usize::try_from(at).ok()?)) {
                *slot = Some(metric.metric_value);
            }
        }
        Self { from: metrics.from.timestamp_millis() as f64 / 1e3, step: step_ms as f64 / 1e3, steps, slots }
    }

    pub fn from(&self) -> f64 {
        self.from
    }

    pub fn to(&self) -> f64 {
        self.start(self.steps)
    }

    pub fn step(&self) -> f64 {
        self.step
    }

    pub fn steps(&self) -> usize {
        self.steps
    }

    pub fn start(&self, step: usize) -> f64 {
        self.from + self.step * step as f64
    }

    pub fn middle(&self, step: usize) -> f64 {
        self.start(step) + self.step / 2.0
    }

    /// The step that holds a moment.
    pub fn step_at(&self, seconds: f64) -> Option<usize> {
        (seconds >= self.from && seconds < self.to()).then(|| ((seconds - self.from) / self.step) as usize)
    }

    pub fn at(&self, metric: MetricType, step: usize) -> Option<f64> {
        self.slots.iter().find(|(drawn, _)| *drawn == metric)?.1.get(step).copied().flatten()
    }

    /// The steps that have a value.
    pub fn points(&self, metric: MetricType) -> impl Iterator<Item = (usize, f64)> {
        let row = self.slots.iter().find(|(drawn, _)| *drawn == metric).map_or(&[][..], |(_, row)| row);
        row.iter().enumerate().filter_map(|(step, value)| Some((step, (*value)?)))
    }

    /// The runs of neighbouring steps that have a value, each at the middle of its step.
    pub fn lines(&self, metric: MetricType) -> Vec<Vec<[f64; 2]>> {
        let mut lines: Vec<Vec<[f64; 2]>> = Vec::new();
        let mut last = None;
        for (step, value) in self.points(metric) {
            let point = [self.middle(step), value];
            match lines.last_mut().filter(|_| last == step.checked_sub(1)) {
                Some(line) => line.push(point),
                None => lines.push(vec![point]),
            }
            last = Some(step);
        }
        lines
    }

    /// Whether nothing waited and nothing was done.
    pub fn is_empty(&self) -> bool {
        DRAWN.into_iter().all(|metric| self.points(metric).all(|(_, value)| value == 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::metric::{Metric, MetricMetadata};

    fn metric(metric_type: MetricType, minute: i64, metric_value: f64) -> Metric {
        let timestamp = DateTime::from_timestamp(minute * 60, 0).expect("a time");
        Metric { metric_type, metric_value, provider: None, timestamp, metadata: MetricMetadata::default() }
    }

    #[test]
    fn a_minute_that_nobody_looked_at_is_a_gap() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).expect("a time");
        let looks = [(10, 4.0), (11, 5.0), (13, 6.0), (99, 1.0)].map(|(minute, value)| metric(MetricType::QueueDepth, minute, value));
        let flow = Flow::new(&Metrics { from: at(10), to: at(15), step_ms: 60_000, metrics: looks.into() });
        assert_eq!(flow.lines(MetricType::QueueDepth), [vec![[630.0, 4.0], [690.0, 5.0]], vec![[810.0, 6.0]]]);
        assert_eq!((flow.steps(), flow.at(MetricType::QueueDepth, 2), flow.at(MetricType::QueueDepth, 3)), (5, None, Some(6.0)));
        assert_eq!((flow.step_at(690.0), flow.step_at(900.0)), (Some(1), None));
        assert!(!flow.is_empty());
    }

    #[test]
    fn the_question_ends_with_the_step_under_way() {
        let now: DateTime<Utc> = "2026-03-04T10:07:31Z".parse().expect("a time");
        for range in FlowRange::ALL {
            let query = range.query(now, None);
            let (from, to) = (query.from.expect("from"), query.to.expect("to"));
            assert!(to > now && to - now <= TimeDelta::minutes(range.step_mins()));
            assert_eq!(to - from, range.span());
        }
    }
}
