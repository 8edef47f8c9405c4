//! The blast radius of one version, as far as the window knows it: what it would cost, how far it is, what it says.

use std::time::{Duration, Instant};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::deployment::{BlastRadius, BlastRadiusEstimate, MeasureBlastRadius};
use crate::wire::ids::{PromptVersionId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::run::{Run, RunKind, RunState};

/// Photos of a sample unless the person says otherwise.
const PHOTOS: u32 = 20;
/// While it is measured it is asked for at most this often.
const EVERY: Duration = Duration::from_millis(400);
/// And at least this often: the time left is told anew, and an event that was missed does no harm.
const ANYWAY: Duration = Duration::from_secs(2);
/// A number of photos stands this long before its price is asked for.
const SETTLED: Duration = Duration::from_millis(250);

/// What is known, and what is on its way.
pub struct Measure {
    version: Option<PromptVersionId>,
    /// Photos of the next sample.
    pub photos: u32,
    /// What the next may cost at most; `None`: as suggested.
    pub limit: Option<UsdMicros>,
    /// The person is asked whether it may cost that.
    pub is_confirming: bool,
    estimate: Remote<BlastRadiusEstimate>,
    /// The number of photos that was estimated last, and since when the present one is wanted.
    estimated: Option<u32>,
    wanted: Option<(u32, Instant)>,
    run: Option<RunId>,
    radius: Remote<BlastRadius>,
    is_behind: bool,
    asked_at: Option<Instant>,
    begun: Remote<BlastRadius>,
    acting: Remote<Run>,
    newest: Remote<Option<RunId>>,
    /// It was begun by itself once: not again.
    pub began_by_itself: bool,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            version: None,
            photos: PHOTOS,
            limit: None,
            is_confirming: false,
            estimate: Remote::default(),
            estimated: None,
            wanted: None,
            run: None,
            radius: Remote::default(),
            is_behind: false,
            asked_at: None,
            begun: Remote::default(),
            acting: Remote::default(),
            newest: Remote::default(),
            began_by_itself: false,
        }
    }
}

impl Measure {
    #[must_use]
    pub fn of(version: PromptVersionId) -> Self {
        Self { version: Some(version), ..Self::default() }
    }

    #[must_use]
    pub fn radius(&self) -> Option<&BlastRadius> {
        self.radius.value()
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        self.begun.is_pending() || self.radius().is_some_and(|radius| radius.state == RunState::Running)
    }

    #[must_use]
    pub fn is_acting(&self) -> bool {
        self.begun.is_pending() || self.acting.is_pending()
    }

    /// The estimate of the sample as it is chosen now.
    #[must_use]
    pub fn estimate(&self) -> Option<&BlastRadiusEstimate> {
        self.estimate.value().filter(|_| self.estimated == Some(self.photos) && !self.estimate.is_pending())
    }

