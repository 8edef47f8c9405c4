//! Photos by the words of their names, tags and captions. What here is `SQLite`'s alone: the language of its full-text
//! index FTS5 (<https://sqlite.org/fts5.html#full_text_query_syntax>), which a migration keeps up to date with triggers.

use std::collections::HashMap;

use sqlx::{FromRow as _, QueryBuilder, Row as _, Sqlite};

use super::{PhotoRow, SELECT};
use crate::platform::store::{Db, IDS_A_STATEMENT, Result, Tx};
use crate::wire::ids::OrganizationId;
use crate::wire::photo::Photo;
use crate::wire::photo_search::{Field, PhotoSearch, Term};

/// So many matches are put in the order of how well they match; of more, the newest come first.
pub const RANKED_MOST: u64 = 5_000;
/// Matches are counted as far as this.
pub const COUNTED_MOST: u64 = 10_000;
/// What a match counts in a name, a tag, a caption: a tag is what the photo shows.
const WEIGHTS: &str = "4.0, 10.0, 1.0";

/// In which order, and which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Best match first, after so many. Only where something must be there: without it nothing matches better.
    Ranked { skip: u32 },
    /// Newest first, those before this number.
    Newest { before: Option<i64> },
}

/// Text as one string of the language of FTS5.
#[must_use]
pub fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn one(term: &Term) -> String {
    let column = match term.field {
        None => "",
        Some(Field::Name) => "file_name : ",
        Some(Field::Tag) => "tags : ",
        Some(Field::Caption) => "caption : ",
    };
    format!("{column}{}{}", phrase(&term.text), if term.is_prefix { " *" } else { "" })
}

/// One term or another, or all of them; `None` where there is none.
fn joined(search: &PhotoSearch, negated: bool, word: &str) -> Option<String> {
    let terms: Vec<String> = search.terms.iter().filter(|term| term.negated == negated).map(|term| format!("({})", one(term))).collect();
    (!terms.is_empty()).then(|| terms.join(word))
}

/// What must not be there.
fn unwanted(search: &PhotoSearch) -> Option<String> {
    joined(search, true, " OR ")
}

/// What must be there, without what must not; `None` where nothing must be.
fn wanted(search: &PhotoSearch) -> Option<String> {
    let wanted = joined(search, false, " AND ")?;
    Some(unwanted(search).map_or_else(|| wanted.clone(), |unwanted| format!("({wanted}) NOT ({unwanted})")))
}

/// Photos that are looked at first for what none of the index's lists say; then twice as many, and so on.
const FIRST_LOOK: i64 = 1_000;

/// How many photos match, counted as far as [`COUNTED_MOST`] and one.
pub async fn count(db: &Db, search: &PhotoSearch) -> Result<u64> {
    let most = COUNTED_MOST as i64 + 1;
    let Some(expression) = wanted(search) else {
        return Ok(newest_without(db, unwanted(search).as_deref(), None, most).await?.len() as u64);
    };
    let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM (SELECT 1 FROM photo_words WHERE photo_words MATCH ");
    query.push_bind(expression).push(" LIMIT ").push_bind(most).push(")");
    let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
    Ok(count as u64)
}

/// The newest photos that an expression does not match, those before a number. The index can't look for what is not there: photos are
/// looked at from the newest on, and what matches among them is left out.
async fn newest_without(db: &Db, unwanted: Option<&str>, before: Option<i64>, limit: i64) -> Result<Vec<i64>> {
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(number) FROM photos").fetch_one(&db.read).await?;
    let mut end = newest.unwrap_or(0) + 1;
    end = before.map_or(end, |before| before.min(end));
    let (mut numbers, mut looked_at) = (Vec::new(), FIRST_LOOK);
    while (numbers.len() as i64) < limit && end > 0 {
        let begin = (end - looked_at).max(0);
        let within = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" FROM photo_words WHERE rowid >= ").push_bind(begin).push(" AND rowid < ").push_bind(end);
        };
        let mut query = QueryBuilder::<Sqlite>::new("SELECT rowid");
        within(&mut query);
        if let Some(unwanted) = unwanted {
            query.push(" AND rowid NOT IN (SELECT rowid");
            within(&mut query);
            query.push(" AND photo_words MATCH ").push_bind(unwanted.to_owned()).push(")");
        }
        query.push(" ORDER BY rowid DESC LIMIT ").push_bind(limit - numbers.len() as i64);
        numbers.extend(query.build_query_scalar::<i64>().fetch_all(&db.read).await?);
        (end, looked_at) = (begin, looked_at * 2);
    }
    Ok(numbers)
}

