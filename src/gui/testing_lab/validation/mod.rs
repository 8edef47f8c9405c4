//! Validation of a prompt version on a photo set: gates are chosen, the run is followed, its report stands above its answers, and
//! all reports are listed.

mod beside;
mod dialog;
mod list;
mod report;

use std::time::{Duration, Instant};

use egui::Ui;

use beside::Beside;
use dialog::{Decision, ValidateDialog};

use super::setup::Setup;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::ids::{PhotoSetId, PromptVersionId, RunId};
use crate::wire::page::Page;
use crate::wire::photo_set::PhotoSet;
use crate::wire::run::{Run, RunKind, RunState};
use crate::wire::validation::{StartValidation, ValidationReport, ValidationsQuery};

/// While a run is under way its report follows it at most this often.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// The open dialog, the list of reports, and the report of the open run.
#[derive(Default)]
pub struct Validating {
    dialog: Option<ValidateDialog>,
    starting: Remote<ValidationReport>,
    list: Remote<Page<ValidationReport>>,
    is_behind: bool,
    report: Remote<ValidationReport>,
    /// How the run stood whose report was asked for, and when.
    asked: Option<(Stand, Instant)>,
    beside: Beside,
    /// The gates of the report are folded away.
    is_folded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stand {
    run: RunId,
    state: RunState,
    finished: u64,
}

impl Validating {
    pub fn reload(&mut self) {
        self.is_behind = true;
        self.asked = None;
    }

    /// Asks what is to be validated, and on which set; what is known of both is chosen already.
    pub fn open(&mut self, set: Option<PhotoSetId>, version: Option<PromptVersionId>) {
        let limits = self.list.value().and_then(|page| page.items.first()).map(|newest| newest.limits.clone()).unwrap_or_default();
        self.dialog = Some(ValidateDialog::new(set, version, &limits));
        self.starting.take_failure();
    }

    pub fn on_run(&mut self, run: &Run) {
        self.is_behind |= run.kind == RunKind::Validation && run.state != RunState::Running;
    }

    /// Takes in answers and asks for what is missing; returns the run of a validation that has just begun.
    pub fn logic(&mut self, open: Option<&Run>, ctx: &AreaCtx<'_>) -> Option<RunId> {
        self.list.poll();
        if (self.is_behind || self.list.is_untouched()) && !self.list.is_pending() {
            self.is_behind = false;
            ctx.ask(&mut self.list, |client| async move { client.validations(&ValidationsQuery::default()).await });
        }
        self.report.poll();
        self.beside.logic();
        if let Some(run) = open.filter(|run| run.kind == RunKind::Validation) {
            self.ask_report(run, ctx);
        }
        if let Some(dialog) = &mut self.dialog {
            dialog.logic(ctx);
        }
        if !self.starting.poll() {
            return None;
        }
        let begun = self.starting.take()?;
        (self.dialog, self.is_behind) = (None, true);
        Some(begun.run_id)
    }

    fn ask_report(&mut self, run: &Run, ctx: &AreaCtx<'_>) {
        let stand = Stand { run: run.id, state: run.state, finished: run.counts.finished() };
        let before = self.asked.filter(|(asked, _)| asked.run == run.id);
        if before.is_none() && self.report.value().is_some_and(|report| report.run_id != run.id) {
            (self.report, self.beside) = (Remote::default(), Beside::default());
        }
        if self.report.is_pending() || before.is_some_and(|(asked, _)| asked == stand) {
            return;
        }
        let is_only_further = before.filter(|(asked, _)| asked.state == stand.state);
        if let Some(wait) = is_only_further.and_then(|(_, at)| ASK_EVERY.checked_sub(at.elapsed())) {
            ctx.egui.request_repaint_after(wait);
            return;
        }
        self.asked = Some((stand, Instant::now()));
        let id = run.id;
        ctx.ask(&mut self.report, |client| async move { client.validation(id).await });
    }

    /// Draws the dialog.
    pub fn dialog_ui(&mut self, ui: &Ui, sets: &[PhotoSet], setup: &Setup, ctx: &AreaCtx<'_>) {
        let Some(dialog) = &mut self.dialog else { return };
        let failure = self.starting.failure().map(ToString::to_string);
        match dialog.ui(ui, sets, setup, self.starting.is_pending(), failure.as_deref()) {
            Some(Decision::Close) => self.dialog = None,
            Some(Decision::Start(asked)) => self.start(asked, setup, ctx),
            None => {}
        }
    }

    fn start(&mut self, asked: StartValidation, setup: &Setup, ctx: &AreaCtx<'_>) {
        self.starting.take_failure();
        let live = setup.models.value().into_iter().flat_map(|page| &page.items).find(|model| model.is_live);
        let providers = super::running::providers_of(live.map(|model| &model.name).into_iter());
        ctx.ask_with_keys(&mut self.starting, providers, |client| async move { client.start_validation(&asked).await });
    }
}
