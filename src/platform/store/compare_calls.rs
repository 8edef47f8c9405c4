//! What `minerva compare` spent, written from outside into a library, beside a running console too; and what replays spent.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::costs::BilledCall;
use super::{Db, Result, Tx, from_json, from_ms, open_error, to_json, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;

/// How long another writer is waited for.
const BUSY: Duration = Duration::from_secs(10);

/// Writes calls down in the library of this file. False: the library is of a version that has no place for them yet.
pub async fn record(path: &Path, calls: &[BilledCall]) -> Result<bool> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).foreign_keys(true).disable_statement_logging();
    let mut connection = options.connect().await.map_err(open_error)?;
    let has_place: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'compare_calls')")
        .fetch_one(&mut connection)
        .await?;
    if has_place {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        for call in calls {
            sqlx::query(
                "INSERT INTO compare_calls (organization_id, model, at_ms, token_usage, cost_usd_micros)
                 SELECT id, $1, $2, $3, $4 FROM organizations ORDER BY id LIMIT 1",
            )
            .bind(&call.model)
            .bind(to_ms(call.at))
            .bind(to_json(&call.usage)?)
            .bind(call.cost.map(|cost| cost.0))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
    }
    connection.close().await?;
    Ok(has_place)
}

/// Writes a call down that this platform made beside its jobs and runs.
pub async fn insert(tx: &mut Tx, org: OrganizationId, call: &BilledCall) -> Result<()> {
    sqlx::query("INSERT INTO compare_calls (organization_id, model, at_ms, token_usage, cost_usd_micros) VALUES ($1, $2, $3, $4, $5)")
        .bind(org.0)
        .bind(&call.model)
        .bind(to_ms(call.at))
        .bind(to_json(&call.usage)?)
        .bind(call.cost.map(|cost| cost.0))
        .execute(&mut **tx)
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
