//! Runs are begun, paused, cancelled and resumed; what a run would need is asked while its photos, prompts and models are chosen.

use std::collections::BTreeSet;

use super::open_run::OpenRun;
use super::{Step, TestingLab};
use crate::gui::ctx::{AreaCtx, Remote, ToastKind};
use crate::wire::ids::RunId;
use crate::wire::money::UsdMicros;
use crate::wire::run::{Run, RunState, StartRun};
use crate::wire::sweep::StartSweep;

impl TestingLab {
    /// Takes in what became of starting, cancelling and resuming.
    pub(super) fn answers_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.starting.poll()
            && let Some(run) = self.starting.take()
        {
            self.open(run.id);
            self.on_run(&run, ctx.now);
        }
        if self.acting.poll() {
            // Events have told it, and may have told what came after it: the answer itself is old by now.
            if let (Some(run), Some(open)) = (self.acting.take(), &mut self.open) {
                open.look_again(run.id);
            }
            if let Some(failure) = self.acting.take_failure() {
                ctx.commands.toast(ToastKind::Bad, failure.to_string());
            }
        }
    }

    pub(super) fn run(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(missing) = self.setup.missing(self.selection.len()) {
            self.step = Step::Choose;
            ctx.commands.toast(ToastKind::Warn, missing);
            return;
        }
        if let Some(problem) = self.setup.spend_most.problem(self.estimate.of_now()) {
            self.step = Step::Choose;
            ctx.commands.toast(ToastKind::Warn, problem);
            return;
        }
        if self.starting.is_pending() {
            return;
        }
        let body = self.body();
        self.starting.take_failure();
        let providers = providers_of(body.run.models.iter());
        ctx.ask_with_keys(&mut self.starting, providers, |client| async move { client.start_sweep(&body).await });
    }

    /// What would be run now: rows in the order of the grid.
    pub(super) fn body(&mut self) -> StartSweep {
        let photo_set = self.sets.of_run(&self.selection, &self.library);
        let photos = if photo_set.is_some() { Vec::new() } else { self.library.selected(&self.selection) };
        let run = StartRun { photo_set, ..self.setup.start(photos, String::new()) };
        StartSweep { run, images: self.setup.images(), parameters: self.setup.parameters(), max_cost_usd: self.setup.spend_most.usd() }
    }

    /// Keeps the estimate beside the choice, while the choice is looked at.
    pub(super) fn estimate_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.step != Step::Choose || self.setup.missing(self.selection.len()).is_some() {
            return;
        }
        let choice = self.setup.fingerprint(self.selection.revision());
        if self.estimate.is_due(choice, ctx) {
            let body = self.body();
            self.estimate.ask(body, ctx);
        }
    }

    /// Cancels, pauses or resumes the open run; returns whether there is one that it applies to.
    pub(super) fn act_on_run(&mut self, ctx: &AreaCtx<'_>, wanted: RunState) -> bool {
        let Some(run) = self.open.as_ref().and_then(OpenRun::run) else { return false };
        let can = match wanted {
            RunState::Paused => run.state == RunState::Running,
            RunState::Cancelled => matches!(run.state, RunState::Running | RunState::Paused),
            _ => run.state != RunState::Running,
        };
        let id = run.id;
        if self.acting.is_pending() || !can {
            return false;
        }
        self.resume_or_cancel(ctx, id, wanted);
        true
    }

    pub(super) fn resume_or_cancel(&mut self, ctx: &AreaCtx<'_>, id: RunId, wanted: RunState) {
        let own = ctx.own_keys();
        ctx.ask(&mut self.acting, |client| async move {
            match own {
                _ if wanted == RunState::Cancelled => client.cancel_run(id).await,
                _ if wanted == RunState::Paused => client.pause_run(id).await,
                None => client.resume_run(id).await,
                Some(own) => {
                    let run = client.run(id).await?;
                    let providers = providers_of(run.columns.iter().map(|column| &column.model));
                    own.bring(&client, &providers).await?.resume_run(id).await
                }
            }
        });
    }

    /// Pins the column that the keyboard stands on, or unpins it.
    pub(super) fn pin_column_of_cursor(&mut self) -> bool {
        let Some(run) = self.open.as_ref().and_then(OpenRun::run).filter(|run| run.columns.len() > 1) else { return false };
        let column = (self.matrix.cursor.1.min(run.columns.len() - 1)) as u32;
        self.pinning.pin(run, Some(column).filter(|column| self.pinning.baseline(run) != Some(*column)));
        true
    }
}

/// Lets a run that has stopped at its limit go on within another one.
pub(super) fn resume_within(acting: &mut Remote<Run>, run: &Run, most: UsdMicros, ctx: &AreaCtx<'_>) {
    if acting.is_pending() {
        return;
    }
    let (id, providers) = (run.id, providers_of(run.columns.iter().map(|column| &column.model)));
    ctx.ask_with_keys(acting, providers, move |client| async move { client.resume_run_within(id, most).await });
}

/// The providers of models, each once.
pub(super) fn providers_of<'m>(models: impl Iterator<Item = &'m String>) -> Vec<String> {
    let providers: BTreeSet<&str> = models.map(|model| model.split_once('/').map_or(model.as_str(), |(provider, _)| provider)).collect();
    providers.into_iter().map(str::to_owned).collect()
}
