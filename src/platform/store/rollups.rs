//! Sums over results by minute, hour and day, kept with each result: what screens read instead of the results.
//!
//! A result whose photo could not be read is not among them: the photo never reached the model, so it is no failure of the model and
//! of its provider, and it cost nothing. Its job says that it failed, and why. Sums that were kept before this rule are as they were
//! counted then: minutes of them are forgotten after eight days, and hours and days stay.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::histogram::Histogram;
use super::{Db, Result, StoreError, Tx, from_json, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;
use crate::wire::result::{Fault, FaultKind};

/// Keys looked for, and rows written, in one statement.
const ROWS_A_STATEMENT: usize = 200;
/// Stored rows that are added up before they are written, where there are many.
const KEYS_IN_MEMORY: usize = 2_000;
/// How far back minutes are kept: a week that can be looked at by the minute, and a day to spare.
pub const MINUTES_KEPT_MS: i64 = 8 * Span::Day.ms();
/// A confidence of 1, in the unit of the sums: finer than the stored 32-bit confidences themselves.
const CONFIDENCE_UNIT: f64 = 1e9;
/// A confidence of 1, in the unit of the histograms: ± 0.005: whole percents have buckets of their own.
const CONFIDENCE_STEPS: f64 = 100.0;

/// How much time one row stands for. All begin at whole ones of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    Minute,
    Hour,
    Day,
}

impl Span {
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    #[must_use]
    pub const fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// Beginning of the span that holds a moment.
    #[must_use]
    pub const fn floor(self, ms: i64) -> i64 {
        ms.div_euclid(self.ms()) * self.ms()
    }

    /// Beginning of the first span that does not begin before a moment.
    #[must_use]
    pub const fn ceil(self, ms: i64) -> i64 {
        -self.floor(-ms)
    }
}

/// What rows tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    organization: Uuid,
    span: Span,
    from_ms: i64,
    provider: String,
    model: String,
    prompt_version: Uuid,
    completed: bool,
}

/// What is summed of a result.
#[derive(Debug, Clone)]
pub struct Counted<'r> {
    pub organization: OrganizationId,
    pub at_ms: i64,
    pub provider: &'r str,
    /// Full model name.
    pub model: &'r str,
    pub prompt_version: Option<Uuid>,
    pub completed: bool,
    pub cost: Option<UsdMicros>,
    pub mean_confidence: Option<f64>,
    pub latency_ms: u64,
    pub wait_ms: u64,
}

/// Sums over results that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    pub results: u64,
    /// The known costs.
    pub cost: UsdMicros,
    pub cost_unknown: u64,
    /// Results that have a mean confidence.
    pub confident: u64,
    confidence_sum: i64,
    latency_sum_ms: i64,
    wait_sum_ms: i64,
    /// Milliseconds of `provider_response_time_ms`.
    pub latencies: Histogram,
    /// Milliseconds of `queue_wait_time_ms`.
    pub waits: Histogram,
    confidences: Histogram,
}

impl Sums {
    fn add(&mut self, counted: &Counted<'_>) {
        self.results += 1;
        self.cost += counted.cost.unwrap_or_default();
        self.cost_unknown += u64::from(counted.cost.is_none());
        if let Some(confidence) = counted.mean_confidence {
            self.confident += 1;
            self.confidence_sum += (confidence * CONFIDENCE_UNIT).round() as i64;
            self.confidences.add((confidence.clamp(0.0, 1.0) * CONFIDENCE_STEPS).round() as u64);
        }
        self.latency_sum_ms += counted.latency_ms as i64;
        self.wait_sum_ms += counted.wait_ms as i64;
        self.latencies.add(counted.latency_ms);
        self.waits.add(counted.wait_ms);
    }

    pub fn merge(&mut self, other: &Self) {
        self.results += other.results;
        self.cost += other.cost;
        self.cost_unknown += other.cost_unknown;
        self.confident += other.confident;
        self.confidence_sum += other.confidence_sum;
        self.latency_sum_ms += other.latency_sum_ms;
        self.wait_sum_ms += other.wait_sum_ms;
        self.latencies.merge(&other.latencies);
        self.waits.merge(&other.waits);
        self.confidences.merge(&other.confidences);
    }

    /// 0–1; `None` when no result has one.
    #[must_use]
    pub fn mean_confidence(&self) -> Option<f64> {
        (self.confident > 0).then(|| self.confidence_sum as f64 / CONFIDENCE_UNIT / self.confident as f64)
    }

