//! Answers to writes that brought a key.

use chrono::{DateTime, Utc};

use super::{Db, Result, Tx, to_ms};
use crate::wire::ids::OrganizationId;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Answered {
    /// Of the request.
    pub request_sum: String,
    pub status: i64,
    pub content_type: String,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

/// The answer that a key has, where it was given since a moment.
pub async fn get(db: &Db, org: OrganizationId, key: &str, since: DateTime<Utc>) -> Result<Option<Answered>> {
    let sql = "SELECT request_sum, status, content_type, etag, body FROM idempotency_keys
               WHERE organization_id = $1 AND request_key = $2 AND answered_at_ms >= $3";
    Ok(sqlx::query_as(sql).bind(org.0).bind(key).bind(to_ms(since)).fetch_optional(&db.read).await?)
}

/// Keeps an answer.
pub async fn keep(tx: &mut Tx, org: OrganizationId, key: &str, answer: &Answered, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO idempotency_keys (organization_id, request_key, request_sum, answered_at_ms, status, content_type, etag, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization_id, request_key) DO NOTHING",
    )
    .bind(org.0)
    .bind(key)
    .bind(&answer.request_sum)
    .bind(to_ms(at))
    .bind(answer.status)
    .bind(&answer.content_type)
    .bind(&answer.etag)
    .bind(&answer.body)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets answers that were given before a moment.
pub async fn forget(tx: &mut Tx, org: OrganizationId, before: DateTime<Utc>) -> Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE organization_id = $1 AND answered_at_ms < $2")
        .bind(org.0)
        .bind(to_ms(before))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
