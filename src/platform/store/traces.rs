//! What happened to photos step by step, with what went over the net: kept for [`KEPT_DAYS`] days, and no more than
//! [`BYTES_MOST`] of it. Whatever is older or more is forgotten, oldest first; results and cells keep their own steps.
//!
//! What here is `SQLite`'s alone is the index of words (see `photos/search.rs`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::{Db, IDS_A_STATEMENT, Result, Tx, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::ids::{CellId, OrganizationId, PhotoId, ResultId, TraceId};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Decision, FaultKind, Outcome, TraceStep};
use crate::wire::run::{Cell, RunColumn};
use crate::wire::trace::{Exchange, ReplayFrom, Ruled, TraceKind, TracePrompt, TraceSummary};

/// How long a trace is kept.
pub const KEPT_DAYS: i64 = 14;
/// How much all bodies may take.
pub const BYTES_MOST: i64 = 256 * 1024 * 1024;
/// How much room is made where they take more: one in sixteen is forgotten.
const ROOM_MADE: i64 = BYTES_MOST / 16;
/// Traces forgotten in one statement.
const FORGOTTEN_AT_ONCE: i64 = 500;
/// Letters of an answer that are looked for.
const WORDS_MOST: usize = 4_000;

/// A trace as it is stored, all in one: whatever becomes of the result or the cell, it says what was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptTrace {
    pub prompt: TracePrompt,
    pub outcome: Outcome,
    #[serde(default)]
    pub decision: Option<Decision>,
    #[serde(default)]
    pub ruled: Option<Ruled>,
    pub steps: Vec<TraceStep>,
    pub exchanges: Vec<Exchange>,
    #[serde(default)]
    pub edit: Option<ReplayFrom>,
}

/// Which traces are looked for. `after`: the last row of the page before.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub fault: Option<WantedFault>,
    pub model: Option<String>,
    pub min_duration_ms: Option<u64>,
    pub words: Vec<String>,
    pub kind: Option<TraceKind>,
    /// Its duration, where the slowest come first, and its number.
    pub after: Option<(i64, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedFault {
    Any,
    Kind(FaultKind),
}

impl Wanted {
    /// The slowest come first where only they are wanted; words give the newest first.
    #[must_use]
    pub fn is_by_duration(&self) -> bool {
        self.min_duration_ms.is_some() && self.words.is_empty()
    }
}

/// A row of the list, with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    pub number: i64,
    pub summary: TraceSummary,
}

/// Stores a trace, and forgets the oldest where there is more than is kept.
pub async fn insert(tx: &mut Tx, org: OrganizationId, summary: &TraceSummary, kept: &KeptTrace) -> Result<()> {
    let body = to_json(kept)?;
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO traces (id, organization_id, kind, subject_id, photo_id, file_name, model, at_ms, duration_ms, tries, fault, cost_usd_micros, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING number",
    )
    .bind(summary.id.0)
    .bind(org.0)
    .bind(to_name(&summary.kind)?)
    .bind(summary.subject_id)
    .bind(summary.photo_id.0)
    .bind(&summary.file_name)
    .bind(&summary.model)
    .bind(to_ms(summary.at))
    .bind(summary.duration_ms as i64)
    .bind(i64::from(summary.tries))
    .bind(summary.fault.as_ref().map(to_name).transpose()?)
    .bind(summary.cost_usd.map(|cost| cost.0))
    .bind(body.len() as i64)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("INSERT INTO trace_words (rowid, words) VALUES ($1, $2)").bind(number).bind(words(summary, kept)).execute(&mut **tx).await?;
    sqlx::query("INSERT INTO trace_bodies (number, body) VALUES ($1, $2)").bind(number).bind(&body).execute(&mut **tx).await?;
    let bytes: i64 =
        sqlx::query_scalar("UPDATE trace_total SET bytes = bytes + $1 RETURNING bytes").bind(body.len() as i64).fetch_one(&mut **tx).await?;
    if bytes > BYTES_MOST {
        forget(tx, None).await?;
    }
    Ok(())
}

fn words(summary: &TraceSummary, kept: &KeptTrace) -> String {
    let mut words = vec![summary.file_name.clone()];
    match &kept.outcome {
        Outcome::Completed(answer) => {
            words.extend(answer.caption.clone());
            words.extend(answer.tags.iter().map(|tag| tag.name.clone()));
        }
        Outcome::Failed(fault) => {
            words.extend([fault.message.clone(), fault.kind.label().to_owned()]);
            words.extend(fault.code.iter().chain(&fault.request_id).cloned());
            words.extend(kept.exchanges.iter().filter_map(|exchange| exchange.text.clone()));
        }
    }
    words.join("; ").chars().take(WORDS_MOST).collect()
}

