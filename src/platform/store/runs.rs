//! Comparison runs and their cells.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::ids::{CellId, OrganizationId, PhotoId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, Fault, TraceStep};
use crate::wire::run::{Cell, CellState, Run, RunCounts, RunState};

/// Rows of one statement; SQLite takes 32,766 values.
const ROWS_AT_ONCE: usize = 1_000;

pub async fn insert(tx: &mut Tx, org: OrganizationId, run: &Run) -> Result<()> {
    sqlx::query(
        "INSERT INTO runs (id, organization_id, name, state, photo_ids, columns, repeats, concurrency, started_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(run.id.0)
    .bind(org.0)
    .bind(&run.name)
    .bind(to_name(&run.state)?)
    .bind(to_json(&run.photo_ids)?)
    .bind(to_json(&run.columns)?)
    .bind(i64::from(run.repeats))
    .bind(i64::from(run.concurrency))
    .bind(to_ms(run.started_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Inserts waiting cells.
pub async fn insert_cells(tx: &mut Tx, org: OrganizationId, cells: &[Cell]) -> Result<()> {
    for chunk in cells.chunks(ROWS_AT_ONCE) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT INTO run_cells (id, organization_id, run_id, photo_id, column_index, repeat_index, state, trace) ");
        insert.push_values(chunk, |mut row, cell| {
            row.push_bind(cell.id.0)
                .push_bind(org.0)
                .push_bind(cell.run_id.0)
                .push_bind(cell.photo_id.0)
                .push_bind(i64::from(cell.column))
                .push_bind(i64::from(cell.repeat))
                .push_bind("waiting")
                .push_bind("[]");
        });
        insert.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// Writes what became of a cell.
pub async fn finish_cell(tx: &mut Tx, org: OrganizationId, cell: &Cell) -> Result<()> {
    let cost = cell.answer.as_ref().and_then(|answer| answer.cost_usd).or(cell.fault.as_ref().and_then(|fault| fault.cost_usd));
    sqlx::query(
        "UPDATE run_cells SET state = $3, answer = $4, fault = $5, cost_usd_micros = $6, latency_ms = $7, trace = $8
         WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(cell.id.0)
    .bind(to_name(&cell.state)?)
    .bind(cell.answer.as_ref().map(to_json).transpose()?)
    .bind(cell.fault.as_ref().map(to_json).transpose()?)
    .bind(cost.map(|cost| cost.0))
    .bind(cell.latency_ms.map(|latency| latency as i64))
    .bind(to_json(&cell.trace)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_state(tx: &mut Tx, org: OrganizationId, id: RunId, state: RunState, finished_at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query("UPDATE runs SET state = $3, finished_at_ms = $4 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .bind(to_name(&state)?)
        .bind(finished_at.map(to_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ids of the runs in a state.
pub async fn in_state(db: &Db, org: OrganizationId, state: RunState) -> Result<Vec<RunId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM runs WHERE organization_id = $1 AND state = $2")
        .bind(org.0)
        .bind(to_name(&state)?)
        .fetch_all(&db.read)
        .await?;
    Ok(ids.into_iter().map(RunId).collect())
}

/// The newest runs, newest first.
pub async fn list(db: &Db, org: OrganizationId, limit: u32) -> Result<Vec<Run>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM runs WHERE organization_id = $1 ORDER BY started_at_ms DESC, id DESC LIMIT $2")
        .bind(org.0)
        .bind(i64::from(limit))
        .fetch_all(&db.read)
        .await?;
    let mut runs = Vec::with_capacity(ids.len());
    for id in ids {
        runs.extend(get(db, org, RunId(id)).await?);
    }
    Ok(runs)
}

pub async fn get(db: &Db, org: OrganizationId, id: RunId) -> Result<Option<Run>> {
    type Row = (String, String, String, String, i64, i64, i64, Option<i64>);
    let row: Option<Row> = sqlx::query_as(
        "SELECT name, state, photo_ids, columns, repeats, concurrency, started_at_ms, finished_at_ms FROM runs WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_optional(&db.read)
    .await?;
    let Some((name, state, photo_ids, columns, repeats, concurrency, started_at, finished_at)) = row else { return Ok(None) };
    let (counts, cost_usd, cost_unknown_cells) = counts(db, org, id).await?;
    Ok(Some(Run {
        id,
        name,
        state: from_name(&state)?,
        photo_ids: from_json(&photo_ids)?,
        columns: from_json(&columns)?,
        repeats: repeats as u32,
        concurrency: concurrency as u32,
        counts,
        cost_usd,
        cost_unknown_cells,
        started_at: from_ms(started_at)?,
        finished_at: finished_at.map(from_ms).transpose()?,
    }))
}

/// Cells by state, the sum of the known costs, and the answered cells without one.
async fn counts(db: &Db, org: OrganizationId, id: RunId) -> Result<(RunCounts, UsdMicros, u64)> {
    let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
        "SELECT state, COUNT(*), CAST(COALESCE(SUM(cost_usd_micros), 0) AS BIGINT), COUNT(*) - COUNT(cost_usd_micros)
         FROM run_cells WHERE organization_id = $1 AND run_id = $2 GROUP BY state",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_all(&db.read)
    .await?;
    let (mut counts, mut cost, mut unknown) = (RunCounts::default(), 0, 0);
    for (state, number, spent, without_cost) in rows {
        cost += spent;
        let number = number as u64;
        match from_name(&state)? {
            CellState::Waiting => counts.waiting = number,
            CellState::Running => counts.running = number,
            CellState::Completed => {
                counts.completed = number;
                unknown = without_cost as u64;
            }
            CellState::Failed => counts.failed = number,
        }
    }
    Ok((counts, UsdMicros(cost), unknown))
}

/// Up to `limit` cells after `after`, in the order in which they were made: by photo, column and repeat.
pub async fn cells(db: &Db, org: OrganizationId, run: RunId, after: Option<CellId>, limit: u32) -> Result<Vec<Cell>> {
    type Row = (uuid::Uuid, uuid::Uuid, i64, i64, String, Option<String>, Option<String>, Option<i64>, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, photo_id, column_index, repeat_index, state, answer, fault, latency_ms, trace
         FROM run_cells WHERE organization_id = $1 AND run_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(org.0)
    .bind(run.0)
    .bind(after.map_or(uuid::Uuid::nil(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter()
        .map(|(id, photo, column, repeat, state, answer, fault, latency, trace)| {
            Ok(Cell {
                id: CellId(id),
                run_id: run,
                photo_id: PhotoId(photo),
                column: column as u32,
                repeat: repeat as u32,
                state: from_name(&state)?,
                answer: answer.as_deref().map(from_json::<Answer>).transpose()?,
                fault: fault.as_deref().map(from_json::<Fault>).transpose()?,
                latency_ms: latency.map(|latency| latency as u64),
                trace: from_json::<Vec<TraceStep>>(&trace)?,
            })
        })
        .collect()
}
