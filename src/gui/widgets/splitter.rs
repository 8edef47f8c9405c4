//! A dividing line between what stands above and below: dragged, or moved with the arrow keys while it has the focus; a double
//! click puts it back where it usually is. Where it was put is remembered for the session.
//!
//! `let (above, below) = splitter::ui(ui, "photos and tags", Id::unique("split"), area, Split { usual: 160.0, least: 80.0, most: 300.0 });`

use egui::{CursorIcon, Id, Key, Modifiers, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::gui::theme;

/// The room of the line, all of which can be grasped.
const GRIP: f32 = 12.0;
/// What an arrow key moves it by.
const STEP: f32 = 16.0;

/// How high the lower part is.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// Until it is put elsewhere.
    pub usual: f32,
    pub least: f32,
    pub most: f32,
}

/// Draws the line; returns the rooms above and below it.
pub fn ui(ui: &mut Ui, label: &str, id: Id, area: Rect, split: Split) -> (Rect, Rect) {
    let put: Option<f32> = ui.data(|data| data.get_temp(id));
    let height = |put: Option<f32>| put.unwrap_or(split.usual).min(split.most).max(split.least);
    let grip_at = |height: f32| Rect::from_min_size(pos2(area.left(), area.bottom() - height - GRIP), vec2(area.width(), GRIP));
    let response = ui.interact(grip_at(height(put)), id, Sense::click_and_drag());
    let by_key = |key: Key| response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let put = match () {
        () if response.double_clicked() => None,
        () if response.dragged() => Some(height(put) - response.drag_delta().y),
        () if by_key(Key::ArrowUp) => Some(height(put) + STEP),
        () if by_key(Key::ArrowDown) => Some(height(put) - STEP),
        () => put,
    };
    if response.has_focus() {
        let arrows = egui::EventFilter { vertical_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    }
    ui.data_mut(|data| match put {
        // Within its bounds, so that it does not lag behind the pointer that comes back.
        Some(_) => drop(data.insert_temp(id, height(put))),
        None => drop(data.remove_temp::<f32>(id)),
    });
    let height = height(put);
    let grip = grip_at(height);
    let tokens = theme::tokens(ui.ctx());
    let is_held = response.hovered() || response.dragged() || response.has_focus();
    let colour = if is_held { tokens.accent } else { tokens.border };
    ui.painter().hline(grip.x_range(), grip.center().y, (if is_held { 2.0 } else { 1.0 }, colour));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Splitter, true, label));
    response.on_hover_cursor(CursorIcon::ResizeVertical).on_hover_text("Drag to give more room to one side; double-click to put it back");
    (area.with_max_y(grip.top()), area.with_min_y(grip.bottom()))
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn the_line_is_moved_by_keyboard_and_by_the_pointer_and_keeps_within_its_bounds() {
        let split = Split { usual: 100.0, least: 60.0, most: 140.0 };
        let mut harness = Harness::builder().with_size([300.0, 400.0]).build_ui_state(
            move |ui, below: &mut f32| {
                let area = Rect::from_min_size(ui.min_rect().min, vec2(280.0, 380.0));
                *below = super::ui(ui, "above and below", Id::unique("split"), area, split).1.height();
            },
            0.0,
        );
        harness.run();
        assert!((harness.state() - 100.0).abs() < 0.1, "{}", harness.state());
        harness.get_by_label("above and below").focus();
        harness.run();
        harness.key_press(Key::ArrowUp);
        harness.run();
        assert!((harness.state() - 116.0).abs() < 0.1, "{}", harness.state());
        for _ in 0..9 {
            harness.key_press(Key::ArrowDown);
        }
        harness.run();
        assert!((harness.state() - 60.0).abs() < 0.1, "{}", harness.state());
        let grip = harness.get_by_label("above and below").rect().center();
        harness.drag_at(grip);
        harness.step();
        harness.hover_at(grip - vec2(0.0, 30.0));
        harness.step();
        harness.drop_at(grip - vec2(0.0, 30.0));
        harness.run();
        assert!(*harness.state() > 75.0, "{}", harness.state());
    }
}
