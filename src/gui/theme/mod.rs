//! The look: tokens, fonts, icons. The only place with a colour literal.

pub mod icons;
pub mod model_colours;
mod style;

pub use style::{SEMIBOLD, apply, semibold};

use egui::{Color32, Context, Theme};

/// Spacing steps, in points.
pub const GAP_4: f32 = 4.0;
pub const GAP_8: f32 = 8.0;
pub const GAP_12: f32 = 12.0;
pub const GAP_16: f32 = 16.0;
pub const GAP_24: f32 = 24.0;
/// Heights of controls and table rows.
pub const CONTROL_HEIGHT: f32 = 28.0;
pub const ROW_HEIGHT: f32 = 28.0;
/// Corner radii.
pub const RADIUS_4: u8 = 4;
pub const RADIUS_8: u8 = 8;
/// Type sizes.
pub const TEXT_SMALL: f32 = 12.0;
pub const TEXT_BODY: f32 = 13.0;
pub const TEXT_STRONG: f32 = 15.0;
pub const TEXT_HEADING: f32 = 20.0;
pub const TEXT_FIGURE: f32 = 28.0;

/// Every colour of the program, for one theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub background: Color32,
    pub surface: Color32,
    pub raised: Color32,
    pub border: Color32,
    pub text: Color32,
    pub muted: Color32,
    pub accent: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    pub info: Color32,
    pub good: Color32,
    pub warn: Color32,
    pub bad: Color32,
    pub focus: Color32,
    pub selection: Color32,
    /// A control under the pointer.
    pub hovered: Color32,
    /// Where text is typed.
    pub field: Color32,
    pub shadow: Color32,
    /// Neutral grey that photos lie on.
    pub photo_backdrop: Color32,
    /// Colour-blind-safe series colours (Okabe–Ito, adjusted for contrast).
    pub series: [Color32; 8],
}

const DARK: Tokens = Tokens {
    background: Color32::from_rgb(0x16, 0x18, 0x1c),
    surface: Color32::from_rgb(0x1d, 0x20, 0x25),
    raised: Color32::from_rgb(0x28, 0x2c, 0x33),
    border: Color32::from_rgb(0x36, 0x3b, 0x44),
    text: Color32::from_rgb(0xe6, 0xe8, 0xec),
    muted: Color32::from_rgb(0x9c, 0xa3, 0xaf),
    accent: Color32::from_rgb(0x5b, 0x9c, 0xf5),
    on_accent: Color32::from_rgb(0x0b, 0x14, 0x22),
    info: Color32::from_rgb(0x56, 0xb4, 0xe9),
    good: Color32::from_rgb(0x4c, 0xc3, 0x8a),
    warn: Color32::from_rgb(0xe6, 0xa8, 0x3c),
    bad: Color32::from_rgb(0xf2, 0x70, 0x6b),
    focus: Color32::from_rgb(0x8a, 0xbb, 0xff),
    selection: Color32::from_rgb(0x2a, 0x3f, 0x5f),
    hovered: Color32::from_rgb(0x33, 0x38, 0x41),
    field: Color32::from_rgb(0x11, 0x13, 0x16),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x70),
    photo_backdrop: Color32::from_rgb(0x26, 0x26, 0x26),
    series: [
        Color32::from_rgb(0x56, 0xb4, 0xe9),
        Color32::from_rgb(0xe6, 0x9f, 0x00),
        Color32::from_rgb(0x2b, 0xc4, 0x9a),
        Color32::from_rgb(0xd9, 0x8f, 0xbf),
        Color32::from_rgb(0xf0, 0xe4, 0x42),
        Color32::from_rgb(0xe8, 0x7a, 0x3a),
        Color32::from_rgb(0x6d, 0x9e, 0xe0),
        Color32::from_rgb(0xb0, 0xb6, 0xc0),
    ],
};

