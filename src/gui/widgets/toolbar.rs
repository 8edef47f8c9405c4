//! Buttons of a toolbar: an icon with a word, or alone, and a tooltip that tells what it does and the shortcut.
//!
//! `toolbar::Tool::new(icons::ICON_PAUSE, "Pause").tooltip(&command.tooltip()).shortcut(command.shortcut()).ui(ui)`
//! Variants: `.primary()` (the one main action of a view), `.icon_only()`, `.enabled(false)`, `.selected(true)`.

use egui::{Button, KeyboardShortcut, Response, RichText, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use super::keycap;
use crate::gui::theme;

/// One button.
#[derive(Debug, Clone, Copy)]
pub struct Tool<'a> {
    icon: MaterialIcon,
    label: &'a str,
    tooltip: &'a str,
    shortcut: Option<KeyboardShortcut>,
    is_icon_only: bool,
    is_primary: bool,
    is_enabled: bool,
    is_selected: bool,
}

impl<'a> Tool<'a> {
    #[must_use]
    pub fn new(icon: MaterialIcon, label: &'a str) -> Self {
        Self { icon, label, tooltip: "", shortcut: None, is_icon_only: false, is_primary: false, is_enabled: true, is_selected: false }
    }

    /// What it does, in one sentence without a full stop.
    #[must_use]
    pub fn tooltip(mut self, tooltip: &'a str) -> Self {
        self.tooltip = tooltip;
        self
    }

    #[must_use]
    pub fn shortcut(mut self, shortcut: Option<KeyboardShortcut>) -> Self {
        self.shortcut = shortcut;
        self
    }

    /// The label is told by the tooltip and to screen readers.
    #[must_use]
    pub fn icon_only(mut self) -> Self {
        self.is_icon_only = true;
        self
    }

    /// Where there is no room for words.
    #[must_use]
    pub fn icon_only_if(mut self, is_narrow: bool) -> Self {
        self.is_icon_only |= is_narrow;
        self
    }

    /// The one main action of a view.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.is_primary = true;
        self
    }

    #[must_use]
    pub fn enabled(mut self, is_enabled: bool) -> Self {
        self.is_enabled = is_enabled;
        self
    }

    #[must_use]
    pub fn selected(mut self, is_selected: bool) -> Self {
        self.is_selected = is_selected;
        self
    }

    pub fn ui(self, ui: &mut Ui) -> Response {
        let tokens = theme::tokens(ui.ctx());
        let mut icon = RichText::new(self.icon.codepoint).size(16.0);
        let mut label = RichText::new(self.label);
        if self.is_primary && self.is_enabled {
            icon = icon.color(tokens.on_accent);
            label = label.font(theme::semibold(theme::TEXT_BODY)).color(tokens.on_accent);
        }
        let mut button = if self.is_icon_only { Button::new(icon).frame_when_inactive(false) } else { Button::new((icon, label)) };
        button = button.min_size(vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT)).gap(6.0).selected(self.is_selected);
        if self.is_primary && self.is_enabled {
            button = button.fill(tokens.accent);
        }
        let response = ui.add_enabled(self.is_enabled, button);
        response.widget_info(|| WidgetInfo::selected(egui::Role::Button, self.is_enabled, self.is_selected, self.label));
        let words = self.words(ui);
        if words.is_empty() { response } else { response.on_hover_text(&words).on_disabled_hover_text(&words) }
    }

    /// What hovering says.
    fn words(&self, ui: &Ui) -> String {
        let what = match (self.tooltip, self.is_icon_only) {
            ("", true) => self.label,
            (tooltip, _) => tooltip,
        };
        match self.shortcut.map(|shortcut| keycap::words(ui.ctx(), &shortcut)) {
            Some(keys) if what.is_empty() => keys,
            Some(keys) => format!("{what} ({keys})"),
            None => what.to_owned(),
        }
    }
}
