//! A plot over time that is looked at, not moved: nothing zooms or drags, the keyboard reaches it, and its range is set
//! each frame with `plot_ui.set_plot_bounds_x`, since a plot keeps the bounds that it had.

use egui::{Sense, vec2};
use egui_plot::{HoverPosition, Plot};

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
