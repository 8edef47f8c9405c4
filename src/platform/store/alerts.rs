//! Alerts that fire and that fired.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, Tx, from_ms, from_name, to_ms, to_name};
use crate::wire::alert::{Acknowledged, Alert};
use crate::wire::ids::{AlertId, OrganizationId};

#[derive(FromRow)]
struct AlertRow {
    id: uuid::Uuid,
    rule: String,
    metric: String,
    severity: String,
    subject: String,
    threshold: f64,
    value: f64,
    fired_at_ms: i64,
    acknowledged_at_ms: Option<i64>,
    acknowledged_by: Option<String>,
    snoozed_until_ms: Option<i64>,
    resolved_at_ms: Option<i64>,
}

impl AlertRow {
    fn read(self) -> Result<Alert> {
        let acknowledged = self
            .acknowledged_at_ms
            .map(|at| Ok::<_, super::StoreError>(Acknowledged { at: from_ms(at)?, by: self.acknowledged_by.unwrap_or_default() }));
        Ok(Alert {
            id: AlertId(self.id),
            rule: self.rule,
            metric: from_name(&self.metric)?,
            severity: from_name(&self.severity)?,
            subject: (!self.subject.is_empty()).then_some(self.subject),
            threshold: self.threshold,
            value: self.value,
            fired_at: from_ms(self.fired_at_ms)?,
            acknowledged: acknowledged.transpose()?,
            snoozed_until: self.snoozed_until_ms.map(from_ms).transpose()?,
            resolved_at: self.resolved_at_ms.map(from_ms).transpose()?,
        })
    }
}

/// Records an alert; returns false when one of the same rule and subject fires already.
pub async fn insert(tx: &mut Tx, org: OrganizationId, alert: &Alert) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO alerts (id, organization_id, rule, metric, severity, subject, threshold, value, fired_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(alert.id.0)
    .bind(org.0)
    .bind(&alert.rule)
    .bind(to_name(&alert.metric)?)
    .bind(to_name(&alert.severity)?)
    .bind(alert.subject.as_deref().unwrap_or_default())
    .bind(alert.threshold)
    .bind(alert.value)
    .bind(to_ms(alert.fired_at))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what can change of an alert that fires; returns false when it does not fire any more.
pub async fn update(tx: &mut Tx, org: OrganizationId, alert: &Alert) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE alerts SET acknowledged_at_ms = $3, acknowledged_by = $4, snoozed_until_ms = $5, resolved_at_ms = $6,
                threshold = $7, value = $8, severity = $9
         WHERE organization_id = $1 AND id = $2 AND resolved_at_ms IS NULL",
    )
    .bind(org.0)
    .bind(alert.id.0)
    .bind(alert.acknowledged.as_ref().map(|by| to_ms(by.at)))
    .bind(alert.acknowledged.as_ref().map(|by| by.by.clone()))
    .bind(alert.snoozed_until.map(to_ms))
    .bind(alert.resolved_at.map(to_ms))
    .bind(alert.threshold)
    .bind(alert.value)
    .bind(to_name(&alert.severity)?)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(db: &Db, org: OrganizationId, id: AlertId) -> Result<Option<Alert>> {
    let row: Option<AlertRow> =
        sqlx::query_as("SELECT * FROM alerts WHERE organization_id = $1 AND id = $2").bind(org.0).bind(id.0).fetch_optional(&db.read).await?;
    row.map(AlertRow::read).transpose()
}

/// Those that fire, newest first.
pub async fn firing(db: &Db, org: OrganizationId) -> Result<Vec<Alert>> {
    let rows: Vec<AlertRow> =
        sqlx::query_as("SELECT * FROM alerts WHERE organization_id = $1 AND resolved_at_ms IS NULL ORDER BY fired_at_ms DESC, id DESC")
            .bind(org.0)
            .fetch_all(&db.read)
            .await?;
    rows.into_iter().map(AlertRow::read).collect()
}

/// Those that are over, newest first, from one on.
pub async fn history(db: &Db, org: OrganizationId, after: Option<(DateTime<Utc>, AlertId)>, limit: u32) -> Result<Vec<Alert>> {
    let (at, id) = after.map_or((i64::MAX, uuid::Uuid::max()), |(at, id)| (to_ms(at), id.0));
    let rows: Vec<AlertRow> = sqlx::query_as(
        "SELECT * FROM alerts WHERE organization_id = $1 AND resolved_at_ms IS NOT NULL AND (fired_at_ms, id) < ($2, $3)
         ORDER BY fired_at_ms DESC, id DESC LIMIT $4",
    )
    .bind(org.0)
    .bind(at)
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(AlertRow::read).collect()
}

/// Forgets alerts that were over before a moment.
pub async fn prune(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("DELETE FROM alerts WHERE resolved_at_ms < $1").bind(to_ms(before)).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}
