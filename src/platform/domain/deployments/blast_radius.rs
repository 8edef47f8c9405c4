//! The blast radius of a prompt version: how many of the photos that production answered would be answered otherwise.
//!
//! The sample is paired: each photo is answered by both. It lies evenly spread over the last photos that production answered, so
//! that it stands for all of them and not for one afternoon. Answers that production gave with the present version and model are
//! taken as they are stored; only what is missing is asked. It is a run of its own kind: it survives a restart, can be cancelled
//! and gone on with, and opens in the Testing Lab.

use std::collections::HashMap;
use std::sync::Arc;

use super::compare::{self, Compared};
use crate::platform::domain::providers::Brought;
use crate::platform::domain::statistics::{self, Z_95};
use crate::platform::domain::{Core, DomainError, Result, config, costs, near_duplicates, prompts, runs};
use crate::platform::store;
use crate::platform::store::blast_radii::SampleRow;
use crate::providers::ON_DEVICE;
use crate::wire::config::PipelineConfig;
use crate::wire::cost::Estimate;
use crate::wire::deployment::{BlastRadius, BlastRadiusEstimate, DeployedVersion, Interval, MeasureBlastRadius, PhotoChange, Share};
use crate::wire::ids::{CellId, PhotoId, PromptVersionId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Answer, Note, Outcome, PhotoResult, TraceStep, Usage};
use crate::wire::run::{Cell, CellState, Run, RunColumn, RunCounts, RunKind, RunPrompt, RunState, SpendLimit, StartRun};
use crate::wire::sweep::Variants;

/// The last answered photos that a sample stands for.
const POPULATION: u32 = 1_000;
const PHOTOS_MOST: u32 = 200;
/// Photos of a sample that nobody chose.
const PHOTOS_USUAL: u32 = 20;
const CALLS_AT_ONCE: u32 = 4;
/// An answer may be longer than answers are on the average: so many times what a call is expected to cost is set aside.
const MARGIN: i64 = 2;
/// Columns of the run.
const PRODUCTION: u32 = 0;
const VERSION: u32 = 1;

/// A sample before it is asked.
struct Plan {
    version: PromptVersion,
    baseline: PromptVersion,
    columns: Vec<RunColumn>,
    population: u32,
    photos: Vec<PhotoId>,
    /// What production's own answers are known already.
    stored: HashMap<PhotoId, Answer>,
    estimate: Estimate,
}

impl Plan {
    /// What is set aside for one call.
    fn call(&self) -> UsdMicros {
        let calls = i64::try_from(self.estimate.calls).unwrap_or(i64::MAX).max(1);
        UsdMicros(self.estimate.total.cost.high_usd.0.saturating_mul(MARGIN) / calls)
    }

    /// The least limit under which every call is begun.
    fn suggested_limit(&self) -> Option<UsdMicros> {
        let all = UsdMicros(self.estimate.total.cost.high_usd.0.saturating_mul(MARGIN));
        (all > UsdMicros(0)).then_some(all)
    }
}

