//! Votes on the answers of a run.

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms};
use crate::wire::ids::{OrganizationId, PhotoId, RunId};
use crate::wire::vote::Vote;

/// In place of the vote before it on the same photo.
pub async fn set(tx: &mut Tx, org: OrganizationId, run: RunId, vote: &Vote) -> Result<()> {
    sqlx::query(
        "INSERT INTO run_votes (run_id, photo_id, organization_id, columns, choice, voted_at_ms) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (run_id, photo_id) DO UPDATE SET columns = excluded.columns, choice = excluded.choice, voted_at_ms = excluded.voted_at_ms",
    )
    .bind(run.0)
    .bind(vote.photo_id.0)
    .bind(org.0)
    .bind(to_json(&vote.columns)?)
    .bind(to_json(&vote.choice)?)
    .bind(to_ms(vote.at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, org: OrganizationId, run: RunId, photo: PhotoId) -> Result<()> {
    sqlx::query("DELETE FROM run_votes WHERE organization_id = $1 AND run_id = $2 AND photo_id = $3")
        .bind(org.0)
        .bind(run.0)
        .bind(photo.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// In no order.
pub async fn of_run(db: &Db, org: OrganizationId, run: RunId) -> Result<Vec<Vote>> {
    let rows: Vec<(uuid::Uuid, String, String, i64)> =
        sqlx::query_as("SELECT photo_id, columns, choice, voted_at_ms FROM run_votes WHERE organization_id = $1 AND run_id = $2")
            .bind(org.0)
            .bind(run.0)
            .fetch_all(&db.read)
            .await?;
    let vote = |(photo, columns, choice, at): (uuid::Uuid, String, String, i64)| {
        Ok(Vote { photo_id: PhotoId(photo), columns: from_json(&columns)?, choice: from_json(&choice)?, at: from_ms(at)? })
    };
    rows.into_iter().map(vote).collect()
}