    /// Why there is no estimate, or why it was not begun.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let failure = self.begun.failure().or(self.acting.failure()).or(self.radius.failure()).or(self.estimate.failure());
        failure.map(ToString::to_string)
    }

    /// There is nothing to compare with: neither good nor bad.
    #[must_use]
    pub fn has_nothing_to_compare(&self) -> bool {
        self.estimate.failure().and_then(|failure| failure.code()).is_some_and(|code| matches!(code, "nothing_answered" | "already_there"))
    }

    /// A sample is there and was asked to its end, against what is in use now.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.radius().is_some_and(|radius| radius.state == RunState::Completed && radius.outdated.is_none())
    }

    /// The newest sample, as the platform told it.
    pub fn show(&mut self, run: Option<RunId>) {
        if let Some(run) = run
            && self.run != Some(run)
        {
            self.run = Some(run);
            self.is_behind = true;
        }
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
        self.estimated = None;
        self.newest = Remote::default();
    }

    pub fn on_run(&mut self, run: &Run) {
        if self.run == Some(run.id) {
            self.is_behind = true;
        } else if run.kind == RunKind::BlastRadius && run.state == RunState::Running && self.is_about(run) {
            // One that was begun elsewhere, such as by staging.
            self.show(Some(run.id));
        }
    }

    fn is_about(&self, run: &Run) -> bool {
        self.version.is_some() && run.columns.iter().skip(1).any(|column| column.prompt_version_id == self.version)
    }

    /// Follows another version, which has its newest sample asked for; for who has no review to tell it.
    pub fn follow(&mut self, version: Option<PromptVersionId>, ctx: &AreaCtx<'_>) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
        let Some(version) = version else { return };
        if self.newest.is_untouched() {
            let environment = crate::wire::deployment::Environment::Production;
            ctx.ask(&mut self.newest, |client| async move { client.deploy_review(version, environment).await.map(|review| review.report_id) });
        }
        self.newest.poll();
        if let Some(run) = self.newest.value().copied().flatten() {
            self.show(Some(run));
        }
        self.logic(false, ctx);
    }

    /// Takes in answers and asks for what is missing. Returns whether something came that changes what is checked.
    pub fn logic(&mut self, wants_estimate: bool, ctx: &AreaCtx<'_>) -> bool {
        let mut has_news = false;
        if self.begun.poll()
            && let Some(radius) = self.begun.take()
        {
            self.run = Some(radius.run_id);
            self.is_confirming = false;
            self.radius.set(radius);
            // What happened to it before its name was known here was not heard.
            self.is_behind = true;
            has_news = true;
        }
        if self.acting.poll() {
            self.is_behind = true;
        }
        let was_running = self.is_running();
        if self.radius.poll() {
            has_news |= was_running && !self.is_running();
        }
        self.estimate.poll();
        if self.is_running() && !self.radius.is_pending() && self.asked_at.is_some_and(|at| at.elapsed() >= ANYWAY) {
            self.is_behind = true;
        }
        if self.is_running() {
            ctx.egui.request_repaint_after(ANYWAY);
        }
        self.ask_radius(ctx);
        if wants_estimate {
            self.ask_estimate(ctx);
        }
        has_news
    }

    fn ask_radius(&mut self, ctx: &AreaCtx<'_>) {
        let Some(run) = self.run.filter(|_| self.is_behind && !self.radius.is_pending()) else { return };
        let left = self.asked_at.map_or(Duration::ZERO, |at| EVERY.saturating_sub(at.elapsed()));
        if !left.is_zero() {
            ctx.egui.request_repaint_after(left);
            return;
        }
        (self.is_behind, self.asked_at) = (false, Some(Instant::now()));
        ctx.ask(&mut self.radius, |client| async move { client.blast_radius(run).await });
    }

    fn ask_estimate(&mut self, ctx: &AreaCtx<'_>) {
        let Some(body) = self.body() else { return };
        if self.estimated == Some(self.photos) {
            return;
        }
        let is_first = self.estimate.is_untouched();
        let since = match self.wanted {
            Some((wanted, since)) if wanted == self.photos => since,
            _ => self.wanted.insert((self.photos, Instant::now())).1,
        };
        let left = SETTLED.saturating_sub(since.elapsed());
        if !is_first && !left.is_zero() {
            ctx.egui.request_repaint_after(left);
            return;
        }
        self.estimated = Some(self.photos);
        self.estimate.take_failure();
        ctx.ask(&mut self.estimate, |client| async move { client.estimate_blast_radius(body).await });
    }

    fn body(&self) -> Option<MeasureBlastRadius> {
        let prompt_version_id = self.version?;
        Some(MeasureBlastRadius { prompt_version_id, photos: self.photos, may_cost_usd: None, accepts_unknown_price: false })
    }

    /// What the next sample may cost at most.
    #[must_use]
    pub fn limit(&self) -> Option<UsdMicros> {
        self.limit.or(self.estimate()?.suggested_limit_usd)
    }

    /// Begins to ask, with leave to spend what is expected.
    pub fn begin(&mut self, ctx: &AreaCtx<'_>) {
        let (Some(body), Some(estimate)) = (self.body(), self.estimate()) else { return };
        if self.begun.is_pending() {
            return;
        }
        let accepts_unknown_price = estimate.estimate.total.unknown_calls > 0;
        let body = MeasureBlastRadius { may_cost_usd: self.limit(), accepts_unknown_price, ..body };
        let mut providers: Vec<String> = Vec::new();
        for column in &estimate.estimate.columns {
            let provider = column.model.split('/').next().unwrap_or_default().to_owned();
            if !providers.contains(&provider) {
                providers.push(provider);
            }
        }
        self.begun.take_failure();
        self.acting.take_failure();
        ctx.ask_with_keys(&mut self.begun, providers, move |client| async move { client.measure_blast_radius(body).await });
    }

    pub fn cancel(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(run) = self.run {
            ctx.ask(&mut self.acting, |client| async move { client.cancel_run(run).await });
        }
    }

    /// Asks what is missing or failed.
    pub fn go_on(&mut self, ctx: &AreaCtx<'_>) {
        let (Some(run), Some(radius)) = (self.run, self.radius()) else { return };
        let provider = radius.model.split('/').next().unwrap_or_default().to_owned();
        ctx.ask_with_keys(&mut self.acting, vec![provider], move |client| async move { client.resume_run(run).await });
    }
}
