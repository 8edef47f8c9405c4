//! A state as an icon and a word on a tinted ground, so that the colour is never alone.
//!
//! `badge::ui(ui, badge::Tone::Good, icons::ICON_CHECK_CIRCLE, "Healthy")`

use egui::{Color32, Context, Frame, Margin, Response, RichText, Ui};
use egui_material_icons::MaterialIcon;

use crate::gui::theme;

/// What a state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Info,
    Good,
    Warn,
    Bad,
}

impl Tone {
    #[must_use]
    pub fn colour(self, ctx: &Context) -> Color32 {
        let tokens = theme::tokens(ctx);
        match self {
            Self::Neutral => tokens.muted,
            Self::Info => tokens.info,
            Self::Good => tokens.good,
            Self::Warn => tokens.warn,
            Self::Bad => tokens.bad,
        }
    }
}

/// Draws it as one label, whose text is `word`.
pub fn ui(ui: &mut Ui, tone: Tone, icon: MaterialIcon, word: &str) -> Response {
    let colour = tone.colour(ui.ctx());
    let frame = Frame::new().fill(colour.gamma_multiply(0.12)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(6, 2));
    let inner = frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal(|ui| {
            ui.set_height(18.0);
            ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
            ui.label(RichText::new(word).size(theme::TEXT_SMALL).color(colour));
        });
    });
    inner.response
}
