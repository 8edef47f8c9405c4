//! How many results were decided how, and the results themselves: what a replay of the rules reads.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::results::NewResult;
use super::rollups::Span;
use super::{Db, Result, from_json, from_ms, from_name, to_ms, to_name};
use crate::wire::ids::{OrganizationId, PhotoId, ResultId};
use crate::wire::result::{Decision, Outcome, Tag, mean_confidence};
use crate::wire::rules::{main_tag, percent_reached};

/// Rows of one statement: each binds 6 values.
const ROWS_A_STATEMENT: usize = 500;
/// Counts that are added up before they are written, where there are many.
const KEYS_IN_MEMORY: usize = 20_000;
/// How far back counts reach of what was stored before there were counts: a replay asks for no more.
const OLD_DAYS: i64 = 92;
/// The main tag under which all results are counted.
const ALL: &str = "";

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    organization: Uuid,
    main_tag: String,
    day_ms: i64,
    decision: Decision,
    /// -1: no confidence.
    percent: i64,
}

/// Counts that wait to be written.
#[derive(Debug, Default)]
pub struct Decisions {
    counts: HashMap<Key, i64>,
}

impl Decisions {
    /// Counts a result; one that failed was not decided.
    pub fn add(&mut self, org: OrganizationId, new: &NewResult) {
        let (Some(decision), Outcome::Completed(answer)) = (new.result.decision, &new.result.outcome) else { return };
        self.count(org.0, main_tag(answer), new.result.created_at.timestamp_millis(), decision, answer.mean_confidence());
    }

    fn count(&mut self, organization: Uuid, main_tag: Option<&str>, at_ms: i64, decision: Decision, mean: Option<f32>) {
        let percent = mean.map_or(-1, |mean| i64::from(percent_reached(mean)));
        let day_ms = Span::Day.floor(at_ms);
        for main_tag in [Some(ALL), main_tag].into_iter().flatten() {
            *self.counts.entry(Key { organization, main_tag: main_tag.to_owned(), day_ms, decision, percent }).or_default() += 1;
        }
    }

    /// Whether it is time to write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.counts.len() >= KEYS_IN_MEMORY
    }

    /// Adds what was counted to the stored counts, and forgets it here.
    pub async fn write(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        let mut rows: Vec<(Key, i64)> = self.counts.drain().collect();
        // In the order of the table, so that neighbours are written together.
        rows.sort_unstable_by(|(one, _), (other, _)| (&one.main_tag, one.day_ms, one.percent).cmp(&(&other.main_tag, other.day_ms, other.percent)));
        for chunk in rows.chunks(ROWS_A_STATEMENT) {
            let named = chunk.iter().map(|row| Ok((row, to_name(&row.0.decision)?))).collect::<Result<Vec<_>>>()?;
            let mut query =
                QueryBuilder::<Sqlite>::new("INSERT INTO ai_decision_counts (organization_id, main_tag, day_ms, decision, percent, results) ");
            query.push_values(named, |mut row, ((key, count), decision)| {
                row.push_bind(key.organization).push_bind(&key.main_tag).push_bind(key.day_ms);
                row.push_bind(decision).push_bind(key.percent).push_bind(*count);
            });
            query.push(
                " ON CONFLICT (organization_id, main_tag, day_ms, decision, percent)
                  DO UPDATE SET results = ai_decision_counts.results + excluded.results",
            );
            query.build().execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Results that are alike to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// `None`: all results, those of each tag included.
    pub main_tag: Option<String>,
    pub decision: Decision,
    /// The whole percents that the mean confidence reaches.
    pub percent: Option<u8>,
    pub results: u64,
}

/// Counts since the beginning of a UTC day: over all results, and of these tags alone.
pub async fn counts(db: &Db, org: OrganizationId, from: DateTime<Utc>, main_tags: &[&str]) -> Result<Vec<Decided>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT main_tag, decision, percent, SUM(results) FROM ai_decision_counts WHERE organization_id = ");
    query.push_bind(org.0).push(" AND day_ms >= ").push_bind(to_ms(from)).push(" AND main_tag IN (");
    let mut list = query.separated(", ");
    for tag in [ALL].iter().chain(main_tags) {
        list.push_bind((*tag).to_owned());
    }
    query.push(") GROUP BY main_tag, decision, percent");
    let rows: Vec<(String, String, i64, i64)> = query.build_query_as().fetch_all(&db.read).await?;
    let decided = |(main_tag, decision, percent, results): (String, String, i64, i64)| {
        Ok(Decided {
            main_tag: (main_tag != ALL).then_some(main_tag),
            decision: from_name(&decision)?,
            percent: u8::try_from(percent).ok(),
            results: results as u64,
        })
    };
    rows.into_iter().map(decided).collect()
}

/// Which results are looked at one by one.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    pub decision: Decision,
    pub from: DateTime<Utc>,
    /// The whole percents that their mean confidence reaches, both ends included; `None`: they have none.
    pub percents: Option<(u8, u8)>,
    /// Only results before this one in the list.
    pub after: Option<(DateTime<Utc>, ResultId)>,
    pub limit: u32,
}

/// A result with what the rules look at.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedResult {
    pub id: ResultId,
    pub photo_id: PhotoId,
    pub file_name: String,
    pub at: DateTime<Utc>,
    pub mean_confidence: Option<f32>,
    pub main_tag: Option<String>,
}

