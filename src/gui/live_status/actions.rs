//! What is done to jobs and to the pipeline: asked first where it touches many, told afterwards,
//! undone where that is possible.

use std::fmt::Write as _;

use egui::{Id, Modal, RichText, Ui};

use super::job_list::JobList;
use super::selection::Selection;
use crate::gui::ctx::ApiError;
use crate::gui::ctx::modal;
use crate::gui::ctx::{AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::theme;
use crate::wire::config::{ConfigChanged, PipelineState, SetPipelineState};
use crate::wire::ids::{JobChangeId, JobId};
use crate::wire::job::{Job, JobAction, JobState, JobsActed, JobsAction, JobsLeft, JobsMatching};

/// Whether an action applies to a job in this state.
#[must_use]
pub fn applies(action: JobAction, state: JobState) -> bool {
    match action {
        JobAction::Retry => matches!(state, JobState::Failed | JobState::Cancelled | JobState::RetryWait),
        JobAction::Reprocess => state == JobState::Completed,
        JobAction::Cancel => matches!(state, JobState::Pending | JobState::RetryWait | JobState::Processing),
        JobAction::Reprioritise(_) => matches!(state, JobState::Pending | JobState::RetryWait),
    }
}

/// `1 job`, `12 jobs`.
#[must_use]
pub fn jobs_in_words(count: usize) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{} jobs", crate::gui::widgets::number::count(count as u64)) }
}

/// An action that is about to be done, and to how many jobs.
#[derive(Debug, Clone)]
struct Intent {
    action: JobsAction,
    counted: JobsActed,
}

impl Intent {
    fn question(&self) -> String {
        let jobs = jobs_in_words(self.counted.changed as usize);
        match self.action.action {
            JobAction::Retry => format!("Retry {jobs}?"),
            JobAction::Reprocess => format!("Ask about the photos of {jobs} once more?"),
            JobAction::Cancel => format!("Cancel {jobs}?"),
            JobAction::Reprioritise(priority) => format!("Set the priority of {jobs} to {}?", signed(priority)),
        }
    }

    fn consequence(&self) -> String {
        let mut words = match self.action.action {
            JobAction::Retry => "Each photo is sent to the live model once more, at the live model's price. What has not begun can be undone",
            JobAction::Reprocess => {
                "Each photo is sent to the live model once more, at the live model's price; the results there are stay until the new ones come. \
                 What has not begun can be undone"
            }
            JobAction::Cancel => "They leave the queue, and work under way on them is dropped. It can be undone",
            JobAction::Reprioritise(_) => "Jobs of higher priority are taken first. It can be undone",
        }
        .to_owned();
        if let Some(left) = self.counted.left_words() {
            let _ = write!(words, ". Of {}, {left}", jobs_in_words(self.counted.matched as usize));
        }
        words
    }

    fn verb(&self) -> String {
        let jobs = jobs_in_words(self.counted.changed as usize);
        match self.action.action {
            JobAction::Retry => format!("Retry {jobs}"),
            JobAction::Reprocess => "Ask once more".to_owned(),
            JobAction::Cancel => format!("Cancel {jobs}"),
            JobAction::Reprioritise(_) => "Set the priority".to_owned(),
        }
    }
}

/// What was done.
fn told(action: JobAction, acted: &JobsActed) -> String {
    let jobs = jobs_in_words(acted.changed as usize);
    match action {
        JobAction::Retry | JobAction::Reprocess => format!("{jobs} queued again"),
        JobAction::Cancel => format!("{jobs} cancelled"),
        JobAction::Reprioritise(priority) => format!("{jobs} set to priority {}", signed(priority)),
    }
}

/// Why nothing was done, or would be.
fn nothing_words(acted: &JobsActed) -> String {
    match acted.left_words() {
        None => "There is no job that this applies to".to_owned(),
        Some(left) => format!("Nothing to do: of {}, {left}", jobs_in_words(acted.matched as usize)),
    }
}

/// With a real minus.
fn signed(number: i32) -> String {
    number.to_string().replace('-', "−")
}

/// How many of the selected jobs each action applies to; counted when something changes, not every frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applicable {
    pub retry: usize,
    pub reprocess: usize,
    pub cancel: usize,
    pub reprioritise: usize,
}

impl Applicable {
    #[must_use]
    pub fn count(selection: &Selection, list: &JobList) -> Self {
        let mut counts = Self::default();
        for job in selection.iter().filter_map(|id| list.get(id)) {
            counts.changed(None, Some(job.state));
        }
        counts
    }

    /// One of the jobs was in a state and is in another one now.
    pub fn changed(&mut self, was: Option<JobState>, is: Option<JobState>) {
        for (count, action) in [
            (&mut self.retry, JobAction::Retry),
            (&mut self.reprocess, JobAction::Reprocess),
            (&mut self.cancel, JobAction::Cancel),
            (&mut self.reprioritise, JobAction::Reprioritise(0)),
        ] {
            let counts = |state: Option<JobState>| usize::from(state.is_some_and(|state| applies(action, state)));
            *count = (*count + counts(is)).saturating_sub(counts(was));
        }
    }
}

