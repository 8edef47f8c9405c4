//! Finding jobs: the filter that people type as SQL, every order of the table, pages that begin after a row.

mod finished;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use super::SELECT;
use crate::platform::store::photos::search::phrase;
use crate::platform::store::{Db, Result, containing, past, to_ms, to_name};
use crate::wire::ids::{JobId, OrganizationId};
use crate::wire::job::{Job, JobSort, JobState};
use crate::wire::job_filter::{JobFilter, Measure, Term, What};
use finished::Ends;

/// From so many photos with a part of a name on, the list is walked instead.
const NAMES_WALKED: i64 = 2_000;

/// Which jobs are meant.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub state: Option<JobState>,
    pub filter: JobFilter,
    /// What ages are counted from.
    pub now: DateTime<Utc>,
    /// Whether jobs are meant as they were at `now`; else as they are.
    pub is_past: bool,
}

impl Wanted {
    /// Which states are meant: the fewest that are named. Empty: all.
    fn states(&self) -> &[JobState] {
        let of_terms = self.filter.terms.iter().filter_map(|term| match &term.what {
            What::State(states) if !term.negated => Some(states.as_slice()),
            _ => None,
        });
        let states = self.state.as_ref().map(std::slice::from_ref);
        states.into_iter().chain(of_terms).min_by_key(|states| past::Way::to(states) == past::Way::Time).unwrap_or_default()
    }

    /// The moment in the past that is meant, and by what its jobs are found.
    fn at(&self) -> Option<(DateTime<Utc>, past::Way)> {
        self.is_past.then(|| (self.now, past::Way::to(self.states())))
    }

    /// Whether the states that are meant have few of all jobs: those are sorted; else the index of the order is gone along.
    fn is_narrow(&self) -> bool {
        let states = self.states();
        !states.is_empty() && !states.contains(&JobState::Completed)
    }
}

/// Where a page begins: after the row with this value of the sorted column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct After {
    pub key: Key,
    pub id: JobId,
}

/// A value of a sorted column, as the database compares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Key {
    Whole(i64),
    /// The bits of a number, so that it comes back as it went.
    Real(u64),
    Text(String),
}

/// In which order, and which part.
#[derive(Debug, Clone)]
pub struct Paging {
    pub sort: JobSort,
    pub ascending: bool,
    pub after: Option<After>,
    pub limit: u32,
}

/// A page of jobs, and where the next one begins if there may be one.
pub async fn list(db: &Db, org: OrganizationId, wanted: &Wanted, paging: &Paging) -> Result<(Vec<Job>, Option<After>)> {
    let names = if has_common_name(db, wanted).await? { Names::Walked } else { Names::Indexed };
    let ways = Ways { names, ends: finished::way(db, org, wanted).await? };
    let mut query = page(org, wanted, paging, ways)?;
    let rows = query.build().fetch_all(&db.read).await?;
    let next = match rows.last().filter(|_| rows.len() >= paging.limit as usize) {
        None => None,
        Some(last) => {
            let key = match paging.sort {
                JobSort::Photo | JobSort::State => Key::Text(last.try_get("sort_key")?),
                JobSort::Confidence => Key::Real(last.try_get::<f64, _>("sort_key")?.to_bits()),
                JobSort::Queued | JobSort::Wait | JobSort::Took | JobSort::Priority | JobSort::Attempts => Key::Whole(last.try_get("sort_key")?),
            };
            Some(After { key, id: JobId(last.try_get("id")?) })
        }
    };
    let jobs = rows.iter().map(Job::from_row).collect::<sqlx::Result<_>>()?;
    Ok((jobs, next))
}

