//! What calls used and cost, as estimates and repricing need it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use sqlx::{QueryBuilder, Sqlite};

use super::rollups::Span;
use super::{Db, Result, from_json, from_ms, to_ms};
use crate::wire::ids::{OrganizationId, PhotoId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::result::Usage;
use crate::wire::run::RunColumn;

/// Values of one statement.
const VALUES_AT_ONCE: usize = 10_000;
/// Runs that are looked through for a model's earlier answers.
const RUNS_LOOKED_AT: i64 = 20;

/// An earlier answer of a model.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub output_tokens: Option<u64>,
    pub latency_ms: u64,
}

/// One call that was billed.
#[derive(Debug, Clone)]
pub struct BilledCall {
    /// Full model name.
    pub model: String,
    pub at: DateTime<Utc>,
    pub usage: Usage,
    pub cost: Option<UsdMicros>,
}

/// What is read of an answer or a fault.
#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    usage: Usage,
    #[serde(default)]
    may_cost: bool,
}

/// Pixel sizes of photos, deleted ones included.
pub async fn photo_sizes(db: &Db, org: OrganizationId, ids: &[PhotoId]) -> Result<HashMap<PhotoId, (u32, u32)>> {
    let mut sizes = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(VALUES_AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT id, width_px, height_px FROM photos WHERE organization_id = ");
        query.push_bind(org.0).push(" AND id IN (");
        let mut list = query.separated(", ");
        for id in chunk {
            list.push_bind(id.0);
        }
        query.push(")");
        let rows: Vec<(uuid::Uuid, i64, i64)> = query.build_query_as().fetch_all(&db.read).await?;
        sizes.extend(rows.into_iter().map(|(id, width, height)| (PhotoId(id), (width as u32, height as u32))));
    }
    Ok(sizes)
}

/// Pixel sizes of the newest photos.
pub async fn newest_sizes(db: &Db, org: OrganizationId, most: u32) -> Result<Vec<(u32, u32)>> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT width_px, height_px FROM photos WHERE organization_id = $1 AND deleted_at_ms IS NULL
         ORDER BY created_at_ms DESC, id DESC LIMIT $2",
    )
    .bind(org.0)
    .bind(i64::from(most))
    .fetch_all(&db.read)
    .await?;
    Ok(rows.into_iter().map(|(width, height)| (width as u32, height as u32)).collect())
}

/// The newest answers of a model: of the pipeline since a moment, then of the newest runs.
pub async fn measured(db: &Db, org: OrganizationId, model: &str, since: DateTime<Utc>, most: usize) -> Result<Vec<Measured>> {
    let rows: Vec<(String, i64)> = match days_of(db, org, model, since, most as u64).await? {
        None => Vec::new(),
        Some((from, to)) => {
            sqlx::query_as(
                "SELECT token_usage, provider_response_time_ms FROM ai_processing_results
                 WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms < $3 AND status = 'completed' AND model = $4
                 ORDER BY created_at_ms DESC LIMIT $5",
            )
            .bind(org.0)
            .bind(from)
            .bind(to)
            .bind(model)
            .bind(most as i64)
            .fetch_all(&db.read)
            .await?
        }
    };
    let of_pipeline = |(usage, latency): (String, i64)| -> Result<Measured> {
        Ok(Measured { output_tokens: from_json::<Usage>(&usage)?.output_tokens, latency_ms: latency as u64 })
    };
    let mut found = rows.into_iter().map(of_pipeline).collect::<Result<Vec<_>>>()?;
    for (run, columns) in newest_runs(db, org).await? {
        for at in (0..columns.len()).filter(|at| columns[*at].model == model) {
            let left = most.saturating_sub(found.len());
            if left == 0 {
                return Ok(found);
            }
            found.extend(of_column(db, org, run, at, left).await?);
        }
    }
    Ok(found)
}

