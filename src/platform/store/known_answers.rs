//! Answers of runs, by what they depend on.

use sqlx::{QueryBuilder, Sqlite};

use super::{Db, IDS_A_STATEMENT, Result, from_json, from_ms};
use crate::wire::ids::{OrganizationId, RunId};
use crate::wire::result::Answer;
use crate::wire::run::Reused;

/// An answer that was asked for, with what it depends on.
#[derive(Debug, Clone)]
pub struct KnownAnswer {
    pub key: String,
    pub answer: Answer,
    pub latency_ms: Option<u64>,
    pub from: Reused,
}

/// The answers with these keys, oldest first.
pub async fn find(db: &Db, org: OrganizationId, keys: &[&str]) -> Result<Vec<KnownAnswer>> {
    type Row = (String, String, Option<i64>, Option<i64>, uuid::Uuid, String, i64);
    let mut found = Vec::new();
    for chunk in keys.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT c.answer_key, c.answer, c.latency_ms, c.answered_at_ms, r.id, r.name, r.started_at_ms
             FROM run_cells c JOIN runs r ON r.id = c.run_id
             WHERE c.state = 'completed' AND c.answer IS NOT NULL AND c.reused IS NULL AND c.organization_id = ",
        );
        query.push_bind(org.0).push(" AND c.answer_key IN (");
        let mut list = query.separated(", ");
        for key in chunk {
            list.push_bind(*key);
        }
        let rows: Vec<Row> = query.push(") ORDER BY c.id").build_query_as().fetch_all(&db.read).await?;
        for (key, answer, latency, answered_at, run, run_name, started_at) in rows {
            let answer: Answer = from_json(&answer)?;
            let at = from_ms(answered_at.unwrap_or(started_at))?;
            let from = Reused { run_id: RunId(run), run_name, at, cost_usd: answer.cost_usd, usage: answer.usage };
            found.push(KnownAnswer { key, answer, latency_ms: latency.map(|latency| latency as u64), from });
        }
    }
    Ok(found)
}
