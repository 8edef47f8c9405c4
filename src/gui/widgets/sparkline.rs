//! A line without axes: the shape of the recent past.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2};

/// Draws the values from left to right over the whole width; `None` is a gap. The bottom is zero, or the lowest value where it is negative.
pub fn paint(painter: &Painter, rect: Rect, values: &[Option<f64>], colour: Color32) {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let high = known().fold(0.0_f64, f64::max);
    let low = known().fold(0.0_f64, f64::min);
    if values.len() < 2 || known().next().is_none() {
        return;
    }
    let span = if high > low { high - low } else { 1.0 };
    let at = |index: usize, value: f64| -> Pos2 {
        let x = rect.left() + rect.width() * index as f32 / (values.len() - 1) as f32;
        pos2(x, rect.bottom() - rect.height() * ((value - low) / span) as f32)
    };
    let mut run: Vec<Pos2> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match value {
            Some(value) if value.is_finite() => run.push(at(index, *value)),
            _ => paint_run(painter, &mut run, rect, colour),
        }
    }
    paint_run(painter, &mut run, rect, colour);
}

/// Draws neighbouring values with a light fill below; one alone is a dot.
fn paint_run(painter: &Painter, run: &mut Vec<Pos2>, rect: Rect, colour: Color32) {
    let points = std::mem::take(run);
    match points.as_slice() {
        [] => {}
        [point] => {
            painter.circle_filled(*point, 1.5, colour);
        }
        _ => {
            let mut fill = egui::Mesh::default();
            for (index, point) in points.iter().enumerate() {
                fill.colored_vertex(*point, colour.gamma_multiply(0.22));
                fill.colored_vertex(pos2(point.x, rect.bottom()), colour.gamma_multiply(0.02));
                if index > 0 {
                    let corner = index as u32 * 2;
                    fill.add_triangle(corner - 2, corner - 1, corner);
                    fill.add_triangle(corner - 1, corner, corner + 1);
                }
            }
            painter.add(Shape::mesh(fill));
            painter.add(Shape::line(points, Stroke::new(1.5, colour)));
        }
    }
}
