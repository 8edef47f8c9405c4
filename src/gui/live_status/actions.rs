//! What is done to jobs and to the pipeline: asked first where it touches many, told afterwards,
//! undone where that is possible.

use std::fmt::Write as _;

use egui::{Id, Modal, RichText, Ui};

use super::job_list::JobList;
use super::selection::Selection;
use crate::gui::ctx::{ApiError, Client};
use crate::gui::ctx::{AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::theme;
use crate::wire::config::{ConfigChanged, PipelineState, SetPipelineState};
use crate::wire::ids::JobId;
use crate::wire::job::{Job, JobAction, JobQuery, JobState, JobsAction};

/// Whether an action applies to a job in this state.
#[must_use]
pub fn applies(action: JobAction, state: JobState) -> bool {
    match action {
        JobAction::Retry => matches!(state, JobState::Failed | JobState::Cancelled | JobState::RetryWait),
        JobAction::Cancel => matches!(state, JobState::Pending | JobState::RetryWait | JobState::Processing),
        JobAction::Reprioritise(_) => matches!(state, JobState::Pending | JobState::RetryWait),
    }
}

/// `1 job`, `12 jobs`.
#[must_use]
pub fn jobs_in_words(count: usize) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{} jobs", crate::gui::widgets::number::count(count as u64)) }
}

/// An action with all the jobs it is meant for.
#[derive(Debug, Clone)]
struct Intent {
    action: JobsAction,
    undo: Vec<JobsAction>,
}

impl Intent {
    /// The action on those of `jobs` that it applies to, with what would take it back.
    fn new<'j>(action: JobAction, jobs: impl Iterator<Item = &'j Job>) -> Self {
        let mut ids = Vec::new();
        let mut undo: Vec<JobsAction> = Vec::new();
        for job in jobs.filter(|job| applies(action, job.state)) {
            ids.push(job.id);
            let inverse = match action {
                // What a retry began can't be unspent; cancelling it is a decision of its own.
                JobAction::Retry => continue,
                JobAction::Cancel => JobAction::Retry,
                JobAction::Reprioritise(_) => JobAction::Reprioritise(job.priority),
            };
            match undo.iter_mut().find(|group| group.action == inverse) {
                Some(group) => group.ids.push(job.id),
                None => undo.push(JobsAction { action: inverse, ids: vec![job.id] }),
            }
        }
        Self { action: JobsAction { action, ids }, undo }
    }

    fn question(&self) -> String {
        let jobs = jobs_in_words(self.action.ids.len());
        match self.action.action {
            JobAction::Retry => format!("Retry {jobs}?"),
            JobAction::Cancel => format!("Cancel {jobs}?"),
            JobAction::Reprioritise(priority) => format!("Set the priority of {jobs} to {priority}?"),
        }
    }

    fn consequence(&self) -> &'static str {
        match self.action.action {
            JobAction::Retry => "Each photo is sent to the live model once more, at the live model's price",
            JobAction::Cancel => "They leave the queue, and work under way on them is dropped. It can be undone",
            JobAction::Reprioritise(_) => "Jobs of higher priority are taken first. It can be undone",
        }
    }

    fn verb(&self) -> String {
        let jobs = jobs_in_words(self.action.ids.len());
        match self.action.action {
            JobAction::Retry => format!("Retry {jobs}"),
            JobAction::Cancel => format!("Cancel {jobs}"),
            JobAction::Reprioritise(_) => "Set the priority".to_owned(),
        }
    }

    fn told(&self, changed: u64) -> String {
        let jobs = jobs_in_words(changed as usize);
        let mut told = match self.action.action {
            JobAction::Retry => format!("{jobs} queued again"),
            JobAction::Cancel => format!("{jobs} cancelled"),
            JobAction::Reprioritise(priority) => format!("{jobs} set to priority {priority}"),
        };
        let moved_on = (self.action.ids.len() as u64).saturating_sub(changed);
        if moved_on > 0 {
            let _ = write!(told, ", {moved_on} had moved on already");
        }
        told
    }
}

/// How many of the selected jobs each action applies to; counted when something changes, not every frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applicable {
    pub retry: usize,
    pub cancel: usize,
    pub reprioritise: usize,
}

impl Applicable {
    #[must_use]
    pub fn count(selection: &Selection, list: &JobList) -> Self {
        let mut counts = Self::default();
        for job in selection.iter().filter_map(|id| list.get(id)) {
            counts.retry += usize::from(applies(JobAction::Retry, job.state));
            counts.cancel += usize::from(applies(JobAction::Cancel, job.state));
            counts.reprioritise += usize::from(applies(JobAction::Reprioritise(0), job.state));
        }
        counts
    }
}

/// What is asked, under way and to be told.
#[derive(Default)]
pub struct Actions {
    asking: Option<Intent>,
    acting: Option<(Intent, Remote<u64>)>,
    /// The failed jobs, being counted before anybody is asked.
    failed: Remote<Vec<JobId>>,
    state: Remote<ConfigChanged>,
}

