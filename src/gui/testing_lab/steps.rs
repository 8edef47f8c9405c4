//! The steps of the lab that are more than one panel: what is drawn, and what follows from what a person does there.

use egui::{Key, Modifiers, Ui};

use super::blind::Said;
use super::runs_list::RunsAnswer;
use super::side_by_side::SideAnswer;
use super::{Step, TestingLab, matrix, results, runs_list, step_bar};
use crate::gui::ctx::AreaCtx;
use crate::wire::run::RunState;

impl TestingLab {
    pub(super) fn past_runs_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        step_bar::past_ui(ui, &mut self.step);
        match runs_list::ui(ui, &mut self.runs, ctx) {
            Some(RunsAnswer::Open(id)) => self.open(id),
            Some(RunsAnswer::Resume(id)) => {
                self.open(id);
                self.resume_or_cancel(ctx, id, RunState::Running);
            }
            Some(RunsAnswer::NewRun) => self.step = Step::Choose,
            None => {}
        }
    }

    pub(super) fn truth_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.truth.ui(ui, &self.sets, &self.library, ctx);
        if !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.step = Step::Choose;
        }
    }

    pub(super) fn traces_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let models = self.setup.models.value().map(|page| page.items.as_slice()).unwrap_or_default();
        if self.traces.ui(ui, models, ctx) {
            self.step = match (&self.side, &self.open) {
                (Some(_), Some(_)) => Step::SideBySide,
                (None, Some(_)) => Step::Results,
                _ => Step::Choose,
            };
        }
    }

    pub(super) fn side_by_side_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let (Some(side), Some(open)) = (&mut self.side, &self.open) else {
            self.step = Step::Results;
            return;
        };
        let Some(run) = open.run() else { return };
        let colours = results::colours_of(run);
        let view = matrix::MatrixView {
            open,
            run,
            rows: &self.rows,
            baseline: &self.baseline,
            library: &self.library,
            truth: &self.truth,
            colours: &colours,
            now: ctx.now,
        };
        let answer = side.ui(ui, &view, &mut self.votes, ctx.textures);
        match answer {
            Some(SideAnswer::Trace(cell)) => {
                self.step = Step::Traces;
                self.traces.open(cell.0);
            }
            Some(SideAnswer::Back) => {
                let row = self.rows.shown().iter().position(|row| *row == side.row).unwrap_or(0);
                self.matrix.set_cursor(row, side.panes.last().map_or(0, |pane| pane.column));
                self.step = Step::Results;
            }
            Some(SideAnswer::Details(id)) => self.details.open(id, ctx),
            Some(SideAnswer::Correct(photo, labels)) => self.truth.set(photo, Some(labels)),
            Some(SideAnswer::TryTruthAgain) => self.truth.try_again(),
            Some(SideAnswer::Votes(all)) => {
                for (photo, said) in all {
                    match said {
                        Said::Cast(vote) => self.votes.cast(run.id, photo, vote, ctx),
                        Said::Undo => {
                            let photo = self.votes.undo(run.id, ctx);
                            if let Some(row) = run.photo_ids.iter().position(|id| Some(*id) == photo) {
                                side.row = row;
                            }
                        }
                    }
                }
            }
            None => {}
        }
    }
}