async fn plan(core: &Core, config: &PipelineConfig, asked: &MeasureBlastRadius, brought: Option<&Brought>) -> Result<Plan> {
    if !(1..=PHOTOS_MOST).contains(&asked.photos) {
        let message = format!("A sample has from 1 to {PHOTOS_MOST} photos");
        return Err(DomainError::Invalid { code: "photos", message });
    }
    let (version, baseline) = (super::version(core, asked.prompt_version_id).await?, super::version(core, config.live_prompt_version_id).await?);
    let refuse = |code, message: String| Err(DomainError::Conflict { code, message });
    if version.id == baseline.id {
        return refuse("already_there", format!("{} is in production: there is nothing to compare it with", version.label()));
    }
    let pool = store::blast_radii::answered(&core.db, core.org, POPULATION).await?;
    if pool.is_empty() {
        let message = "Production has answered no photo yet, so there is nothing to compare with. Let the pipeline answer some photos first";
        return refuse("nothing_answered", message.to_owned());
    }
    let chosen: Vec<_> = spread(pool.len(), asked.photos as usize).into_iter().map(|at| pool[at]).collect();
    let ids: Vec<_> = chosen.iter().map(|(_, result)| *result).collect();
    let results = store::results::with_ids(&core.db, core.org, &ids).await?;
    let is_present = |result: &PhotoResult| result.model == config.live_model && result.prompt_version_id == Some(baseline.id);
    let stored: HashMap<PhotoId, Answer> = results.into_iter().filter(is_present).filter_map(answer_of).collect();
    let photos: Vec<PhotoId> = chosen.into_iter().map(|(photo, _)| photo).collect();
    let like = StartRun {
        name: String::new(),
        photo_ids: photos.clone(),
        prompts: [&baseline, &version].map(|version| RunPrompt::Version { id: version.id }).to_vec(),
        photo_set: None,
        models: vec![config.live_model.clone()],
        repeats: 1,
        concurrency: CALLS_AT_ONCE,
        ask_again: true,
    };
    prompts::check_renders((&version).into())?;
    let columns = runs::columns(core, &like, Variants::default(), brought).await?;
    let [production, candidate] = columns.as_slice() else { return Err(DomainError::NotFound { what: "prompt version" }) };
    let missing: Vec<PhotoId> = photos.iter().copied().filter(|id| !stored.contains_key(id)).collect();
    let mut estimate = costs::of_columns(core, config, std::slice::from_ref(candidate), &photos, 1, CALLS_AT_ONCE).await?;
    if !missing.is_empty() {
        let again = costs::of_columns(core, config, std::slice::from_ref(production), &missing, 1, CALLS_AT_ONCE).await?;
        estimate.calls += again.calls;
        estimate.total.cost += again.total.cost;
        estimate.total.unknown_calls += again.total.unknown_calls;
        estimate.total.time_ms = estimate.total.time_ms.zip(again.total.time_ms).map(|(one, other)| one + other);
        estimate.columns.extend(again.columns);
    }
    Ok(Plan { population: pool.len() as u32, version, baseline, columns, photos, stored, estimate })
}

/// `wanted` places evenly spread over `all`, from the first on.
fn spread(all: usize, wanted: usize) -> Vec<usize> {
    let count = wanted.min(all);
    (0..count).map(|at| at * all / count).collect()
}

/// A stored answer, as a cell holds it: nothing is used or charged for it again.
fn answer_of(result: PhotoResult) -> Option<(PhotoId, Answer)> {
    let Outcome::Completed(answer) = result.outcome else { return None };
    let said = format!("The pipeline's own answer of {}; it was not asked again", result.created_at.format("%Y-%m-%d %H:%M UTC"));
    let notes = answer.notes.into_iter().chain([Note::routine(said)]).collect();
    Some((result.photo_id, Answer { usage: Usage::default(), cost_usd: Some(UsdMicros(0)), retries: 0, notes, ..answer }))
}

/// What a sample would need; nothing is asked of any model.
pub async fn estimate(core: &Core, asked: &MeasureBlastRadius) -> Result<BlastRadiusEstimate> {
    let plan = plan(core, &config::current(core).await?, asked, None).await?;
    Ok(BlastRadiusEstimate {
        photos: plan.photos.len() as u32,
        population: plan.population,
        reused: plan.stored.len() as u32,
        suggested_limit_usd: plan.suggested_limit(),
        estimate: plan.estimate,
    })
}

