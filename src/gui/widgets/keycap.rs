//! Keys as they stand on a keyboard.
//!
//! `keycap::words(ctx, &shortcut)` gives `Ctrl+,` for tooltips and menus; `keycap::ui(ui, "Ctrl+Shift+O")` draws caps.

use egui::{Align2, Context, FontId, KeyboardShortcut, ModifierNames, Response, Sense, StrokeKind, Ui, WidgetInfo, vec2};

use crate::gui::theme;

const HEIGHT: f32 = 20.0;

/// A shortcut in words or, on macOS, in signs.
#[must_use]
pub fn words(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let is_mac = ctx.os().is_mac();
    let names = if is_mac { ModifierNames::SYMBOLS } else { ModifierNames { is_short: true, ..ModifierNames::NAMES } };
    shortcut.format(&names, is_mac)
}

/// The single keys of `Ctrl+Shift+O`, `Shift Up, Down`, `Ctrl++` or `Wheel  +  −`.
fn split(keys: &str) -> Vec<&str> {
    keys.split(' ').flat_map(split_one).collect()
}

/// Those of keys that are pressed together.
fn split_one(keys: &str) -> Vec<&str> {
    let (held, plus) = match keys.strip_suffix('+') {
        Some(held) => (held, Some("+")),
        None => (keys, None),
    };
    let bare = |key: &'_ str| key.strip_suffix(',').filter(|bare| !bare.is_empty()).map_or(key.len(), str::len);
    held.split('+').map(|key| &key[..bare(key)]).filter(|key| !key.is_empty()).chain(plus).collect()
}

/// Draws a cap for every key.
pub fn ui(ui: &mut Ui, keys: &str) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let font = FontId::proportional(theme::TEXT_SMALL);
    let caps: Vec<_> = split(keys).into_iter().map(|key| ui.painter().layout_no_wrap(key.to_owned(), font.clone(), tokens.text)).collect();
    let widths: Vec<f32> = caps.iter().map(|cap| (cap.size().x + 10.0).max(HEIGHT)).collect();
    let total = widths.iter().sum::<f32>() + theme::GAP_4 * widths.len().saturating_sub(1) as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(total, HEIGHT), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, keys));
    let mut left = rect.left();
    for (cap, width) in caps.into_iter().zip(widths) {
        let key = egui::Rect::from_min_size(egui::pos2(left, rect.top()), vec2(width, HEIGHT));
        ui.painter().rect_filled(key, theme::RADIUS_4, tokens.raised);
        ui.painter().rect_stroke(key, theme::RADIUS_4, (1.0, tokens.border), StrokeKind::Inside);
        let at = Align2::CENTER_CENTER.anchor_size(key.center(), cap.size());
        ui.painter().galley(at.min, cap, tokens.text);
        left += width + theme::GAP_4;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_cap() {
        assert_eq!(split("Ctrl+Shift+O"), ["Ctrl", "Shift", "O"]);
        assert_eq!(split("Shift ↑ ↓"), ["Shift", "↑", "↓"]);
        assert_eq!(split("Ctrl++"), ["Ctrl", "+"]);
        assert_eq!(split("Up, Down"), ["Up", "Down"]);
        assert_eq!(split("Ctrl+,"), ["Ctrl", ","]);
        assert_eq!(split("?"), ["?"]);
        assert_eq!(split("+"), ["+"]);
        assert_eq!(split("Wheel  +  −"), ["Wheel", "+", "−"]);
    }
}