/// Forgets those that came before a moment, or with `None` so many of the oldest that some room is left. Returns how many.
pub async fn forget(tx: &mut Tx, before: Option<DateTime<Utc>>) -> Result<u64> {
    let rows: Vec<(i64, i64)> = match before {
        Some(before) => {
            sqlx::query_as("SELECT number, bytes FROM (SELECT number, bytes, at_ms FROM traces ORDER BY number LIMIT $1) WHERE at_ms < $2")
                .bind(FORGOTTEN_AT_ONCE)
                .bind(to_ms(before))
                .fetch_all(&mut **tx)
                .await?
        }
        None => {
            let oldest: Vec<(i64, i64)> =
                sqlx::query_as("SELECT number, bytes FROM traces ORDER BY number LIMIT $1").bind(FORGOTTEN_AT_ONCE).fetch_all(&mut **tx).await?;
            let mut freed = 0;
            let enough = oldest.iter().position(|(_, bytes)| {
                freed += bytes;
                freed >= ROOM_MADE
            });
            oldest[..enough.map_or(oldest.len(), |at| at + 1)].to_vec()
        }
    };
    for table in ["DELETE FROM trace_words WHERE rowid IN (", "DELETE FROM trace_bodies WHERE number IN (", "DELETE FROM traces WHERE number IN ("] {
        let mut query = QueryBuilder::<Sqlite>::new(table);
        let mut list = query.separated(", ");
        for (number, _) in &rows {
            list.push_bind(*number);
        }
        query.push(")").build().execute(&mut **tx).await?;
    }
    let bytes: i64 = rows.iter().map(|(_, bytes)| bytes).sum();
    sqlx::query("UPDATE trace_total SET bytes = bytes - $1").bind(bytes).execute(&mut **tx).await?;
    Ok(rows.len() as u64)
}

/// The moment before which traces are forgotten.
#[must_use]
pub fn kept_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(KEPT_DAYS)
}

const COLUMNS: &str =
    "t.number, t.id, t.kind, t.subject_id, t.photo_id, t.file_name, t.model, t.at_ms, t.duration_ms, t.tries, t.fault, t.cost_usd_micros";

type Row = (i64, Uuid, String, Uuid, Uuid, String, String, i64, i64, i64, Option<String>, Option<i64>);

fn numbered(row: Row) -> Result<Numbered> {
    let (number, id, kind, subject_id, photo, file_name, model, at, duration, tries, fault, cost) = row;
    let summary = TraceSummary {
        id: TraceId(id),
        kind: from_name(&kind)?,
        subject_id,
        photo_id: PhotoId(photo),
        file_name,
        model,
        at: from_ms(at)?,
        duration_ms: duration as u64,
        tries: tries as u32,
        fault: fault.as_deref().map(from_name).transpose()?,
        cost_usd: cost.map(UsdMicros),
        prompt: None,
        repeat: None,
    };
    Ok(Numbered { number, summary })
}

/// What is looked for, as SQL: one index leads, and it gives the order.
fn query(org: OrganizationId, wanted: &Wanted, limit: u32) -> Result<QueryBuilder<Sqlite>> {
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM "));
    if wanted.words.is_empty() {
        query.push("traces t WHERE ");
    } else {
        query.push("trace_words w CROSS JOIN traces t ON t.number = w.rowid WHERE w.trace_words MATCH ").push_bind(expression(&wanted.words));
        query.push(" AND ");
    }
    query.push("t.organization_id = ").push_bind(org.0);
    match wanted.fault {
        Some(WantedFault::Any) => {
            query.push(" AND t.fault IS NOT NULL");
        }
        Some(WantedFault::Kind(kind)) => {
            query.push(" AND t.fault IS NOT NULL AND t.fault = ").push_bind(to_name(&kind)?);
        }
        None => {}
    }
    if let Some(model) = &wanted.model {
        query.push(" AND t.model = ").push_bind(model.clone());
    }
    if let Some(kind) = wanted.kind {
        query.push(" AND t.kind = ").push_bind(to_name(&kind)?);
    }
    if let Some(least) = wanted.min_duration_ms {
        query.push(" AND t.duration_ms >= ").push_bind(least as i64);
    }
    match (wanted.after, wanted.is_by_duration(), wanted.words.is_empty()) {
        (Some((duration, number)), true, _) => {
            query.push(" AND (t.duration_ms, t.number) < (").push_bind(duration).push(", ").push_bind(number).push(")");
        }
        (Some((_, number)), false, true) => {
            query.push(" AND t.number < ").push_bind(number);
        }
        (Some((_, number)), false, false) => {
            query.push(" AND w.rowid < ").push_bind(number);
        }
        (None, ..) => {}
    }
    let order = match (wanted.is_by_duration(), wanted.words.is_empty()) {
        (true, _) => "t.duration_ms DESC, t.number DESC",
        (false, true) => "t.number DESC",
        (false, false) => "w.rowid DESC",
    };
    query.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(i64::from(limit));
    Ok(query)
}