/// Takes a sample and begins to ask. What costs money, or may, is asked only with leave.
pub async fn begin(core: &Arc<Core>, asked: &MeasureBlastRadius, brought: Brought) -> Result<BlastRadius> {
    let config = config::current(core).await?;
    let plan = plan(core, &config, asked, Some(&brought)).await?;
    if let Some(running) = running(core, &plan).await? {
        return get(core, running).await;
    }
    let refuse = |code, message: String| Err(DomainError::Conflict { code, message });
    let total = plan.estimate.total;
    if total.unknown_calls > 0 && !asked.accepts_unknown_price {
        return refuse("price_unknown", format!("The price of {} is not known. Say that it may be asked all the same", config.live_model));
    }
    let limit = match asked.may_cost_usd {
        _ if total.cost.high_usd == UsdMicros(0) => None,
        Some(most) if most > UsdMicros(0) => Some(SpendLimit { most_usd: most, call_usd: plan.call(), column_usd: Vec::new() }),
        _ => {
            let message = format!("Measuring it is expected to cost {}. Say what it may cost at most", total.cost);
            return refuse("confirm_cost", message);
        }
    };
    let run = Run {
        id: RunId::fresh(),
        name: format!("Blast radius of {}", plan.version.label()),
        state: RunState::Running,
        counts: RunCounts::default(),
        photo_ids: plan.photos.clone(),
        photo_set: None,
        repeats: 1,
        concurrency: CALLS_AT_ONCE,
        cost_usd: UsdMicros(0),
        cost_unknown_cells: 0,
        prices: costs::run_prices(core, &config, &plan.columns),
        estimate: Some(total),
        kind: RunKind::BlastRadius,
        limit,
        baseline: None,
        reused: 0,
        stopped: Vec::new(),
        stopped_at_limit: false,
        columns: plan.columns.clone(),
        started_at: core.now(),
        finished_at: None,
    };
    let sample = SampleRow {
        run_id: run.id,
        version_id: plan.version.id,
        baseline_version_id: plan.baseline.id,
        model: config.live_model.clone(),
        population: plan.population,
        reused: plan.stored.len() as u32,
        started_at: run.started_at,
    };
    let cells = cells(&run, &plan.stored);
    let id = run.id;
    runs::begin(core, run, cells, Some(runs::About::BlastRadius(&sample)), brought).await?;
    get(core, id).await
}

/// One of the same that is under way: nobody wants to pay twice.
async fn running(core: &Core, plan: &Plan) -> Result<Option<RunId>> {
    let Some(sample) = store::blast_radii::newest(&core.db, core.org, plan.version.id).await? else { return Ok(None) };
    let is_same = sample.baseline_version_id == plan.baseline.id;
    let is_running = is_same && runs::get(core, sample.run_id).await?.state == RunState::Running;
    Ok(is_running.then_some(sample.run_id))
}

/// By photo, production first; what is stored is answered already.
fn cells(run: &Run, stored: &HashMap<PhotoId, Answer>) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(run.photo_ids.len() * 2);
    for photo_id in &run.photo_ids {
        for column in [PRODUCTION, VERSION] {
            let answer = stored.get(photo_id).filter(|_| column == PRODUCTION).cloned();
            cells.push(Cell {
                id: CellId::fresh(),
                run_id: run.id,
                photo_id: *photo_id,
                column,
                repeat: 0,
                state: if answer.is_some() { CellState::Completed } else { CellState::Waiting },
                trace: answer.iter().map(|_| stored_step()).collect(),
                answer,
                fault: None,
                latency_ms: None,
                reused: None,
            });
        }
    }
    cells
}

fn stored_step() -> TraceStep {
    TraceStep { name: "store".to_owned(), start_ms: 0.0, duration_ms: 0.0, detail: "the pipeline's stored answer".to_owned() }
}

/// Measures a version on a usual sample where that costs nothing. No reason to fail whatever it follows.
pub async fn begin_if_free(core: &Arc<Core>, version: PromptVersionId) {
    // What was measured already, against what is in use now, need not be asked again.
    if let Ok(Some(newest)) = newest(core, version).await
        && newest.state == RunState::Completed
        && newest.outdated.is_none()
    {
        return;
    }
    let asked = MeasureBlastRadius { prompt_version_id: version, photos: PHOTOS_USUAL, may_cost_usd: None, accepts_unknown_price: false };
    match begin(core, &asked, Brought::default()).await {
        Ok(radius) => tracing::info!(run = %radius.run_id, "a version in staging is measured"),
        Err(error) => tracing::info!(%error, "a version in staging is not measured by itself"),
    }
}

/// Goes on with what a stop of the platform cut off, where that costs nothing; the rest waits for somebody.
pub async fn go_on_if_free(core: &Arc<Core>) -> Result<()> {
    for run in store::runs::in_state(&core.db, core.org, RunState::Interrupted).await? {
        let is_free = run.estimate.is_some_and(|estimate| estimate.unknown_calls == 0 && estimate.cost.high_usd == UsdMicros(0));
        if run.kind == RunKind::BlastRadius && is_free && run.limit.is_none() {
            runs::resume(core, run.id, None, Brought::default()).await?;
        }
    }
    Ok(())
}

