//! Organisations: whose rows are whose.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, to_ms};
use crate::wire::ids::OrganizationId;

/// Makes the row unless it is there.
pub async fn ensure(tx: &mut Tx, org: OrganizationId, name: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("INSERT INTO organizations (id, name, created_at_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
        .bind(org.0)
        .bind(name)
        .bind(to_ms(at))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether the bundled photos have been added.
pub async fn is_seeded(db: &Db, org: OrganizationId) -> Result<bool> {
    let at: Option<i64> = sqlx::query_scalar("SELECT bundled_at_ms FROM organizations WHERE id = $1").bind(org.0).fetch_one(&db.read).await?;
    Ok(at.is_some())
}

/// Notes that the bundled photos have been added.
pub async fn set_seeded(tx: &mut Tx, org: OrganizationId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE organizations SET bundled_at_ms = $2 WHERE id = $1").bind(org.0).bind(to_ms(at)).execute(&mut **tx).await?;
    Ok(())
}
