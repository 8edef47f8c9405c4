//! What lies over the areas: palette, settings, messages, and what is said while files are held over the window.

use egui::Context;

use super::App;
use crate::gui::ctx::{Command, LinkState, Toast, ToastKind};
use crate::gui::shell::desktop;
use crate::gui::shell::leaving::Then;
use crate::gui::shell::link::Link;
use crate::gui::shell::settings::Surroundings;
use crate::gui::theme::{self, icons};

impl App {
    /// Tells it outside of the window too, while that is not the one in front.
    pub(super) fn call_attention(&self, egui: &Context, toast: &Toast) {
        if egui.input(|input| input.focused) {
            return;
        }
        if toast.kind != ToastKind::Good {
            egui.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(egui::UserAttentionType::Informational));
        }
        if !self.saved.is_quiet {
            desktop::tell(toast, &self.options.runtime);
        }
    }

    /// What lies over the areas.
    pub(super) fn overlays(&mut self, egui: &Context) {
        if let Some(command) = self.palette.ui(egui) {
            self.commands.send(command);
        }
        let around = Surroundings {
            saved: &self.saved,
            named: self.named.as_ref().map(|(base, _)| base),
            keys: &self.options.keys,
            runtime: &self.options.runtime,
            data_folder: self.options.data_folder.as_deref(),
            user_name: &self.options.user_name,
        };
        let of_area = self.areas.iter().find(|area| area.id() == self.saved.area).map(|area| area.shortcuts()).unwrap_or_default();
        self.shortcuts.ui(egui, self.saved.area, &of_area);
        if let Some(decision) = self.settings.ui(egui, &around) {
            self.decide(decision, egui);
        }
        if self.leaving.is_asking() {
            let lost = self.kept_nowhere();
            if let Some(then) = self.leaving.ui(egui, &lost) {
                self.leaving.is_agreed = true;
                match then {
                    Then::Close => egui.send_viewport_cmd(egui::ViewportCommand::Close),
                    Then::Decide(decision) => self.decide(decision, egui),
                }
            }
        }
        let shown = self.areas.iter().find(|area| area.id() == self.saved.area);
        let is_here =
            |command: &Command| matches!(command, Command::GoTo(route) if shown.is_some_and(|area| area.id() == route.area() && area.is_at(route)));
        if let Some(command) = self.toasts.ui(egui, is_here) {
            self.commands.send(command);
        }
        let hovering = egui.input(|input| !input.raw.hovered_files.is_empty());
        if hovering {
            drop_hint(egui, matches!(self.link, Link::Up(ref up) if !matches!(up.state, LinkState::Lost { .. })));
        }
    }
}

/// Files are held over the window.
fn drop_hint(egui: &Context, ready: bool) {
    let tokens = theme::tokens(egui);
    let painter = egui.layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    let rect = egui.content_rect();
    painter.rect_filled(rect, 0, tokens.background.gamma_multiply(0.85));
    painter.rect_stroke(rect.shrink(16.0), theme::RADIUS_8, (2.0, tokens.accent), egui::StrokeKind::Inside);
    let words = if ready { "Drop to add the photos" } else { "The platform can't be reached now" };
    let centre = rect.center();
    painter.text(
        centre - egui::vec2(0.0, 24.0),
        egui::Align2::CENTER_CENTER,
        icons::ICON_ADD_PHOTO_ALTERNATE.codepoint,
        egui::FontId::proportional(40.0),
        tokens.accent,
    );
    painter.text(centre + egui::vec2(0.0, 20.0), egui::Align2::CENTER_CENTER, words, egui::FontId::proportional(theme::TEXT_HEADING), tokens.text);
}
