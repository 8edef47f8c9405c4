//! Events, kept so that a client that reconnects misses nothing.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::OrganizationId;

/// Records an event in the transaction of the change that it tells of.
pub async fn insert(tx: &mut Tx, org: OrganizationId, at: DateTime<Utc>, what: &Happened) -> Result<i64> {
    let id: i64 = sqlx::query_scalar("INSERT INTO events (organization_id, at_ms, what) VALUES ($1, $2, $3) RETURNING id")
        .bind(org.0)
        .bind(to_ms(at))
        .bind(to_json(what)?)
        .fetch_one(&mut **tx)
        .await?;
    Ok(id)
}

/// Forgets one event.
pub async fn delete(tx: &mut Tx, org: OrganizationId, id: i64) -> Result<()> {
    sqlx::query("DELETE FROM events WHERE organization_id = $1 AND id = $2").bind(org.0).bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Up to `limit` events after `after`, in order.
pub async fn after(db: &Db, org: OrganizationId, after: i64, limit: u32) -> Result<Vec<Event>> {
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT id, at_ms, what FROM events WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(org.0)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&db.read)
            .await?;
    rows.into_iter().map(|(id, at, what)| Ok(Event { id, at: from_ms(at)?, what: from_json(&what)? })).collect()
}

/// Smallest and largest id kept; `None` without events.
pub async fn range(db: &Db, org: OrganizationId) -> Result<Option<(i64, i64)>> {
    let (first, last): (Option<i64>, Option<i64>) =
        sqlx::query_as("SELECT MIN(id), MAX(id) FROM events WHERE organization_id = $1").bind(org.0).fetch_one(&db.read).await?;
    Ok(first.zip(last))
}

/// Forgets events older than `before`.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("DELETE FROM events WHERE at_ms < $1").bind(to_ms(before)).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}