    /// The quantile `q` of the results' mean confidences, ± 0.005.
    #[must_use]
    pub fn confidence_quantile(&self, q: f64) -> Option<f64> {
        Some(self.confidences.quantile(q)? / CONFIDENCE_STEPS)
    }

    #[must_use]
    pub fn mean_wait_ms(&self) -> Option<f64> {
        (self.results > 0).then(|| self.wait_sum_ms as f64 / self.results as f64)
    }

    #[must_use]
    pub fn mean_latency_ms(&self) -> Option<f64> {
        (self.results > 0).then(|| self.latency_sum_ms as f64 / self.results as f64)
    }
}

/// Sums that wait to be written.
#[derive(Debug, Default)]
pub struct Rollups {
    /// Results before this have no minutes.
    minutes_from_ms: i64,
    sums: HashMap<Key, Sums>,
}

impl Rollups {
    /// `minutes_from_ms`: since when minutes are kept.
    #[must_use]
    pub fn new(minutes_from_ms: i64) -> Self {
        Self { minutes_from_ms, sums: HashMap::new() }
    }

    /// Counts a result.
    pub fn add(&mut self, counted: &Counted<'_>) {
        for span in Span::ALL {
            if span == Span::Minute && counted.at_ms < self.minutes_from_ms {
                continue;
            }
            let key = Key {
                organization: counted.organization.0,
                span,
                from_ms: span.floor(counted.at_ms),
                provider: counted.provider.to_owned(),
                model: counted.model.to_owned(),
                prompt_version: counted.prompt_version.unwrap_or_default(),
                completed: counted.completed,
            };
            self.sums.entry(key).or_default().add(counted);
        }
    }

    /// Whether it is time to write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.sums.len() >= KEYS_IN_MEMORY
    }

    /// Adds what was counted to the stored rows, and forgets it here.
    pub async fn write(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        let mut rows: Vec<(Key, Sums)> = self.sums.drain().collect();
        for chunk in rows.chunks_mut(ROWS_A_STATEMENT) {
            add_stored(connection, chunk).await?;
            put(connection, chunk).await?;
        }
        Ok(())
    }
}

fn status(completed: bool) -> &'static str {
    if completed { "completed" } else { "failed" }
}

const SUMS: &str = "results, cost_usd_micros, cost_unknown, confident, confidence_sum, latency_sum_ms, wait_sum_ms, latencies, waits, confidences";

/// Adds what is stored under the same keys. The histograms can only be added up here; nobody else writes meanwhile,
/// because a write transaction holds the database.
async fn add_stored(connection: &mut SqliteConnection, rows: &mut [(Key, Sums)]) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT w.number, ");
    query.push(SUMS.split(", ").map(|column| format!("r.{column}")).collect::<Vec<_>>().join(", "));
    query.push(" FROM (");
    for (number, (key, _)) in rows.iter().enumerate() {
        query.push(if number == 0 { "SELECT " } else { " UNION ALL SELECT " }).push_bind(number as i64);
        query.push(if number == 0 { " AS number, " } else { ", " }).push_bind(key.organization);
        query.push(if number == 0 { " AS organization_id, " } else { ", " }).push_bind(key.span.ms());
        query.push(if number == 0 { " AS span_ms, " } else { ", " }).push_bind(key.from_ms);
        query.push(if number == 0 { " AS from_ms, " } else { ", " }).push_bind(key.provider.clone());
        query.push(if number == 0 { " AS ai_provider, " } else { ", " }).push_bind(key.model.clone());
        query.push(if number == 0 { " AS model, " } else { ", " }).push_bind(key.prompt_version);
        query.push(if number == 0 { " AS prompt_version_id, " } else { ", " }).push_bind(status(key.completed));
        query.push(if number == 0 { " AS status" } else { "" });
    }
    // CROSS JOIN: the wanted keys first, then each by the primary key.
    query.push(
        ") w CROSS JOIN ai_result_rollups r ON r.organization_id = w.organization_id AND r.span_ms = w.span_ms AND r.from_ms = w.from_ms
            AND r.ai_provider = w.ai_provider AND r.model = w.model AND r.prompt_version_id = w.prompt_version_id AND r.status = w.status",
    );
    for stored in query.build().fetch_all(connection).await? {
        let number: i64 = stored.try_get("number")?;
        if let Some((_, sums)) = rows.get_mut(number as usize) {
            add_row(sums, &stored)?;
        }
    }
    Ok(())
}