/// The newest of a version.
pub async fn newest(core: &Core, version: PromptVersionId) -> Result<Option<BlastRadius>> {
    match store::blast_radii::newest(&core.db, core.org, version).await? {
        Some(sample) => Ok(Some(read(core, sample).await?)),
        None => Ok(None),
    }
}

pub async fn get(core: &Core, id: RunId) -> Result<BlastRadius> {
    let sample = store::blast_radii::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "blast radius" })?;
    read(core, sample).await
}

async fn read(core: &Core, sample: SampleRow) -> Result<BlastRadius> {
    let run = runs::get(core, sample.run_id).await?;
    let config = config::current(core).await?;
    let cells = runs::all_cells(core, run.id).await?;
    let found = Found::of(&run, &cells, &config);
    let units = near_duplicates::units(core, &run.photo_ids).await?.count(found.places) as u32;
    let changes = named(core, found.changes).await?;
    let (version, baseline) = (super::version(core, sample.version_id).await?, super::version(core, sample.baseline_version_id).await?);
    let share = |count| share(count, (found.compared, units), sample.population);
    let open = run.counts.waiting + run.counts.running;
    let is_on_device = sample.model == ON_DEVICE;
    Ok(BlastRadius {
        run_id: run.id,
        outdated: outdated(&config, &sample, &version, &baseline),
        version: deployed(&version),
        baseline: deployed(&baseline),
        model: sample.model,
        state: run.state,
        photos: run.photo_ids.len() as u32,
        reused: sample.reused,
        population: sample.population,
        compared: found.compared,
        left_out: found.left_out,
        tags: share(found.tags),
        decisions: share(found.decisions),
        unanswered: found.unanswered,
        tag_threshold: config.rules.accept_threshold,
        changes,
        calls: RunCounts { completed: run.counts.completed.saturating_sub(u64::from(sample.reused)), ..run.counts },
        cost_usd: if is_on_device { UsdMicros(0) } else { run.cost_usd },
        cost_unknown_calls: if is_on_device { 0 } else { run.cost_unknown_cells },
        limit_usd: run.limit.as_ref().map(|limit| limit.most_usd),
        stopped_at_limit: run.state == RunState::Interrupted && open > 0 && run.stopped_at_limit,
        time_left_ms: (run.state == RunState::Running).then(|| time_left(&run, &cells)).flatten(),
        started_at: run.started_at,
        finished_at: run.finished_at,
    })
}

fn deployed(version: &PromptVersion) -> DeployedVersion {
    DeployedVersion { id: version.id, prompt_id: version.prompt_id, label: version.label() }
}

/// Why it says nothing of a deployment now.
fn outdated(config: &PipelineConfig, sample: &SampleRow, version: &PromptVersion, baseline: &PromptVersion) -> Option<String> {
    match () {
        () if config.live_prompt_version_id == version.id => Some(format!("{} is in production now", version.label())),
        () if config.live_prompt_version_id != baseline.id => {
            Some(format!("It was measured against {}, and production uses {} now", baseline.label(), config.live_prompt))
        }
        () if config.live_model != sample.model => {
            Some(format!("It was measured on {}, and the live model is {} now", sample.model, config.live_model))
        }
        () => None,
    }
}

/// What the cells say.
#[derive(Default)]
struct Found {
    compared: u32,
    /// Where the compared ones stand in the sample.
    places: Vec<usize>,
    left_out: u32,
    tags: u32,
    decisions: u32,
    unanswered: u32,
    changes: Vec<PhotoChange>,
}

