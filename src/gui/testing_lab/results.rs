//! The second step: how the run stands, and its matrix or its figures.

use egui::{Key, Modifiers, Ui};

use super::matrix::{MatrixAnswer, MatrixView};
use super::matrix_rows::MatrixRows;
use super::side_by_side::SideBySide;
use super::{Step, TestingLab, figures_panel, held_back, run_header, running};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme;
use crate::gui::theme::model_colours::ModelColours;
use crate::gui::widgets::{empty_state, error_state, skeleton};
use crate::wire::run::Run;

/// One colour for every model of the run.
pub fn colours_of(run: &Run) -> ModelColours {
    ModelColours::new(run.columns.iter().map(|column| column.model.as_str()))
}

impl TestingLab {
    pub(super) fn results_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        let Some(open) = &mut self.open else {
            if empty_state::ui(ui, "No run is open", Some("Choose photos")) {
                self.step = Step::Choose;
            }
            return;
        };
        if let Some(failure) = open.failure()
            && error_state::ui(ui, "The run could not be read", &failure)
        {
            open.reload();
        }
        self.rows.follow_baseline(open, &self.baseline);
        self.rows.follow(open, self.matrix.repeat, &self.library, self.matrix.is_read(ui.ctx()), ctx);
        let Some(run) = open.run() else {
            if open.failure().is_none() {
                skeleton::lines(ui, 8);
            }
            return;
        };
        run_header::ui(ui, open, run, &mut self.matrix.repeat, self.shows_figures, self.acting.is_pending(), ctx);
        self.export.ui(ui, ctx);
        held_back::ui(ui, open.held_back(), ctx);
        held_back::stopped_ui(ui, run, ctx);
        if let Some(most) = self.raised_limit.ui(ui, run, open, self.acting.is_pending(), ctx) {
            running::resume_within(&mut self.acting, run, most, ctx);
        }
        self.validating.report_ui(ui, run, ctx);
        ui.add_space(theme::GAP_8);
        let colours = colours_of(run);
        let is_typing = ui.ctx().text_edit_focused() || ui.ctx().any_popup_open();
        if !is_typing {
            keys(ui, ctx);
        }
        if self.shows_figures {
            if figures_panel::ui(ui, run, &self.baseline, &mut self.sweep, ctx.tokens()) {
                self.baseline.reload();
            }
            if !is_typing && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
                self.shows_figures = false;
            }
            return;
        }
        if MatrixRows::is_useful(run) {
            self.rows.ui(ui, run, &self.library, ctx);
            ui.add_space(theme::GAP_4);
        }
        if self.rows.shown().is_empty() && !run.photo_ids.is_empty() {
            if empty_state::ui(ui, "No photo of the run is like that", Some("Show all photos")) {
                self.rows.show_all(run, &self.library);
            }
            return;
        }
        let view = MatrixView {
            open,
            run,
            rows: &self.rows,
            baseline: &self.baseline,
            library: &self.library,
            truth: &self.truth,
            colours: &colours,
            now: ctx.now,
        };
        match self.matrix.ui(ui, &view, ctx.textures) {
            Some(MatrixAnswer::Open { row, column }) => {
                if let Some(row) = self.rows.shown().get(row) {
                    let foremost = self.rows.foremost(*row);
                    self.side = Some(SideBySide::new(run, *row, column, self.matrix.repeat, foremost));
                    self.step = Step::SideBySide;
                }
            }
            Some(MatrixAnswer::Pin(column)) => self.pinning.pin(run, column),
            None => {}
        }
        if !is_typing && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.step = Step::Choose;
        }
    }
}

/// Keys of the step that are not the matrix's own.
fn keys(ui: &Ui, ctx: &AreaCtx<'_>) {
    for (key, command) in [(Key::P, Command::PinBaseline), (Key::F, Command::ShowRunFigures)] {
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            ctx.send(command);
        }
    }
}
