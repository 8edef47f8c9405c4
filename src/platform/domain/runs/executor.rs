//! Works on the cells of a run: so many calls at once, each stored as soon as it ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::platform::domain::{Core, Result, analysis};
use crate::platform::store;
use crate::providers::CallContext;
use crate::wire::event::Happened;
use crate::wire::ids::PhotoId;
use crate::wire::photo::Photo;
use crate::wire::result::{Fault, FaultKind, Outcome};
use crate::wire::run::{Cell, CellState, Run, RunColumn, RunState};

/// For one cell, all tries and waits together.
const TIME_LIMIT: Duration = Duration::from_secs(180);
/// Cells that are stored in one transaction at most.
const BATCH: usize = 256;
/// The run's own figures are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Works until every cell has ended or the run is cancelled, and leaves the run in its last state.
pub async fn execute(core: &Arc<Core>, run: Run, cells: Vec<Cell>, cancel: CancellationToken) {
    let (sender, receiver) = mpsc::channel(4 * BATCH);
    let concurrency = run.concurrency as usize;
    let columns = run.columns.clone();
    let writing = write(core, run, receiver);
    let asking = ask_all(core, cells, &columns, concurrency, &cancel, sender);
    let ((), written) = tokio::join!(asking, writing);
    if let Err(error) = written {
        tracing::error!(%error, "the answers of a run could not be stored");
    }
}

/// Asks until all cells have ended or the run is cancelled. Dropping `sender` at the end lets the writer finish.
async fn ask_all(core: &Core, cells: Vec<Cell>, columns: &[RunColumn], concurrency: usize, cancel: &CancellationToken, sender: mpsc::Sender<Cell>) {
    let photos = Photos { core, known: tokio::sync::Mutex::default() };
    let (photos, sender) = (&photos, &sender);
    futures_util::stream::iter(cells)
        .take_until(cancel.cancelled())
        .for_each_concurrent(concurrency, |cell| async move {
            let Some(column) = columns.get(cell.column as usize) else { return };
            // Nobody receives any more only when the store has failed; then the cells stay as they are.
            let _ = sender.send(Cell { state: CellState::Running, ..cell.clone() }).await;
            let ended = ask(core, photos, cell, &column.prompt_content, &column.model, cancel).await;
            let _ = sender.send(ended).await;
        })
        .await;
}

/// The photos of the run, each looked up once.
struct Photos<'c> {
    core: &'c Core,
    known: tokio::sync::Mutex<HashMap<PhotoId, Option<Arc<Photo>>>>,
}

impl Photos<'_> {
    async fn get(&self, id: PhotoId) -> Result<Option<Arc<Photo>>> {
        let mut known = self.known.lock().await;
        if let Some(photo) = known.get(&id) {
            return Ok(photo.clone());
        }
        let photo = store::photos::get(&self.core.db, self.core.org, id).await?.map(Arc::new);
        known.insert(id, photo.clone());
        Ok(photo)
    }
}

/// One cell's way: completed, failed, or what it was before when it was cancelled.
async fn ask(core: &Core, photos: &Photos<'_>, cell: Cell, prompt: &str, model: &str, cancel: &CancellationToken) -> Cell {
    let failed = |fault: Fault, cell: Cell| Cell { state: CellState::Failed, fault: Some(fault), answer: None, ..cell };
    let photo = match photos.get(cell.photo_id).await {
        Ok(Some(photo)) => photo,
        Ok(None) => return failed(analysis::deleted(), cell),
        Err(error) => return failed(Fault::new(FaultKind::Internal, error.to_string()), cell),
    };
    let call = CallContext { cancel: cancel.clone(), time_limit: TIME_LIMIT };
    let analysed = analysis::analyse(core, &photo, prompt, model, &call).await;
    let done = Cell { latency_ms: Some(analysed.provider_response_time_ms), trace: analysed.trace, ..cell.clone() };
    match analysed.outcome {
        Outcome::Completed(answer) => Cell { state: CellState::Completed, answer: Some(answer), fault: None, ..done },
        Outcome::Failed(fault) if fault.kind == FaultKind::Cancelled => cell,
        Outcome::Failed(fault) => failed(fault, done),
    }
}

/// Stores what comes, as much at once as has come, and tells it. The asking never waits for the disk.
async fn write(core: &Core, mut run: Run, mut receiver: mpsc::Receiver<Cell>) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut told = Instant::now();
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let mut change = core.change().await?;
        for cell in batch.drain(..) {
            if matches!(cell.state, CellState::Completed | CellState::Failed) {
                store::runs::finish_cell(&mut change.tx, core.org, &cell).await?;
            }
            change.tell(&Happened::CellChanged(cell)).await?;
        }
        change.commit().await?;
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tell(core, &mut run).await?;
        }
    }
    finish(core, &mut run).await
}

async fn tell(core: &Core, run: &mut Run) -> Result<()> {
    if let Some(now) = store::runs::get(&core.db, core.org, run.id).await? {
        *run = now;
        let mut change = core.change().await?;
        change.tell(&Happened::RunChanged(run.clone())).await?;
        change.commit().await?;
    }
    Ok(())
}

/// The run's last state: all cells ended, or the platform stops. A cancelled run has its state already.
async fn finish(core: &Core, run: &mut Run) -> Result<()> {
    let Some(now) = store::runs::get(&core.db, core.org, run.id).await? else { return Ok(()) };
    *run = now;
    if run.state == RunState::Running {
        let all_ended = run.counts.waiting + run.counts.running == 0 && !core.stop.is_cancelled();
        run.state = if all_ended { RunState::Completed } else { RunState::Interrupted };
        run.finished_at = all_ended.then(|| core.now());
        let mut change = core.change().await?;
        store::runs::set_state(&mut change.tx, core.org, run.id, run.state, run.finished_at).await?;
        change.tell(&Happened::RunChanged(run.clone())).await?;
        return change.commit().await;
    }
    tell(core, run).await
}
