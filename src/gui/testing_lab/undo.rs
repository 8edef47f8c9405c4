//! Ctrl Z in the lab: takes back what was last done here to labels, photo sets and baselines, and nothing that was done elsewhere.

use egui::{Key, Modifiers, Ui};

use crate::gui::ctx::{AreaCtx, Command, PipelineView, Route, Toast, ToastKind};
use crate::wire::config::{ChangeKind, ConfigChange};
use crate::wire::ids::RunId;

/// Steps that are remembered.
const MOST: usize = 200;

/// What was done.
#[derive(Debug, Clone, PartialEq)]
enum Deed {
    /// An entry of the journal: labels, or a photo set.
    Journalled(Box<ConfigChange>),
    /// Another baseline; `before` is what was there.
    Pinned { run: RunId, before: Option<u32> },
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    deed: Deed,
    /// It is being taken back.
    is_asked: bool,
}

/// What a person did here since the window was opened, the newest last.
#[derive(Debug, Default)]
pub struct LabUndo {
    steps: Vec<Step>,
}

impl LabUndo {
    /// An entry of the journal about the lab, heard as an answer, as an event, or both. What others do is not taken back by a key pressed in passing.
    pub fn on_change(&mut self, change: &ConfigChange, is_mine: bool) {
        if change.kind == ChangeKind::Undo {
            let undone = |step: &Step| matches!(&step.deed, Deed::Journalled(done) if done.before == change.after && done.after == change.before);
            let asked = self.steps.iter().rposition(|step| step.is_asked && undone(step));
            if let Some(at) = asked.or_else(|| self.steps.iter().rposition(undone)) {
                self.steps.remove(at);
            }
        } else if is_mine && !self.steps.iter().any(|step| matches!(&step.deed, Deed::Journalled(done) if done.id == change.id)) {
            self.push(Deed::Journalled(Box::new(change.clone())));
        }
    }

    pub fn on_pinned(&mut self, run: RunId, before: Option<u32>) {
        self.push(Deed::Pinned { run, before });
    }

    /// A baseline was put back.
    pub fn on_put_back(&mut self, run: RunId, column: Option<u32>) {
        if let Some(at) = self.steps.iter().rposition(|step| step.deed == Deed::Pinned { run, before: column }) {
            self.steps.remove(at);
        }
    }

    fn push(&mut self, deed: Deed) {
        self.steps.push(Step { deed, is_asked: false });
        if self.steps.len() > MOST {
            self.steps.remove(0);
        }
    }

    /// What takes the newest of them back.
    fn step_back(&mut self) -> Option<Command> {
        let step = self.steps.iter_mut().rev().find(|step| !step.is_asked)?;
        step.is_asked = true;
        Some(match &step.deed {
            Deed::Journalled(change) => Command::UndoThisConfigChange(change.id),
            Deed::Pinned { run, before } => Command::SetBaseline { run: *run, column: *before },
        })
    }

    /// Inside a text Ctrl Z is the text's.
    pub fn key(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let is_typing = ui.ctx().text_edit_focused();
        if is_typing || ui.input(|input| input.modifiers.shift) || !ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z)) {
            return;
        }
        let Some(command) = self.step_back() else {
            let words =
                "No labels, photo set or baseline was changed here since the window was opened. Older changes can be undone among all changes";
            let toast = Toast::new(ToastKind::Info, words).with_action("Show changes", Command::GoTo(Route::Pipeline(PipelineView::Changes)));
            return ctx.send(Command::ShowToast(toast));
        };
        ctx.send(command);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::ConfigChangeId;

    fn change(number: u128, kind: ChangeKind, before: &str, after: &str) -> ConfigChange {
        let value = |tag: &str| serde_json::json!({ "truth:1": tag });
        ConfigChange {
            id: ConfigChangeId(uuid::Uuid::from_u128(number)),
            at: chrono::DateTime::UNIX_EPOCH,
            actor: "me".to_owned(),
            summary: String::new(),
            before: value(before),
            after: value(after),
            undone: false,
            kind,
        }
    }

    fn undo_of(number: u128) -> Command {
        Command::UndoThisConfigChange(ConfigChangeId(uuid::Uuid::from_u128(number)))
    }

    #[test]
    fn the_newest_goes_first_and_what_others_did_stays() {
        let (mut undo, run) = (LabUndo::default(), RunId::fresh());
        undo.on_change(&change(1, ChangeKind::Change, "", "cat"), true);
        undo.on_change(&change(1, ChangeKind::Change, "", "cat"), true);
        undo.on_change(&change(2, ChangeKind::Change, "cat", "dog"), false);
        undo.on_pinned(run, Some(1));
        assert_eq!(undo.step_back(), Some(Command::SetBaseline { run, column: Some(1) }));
        undo.on_put_back(run, Some(1));
        assert_eq!((undo.step_back(), undo.step_back()), (Some(undo_of(1)), None), "pressed twice it is asked once");
    }

    #[test]
    fn what_was_undone_by_a_button_is_not_undone_again_and_what_was_done_again_can_be() {
        let mut undo = LabUndo::default();
        undo.on_change(&change(1, ChangeKind::Change, "", "cat"), true);
        undo.on_change(&change(2, ChangeKind::Change, "cat", ""), true);
        undo.on_change(&change(3, ChangeKind::Change, "", "cat"), true);
        assert_eq!(undo.step_back(), Some(undo_of(3)));
        // Its undo reads like one of the first; the one that was asked for is meant.
        undo.on_change(&change(4, ChangeKind::Undo, "cat", ""), true);
        assert_eq!(undo.steps.len(), 2);
        undo.on_change(&change(5, ChangeKind::Undo, "", "cat"), true);
        assert_eq!(undo.steps.len(), 1, "by the button of a message");
        undo.on_change(&change(6, ChangeKind::Redo, "cat", ""), true);
        assert_eq!((undo.step_back(), undo.step_back()), (Some(undo_of(6)), Some(undo_of(1))));
    }
}