/// Adds a stored row.
fn add_row(sums: &mut Sums, row: &SqliteRow) -> Result<()> {
    let number = |name: &str| row.try_get::<i64, _>(name);
    sums.results += number("results")? as u64;
    sums.cost += UsdMicros(number("cost_usd_micros")?);
    sums.cost_unknown += number("cost_unknown")? as u64;
    sums.confident += number("confident")? as u64;
    sums.confidence_sum += number("confidence_sum")?;
    sums.latency_sum_ms += number("latency_sum_ms")?;
    sums.wait_sum_ms += number("wait_sum_ms")?;
    for (histogram, name) in [(&mut sums.latencies, "latencies"), (&mut sums.waits, "waits"), (&mut sums.confidences, "confidences")] {
        histogram.merge_bytes(row.try_get(name)?).map_err(|error| StoreError::Value(error.to_string()))?;
    }
    Ok(())
}

/// Writes rows in place of those of the same keys.
async fn put(connection: &mut SqliteConnection, rows: &[(Key, Sums)]) -> Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO ai_result_rollups (organization_id, span_ms, from_ms, ai_provider, model, prompt_version_id, status, ",
    );
    query.push(SUMS).push(") ");
    query.push_values(rows, |mut row, (key, sums)| {
        row.push_bind(key.organization).push_bind(key.span.ms()).push_bind(key.from_ms);
        row.push_bind(key.provider.clone()).push_bind(key.model.clone()).push_bind(key.prompt_version).push_bind(status(key.completed));
        row.push_bind(sums.results as i64).push_bind(sums.cost.0).push_bind(sums.cost_unknown as i64);
        row.push_bind(sums.confident as i64).push_bind(sums.confidence_sum).push_bind(sums.latency_sum_ms).push_bind(sums.wait_sum_ms);
        row.push_bind(sums.latencies.to_bytes()).push_bind(sums.waits.to_bytes()).push_bind(sums.confidences.to_bytes());
    });
    query.push(" ON CONFLICT (organization_id, span_ms, from_ms, ai_provider, model, prompt_version_id, status) DO UPDATE SET ");
    query.push(SUMS.split(", ").map(|column| format!("{column} = excluded.{column}")).collect::<Vec<_>>().join(", "));
    query.build().execute(connection).await?;
    Ok(())
}

/// Which rollups are read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// Divides `from_ms`, `to_ms` and `step_ms`.
    pub span: Span,
    pub from_ms: i64,
    /// Not included.
    pub to_ms: i64,
    pub step_ms: i64,
    pub provider: Option<&'w str>,
    pub histograms: Histograms,
}

/// Which histograms are read: they are most of a row, so only what is asked for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Histograms {
    None,
    Latencies,
    Waits,
    All,
}

impl Histograms {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Latencies => &["latencies"],
            Self::Waits => &["waits"],
            Self::All => &["latencies", "waits", "confidences"],
        }
    }
}

/// The results of one model in one step that ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summed {
    /// Counted from the beginning of the range.
    pub step: i64,
    pub provider: String,
    pub model: String,
    pub completed: bool,
    pub sums: Sums,
}

/// Sums by step, provider, model and ending, in that order.
pub async fn read(db: &Db, org: OrganizationId, wanted: Wanted<'_>) -> Result<Vec<Summed>> {
    read_in(&mut *db.read.acquire().await?, org, wanted).await
}

/// The same, as a transaction sees it.
pub(super) async fn read_in(connection: &mut SqliteConnection, org: OrganizationId, wanted: Wanted<'_>) -> Result<Vec<Summed>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT (from_ms - ");
    query.push_bind(wanted.from_ms).push(") / ").push_bind(wanted.step_ms);
    query.push(
        " AS step, ai_provider, model, status, SUM(results), SUM(cost_usd_micros), SUM(cost_unknown), SUM(confident), SUM(confidence_sum),
          SUM(latency_sum_ms), SUM(wait_sum_ms)",
    );
    // Histograms are added up here, but come as one text each: what a row costs on its way is more than what is in it.
    for column in wanted.histograms.columns() {
        query.push(", GROUP_CONCAT(HEX(").push(column).push("), ' ')");
    }
    query.push(" FROM ai_result_rollups WHERE organization_id = ").push_bind(org.0);
    query.push(" AND span_ms = ").push_bind(wanted.span.ms());
    query.push(" AND from_ms >= ").push_bind(wanted.from_ms).push(" AND from_ms < ").push_bind(wanted.to_ms);
    if let Some(provider) = wanted.provider {
        query.push(" AND ai_provider = ").push_bind(provider.to_owned());
    }
    query.push(" GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 DESC");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| summed(row, wanted.histograms)).collect()
}