/// The question for a page of jobs.
fn page(org: OrganizationId, wanted: &Wanted, paging: &Paging, ways: Ways) -> Result<QueryBuilder<Sqlite>> {
    let column = column(paging.sort, !wanted.is_past && wanted.is_narrow());
    let (than, order) = if paging.ascending { (">", "ASC") } else { ("<", "DESC") };
    let (columns, rest) = SELECT.split_once(" FROM jobs j ").unwrap_or((SELECT, ""));
    let mut query = QueryBuilder::<Sqlite>::new(columns);
    query.push(", ").push(column).push(" AS sort_key");
    if paging.sort == JobSort::Photo && !wanted.is_past && !wanted.is_narrow() {
        // CROSS JOIN: photo by photo in the order of their names.
        query.push(" FROM photos p CROSS JOIN jobs j ON j.photo_id = p.id WHERE p.organization_id = ").push_bind(org.0);
        // `+` keeps a database that was never analysed from all jobs of the organization for each photo.
        query.push(" AND +j.organization_id = ").push_bind(org.0);
    } else {
        past::push_jobs(&mut query, wanted.at());
        query.push(rest).push_bind(org.0);
    }
    push(&mut query, org, wanted, ways)?;
    if let Some(after) = &paging.after {
        // True of all that follows, and where an index of the order is entered.
        query.push(" AND ").push(column).push(" ").push(than).push("= ");
        push_key(&mut query, &after.key);
        query.push(" AND (").push(column).push(", j.id) ").push(than).push(" (");
        push_key(&mut query, &after.key);
        query.push(", ").push_bind(after.id.0).push(")");
    }
    query.push(" ORDER BY ").push(column).push(" ").push(order).push(", j.id ").push(order);
    query.push(" LIMIT ").push_bind(i64::from(paging.limit));
    Ok(query)
}

fn push_key(query: &mut QueryBuilder<Sqlite>, key: &Key) {
    match key {
        Key::Whole(value) => query.push_bind(*value),
        Key::Real(bits) => query.push_bind(f64::from_bits(*bits)),
        Key::Text(value) => query.push_bind(value.clone()),
    };
}

/// How many jobs are meant in all. Those of a state, or all, are counted already; terms look at every job.
pub async fn count(db: &Db, org: OrganizationId, wanted: &Wanted) -> Result<u64> {
    if wanted.filter.is_empty() {
        if wanted.is_past {
            return past::count(db, org, wanted.state, wanted.now).await;
        }
        let mut query = QueryBuilder::<Sqlite>::new("SELECT COALESCE(SUM(jobs), 0) FROM job_counts WHERE organization_id = ");
        query.push_bind(org.0);
        if let Some(state) = wanted.state {
            query.push(" AND state = ").push_bind(state.as_str());
        }
        let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
        return Ok(count as u64);
    }
    let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*)");
    past::push_jobs(&mut query, wanted.at());
    query.push("WHERE j.organization_id = ").push_bind(org.0);
    push(&mut query, org, wanted, Ways::all(wanted))?;
    let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
    Ok(count as u64)
}

/// What a column of the table is sorted by; what a job does not have comes below all that others have. Of a few jobs not as the index
/// of that order has it: the database would go along all jobs to find them.
fn column(sort: JobSort, of_few: bool) -> &'static str {
    match (sort, of_few) {
        (JobSort::Queued, _) => "j.enqueued_at_ms",
        (JobSort::Photo, _) => "LOWER(p.file_name)",
        (JobSort::State, _) => "j.state",
        (JobSort::Wait, false) => "COALESCE(j.started_at_ms - j.ready_at_ms, -1)",
        (JobSort::Wait, true) => "(COALESCE(j.started_at_ms - j.ready_at_ms, -1) + 0)",
        (JobSort::Took, false) => "COALESCE(j.finished_at_ms - j.started_at_ms, -1)",
        (JobSort::Took, true) => "(COALESCE(j.finished_at_ms - j.started_at_ms, -1) + 0)",
        (JobSort::Confidence, false) => "COALESCE(j.confidence, -1.0)",
        (JobSort::Confidence, true) => "(COALESCE(j.confidence, -1.0) + 0)",
        (JobSort::Priority, false) => "(j.priority + 0)",
        (JobSort::Priority, true) => "(j.priority + 0 + 0)",
        (JobSort::Attempts, false) => "j.attempts",
        (JobSort::Attempts, true) => "(j.attempts + 0)",
    }
}

/// How what is asked for is found, where there are two ways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    names: Names,
    ends: Ends,
}

impl Ways {
    /// Those to all jobs that are meant, in no order.
    pub(super) fn all(wanted: &Wanted) -> Self {
        Self { names: Names::Indexed, ends: if wanted.is_past { Ends::Walked } else { Ends::Indexed } }
    }
}

/// How parts of file names are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// All photos with the part first, from the index of names; then their jobs.
    Indexed,
    /// Job by job, in the order of the list: where many have the part, a page is full soon.
    Walked,
}

