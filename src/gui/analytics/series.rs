//! What the plots draw, worked out once per answer: one slot per step, gaps kept as gaps.

use crate::gui::theme::model_colours::ModelColours;
use crate::wire::analytics::{Performance, PerformancePoint};

/// One model's, or all models', figures: a slot per step, empty where there was no result.
#[derive(Debug, Clone, Default)]
pub struct Series {
    pub name: String,
    pub slots: Vec<Option<PerformancePoint>>,
}

impl Series {
    fn new(name: &str, points: &[PerformancePoint], from_ms: i64, step_ms: i64, steps: usize) -> Self {
        let mut slots = vec![None; steps];
        for point in points {
            let at = (point.at.timestamp_millis() - from_ms).div_euclid(step_ms);
            if let Some(slot) = usize::try_from(at).ok().and_then(|at| slots.get_mut(at)) {
                *slot = Some(*point);
            }
        }
        Self { name: name.to_owned(), slots }
    }

    /// The runs of neighbouring steps that have a value: `x` in seconds at the middle of the step.
    #[must_use]
    pub fn lines(&self, grid: Grid, value: impl Fn(&PerformancePoint) -> Option<f64>) -> Vec<Vec<[f64; 2]>> {
        let mut lines: Vec<Vec<[f64; 2]>> = Vec::new();
        let mut open = false;
        for (at, slot) in self.slots.iter().enumerate() {
            match slot.as_ref().and_then(&value) {
                Some(y) => {
                    let point = [grid.middle(at), y];
                    match lines.last_mut().filter(|_| open) {
                        Some(line) => line.push(point),
                        None => lines.push(vec![point]),
                    }
                    open = true;
                }
                None => open = false,
            }
        }
        lines
    }

    #[must_use]
    pub fn at(&self, step: usize) -> Option<&PerformancePoint> {
        self.slots.get(step).and_then(Option::as_ref)
    }
}

/// The steps in time; all in seconds, counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Grid {
    pub from: f64,
    pub to: f64,
    pub step: f64,
}

impl Grid {
    #[must_use]
    pub fn start(self, step: usize) -> f64 {
        self.from + self.step * step as f64
    }

    #[must_use]
    pub fn middle(self, step: usize) -> f64 {
        self.start(step) + self.step / 2.0
    }

    /// The step that holds a moment.
    #[must_use]
    pub fn step_at(self, secs: f64) -> Option<usize> {
        (secs >= self.from && secs < self.to).then(|| ((secs - self.from) / self.step) as usize)
    }
}

/// All that is drawn of one answer.
#[derive(Debug, Clone, Default)]
pub struct Plotted {
    pub grid: Grid,
    pub all: Series,
    pub models: Vec<Series>,
    pub colours: ModelColours,
}

impl Plotted {
    #[must_use]
    pub fn new(performance: &Performance) -> Self {
        let (from_ms, to_ms) = (performance.from.timestamp_millis(), performance.to.timestamp_millis());
        let step_ms = performance.step_ms.max(1) as i64;
        // The platform gives at most 2,000 steps; an answer that says otherwise is cut.
        let steps = usize::try_from((to_ms - from_ms) / step_ms).unwrap_or_default().min(2000);
        let series = |name: &str, points: &[PerformancePoint]| Series::new(name, points, from_ms, step_ms, steps);
        Self {
            grid: Grid { from: from_ms as f64 / 1e3, to: to_ms as f64 / 1e3, step: step_ms as f64 / 1e3 },
            all: series("All models", &performance.points),
            models: performance.models.iter().map(|model| series(&model.model, &model.points)).collect(),
            colours: ModelColours::new(performance.models.iter().map(|model| model.model.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::money::UsdMicros;
    use chrono::DateTime;

    fn point(minute: i64, p50: Option<f64>) -> PerformancePoint {
        PerformancePoint {
            at: DateTime::from_timestamp(minute * 60, 0).expect("a time"),
            completed: 1,
            failed: 0,
            latency_p50_ms: p50,
            latency_p90_ms: None,
            latency_p95_ms: None,
            latency_p99_ms: None,
            mean_confidence: None,
            cost_usd: UsdMicros(0),
            cost_unknown: 0,
        }
    }

    #[test]
    fn a_step_without_results_is_a_gap_in_the_line() {
        let points = [point(10, Some(5.0)), point(11, Some(6.0)), point(13, Some(7.0)), point(14, None), point(99, Some(1.0))];
        let series = Series::new("m", &points, 600_000, 60_000, 6);
        let grid = Grid { from: 600.0, to: 960.0, step: 60.0 };
        let lines = series.lines(grid, |point| point.latency_p50_ms);
        assert_eq!(lines, [vec![[630.0, 5.0], [690.0, 6.0]], vec![[810.0, 7.0]]]);
        assert_eq!(grid.step_at(690.0), Some(1));
        assert_eq!(grid.step_at(960.0), None);
    }
}
