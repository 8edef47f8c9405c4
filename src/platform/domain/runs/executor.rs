//! Works on the cells of a run: so many calls at once, each stored as soon as it ends.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::budget::{Budget, SetAside};
use super::outages::Outages;
use super::working::{Place, Progress};
use super::{cell_news, known};
use crate::platform::domain::prompts::PromptText;
use crate::platform::domain::providers::Brought;
use crate::platform::domain::traces::{self, NewTrace};
use crate::platform::domain::{Core, Result, analysis, config, providers, validations};
use crate::platform::store;
use crate::platform::store::runs::TryCost;
use crate::providers::{CallContext, PhotoRule};
use crate::wire::config::ProcessingRules;
use crate::wire::event::Happened;
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;
use crate::wire::provider::provider_of;
use crate::wire::result::{Fault, FaultKind, Outcome};
use crate::wire::run::{Cell, CellState, Run, RunColumn, RunKind, RunState, SpendLimit};

/// For one cell, all tries and waits together.
const TIME_LIMIT: Duration = Duration::from_secs(180);
/// Steps stored in one transaction at most, and on their way to it: few, since what is on its way
/// is what a crash loses, and what goes on being asked when the disk is full.
const BATCH: usize = 128;
/// The run's own figures are told at most this often, less often when the run is so large that
/// telling it is work.
const TELL_EVERY: Duration = Duration::from_millis(250);
const PHOTOS_TOLD_EASILY: usize = 1_000;
/// Between two tries to store what can't be stored.
const STORE_WAIT: Duration = Duration::from_millis(200);
const STORE_WAIT_MOST: Duration = Duration::from_secs(15);

/// What happens to a cell.
enum Step {
    /// The cell as it was before.
    Begun(Cell),
    /// With what is kept beside it.
    Ended(Cell, Beside),
    /// Cancelled: the cell as it was before, and whether the call may have been charged for.
    GivenUp(Cell, bool),
}

impl Step {
    fn cost(&self) -> TryCost {
        match self {
            Self::Ended(cell, _) if is_billed(cell) => cost(cell).map_or(TryCost::Unknown, TryCost::Known),
            Self::GivenUp(_, true) => TryCost::Unknown,
            Self::Begun(_) | Self::Ended(..) | Self::GivenUp(_, false) => TryCost::Nothing,
        }
    }
}

/// What is stored with a cell that has ended.
#[derive(Default)]
struct Beside {
    /// What its answer depends on.
    key: Option<String>,
    /// Of a cell that was asked.
    trace: Option<Box<NewTrace>>,
}

/// Works until every cell has ended or the run is cancelled, and leaves the run in its last state.
pub async fn execute(core: &Arc<Core>, run: Run, cells: Vec<Cell>, place: &Place, brought: Brought) {
    let (sender, receiver) = mpsc::channel(BATCH);
    let (concurrency, columns) = (run.concurrency as usize, run.columns.clone());
    let spent = |limit: &SpendLimit| limit.spent(run.cost_usd, run.cost_unknown_cells);
    let budget = run.limit.as_ref().map(|limit| Budget::new(limit.clone(), spent(limit)));
    let ends = Ends::default();
    let writing = Writer::new(core, run, cells.len(), place, &ends).write(receiver);
    let round = Round { cancel: &place.cancel, paused: place.paused.clone(), brought, said: Mutex::default(), ends: &ends, budget };
    let asking = ask_all(core, cells, &columns, concurrency, &round, sender);
    tokio::join!(asking, writing);
}