/// The photos that match, in order, with their numbers.
pub async fn find(db: &Db, org: OrganizationId, search: &PhotoSearch, paging: Paging, limit: u32) -> Result<Vec<(i64, Photo)>> {
    let numbers = match (wanted(search), paging) {
        (None, Paging::Newest { before }) => newest_without(db, unwanted(search).as_deref(), before, i64::from(limit)).await?,
        (None, Paging::Ranked { .. }) => Vec::new(),
        (Some(expression), paging) => newest_or_best(db, expression, paging, limit).await?,
    };
    let mut photos = HashMap::with_capacity(numbers.len());
    for chunk in numbers.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT.replacen(" FROM photos p", ", p.number FROM photos p", 1));
        query.push_bind(org.0).push(" AND p.number IN (");
        let mut list = query.separated(", ");
        for number in chunk {
            list.push_bind(number);
        }
        for row in query.push(")").build().fetch_all(&db.read).await? {
            photos.insert(row.try_get::<i64, _>("number")?, PhotoRow::from_row(&row)?.0);
        }
    }
    Ok(numbers.into_iter().filter_map(|number| Some((number, photos.remove(&number)?))).collect())
}

/// The numbers of the photos that an expression matches, in order.
async fn newest_or_best(db: &Db, expression: String, paging: Paging, limit: u32) -> Result<Vec<i64>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT rowid FROM photo_words WHERE photo_words MATCH ");
    query.push_bind(expression);
    match paging {
        Paging::Newest { before } => {
            if let Some(before) = before {
                query.push(" AND rowid < ").push_bind(before);
            }
            query.push(" ORDER BY rowid DESC LIMIT ").push_bind(i64::from(limit));
        }
        Paging::Ranked { skip } => {
            query.push(" ORDER BY bm25(photo_words, ").push(WEIGHTS).push("), rowid DESC LIMIT ").push_bind(i64::from(limit));
            query.push(" OFFSET ").push_bind(i64::from(skip));
        }
    }
    Ok(query.build_query_scalar().fetch_all(&db.read).await?)
}

/// The indexes of words.
const INDEXES: [&str; 2] = ["photo_names", "photo_words"];
/// Bytes of an index that are gathered in memory before they are written as one part: as FTS5 comes, and while it is filled.
const GATHERED: i64 = 1024 * 1024;
const GATHERED_FILLING: i64 = 64 * 1024 * 1024;
/// Photos of one transaction of filling.
const FILLED_AT_ONCE: i64 = 200_000;

/// Fills the empty or half-filled indexes of words with all photos.
pub(in crate::platform::store) async fn fill(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    for index in INDEXES {
        // The second is not in FTS5's documentation; it is an option of its kind in `fts5_config.c`.
        let empty = format!("INSERT INTO {index} ({index}) VALUES ('delete-all')");
        sqlx::query(sqlx::AssertSqlSafe(empty)).execute(&mut *tx).await?;
        gather(&mut tx, index, GATHERED_FILLING).await?;
    }
    tx.commit().await?;
    let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM photos").fetch_one(&db.read).await?;
    for from in (0..=last).step_by(FILLED_AT_ONCE as usize) {
        let mut tx = db.begin().await?;
        let names =
            "INSERT INTO photo_names (rowid, file_name) SELECT number, file_name FROM photos WHERE number >= $1 AND number < $2 ORDER BY number";
        let words = "INSERT INTO photo_words (rowid, file_name, tags, caption)
             SELECT p.number, p.file_name,
                    COALESCE((SELECT GROUP_CONCAT(tag.value ->> '$.name', '; ') FROM json_each(r.confidence_scores) tag), ''), COALESCE(r.caption, '')
             FROM photos p LEFT JOIN ai_processing_results r ON r.id = p.latest_result_id
             WHERE p.number >= $1 AND p.number < $2 AND p.deleted_at_ms IS NULL ORDER BY p.number";
        for sql in [names, words] {
            sqlx::query(sql).bind(from).bind(from + FILLED_AT_ONCE).execute(&mut *tx).await?;
        }
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    for index in INDEXES {
        gather(&mut tx, index, GATHERED).await?;
    }
    optimize(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn gather(tx: &mut Tx, index: &str, bytes: i64) -> Result<()> {
    let sql = format!("INSERT INTO {index} ({index}, rank) VALUES ('hashsize', $1)");
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(bytes).execute(&mut **tx).await?;
    Ok(())
}

/// Makes one part of all the parts of each index of words.
async fn optimize(tx: &mut Tx) -> Result<()> {
    for index in INDEXES {
        sqlx::query(sqlx::AssertSqlSafe(format!("INSERT INTO {index} ({index}) VALUES ('optimize')"))).execute(&mut **tx).await?;
    }
    Ok(())
}
