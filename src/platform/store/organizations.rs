//! Organisations: whose rows are whose.

use chrono::{DateTime, Utc};

use super::{Result, Tx, to_ms};
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