type ResultRow = (Uuid, Uuid, String, i64, String);

fn result_from((id, photo_id, file_name, at, tags): ResultRow) -> Result<DecidedResult> {
    let tags: Vec<Tag> = from_json(&tags)?;
    Ok(DecidedResult {
        id: ResultId(id),
        photo_id: PhotoId(photo_id),
        file_name,
        at: from_ms(at)?,
        mean_confidence: mean_confidence(&tags),
        main_tag: tags.into_iter().next().map(|tag| tag.name),
    })
}

/// Results of a band, newest first. Those of deleted photos are left out.
pub async fn in_band(db: &Db, org: OrganizationId, band: Band) -> Result<Vec<DecidedResult>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT r.id, r.photo_id, p.file_name, r.created_at_ms, r.confidence_scores
         FROM ai_processing_results r JOIN photos p ON p.id = r.photo_id
         WHERE p.deleted_at_ms IS NULL AND r.status = 'completed' AND r.organization_id = ",
    );
    query.push_bind(org.0).push(" AND r.created_at_ms >= ").push_bind(to_ms(band.from));
    match band.percents {
        None => {
            query.push(" AND r.mean_confidence IS NULL");
        }
        Some((least, most)) => {
            let share = |percent: u8| f64::from(f32::from(percent) / 100.0);
            query.push(" AND r.mean_confidence >= ").push_bind(share(least));
            if most < 100 {
                query.push(" AND r.mean_confidence < ").push_bind(share(most + 1));
            }
        }
    }
    if let Some((at, id)) = band.after {
        query.push(" AND r.created_at_ms <= ").push_bind(to_ms(at));
        query.push(" AND (r.created_at_ms, r.id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" AND r.decision = ").push_bind(to_name(&band.decision)?);
    query.push(" ORDER BY r.created_at_ms DESC, r.id DESC LIMIT ").push_bind(i64::from(band.limit));
    let rows: Vec<ResultRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(result_from).collect()
}

/// Decided results of the photos that came with the program, with how they were decided.
pub async fn of_bundled(db: &Db, org: OrganizationId, from: DateTime<Utc>) -> Result<Vec<(DecidedResult, Decision)>> {
    // From the few photos to their results: the sign keeps the index of all results by time out of it.
    let rows: Vec<(Uuid, Uuid, String, i64, String, String)> = sqlx::query_as(
        "SELECT r.id, r.photo_id, p.file_name, r.created_at_ms, r.confidence_scores, r.decision
         FROM photos p JOIN ai_processing_results r ON r.photo_id = p.id
         WHERE p.organization_id = $1 AND p.source = 'bundled' AND +r.created_at_ms >= $2 AND r.decision IS NOT NULL",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .fetch_all(&db.read)
    .await?;
    rows.into_iter().map(|(id, photo, name, at, tags, decision)| Ok((result_from((id, photo, name, at, tags))?, from_name(&decision)?))).collect()
}

/// Answers about the photos that came with the program since a moment: model, file name and most confident tag of each.
pub async fn answers_of_bundled(db: &Db, org: OrganizationId, from: DateTime<Utc>) -> Result<Vec<(String, String, Option<String>)>> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT r.model, p.file_name, r.confidence_scores
         FROM photos p JOIN ai_processing_results r ON r.photo_id = p.id
         WHERE p.organization_id = $1 AND p.source = 'bundled' AND +r.created_at_ms >= $2 AND r.status = 'completed'",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .fetch_all(&db.read)
    .await?;
    let answer = |(model, file_name, tags): (String, String, String)| {
        let tags: Vec<Tag> = from_json(&tags)?;
        Ok((model, file_name, tags.into_iter().next().map(|tag| tag.name)))
    };
    rows.into_iter().map(answer).collect()
}

/// Adds up what was stored before there were counts: once in a database's life, in one transaction, so that a start that
/// is cut off leaves nothing behind and the next one begins anew.
pub(super) async fn add_up_old(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    let done: Option<i64> = sqlx::query_scalar("SELECT at_ms FROM database_marks WHERE name = 'decisions'").fetch_optional(&mut *tx).await?;
    if done.is_some() {
        return Ok(());
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(created_at_ms) FROM ai_processing_results").fetch_one(&mut *tx).await?;
    let newest = newest.unwrap_or(0);
    let mut decisions = Decisions::default();
    // Read beside the transaction that writes: nothing else writes before the platform answers.
    let mut stored = sqlx::query_as::<_, (Uuid, i64, String, String)>(
        "SELECT organization_id, created_at_ms, decision, confidence_scores FROM ai_processing_results
         WHERE decision IS NOT NULL AND created_at_ms >= $1",
    )
    .bind(newest - OLD_DAYS * Span::Day.ms())
    .fetch(&db.read);
    while let Some((organization, at_ms, decision, tags)) = stored.try_next().await? {
        let tags: Vec<Tag> = from_json(&tags)?;
        decisions.count(organization, tags.first().map(|tag| tag.name.as_str()), at_ms, from_name(&decision)?, mean_confidence(&tags));
        if decisions.is_full() {
            decisions.write(&mut tx).await?;
        }
    }
    decisions.write(&mut tx).await?;
    sqlx::query("INSERT INTO database_marks (name, at_ms) VALUES ('decisions', $1)").bind(newest).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
