//! A plot over time that is looked at, not moved: nothing zooms or drags, the keyboard reaches it, and its range is set
//! each frame with `plot_ui.set_plot_bounds_x`, since a plot keeps the bounds that it had.

use egui::{Sense, vec2};
use egui_plot::{GridInput, GridMark, HoverPosition, Plot};

use crate::gui::theme::Tokens;

/// The plot without its axes; `id` is unique in its parent.
pub fn new<'p>(id: impl std::hash::Hash + std::fmt::Debug, width: f32, height: f32, tokens: &Tokens) -> Plot<'p> {
    Plot::new(id)
        .height(height)
        .width(width)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .label_formatter(|_: &HoverPosition<'_>| None)
        .sense(Sense::hover() | Sense::FOCUSABLE)
        .show_background(false)
        .grid_color(tokens.border)
        .include_y(0.0)
        .set_margin_fraction(vec2(0.0, 0.08))
        .y_axis_min_width(52.0)
}

/// What stands on the axis of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Plain,
    /// Counts: no mark lies between two of them.
    Whole,
    Milliseconds,
}

/// Marks of even values so far apart that each has room for its words, as `y_grid_spacer`.
pub fn value_marks(height: f32, unit: Unit) -> impl Fn(GridInput) -> Vec<GridMark> {
    const LEAST_APART: f64 = 34.0;
    move |input| {
        let (low, high) = input.bounds;
        let step = even_step((high - low) * LEAST_APART / f64::from(height.max(1.0)), unit);
        let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
        // Drawn in one strength, however far apart they are.
        marks.map(|mark| GridMark { value: mark as f64 * step, step_size: high - low }).collect()
    }
}

/// The least even step that is not smaller: 1, 2 or 5 times a power of ten, or of a minute.
fn even_step(least: f64, unit: Unit) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    if unit == Unit::Milliseconds && least > 20_000.0 {
        let minutes = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 360.0, 720.0, 1440.0].map(|minutes| minutes * 60_000.0);
        return minutes.into_iter().find(|step| *step >= least).unwrap_or_else(|| (least / 86_400_000.0).ceil() * 86_400_000.0);
    }
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= least * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    if unit == Unit::Whole { step.max(1.0) } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_even() {
        for (least, unit, step) in [
            (0.0013, Unit::Plain, 0.002),
            (0.2, Unit::Plain, 0.2),
            (1_700.0, Unit::Milliseconds, 2_000.0),
            (6_000.0, Unit::Milliseconds, 10_000.0),
            (45_000.0, Unit::Milliseconds, 60_000.0),
            (3e9, Unit::Milliseconds, 35.0 * 86_400_000.0),
            (0.3, Unit::Whole, 1.0),
            (12.0, Unit::Whole, 20.0),
            (0.0, Unit::Whole, 1.0),
        ] {
            assert!((even_step(least, unit) / step - 1.0).abs() < 1e-9, "{least} {unit:?}: {}", even_step(least, unit));
        }
    }

    #[test]
    fn every_span_has_some_marks_and_not_many() {
        for span in [0.0007, 0.03, 1.0, 7.9, 23.0, 8_300.0, 61_000.0, 4e8] {
            for unit in [Unit::Plain, Unit::Milliseconds] {
                let marks = value_marks(150.0, unit)(GridInput { bounds: (-0.05 * span, span), base_step_size: 0.01 * span });
                assert!((2..=6).contains(&marks.len()), "{span} {unit:?}: {}", marks.len());
            }
        }
    }
}