impl Actions {
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.acting.is_some() || self.failed.is_pending()
    }

    /// Acts on those of the jobs that the action applies to; asks first when they are more than one.
    pub fn want<'j>(&mut self, action: JobAction, jobs: impl Iterator<Item = &'j Job>, ctx: &AreaCtx<'_>) {
        self.ask_or_act(Intent::new(action, jobs), ctx);
    }

    /// Acts without asking: what an undo button holds.
    pub fn undo(&mut self, actions: Vec<JobsAction>, ctx: &AreaCtx<'_>) {
        let ids = actions.iter().flat_map(|action| action.ids.iter().copied()).collect();
        let Some(first) = actions.first() else { return };
        let intent = Intent { action: JobsAction { action: first.action, ids }, undo: Vec::new() };
        self.act_all(intent, actions, ctx);
    }

    /// Counts every failed job, loaded or not, then asks.
    pub fn retry_all_failed(&mut self, ctx: &AreaCtx<'_>) {
        if !self.failed.is_pending() {
            ctx.ask(&mut self.failed, failed_jobs);
        }
    }

    pub fn set_pipeline(&mut self, state: PipelineState, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.state, move |client| async move { client.set_pipeline_state(SetPipelineState { state }).await });
    }

    /// Takes in answers and tells them. Returns whether something was done.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> bool {
        if self.failed.poll() {
            if let Some(failure) = self.failed.take_failure() {
                tell_failure(ctx, "The failed jobs could not be counted", &failure);
            } else if let Some(ids) = self.failed.take() {
                self.ask_or_act(Intent { action: JobsAction { action: JobAction::Retry, ids }, undo: Vec::new() }, ctx);
            }
        }
        if self.state.poll() {
            if let Some(failure) = self.state.take_failure() {
                tell_failure(ctx, "The pipeline did not change", &failure);
            } else if let Some(changed) = self.state.take() {
                tell_state(ctx, &changed);
            }
        }
        let Some((intent, answer)) = &mut self.acting else { return false };
        if !answer.poll() {
            return false;
        }
        if let Some(failure) = answer.take_failure() {
            tell_failure(ctx, "The jobs were not changed", &failure);
        } else if let Some(changed) = answer.take() {
            let mut toast = Toast::new(if changed > 0 { ToastKind::Good } else { ToastKind::Warn }, intent.told(changed));
            if changed > 0 && !intent.undo.is_empty() {
                toast = toast.with_action("Undo", Command::ActOnJobs(std::mem::take(&mut intent.undo)));
            }
            ctx.send(Command::ShowToast(toast));
        }
        self.acting = None;
        true
    }

    fn ask_or_act(&mut self, intent: Intent, ctx: &AreaCtx<'_>) {
        match intent.action.ids.len() {
            0 => ctx.commands.toast(ToastKind::Info, "There is no job that this applies to"),
            1 => self.act(intent, ctx),
            _ => self.asking = Some(intent),
        }
    }

    fn act(&mut self, intent: Intent, ctx: &AreaCtx<'_>) {
        let actions = vec![intent.action.clone()];
        self.act_all(intent, actions, ctx);
    }

    fn act_all(&mut self, intent: Intent, actions: Vec<JobsAction>, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move {
            let mut changed = 0;
            for action in &actions {
                changed += client.act_on_jobs(action).await?.changed;
            }
            Ok(changed)
        });
        self.acting = Some((intent, answer));
    }

    /// Draws the question, while one is open.
    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let Some(intent) = &self.asking else { return };
        let mut go = false;
        let modal = Modal::new(Id::unique("act on jobs")).show(ui.ctx(), |ui| {
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
        } else if modal.should_close() {
            self.asking = None;
        }
    }
}

/// The ids of all failed jobs.
async fn failed_jobs(client: Client) -> Result<Vec<JobId>, ApiError> {
    let mut ids = Vec::new();
    let mut query = JobQuery { state: Some(JobState::Failed), limit: Some(1000), ..JobQuery::default() };
    loop {
        let page = client.jobs(&query).await?;
        ids.extend(page.items.iter().map(|job| job.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(ids);
        }
    }
}

fn tell_failure(ctx: &AreaCtx<'_>, what: &str, failure: &ApiError) {
    ctx.commands.toast(ToastKind::Bad, format!("{what}. {failure}"));
}

fn tell_state(ctx: &AreaCtx<'_>, changed: &ConfigChanged) {
    let text = match changed.config.state {
        PipelineState::Paused => "The pipeline is paused; what is begun is finished",
        PipelineState::Running => "The pipeline is running",
    };
    let mut toast = Toast::new(ToastKind::Good, text);
    if let Some(change) = &changed.change {
        toast = toast.with_action("Undo", Command::UndoThisConfigChange(change.id));
    }
    ctx.send(Command::ShowToast(toast));
}
