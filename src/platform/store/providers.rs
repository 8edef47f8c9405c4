//! When keys of providers last worked. The keys themselves are never here.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, from_ms, to_ms};
use crate::wire::ids::OrganizationId;

/// By provider.
pub async fn keys_worked(db: &Db, org: OrganizationId) -> Result<Vec<(String, DateTime<Utc>)>> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT provider_name, worked_at_ms FROM provider_keys WHERE organization_id = $1").bind(org.0).fetch_all(&db.read).await?;
    rows.into_iter().map(|(name, at)| Ok((name, from_ms(at)?))).collect()
}

pub async fn put_key_worked(tx: &mut Tx, org: OrganizationId, provider: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO provider_keys (organization_id, provider_name, worked_at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (organization_id, provider_name) DO UPDATE SET worked_at_ms = excluded.worked_at_ms",
    )
    .bind(org.0)
    .bind(provider)
    .bind(to_ms(at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
