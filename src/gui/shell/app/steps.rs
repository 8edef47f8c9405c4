//! Steps back and forth in the journal of the configuration.

use egui::Context;

use super::App;
use crate::gui::ctx::{Command, Toast, ToastKind};
use crate::gui::shell::link::Link;
use crate::wire::config::{ChangeKind, ConfigChange, ConfigChanged};
use crate::wire::ids::ConfigChangeId;

/// A step in the journal of the configuration.
#[derive(Clone, Copy)]
pub enum Step {
    /// The newest change that stands.
    Undo,
    /// What was undone last.
    Redo,
    UndoThis(ConfigChangeId),
}

/// What came of a step.
pub enum Stepped {
    Done(Step, Box<ConfigChanged>),
    /// It would take back what somebody else did.
    OfAnother(ConfigChange),
}

impl App {
    /// Goes a step back or forth in the journal of the configuration.
    pub(super) fn step_config(&mut self, step: Step, egui: &Context) {
        let Link::Up(up) = &self.link else { return };
        let client = up.client.clone();
        self.step.ask(&self.options.runtime, egui, async move {
            let changed = match step {
                Step::Undo => match client.config_steps().await?.undo {
                    // What somebody else did is not taken back by a key pressed in passing.
                    Some(change) if !client.is_me(&change.actor) => return Ok(Stepped::OfAnother(change)),
                    _ => client.undo_config().await,
                },
                Step::Redo => client.redo_config().await,
                Step::UndoThis(id) => client.undo_config_change(id).await,
            };
            changed.map(|changed| Stepped::Done(step, Box::new(changed)))
        });
    }

    /// Takes in what came of it, and tells it.
    pub(super) fn take_step(&mut self) {
        if !self.step.poll() {
            return;
        }
        if let Some(failure) = self.step.take_failure() {
            self.commands.toast(ToastKind::Bad, failure.to_string());
            return;
        }
        let (step, changed) = match self.step.take() {
            Some(Stepped::Done(step, changed)) => (step, *changed),
            Some(Stepped::OfAnother(change)) => {
                let words = format!("The newest change was made by {}. {}", change.actor, change.summary);
                let toast = Toast::new(ToastKind::Info, words).with_action("Undo it", Command::UndoThisConfigChange(change.id));
                return self.commands.send(Command::ShowToast(toast));
            }
            None => return,
        };
        let toast = match (changed.change, step) {
            (Some(change), _) if change.kind == ChangeKind::Redo => {
                let words = format!("Done again. {}", change.summary.trim_start_matches("Redo: "));
                Toast::of_change(words, &change)
            }
            (Some(change), _) => {
                let words = format!("Undone. {}", change.summary.trim_start_matches("Undo: "));
                Toast::of_change(words, &change).with_action("Redo", Command::RedoConfigChange)
            }
            (None, Step::Redo) => Toast::new(ToastKind::Info, "There is no change of configuration to do again"),
            (None, _) => Toast::new(ToastKind::Info, "There is no change of configuration to undo"),
        };
        self.commands.send(Command::ShowToast(toast));
    }
}
