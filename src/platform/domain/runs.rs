//! Comparison runs: what is asked for, and where they stand. How their cells are worked on stands in `executor`.

mod budget;
mod cell_news;
mod executor;
pub(super) mod known;
mod naming;
mod outages;
mod working;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(super) use budget::limit_of;
use working::Place;
pub use working::Working;

use super::prompts::PromptText;
use super::providers::Brought;
use super::{Core, DomainError, Result, config, costs, models, page, photo_sets, prompts, sweep};
use crate::platform::store;
use crate::platform::store::blast_radii::SampleRow;
use crate::platform::store::runs::TryCost;
use crate::platform::store::validations::ValidationRow;
use crate::providers::PhotoRule;
use crate::wire::event::Happened;
use crate::wire::ids::{CellId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::page::Page;
use crate::wire::prompt_parts::{Parameters, PromptParts};
use crate::wire::run::{Cell, CellState, Run, RunCells, RunColumn, RunCounts, RunKind, RunPrompt, RunState, SpendLimit, StartRun};
use crate::wire::sweep::{SentImage, StartSweep, Variants, column_name};

const REPEATS_MOST: u32 = 20;
const CONCURRENCY_MOST: u32 = 64;
const CELLS_MOST: usize = 200_000;
/// Characters of a run's or a column's name.
const NAME_MOST: usize = 200;
/// Cells in one page.
const CELLS_A_PAGE: u32 = 2_000;

/// Begins a run: checks it whole, stores it with all its cells, and starts to work on them.
pub async fn start(core: &Arc<Core>, asked: impl Into<StartSweep>, brought: Brought) -> Result<Run> {
    let StartSweep { run: mut asked, images, parameters, max_cost_usd } = asked.into();
    let variants = Variants { images: &images, parameters: &parameters };
    let photo_set = photo_sets::fill_in(core, &mut asked).await?;
    check_size(&asked, variants)?;
    let columns = columns(core, &asked, variants, Some(&brought)).await?;
    let mut seen = HashSet::new();
    let photo_ids: Vec<_> = asked.photo_ids.iter().copied().filter(|id| seen.insert(*id)).collect();
    let config = config::current(core).await?;
    let known = if asked.ask_again { HashMap::new() } else { known::find(core, &config, &columns, &photo_ids, asked.repeats).await? };
    let estimate = costs::of_missing(core, &config, &columns, &photo_ids, &asked, &known).await?;
    let limit = max_cost_usd.map(|most| limit_of(most, &estimate)).transpose()?;
    let name = asked.name.trim();
    let run = Run {
        id: RunId::fresh(),
        name: if name.is_empty() { naming::of(core, photo_set.as_ref(), photo_ids.len(), &columns) } else { shorten(name) },
        state: RunState::Running,
        counts: RunCounts::default(),
        photo_ids,
        photo_set,
        repeats: asked.repeats,
        concurrency: asked.concurrency,
        cost_usd: UsdMicros(0),
        cost_unknown_cells: 0,
        prices: costs::run_prices(core, &config, &columns),
        estimate: Some(estimate.total),
        kind: RunKind::Comparison,
        limit,
        baseline: None,
        reused: 0,
        stopped: Vec::new(),
        stopped_at_limit: false,
        columns,
        started_at: core.now(),
        finished_at: None,
    };
    let mut cells = fresh_cells(&run);
    known::fill(&mut cells, &known);
    begin(core, run, cells, None, brought).await
}

/// What a run is about beside its photos and columns; stored with it.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    BlastRadius(&'a SampleRow),
    Validation(&'a ValidationRow),
}

/// Stores a run with its cells, some of which may be answered already, and begins to work on the others.
pub(super) async fn begin(core: &Arc<Core>, mut run: Run, cells: Vec<Cell>, about: Option<About<'_>>, brought: Brought) -> Result<Run> {
    let (answered, open): (Vec<Cell>, Vec<Cell>) = cells.iter().cloned().partition(|cell| cell.state == CellState::Completed);
    (run.counts.completed, run.counts.waiting) = (answered.len() as u64, open.len() as u64);
    run.reused = answered.iter().filter(|cell| cell.reused.is_some()).count() as u64;
    let place = Place::take(core, run.id).ok_or_else(in_work)?;
    let mut change = core.change().await?;
    let known = store::photos::existing(&mut change.tx, core.org, &run.photo_ids).await?;
    if let Some(missing) = run.photo_ids.iter().find(|id| !known.contains(id)) {
        return refuse("unknown_photo", format!("There is no photo {missing}; nothing was started. Reload the list of photos"));
    }
    store::runs::insert(&mut change.tx, core.org, &run).await?;
    store::runs::insert_cells(&mut change.tx, core.org, &cells).await?;
    for cell in &answered {
        store::runs::finish_cell(&mut change.tx, core.org, cell, TryCost::Known(UsdMicros(0)), None).await?;
    }
    match about {
        Some(About::BlastRadius(sample)) => store::blast_radii::insert(&mut change.tx, core.org, sample).await?,
        Some(About::Validation(row)) => store::validations::insert(&mut change.tx, core.org, row).await?,
        None => {}
    }
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    executor::spawn(core, run.clone(), open, place, brought);
    Ok(run)
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T> {
    Err(DomainError::Invalid { code, message: message.into() })
}

fn in_work() -> DomainError {
    let message = "The run's last calls are still being given up; try again in some seconds";
    DomainError::Conflict { code: "still_stopping", message: message.to_owned() }
}

pub(super) fn check_size(asked: &StartRun, variants: Variants<'_>) -> Result<()> {
    sweep::check(variants)?;
    if asked.photo_ids.is_empty() {
        return refuse("no_photos", "Choose at least one photo");
    }
    if asked.prompts.is_empty() || asked.models.is_empty() {
        return refuse("no_columns", "Choose at least one prompt and one model");
    }
    if !(1..=REPEATS_MOST).contains(&asked.repeats) {
        return refuse("repeats", format!("Repeats must be from 1 to {REPEATS_MOST}"));
    }
    if !(1..=CONCURRENCY_MOST).contains(&asked.concurrency) {
        return refuse("concurrency", format!("Calls at once must be from 1 to {CONCURRENCY_MOST}"));
    }
    let factors = [asked.photo_ids.len(), asked.prompts.len(), asked.models.len(), variants.most(), asked.repeats as usize];
    let cells = factors.into_iter().fold(1, usize::saturating_mul);
    if cells > CELLS_MOST {
        let message = format!("That would be {cells} calls; a run has at most {CELLS_MOST}. Choose fewer photos, prompts, models or repeats");
        return refuse("too_many_cells", message);
    }
    Ok(())
}

/// Pins the columns: prompts outermost, the text as it is now. Without `brought` nothing is going to be asked, so no key is missed.
pub(super) async fn columns(core: &Core, asked: &StartRun, variants: Variants<'_>, brought: Option<&Brought>) -> Result<Vec<RunColumn>> {
    let mut models: Vec<&String> = Vec::new();
    for model in &asked.models {
        if !models.contains(&model) {
            match brought {
                Some(brought) => models::check_usable(core, model, brought).await?,
                None => models::check_known(core, model).map(drop)?,
            }
            models.push(model);
        }
    }
    let mut columns: Vec<RunColumn> = Vec::new();
    for prompt in &asked.prompts {
        let (name, content, parts, version) = match prompt {
            RunPrompt::Version { id } => {
                let version = store::prompts::version(&core.db, core.org, *id).await?.ok_or(DomainError::NotFound { what: "prompt version" })?;
                (version.label(), version.content, version.parts, Some(version.id))
            }
            RunPrompt::Inline { name, content, parts } => {
                let name = if name.trim().is_empty() { "Unsaved prompt" } else { name.trim() };
                prompts::check(PromptText { content, parts })?;
                (shorten(name), content.clone(), parts.clone(), None)
            }
        };
        // Better one word now than the same fault in every cell.
        prompts::check_renders(PromptText { content: &content, parts: &parts })?;
        for model in &models {
            for (parameters, image) in ways(core, model, variants) {
                let column = RunColumn {
                    prompt_name: column_name(&name, parameters, image),
                    prompt_content: content.clone(),
                    parts: PromptParts { parameters: parameters.unwrap_or_default().or(parts.parameters), ..parts.clone() },
                    prompt_version_id: version,
                    model: (*model).clone(),
                    image,
                };
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
    }
    Ok(columns)
}

/// In which ways a model is asked: parameters outermost, each with the photo as usual before its other sizes and qualities.
fn ways(core: &Core, model: &str, variants: Variants<'_>) -> Vec<(Option<Parameters>, Option<SentImage>)> {
    let Some((provider, model)) = core.providers.find(model) else { return vec![(None, None)] };
    // A model that takes whole pixels is sent no file whose size could be another.
    let is_sent = provider.photo_rule(model) != PhotoRule::Pixels;
    let images = || std::iter::once(None).chain(variants.images.iter().copied().filter(|_| is_sent).map(Some));
    let parameters = variants.parameters_of(&provider.takes(model));
    parameters.into_iter().flat_map(|parameters| images().map(move |image| (parameters, image))).collect()
}

fn shorten(name: &str) -> String {
    name.chars().take(NAME_MOST).collect()
}

/// By photo first, so that a photo that was prepared for one column is at hand for the next.
pub(super) fn fresh_cells(run: &Run) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(run.photo_ids.len() * run.columns.len() * run.repeats as usize);
    for photo_id in &run.photo_ids {
        for column in 0..run.columns.len() as u32 {
            for repeat in 0..run.repeats {
                cells.push(Cell {
                    id: CellId::fresh(),
                    run_id: run.id,
                    photo_id: *photo_id,
                    column,
                    repeat,
                    state: CellState::Waiting,
                    answer: None,
                    fault: None,
                    latency_ms: None,
                    trace: Vec::new(),
                    reused: None,
                });
            }
        }
    }
    cells
}

/// Runs, newest first.
pub async fn list(core: &Core, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<Run>> {
    let after = cursor.map(page::read_cursor).transpose()?.map(|(at, id)| (at, RunId(id)));
    let limit = page::limit(limit);
    let items: Vec<Run> = store::runs::list(&core.db, core.org, after, limit).await?.into_iter().map(|run| with_progress(core, run)).collect();
    let next_cursor = page::next_cursor(&items, limit, |run| (run.started_at, run.id.0));
    Ok(Page { items, next_cursor, total: None })
}

pub async fn get(core: &Core, id: RunId) -> Result<Run> {
    let run = store::runs::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "run" })?;
    Ok(with_progress(core, run))
}

/// Calls in flight are no matter of the store.
fn with_progress(core: &Core, run: Run) -> Run {
    match core.working.progress(run.id) {
        Some(now) if matches!(run.state, RunState::Running | RunState::Paused) && now.counts.total() > 0 => {
            Run { counts: now.counts, cost_usd: now.cost_usd, cost_unknown_cells: now.cost_unknown_cells, ..run }
        }
        _ => run,
    }
}

pub async fn cells(core: &Core, id: RunId, cursor: Option<&str>) -> Result<RunCells> {
    let total = store::runs::cells_in_all(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "run" })?;
    let bad_cursor = |_| refuse("bad_cursor", "The cursor is not one that this list gave; ask for the first page again");
    let after = cursor.map(str::parse).transpose().or_else(bad_cursor)?;
    let mut items = store::runs::cells(&core.db, core.org, id, after, CELLS_A_PAGE).await?;
    if let Some(now) = core.working.progress(id) {
        for cell in items.iter_mut().filter(|cell| now.asking.contains(&cell.id)) {
            cell.state = CellState::Running;
        }
    }
    let next_cursor = items.last().filter(|_| items.len() >= CELLS_A_PAGE as usize).map(|last| last.id.to_string());
    let mut now = core.working.news(id);
    now.retain(|id, _| items.iter().any(|cell| cell.id == *id));
    Ok(RunCells { items, next_cursor, total: Some(total), now })
}

/// Stops asking. What is answered stays; calls in flight are given up and their cells wait again.
pub async fn cancel(core: &Core, id: RunId) -> Result<Run> {
    let run = get(core, id).await?;
    let finished_at = Some(core.now());
    let mut change = core.change().await?;
    let from = [RunState::Running, RunState::Paused];
    if !store::runs::leave(&mut change.tx, core.org, id, &from, (RunState::Cancelled, finished_at)).await? {
        drop(change);
        return get(core, id).await;
    }
    let run = Run { state: RunState::Cancelled, finished_at, ..run };
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    core.working.cancel(id);
    Ok(run)
}

/// Begins no further call; those in flight are finished. A resume goes on where it stands.
pub async fn pause(core: &Core, id: RunId) -> Result<Run> {
    let run = get(core, id).await?;
    let mut change = core.change().await?;
    if !store::runs::leave(&mut change.tx, core.org, id, &[RunState::Running], (RunState::Paused, None)).await? {
        drop(change);
        return get(core, id).await;
    }
    // Held before anybody can hear that it is.
    core.working.pause(id, true);
    let told = async {
        change.tell(&Happened::RunChanged(Run { state: RunState::Paused, ..run })).await?;
        change.commit().await
    };
    if let Err(error) = told.await {
        core.working.pause(id, false);
        return Err(error);
    }
    get(core, id).await
}

/// Lets a paused run that is still in work go on; `None` when nobody works on it.
async fn go_on(core: &Core, run: &Run) -> Result<Option<Run>> {
    if run.state != RunState::Paused || core.working.progress(run.id).is_none() {
        return Ok(None);
    }
    let mut change = core.change().await?;
    if !store::runs::leave(&mut change.tx, core.org, run.id, &[RunState::Paused], (RunState::Running, None)).await? {
        return Ok(None);
    }
    change.tell(&Happened::RunChanged(Run { state: RunState::Running, ..run.clone() })).await?;
    change.commit().await?;
    core.working.pause(run.id, false);
    Ok(Some(get(core, run.id).await?))
}

/// What a run that is resumed may cost as a whole: as much as before, unless it is given another limit.
fn limit_again(run: &Run, most: Option<UsdMicros>) -> Result<Option<SpendLimit>> {
    let Some(most) = most else { return Ok(run.limit.clone()) };
    let Some(limit) = &run.limit else {
        return refuse("no_limit", "The run was begun without a limit, and what its calls may cost is not known any more. Start another run");
    };
    let spent = limit.spent(run.cost_usd, run.cost_unknown_cells);
    if most <= spent {
        return refuse("over_budget", format!("Nothing was asked: the run has cost {spent} already, or may have, and {most} is the most. Raise it"));
    }
    Ok(Some(SpendLimit { most_usd: most, ..limit.clone() }))
}

/// Asks what is missing or failed. A fault stays until its retry has ended. `most`: what the whole run may cost now.
pub async fn resume(core: &Arc<Core>, id: RunId, most: Option<UsdMicros>, brought: Brought) -> Result<Run> {
    let run = get(core, id).await?;
    if run.state == RunState::Running {
        return Ok(run);
    }
    limit_again(&run, most)?;
    for column in &run.columns {
        models::check_usable(core, &column.model, &brought).await?;
    }
    if most.is_some() && run.state == RunState::Paused && core.working.progress(id).is_some() {
        return refuse("in_work", "The run is paused, and its limit is in use. Cancel it, then resume it with another limit");
    }
    if let Some(run) = go_on(core, &run).await? {
        return Ok(run);
    }
    // Calls that a cancellation gave up may still be on their way out.
    if !core.working.wait_for_end(id).await {
        return Err(in_work());
    }
    let Some(place) = Place::take(core, id) else {
        // Somebody else resumes it at this moment.
        return Ok(Run { state: RunState::Running, finished_at: None, ..get(core, id).await? });
    };
    let open = open_cells(core, id).await?;
    let run = get(core, id).await?;
    if open.is_empty() {
        return Ok(run);
    }
    // What was charged before stays told beside what is charged from now on.
    let mut prices = run.prices.clone();
    let now = costs::run_prices(core, &config::current(core).await?, &run.columns);
    prices.extend(now.into_iter().filter(|price| !run.prices.contains(price)));
    let limit = limit_again(&run, most)?;
    let mut change = core.change().await?;
    store::runs::run_again(&mut change.tx, core.org, id, &prices, limit.as_ref()).await?;
    if run.kind == RunKind::Validation {
        // It gets another one at its end.
        store::validations::forget_report(&mut change.tx, core.org, id).await?;
    }
    let run = Run { state: RunState::Running, finished_at: None, prices, limit, stopped: Vec::new(), stopped_at_limit: false, ..run };
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    executor::spawn(core, run.clone(), open, place, brought);
    Ok(run)
}

/// The cells that have no answer, in their order.
async fn open_cells(core: &Core, id: RunId) -> Result<Vec<Cell>> {
    let mut cells = all_cells(core, id).await?;
    cells.retain(|cell| cell.state != CellState::Completed);
    Ok(cells)
}

/// All cells, in their order.
pub(super) async fn all_cells(core: &Core, id: RunId) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    let mut after = None;
    loop {
        let page = store::runs::cells(&core.db, core.org, id, after, CELLS_A_PAGE).await?;
        after = page.last().map(|last| last.id);
        let is_last = page.len() < CELLS_A_PAGE as usize;
        cells.extend(page);
        if is_last {
            return Ok(cells);
        }
    }
}

/// Runs that were in work when the platform stopped: they wait for somebody to resume them, since that may cost money.
pub async fn mark_interrupted(core: &Core) -> Result<()> {
    for run in store::runs::in_state(&core.db, core.org, RunState::Running).await? {
        let mut change = core.change().await?;
        store::runs::leave(&mut change.tx, core.org, run.id, &[RunState::Running], (RunState::Interrupted, None)).await?;
        change.tell(&Happened::RunChanged(Run { state: RunState::Interrupted, ..run })).await?;
        change.commit().await?;
    }
    Ok(())
}
