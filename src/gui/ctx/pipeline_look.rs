//! How the pipeline's state is said: with one icon, colour and word wherever it stands.

use egui::Color32;
use egui_material_icons::MaterialIcon;

use crate::gui::theme::{Tokens, icons};
use crate::wire::config::PipelineState;

/// `is_held_back`: it runs or drains, and nothing is begun all the same.
#[must_use]
pub fn look(state: PipelineState, is_held_back: bool, tokens: &Tokens) -> (MaterialIcon, Color32, &'static str) {
    match state {
        PipelineState::Paused => (icons::ICON_PAUSE_CIRCLE, tokens.warn, "Paused"),
        PipelineState::Running | PipelineState::Draining if is_held_back => (icons::ICON_ERROR, tokens.bad, "Held back"),
        PipelineState::Running => (icons::ICON_PLAY_CIRCLE, tokens.good, "Running"),
        PipelineState::Draining => (icons::ICON_HOURGLASS_BOTTOM, tokens.warn, "Draining"),
    }
}