/// What is asked, under way and to be told.
#[derive(Default)]
pub struct Actions {
    /// Being counted before anybody is asked.
    counting: Option<(JobsAction, Remote<JobsActed>)>,
    asking: Option<Intent>,
    acting: Option<(JobAction, Remote<JobsActed>)>,
    undoing: Remote<JobsActed>,
    /// What was done last and is not undone: Ctrl-Z takes it back long after its message has gone.
    last: Option<JobChangeId>,
    /// How the last question was answered, since that was last asked.
    answered: Option<bool>,
    state: Remote<ConfigChanged>,
}

impl Actions {
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.acting.is_some() || self.counting.is_some() || self.undoing.is_pending()
    }

    /// Acts on those of the jobs that the action applies to. When they are more than one it is counted what would be done to them, as
    /// two may be of the same photo, and asked first.
    pub fn want<'j>(&mut self, action: JobAction, jobs: impl Iterator<Item = &'j Job>, ctx: &AreaCtx<'_>) {
        let ids: Vec<JobId> = jobs.filter(|job| applies(action, job.state)).map(|job| job.id).collect();
        if ids.len() > 1 {
            self.count(JobsAction::on(action, ids), ctx);
            return;
        }
        if self.refuses(ctx) {
            return;
        }
        let count = ids.len() as u64;
        let counted = JobsActed { matched: count, changed: count, left: JobsLeft::default(), change: None };
        self.ask_or_act(Intent { action: JobsAction::on(action, ids), counted }, ctx);
    }

    /// Counts what the action would do to everything that matches, loaded or not, then asks.
    pub fn want_all(&mut self, action: JobAction, matching: JobsMatching, ctx: &AreaCtx<'_>) {
        self.count(JobsAction { action, ids: Vec::new(), matching: Some(matching), dry_run: false }, ctx);
    }

    fn count(&mut self, action: JobsAction, ctx: &AreaCtx<'_>) {
        if self.refuses(ctx) {
            self.answered = Some(false);
            return;
        }
        let mut counted = Remote::default();
        let asked = JobsAction { dry_run: true, ..action.clone() };
        ctx.ask(&mut counted, |client| async move { client.act_on_jobs(&asked).await });
        self.counting = Some((action, counted));
    }

    /// One at a time: what is under way is told, with its undo, before the next begins.
    fn refuses(&self, ctx: &AreaCtx<'_>) -> bool {
        if self.is_busy() {
            ctx.commands.toast(ToastKind::Info, "Something else is being done to jobs just now; try again in a moment");
        }
        self.is_busy()
    }

    /// What the undo button of a message holds.
    pub fn undo(&mut self, change: JobChangeId, ctx: &AreaCtx<'_>) {
        if self.refuses(ctx) {
            return;
        }
        if self.last == Some(change) {
            self.last = None;
        }
        ctx.ask(&mut self.undoing, move |client| async move { client.undo_jobs_action(change).await });
    }

    /// Takes back what was last done to jobs in this window.
    pub fn undo_last(&mut self, ctx: &AreaCtx<'_>) {
        match self.last {
            Some(change) => self.undo(change, ctx),
            None => ctx.commands.toast(ToastKind::Info, "Nothing was done to jobs in this window that could be undone"),
        }
    }

    /// Whether something that was asked about is done, since this was last called: somebody said yes or no, or there was nothing to do.
    pub fn take_answer(&mut self) -> Option<bool> {
        self.answered.take()
    }

    pub fn retry_all_failed(&mut self, ctx: &AreaCtx<'_>) {
        self.want_all(JobAction::Retry, JobsMatching { state: Some(JobState::Failed), q: None }, ctx);
    }

    pub fn set_pipeline(&mut self, state: PipelineState, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.state, move |client| async move { client.set_pipeline_state(SetPipelineState { state }).await });
    }

    /// Takes in answers and tells them. Returns whether something was done.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> bool {
        self.counting_logic(ctx);
        if self.state.poll() {
            if let Some(failure) = self.state.take_failure() {
                tell_failure(ctx, "The pipeline did not change", &failure);
            } else if let Some(changed) = self.state.take() {
                tell_state(ctx, &changed);
            }
        }
        let undone = self.undoing_logic(ctx);
        let Some((action, answer)) = &mut self.acting else { return undone };
        if !answer.poll() {
            return undone;
        }
        if let Some(failure) = answer.take_failure() {
            tell_failure(ctx, "The jobs were not changed", &failure);
        } else if let Some(acted) = answer.take() {
            let mut words = if acted.changed == 0 { nothing_words(&acted) } else { told(*action, &acted) };
            let moved_on = acted.matched.saturating_sub(acted.changed);
            if moved_on > 0 && acted.changed > 0 {
                let _ = write!(words, ", {moved_on} had moved on already");
            }
            let mut toast = Toast::new(if acted.changed > 0 { ToastKind::Good } else { ToastKind::Warn }, words);
            self.last = acted.change.or(self.last);
            if let Some(change) = acted.change {
                toast = toast.with_action("Undo", Command::UndoJobsAction(change));
            }
            ctx.send(Command::ShowToast(toast));
        }
        self.acting = None;
        true
    }

    fn counting_logic(&mut self, ctx: &AreaCtx<'_>) {
        let Some((action, counted)) = &mut self.counting else { return };
        if !counted.poll() {
            return;
        }
        let failure = counted.take_failure();
        let intent = counted.take().map(|counted| Intent { action: action.clone(), counted });
        self.counting = None;
        match (failure, intent) {
            (Some(failure), _) => {
                self.answered = Some(false);
                tell_failure(ctx, "The jobs could not be counted", &failure);
            }
            (None, Some(intent)) => self.ask_or_act(intent, ctx),
            (None, None) => {}
        }
    }

    /// Returns whether something was undone.
    fn undoing_logic(&mut self, ctx: &AreaCtx<'_>) -> bool {
        if !self.undoing.poll() {
            return false;
        }
        if let Some(failure) = self.undoing.take_failure() {
            tell_failure(ctx, "It was not undone", &failure);
        } else if let Some(undone) = self.undoing.take() {
            let mut words = format!("{} as before", jobs_in_words(undone.changed as usize));
            let moved_on = undone.matched.saturating_sub(undone.changed);
            if moved_on > 0 {
                let _ = write!(words, "; {} had moved on already", jobs_in_words(moved_on as usize));
            }
            ctx.commands.toast(if undone.changed > 0 { ToastKind::Good } else { ToastKind::Warn }, words);
        }
        true
    }

    fn ask_or_act(&mut self, intent: Intent, ctx: &AreaCtx<'_>) {
        match intent.counted.changed {
            0 => {
                self.answered = Some(false);
                ctx.commands.toast(ToastKind::Info, nothing_words(&intent.counted));
            }
            1 => self.act(intent, ctx),
            _ => self.asking = Some(intent),
        }
    }

    fn act(&mut self, intent: Intent, ctx: &AreaCtx<'_>) {
        self.answered = Some(true);
        let mut answer = Remote::default();
        let action = intent.action.action;
        // Of everything that matches, those that it does not apply to were told before.
        let told = intent.counted.matched.saturating_sub(intent.counted.changed);
        ctx.ask(&mut answer, |client| async move {
            let acted = client.act_on_jobs(&intent.action).await?;
            Ok(JobsActed { matched: acted.matched.saturating_sub(told), ..acted })
        });
        self.acting = Some((action, answer));
    }

    /// Draws the question, while one is open.
    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let Some(intent) = &self.asking else { return };
        let mut go = false;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("act on jobs")), |ui| {
            ui.set_width(380.0);
            ui.label(RichText::new(intent.question()).size(theme::TEXT_STRONG));
            ui.add_space(theme::GAP_4);
            ui.label(RichText::new(intent.consequence()).color(ctx.tokens().muted));
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                let yes = ui.button(intent.verb());
                // The question is answered from the keyboard: Enter for yes, Escape for no.
                if ui.memory(|memory| memory.focused().is_none()) {
                    yes.request_focus();
                }
                go = yes.clicked();
                if ui.button(if matches!(intent.action.action, JobAction::Cancel) { "Keep them" } else { "Cancel" }).clicked() {
                    ui.close();
                }
            });
        });
        if go {
            if let Some(intent) = self.asking.take() {
                self.act(intent, ctx);
            }
        } else if shown.closes {
            self.asking = None;
            self.answered = Some(false);
        }
    }
}

