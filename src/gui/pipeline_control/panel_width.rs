//! How wide a panel beside the editor is: as a person dragged it, else its usual share of the window. In a smaller window it gives
//! way, and has its width again as soon as there is room.

use egui::Ui;
use egui::containers::panel::PanelState;

/// The width of one panel.
#[derive(Default)]
pub struct PanelWidth {
    /// What a person dragged it to.
    dragged: Option<f32>,
    /// The room that there was for all panels in the last frame, and what this one had of it.
    shown: Option<(f32, f32)>,
}

impl PanelWidth {
    /// The width that it is to have where there is no other word. `salt`: the panel's; `room`: for all panels; `usual`: its share of it.
    pub fn before(&self, ui: &Ui, salt: &str, room: f32, usual: f32) -> f32 {
        if self.shown.is_some_and(|(before, _)| (before - room).abs() > 0.5) {
            // What it had to be in a window of another size is no wish.
            let id = ui.scope_id().with(salt);
            ui.data_mut(|data| data.remove::<PanelState>(id));
        }
        self.dragged.unwrap_or(usual)
    }

    /// Takes in how wide it came out.
    pub fn after(&mut self, ui: &Ui, room: f32, width: f32) {
        let is_dragged = ui.ctx().dragged_id().is_some();
        let changed = self.shown.is_some_and(|(before, was)| (before - room).abs() <= 0.5 && (was - width).abs() > 0.5);
        if is_dragged && changed {
            self.dragged = Some(width);
        }
        self.shown = Some((room, width));
    }
}