/// Asks until all cells have ended or the run is cancelled. Dropping `sender` at the end lets the writer finish.
async fn ask_all(core: &Arc<Core>, cells: Vec<Cell>, columns: &[RunColumn], concurrency: usize, round: &Round<'_>, sender: mpsc::Sender<Step>) {
    let (begun, furthest) = watch::channel(0);
    let rules = config::current(core).await.map(|config| config.rules).unwrap_or_default();
    let ahead = Ahead::new(core, &cells, columns, &rules);
    let asking = async move {
        let (sender, begun) = (&sender, &begun);
        futures_util::stream::iter(cells.into_iter().enumerate())
            .take_until(round.cancel.cancelled())
            .for_each_concurrent(concurrency, |(at, cell)| async move {
                begun.send_if_modified(|furthest| std::mem::replace(furthest, at.max(*furthest)) < at);
                let Some(column) = columns.get(cell.column as usize) else { return };
                // One cell has said why; the others wait until somebody has seen to it and resumes the run.
                if !round.may_begin().await || round.is_said(core, &column.model) || round.ends.outages.is_down(cell.column) {
                    return;
                }
                let Some(set_aside) = round.set_aside(cell.column).await else { return };
                // Nobody receives any more only when the platform stops.
                if sender.send(Step::Begun(cell.clone())).await.is_ok() {
                    let step = ask(core, cell, column, round).await;
                    match &step {
                        Step::Ended(cell, _) => {
                            set_aside.spend(charged(cell));
                            round.ends.outages.note(cell);
                        }
                        Step::GivenUp(_, true) => set_aside.spend(None),
                        Step::GivenUp(_, false) | Step::Begun(_) => {}
                    }
                    let _ = sender.send(step).await;
                }
            })
            .await;
    };
    tokio::pin!(asking);
    tokio::select! {
        () = &mut asking => {}
        () = ahead.prepare(core, concurrency, furthest) => asking.await,
    }
}

/// Prepares photos for the wire while the calls before them are under way.
struct Ahead {
    /// Every photo with the place of its first cell.
    photos: Vec<(usize, PhotoId)>,
    rules: Vec<PhotoRule>,
}

impl Ahead {
    /// `bounds`: the rules as they are now; a photo that is sent otherwise in the end is prepared then.
    fn new(core: &Core, cells: &[Cell], columns: &[RunColumn], bounds: &ProcessingRules) -> Self {
        let mut rules: Vec<PhotoRule> = Vec::new();
        for column in columns {
            // Whole pixels are too large to lie in wait, and their model is at work on these cores meanwhile.
            let rule =
                core.providers.find(&column.model).map(|(provider, model)| analysis::sent_as(provider.photo_rule(model), bounds, column.image));
            rules.extend(rule.filter(|rule| *rule != PhotoRule::Pixels && !rules.contains(rule)));
        }
        let mut photos: Vec<(usize, PhotoId)> = cells.iter().enumerate().map(|(at, cell)| (at, cell.photo_id)).collect();
        photos.dedup_by_key(|(_, photo_id)| *photo_id);
        Self { photos, rules }
    }

    /// Stays as many cells ahead as calls are in flight.
    async fn prepare(self, core: &Core, concurrency: usize, mut furthest: watch::Receiver<usize>) {
        if self.rules.is_empty() {
            return;
        }
        for (at, photo_id) in self.photos {
            if furthest.wait_for(|furthest| furthest + concurrency >= at).await.is_err() {
                return;
            }
            if let Ok(Some(photo)) = store::photos::get(&core.db, core.org, photo_id).await {
                for rule in &self.rules {
                    core.prepared.ahead(core, &photo, *rule).await;
                }
            }
        }
    }
}

