//! Leaving a platform, by closing the window or for another platform: what a person typed is kept somewhere before, or they are asked.

use egui::{Context, Label, RichText, Ui};

use super::dialog;
use super::settings::Decision;
use crate::gui::ctx::KeptNowhere;
use crate::gui::theme;
use crate::gui::widgets::number;

/// What was asked for.
pub enum Then {
    Close,
    Decide(Decision),
}

/// The question, while it is open.
#[derive(Default)]
pub struct Leaving {
    then: Option<Then>,
    /// The areas have handed over all they had, or it was agreed to go without.
    pub is_agreed: bool,
}

impl Leaving {
    pub fn ask(&mut self, then: Then) {
        self.then = Some(then);
    }

    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.then.is_some()
    }

    /// Draws the question. Returns what was asked for once a person agrees.
    pub fn ui(&mut self, ctx: &Context, lost: &[KeptNowhere]) -> Option<Then> {
        let (title, go) = match self.then.as_ref()? {
            Then::Close => ("Close the window?", "Close"),
            Then::Decide(_) => ("Leave this platform?", "Leave"),
        };
        let mut goes = false;
        let (stays, closes) = dialog::show(ctx, title, 480.0, |ui| {
            words_ui(ui, lost);
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                let stay = ui.button("Stay");
                if ui.memory(|memory| memory.focused().is_none()) {
                    stay.request_focus();
                }
                if !lost.is_empty() && ui.button("Copy text").clicked() {
                    ui.copy_text(lost.iter().map(|lost| lost.text.as_str()).collect::<Vec<_>>().join("\n\n"));
                }
                goes = ui.button(if lost.is_empty() { go.to_owned() } else { format!("{go} all the same") }).clicked();
                stay.clicked()
            })
            .inner
        });
        if goes {
            return self.then.take();
        }
        if stays || closes {
            self.then = None;
        }
        None
    }
}

fn words_ui(ui: &mut Ui, lost: &[KeptNowhere]) {
    let tokens = theme::tokens(ui.ctx());
    for KeptNowhere { what, why, text } in lost {
        let letters = number::count(text.chars().count() as u64);
        ui.add(Label::new(format!("{what} ({letters} characters) is only in this window and would be lost.")).wrap());
        ui.add(Label::new(RichText::new(why).color(tokens.muted)).wrap());
        ui.add_space(theme::GAP_8);
    }
    let more = if lost.is_empty() {
        "What you typed is kept now; nothing is lost."
    } else {
        "Mend that, and it is kept by itself; or copy the text to a safe place."
    };
    ui.add(Label::new(more).wrap());
}