fn tell_failure(ctx: &AreaCtx<'_>, what: &str, failure: &ApiError) {
    ctx.commands.toast(ToastKind::Bad, format!("{what}. {failure}"));
}

fn tell_state(ctx: &AreaCtx<'_>, changed: &ConfigChanged) {
    let text = match changed.config.state {
        PipelineState::Paused => "The pipeline is paused; what is begun is finished",
        PipelineState::Draining => "What is queued is finished, then the pipeline pauses; photos added now wait",
        PipelineState::Running => "The pipeline is running",
    };
    let mut toast = Toast::new(ToastKind::Good, text);
    if let Some(change) = &changed.change {
        toast = toast.with_action("Undo", Command::UndoThisConfigChange(change.id));
    }
    ctx.send(Command::ShowToast(toast));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_applies_follows_each_job_that_changes() {
        let mut applicable = Applicable::default();
        for state in [JobState::Failed, JobState::Failed, JobState::Pending] {
            applicable.changed(None, Some(state));
        }
        applicable.changed(Some(JobState::Failed), Some(JobState::Pending));
        applicable.changed(Some(JobState::Pending), Some(JobState::Completed));
        let Applicable { retry, reprocess, cancel, reprioritise } = applicable;
        assert_eq!((retry, reprocess, cancel, reprioritise), (1, 1, 1, 1));
    }
}
