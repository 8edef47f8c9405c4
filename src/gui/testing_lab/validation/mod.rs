//! Validation of a prompt version on a photo set: gates are chosen, the run is followed, its report stands above its answers, and
//! all reports are listed.

mod beside;
mod dialog;
mod list;
mod report;
mod told;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use egui::Ui;

use beside::Beside;
use dialog::{Decision, ValidateDialog};
use told::Told;

use super::setup::Setup;
use crate::gui::ctx::{AreaCtx, Paged, Remote};
use crate::wire::ids::{PhotoSetId, PromptVersionId, RunId};
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
    list: Paged<(), ValidationReport>,
    /// How runs stand that events told of: a report that is listed may be of before.
    told: HashMap<RunId, Told>,
    /// Since when the list lacks the report of a run that is at its end.
    lacks_since: Option<Instant>,
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
    told: Told,
    finished: u64,
}

impl Validating {
    pub fn reload(&mut self) {
        self.list.mark_behind();
        self.asked = None;
    }

    /// Asks what is to be validated, and on which set; what is known of both is chosen already.
    pub fn open(&mut self, set: Option<PhotoSetId>, version: Option<PromptVersionId>) {
        let limits = self.list.found().and_then(<[_]>::first).map(|newest| newest.limits.clone()).unwrap_or_default();
        self.dialog = Some(ValidateDialog::new(set, version, &limits));
        self.starting.take_failure();
    }

    pub fn on_run(&mut self, run: &Run) {
        if run.kind != RunKind::Validation {
            return;
        }
        let told = Told::of(run);
        self.told.insert(run.id, told);
        let listed = self.list.found_mut().and_then(|list| list.iter_mut().find(|report| report.run_id == run.id));
        if let Some(report) = listed {
            told.correct(report);
        }
        if run.state != RunState::Running {
            self.list.mark_behind();
        }
    }

    /// The list, as far as it is of what runs are now.
    fn list_logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.list.poll() {
            let mut lacks = false;
            for report in self.list.found_mut().into_iter().flatten() {
                let Some(told) = self.told.get(&report.run_id) else { continue };
                lacks |= told.is_at_its_end() && !told.is_told_by(report);
                told.correct(report);
            }
            self.lacks_since = lacks.then(Instant::now);
        }
        if let Some(since) = self.lacks_since {
            let left = ASK_EVERY.saturating_sub(since.elapsed());
            if left.is_zero() {
                self.lacks_since = None;
                self.list.mark_behind();
            }
            ctx.egui.request_repaint_after(left);
        }
        self.list.follow((), ctx, |client, cursor| async move { client.validations(&ValidationsQuery { cursor, ..Default::default() }).await });
    }

    /// Takes in answers and asks for what is missing; returns the run of a validation that has just begun.
    pub fn logic(&mut self, open: Option<&Run>, ctx: &AreaCtx<'_>) -> Option<RunId> {
        self.list_logic(ctx);
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
        self.dialog = None;
        self.list.mark_behind();
        Some(begun.run_id)
    }

    fn ask_report(&mut self, run: &Run, ctx: &AreaCtx<'_>) {
        let stand = Stand { run: run.id, told: Told::of(run), finished: run.counts.finished() };
        let before = self.asked.filter(|(asked, _)| asked.run == run.id);
        if before.is_none() && self.report.value().is_some_and(|report| report.run_id != run.id) {
            (self.report, self.beside) = (Remote::default(), Beside::default());
        }
        // The report of a run that ended just now may be on its way: until it is there it is asked for again.
        let is_answered = self.report.failure().is_some() || self.current(run).is_some();
        if self.report.is_pending() || before.is_some_and(|(asked, _)| asked == stand && is_answered) {
            return;
        }
        let is_only_further = before.filter(|(asked, _)| asked.told.state == stand.told.state);
        if let Some(wait) = is_only_further.and_then(|(_, at)| ASK_EVERY.checked_sub(at.elapsed())) {
            ctx.egui.request_repaint_after(wait);
            return;
        }
        self.asked = Some((stand, Instant::now()));
        let id = run.id;
        ctx.ask(&mut self.report, |client| async move { client.validation(id).await });
    }

    /// The report of a run as it stands now.
    fn current(&self, run: &Run) -> Option<&ValidationReport> {
        self.report.value().filter(|report| report.run_id == run.id && Told::of(run).is_told_by(report))
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