fn summed(row: &SqliteRow, histograms: Histograms) -> Result<Summed> {
    let number = |at: usize| row.try_get::<i64, _>(at);
    let mut sums = Sums {
        results: number(4)? as u64,
        cost: UsdMicros(number(5)?),
        cost_unknown: number(6)? as u64,
        confident: number(7)? as u64,
        confidence_sum: number(8)?,
        latency_sum_ms: number(9)?,
        wait_sum_ms: number(10)?,
        ..Sums::default()
    };
    for (at, column) in histograms.columns().iter().enumerate() {
        let histogram = match *column {
            "latencies" => &mut sums.latencies,
            "waits" => &mut sums.waits,
            _ => &mut sums.confidences,
        };
        for part in row.try_get::<&str, _>(11 + at)?.split(' ').filter(|part| !part.is_empty()) {
            let bytes = hex::decode(part).map_err(|error| StoreError::Value(error.to_string()))?;
            histogram.merge_bytes(&bytes).map_err(|error| StoreError::Value(error.to_string()))?;
        }
    }
    Ok(Summed { step: number(0)?, provider: row.try_get(1)?, model: row.try_get(2)?, completed: row.try_get::<&str, _>(3)? == "completed", sums })
}

/// As [`read`], of what was stored until a moment, that moment included: of the span that holds it only what was before it.
/// Minutes must still be kept of that moment's hour.
pub async fn read_until(db: &Db, org: OrganizationId, wanted: Wanted<'_>, until: DateTime<Utc>) -> Result<Vec<Summed>> {
    let mut tx = db.read.begin().await?;
    let summed = read_until_in(&mut tx, org, wanted, to_ms(until)).await?;
    tx.commit().await?;
    Ok(summed)
}

/// The same, as a transaction sees it.
pub(super) async fn read_until_in(connection: &mut SqliteConnection, org: OrganizationId, wanted: Wanted<'_>, until_ms: i64) -> Result<Vec<Summed>> {
    if until_ms >= wanted.to_ms {
        return read_in(connection, org, wanted).await;
    }
    if until_ms < wanted.from_ms {
        return Ok(Vec::new());
    }
    let cut_ms = wanted.span.floor(until_ms);
    let mut all = read_in(connection, org, Wanted { to_ms: cut_ms, ..wanted }).await?;
    // The span that holds the moment, in ever shorter ones; all of it belongs to one step.
    let mut parts = Vec::new();
    let mut from_ms = cut_ms;
    for span in [Span::Hour, Span::Minute].into_iter().filter(|span| span.ms() < wanted.span.ms()) {
        let to_ms = span.floor(until_ms);
        parts.extend(read_in(connection, org, Wanted { span, from_ms, to_ms, ..wanted }).await?);
        from_ms = to_ms;
    }
    parts.extend(read_results(connection, org, wanted, from_ms, until_ms).await?);
    let step = (cut_ms - wanted.from_ms) / wanted.step_ms;
    all.extend(parts.into_iter().map(|part| Summed { step, ..part }));
    Ok(all)
}

/// The results of a part of a minute, its last millisecond included, summed one by one.
async fn read_results(connection: &mut SqliteConnection, org: OrganizationId, wanted: Wanted<'_>, from_ms: i64, last_ms: i64) -> Result<Vec<Summed>> {
    let rows: Vec<Stored> = sqlx::query_as(
        "SELECT organization_id, created_at_ms, ai_provider, model, prompt_version_id, status, fault, cost_usd_micros, mean_confidence,
                provider_response_time_ms, queue_wait_time_ms
         FROM ai_processing_results WHERE organization_id = $1 AND created_at_ms >= $2 AND created_at_ms <= $3 AND COALESCE(ai_provider = $4, TRUE)",
    )
    .bind(org.0)
    .bind(from_ms)
    .bind(last_ms)
    .bind(wanted.provider)
    .fetch_all(connection)
    .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(counted) = row.counted()? else { continue };
        let mut sums = Sums::default();
        sums.add(&counted);
        all.push(Summed { step: 0, provider: row.ai_provider.clone(), model: row.model.clone(), completed: counted.completed, sums });
    }
    Ok(all)
}