impl Found {
    fn of(run: &Run, cells: &[Cell], config: &PipelineConfig) -> Self {
        let at: HashMap<(PhotoId, u32), &Cell> = cells.iter().map(|cell| ((cell.photo_id, cell.column), cell)).collect();
        let mut found = Self::default();
        let mut changes = Vec::new();
        for (place, photo) in run.photo_ids.iter().enumerate() {
            let (Some(production), Some(version)) = (at.get(&(*photo, PRODUCTION)), at.get(&(*photo, VERSION))) else { continue };
            if production.state == CellState::Failed {
                found.left_out += 1;
                continue;
            }
            let Some(production) = &production.answer else { continue };
            let candidate = match (&version.answer, &version.fault) {
                (Some(answer), _) => Ok(answer),
                (None, Some(fault)) => Err(fault),
                (None, None) => continue,
            };
            let compared = compare::compare(*photo, production, candidate, &config.rules);
            if matches!(compared, Compared::LeftOut) {
                found.left_out += 1;
                continue;
            }
            found.compared += 1;
            found.places.push(place);
            if let Compared::Changed(change) = compared {
                found.tags += u32::from(change.tags);
                found.decisions += u32::from(change.decision);
                found.unanswered += u32::from(change.photo.decision_after.is_none());
                changes.push(change);
            }
        }
        changes.sort_by(|one, other| other.badness.total_cmp(&one.badness));
        found.changes = changes.into_iter().map(|change| change.photo).collect();
        found
    }
}

async fn named(core: &Core, mut changes: Vec<PhotoChange>) -> Result<Vec<PhotoChange>> {
    for change in &mut changes {
        let photo = store::photos::get(&core.db, core.org, change.photo_id).await?;
        change.file_name = photo.map_or_else(|| "A photo that was deleted".to_owned(), |photo| photo.file_name);
    }
    Ok(changes)
}

/// A share of the compared photos, and what it says of the population. Look-alikes change together: a sample says as much as it has
/// `units`, not photos.
fn share(count: u32, (compared, units): (u32, u32), population: u32) -> Share {
    let interval = (compared > 0).then(|| {
        let found = statistics::wilson_of(f64::from(count) / f64::from(compared), f64::from(units.max(1)), Z_95);
        let all = f64::from(population);
        // What was seen is certain: so many do change, and so many do not.
        let most = population.saturating_sub(compared.saturating_sub(count));
        let within = |photos: f64| (photos as u32).clamp(count.min(most), most);
        Interval {
            share: found.share,
            low: found.low,
            high: found.high,
            photos: within((found.share * all).round()),
            photos_low: within((found.low * all).floor()),
            photos_high: within((found.high * all).ceil()),
        }
    });
    Share { count, interval }
}

/// By what the calls took so far.
fn time_left(run: &Run, cells: &[Cell]) -> Option<u64> {
    let took: Vec<u64> = cells.iter().filter_map(|cell| cell.latency_ms).collect();
    let mean = (!took.is_empty()).then(|| took.iter().sum::<u64>() / took.len() as u64)?;
    let open = run.counts.waiting + run.counts.running;
    Some(mean * open / u64::from(run.concurrency.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_lies_evenly_over_all() {
        assert_eq!(spread(10, 20), (0..10).collect::<Vec<_>>());
        assert_eq!(spread(1_000, 4), [0, 250, 500, 750]);
        assert_eq!(spread(7, 3), [0, 2, 4]);
        assert!(spread(0, 5).is_empty());
    }

    #[test]
    fn a_share_of_the_sample_becomes_photos_and_never_denies_what_was_seen() {
        let of = |count, compared, population| share(count, (compared, compared), population).interval.expect("an interval");
        let some = of(2, 20, 1_000);
        assert_eq!((some.photos, some.photos_low, some.photos_high), (100, 27, 302));
        let none = of(0, 20, 1_000);
        assert_eq!((none.photos, none.photos_low, none.photos_high), (0, 0, 162));
        let all_seen = of(2, 6, 6);
        assert_eq!((all_seen.photos, all_seen.photos_low, all_seen.photos_high), (2, 2, 2), "nothing is left to guess");
        let nearly = of(2, 20, 22);
        assert_eq!((nearly.photos_low, nearly.photos_high), (2, 4));
        assert_eq!(share(0, (0, 0), 1_000).interval, None);
        let bursts = share(2, (20, 5), 1_000).interval.expect("an interval");
        assert!(bursts.photos == 100 && bursts.photos_high > some.photos_high, "twenty photos of five things say less: {bursts:?}");
    }
}
