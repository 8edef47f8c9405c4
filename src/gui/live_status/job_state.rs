//! A job's state as an icon and a word.

use egui::{Color32, Label, RichText, Ui};

use egui_material_icons::MaterialIcon;

use crate::gui::theme::{Tokens, icons};
use crate::wire::job::JobState;

/// Icon and colour of a state.
#[must_use]
pub fn mark(state: JobState, tokens: &Tokens) -> (MaterialIcon, Color32) {
    let (icon, colour) = match state {
        JobState::Pending => (icons::ICON_SCHEDULE, tokens.muted),
        JobState::Processing => (icons::ICON_SYNC, tokens.info),
        JobState::RetryWait => (icons::ICON_HISTORY, tokens.warn),
        JobState::Completed => (icons::ICON_CHECK_CIRCLE, tokens.good),
        JobState::Failed => (icons::ICON_ERROR, tokens.bad),
        JobState::Cancelled => (icons::ICON_CANCEL, tokens.muted),
    };
    (icon, colour)
}

pub fn ui(ui: &mut Ui, state: JobState, tokens: &Tokens) {
    let (icon, colour) = mark(state, tokens);
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.add(Label::new(RichText::from(icon).color(colour)).selectable(false));
    ui.add(Label::new(state.label()).truncate().selectable(false));
}
