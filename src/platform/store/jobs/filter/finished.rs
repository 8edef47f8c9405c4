//! Jobs by when their last try ended.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::Wanted;
use crate::platform::store::{Db, Result, to_ms};
use crate::wire::ids::OrganizationId;
use crate::wire::job::JobState;
use crate::wire::job_filter::What;

/// From so many jobs that ended in a time on, the list is walked instead.
const WALKED_FROM: i64 = 2_000;

/// How jobs that ended in a time are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::store) enum Ends {
    /// All of them first, from the index of ends; they are sorted then.
    Indexed,
    /// Job by job, in the order of the list: where many ended in the time, a page is full soon.
    Walked,
}

/// Which of the two is faster for what is wanted.
pub(super) async fn way(db: &Db, org: OrganizationId, wanted: &Wanted) -> Result<Ends> {
    for term in &wanted.filter.terms {
        let What::Finished(compare, day) = &term.what else { continue };
        // Spells of the past have no such index.
        if term.negated || wanted.is_past {
            return Ok(Ends::Walked);
        }
        let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM (");
        push_ids(&mut query, org, day.span(*compare, wanted.now));
        query.push(" LIMIT ").push_bind(WALKED_FROM).push(")");
        let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
        if count >= WALKED_FROM {
            return Ok(Ends::Walked);
        }
    }
    Ok(Ends::Indexed)
}

/// Adds what is asked of `jobs j`.
pub(super) fn push(query: &mut QueryBuilder<Sqlite>, org: OrganizationId, span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>), ends: Ends) {
    match ends {
        Ends::Indexed => {
            query.push("j.id IN (");
            push_ids(query, org, span);
            query.push(")");
        }
        // `+` keeps the database from an index of ends, whose jobs would all have to be sorted.
        Ends::Walked => push_bounds(query, "+j.finished_at_ms", span),
    }
}

/// Adds a question for the ids of the jobs that ended in a time. Every state is named: they are the first of the index.
fn push_ids(query: &mut QueryBuilder<Sqlite>, org: OrganizationId, span: (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) {
    query.push("SELECT ended.id FROM jobs ended INDEXED BY jobs_by_end WHERE ended.organization_id = ").push_bind(org.0);
    query.push(" AND ended.state IN (");
    let mut states = query.separated(", ");
    for state in JobState::ALL {
        states.push_bind(state.as_str());
    }
    query.push(") AND ");
    push_bounds(query, "ended.finished_at_ms", span);
}

/// What has not ended has no such time, and is in no span.
fn push_bounds(query: &mut QueryBuilder<Sqlite>, column: &'static str, (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) {
    query.push("(").push(column).push(" IS NOT NULL");
    if let Some(from) = from {
        query.push(" AND ").push(column).push(" >= ").push_bind(to_ms(from));
    }
    if let Some(to) = to {
        query.push(" AND ").push(column).push(" < ").push_bind(to_ms(to));
    }
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::super::{Names, Paging, Ways, page};
    use super::*;
    use crate::platform::store::plans;
    use crate::wire::job::JobSort;
    use crate::wire::job_filter::JobFilter;

    #[tokio::test]
    async fn few_that_ended_today_are_found_by_the_index_and_many_along_the_list() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("minerva.sqlite")).await.expect("opens");
        let filter = JobFilter::parse("state:completed finished:today").expect("a filter");
        let wanted = Wanted { state: None, filter, now: DateTime::UNIX_EPOCH, is_past: false };
        assert_eq!(way(&db, OrganizationId::LOCAL, &wanted).await.expect("asked"), Ends::Indexed, "there are none");
        let paging = Paging { sort: JobSort::Queued, ascending: false, after: None, limit: 100 };
        let question = |ends| {
            let ways = Ways { names: Names::Indexed, ends };
            page(OrganizationId::LOCAL, &wanted, &paging, ways).expect("a question").sql().as_str().to_owned()
        };
        let steps = plans::of(&db, &question(Ends::Indexed)).await;
        assert!(steps.iter().any(|step| step.contains("jobs_by_end")), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN j")), "{steps:?}");
        plans::assert_indexed(&db, &question(Ends::Walked), "in the order of the list").await;
    }
}
