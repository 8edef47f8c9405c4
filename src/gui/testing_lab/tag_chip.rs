//! A tag as a small chip whose fill shows its confidence.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Ui, vec2};

use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{elided, number};
use crate::wire::result::Tag;

pub const CHIP_HEIGHT: f32 = 20.0;
const PAD: f32 = 6.0;

/// Paints as many chips as fit into `room`, row by row, most confident first; the last one says how many are left. `beside`: what
/// a chip says after its confidence.
pub fn paint_chips(ui: &Ui, room: Rect, tags: &[Tag], beside: impl Fn(&Tag) -> Option<String>, colour: Color32, tokens: &Tokens) {
    let painter = ui.painter();
    let font = FontId::proportional(theme::TEXT_SMALL);
    let (mut at, gap) = (room.min, theme::GAP_4);
    // Room for "+12" at the end of the last row.
    let reserve = 30.0;
    for (index, tag) in tags.iter().enumerate() {
        let name = elided::text(ui, &tag.name, font.clone(), room.width() - 2.0 * PAD - 66.0, tokens.text);
        let beside = beside(tag).map(|words| format!(" · {words}")).unwrap_or_default();
        let share = format!("{}{beside}", number::confidence(tag.confidence));
        let share = painter.layout_no_wrap(share, font.clone(), tokens.muted);
        let width = name.size().x + share.size().x + 2.0 * PAD + 5.0;
        let is_last_row = |top: f32| top + 2.0 * CHIP_HEIGHT + gap > room.bottom();
        let right = if is_last_row(at.y) && index + 1 < tags.len() { room.right() - reserve } else { room.right() };
        if at.x > room.left() && at.x + width > right {
            if is_last_row(at.y) {
                paint_rest(painter, at, tags.len() - index, tokens);
                return;
            }
            at = Pos2::new(room.left(), at.y + CHIP_HEIGHT + gap);
        }
        if at.y + CHIP_HEIGHT > room.bottom() + 0.5 {
            return;
        }
        let chip = Rect::from_min_size(at, vec2(width.min(room.width()), CHIP_HEIGHT));
        painter.rect_filled(chip, theme::RADIUS_4, tokens.raised);
        let lane = Rect::from_min_max(chip.left_bottom() - vec2(0.0, 2.0), chip.right_bottom());
        let filled = Rect::from_min_size(lane.min, vec2(lane.width() * tag.confidence.unwrap_or(0.0).clamp(0.0, 1.0), 2.0));
        painter.rect_filled(filled, 1, colour);
        let middle = chip.center().y - 1.0;
        painter.galley(Pos2::new(chip.left() + PAD, middle - name.size().y / 2.0), name.clone(), tokens.text);
        let share_at = Pos2::new(chip.left() + PAD + name.size().x + 5.0, middle - share.size().y / 2.0);
        painter.galley(share_at, share, tokens.muted);
        at.x += width + gap;
    }
}

fn paint_rest(painter: &Painter, at: Pos2, left: usize, tokens: &Tokens) {
    let middle = Pos2::new(at.x + 2.0, at.y + CHIP_HEIGHT / 2.0 - 1.0);
    painter.text(middle, Align2::LEFT_CENTER, format!("+{left}"), FontId::proportional(theme::TEXT_SMALL), tokens.muted);
}