/// Forgets minutes that began before a moment; gives their number.
pub async fn prune_minutes(tx: &mut Tx, org: OrganizationId, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("DELETE FROM ai_result_rollups WHERE organization_id = $1 AND span_ms = $2 AND from_ms < $3")
        .bind(org.0)
        .bind(Span::Minute.ms())
        .bind(to_ms(before))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Whether a result says anything of its model: not where its photo never reached it, nor where a try was cut off that cost nothing.
#[must_use]
pub fn is_counted(fault: Option<&Fault>, cost: Option<UsdMicros>) -> bool {
    fault.is_none_or(|fault| !fault.kind.is_of_the_photo() && (fault.kind != FaultKind::Cancelled || cost != Some(UsdMicros(0))))
}

/// What is read of a result that was stored before there were rollups.
#[derive(sqlx::FromRow)]
struct Stored {
    organization_id: Uuid,
    created_at_ms: i64,
    ai_provider: String,
    model: String,
    prompt_version_id: Option<Uuid>,
    status: String,
    fault: Option<String>,
    cost_usd_micros: Option<i64>,
    mean_confidence: Option<f64>,
    provider_response_time_ms: i64,
    queue_wait_time_ms: i64,
}

impl Stored {
    /// `None`: as [`is_counted`] says.
    fn counted(&self) -> Result<Option<Counted<'_>>> {
        let fault = self.fault.as_deref().map(from_json::<Fault>).transpose()?;
        let cost = self.cost_usd_micros.map(UsdMicros);
        if !is_counted(fault.as_ref(), cost) {
            return Ok(None);
        }
        Ok(Some(Counted {
            organization: OrganizationId(self.organization_id),
            at_ms: self.created_at_ms,
            provider: &self.ai_provider,
            model: &self.model,
            prompt_version: self.prompt_version_id,
            completed: self.status == "completed",
            cost,
            mean_confidence: self.mean_confidence,
            latency_ms: self.provider_response_time_ms.max(0) as u64,
            wait_ms: self.queue_wait_time_ms.max(0) as u64,
        }))
    }
}

/// Adds up what was stored before there were rollups: once in a database's life, in one transaction, so that a start
/// that is cut off leaves nothing behind and the next one begins anew. Minutes reach back from the newest result.
pub(super) async fn add_up_old(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    let done: Option<i64> = sqlx::query_scalar("SELECT at_ms FROM database_marks WHERE name = 'rollups'").fetch_optional(&mut *tx).await?;
    if done.is_some() {
        return Ok(());
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(created_at_ms) FROM ai_processing_results").fetch_one(&mut *tx).await?;
    let newest = newest.unwrap_or(0);
    let mut rollups = Rollups::new(newest - MINUTES_KEPT_MS);
    // Read beside the transaction that writes: it sees all, because nothing else writes before the platform answers.
    let mut stored = sqlx::query_as::<_, Stored>(
        "SELECT organization_id, created_at_ms, ai_provider, model, prompt_version_id, status, fault, cost_usd_micros, mean_confidence,
                provider_response_time_ms, queue_wait_time_ms
         FROM ai_processing_results ORDER BY organization_id, created_at_ms",
    )
    .fetch(&db.read);
    while let Some(row) = stored.try_next().await? {
        if let Some(counted) = row.counted()? {
            rollups.add(&counted);
        }
        if rollups.is_full() {
            rollups.write(&mut tx).await?;
        }
    }
    rollups.write(&mut tx).await?;
    sqlx::query("INSERT INTO database_marks (name, at_ms) VALUES ('rollups', $1)").bind(newest).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_that_was_cut_off_counts_where_it_may_have_cost_something() {
        let fault = |kind| Fault::new(kind, "why");
        let (free, unknown) = (Some(UsdMicros(0)), None);
        for (kind, cost, counts) in [
            (FaultKind::Cancelled, free, false),
            (FaultKind::Cancelled, unknown, true),
            (FaultKind::Cancelled, Some(UsdMicros(7)), true),
            (FaultKind::Server, free, true),
            (FaultKind::Photo, free, false),
        ] {
            assert_eq!(is_counted(Some(&fault(kind)), cost), counts, "{kind:?} {cost:?}");
        }
        assert!(is_counted(None, free));
    }
}