/// From when to when a model's newest results are, as the sums of the days have it; `None`: there are none. Results are in the order of
/// their times: those of a model with few would be looked for among all.
async fn days_of(db: &Db, org: OrganizationId, model: &str, since: DateTime<Utc>, most: u64) -> Result<Option<(i64, i64)>> {
    let since = to_ms(since);
    let days: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT from_ms, SUM(results) FROM ai_result_rollups
         WHERE organization_id = $1 AND span_ms = $2 AND from_ms >= $3 AND model = $4 GROUP BY from_ms ORDER BY from_ms DESC",
    )
    .bind(org.0)
    .bind(Span::Day.ms())
    .bind(Span::Day.floor(since))
    .bind(model)
    .fetch_all(&db.read)
    .await?;
    let Some((newest, _)) = days.first() else { return Ok(None) };
    let (mut first, mut found) = (*newest, 0);
    for (day, results) in &days {
        // The last day may be cut by `since`, and not all results are completed: one day more is looked at.
        first = *day;
        if found >= most {
            break;
        }
        found += *results as u64;
    }
    Ok(Some((first.max(since), newest + Span::Day.ms())))
}

/// The most that a model's newest results took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dearest {
    pub cost: UsdMicros,
    pub input_tokens: u64,
}

/// What the newest results of a model took at most, whatever became of them; nothing before the first.
pub async fn dearest(db: &Db, org: OrganizationId, model: &str, since: DateTime<Utc>, most: u32) -> Result<Dearest> {
    let Some((from, to)) = days_of(db, org, model, since, u64::from(most)).await? else { return Ok(Dearest::default()) };
    let (cost, input): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT MAX(cost_usd_micros), MAX(input_tokens) FROM (
             SELECT cost_usd_micros, json_extract(token_usage, '$.input_tokens') input_tokens FROM ai_processing_results
             WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms < $3 AND model = $4 ORDER BY created_at_ms DESC LIMIT $5
         ) newest",
    )
    .bind(org.0)
    .bind(from)
    .bind(to)
    .bind(model)
    .bind(i64::from(most))
    .fetch_one(&db.read)
    .await?;
    Ok(Dearest { cost: UsdMicros(cost.unwrap_or(0)), input_tokens: input.unwrap_or(0).max(0) as u64 })
}

/// What an answer of a run took in, and the size of its photo in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedInput {
    pub input_tokens: u64,
    pub size: (u32, u32),
}

/// The input of the newest runs' answers of a model, by the column that says what was sent; those that were asked for, each once.
pub async fn counted_inputs(db: &Db, org: OrganizationId, model: &str, most: usize) -> Result<Vec<(RunColumn, Vec<CountedInput>)>> {
    let (mut found, mut left) = (Vec::new(), most);
    for (run, columns) in newest_runs(db, org).await? {
        for (at, column) in columns.into_iter().enumerate().filter(|(_, column)| column.model == model) {
            if left == 0 {
                return Ok(found);
            }
            let inputs = inputs_of_column(db, org, run, at, left).await?;
            left -= inputs.len();
            if !inputs.is_empty() {
                found.push((column, inputs));
            }
        }
    }
    Ok(found)
}

async fn inputs_of_column(db: &Db, org: OrganizationId, run: RunId, column: usize, most: usize) -> Result<Vec<CountedInput>> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT json_extract(c.answer, '$.usage.input_tokens') input, p.width_px, p.height_px
         FROM run_cells c JOIN photos p ON p.organization_id = c.organization_id AND p.id = c.photo_id
         WHERE c.organization_id = $1 AND c.run_id = $2 AND c.state = 'completed' AND c.column_index = $3 AND c.answer IS NOT NULL
           AND c.reused IS NULL AND input IS NOT NULL LIMIT $4",
    )
    .bind(org.0)
    .bind(run.0)
    .bind(column as i64)
    .bind(most as i64)
    .fetch_all(&db.read)
    .await?;
    let counted = |(input, width, height): (i64, i64, i64)| CountedInput { input_tokens: input.max(0) as u64, size: (width as u32, height as u32) };
    Ok(rows.into_iter().map(counted).collect())
}

async fn newest_runs(db: &Db, org: OrganizationId) -> Result<Vec<(RunId, Vec<RunColumn>)>> {
    let rows: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("SELECT id, columns FROM runs WHERE organization_id = $1 ORDER BY started_at_ms DESC LIMIT $2")
            .bind(org.0)
            .bind(RUNS_LOOKED_AT)
            .fetch_all(&db.read)
            .await?;
    rows.into_iter().map(|(id, columns)| Ok((RunId(id), from_json(&columns)?))).collect()
}

