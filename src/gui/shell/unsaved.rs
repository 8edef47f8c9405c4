//! Notices that something the window remembers has changed, so that it is written soon: a window may be ended without a goodbye.

use std::time::{Duration, Instant};

use egui::{Context, Rect, ThemePreference};

use super::saved::Saved;
use crate::gui::ctx::kept::{self, Keepings};

/// A change is written this long after it at the latest.
const SOON: Duration = Duration::from_secs(1);
/// Without a change, the rest (the widths of panels, what is scrolled where) is written this often.
const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// What is compared from frame to frame.
#[derive(Debug, Clone, PartialEq)]
struct Remembered {
    saved: Saved,
    theme: ThemePreference,
    zoom: f32,
    keepings: Keepings,
    window: Option<Rect>,
    is_maximised: Option<bool>,
}

#[derive(Default)]
pub struct Unsaved {
    seen: Option<Remembered>,
    changed_at: Option<Instant>,
}

impl Unsaved {
    /// Looks whether something has changed; called every frame.
    pub fn look(&mut self, saved: &Saved, egui: &Context) {
        let (window, is_maximised) = egui.input(|input| (input.viewport().outer_rect.or(input.viewport().inner_rect), input.viewport().maximized));
        let theme = egui.options(|options| options.theme_preference);
        let now = Remembered { saved: saved.clone(), theme, zoom: egui.zoom_factor(), keepings: kept::keepings(egui), window, is_maximised };
        if self.seen.as_ref() != Some(&now) {
            // The first look is at what was remembered.
            self.changed_at = self.seen.is_some().then(Instant::now).or(self.changed_at);
            self.seen = Some(now);
        }
        // It is written after a frame, and nothing else may cause one.
        if self.changed_at.is_some_and(|at| at.elapsed() < 2 * SOON) {
            egui.request_repaint_after(SOON);
        }
    }

    /// How long after the last writing it is written again.
    #[must_use]
    pub fn interval(&self) -> Duration {
        if self.changed_at.is_some() { SOON } else { NOW_AND_THEN }
    }

    /// All is written.
    pub fn written(&mut self) {
        self.changed_at = None;
    }
}
