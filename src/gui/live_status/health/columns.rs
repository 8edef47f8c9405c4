//! Where the columns of the list stand; a narrow window has fewer.

use egui::{Align2, FontId, Pos2, Rect, Sense, Ui, pos2, vec2};

use super::Period;
use crate::gui::theme;

const GAP: f32 = theme::GAP_12;
const STATE: f32 = 96.0;
const GO: f32 = theme::CONTROL_HEIGHT;
const FIGURE: f32 = 62.0;
const WHEN: f32 = 82.0;
/// Below this width, in points, only the uptime of the period that is shown has room.
const WIDE: f32 = 960.0;
/// From this width on the past has a long strip.
const LONG_STRIP: f32 = 1120.0;
/// The scroll bar beside the rows.
const BAR: f32 = 12.0;

/// Widths in points; what is left is the name's and the detail's.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub width: f32,
    strip: f32,
    pub is_wide: bool,
}

/// The places of one row, from left to right.
pub struct Places {
    pub state: Rect,
    pub name: Rect,
    pub response: Rect,
    pub errors: Rect,
    pub when: Rect,
    /// Of the last day, week and month; only one in a narrow window.
    pub uptimes: Vec<Rect>,
    pub strip: Rect,
    pub go: Rect,
}

impl Columns {
    #[must_use]
    pub fn of(available: f32) -> Self {
        let width = available - BAR;
        let is_wide = width >= WIDE;
        Self { width, strip: if width >= LONG_STRIP { 200.0 } else { 120.0 }, is_wide }
    }

    /// The places within a row that begins here.
    #[must_use]
    pub fn places(&self, row: Rect) -> Places {
        let mut right = row.left() + self.width - 4.0;
        let mut take = |width: f32| {
            let place = Rect::from_min_max(pos2(right - width, row.top()), pos2(right, row.bottom()));
            right -= width + GAP;
            place
        };
        let go = take(GO);
        let strip = take(self.strip);
        let mut uptimes: Vec<Rect> = (0..if self.is_wide { 3 } else { 1 }).map(|_| take(FIGURE)).collect();
        uptimes.reverse();
        let when = take(WHEN);
        let errors = take(FIGURE);
        let response = take(FIGURE + 8.0);
        let state = Rect::from_min_size(row.min + vec2(theme::GAP_8, 0.0), vec2(STATE, row.height()));
        let name = Rect::from_min_max(pos2(state.right() + GAP, row.top()), pos2(right, row.bottom()));
        Places { state, name, response, errors, when, uptimes, strip, go }
    }

    /// How wide name and reason may be.
    #[must_use]
    pub fn name_width(&self) -> f32 {
        self.places(Rect::from_min_size(Pos2::ZERO, vec2(self.width, 0.0))).name.width()
    }

    /// Draws the heads.
    pub fn heads_ui(&self, ui: &mut Ui, period: Period) {
        let (rect, response) = ui.allocate_exact_size(vec2(self.width, 20.0), Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, "Columns: state, part, response, errors, checked, uptime, past"));
        let places = self.places(rect);
        let (font, colour) = (FontId::proportional(theme::TEXT_SMALL), theme::tokens(ui.ctx()).muted);
        let left = |place: Rect, words: &str| ui.painter().text(place.left_center(), Align2::LEFT_CENTER, words, font.clone(), colour);
        let right = |place: Rect, words: &str| ui.painter().text(place.right_center(), Align2::RIGHT_CENTER, words, font.clone(), colour);
        left(places.state, "State");
        left(places.name, "Part");
        right(places.response, "Response");
        right(places.errors, "Errors");
        left(places.when, "Checked");
        let of_period = if period == Period::Day { "Up 24 h" } else { "Up 30 d" };
        let heads: &[&str] = if self.is_wide { &["Up 24 h", "Up 7 d", "Up 30 d"] } else { &[of_period] };
        for (place, head) in places.uptimes.iter().zip(heads) {
            right(*place, head);
        }
        left(places.strip, if period == Period::Day { "24 h ago to now" } else { "30 d ago to today" });
    }
}