async fn ask(core: &Arc<Core>, cell: Cell, column: &RunColumn, round: &Round<'_>) -> Step {
    let failed =
        |fault: Fault, cell: Cell| Step::Ended(Cell { state: CellState::Failed, fault: Some(fault), answer: None, ..cell }, Beside::default());
    let photo = match store::photos::get(&core.db, core.org, cell.photo_id).await {
        Ok(Some(photo)) => photo,
        Ok(None) => return failed(analysis::deleted(), cell),
        Err(error) => return failed(Fault::new(FaultKind::Internal, error.to_string()), cell),
    };
    let news = cell_news::listener(core, &cell, &column.model);
    // Nobody watches: the words need not come one by one.
    let wants_text = news.is_some() && core.news.receiver_count() > 0;
    let call = CallContext { wants_text, news, keys: round.brought.keys(), ..CallContext::new(round.cancel.clone(), TIME_LIMIT) };
    let prompt = PromptText { content: &column.prompt_content, parts: &column.parts };
    // As things are set now: an answer of other settings is another one.
    let key = known::key_now(core, column, &photo.content_hash, &photo.file_name).await.ok();
    let work = analysis::analyse_as(core, &photo, prompt, (&column.model, column.image), &call);
    let Ok(analysed) = AssertUnwindSafe(work).catch_unwind().await else {
        let words = "The program stumbled over this photo. This is a fault of Minerva, not of the photo; please report it";
        return failed(Fault::new(FaultKind::Internal, words), cell);
    };
    let trace = Some(Box::new(traces::of_cell(core, &cell, &photo, &column.model, &analysed).await));
    let done = |cell: Cell| Cell { latency_ms: Some(analysed.provider_response_time_ms), trace: analysed.trace, ..cell };
    match analysed.outcome {
        Outcome::Completed(answer) => {
            Step::Ended(Cell { state: CellState::Completed, answer: Some(answer), fault: None, ..done(cell) }, Beside { key, trace })
        }
        Outcome::Failed(fault) if fault.kind == FaultKind::Cancelled => Step::GivenUp(cell, fault.may_cost),
        Outcome::Failed(fault) if fault.holds_back() && round.is_said(core, &column.model) => Step::GivenUp(cell, fault.may_cost),
        Outcome::Failed(fault) => {
            if fault.holds_back() {
                round.say(&column.model, &fault);
            }
            Step::Ended(Cell { state: CellState::Failed, fault: Some(fault), answer: None, ..done(cell) }, Beside { key: None, trace })
        }
    }
}

/// Why cells of a round are left unasked.
#[derive(Default)]
struct Ends {
    outages: Outages,
    /// A call more might have crossed the limit.
    at_limit: AtomicBool,
}

/// What all calls of this round share.
struct Round<'r> {
    cancel: &'r CancellationToken,
    paused: watch::Receiver<bool>,
    ends: &'r Ends,
    /// Keys of the person who started it.
    brought: Brought,
    /// Providers of which a cell has said why all their calls are held back (a refused key, a spent quota), and until when, where
    /// they asked to be left alone.
    said: Mutex<HashMap<String, Option<DateTime<Utc>>>>,
    budget: Option<Budget>,
}

impl Round<'_> {
    /// Waits while the run is paused; false when it has come to its end meanwhile.
    async fn may_begin(&self) -> bool {
        let mut paused = self.paused.clone();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => false,
            goes_on = paused.wait_for(|paused| !paused) => goes_on.is_ok(),
        }
    }

    /// What the next call may cost is set aside; `None` when it might cross the limit.
    async fn set_aside(&self, column: u32) -> Option<SetAside<'_>> {
        match &self.budget {
            None => Some(SetAside::nothing()),
            Some(budget) => tokio::select! {
                set_aside = budget.set_aside(column) => {
                    self.ends.at_limit.fetch_or(set_aside.is_none(), Ordering::Relaxed);
                    set_aside
                }
                () = self.cancel.cancelled() => None,
            },
        }
    }

    fn say(&self, model: &str, fault: &Fault) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(provider_of(model).to_owned(), fault.until);
    }

    /// Whether it is said, and still so. A key that was brought stays the one it is.
    fn is_said(&self, core: &Core, model: &str) -> bool {
        let provider = provider_of(model);
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).get(provider).copied();
        match said {
            None => false,
            Some(Some(until)) => Utc::now() < until,
            Some(None) => self.brought.has(provider) || providers::held_back(core, model).is_some(),
        }
    }
}

/// Stores and tells what happens to the cells.
struct Writer<'r> {
    core: &'r Core,
    run: Run,
    /// Cells that this round has not asked to the end.
    left: usize,
    place: &'r Place,
    ends: &'r Ends,
    progress: Progress,
    /// The event that told the run's figures last: a newer one takes its place.
    told: Option<i64>,
}

impl<'r> Writer<'r> {
    fn new(core: &'r Core, run: Run, cells: usize, place: &'r Place, ends: &'r Ends) -> Self {
        let progress = Progress { counts: run.counts, cost_usd: run.cost_usd, cost_unknown_cells: run.cost_unknown_cells, ..Progress::default() };
        place.show(&progress, std::iter::empty());
        Self { core, run, left: cells, place, ends, progress, told: None }
    }

