//! Comparison runs and their cells.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::cost::RunPrice;
use crate::wire::ids::{CellId, OrganizationId, PhotoId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, Fault, TraceStep};
use crate::wire::run::{Cell, CellState, Run, RunCounts, RunState, SpendLimit, StoppedColumn};

/// Rows of one statement; SQLite takes 32,766 values.
const ROWS_AT_ONCE: usize = 1_000;

pub async fn insert(tx: &mut Tx, org: OrganizationId, run: &Run) -> Result<()> {
    sqlx::query(
        "INSERT INTO runs (id, organization_id, name, state, photo_ids, columns, repeats, concurrency, started_at_ms, prices, estimate, kind,
                           spend_limit, photo_set)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
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
    .bind(to_json(&run.prices)?)
    .bind(run.estimate.as_ref().map(to_json).transpose()?)
    .bind(to_name(&run.kind)?)
    .bind(run.limit.as_ref().map(to_json).transpose()?)
    .bind(run.photo_set.as_ref().map(to_json).transpose()?)
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

/// What a try of a cell cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryCost {
    Nothing,
    Known(UsdMicros),
    /// It was charged for, or may have been.
    Unknown,
}

impl TryCost {
    /// `None`: not known. Of one that cost nothing there is nothing to know either.
    #[must_use]
    pub fn known(self) -> Option<UsdMicros> {
        if let Self::Known(cost) = self { Some(cost) } else { None }
    }
}