const LIGHT: Tokens = Tokens {
    background: Color32::from_rgb(0xf4, 0xf5, 0xf7),
    surface: Color32::from_rgb(0xff, 0xff, 0xff),
    raised: Color32::from_rgb(0xec, 0xee, 0xf2),
    border: Color32::from_rgb(0xd3, 0xd7, 0xde),
    text: Color32::from_rgb(0x1a, 0x1d, 0x23),
    muted: Color32::from_rgb(0x5a, 0x62, 0x70),
    accent: Color32::from_rgb(0x1f, 0x63, 0xc6),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    info: Color32::from_rgb(0x00, 0x68, 0xa8),
    good: Color32::from_rgb(0x12, 0x7a, 0x4b),
    warn: Color32::from_rgb(0x9a, 0x5b, 0x00),
    bad: Color32::from_rgb(0xbe, 0x2c, 0x2c),
    focus: Color32::from_rgb(0x1a, 0x56, 0xb0),
    selection: Color32::from_rgb(0xcf, 0xe1, 0xfa),
    hovered: Color32::from_rgb(0xe2, 0xe5, 0xeb),
    field: Color32::from_rgb(0xff, 0xff, 0xff),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 0x28),
    photo_backdrop: Color32::from_rgb(0xdc, 0xdc, 0xdc),
    series: [
        Color32::from_rgb(0x00, 0x72, 0xb2),
        Color32::from_rgb(0xb3, 0x74, 0x00),
        Color32::from_rgb(0x00, 0x85, 0x62),
        Color32::from_rgb(0xa8, 0x4f, 0x83),
        Color32::from_rgb(0x85, 0x7a, 0x00),
        Color32::from_rgb(0xc2, 0x4e, 0x00),
        Color32::from_rgb(0x2f, 0x5f, 0xa8),
        Color32::from_rgb(0x5f, 0x66, 0x70),
    ],
};

/// The colours of the theme that is shown now.
#[must_use]
pub fn tokens(ctx: &Context) -> &'static Tokens {
    of(ctx.theme())
}

#[must_use]
pub fn of(theme: Theme) -> &'static Tokens {
    match theme {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// The tint of a picture that is drawn as it is.
pub const UNTINTED: Color32 = Color32::WHITE;

/// Marks that lie on a photo, whatever the photo and the theme: a veil, and a line that stands out from it.
pub const PHOTO_VEIL: Color32 = Color32::from_black_alpha(110);
pub const ON_PHOTO_VEIL: Color32 = Color32::WHITE;

/// Words on a coloured ground: black or white, whichever stands out more.
#[must_use]
pub fn legible_on(ground: Color32) -> Color32 {
    if egui::Rgba::from(ground).intensity() > 0.18 { Color32::BLACK } else { Color32::WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's contrast of two colours, 1–21.
    fn contrast(one: Color32, other: Color32) -> f32 {
        let luminance = |colour: Color32| {
            let [r, g, b, _] = egui::Rgba::from(colour).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn words_and_marks_stand_out_in_both_themes() {
        for theme in [Theme::Dark, Theme::Light] {
            let t = of(theme);
            for ground in [t.hovered, t.selection] {
                assert!(contrast(t.text, ground) >= 4.5 && contrast(t.muted, ground) >= 3.0, "{theme:?}: words on {ground:?}");
            }
            for ground in [t.background, t.surface, t.raised, t.field] {
                for (name, words) in [("text", t.text), ("muted", t.muted), ("good", t.good), ("warn", t.warn), ("bad", t.bad), ("info", t.info)] {
                    assert!(contrast(words, ground) >= 4.5, "{theme:?}: {name} on {ground:?} has {:.2}", contrast(words, ground));
                }
                assert!(contrast(t.focus, ground) >= 3.0, "{theme:?}: the focus ring on {ground:?}");
            }
            assert!(contrast(t.on_accent, t.accent) >= 4.5, "{theme:?}: words on the accent");
            assert!(contrast(t.focus, t.selection) >= 4.5, "{theme:?}: words on the selection have {:.2}", contrast(t.focus, t.selection));
            for (slot, mark) in t.series.into_iter().enumerate() {
                assert!(contrast(mark, t.surface) >= 3.0, "{theme:?}: series {slot} has {:.2}", contrast(mark, t.surface));
            }
        }
    }
}
