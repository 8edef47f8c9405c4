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

/// What must be there, and what must not; `None` where there is none.
fn expressions(search: &PhotoSearch) -> (Option<String>, Option<String>) {
    let join = |negated: bool, word: &str| {
        let terms: Vec<String> = search.terms.iter().filter(|term| term.negated == negated).map(|term| format!("({})", one(term))).collect();
        (!terms.is_empty()).then(|| terms.join(word))
    };
    (join(false, " AND "), join(true, " OR "))
}

/// Adds the photos that match, from `FROM` on.
fn push_matching(query: &mut QueryBuilder<Sqlite>, search: &PhotoSearch) {
    let (wanted, unwanted) = expressions(search);
    match (wanted, unwanted) {
        (Some(wanted), unwanted) => {
            let expression = unwanted.map_or_else(|| wanted.clone(), |unwanted| format!("({wanted}) NOT ({unwanted})"));
            query.push("photo_words MATCH ").push_bind(expression);
        }
        // The index can't look for what is not there.
        (None, Some(unwanted)) => {
            query.push("rowid NOT IN (SELECT rowid FROM photo_words WHERE photo_words MATCH ").push_bind(unwanted).push(")");
        }
        (None, None) => {
            query.push("TRUE");
        }
    }
}

/// How many photos match, counted as far as [`COUNTED_MOST`] and one.
pub async fn count(db: &Db, search: &PhotoSearch) -> Result<u64> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM (SELECT 1 FROM photo_words WHERE ");
    push_matching(&mut query, search);
    query.push(" LIMIT ").push_bind(COUNTED_MOST as i64 + 1).push(")");
    let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
    Ok(count as u64)
}

/// The photos that match, in order, with their numbers.
pub async fn find(db: &Db, org: OrganizationId, search: &PhotoSearch, paging: Paging, limit: u32) -> Result<Vec<(i64, Photo)>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT rowid FROM photo_words WHERE ");
    push_matching(&mut query, search);
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
    let numbers: Vec<i64> = query.build_query_scalar().fetch_all(&db.read).await?;
    let mut photos = HashMap::with_capacity(numbers.len());
    for chunk in numbers.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT.replacen(" FROM ", ", p.number FROM ", 1));
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
