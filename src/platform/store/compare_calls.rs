//! What `minerva compare` spent, written from outside into a library, beside a running console too; and what replays and the
//! assistant spent.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;

use super::costs::BilledCall;
use super::{Db, Result, Tx, from_json, from_ms, lab_spending, open_error, to_json, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;

/// How long another writer is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// Writes calls down in the library of this file. False: the library is of a version that has no place for them yet.
pub async fn record(path: &Path, calls: &[BilledCall]) -> Result<bool> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).foreign_keys(true).disable_statement_logging();
    let mut connection = options.connect().await.map_err(open_error)?;
    let has_place = has_table(&mut connection, "compare_calls").await?;
    if has_place {
        let sums_up = has_table(&mut connection, "lab_spending").await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let org: Option<Uuid> = sqlx::query_scalar("SELECT id FROM organizations ORDER BY id LIMIT 1").fetch_optional(&mut *tx).await?;
        for (org, call) in org.into_iter().flat_map(|org| calls.iter().map(move |call| (OrganizationId(org), call))) {
            put(&mut tx, org, call).await?;
            if sums_up {
                lab_spending::add(&mut tx, org, call.at, call.cost).await?;
            }
        }
        tx.commit().await?;
    }
    connection.close().await?;
    Ok(has_place)
}

async fn has_table(connection: &mut SqliteConnection, name: &str) -> Result<bool> {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)").bind(name);
    Ok(found.fetch_one(connection).await?)
}

/// Writes a call down that this platform made beside its jobs and runs.
pub async fn insert(tx: &mut Tx, org: OrganizationId, call: &BilledCall) -> Result<()> {
    put(tx, org, call).await?;
    lab_spending::add(tx, org, call.at, call.cost).await
}

async fn put(connection: &mut SqliteConnection, org: OrganizationId, call: &BilledCall) -> Result<()> {
    sqlx::query("INSERT INTO compare_calls (organization_id, model, at_ms, token_usage, cost_usd_micros) VALUES ($1, $2, $3, $4, $5)")
        .bind(org.0)
        .bind(&call.model)
        .bind(to_ms(call.at))
        .bind(to_json(&call.usage)?)
        .bind(call.cost.map(|cost| cost.0))
        .execute(connection)
        .await?;
    Ok(())
}

/// Those of `[from, to)`, one after the other.
pub fn calls(db: &Db, org: OrganizationId, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Stream<Item = Result<BilledCall>> + Send {
    type Row = (String, i64, String, Option<i64>);
    let rows = sqlx::query_as::<_, Row>(
        "SELECT model, at_ms, token_usage, cost_usd_micros FROM compare_calls WHERE organization_id = $1 AND at_ms >= $2 AND at_ms < $3",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .bind(to_ms(to))
    .fetch(&db.read);
    rows.map(|row| {
        let (model, at, usage, cost) = row?;
        Ok(BilledCall { model, at: from_ms(at)?, usage: from_json(&usage)?, cost: cost.map(UsdMicros) })
    })
}
