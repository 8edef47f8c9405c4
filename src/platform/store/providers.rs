//! When keys of providers last worked. The keys themselves are never here.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, to_ms};
use crate::wire::ids::OrganizationId;

/// That a provider's key worked, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyWorked {
    pub provider: String,
    /// Of the key that it was: a short salted hash, from which nothing of it can be told.
    pub mark: String,
    pub at: DateTime<Utc>,
}

pub async fn keys_worked(db: &Db, org: OrganizationId) -> Result<Vec<KeyWorked>> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT provider_name, key_mark, worked_at_ms FROM provider_keys WHERE organization_id = $1")
            .bind(org.0)
            .fetch_all(&db.read)
            .await?;
    rows.into_iter().map(|(provider, mark, at)| Ok(KeyWorked { provider, mark, at: from_ms(at)? })).collect()
}

/// In place of what was known of the key before.
pub async fn put_key_worked(tx: &mut Tx, org: OrganizationId, worked: &KeyWorked) -> Result<()> {
    let KeyWorked { provider, mark, at } = worked;
    sqlx::query(
        "INSERT INTO provider_keys (organization_id, provider_name, key_mark, worked_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, provider_name) DO UPDATE SET key_mark = excluded.key_mark, worked_at_ms = excluded.worked_at_ms",
    )
    .bind(org.0)
    .bind(provider)
    .bind(mark)
    .bind(to_ms(*at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