/// Whether a part of a name that is looked for is in so many names that walking is faster.
async fn has_common_name(db: &Db, wanted: &Wanted) -> Result<bool> {
    for term in &wanted.filter.terms {
        let What::Photo(part) = &term.what else { continue };
        if term.negated || !is_indexed(part) {
            return Ok(true);
        }
        let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM (SELECT 1 FROM photo_names WHERE photo_names MATCH ");
        query.push_bind(phrase(part)).push(" LIMIT ").push_bind(NAMES_WALKED).push(")");
        let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
        if count >= NAMES_WALKED {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The index of names knows parts of three letters and more.
fn is_indexed(part: &str) -> bool {
    part.chars().nth(2).is_some()
}

/// Adds ` AND …` for all that is wanted of `jobs j`.
pub(super) fn push(query: &mut QueryBuilder<Sqlite>, org: OrganizationId, wanted: &Wanted, ways: Ways) -> Result<()> {
    if let Some(state) = wanted.state {
        query.push(" AND j.state = ").push_bind(state.as_str());
    }
    for Term { negated, what } in &wanted.filter.terms {
        // What a job does not have makes a condition NULL: neither found nor, by itself, left out.
        query.push(if *negated { " AND NOT COALESCE(" } else { " AND (" });
        push_what(query, org, what, wanted.now, ways)?;
        query.push(if *negated { ", FALSE)" } else { ")" });
    }
    Ok(())
}

fn push_what(query: &mut QueryBuilder<Sqlite>, org: OrganizationId, what: &What, now: DateTime<Utc>, ways: Ways) -> Result<()> {
    match what {
        What::State(states) => {
            query.push("j.state IN (");
            let mut list = query.separated(", ");
            for state in states {
                list.push_bind(state.as_str());
            }
            query.push(")");
        }
        What::Provider(name) => {
            query.push("(j.model = ").push_bind(name.clone()).push(" OR j.model LIKE ");
            query.push_bind(format!("{}/%", escaped(name))).push(" ESCAPE '\\')");
        }
        What::Model(part) => push_part(query, "j.model", part),
        What::Prompt(part) => push_part(query, "j.prompt", part),
        What::Fault(kind) => {
            // As the index has it.
            query.push("(j.fault IS NOT NULL AND j.fault ->> '$.kind' = ").push_bind(to_name(kind)?).push(")");
        }
        What::Photo(part) if ways.names == Names::Indexed && is_indexed(part) => {
            query.push("j.photo_id IN (SELECT named.id FROM photo_names n JOIN photos named ON named.number = n.rowid WHERE n.photo_names MATCH ");
            query.push_bind(phrase(part)).push(" AND ");
            // The index takes more letters for equal than the list does.
            push_part(query, "named.file_name", part);
            query.push(")");
        }
        What::Photo(part) => {
            query.push("EXISTS (SELECT 1 FROM photos named WHERE named.id = j.photo_id AND ");
            push_part(query, "named.file_name", part);
            query.push(")");
        }
        What::Finished(compare, day) => finished::push(query, org, day.span(*compare, now), ways.ends),
        What::Number(measure, compare, than) => {
            let (from, to) = compare.bounds(*than);
            let bounds = from.map(|from| (" > ", from)).into_iter().chain(to.map(|to| (" < ", to)));
            for (at, (sign, bound)) in bounds.enumerate() {
                query.push(if at == 0 { "" } else { " AND " });
                push_measure(query, *measure, to_ms(now));
                query.push(sign).push_bind(bound);
            }
        }
    }
    Ok(())
}

fn push_measure(query: &mut QueryBuilder<Sqlite>, measure: Measure, now_ms: i64) {
    match measure {
        Measure::Age => query.push("(").push_bind(now_ms).push(" - j.enqueued_at_ms)"),
        Measure::Wait => query.push("(COALESCE(j.started_at_ms, j.finished_at_ms, ").push_bind(now_ms).push(") - j.ready_at_ms)"),
        Measure::Took => query.push("(j.finished_at_ms - j.started_at_ms)"),
        Measure::Attempts => query.push("j.attempts"),
        Measure::Priority => query.push("j.priority"),
        Measure::Confidence => query.push("j.confidence"),
    };
}

fn push_part(query: &mut QueryBuilder<Sqlite>, column: &'static str, part: &str) {
    query.push(column).push(" GLOB ").push_bind(containing(part));
}

/// For a pattern of `LIKE … ESCAPE '\'`.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::store::plans;

    #[tokio::test]
    async fn every_order_of_the_table_is_that_of_an_index_from_any_row_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&folder.path().join("minerva.sqlite")).await.expect("opens");
        let wanted = Wanted { state: None, filter: JobFilter::default(), now: DateTime::UNIX_EPOCH, is_past: false };
        let orders = [
            (JobSort::Queued, Key::Whole(7)),
            (JobSort::Photo, Key::Text("a.jpg".to_owned())),
            (JobSort::State, Key::Text("pending".to_owned())),
            (JobSort::Wait, Key::Whole(7)),
            (JobSort::Took, Key::Whole(7)),
            (JobSort::Confidence, Key::Real(0.5_f64.to_bits())),
            (JobSort::Priority, Key::Whole(1)),
            (JobSort::Attempts, Key::Whole(1)),
        ];
        for (sort, key) in orders {
            for (ascending, after) in [(true, None), (false, None), (true, Some(())), (false, Some(()))] {
                let after = after.map(|()| After { key: key.clone(), id: JobId(uuid::Uuid::from_u128(7)) });
                let paging = Paging { sort, ascending, after, limit: 100 };
                let question = page(OrganizationId::LOCAL, &wanted, &paging, Ways::all(&wanted)).expect("a question").sql().as_str().to_owned();
                plans::assert_indexed(&db, &question, &format!("{paging:?}")).await;
                let steps = plans::of(&db, &question).await;
                let goes_by_photo = steps.iter().any(|step| step.contains("jobs_by_photo (photo_id=?)"));
                assert_eq!(sort == JobSort::Photo, goes_by_photo, "{paging:?}: {steps:?}");
            }
        }
    }

    /// As after a migration of a large database: a new index of which nothing is known yet looks better than all others.
    #[tokio::test]
    async fn who_reads_knows_of_every_index_how_much_it_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("minerva.sqlite");
        let db = Db::open(&path).await.expect("opens");
        for sql in [
            "INSERT INTO organizations (id, name, created_at_ms) VALUES (x'01', 'own', 0)",
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
             INSERT INTO photos (id, organization_id, file_name, source, content_hash, size_bytes, width_px, height_px, format,
                                 ai_processing_status, created_at_ms)
             SELECT CAST(printf('%016d', n) AS BLOB), x'01', n || '.jpg', 'added', n, 1, 1, 1, 'jpeg', 'none', n FROM n",
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
             INSERT INTO jobs (id, organization_id, photo_id, state, priority, attempts, enqueued_at_ms, ready_at_ms)
             SELECT CAST(printf('%016d', n) AS BLOB), x'01', CAST(printf('%016d', n) AS BLOB), 'completed', 0, 1, n, n FROM n",
            "ANALYZE",
            // As if there were millions: so few are found soon, whatever the way.
            "UPDATE sqlite_stat1 SET stat = replace(stat, '3000', '9871556') WHERE tbl = 'jobs'",
            "DELETE FROM sqlite_stat4",
            "DELETE FROM sqlite_stat1 WHERE idx = 'jobs_by_priority'",
        ] {
            sqlx::query(sql).execute(&db.write).await.expect(sql);
        }
        db.close().await;
        let wanted = Wanted { state: None, filter: JobFilter::default(), now: DateTime::UNIX_EPOCH, is_past: false };
        let paging = Paging { sort: JobSort::Queued, ascending: false, after: None, limit: 100 };
        let question = page(OrganizationId::LOCAL, &wanted, &paging, Ways::all(&wanted)).expect("a question").sql().as_str().to_owned();
        let unmeasured = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display())).await.expect("opens");
        let unmeasured = Db { read: unmeasured.clone(), write: unmeasured };
        let steps = plans::of(&unmeasured, &question).await;
        assert!(steps.iter().any(|step| step.contains("jobs_by_priority")), "{steps:?}");
        unmeasured.close().await;
        let db = Db::open(&path).await.expect("opens again");
        plans::assert_indexed(&db, &question, "newest first").await;
    }
}
