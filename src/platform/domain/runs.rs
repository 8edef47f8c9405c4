//! Comparison runs: what is asked for, and where they stand. How their cells are worked on stands in `executor`.

mod executor;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::{Core, DomainError, Result, models, prompts};
use crate::platform::store;
use crate::wire::event::Happened;
use crate::wire::ids::{CellId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::page::Page;
use crate::wire::run::{Cell, CellState, Run, RunColumn, RunCounts, RunPrompt, RunState, StartRun};

const REPEATS_MOST: u32 = 20;
const CONCURRENCY_MOST: u32 = 64;
const CELLS_MOST: usize = 200_000;
/// Runs in one list.
const LIST: u32 = 200;
/// Cells in one page.
const CELLS_A_PAGE: u32 = 2_000;

/// The runs that are worked on in this process, with what ends each.
#[derive(Default)]
pub struct Working(Mutex<HashMap<RunId, CancellationToken>>);

impl Working {
    /// Takes a run into work; `None` when it is already.
    fn begin(&self, id: RunId, stop: &CancellationToken) -> Option<CancellationToken> {
        let mut working = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if working.contains_key(&id) {
            return None;
        }
        let cancel = stop.child_token();
        working.insert(id, cancel.clone());
        Some(cancel)
    }

    fn end(&self, id: RunId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn cancel(&self, id: RunId) -> bool {
        let working = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        working.get(&id).map(CancellationToken::cancel).is_some()
    }
}

/// Begins a run: checks it whole, stores it with all its cells, and starts to work on them.
pub async fn start(core: &Arc<Core>, asked: StartRun) -> Result<Run> {
    let columns = columns(core, &asked).await?;
    let cells = check_size(&asked, columns.len())?;
    let mut known = std::collections::HashSet::new();
    let photo_ids: Vec<_> = asked.photo_ids.iter().copied().filter(|id| known.insert(*id)).collect();
    let found = store::photos::existing(&mut core.change().await?.tx, core.org, &photo_ids).await?;
    if let Some(missing) = photo_ids.iter().find(|id| !found.contains(id)) {
        return refuse("unknown_photo", format!("There is no photo {missing}; nothing was started. Reload the list of photos"));
    }
    let now = core.now();
    let name = asked.name.trim();
    let run = Run {
        id: RunId::fresh(),
        name: if name.is_empty() { default_name(photo_ids.len(), &columns) } else { name.chars().take(200).collect() },
        state: RunState::Running,
        counts: RunCounts { waiting: cells as u64, ..RunCounts::default() },
        photo_ids,
        columns,
        repeats: asked.repeats,
        concurrency: asked.concurrency,
        cost_usd: UsdMicros(0),
        cost_unknown_cells: 0,
        started_at: now,
        finished_at: None,
    };
    let cells = fresh_cells(&run);
    let run = Run { counts: RunCounts { waiting: cells.len() as u64, ..RunCounts::default() }, ..run };
    let mut change = core.change().await?;
    store::runs::insert(&mut change.tx, core.org, &run).await?;
    store::runs::insert_cells(&mut change.tx, core.org, &cells).await?;
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    work_on(core, run.clone(), cells);
    Ok(run)
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T> {
    Err(DomainError::Invalid { code, message: message.into() })
}

fn check_size(asked: &StartRun, columns: usize) -> Result<usize> {
    if asked.photo_ids.is_empty() {
        return refuse("no_photos", "Choose at least one photo");
    }
    if columns == 0 {
        return refuse("no_columns", "Choose at least one prompt and one model");
    }
    if !(1..=REPEATS_MOST).contains(&asked.repeats) {
        return refuse("repeats", format!("Repeats must be from 1 to {REPEATS_MOST}"));
    }
    if !(1..=CONCURRENCY_MOST).contains(&asked.concurrency) {
        return refuse("concurrency", format!("Calls at once must be from 1 to {CONCURRENCY_MOST}"));
    }
    let cells = asked.photo_ids.len().saturating_mul(columns).saturating_mul(asked.repeats as usize);
    if cells > CELLS_MOST {
        return refuse(
            "too_many_cells",
            format!("That would be {cells} calls; a run has at most {CELLS_MOST}. Choose fewer photos, prompts, models or repeats"),
        );
    }
    Ok(cells)
}

/// Pins the columns: prompts outermost, the text as it is now.
async fn columns(core: &Core, asked: &StartRun) -> Result<Vec<RunColumn>> {
    for model in &asked.models {
        models::check_usable(core, model).await?;
    }
    let mut columns: Vec<RunColumn> = Vec::new();
    for prompt in &asked.prompts {
        let (name, content, version) = match prompt {
            RunPrompt::Version { id } => {
                let version = store::prompts::version(&core.db, core.org, *id).await?.ok_or(DomainError::NotFound { what: "prompt version" })?;
                (version.label(), version.content, Some(version.id))
            }
            RunPrompt::Inline { name, content } => {
                prompts::check_template(content)?;
                (name.trim().to_owned(), content.clone(), None)
            }
        };
        for model in &asked.models {
            let column = RunColumn { prompt_name: name.clone(), prompt_content: content.clone(), prompt_version_id: version, model: model.clone() };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    Ok(columns)
}

fn default_name(photos: usize, columns: &[RunColumn]) -> String {
    let photos = if photos == 1 { "1 photo".to_owned() } else { format!("{photos} photos") };
    match columns {
        [only] => format!("{photos}, {}", only.label()),
        many => format!("{photos}, {} variants", many.len()),
    }
}

/// By photo first, so that a photo that was prepared for one column is at hand for the next.
fn fresh_cells(run: &Run) -> Vec<Cell> {
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
                });
            }
        }
    }
    cells
}