/// Writes what became of a cell. `key`: what its answer depends on, and when it was given.
pub async fn finish_cell(tx: &mut Tx, org: OrganizationId, cell: &Cell, cost: TryCost, key: Option<(&str, DateTime<Utc>)>) -> Result<()> {
    sqlx::query(
        "UPDATE run_cells SET state = $3, answer = $4, fault = $5, cost_usd_micros = $6, latency_ms = $7, trace = $8,
                              answer_key = $9, answered_at_ms = $10, reused = $11, cost_unknown = $12
         WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(cell.id.0)
    .bind(to_name(&cell.state)?)
    .bind(cell.answer.as_ref().map(to_json).transpose()?)
    .bind(cell.fault.as_ref().map(to_json).transpose()?)
    .bind(cost.known().map(|cost| cost.0))
    .bind(cell.latency_ms.map(|latency| latency as i64))
    .bind(to_json(&cell.trace)?)
    .bind(key.map(|(key, _)| key))
    .bind(key.map(|(_, at)| to_ms(at)))
    .bind(cell.reused.as_ref().map(to_json).transpose()?)
    .bind(i64::from(cost == TryCost::Unknown))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A try of a cell was given up on its way, and may have been charged for.
pub async fn give_up_cell(tx: &mut Tx, org: OrganizationId, id: CellId) -> Result<()> {
    sqlx::query("UPDATE run_cells SET unknown_before = unknown_before + 1 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends a run that is in one of these states; false when it is not.
pub async fn leave(
    tx: &mut Tx,
    org: OrganizationId,
    id: RunId,
    from: &[RunState],
    (state, finished_at): (RunState, Option<DateTime<Utc>>),
) -> Result<bool> {
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE runs SET state = ");
    query.push_bind(to_name(&state)?).push(", finished_at_ms = ").push_bind(finished_at.map(to_ms));
    query.push(" WHERE organization_id = ").push_bind(org.0).push(" AND id = ").push_bind(id.0).push(" AND state IN (");
    let mut list = query.separated(", ");
    for state in from {
        list.push_bind(to_name(state)?);
    }
    Ok(query.push(")").build().execute(&mut **tx).await?.rows_affected() > 0)
}

/// Keeps which columns stopped early, and whether the run did at its limit.
pub async fn set_stopped(tx: &mut Tx, org: OrganizationId, id: RunId, stopped: &[StoppedColumn], at_limit: bool) -> Result<()> {
    sqlx::query("UPDATE runs SET stopped = $3, stopped_at_limit = $4 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .bind(to_json(&stopped)?)
        .bind(i64::from(at_limit))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Lets a run run again, charged by these prices and within this limit. What the failed cells cost is put aside, since their next try has a cost
/// of its own.
pub async fn run_again(tx: &mut Tx, org: OrganizationId, id: RunId, prices: &[RunPrice], limit: Option<&SpendLimit>) -> Result<()> {
    sqlx::query(
        "UPDATE run_cells SET spent_before_usd_micros = spent_before_usd_micros + COALESCE(cost_usd_micros, 0), cost_usd_micros = NULL,
                              unknown_before = unknown_before + cost_unknown, cost_unknown = 0
         WHERE organization_id = $1 AND run_id = $2 AND state = $3 AND (cost_usd_micros IS NOT NULL OR cost_unknown <> 0)",
    )
    .bind(org.0)
    .bind(id.0)
    .bind(to_name(&CellState::Failed)?)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE runs SET state = $3, finished_at_ms = NULL, prices = $4, spend_limit = $5, stopped = '[]', stopped_at_limit = 0
         WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(id.0)
    .bind(to_name(&RunState::Running)?)
    .bind(to_json(&prices)?)
    .bind(limit.map(to_json).transpose()?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Pins a column as the baseline, or none.
pub async fn set_baseline(tx: &mut Tx, org: OrganizationId, id: RunId, column: Option<u32>) -> Result<()> {
    sqlx::query("UPDATE runs SET baseline_column = $3 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .bind(column.map(i64::from))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The column that is pinned.
pub async fn baseline(tx: &mut Tx, org: OrganizationId, id: RunId) -> Result<Option<u32>> {
    let (column,): (Option<i64>,) =
        sqlx::query_as("SELECT baseline_column FROM runs WHERE organization_id = $1 AND id = $2").bind(org.0).bind(id.0).fetch_one(&mut **tx).await?;
    Ok(column.map(|column| column as u32))
}

/// A run's state, and when it was finished.
pub async fn state(tx: &mut Tx, org: OrganizationId, id: RunId) -> Result<(RunState, Option<DateTime<Utc>>)> {
    let (state, finished_at): (String, Option<i64>) = sqlx::query_as("SELECT state, finished_at_ms FROM runs WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .fetch_one(&mut **tx)
        .await?;
    Ok((from_name(&state)?, finished_at.map(from_ms).transpose()?))
}

/// The runs in a state.
pub async fn in_state(db: &Db, org: OrganizationId, state: RunState) -> Result<Vec<Run>> {
    let mut query = select();
    query.push("organization_id = ").push_bind(org.0).push(" AND state = ").push_bind(to_name(&state)?);
    fetch(db, org, query).await
}

/// Runs, newest first, from behind `after` on.
pub async fn list(db: &Db, org: OrganizationId, after: Option<(DateTime<Utc>, RunId)>, limit: u32) -> Result<Vec<Run>> {
    let mut query = select();
    query.push("organization_id = ").push_bind(org.0);
    if let Some((at, id)) = after {
        query.push(" AND (started_at_ms, id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY started_at_ms DESC, id DESC LIMIT ").push_bind(i64::from(limit));
    fetch(db, org, query).await
}

pub async fn get(db: &Db, org: OrganizationId, id: RunId) -> Result<Option<Run>> {
    let mut query = select();
    query.push("organization_id = ").push_bind(org.0).push(" AND id = ").push_bind(id.0);
    Ok(fetch(db, org, query).await?.pop())
}

fn select() -> QueryBuilder<Sqlite> {
    QueryBuilder::new(
        "SELECT id, name, state, photo_ids, columns, repeats, concurrency, started_at_ms, finished_at_ms, prices, estimate,
                kind, spend_limit, baseline_column, stopped, stopped_at_limit, photo_set FROM runs WHERE ",
    )
}

async fn fetch(db: &Db, org: OrganizationId, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Run>> {
    let rows = query.build().fetch_all(&db.read).await?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in rows {
        let counted = counts(db, org, RunId(row.try_get("id")?)).await?;
        runs.push(run_of(&row, counted)?);
    }
    Ok(runs)
}

fn run_of(row: &SqliteRow, Counted { counts, cost_usd, cost_unknown_cells, reused }: Counted) -> Result<Run> {
    let text = |name: &str| row.try_get::<String, _>(name);
    let text_if_any = |name: &str| row.try_get::<Option<String>, _>(name);
    let number = |name: &str| row.try_get::<i64, _>(name);
    let number_if_any = |name: &str| row.try_get::<Option<i64>, _>(name);
    Ok(Run {
        id: RunId(row.try_get("id")?),
        name: text("name")?,
        state: from_name(&text("state")?)?,
        photo_ids: from_json(&text("photo_ids")?)?,
        photo_set: text_if_any("photo_set")?.as_deref().map(from_json).transpose()?,
        columns: from_json(&text("columns")?)?,
        repeats: number("repeats")? as u32,
        concurrency: number("concurrency")? as u32,
        counts,
        cost_usd,
        cost_unknown_cells,
        prices: from_json(&text("prices")?)?,
        estimate: text_if_any("estimate")?.as_deref().map(from_json).transpose()?,
        kind: from_name(&text("kind")?)?,
        limit: text_if_any("spend_limit")?.as_deref().map(from_json).transpose()?,
        baseline: number_if_any("baseline_column")?.map(|column| column as u32),
        reused,
        stopped: from_json(&text("stopped")?)?,
        stopped_at_limit: number("stopped_at_limit")? != 0,
        started_at: from_ms(number("started_at_ms")?)?,
        finished_at: number_if_any("finished_at_ms")?.map(from_ms).transpose()?,
    })
}

/// What the cells of a run are in sum.
struct Counted {
    counts: RunCounts,
    cost_usd: UsdMicros,
    cost_unknown_cells: u64,
    reused: u64,
}

/// Cells by state, the sum of the known costs, and the tries whose cost is not known.
async fn counts(db: &Db, org: OrganizationId, id: RunId) -> Result<Counted> {
    let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT state, COUNT(*), CAST(COALESCE(SUM(cost_usd_micros), 0) + SUM(spent_before_usd_micros) AS BIGINT),
                CAST(SUM(cost_unknown + unknown_before) AS BIGINT), COUNT(reused)
         FROM run_cells WHERE organization_id = $1 AND run_id = $2 GROUP BY state",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_all(&db.read)
    .await?;
    let mut counted = Counted { counts: RunCounts::default(), cost_usd: UsdMicros(0), cost_unknown_cells: 0, reused: 0 };
    for (state, number, spent, unknown, reused) in rows {
        counted.cost_usd += UsdMicros(spent);
        counted.cost_unknown_cells += unknown as u64;
        counted.reused += reused as u64;
        let number = number as u64;
        match from_name(&state)? {
            CellState::Waiting => counted.counts.waiting = number,
            CellState::Running => counted.counts.running = number,
            CellState::Completed => counted.counts.completed = number,
            CellState::Failed => counted.counts.failed = number,
        }
    }
    Ok(counted)
}

/// How many cells a run has; `None` when there is no such run.
pub async fn cells_in_all(db: &Db, org: OrganizationId, id: RunId) -> Result<Option<u64>> {
    let count: Option<i64> = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM run_cells WHERE organization_id = $1 AND run_id = $2) FROM runs WHERE organization_id = $1 AND id = $2",
    )
    .bind(org.0)
    .bind(id.0)
    .fetch_optional(&db.read)
    .await?;
    Ok(count.map(|count| count as u64))
}

/// Up to `limit` cells after `after`, in the order in which they were made: by photo, column and repeat.
pub async fn cells(db: &Db, org: OrganizationId, run: RunId, after: Option<CellId>, limit: u32) -> Result<Vec<Cell>> {
    type Row = (uuid::Uuid, uuid::Uuid, i64, i64, String, Option<String>, Option<String>, Option<i64>, String, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, photo_id, column_index, repeat_index, state, answer, fault, latency_ms, trace, reused
         FROM run_cells WHERE organization_id = $1 AND run_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(org.0)
    .bind(run.0)
    .bind(after.map_or(uuid::Uuid::nil(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter()
        .map(|(id, photo, column, repeat, state, answer, fault, latency, trace, reused)| {
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
                reused: reused.as_deref().map(from_json).transpose()?,
            })
        })
        .collect()
}