async fn of_column(db: &Db, org: OrganizationId, run: RunId, column: usize, most: usize) -> Result<Vec<Measured>> {
    let rows: Vec<(String, Option<i64>)> = sqlx::query_as(
        "SELECT answer, latency_ms FROM run_cells
         WHERE organization_id = $1 AND run_id = $2 AND state = 'completed' AND column_index = $3 AND answer IS NOT NULL
           AND latency_ms IS NOT NULL LIMIT $4",
    )
    .bind(org.0)
    .bind(run.0)
    .bind(column as i64)
    .bind(most as i64)
    .fetch_all(&db.read)
    .await?;
    let measured = |(answer, latency): (String, Option<i64>)| -> Result<Measured> {
        Ok(Measured { output_tokens: from_json::<Used>(&answer)?.usage.output_tokens, latency_ms: latency.unwrap_or(0) as u64 })
    };
    rows.into_iter().map(measured).collect()
}

/// What the pipeline's calls of `[from, to)` used, one after the other.
pub fn pipeline_calls(db: &Db, org: OrganizationId, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Stream<Item = Result<BilledCall>> + Send {
    type Row = (String, i64, String, Option<i64>, Option<String>);
    let rows = sqlx::query_as::<_, Row>(
        "SELECT model, created_at_ms, token_usage, cost_usd_micros, fault FROM ai_processing_results
         WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms < $3",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(to))
    .fetch(&db.read);
    rows.filter_map(async |row| {
        let read = || -> Result<Option<BilledCall>> {
            let (model, at, usage, cost, fault) = row?;
            let fault = fault.as_deref().map(from_json::<Used>).transpose()?;
            let call = BilledCall { model, at: from_ms(at)?, usage: from_json(&usage)?, cost: cost.map(UsdMicros) };
            Ok(is_billed(fault.as_ref(), &call).then_some(call))
        };
        read().transpose()
    })
}

/// What the cells of the runs that began in `[from, to)` used in their last try. Answers that were known already, and those without a
/// latency, were not asked for.
pub fn run_calls(db: &Db, org: OrganizationId, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Stream<Item = Result<BilledCall>> + Send {
    type Row = (String, i64, i64, Option<String>, Option<String>, Option<i64>);
    let rows = sqlx::query_as::<_, Row>(
        "SELECT r.columns, c.column_index, r.started_at_ms, c.answer, c.fault, c.cost_usd_micros
         FROM runs r JOIN run_cells c ON c.organization_id = r.organization_id AND c.run_id = r.id
         WHERE r.organization_id = $1 AND r.started_at_ms >= $2 AND r.started_at_ms < $3 AND c.state IN ('completed', 'failed')
           AND c.reused IS NULL AND (c.answer IS NULL OR c.latency_ms IS NOT NULL)",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(to))
    .fetch(&db.read);
    rows.filter_map(async |row| {
        let read = || -> Result<Option<BilledCall>> {
            let (columns, column, at, answer, fault, cost) = row?;
            let columns: Vec<RunColumn> = from_json(&columns)?;
            let Some(column) = columns.into_iter().nth(column as usize) else { return Ok(None) };
            let (usage, fault) = match (answer, fault) {
                (Some(answer), _) => (from_json::<Used>(&answer)?.usage, None),
                (None, Some(fault)) => {
                    let used: Used = from_json(&fault)?;
                    (used.usage, Some(used))
                }
                (None, None) => return Ok(None),
            };
            let call = BilledCall { model: column.model, at: from_ms(at)?, usage, cost: cost.map(UsdMicros) };
            Ok(is_billed(fault.as_ref(), &call).then_some(call))
        };
        read().transpose()
    })
}

/// Answers are billed, and so are refusals and cut answers: faults that say what they used or cost, or that may
/// have cost something.
fn is_billed(fault: Option<&Used>, call: &BilledCall) -> bool {
    fault.is_none_or(|fault| fault.may_cost) || call.cost.is_some_and(|cost| cost != UsdMicros(0)) || call.usage != Usage::default()
}