    /// Stores what comes, as much at once as has come, until nothing comes any more.
    async fn write(mut self, mut receiver: mpsc::Receiver<Step>) {
        let tell_every = TELL_EVERY * (1 + self.run.photo_ids.len() / PHOTOS_TOLD_EASILY).min(20) as u32;
        let mut steps = Vec::with_capacity(BATCH);
        let (mut told_at, mut is_behind) = (Instant::now(), false);
        loop {
            let received = tokio::select! {
                received = receiver.recv_many(&mut steps, BATCH) => Some(received),
                () = tokio::time::sleep_until(told_at + tell_every), if is_behind => None,
            };
            if received == Some(0) {
                break;
            }
            let is_due = told_at.elapsed() >= tell_every;
            let after = self.progress_after(&steps);
            if !self.until_stored(&steps, &after, is_due).await {
                return;
            }
            self.take_over(after, &steps);
            steps.clear();
            is_behind = !is_due;
            if is_due {
                told_at = Instant::now();
            }
        }
        self.finish().await;
    }

    fn progress_after(&self, steps: &[Step]) -> Progress {
        let mut after = self.progress.clone();
        for step in steps {
            match step {
                Step::Begun(cell) => {
                    *count(&mut after, cell.state) -= 1;
                    after.counts.running += 1;
                    after.asking.insert(cell.id);
                }
                Step::Ended(cell, _) | Step::GivenUp(cell, _) => {
                    after.counts.running -= 1;
                    *count(&mut after, cell.state) += 1;
                    after.asking.remove(&cell.id);
                }
            }
            after.cost_usd += step.cost().known().unwrap_or_default();
            after.cost_unknown_cells += u64::from(step.cost() == TryCost::Unknown);
        }
        after
    }

    fn take_over(&mut self, after: Progress, steps: &[Step]) {
        self.left -= steps.iter().filter(|step| matches!(step, Step::Ended(..))).count();
        let ended = steps.iter().filter_map(|step| match step {
            Step::Ended(cell, _) | Step::GivenUp(cell, _) => Some(cell.id),
            Step::Begun(_) => None,
        });
        self.place.show(&after, ended);
        self.progress = after;
    }

    /// An answer may have cost money: it is held until it is stored, and meanwhile nothing more is asked than
    /// fits on the way here. False when the platform stops before.
    async fn until_stored(&mut self, steps: &[Step], after: &Progress, is_due: bool) -> bool {
        let mut wait = STORE_WAIT;
        loop {
            match self.store(steps, after, is_due).await {
                Ok(()) => return true,
                Err(error) => tracing::error!(%error, run = %self.run.id, "the answers of a run could not be stored; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.core.stop.cancelled() => return false,
            }
            wait = (wait * 2).min(STORE_WAIT_MOST);
        }
    }

    /// Cells and events at once, or nothing.
    async fn store(&mut self, steps: &[Step], after: &Progress, is_due: bool) -> Result<()> {
        let mut change = self.core.change().await?;
        for step in steps {
            let cell = match step {
                // One that has ended already need not be told to run.
                Step::Begun(cell) if !after.asking.contains(&cell.id) => continue,
                Step::Begun(cell) => Cell { state: CellState::Running, ..cell.clone() },
                Step::Ended(cell, _) | Step::GivenUp(cell, _) => cell.clone(),
            };
            if step.cost() != TryCost::Nothing {
                store::lab_spending::add(&mut change.tx, self.core.org, self.core.now(), step.cost().known()).await?;
            }
            if matches!(step, Step::GivenUp(_, true)) {
                store::runs::give_up_cell(&mut change.tx, self.core.org, cell.id).await?;
            }
            if let Step::Ended(_, Beside { key, trace }) = step {
                let key = key.as_deref().map(|key| (key, self.core.now()));
                store::runs::finish_cell(&mut change.tx, self.core.org, &cell, step.cost(), key).await?;
                if let Some(NewTrace { summary, kept }) = trace.as_deref() {
                    store::traces::insert(&mut change.tx, self.core.org, summary, kept).await?;
                }
            }
            change.tell(&Happened::CellChanged(cell)).await?;
        }
        if is_due {
            self.look_again(&mut change.tx).await?;
        }
        let told = if is_due { Some(change.tell_instead_of(self.told, &Happened::RunChanged(self.now(after))).await?) } else { self.told };
        change.commit().await?;
        self.told = told;
        Ok(())
    }

    /// Somebody may have paused it or pinned another baseline meanwhile.
    async fn look_again(&mut self, tx: &mut store::Tx) -> Result<()> {
        self.run.baseline = store::runs::baseline(tx, self.core.org, self.run.id).await?;
        (self.run.state, self.run.finished_at) = store::runs::state(tx, self.core.org, self.run.id).await?;
        self.run.stopped = self.ends.outages.stopped();
        Ok(())
    }

    /// The run as it stands.
    fn now(&self, progress: &Progress) -> Run {
        let Progress { counts, cost_usd, cost_unknown_cells, .. } = *progress;
        Run { counts, cost_usd, cost_unknown_cells, ..self.run.clone() }
    }

    /// The run's last state: all cells ended, or the platform stops or a provider holds its calls back. A cancelled run has its state already.
    async fn finish(mut self) {
        let end = if self.left == 0 { (RunState::Completed, Some(self.core.now())) } else { (RunState::Interrupted, None) };
        let mut wait = STORE_WAIT;
        while let Err(error) = self.store_end(end).await {
            tracing::error!(%error, run = %self.run.id, "the end of a run could not be stored; trying again");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.core.stop.cancelled() => return,
            }
            wait = (wait * 2).min(STORE_WAIT_MOST);
        }
    }

