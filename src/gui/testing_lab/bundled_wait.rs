//! Bundled photos that could not be added so far, said where photos would be.

use egui::{Label, RichText, Ui};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, icons};
use crate::wire::status::LiveStatus;

#[derive(Default)]
pub struct BundledWait {
    /// Asked once: what changes later is told.
    asked: Remote<LiveStatus>,
    why: Option<String>,
}

impl BundledWait {
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.asked.is_untouched() {
            ctx.ask(&mut self.asked, |client| async move { client.live_status().await });
        }
        if self.asked.poll()
            && let Some(status) = self.asked.value()
        {
            self.why.clone_from(&status.bundled_wait);
        }
    }

    /// Asks again: something may have been missed.
    pub fn reload(&mut self) {
        self.asked = Remote::default();
    }

    /// What was told is newer than an answer on its way.
    pub fn on_told(&mut self, why: Option<&str>) {
        self.why = why.map(str::to_owned);
        if self.asked.is_pending() {
            self.reload();
        }
    }

    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// A line above the photos that are there.
    pub fn line_ui(&self, ui: &mut Ui) {
        let Some(why) = &self.why else { return };
        let tokens = theme::tokens(ui.ctx());
        ui.horizontal_top(|ui| {
            ui.label(RichText::from(icons::ICON_WARNING).color(tokens.warn));
            ui.add(Label::new(RichText::new(why).color(tokens.warn)).wrap());
        });
        ui.add_space(theme::GAP_4);
    }
}
