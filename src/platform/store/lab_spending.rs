//! What the lab and the assistant spent, added up by day as it is spent: the limits and the rollups are the pipeline's alone.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::rollups::Span;
use super::{Db, Result, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::money::UsdMicros;

/// Spending of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// The known costs.
    pub cost: UsdMicros,
    /// Billed calls whose cost is not known.
    pub unknown: u64,
}

/// Adds a call that was billed, with what came of it. `None`: its cost is not known.
pub async fn add(connection: &mut SqliteConnection, org: OrganizationId, at: DateTime<Utc>, cost: Option<UsdMicros>) -> Result<()> {
    if cost == Some(UsdMicros(0)) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO lab_spending (organization_id, day_ms, cost_usd_micros, cost_unknown) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, day_ms) DO UPDATE SET cost_usd_micros = lab_spending.cost_usd_micros + excluded.cost_usd_micros,
            cost_unknown = lab_spending.cost_unknown + excluded.cost_unknown",
    )
    .bind(org.0)
    .bind(Span::Day.floor(to_ms(at)))
    .bind(cost.unwrap_or_default().0)
    .bind(i64::from(cost.is_none()))
    .execute(connection)
    .await?;
    Ok(())
}

/// What was spent on the day of a moment.
pub async fn of_day(db: &Db, org: OrganizationId, at: DateTime<Utc>) -> Result<Spent> {
    let row: Option<(i64, i64)> = sqlx::query_as("SELECT cost_usd_micros, cost_unknown FROM lab_spending WHERE organization_id = $1 AND day_ms = $2")
        .bind(org.0)
        .bind(Span::Day.floor(to_ms(at)))
        .fetch_optional(&db.read)
        .await?;
    Ok(row.map_or_else(Spent::default, |(cost, unknown)| Spent { cost: UsdMicros(cost), unknown: unknown as u64 }))
}