    async fn store_end(&mut self, end: (RunState, Option<DateTime<Utc>>)) -> Result<()> {
        let mut change = self.core.change().await?;
        // What is paused when the platform stops stays so; what has nothing left is complete all the same.
        let from: &[RunState] = if end.0 == RunState::Completed { &[RunState::Running, RunState::Paused] } else { &[RunState::Running] };
        store::runs::leave(&mut change.tx, self.core.org, self.run.id, from, end).await?;
        self.look_again(&mut change.tx).await?;
        self.run.stopped_at_limit = self.run.state == RunState::Interrupted && self.ends.at_limit.load(Ordering::Relaxed);
        store::runs::set_stopped(&mut change.tx, self.core.org, self.run.id, &self.run.stopped, self.run.stopped_at_limit).await?;
        change.tell_instead_of(self.told, &Happened::RunChanged(self.now(&self.progress))).await?;
        change.commit().await
    }
}

fn count(progress: &mut Progress, state: CellState) -> &mut u64 {
    let counts = &mut progress.counts;
    match state {
        CellState::Waiting => &mut counts.waiting,
        CellState::Running => &mut counts.running,
        CellState::Completed => &mut counts.completed,
        CellState::Failed => &mut counts.failed,
    }
}

/// What the last try of a cell cost, where that is known.
fn cost(cell: &Cell) -> Option<UsdMicros> {
    match (&cell.answer, &cell.fault) {
        (Some(answer), _) => answer.cost_usd,
        (None, fault) => fault.as_ref().and_then(|fault| fault.cost_usd),
    }
}

/// Whether the last try of a cell was charged for, as far as is known.
fn is_billed(cell: &Cell) -> bool {
    cell.state == CellState::Completed || cell.fault.as_ref().is_some_and(Fault::is_billed)
}

/// The same for a limit: what was not charged for cost nothing.
fn charged(cell: &Cell) -> Option<UsdMicros> {
    if is_billed(cell) { cost(cell) } else { Some(UsdMicros(0)) }
}

/// Works on cells in the background until they have ended, then gives the place free.
pub fn spawn(core: &Arc<Core>, run: Run, cells: Vec<Cell>, place: Place, brought: Brought) {
    let core = Arc::clone(core);
    let tasks = core.tasks.clone();
    tasks.spawn(async move {
        let (id, kind) = (run.id, run.kind);
        execute(&core, run, cells, &place, brought).await;
        if kind == RunKind::Validation
            && let Err(error) = validations::keep(&core, id).await
        {
            tracing::error!(%error, run = %id, "the report of a validation could not be kept; it is made again when it is asked for");
        }
    });
}
