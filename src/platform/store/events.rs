//! Events, kept so that a client that reconnects misses nothing.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms, to_name};
use crate::wire::event::{Event, EventTopic, Happened};
use crate::wire::ids::OrganizationId;

// `+`: by their ids. A database that was never analysed would take all events of the organization from another index and sort them.
const AFTER: &str = "SELECT id, at_ms, what FROM events WHERE +organization_id = $1 AND id > $2 ORDER BY id LIMIT $3";
const BEFORE: &str = "SELECT id, at_ms, what FROM events WHERE +organization_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const FIRST: &str = "SELECT id FROM events WHERE +organization_id = $1 ORDER BY id LIMIT 1";
const LAST: &str = "SELECT id FROM events WHERE +organization_id = $1 ORDER BY id DESC LIMIT 1";

/// Records an event in the transaction of the change that it tells of.
pub async fn insert(tx: &mut Tx, org: OrganizationId, at: DateTime<Utc>, what: &Happened) -> Result<i64> {
    let id: i64 = sqlx::query_scalar("INSERT INTO events (organization_id, at_ms, topic, what) VALUES ($1, $2, $3, $4) RETURNING id")
        .bind(org.0)
        .bind(to_ms(at))
        .bind(to_name(&what.topic())?)
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

type Row = (i64, i64, String);

fn read((id, at, what): Row) -> Result<Event> {
    Ok(Event { id, at: from_ms(at)?, what: from_json(&what)? })
}

/// Up to `limit` events after `after`, in order.
pub async fn after(db: &Db, org: OrganizationId, after: i64, limit: u32) -> Result<Vec<Event>> {
    let rows: Vec<Row> = sqlx::query_as(AFTER).bind(org.0).bind(after).bind(i64::from(limit)).fetch_all(&db.read).await?;
    rows.into_iter().map(read).collect()
}

/// Up to `limit` events before `before`, newest first; of one topic, or of all.
pub async fn before(db: &Db, org: OrganizationId, before: i64, topic: Option<EventTopic>, limit: u32) -> Result<Vec<Event>> {
    let query = match topic {
        Some(_) => "SELECT id, at_ms, what FROM events WHERE organization_id = $1 AND id < $2 AND topic = $4 ORDER BY id DESC LIMIT $3",
        None => BEFORE,
    };
    let mut query = sqlx::query_as::<_, Row>(query).bind(org.0).bind(before).bind(i64::from(limit));
    if let Some(topic) = topic {
        query = query.bind(to_name(&topic)?);
    }
    query.fetch_all(&db.read).await?.into_iter().map(read).collect()
}

/// Smallest and largest id kept; `None` without events.
pub async fn range(db: &Db, org: OrganizationId) -> Result<Option<(i64, i64)>> {
    // Two questions, each answered by an end of the index; together they would read all of it.
    let end = |order: &'static str| sqlx::query_scalar::<_, i64>(order).bind(org.0).fetch_optional(&db.read);
    let first = end(FIRST).await?;
    let last = end(LAST).await?;
    Ok(first.zip(last))
}

/// Forgets up to `most` events older than `before`; returns how many.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>, most: u32) -> Result<u64> {
    let done = sqlx::query("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)")
        .bind(to_ms(before))
        .bind(i64::from(most))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::store::plans;

    #[tokio::test]
    async fn events_are_read_by_their_ids() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("minerva.sqlite")).await.expect("opens");
        for sql in [AFTER, BEFORE] {
            let steps = plans::of(&db, sql).await;
            assert!(steps.len() == 1 && steps[0].contains("USING INTEGER PRIMARY KEY (rowid"), "{steps:?}");
        }
        for sql in [FIRST, LAST] {
            assert_eq!(plans::of(&db, sql).await, ["SCAN events"], "from one end, until the first is found");
        }
    }
}