fn work_on(core: &Arc<Core>, run: Run, cells: Vec<Cell>) {
    if let Some(cancel) = core.working.begin(run.id, &core.stop) {
        let core = Arc::clone(core);
        let tasks = core.tasks.clone();
        tasks.spawn(async move {
            let id = run.id;
            executor::execute(&core, run, cells, cancel).await;
            core.working.end(id);
        });
    }
}

pub async fn list(core: &Core) -> Result<Page<Run>> {
    Ok(Page { items: store::runs::list(&core.db, core.org, LIST).await?, next_cursor: None, total: None })
}

pub async fn get(core: &Core, id: RunId) -> Result<Run> {
    store::runs::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "run" })
}

pub async fn cells(core: &Core, id: RunId, cursor: Option<&str>) -> Result<Page<Cell>> {
    let run = get(core, id).await?;
    let after = cursor
        .map(str::parse)
        .transpose()
        .or_else(|_| refuse("bad_cursor", "The cursor is not one that this list gave; ask for the first page again"))?;
    let items = store::runs::cells(&core.db, core.org, id, after, CELLS_A_PAGE).await?;
    let next_cursor = items.last().filter(|_| items.len() >= CELLS_A_PAGE as usize).map(|last| last.id.to_string());
    Ok(Page { items, next_cursor, total: Some(run.counts.total()) })
}

/// Stops asking. What is answered stays; calls in flight are given up.
pub async fn cancel(core: &Core, id: RunId) -> Result<Run> {
    let run = get(core, id).await?;
    if run.state != RunState::Running {
        return Ok(run);
    }
    let mut change = core.change().await?;
    store::runs::set_state(&mut change.tx, core.org, id, RunState::Cancelled, Some(core.now())).await?;
    let run = Run { state: RunState::Cancelled, finished_at: Some(core.now()), ..run };
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    core.working.cancel(id);
    Ok(run)
}

/// Asks what is missing or failed. A fault stays until its retry has ended.
pub async fn resume(core: &Arc<Core>, id: RunId) -> Result<Run> {
    let run = get(core, id).await?;
    if run.state == RunState::Running {
        return Ok(run);
    }
    for column in &run.columns {
        models::check_usable(core, &column.model).await?;
    }
    let mut open = Vec::new();
    let mut after = None;
    loop {
        let page = store::runs::cells(&core.db, core.org, id, after, CELLS_A_PAGE).await?;
        after = page.last().map(|last| last.id);
        let is_last = page.len() < CELLS_A_PAGE as usize;
        open.extend(page.into_iter().filter(|cell| cell.state != CellState::Completed));
        if is_last {
            break;
        }
    }
    if open.is_empty() {
        return Ok(run);
    }
    let mut change = core.change().await?;
    store::runs::set_state(&mut change.tx, core.org, id, RunState::Running, None).await?;
    let run = Run { state: RunState::Running, finished_at: None, ..run };
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    work_on(core, run.clone(), open);
    Ok(run)
}

/// Runs that were in work when the platform stopped: they wait for somebody to resume them, since that may cost money.
pub async fn mark_interrupted(core: &Core) -> Result<()> {
    let ids = store::runs::in_state(&core.db, core.org, RunState::Running).await?;
    if ids.is_empty() {
        return Ok(());
    }
    let mut change = core.change().await?;
    for id in ids {
        store::runs::set_state(&mut change.tx, core.org, id, RunState::Interrupted, None).await?;
    }
    change.commit().await
}