/// All of the words; the last one may be a beginning.
fn expression(words: &[String]) -> String {
    let phrases: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    format!("{} *", phrases.join(" AND "))
}

pub async fn find(db: &Db, org: OrganizationId, wanted: &Wanted, limit: u32) -> Result<Vec<Numbered>> {
    let rows: Vec<Row> = query(org, wanted, limit)?.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(numbered).collect()
}

/// Of cells: the name of their prompt, and which repeat they are, from 1, where there are more. Those whose run is gone are missing.
pub async fn tested(db: &Db, org: OrganizationId, cells: &[Uuid]) -> Result<HashMap<Uuid, (String, Option<u32>)>> {
    let mut found = HashMap::with_capacity(cells.len());
    let mut runs: HashMap<Uuid, (Vec<RunColumn>, i64)> = HashMap::new();
    for chunk in cells.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT id, run_id, column_index, repeat_index FROM run_cells WHERE organization_id = ");
        query.push_bind(org.0).push(" AND id IN (");
        let mut list = query.separated(", ");
        for cell in chunk {
            list.push_bind(*cell);
        }
        let rows: Vec<(Uuid, Uuid, i64, i64)> = query.push(")").build_query_as().fetch_all(&db.read).await?;
        for (cell, run, column, repeat) in rows {
            if let Entry::Vacant(vacant) = runs.entry(run) {
                let row: Option<(String, i64)> =
                    sqlx::query_as("SELECT columns, repeats FROM runs WHERE id = $1").bind(run).fetch_optional(&db.read).await?;
                let Some((columns, repeats)) = row else { continue };
                vacant.insert((from_json(&columns)?, repeats));
            }
            let Some((columns, repeats)) = runs.get(&run) else { continue };
            let Some(column) = columns.get(column as usize) else { continue };
            found.insert(cell, (column.prompt_name.clone(), (*repeats > 1).then_some(repeat as u32 + 1)));
        }
    }
    Ok(found)
}

/// The trace with this id, or the newest of the result or cell with this id.
pub async fn get(db: &Db, org: OrganizationId, id: Uuid) -> Result<Option<(TraceSummary, KeptTrace)>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM traces t WHERE t.organization_id = $1 AND (t.id = $2 OR t.subject_id = $2) AND (t.kind <> 'replay' OR t.id = $2)
         ORDER BY t.number DESC LIMIT 1"
    );
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id).fetch_optional(&db.read).await?;
    let Some(Numbered { number, summary }) = row.map(numbered).transpose()? else { return Ok(None) };
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM trace_bodies WHERE number = $1").bind(number).fetch_optional(&db.read).await?;
    body.map(|body| Ok((summary, from_json(&body)?))).transpose()
}

/// The replays of a trace, newest first.
pub async fn replays(db: &Db, org: OrganizationId, id: TraceId) -> Result<Vec<TraceSummary>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM traces t WHERE t.organization_id = $1 AND t.subject_id = $2 AND t.kind = 'replay' ORDER BY t.number DESC LIMIT 50"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(org.0).bind(id.0).fetch_all(&db.read).await?;
    rows.into_iter().map(|row| numbered(row).map(|row| row.summary)).collect()
}

