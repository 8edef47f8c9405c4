//! What must not be covered: the foot of a page, where its buttons are. Messages of the shell keep above it.

use egui::{Context, Id, Rect};

/// Says, in each frame in which it is drawn, that nothing may lie over this stretch of the window's foot.
pub fn keep_free(egui: &Context, foot: Rect) {
    egui.data_mut(|data| data.get_temp_mut_or_default::<Vec<Rect>>(place()).push(foot));
}

/// Takes what was said in this frame. How far a message that spans `from`–`to` has to stand above the window's foot.
pub fn take_height_kept_free(egui: &Context, from: f32, to: f32) -> f32 {
    let feet: Vec<Rect> = egui.data_mut(|data| data.remove_temp(place())).unwrap_or_default();
    let bottom = egui.content_rect().bottom();
    let below = feet.iter().filter(|foot| foot.left() < to && foot.right() > from).map(|foot| bottom - foot.top());
    below.fold(0.0, f32::max)
}

fn place() -> Id {
    Id::unique("feet that are kept free")
}

#[cfg(test)]
mod tests {
    use egui::{RawInput, pos2, vec2};

    use super::*;

    #[test]
    fn a_message_stands_above_the_feet_that_it_would_lie_on_and_only_those() {
        let egui = Context::default();
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1_000.0, 600.0));
        let input = RawInput { screen_rect: Some(screen), ..RawInput::default() };
        let output = egui.run_ui(input, |ui| {
            keep_free(ui.ctx(), Rect::from_min_max(pos2(200.0, 500.0), pos2(500.0, 600.0)));
            keep_free(ui.ctx(), Rect::from_min_max(pos2(700.0, 100.0), pos2(1_000.0, 600.0)));
            assert_eq!(take_height_kept_free(ui.ctx(), 320.0, 680.0), 100.0);
            assert_eq!(take_height_kept_free(ui.ctx(), 320.0, 680.0), 0.0, "what was said holds for one frame");
        });
        output.drop_without_applying_deltas();
    }
}