/// A cell by its id: for one whose trace is not kept.
pub async fn cell(db: &Db, org: OrganizationId, id: CellId) -> Result<Option<Cell>> {
    let run: Option<Uuid> = sqlx::query_scalar("SELECT run_id FROM run_cells WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(id.0)
        .fetch_optional(&db.read)
        .await?;
    let Some(run) = run else { return Ok(None) };
    // Pages are by id: the one before begins the page of this one.
    let before = CellId(Uuid::from_u128(id.0.as_u128().saturating_sub(1)));
    let cells = super::runs::cells(db, org, crate::wire::ids::RunId(run), Some(before), 1).await?;
    Ok(cells.into_iter().find(|cell| cell.id == id))
}

/// A result by its id: for one whose trace is not kept.
pub async fn result(db: &Db, org: OrganizationId, id: ResultId) -> Result<Option<crate::wire::result::PhotoResult>> {
    Ok(super::results::with_ids(db, org, &[id]).await?.pop())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::store::plans;
    use crate::wire::result::Fault;

    async fn open() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("minerva.sqlite")).await.expect("opens");
        let mut tx = db.begin().await.expect("begins");
        sqlx::query("INSERT INTO organizations (id, name, created_at_ms) VALUES ($1, 'own', 0)")
            .bind(OrganizationId::LOCAL.0)
            .execute(&mut *tx)
            .await
            .expect("an organisation");
        tx.commit().await.expect("commits");
        (folder, db)
    }

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(ms).expect("a time")
    }

    async fn put(db: &Db, number: u64, bytes: usize) {
        let fault = Fault::new(FaultKind::Timeout, format!("word{number} {}", "x".repeat(bytes)));
        let summary = TraceSummary {
            id: TraceId::fresh(),
            kind: TraceKind::Job,
            subject_id: Uuid::now_v7(),
            photo_id: PhotoId::fresh(),
            file_name: format!("{number}.jpg"),
            model: "lab/one".to_owned(),
            at: at(number as i64),
            duration_ms: number,
            tries: 1,
            fault: Some(FaultKind::Timeout),
            cost_usd: None,
            prompt: None,
            repeat: None,
        };
        let prompt = TracePrompt::Inline { name: String::new(), content: String::new(), parts: Default::default(), image: None };
        let kept =
            KeptTrace { prompt, outcome: Outcome::Failed(fault), decision: None, ruled: None, steps: Vec::new(), exchanges: Vec::new(), edit: None };
        let mut tx = db.begin().await.expect("begins");
        insert(&mut tx, OrganizationId::LOCAL, &summary, &kept).await.expect("stored");
        tx.commit().await.expect("commits");
    }

    async fn count(db: &Db) -> (i64, i64, i64) {
        sqlx::query_as("SELECT (SELECT COUNT(*) FROM traces), (SELECT COUNT(*) FROM trace_bodies), (SELECT bytes FROM trace_total)")
            .fetch_one(&db.read)
            .await
            .expect("counted")
    }

    #[tokio::test]
    async fn no_search_walks_over_all_traces_and_none_sorts_them() {
        let (_folder, db) = open().await;
        let after = Some((7, 7));
        let base = || Wanted { after, ..Wanted::default() };
        let all = [
            base(),
            Wanted { fault: Some(WantedFault::Any), ..base() },
            Wanted { fault: Some(WantedFault::Kind(FaultKind::Timeout)), ..base() },
            Wanted { model: Some("lab/one".to_owned()), ..base() },
            Wanted { kind: Some(TraceKind::Cell), ..base() },
            Wanted { min_duration_ms: Some(2_000), ..base() },
            Wanted { min_duration_ms: Some(2_000), model: Some("lab/one".to_owned()), ..base() },
            Wanted { words: vec!["dog".to_owned(), "bea".to_owned()], ..base() },
            Wanted { words: vec!["dog".to_owned()], model: Some("lab/one".to_owned()), min_duration_ms: Some(9), ..base() },
        ];
        for wanted in all {
            let sql = query(OrganizationId::LOCAL, &wanted, 50).expect("a query").sql().as_str().to_owned();
            plans::assert_indexed(&db, &sql, &format!("{wanted:?}")).await;
        }
    }

    #[tokio::test]
    async fn what_is_old_is_forgotten_with_its_words_and_the_sum_stays_true() {
        let (_folder, db) = open().await;
        for number in 1..=6 {
            put(&db, number, 10).await;
        }
        let mut tx = db.begin().await.expect("begins");
        assert_eq!(forget(&mut tx, Some(at(4))).await.expect("forgotten"), 3);
        assert_eq!(forget(&mut tx, Some(at(4))).await.expect("forgotten"), 0);
        tx.commit().await.expect("commits");
        let (traces, bodies, bytes) = count(&db).await;
        let left: i64 = sqlx::query_scalar("SELECT SUM(LENGTH(body)) FROM trace_bodies").fetch_one(&db.read).await.expect("a sum");
        assert_eq!((traces, bodies, bytes), (3, 3, left));
        let found = |word: &str| Wanted { words: vec![word.to_owned()], ..Wanted::default() };
        assert_eq!(find(&db, OrganizationId::LOCAL, &found("word2"), 9).await.expect("found").len(), 0);
        assert_eq!(find(&db, OrganizationId::LOCAL, &found("word5"), 9).await.expect("found").len(), 1);
    }

    #[tokio::test]
    async fn the_oldest_give_way_where_there_is_more_than_is_kept() {
        let (_folder, db) = open().await;
        put(&db, 1, ROOM_MADE as usize).await;
        let mut tx = db.begin().await.expect("begins");
        sqlx::query("UPDATE trace_total SET bytes = bytes + $1").bind(BYTES_MOST).execute(&mut *tx).await.expect("as if there were more");
        tx.commit().await.expect("commits");
        put(&db, 2, 10).await;
        let (traces, bodies, _) = count(&db).await;
        assert_eq!((traces, bodies), (1, 1), "the older one made room enough");
        let left = find(&db, OrganizationId::LOCAL, &Wanted::default(), 9).await.expect("found");
        assert_eq!(left[0].summary.file_name, "2.jpg");
    }
}
